//! What the fuzz targets share: a bound on what one input may take, the models that are asked, a judge of answers.
//!
//! The engine is libFuzzer, guided by coverage. It needs no nightly compiler: `tests/fuzz.sh` asks the stable one for
//! LLVM's coverage pass (`-Cpasses=sancov-module`), and the address sanitizer, which is what nightly is for, has nothing
//! to find in a crate that forbids `unsafe`. What it would also do, bounding memory, [`bounded`] does by the byte.

pub mod answers;
pub mod file;
pub mod forms;
pub mod imported;
pub mod models;
pub mod mutants;
pub mod seeds;
pub mod short;

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../it/support/router.rs"]
mod router;

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cap::Cap;
use rustix::time::{ClockId, clock_gettime};
use smartserve::config::Limits;
use smartserve::serve::ServerState;

/// Every byte of the process.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes that were held when the work that is bounded began.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Processor time that any input may take: a second, whatever else the machine is doing.
const LONGEST: Duration = Duration::from_secs(1);

/// The models that are asked, served within these limits.
pub fn serving(limits: Limits) -> Arc<ServerState> {
    router::serving(limits)
}

/// Runs `work`; ends the process, as a finding, when it holds more than `bytes` at any time or takes too long.
///
/// # Panics
/// On too much processor time. On too much memory the allocator refuses, which aborts.
pub fn bounded<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    // The limit cannot be below what is held already, and nobody else allocates much meanwhile.
    HELD.store(HEAP.allocated(), Ordering::Relaxed);
    allow(bytes);
    let start = processor_time();
    let result = work();
    let took = processor_time() - start;
    let _ = HEAP.set_limit(usize::MAX);
    assert!(took < LONGEST, "it took {took:?}");
    result
}

/// Lets the work that is bounded hold so many bytes from now on.
pub fn allow(bytes: usize) {
    let _ = HEAP.set_limit(HELD.load(Ordering::Relaxed) + bytes);
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
