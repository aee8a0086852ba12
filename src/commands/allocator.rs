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
    /// The setting that asks the kernel for huge pages. On AWS Lambda, where the first answer waits for the model, one
    /// of 62 MB is there 6 % sooner, because memory is touched for the first time in fewer steps. A server keeps to
    /// pages of 4 KiB: what its memory stays below is told by them.
    const HUGE_PAGES: &str = "glibc.malloc.hugetlb";

    let mut settings = std::env::var(SETTINGS).unwrap_or_default();
    if settings.contains(THRESHOLD) {
        return Ok(());
    }
    let mut chosen = vec![
        (THRESHOLD, MAPPED_FROM),
        ("glibc.malloc.trim_threshold", KEPT_AT_END),
        ("glibc.malloc.arena_max", arenas()),
    ];
    if std::env::var_os(RUNTIME_API).is_some() && !settings.contains(HUGE_PAGES) {
        chosen.push((HUGE_PAGES, 1));
    }
    for (name, value) in chosen {
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
