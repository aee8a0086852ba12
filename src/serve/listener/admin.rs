//! The second listener, on a thread and a runtime of its own: it answers probes and scrapes while the first is at its
//! connection cap and every worker is busy, because it shares neither with it.

use std::io;
use std::thread::JoinHandle;

use crate::serve::admission::MemoryBudget;

use super::{BUFFER_BYTES, Front, HttpService, LARGE_HEAD_BYTES, Role, Shared, serve};

/// Connections on the admin listener at one time: probes, scrapes and a few people.
pub const ADMIN_CONNECTIONS: usize = 64;

/// Bytes that requests on the admin listener take together: a seat for each connection and a few long heads.
pub const ADMIN_BUDGET: usize = ADMIN_CONNECTIONS * BUFFER_BYTES + 8 * LARGE_HEAD_BYTES;

/// The running admin listener. It ends when the process's phase is stopped.
#[derive(Debug)]
pub struct AdminThread {
    thread: JoinHandle<()>,
}

impl AdminThread {
    /// Starts answering on `front`. `shared` is the first listener's; its role and cap are replaced.
    ///
    /// # Errors
    /// When there can be no more threads or no runtime.
    pub fn start<S: HttpService>(front: Front<S>, mut shared: Shared) -> io::Result<Self> {
        shared.role = Role::Admin;
        let mut limits = (*shared.limits).clone();
        limits.max_connections = ADMIN_CONNECTIONS;
        // Its own, so that it answers when requests on the first have taken all there is.
        limits.body_budget = ADMIN_BUDGET;
        shared.budget = MemoryBudget::new(&limits);
        shared.limits = limits.into();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let thread = std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
            runtime.block_on(serve(front, shared));
            runtime.shutdown_background();
        })?;
        Ok(Self { thread })
    }

    /// True when it has stopped answering.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }
}
