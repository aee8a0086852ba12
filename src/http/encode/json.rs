//! Answers as one JSON text and a line end: `{"prediction":[25.0],"model":"boston","version":"…"}`, written in one pass
//! over the prediction.

use crate::http::decode::Protocol;
use crate::http::json::write;
use crate::model::intervals::Intervals;
use crate::model::labels::{self, LabelKind};
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::Schema;
use crate::serve::registry::ServedModel;

use super::contributions::NamedContributions;

/// The type of JSON.
pub(in crate::http) const MEDIA_TYPE: &str = "application/json";

/// Our own answer. Classes are written as their labels (numbers as numbers), with each row's probabilities where the
/// model has them.
pub(in crate::http) fn prediction(served: &ServedModel, predicted: &Answer) -> Vec<u8> {
    // A number's usual length, and some for the rest.
    const PER_NUMBER: usize = 20;
    let Answer { prediction: answer, contributions, .. } = predicted;
    let target = served.model.schema().target();
    let labels = ClassLabels::of(served.model.schema());
    let mut out = Vec::with_capacity(PER_NUMBER * answer.n_rows() * (target.n_outputs() + target.classes.len()) + 128);
    out.extend_from_slice(b"{\"prediction\":[");
    predictions(&mut out, &labels, answer);
    out.push(b']');
    if let Prediction::Classification { probability: Some(probability), .. } = answer {
        out.extend_from_slice(b",\"probability\":[");
        write::separated(&mut out, probability.chunks_exact(labels.len().max(1)), |out, row| {
            labels.write_values(out, row);
        });
        out.push(b']');
    }
    raw_and_intervals(&mut out, &labels, predicted);
    if let Some(contributions) = contributions {
        baseline_and_contributions(
            &mut out,
            &NamedContributions::new(served.model.schema(), contributions),
            answer.n_rows(),
        );
    }
    out.extend_from_slice(b",\"model\":");
    write::string(&mut out, &served.name);
    out.extend_from_slice(b",\"version\":");
    write::string(&mut out, served.model.version());
    out.extend_from_slice(b"}\n");
    out
}

/// The answer to other servers' clients: `{"predictions":[…]}`, values or labels. `TensorFlow` Serving answers `inputs`
/// with `outputs`; `KServe`, on the same route, with `predictions`: both keys are there then. What was asked for beside
/// has the keys of our own answer; but on that route contributions stand under `explanations`, as `KServe` v1 calls them.
pub(in crate::http) fn of_protocol(
    schema: &Schema,
    predicted: &Answer,
    protocol: Protocol,
    by_inputs: bool,
) -> Vec<u8> {
    const PER_NUMBER: usize = 24;
    let answer = &predicted.prediction;
    let is_tensorflow = protocol == Protocol::TensorFlow;
    let is_repeated = by_inputs && is_tensorflow;
    let labels = ClassLabels::of(schema);
    let mut out = Vec::with_capacity(
        PER_NUMBER * answer.n_rows() * schema.target().n_outputs() * (1 + usize::from(is_repeated)) + 128,
    );
    out.extend_from_slice(b"{\"predictions\":");
    let start = out.len();
    out.push(b'[');
    predictions(&mut out, &labels, answer);
    out.push(b']');
    if is_repeated {
        let end = out.len();
        out.extend_from_slice(b",\"outputs\":");
        out.extend_from_within(start..end);
    }
    raw_and_intervals(&mut out, &labels, predicted);
    if let Some(contributions) = &predicted.contributions {
        let named = NamedContributions::new(schema, contributions);
        let write = if is_tensorflow { explanations } else { baseline_and_contributions };
        write(&mut out, &named, answer.n_rows());
    }
    out.extend_from_slice(b"}\n");
    out
}

/// Appends the members of raw scores and of intervals or sets, where the answer has them.
fn raw_and_intervals(out: &mut Vec<u8>, labels: &ClassLabels, predicted: &Answer) {
    let n_rows = predicted.prediction.n_rows();
    if predicted.raw.is_some() {
        out.extend_from_slice(b",\"raw\":[");
        write::separated(out, (0..n_rows).filter_map(|row| predicted.raw_of(row)), raw_row);
        out.push(b']');
    }
    if let Some(intervals) = &predicted.intervals {
        out.extend_from_slice(interval_key(intervals));
        out.push(b'[');
        write::separated(out, 0..n_rows, |out, row| interval_row(out, labels, intervals, row));
        out.push(b']');
    }
}

/// Appends the baseline once, and each row's contributions.
fn baseline_and_contributions(out: &mut Vec<u8>, named: &NamedContributions<'_>, n_rows: usize) {
    out.extend_from_slice(b",\"baseline\":");
    named.write_baseline(out);
    out.extend_from_slice(b",\"contributions\":[");
    write::separated(out, 0..n_rows, |out, row| named.write_row(out, row));
    out.push(b']');
}

/// Appends both for each row.
fn explanations(out: &mut Vec<u8>, named: &NamedContributions<'_>, n_rows: usize) {
    out.extend_from_slice(b",\"explanations\":[");
    write::separated(out, 0..n_rows, |out, row| {
        out.extend_from_slice(b"{\"baseline\":");
        named.write_baseline(out);
        out.extend_from_slice(b",\"contributions\":");
        named.write_row(out, row);
        out.push(b'}');
    });
    out.push(b']');
}

/// The predicted values or labels, with commas between.
fn predictions(out: &mut Vec<u8>, labels: &ClassLabels, prediction: &Prediction) {
    match prediction {
        Prediction::Regression { values, n_outputs: 1 } => numbers(out, values),
        Prediction::Regression { values, n_outputs } => {
            write::separated(out, values.chunks_exact(*n_outputs), list);
        }
        Prediction::Classification { classes, .. } => labels.write_classes(out, classes),
    }
}

/// Numbers with commas between.
fn numbers(out: &mut Vec<u8>, values: &[f64]) {
    write::separated(out, values, |out, value| write::number(out, *value));
}

/// A row's raw scores: a number, or a list where there are several.
pub(super) fn raw_row(out: &mut Vec<u8>, row: &[f64]) {
    match row {
        [score] => write::number(out, *score),
        scores => list(out, scores),
    }
}

/// The key of intervals, with the comma before it.
pub(super) fn interval_key(intervals: &Intervals) -> &'static [u8] {
    match intervals {
        Intervals::Ranges(_) => b",\"interval\":",
        Intervals::Sets { .. } => b",\"set\":",
    }
}

/// A row's bounds, or the labels of its set: a list.
pub(super) fn interval_row(out: &mut Vec<u8>, labels: &ClassLabels, intervals: &Intervals, row: usize) {
    if let Some(bounds) = intervals.range_of(row) {
        return list(out, &bounds);
    }
    out.push(b'[');
    write::separated(out, intervals.classes_of(row), |out, class| out.extend_from_slice(labels.get(class)));
    out.push(b']');
}

/// The numbers of a row of several outputs.
pub(super) fn list(out: &mut Vec<u8>, row: &[f64]) {
    out.push(b'[');
    numbers(out, row);
    out.push(b']');
}

/// The labels of a target's classes, written once an answer.
pub(in crate::http) struct ClassLabels {
    kind: LabelKind,
    /// As strings, which keys are.
    quoted: Vec<Vec<u8>>,
    /// As numbers that are no integers; empty for labels of another kind.
    numbers: Vec<Vec<u8>>,
}

impl ClassLabels {
    /// Of this schema's classes, in their order.
    pub(in crate::http) fn of(schema: &Schema) -> Self {
        let (kind, classes) = (schema.label_kind(), &schema.target().classes);
        let quoted = classes.iter().map(|label| write::quoted(label)).collect();
        let are_numbers = kind == LabelKind::Numbers;
        let numbers =
            classes.iter().filter(|_| are_numbers).map(|label| labels::shown(label, kind).as_bytes().to_vec());
        Self { kind, quoted, numbers: numbers.collect() }
    }

    /// How many classes there are.
    pub(in crate::http) fn len(&self) -> usize {
        self.quoted.len()
    }

    /// The label at this position.
    pub(in crate::http) fn get(&self, class: u32) -> &[u8] {
        let texts = if self.kind == LabelKind::Numbers { &self.numbers } else { &self.quoted };
        match (self.kind, texts.get(class as usize).map_or(&b"null"[..], Vec::as_slice)) {
            // Without its quotes an integer is JSON as it stands.
            (LabelKind::Integers, [b'"', digits @ .., b'"']) => digits,
            (_, text) => text,
        }
    }

    /// Appends labels with commas between.
    pub(in crate::http) fn write_classes(&self, out: &mut Vec<u8>, classes: &[u32]) {
        write::separated(out, classes, |out, class| out.extend_from_slice(self.get(*class)));
    }

    /// Appends an object: each label with its value of one row.
    pub(in crate::http) fn write_values(&self, out: &mut Vec<u8>, values: &[f64]) {
        out.push(b'{');
        write::separated(out, self.quoted.iter().zip(values), |out, (label, value)| {
            out.extend_from_slice(label);
            out.push(b':');
            write::number(out, *value);
        });
        out.push(b'}');
    }
}
