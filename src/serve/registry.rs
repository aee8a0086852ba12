//! The models being served, behind one pointer that is swapped whole: a request takes a snapshot of a model and keeps
//! it.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::example::Example;
use crate::model::question::Question;

use super::metrics::{Drift, Metrics};
use super::timing::cpu_time;

/// One version of one model, held by a request from before its body is parsed to its answer.
pub type Snapshot = Arc<ServedModel>;

/// A model is timed at load for at most this many rounds over its golden rows.
const TIMED_ROUNDS: usize = 32;
/// A model is timed at load for at most this much CPU time,
const TIMED_FOR: Duration = Duration::from_millis(50);
/// and for this much once there were [`FEW_ROUNDS`]: a cold start waits for it. In a new process the first round takes up
/// to four times as long as those after it.
const ENOUGH: Duration = Duration::from_micros(500);
/// Rounds, or rows whose contributions are timed, at least; unless they take longer than a model is timed for.
const FEW_ROUNDS: usize = 3;
/// Rows from which on, and by whose multiples, batches are cut for less time a row: a block of a forest's kernel.
pub const MANY_ROWS: usize = 512;
/// So many rows are timed where they are at most so wide,
const MANY_WIDTH: usize = 64;
/// and where they seem to take at most this much CPU time,
const MANY_TIMED_FOR: Duration = Duration::from_millis(2);
/// for this many rounds.
const MANY_ROUNDS: usize = 2;
/// Contributions are timed at load for at most this many rows.
const EXPLAINED_ROWS: usize = 16;
/// Contributions are timed at load for at most this much CPU time, and one row.
const EXPLAINED_FOR: Duration = Duration::from_millis(10);
/// About what counting one feature value takes: a binary search in at most 20 bins and its share of an atomic add.
const COUNTING_A_VALUE: Duration = Duration::from_nanos(8);

/// A loaded model under the name it is registered by.
#[derive(Debug)]
pub struct ServedModel {
    /// The registered name (`--model NAME=PATH`, or the artifact's own).
    pub name: String,
    /// The model.
    pub model: Model,
    /// True for the model behind `/predict`.
    pub is_default: bool,
    /// CPU time of predicting one row and counting its values, measured on the golden rows; at least 1 ns. It decides
    /// where a batch is computed.
    pub cost_per_row: Duration,
    /// The same of one row among [`MANY_ROWS`], where so many are predicted together: trees answer blocks in less.
    cost_among_many: Duration,
    /// CPU time of the contributions of one row; measured when it is first asked for.
    explain_cost_per_row: OnceLock<Duration>,
    example: OnceLock<Example>,
    drift: OnceLock<Arc<Drift>>,
    reload_error: Mutex<Option<String>>,
}

impl ServedModel {
    /// Registers a model under a name and times it, which takes some milliseconds.
    pub fn new(name: impl Into<String>, model: Model, is_default: bool) -> Self {
        let cost_per_row = cost_of_one(&model, model.golden_batch(), TIMED_ROUNDS);
        let cost_among_many =
            many_rows(&model, cost_per_row).map_or(cost_per_row, |rows| cost_of_one(&model, &rows, MANY_ROUNDS));
        let (name, explain_cost_per_row, example) = (name.into(), OnceLock::new(), OnceLock::new());
        let (drift, reload_error) = (OnceLock::new(), Mutex::default());
        Self {
            name,
            model,
            is_default,
            cost_per_row,
            cost_among_many,
            explain_cost_per_row,
            example,
            drift,
            reload_error,
        }
    }

    /// About what a row costs of which this is asked.
    pub fn cost_of_row(&self, question: Question) -> Duration {
        if question.explain { self.cost_per_row + self.explain_cost_per_row() } else { self.cost_per_row }
    }

    /// CPU time of the contributions of one row, measured on golden rows; nothing where there are none. The first call
    /// makes what they are explained by, and times it: some milliseconds, of a forest of 62 MB a quarter of a second.
    pub fn explain_cost_per_row(&self) -> Duration {
        *self.explain_cost_per_row.get_or_init(|| explain_cost_per_row(&self.model))
    }

    /// The same where [`MANY_ROWS`] or more are predicted together.
    pub fn cost_among_many(&self, question: Question) -> Duration {
        if question.explain { self.cost_of_row(question) } else { self.cost_among_many }
    }

    /// A row to begin with, and the answer to it; made when it is first asked for.
    pub fn example(&self) -> &Example {
        self.example.get_or_init(|| self.model.example())
    }

    /// Notes why the file's content is not served in this version's place; none when it is, or will be.
    pub fn note_reload(&self, error: Option<String>) {
        *self.reload_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    /// Why the file's content, found since this version is served, was refused.
    pub fn reload_error(&self) -> Option<String> {
        self.reload_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The counters of this version; none before it is served.
    pub fn drift(&self) -> Option<&Arc<Drift>> {
        self.drift.get()
    }
}

/// Golden rows over and over, [`MANY_ROWS`] of them; `None` where timing them would take long, or where rows are so wide
/// that fewer are predicted together.
fn many_rows(model: &Model, cost_per_row: Duration) -> Option<Batch> {
    let golden = model.golden_batch();
    let takes = cost_per_row.saturating_mul(u32::try_from(MANY_ROWS).unwrap_or(u32::MAX));
    if golden.n_features().max(model.n_columns()) > MANY_WIDTH || takes > MANY_TIMED_FOR {
        return None;
    }
    let cells = golden.rows().cycle().take(MANY_ROWS).flatten().copied().collect();
    Batch::from_rows(model.schema(), cells).ok()
}

/// The CPU time of one row of `golden` in the fastest of a few rounds: other load on the machine must not make the model
/// look expensive for as long as it is served.
fn cost_of_one(model: &Model, golden: &Batch, rounds: usize) -> Duration {
    let mut scratch = Scratch::default();
    let began = cpu_time();
    let mut best = Duration::MAX;
    for round in 1..=rounds {
        let start = cpu_time();
        // Cannot fail: a model whose golden rows have no finite answer is not loaded.
        let _ = model.predict(golden, &mut scratch);
        let end = cpu_time();
        best = best.min(end.saturating_sub(start));
        if is_enough(round, end.saturating_sub(began), TIMED_FOR) {
            break;
        }
    }
    let rows = u32::try_from(golden.n_rows().max(1)).unwrap_or(u32::MAX);
    let counting = COUNTING_A_VALUE.saturating_mul(u32::try_from(golden.n_features()).unwrap_or(u32::MAX));
    (best / rows + counting).max(Duration::from_nanos(1))
}

/// The CPU time of the contributions of one row, in the fastest of a few rounds over as many golden rows as there is
/// time for.
fn explain_cost_per_row(model: &Model) -> Duration {
    let (golden, mut scratch) = (model.golden_batch(), Scratch::default());
    let began = cpu_time();
    let mut best = Duration::MAX;
    for (round, row) in (1..).zip((0..golden.n_rows()).cycle().take(EXPLAINED_ROWS)) {
        let start = cpu_time();
        if !matches!(model.contributions(golden, row..row + 1, &mut scratch, &|| false), Ok(Some(_))) {
            return Duration::ZERO;
        }
        let end = cpu_time();
        best = best.min(end.saturating_sub(start));
        if is_enough(round, end.saturating_sub(began), EXPLAINED_FOR) {
            break;
        }
    }
    best
}

/// True when nothing more is timed after so many rounds, which took so much CPU time.
fn is_enough(rounds: usize, took: Duration, most: Duration) -> bool {
    took > if rounds < FEW_ROUNDS { most } else { ENOUGH }
}

/// Called with the models that are served from now on.
pub type Observer = Box<dyn Fn(&[Snapshot]) + Send + Sync>;

/// All models, in the order they were given.
#[derive(Default)]
pub struct Registry {
    models: ArcSwap<Vec<Snapshot>>,
    observers: Mutex<Vec<Observer>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("models", &self.models).finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry of these models, which are shown in the metrics.
    pub fn new(models: Vec<Snapshot>, metrics: &Metrics) -> Self {
        let registry = Self::default();
        registry.replace(models, metrics);
        registry
    }

    /// The model behind `/predict`.
    pub fn default_model(&self) -> Option<Snapshot> {
        self.models.load().iter().find(|m| m.is_default).cloned()
    }

    /// The model registered as `name`.
    pub fn get(&self, name: &str) -> Option<Snapshot> {
        self.models.load().iter().find(|m| m.name == name).cloned()
    }

    /// All models.
    pub fn list(&self) -> Vec<Snapshot> {
        self.models.load().as_ref().clone()
    }

    /// True when no model is served; the process is not ready then.
    pub fn is_empty(&self) -> bool {
        self.models.load().is_empty()
    }

    /// Calls `observer` whenever other models are served, or loading a file needs more memory than any before, on the
    /// thread that loads it and in the order in which observers came.
    pub fn on_change(&self, observer: Observer) {
        self.observers.lock().unwrap_or_else(PoisonError::into_inner).push(observer);
    }

    /// Serves `models` from now on and shows them in the metrics. Requests keep the snapshots that they hold.
    pub fn replace(&self, models: Vec<Snapshot>, metrics: &Metrics) {
        let before = self.list();
        let gone = before.iter().filter(|old| !models.iter().any(|new| Arc::ptr_eq(old, new)));
        gone.filter_map(|served| served.drift()).for_each(|drift| metrics.retire(drift));
        for served in &models {
            // One that is served on has its counters already, and gets the same ones again.
            let _ = served.drift.set(metrics.watch(&served.name, &served.model));
        }
        self.models.store(Arc::new(models));
        self.announce();
    }

    /// Calls the observers with the models that are served.
    pub fn announce(&self) {
        let observers = self.observers.lock().unwrap_or_else(PoisonError::into_inner);
        let models = self.models.load_full();
        observers.iter().for_each(|observer| observer(&models));
    }
}
