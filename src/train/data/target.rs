//! The target column: which task it means, and its value in each row.

use crate::model::schema::MAX_CLASSES;
use crate::table::{Cells, Scan};
use crate::text::number::parse_number;
use crate::train::data::lookup::of_column;
use crate::train::data::sources::Sources;
use crate::train::error::TrainError;
use crate::train::options::{Loss, TaskChoice};
use crate::train::spec::TrainSpec;

/// Fewest rows of a class: one to hold out, one to learn from.
const LEAST_PER_CLASS: usize = 2;

/// The target's values, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Numbers, for regression.
    Values(Vec<f64>),
    /// Positions of classes.
    Classes(Vec<u32>),
}

impl Observed {
    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Values(values) => values.len(),
            Self::Classes(classes) => classes.len(),
        }
    }

    /// The class positions, for a stratified split.
    pub(crate) fn classes(&self) -> Option<&[u32]> {
        match self {
            Self::Values(_) => None,
            Self::Classes(classes) => Some(classes),
        }
    }

    /// The entries of some rows, in that order.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Values(values) => Self::Values(rows.iter().map(|r| values[*r]).collect()),
            Self::Classes(classes) => Self::Classes(rows.iter().map(|r| classes[*r]).collect()),
        }
    }
}

/// Decides the task: by the algorithm if it does only one, else by `--task`, else by the target's kind.
pub(crate) fn decide(spec: &TrainSpec, scan: &Scan<'_>, target: usize) -> Result<TaskChoice, TrainError> {
    let seen = &scan.columns[target];
    let as_text = spec.categorical.contains(&seen.name);
    let numeric = spec.numeric.contains(&seen.name) || !as_text && seen.is_numeric();
    if seen.is_void() {
        return Err(of_column(scan, target, "the target holds no value"));
    }
    let algorithm = spec.algorithm;
    let task = match (algorithm.does_regression(), algorithm.does_classification(), spec.task) {
        (true, false, _) => TaskChoice::Regression,
        (false, true, _) => TaskChoice::Classification,
        (_, _, Some(task)) => task,
        (_, _, None) if numeric => TaskChoice::Regression,
        _ => TaskChoice::Classification,
    };
    match &seen.first_text {
        Some((line, text)) if task == TaskChoice::Regression => Err(Sources { data: scan, test: None }.problem(
            target,
            scan.lines.iter().position(|of_row| of_row == line).unwrap_or_default(),
            format!("{text:?} is not a number, and {algorithm} is to predict one; classes need an algorithm for them"),
        )),
        _ => Ok(task),
    }
}

/// Says which task a target of two numbers was taken for, where nothing said it, and how to change it.
pub(crate) fn note_of_two(spec: &TrainSpec, observed: &Observed, labels: &[String]) -> Option<String> {
    if spec.task.is_some() {
        return None;
    }
    let (name, algorithm) = (&spec.target, spec.algorithm);
    let both = algorithm.does_regression() && algorithm.does_classification();
    match (observed, labels) {
        (Observed::Values(values), _) => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            values.iter().all(|v| *v == low || *v == high).then(|| {
                let how = if both { "--task classification" } else { "an algorithm that does classes" };
                format!("{name} is {low} or {high} and is predicted as a number; {how} predicts which of the two it is")
            })
        }
        (Observed::Classes(_), [low, high]) if parse_number(low).and(parse_number(high)).is_some() => {
            let how = match (both, spec.categorical.contains(name)) {
                (true, true) => return None,
                (true, false) => "--task regression",
                (false, _) => "an algorithm that does regression",
            };
            Some(format!("{name} is {low} or {high} and is predicted as a class; {how} predicts a number"))
        }
        _ => None,
    }
}

/// Reads the target: its values, and the class labels in class order (none for numbers).
pub(super) fn observe(
    sources: &Sources<'_>,
    target: usize,
    cells: Cells,
) -> Result<(Observed, Vec<String>), TrainError> {
    match cells {
        Cells::Numbers(values) => values_of(sources, target, values).map(|v| (v, Vec::new())),
        Cells::Texts { cells, names } => classes_of(sources, target, &cells, &names),
    }
}

fn values_of(sources: &Sources<'_>, target: usize, values: Vec<f64>) -> Result<Observed, TrainError> {
    let scan = sources.data;
    if let Some(row) = values.iter().position(|v| v.is_nan()) {
        return Err(missing(sources, target, row));
    }
    if values.len() < 2 {
        return Err(TrainError::Data(format!("{}: one row is too few to learn from", scan.file())));
    }
    if is_constant(&values) {
        let (value, n) = (values[0], values.len());
        let detail = format_args!("the target is {value} in all {n} rows: there is nothing to learn");
        return Err(of_column(scan, target, detail));
    }
    Ok(Observed::Values(values))
}

/// Reads the column of `--weight`: what each row weighs, at least 0.
pub(super) fn weights(sources: &Sources<'_>, column: usize, cells: Cells) -> Result<Vec<f64>, TrainError> {
    let Cells::Numbers(weights) = cells else { return Ok(Vec::new()) };
    match weights.iter().position(|weight| weight.is_nan() || *weight < 0.0) {
        Some(row) if weights[row].is_nan() => {
            Err(sources.problem(column, row, "the row's weight is missing; 0 leaves it out"))
        }
        Some(row) => {
            Err(sources.problem(column, row, format!("a row weighs 0 or more, and this one {}", weights[row])))
        }
        None if weights.iter().all(|weight| *weight == 0.0) => {
            Err(of_column(sources.data, column, "every row weighs 0"))
        }
        None => Ok(weights),
    }
}

/// Refuses values that a loss is not defined for.
pub(super) fn check_loss(
    sources: &Sources<'_>,
    target: usize,
    loss: Loss,
    observed: &Observed,
) -> Result<(), TrainError> {
    let Observed::Values(values) = observed else { return Ok(()) };
    let (least, is_wrong): (_, fn(&f64) -> bool) = match loss {
        Loss::Gamma => ("above 0", |value| *value <= 0.0),
        Loss::Poisson | Loss::Tweedie { .. } => ("0 or above", |value| *value < 0.0),
        _ => return Ok(()),
    };
    match values.iter().position(is_wrong) {
        None => Ok(()),
        Some(row) => {
            let found = values[row];
            Err(sources.problem(target, row, format!("--loss {loss} is for a target {least}, and it is {found}")))
        }
    }
}

/// Refuses weights under which a class has no row.
pub(super) fn check_weights(
    scan: &Scan<'_>,
    column: usize,
    (observed, labels): (&Observed, &[String]),
    weights: &[f64],
) -> Result<(), TrainError> {
    let Observed::Classes(classes) = observed else { return Ok(()) };
    let mut has_weight = vec![false; labels.len()];
    classes.iter().zip(weights).for_each(|(class, weight)| has_weight[*class as usize] |= *weight > 0.0);
    match has_weight.iter().position(|has| !has) {
        None => Ok(()),
        Some(class) => {
            let label = &labels[class];
            Err(of_column(scan, column, format_args!("every row of class {label:?} weighs 0: leave such rows out")))
        }
    }
}

fn classes_of(
    sources: &Sources<'_>,
    target: usize,
    cells: &[Option<u32>],
    names: &[String],
) -> Result<(Observed, Vec<String>), TrainError> {
    let scan = sources.data;
    if let Some(row) = cells.iter().position(Option::is_none) {
        return Err(missing(sources, target, row));
    }
    let (labels, position_of) = order_labels(names);
    if labels.len() < 2 {
        let (n, label) = (cells.len(), labels.first().cloned().unwrap_or_default());
        let detail = format_args!("all {n} rows are of one class, {label:?}: there is nothing to tell apart");
        return Err(of_column(scan, target, detail));
    }
    let regression = "; if it is a number to be predicted, use an algorithm that does regression";
    let hint = if names.iter().all(|n| parse_number(n).is_some()) { regression } else { "" };
    if labels.len() > MAX_CLASSES {
        let detail = format_args!("{} classes are more than {MAX_CLASSES}{hint}", labels.len());
        return Err(of_column(scan, target, detail));
    }
    let classes: Vec<u32> = cells.iter().flatten().map(|code| position_of[*code as usize]).collect();
    let count = class_sizes(&classes, labels.len());
    if let Some(row) = classes.iter().position(|c| count[*c as usize] < LEAST_PER_CLASS) {
        let label = &labels[classes[row] as usize];
        let detail =
            format!("the class {label:?} has one row; a class needs {LEAST_PER_CLASS}: add rows or remove it{hint}");
        return Err(sources.problem(target, row, detail));
    }
    Ok((Observed::Classes(classes), labels))
}

/// Sorts labels by bytes, or by value when all are numbers; texts of one number are one class, called by the shortest
/// way to write it. The second list maps positions in `names` to classes.
fn order_labels(names: &[String]) -> (Vec<String>, Vec<u32>) {
    let numbers: Option<Vec<f64>> = names.iter().map(|n| parse_number(n)).collect();
    let value = |code: usize| numbers.as_ref().map_or(0.0, |numbers| numbers[code]);
    let mut codes: Vec<usize> = (0..names.len()).collect();
    codes.sort_by(|a, b| value(*a).total_cmp(&value(*b)).then(names[*a].cmp(&names[*b])));
    // Sorted: not below the next means equal to it.
    let is_same = |a: &usize, b: &usize| numbers.is_some() && value(*a) >= value(*b);
    let (mut labels, mut position_of) = (Vec::new(), vec![0; names.len()]);
    for (same, position) in codes.chunk_by(is_same).zip(0_u32..) {
        for code in same {
            position_of[*code] = position;
        }
        let label = if let [only] = same { names[*only].clone() } else { format!("{}", value(same[0])) };
        labels.push(label);
    }
    (labels, position_of)
}

/// How many rows each class has, in class order.
pub(crate) fn class_sizes(classes: &[u32], n_classes: usize) -> Vec<usize> {
    let mut sizes = vec![0; n_classes];
    for class in classes {
        sizes[*class as usize] += 1;
    }
    sizes
}

/// True when all values are the same, and when there are none.
#[allow(clippy::float_cmp, reason = "the same value is meant")]
pub(crate) fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|v| *v == values[0])
}

fn missing(sources: &Sources<'_>, target: usize, row: usize) -> TrainError {
    sources.problem(target, row, "the target is missing; remove the row")
}
