//! Estimates the most memory that the process takes under its limits: printed at start, and the base of a container's
//! limit. Socket buffers are the kernel's and not in it; a cgroup counts them too.

use std::fmt;

use crate::config::Limits;
use crate::model::explain::Explainer;
use crate::model::schema::Feature;

use super::admission::{INLINE_TEXT_BYTES, SCRATCH_BYTES};
use super::listener::{ADMIN_BUDGET, ADMIN_CONNECTIONS, IDLE_BYTES};
use super::logging::QUEUE_BYTES;
use super::registry::ServedModel;
use super::{ADMIN_ANSWERS, ServerState};

/// The program, its runtime and its libraries: 4 to 5 MiB measured before the first request.
const BASE: usize = 6 << 20;

/// Bytes of a cell being read: 8 in its column and 8 in its row.
const PARSED_CELL: usize = 16;

/// Bytes of the shortest cell in a body: an element of a binary tensor.
const SHORTEST_CELL: usize = 1;

/// Bytes of a row being read: its label, without the label's text.
const PARSED_ROW: usize = 32;

/// Touched bytes of a thread's stack.
const STACK: usize = 128 << 10;

/// A model in memory by the bytes of its sections: a tree node takes 16 bytes in memory and at least 10 in the file.
const RESIDENT: usize = 2;

/// A model's schema, statistics and golden rows in memory by the bytes of its head: 3.6 measured with 5,000 features.
const HEAD: usize = 4;

/// Bytes of a feature in memory however short it is in the head: in the head and in the schema, and its name to find it.
const FEATURE: usize = 2 * (size_of::<Feature>() + 64) + 128;

/// Bytes of a model's counters and series, with a reserve.
const DESCRIPTION: usize = 256 << 10;

/// Bytes while pages are rendered that do not grow with the models: the static document as values, and every series but
/// those of features as the metrics library gathers them.
const RENDERING: usize = 1 << 20;

/// Divisor: the allocator loses a fifth of what comes and goes between its blocks.
const FRAGMENTED: usize = 5;

/// Bytes that each of the allocator's [`arenas`] keeps free at its end: enough for the small blocks of a body of 10,000
/// rows.
pub const KEPT_AT_END: usize = 1 << 20;

/// The most arenas that the allocator may have: one per core, at least two. More of them would keep more memory.
pub fn arenas() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

/// The estimate and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// Each part's name and bytes.
    pub parts: Vec<(&'static str, usize)>,
}

impl MemoryEstimate {
    /// The estimate for a process that serves `server`'s models under its limits with `workers` threads for requests.
    pub fn of(server: &ServerState, workers: usize) -> Self {
        let limits = &server.limits;
        let models = server.registry.list();
        let features = models.iter().map(|m| m.model.schema().n_features()).max().unwrap_or(0);
        let resident: usize = models.iter().map(|served| resident(served)).sum();
        let large = parsing(limits, features, limits.max_body_bytes);
        let small = parsing(limits, features, INLINE_TEXT_BYTES);
        let admin = ADMIN_CONNECTIONS * IDLE_BYTES + ADMIN_BUDGET;
        let threads = workers + limits.compute_threads;
        let pages = server.pages.for_pages() + server.admin_memory.for_pages() + ADMIN_ANSWERS + RENDERING;
        let mut moving = vec![
            ("requests in flight", limits.body_budget),
            ("pages", pages),
            ("parsing", limits.compute_threads * large + workers * small),
            ("connections", limits.max_connections * IDLE_BYTES + admin),
            ("scratch and stacks", threads * (2 * SCRATCH_BYTES + STACK)),
            ("log lines", QUEUE_BYTES),
            // The version before of each model is kept.
            ("a reload", server.reloader.load_memory() + resident),
        ];
        moving.extend(server.spans.as_ref().map(|spans| ("spans", spans.max_bytes(limits.max_connections))));
        let fragmented = moving.iter().map(|(_, bytes)| bytes).sum::<usize>() / FRAGMENTED + arenas() * KEPT_AT_END;
        let mut parts = moving;
        parts.extend([("models", resident), ("allocator", fragmented), ("program", BASE)]);
        Self { parts }
    }

    /// All parts together, in bytes.
    pub fn total(&self) -> usize {
        self.parts.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Bytes of a model in memory.
fn resident(served: &ServedModel) -> usize {
    let model = &served.model;
    let described = (HEAD * model.head_bytes()).max(FEATURE * model.schema().n_features());
    RESIDENT * payload(served) + model.explainer().map_or(0, Explainer::resident_bytes) + described + DESCRIPTION
}

/// Bytes of a model's sections.
fn payload(served: &ServedModel) -> usize {
    usize::try_from(served.model.header().payload.bytes).unwrap_or(usize::MAX)
}

/// Bytes that one request takes while its body of `body` bytes is read into a batch: the body, its cells, its labels.
fn parsing(limits: &Limits, features: usize, body: usize) -> usize {
    let cells = (limits.max_rows * features).min(body / SHORTEST_CELL);
    cells * PARSED_CELL + limits.max_rows.min(body / SHORTEST_CELL) * PARSED_ROW + body
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
