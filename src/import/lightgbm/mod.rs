//! `LightGBM`'s text: what `Booster.save_model` writes, versions 2 to 4 of the format.
//!
//! A head, the trees one after the other, the parameters of the fit, and the names that pandas had for categories.
//! Lines are read as a stream; of a tree's lists nothing is kept but its nodes. The rules are `LightGBM`'s own
//! (`Tree::Predict` and `ObjectiveFunction::ConvertOutput`), in 64 bits throughout.

mod block;
mod categories;
mod features;
mod forest;
mod header;
mod lines;
mod numbers;
mod objective;
mod sets;
mod tail;
mod tree;

use std::collections::BTreeMap;

use features::{features, is_categorical};
use forest::{Grown, trees};
use header::Header;
use lines::Lines;
use objective::Objective;
use tail::{Tail, cut_off};

use super::error::ImportError;
use super::imported::Imported;
use super::options::{Answers, ImportOptions, Iterations};
use super::room::{FEATURE, Room};
use crate::model::artifact::{Origin, Setting};
use crate::model::ir::{Decision, Width};
use crate::model::neutral::{Comparison, Forest, Neutral, Predictor, Sum};
use crate::model::schema::{Target, Task};

/// What the object around a text knows: the estimator of a pickle.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// The columns' names, where the object has others than the text.
    pub(super) names: Option<Vec<String>>,
    /// The classes' labels, of an `LGBMClassifier`: its `predict` answers with one of them.
    pub(super) labels: Option<Vec<String>>,
    /// The rounds that the object's `predict` takes, where fitting stopped early.
    pub(super) best_iteration: Option<usize>,
}

/// Reads a text.
///
/// # Errors
/// [`ImportError`]: what cannot be read, with its line.
pub(super) fn text(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    if options.iterations == Some(Iterations::Best) {
        let why = "LightGBM's text does not say which round was the best: it holds those that were saved, after early \
                   stopping the rounds up to the best one; leave `--iterations best` out";
        return Err(ImportError::of_choice(why));
    }
    let is_cut = || memchr::memmem::find(bytes, b"\nend of trees").is_none();
    booster(bytes, Around::default(), options, room).map_err(|error| match error.to_string() {
        told if !told.contains("cut off") && is_cut() => {
            ImportError::new(format_args!("{told}; the text has no `end of trees`: the file is cut off"))
        }
        _ => error,
    })
}

/// Reads the text that an object holds.
///
/// # Errors
/// [`ImportError`]: what cannot be read, with its line.
pub(super) fn booster(
    bytes: &[u8],
    around: Around,
    options: &ImportOptions,
    room: &Room<'_>,
) -> Result<Imported, ImportError> {
    if options.zero_as_missing {
        let why = "a LightGBM model says itself where 0 is missing (its parameter `zero_as_missing`); leave \
                   `--zero-as-missing` out";
        return Err(ImportError::of_choice(why));
    }
    let last_round = last_round(options.iterations, around.best_iteration)?;
    let mut lines = Lines::of(bytes);
    let (header, first) = Header::read(&mut lines)?;
    room.take(header.names.len(), FEATURE);
    let objective = Objective::read(header.objective, header.n_outputs)?;
    let grown = trees(&mut lines, first, &header, bytes.len(), last_round)?;
    let tail = Tail::read(&mut lines)?;
    // Names of categories stand behind the parameters: without these it is not known whether there were some.
    if !tail.has_parameters && header.version != "v2" && header.infos.iter().any(|info| is_categorical(info)) {
        return Err(cut_off("end of parameters"));
    }
    let mut notes = notes(&header, &objective, &grown, last_round);
    let (features, steps, named) = features(&header, &grown, tail.categories, around.names)?;
    notes.extend(named);
    let (target, task, has_probability) =
        answers(&objective, header.n_outputs, around.labels, options.answers, &mut notes)?;
    let n_trees = grown.trees.len();
    let mut hyperparameters = tail.parameters;
    hyperparameters.extend(fit_settings(&objective, n_trees));
    let forest = forest(&header, &objective, grown)?;
    Ok(Imported {
        algorithm: "lightgbm".to_owned(),
        origin: Origin {
            library: "lightgbm".to_owned(),
            version: None,
            format: format!("text {}", header.version),
            notes,
        },
        hyperparameters,
        features,
        target,
        task,
        neutral: Neutral { steps, predictor: Predictor::Forest(forest), has_probability },
        name: None,
    })
}

/// The number of rounds to read; none for all of them.
fn last_round(asked: Option<Iterations>, best: Option<usize>) -> Result<Option<usize>, ImportError> {
    match (asked, best) {
        (Some(Iterations::All), _) => Ok(None),
        (Some(Iterations::Best), None) => {
            let why = "no best round is noted: fitting did not stop early; leave `--iterations best` out";
            Err(ImportError::of_choice(why))
        }
        (_, best) => Ok(best),
    }
}

/// The trees and what becomes of their sums.
fn forest(header: &Header<'_>, objective: &Objective<'_>, grown: Grown) -> Result<Forest, ImportError> {
    let n_rounds = grown.trees.len() / header.n_outputs;
    Ok(Forest {
        n_columns: u32::try_from(header.names.len()).map_err(|_| ImportError::new("there are too many columns"))?,
        value: Width::F64,
        comparison: Comparison::AtMost,
        trees: grown.trees,
        sets: grown.sets,
        leaves: grown.leaves,
        sum: Sum {
            width: Width::F64,
            start: vec![0.0; header.n_outputs],
            divisor: header.average_output.then(|| rounds_as_divisor(n_rounds)),
            raw_is_undivided: header.average_output,
        },
        link: objective.link,
        decision: Decision::Probability,
    })
}

#[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 rounds")]
fn rounds_as_divisor(n_rounds: usize) -> f64 {
    n_rounds as f64
}

/// What `inspect` shows of the fit besides its parameters: objective and number of trees.
fn fit_settings(objective: &Objective<'_>, n_trees: usize) -> BTreeMap<String, Setting> {
    let name = objective.name.map_or(Setting::Unset(()), |name| Setting::Word(name.to_owned()));
    BTreeMap::from([("objective".to_owned(), name), ("trees".to_owned(), Setting::Count(n_trees as u64))])
}

/// What was decided, as far as the trees and the head go.
fn notes(header: &Header<'_>, objective: &Objective<'_>, grown: &Grown, last_round: Option<usize>) -> Vec<String> {
    let mut notes = Vec::new();
    if objective.name.is_none() {
        notes.push("no objective is named, as where it is the user's own: answers are raw scores".to_owned());
    }
    if header.average_output {
        notes.push("a random forest: an answer is made of the mean over rounds, a raw score is their sum".to_owned());
    }
    match last_round {
        Some(best) if best < grown.n_rounds => {
            notes.push(format!(
                "of {} rounds the first {best} are read: the best one is the last of them",
                grown.n_rounds
            ));
        }
        _ => {}
    }
    if !grown.sizes_agree {
        let why = "`tree_sizes` is wrong, so that LightGBM itself may refuse the file: trees are read by their lines";
        notes.push(why.to_owned());
    }
    notes
}

/// The target, the task, and whether classes have probabilities.
fn answers(
    objective: &Objective<'_>,
    n_outputs: usize,
    labels: Option<Vec<String>>,
    answers: Answers,
    notes: &mut Vec<String>,
) -> Result<(Target, Task, bool), ImportError> {
    const TARGET: &str = "target";
    let numbers = || {
        let (target, task) = Imported::numbers(TARGET, n_outputs);
        Ok((target, task, true))
    };
    let Some(n_classes) = objective.n_classes else { return numbers() };
    let has_probability = match (&labels, answers) {
        (None, Answers::Library) => {
            notes.push("answers are what Booster.predict gives: probabilities".to_owned());
            return numbers();
        }
        (Some(_), Answers::Library) => false,
        (_, Answers::Label) => true,
    };
    let labels = labels.unwrap_or_else(|| {
        notes.push(format!("the text has no names of classes: they are called 0 to {}", n_classes - 1));
        Imported::numbered(n_classes)
    });
    if labels.len() != n_classes {
        let n = labels.len();
        return Err(ImportError::new(format_args!("{n} labels for the {n_classes} classes of the objective")));
    }
    let (target, task) = Imported::classes(TARGET, labels);
    Ok((target, task, has_probability))
}
