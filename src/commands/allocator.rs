//! Has the allocator keep little of what is freed.
//!
//! Stands apart because of how: glibc raises the size above which a block is mapped apart, and unmapped when it is freed,
//! to that of the largest block freed so far. Bodies and batches then come from its arenas, which keep what lies below
//! any small block that lives on. Settings stop that, and without `unsafe` they can only be made by the environment that
//! a program begins with. So the program begins anew, as the same process, with the settings in its environment.

use std::io;

/// Begins the program anew, unless the setting is there already: whoever makes it decides for themselves. To be called
/// before there are threads or open files.
///
/// # Errors
/// It could not be begun anew: memory may then grow beyond its bound.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn settle() -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;

    use crate::serve::memory_estimate::{KEPT_AT_END, arenas};

    /// What glibc reads before `main`: `name=value`, colons between.
    const SETTINGS: &str = "GLIBC_TUNABLES";
    /// From which size on blocks are mapped apart.
    const THRESHOLD: &str = "glibc.malloc.mmap_threshold";
    /// Batches, bodies and answers of thousands of rows. Mapping smaller ones costs more than it gives back.
    const MAPPED_FROM: usize = 256 << 10;

    let mut settings = std::env::var(SETTINGS).unwrap_or_default();
    if settings.contains(THRESHOLD) {
        return Ok(());
    }
    for (name, value) in
        [(THRESHOLD, MAPPED_FROM), ("glibc.malloc.trim_threshold", KEPT_AT_END), ("glibc.malloc.arena_max", arenas())]
    {
        let colon = if settings.is_empty() { "" } else { ":" };
        settings = format!("{settings}{colon}{name}={value}");
    }
    let mut words = std::env::args_os();
    let mut anew = std::process::Command::new(std::env::current_exe()?);
    if let Some(name) = words.next() {
        anew.arg0(name);
    }
    Err(anew.args(words).env(SETTINGS, settings).exec())
}

/// Other allocators are left as they are.
///
/// # Errors
/// None.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn settle() -> io::Result<()> {
    Ok(())
}
