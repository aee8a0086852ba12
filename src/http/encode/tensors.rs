//! Answers of the Open Inference Protocol:
//! `{"model_name":"boston","model_version":"…","outputs":[{"name":"predict","shape":[1,1],…}]}`, and binary tensors
//! after it.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::http::json::write;
use crate::model::intervals::Intervals;
use crate::model::labels::{self, LabelKind};
use crate::model::prediction::{Answer, Contributions, Prediction};
use crate::model::schema::Schema;
use crate::serve::registry::ServedModel;

use super::json::ClassLabels;
use crate::http::tensor::{Datatype, JSON_LENGTH, Output, RequestedOutput};

/// A 200 with the outputs asked for.
pub(in crate::http) fn write(
    served: &ServedModel,
    id: Option<&str>,
    wanted: &[RequestedOutput],
    predicted: &Answer,
) -> Response {
    // A number's usual length, and some for the rest.
    const PER_NUMBER: usize = 20;
    let prediction = &predicted.prediction;
    let target = served.model.schema().target();
    let is_text = |w: &RequestedOutput| !w.is_binary;
    let per_row = if wanted.iter().any(is_text) { PER_NUMBER * (target.n_outputs() + target.classes.len()) } else { 0 };
    let mut json = Vec::with_capacity(per_row * prediction.n_rows() + 256);
    // The bytes after the JSON; none when no output was asked for in binary.
    let mut tail = wanted.iter().any(|w| w.is_binary).then(Vec::new);
    json.extend_from_slice(b"{\"model_name\":");
    write::string(&mut json, &served.name);
    json.extend_from_slice(b",\"model_version\":");
    write::string(&mut json, served.model.version());
    if let Some(id) = id {
        json.extend_from_slice(b",\"id\":");
        write::string(&mut json, id);
    }
    json.extend_from_slice(b",\"outputs\":[");
    write::separated(&mut json, wanted, |json, wanted| {
        let tensor = OutputData::of(served, wanted.output, predicted);
        tensor.write(json, tail.as_mut().filter(|_| wanted.is_binary), wanted.output, prediction.n_rows());
    });
    json.extend_from_slice(b"]}");
    let Some(tail) = tail else {
        json.push(b'\n');
        return ([(CONTENT_TYPE, "application/json")], json).into_response();
    };
    let length = json.len().to_string();
    json.extend_from_slice(&tail);
    ([(CONTENT_TYPE, "application/octet-stream"), (JSON_LENGTH, length.as_str())], json).into_response()
}

/// An output's elements, row-major.
enum OutputData<'p> {
    /// `FP64`, this many a row.
    Numbers(&'p [f64], usize),
    /// `FP64`, the same numbers for each row.
    Repeated(&'p [f64]),
    /// `FP64`, a row of numbers for each of several scores.
    OfScores(&'p Contributions),
    /// `BOOL`, this many a row.
    Flags(&'p [bool], usize),
    /// `BYTES`, or numbers where labels are numbers, one per row: positions in the schema's classes.
    Labels(&'p [u32], &'p Schema),
}

impl<'p> OutputData<'p> {
    fn of(served: &'p ServedModel, output: Output, predicted: &'p Answer) -> Self {
        let schema = served.model.schema();
        match (output, &predicted.prediction) {
            (Output::Predict, Prediction::Regression { values, n_outputs }) => Self::Numbers(values, *n_outputs),
            (Output::Predict, Prediction::Classification { classes, .. }) => Self::Labels(classes, schema),
            (Output::PredictProba, Prediction::Classification { probability: Some(p), .. }) => {
                Self::Numbers(p, schema.target().classes.len())
            }
            (Output::Raw, _) => {
                Self::Numbers(predicted.raw.as_deref().unwrap_or_default(), served.model.n_raw().unwrap_or(0))
            }
            (Output::Baseline, _) => {
                Self::Repeated(predicted.contributions.as_ref().map_or(&[], |of_all| of_all.baseline.as_slice()))
            }
            (Output::Contributions, _) => {
                predicted.contributions.as_ref().map_or(Self::Numbers(&[], 0), Self::OfScores)
            }
            (Output::Interval | Output::Set, _) => match &predicted.intervals {
                Some(Intervals::Ranges(ranges)) => Self::Numbers(ranges, 2),
                Some(Intervals::Sets { is_in, n_classes }) => Self::Flags(is_in, *n_classes),
                None => Self::Numbers(&[], 0),
            },
            // No model offers it that would answer so.
            (Output::PredictProba, _) => Self::Numbers(&[], 0),
        }
    }

    /// Writes `{"name":…,"shape":[n,k],"datatype":…,"data":[…]}`; with a tail the elements go there.
    fn write(&self, json: &mut Vec<u8>, tail: Option<&mut Vec<u8>>, output: Output, n_rows: usize) {
        let (datatype, scores, width) = match self {
            Self::Numbers(_, width) => (Datatype::Fp64, None, *width),
            Self::Repeated(numbers) => (Datatype::Fp64, None, numbers.len()),
            Self::OfScores(of_all) => {
                (Datatype::Fp64, Some(of_all.n_scores()).filter(|n_scores| *n_scores > 1), of_all.n_features)
            }
            Self::Flags(_, width) => (Datatype::Bool, None, *width),
            Self::Labels(_, schema) => (Datatype::of_labels(schema.label_kind()), None, 1),
        };
        json.extend_from_slice(b"{\"name\":");
        write::string(json, output.as_str());
        json.extend_from_slice(b",\"shape\":[");
        write::whole(json, n_rows);
        for length in scores.into_iter().chain([width]) {
            json.push(b',');
            write::whole(json, length);
        }
        json.extend_from_slice(b"],\"datatype\":");
        write::string(json, datatype.as_str());
        if let Some(tail) = tail {
            let start = tail.len();
            self.bytes(tail, n_rows);
            json.extend_from_slice(b",\"parameters\":{\"binary_data_size\":");
            write::whole(json, tail.len() - start);
            json.extend_from_slice(b"}}");
        } else {
            json.extend_from_slice(b",\"data\":[");
            self.elements(json, n_rows);
            json.extend_from_slice(b"]}");
        }
    }

    fn elements(&self, json: &mut Vec<u8>, n_rows: usize) {
        match self {
            Self::Numbers(values, _) => write::separated(json, *values, |out, value| write::number(out, *value)),
            Self::Repeated(numbers) => {
                let values = (0..n_rows).flat_map(|_| numbers.iter());
                write::separated(json, values, |out, value| write::number(out, *value));
            }
            Self::OfScores(of_all) => {
                write::separated(json, &of_all.values, |out, value| write::number(out, *value));
            }
            Self::Flags(flags, _) => write::separated(json, *flags, |out, flag| {
                out.extend_from_slice(if *flag { b"true" } else { b"false" });
            }),
            Self::Labels(classes, schema) => ClassLabels::of(schema).write_classes(json, classes),
        }
    }

    /// Little-endian numbers, or labels after their four-byte length.
    fn bytes(&self, out: &mut Vec<u8>, n_rows: usize) {
        match self {
            Self::Numbers(values, _) => {
                append_numbers(out, values);
            }
            Self::Repeated(numbers) => (0..n_rows).for_each(|_| append_numbers(out, numbers)),
            Self::OfScores(of_all) => append_numbers(out, &of_all.values),
            Self::Flags(flags, _) => out.extend(flags.iter().map(|flag| u8::from(*flag))),
            Self::Labels(classes, schema) => {
                let elements: Vec<Vec<u8>> =
                    schema.target().classes.iter().map(|label| element(label, schema.label_kind())).collect();
                for class in *classes {
                    out.extend_from_slice(elements.get(*class as usize).map_or(&[], Vec::as_slice));
                }
            }
        }
    }
}

/// Appends little-endian numbers.
fn append_numbers(out: &mut Vec<u8>, values: &[f64]) {
    out.reserve(size_of_val(values));
    for value in values {
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// A label as an element in binary.
fn element(label: &str, kind: LabelKind) -> Vec<u8> {
    match kind {
        LabelKind::Integers => labels::integer(label).unwrap_or_default().to_le_bytes().to_vec(),
        LabelKind::Numbers => labels::number(label).unwrap_or_default().to_le_bytes().to_vec(),
        LabelKind::Text => {
            let length = u32::try_from(label.len()).unwrap_or_default();
            [&length.to_le_bytes()[..], label.as_bytes()].concat()
        }
    }
}
