//! The admin listener, on a thread and a runtime of its own: it answers probes and scrapes while the main listener is
//! at its connection cap and every worker is busy.

use std::io;
use std::thread::JoinHandle;

use crate::config::Limits;
use crate::serve::admission::MemoryBudget;

use super::accept::accept_connections;
use super::buffer_reservation::{BUFFER_BYTES, LARGE_HEAD_BYTES};
use super::listener_context::{BoundService, ListenerContext, Role};
use super::service::HttpService;

/// The most connections at one time: probes, scrapes and a few people.
pub const ADMIN_CONNECTIONS: usize = 64;

/// Bytes for the buffers of its connections: each one's, and a few long heads.
pub const ADMIN_BUDGET: usize = ADMIN_CONNECTIONS * BUFFER_BYTES + 8 * LARGE_HEAD_BYTES;

/// Starts answering on `bound`, until the process's phase is stopped. `main` is the main listener's context; role, cap
/// and buffers are replaced.
///
/// # Errors
/// When no thread or runtime can be started.
pub fn start_admin<S: HttpService>(bound: BoundService<S>, main: ListenerContext) -> io::Result<JoinHandle<()>> {
    // A budget of its own, so that it answers when requests on the main listener hold all of theirs.
    let limits = Limits { max_connections: ADMIN_CONNECTIONS, body_budget: ADMIN_BUDGET, ..main.limits };
    let buffers = MemoryBudget::new(&limits);
    let context = ListenerContext { role: Role::Admin, buffers, limits, ..main };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
        runtime.block_on(accept_connections(bound, context));
        runtime.shutdown_background();
    })
}
