//! Sets up glibc's allocator so that it keeps little freed memory.
//!
//! glibc maps and unmaps blocks above a threshold one by one, and raises the threshold to the largest block freed so
//! far. Bodies and batches then come from its arenas, which keep everything below a small block that is still in use.
//! Settings fix the threshold; without `unsafe` they can only come from the environment at the start of a program. So
//! the process executes its program again with the settings in the environment.

use std::io;

/// Executes the program again with the settings, unless the environment has the threshold already: an operator may
/// choose another one. Call it before any thread is started and any file is opened.
///
/// # Errors
/// When the program cannot be executed again: memory may then exceed its estimate.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn apply_settings() -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;

    use crate::config::RUNTIME_API;
    use crate::serve::memory_estimate::{KEPT_AT_END, arenas};

    /// The variable that glibc reads before `main`: `name=value` pairs with colons between them.
    const SETTINGS: &str = "GLIBC_TUNABLES";
    /// The setting of the size from which blocks are mapped one by one.
    const THRESHOLD: &str = "glibc.malloc.mmap_threshold";
    /// Bytes of the batches, bodies and answers of thousands of rows. For smaller blocks a mapping costs more than it
    /// saves.
    const MAPPED_FROM: usize = 256 << 10;
    /// The setting that asks the kernel for huge pages, which has an effect where its `transparent_hugepage` is
    /// `madvise`. Set on AWS Lambda, where the first answer waits for the model: with one of 62 MB it came 6 % sooner.
    /// Not set for a server: the bound of its memory that it logs does not count what huge pages round up.
    const HUGE_PAGES: &str = "glibc.malloc.hugetlb";

    let mut settings = std::env::var(SETTINGS).unwrap_or_default();
    if settings.contains(THRESHOLD) {
        return Ok(());
    }
    let is_huge = std::env::var_os(RUNTIME_API).is_some() && !settings.contains(HUGE_PAGES);
    let always =
        [(THRESHOLD, MAPPED_FROM), ("glibc.malloc.trim_threshold", KEPT_AT_END), ("glibc.malloc.arena_max", arenas())];
    for (name, value) in always.into_iter().chain(is_huge.then_some((HUGE_PAGES, 1))) {
        let colon = if settings.is_empty() { "" } else { ":" };
        settings = format!("{settings}{colon}{name}={value}");
    }
    let mut words = std::env::args_os();
    let mut program = std::process::Command::new(std::env::current_exe()?);
    if let Some(name) = words.next() {
        program.arg0(name);
    }
    Err(program.args(words).env(SETTINGS, settings).exec())
}

/// Other allocators are left as they are.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn apply_settings() -> io::Result<()> {
    Ok(())
}
