//! The machine that figures come from, and which of its cores generator and server run on.

use std::fs;
use std::process::Command;

/// `2 cores, AMD EPYC`.
pub(crate) fn description() -> String {
    format!("{} cores, {}", cores(), processor())
}

/// `AMD EPYC`.
pub(crate) fn processor() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("?", |m| m.1).to_owned()
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// Binds every thread of this process to the last core; the server takes the first. Prints when that cannot be.
pub(crate) fn take_the_last_core() {
    let last = (cores() - 1).to_string();
    let this = std::process::id().to_string();
    let bound = Command::new("taskset").args(["-a", "-p", "-c", &last, &this]).output();
    if !bound.is_ok_and(|output| output.status.success()) {
        println!("  (taskset failed: generator and server share cores)");
    }
}

/// Gives all cores back.
pub(crate) fn take_all_cores(n: usize) {
    let all = format!("0-{}", n - 1);
    let this = std::process::id().to_string();
    let _ = Command::new("taskset").args(["-a", "-p", "-c", &all, &this]).output();
}

/// Makes this thread wait less (below 0, where that is allowed) or more for its core than others.
pub(crate) fn be_nice(nice: i32) {
    // `…/task/TID`.
    let Ok(this) = fs::read_link("/proc/thread-self") else { return };
    let id = this.file_name().unwrap_or_default();
    let _ = Command::new("renice").args(["-n", &nice.to_string(), "-p"]).arg(id).output();
}
