//! How much memory the process takes at most, from its limits: printed at start, and what a container's limit is set by.
//!
//! Stands apart so that each constant is beside its reason. Socket buffers are the kernel's: a cgroup counts them too.

use std::fmt;

use crate::config::Limits;

use super::Serving;
use super::admission::{SCRATCH_BYTES, SHORT_TEXT};
use super::listener::{ADMIN_BUDGET, ADMIN_CONNECTIONS, IDLE_BYTES};
use super::logging::QUEUE_BYTES;

/// The program itself, its runtime and what libraries set up: 4 to 5 MiB measured before the first request.
const BASE: usize = 6 << 20;

/// A cell that is being read: once in its column, once in its row, 8 bytes each.
const PARSED_CELL: usize = 16;

/// The shortest cell in a body is a byte of a binary tensor.
const SHORTEST_CELL: usize = 1;

/// A row that is being read: its label, beside the label's text.
const PARSED_ROW: usize = 32;

/// Pages of a thread's stack that are touched.
const STACK: usize = 128 << 10;

/// A model in memory, over the bytes of its sections: tree nodes take 16 bytes where the file has 10 or more.
const RESIDENT: usize = 2;

/// A model's schema, statistics, golden rows and counters, with room.
const DESCRIPTION: usize = 512 << 10;

/// Loading a model, over the bytes of its file: the file, the decoded object, the compiled one.
const LOADING: usize = 3;

/// What the allocator loses between blocks: a part of all that comes and goes, a fifth.
const FRAGMENTED: usize = 5;

/// Bytes that each of the allocator's [`arenas`] keeps at its end before it gives them back: the small blocks of a body
/// of 10,000 rows come and go within.
pub const KEPT_AT_END: usize = 1 << 20;

/// How many arenas the allocator may have: one a core, and two at least. More of them would only keep more.
pub fn arenas() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

/// The bound and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Each part: what it is, and its bytes.
    pub parts: Vec<(&'static str, usize)>,
}

impl MemoryEstimate {
    /// The bound of a process that serves `serving`'s models under its limits with `workers` threads for requests.
    pub fn of(serving: &Serving, workers: usize) -> Self {
        let limits = &serving.limits;
        let models = serving.registry.list();
        let sizes: Vec<usize> = models.iter().map(|m| section_bytes(&m.model)).collect();
        let features = models.iter().map(|m| m.model.schema().n_features()).max().unwrap_or(0);
        let largest = sizes.iter().copied().max().unwrap_or(0);
        let large = parsing(limits, features, limits.max_body_bytes);
        let small = parsing(limits, features, SHORT_TEXT);
        let admin = ADMIN_CONNECTIONS * IDLE_BYTES + ADMIN_BUDGET;
        let threads = workers + limits.compute_threads;
        let moving = [
            ("requests in flight", limits.body_budget),
            ("parsing", limits.compute_threads * large + workers * small),
            ("connections", limits.max_connections * IDLE_BYTES + admin),
            ("scratch and stacks", threads * (2 * SCRATCH_BYTES + STACK)),
            ("log lines", QUEUE_BYTES),
            ("a reload", LOADING * largest + RESIDENT * largest),
        ];
        let fragmented = moving.iter().map(|(_, bytes)| bytes).sum::<usize>() / FRAGMENTED + arenas() * KEPT_AT_END;
        let resident = sizes.iter().map(|bytes| RESIDENT * bytes + DESCRIPTION).sum();
        let mut parts = moving.to_vec();
        parts.extend([("models", resident), ("allocator", fragmented), ("program", BASE)]);
        Self { parts }
    }

    /// All parts together, in bytes.
    pub fn total(&self) -> usize {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// What one request takes while its body of so many bytes is read into a batch, over the body itself: its cells, its
/// rows' labels.
fn parsing(limits: &Limits, features: usize, body: usize) -> usize {
    let cells = (limits.max_rows * features).min(body / SHORTEST_CELL);
    cells * PARSED_CELL + limits.max_rows.min(body / SHORTEST_CELL) * PARSED_ROW + body
}

fn section_bytes(model: &crate::model::Model) -> usize {
    usize::try_from(model.header().payload.bytes).unwrap_or(usize::MAX)
}

/// `105 MiB: requests in flight 64.0, connections 16.0, …`
impl fmt::Display for MemoryEstimate {
    #[expect(clippy::cast_precision_loss, reason = "shown to a tenth of a mebibyte")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        write!(f, "{:.0} MiB:", mib(self.total()).ceil())?;
        for (i, (name, bytes)) in self.parts.iter().enumerate() {
            write!(f, "{} {name} {:.1}", if i == 0 { "" } else { "," }, mib(*bytes))?;
        }
        Ok(())
    }
}
