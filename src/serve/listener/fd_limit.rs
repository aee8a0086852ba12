//! How many connections the process's open-files limit has room for.
//!
//! Stands apart because a listener that runs into the limit takes the admin listener and the models' files down with
//! it: better to pause a little earlier.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are not connections of the first listener: standard streams, the runtimes' own, sockets, the admin
/// listener's connections, models being read, tokens.
const OTHERS: u64 = 128;

/// Raises the limit to what the process may have, and says how many of `wanted` connections fit beside everything else:
/// all of them, unless the limit is lower; at least half of a very low limit.
pub(super) fn for_connections(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // Where it cannot be raised, it stays.
    let raised = current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let Some(limit) = (if raised { maximum } else { current }) else { return wanted };
    let room = usize::try_from(limit - OTHERS.min(limit / 2)).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            max_connections = room,
            open_files_limit = limit,
            "the open-files limit has room for {room} connections, not {wanted}"
        );
    }
    room.min(wanted)
}
