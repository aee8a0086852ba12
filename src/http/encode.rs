//! Answers as bytes: `{"prediction":[25.0],"model":"boston","version":"…"}`.
//!
//! Stands apart from the handlers because an answer is written in one pass over the prediction, without a value per
//! number, whichever route asked.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::http::json::write;
use crate::model::prediction::Prediction;
use crate::model::schema::Target;
use crate::serve::registry::Served;

/// Bytes that an answer for so many rows takes, in whatever form.
pub(in crate::http) fn room(target: &Target, n_rows: usize) -> usize {
    // Of NDJSON, the longest form: `{"prediction":` and a number; a class once more, with its probability.
    const PER_ROW: usize = 42;
    const PER_CLASS: usize = 30;
    let labels: usize = target.classes.iter().map(|label| PER_CLASS + label.len()).sum();
    let longest = target.classes.iter().map(String::len).max().unwrap_or(0);
    n_rows * (PER_ROW + longest + labels)
}

/// The answer's bytes. Classes are written as their labels, with each row's probabilities where the model has them.
pub(in crate::http) fn prediction(snapshot: &Served, answer: &Prediction) -> Vec<u8> {
    // A number's usual length, and room for the rest.
    const PER_NUMBER: usize = 20;
    let target = snapshot.model.schema().target();
    let mut out = Vec::with_capacity(PER_NUMBER * answer.n_rows() * (1 + target.classes.len()) + 128);
    out.extend_from_slice(b"{\"prediction\":[");
    predictions(&mut out, target, answer);
    out.push(b']');
    if let Prediction::Classification { probability: Some(probability), .. } = answer {
        probabilities(&mut out, target, probability);
    }
    out.extend_from_slice(b",\"model\":");
    write::string(&mut out, &snapshot.name);
    out.extend_from_slice(b",\"version\":");
    write::string(&mut out, snapshot.model.version());
    out.push(b'}');
    out
}

/// The answer to other servers' clients: `{"predictions":[…]}`, values or labels. Where `repeated` names a second key the
/// same array stands under it too.
pub(in crate::http) fn predictions_only(target: &Target, answer: &Prediction, repeated: Option<&str>) -> Vec<u8> {
    const PER_NUMBER: usize = 24;
    let mut out = Vec::with_capacity(PER_NUMBER * answer.n_rows() * (1 + usize::from(repeated.is_some())) + 128);
    out.extend_from_slice(b"{\"predictions\":");
    let start = out.len();
    out.push(b'[');
    predictions(&mut out, target, answer);
    out.push(b']');
    if let Some(key) = repeated {
        let end = out.len();
        out.push(b',');
        write::string(&mut out, key);
        out.push(b':');
        out.extend_from_within(start..end);
    }
    out.push(b'}');
    out
}

/// The predicted values or labels, with commas between.
fn predictions(out: &mut Vec<u8>, target: &Target, prediction: &Prediction) {
    match prediction {
        Prediction::Regression { values } => write::separated(out, values, |out, value| write::number(out, *value)),
        Prediction::Classification { classes, .. } => {
            let labels: Vec<Vec<u8>> = target.classes.iter().map(|label| write::quoted(label)).collect();
            let label = |class: &u32| labels.get(*class as usize).map_or(&b"null"[..], Vec::as_slice);
            write::separated(out, classes, |out, class| out.extend_from_slice(label(class)));
        }
    }
}

/// One object a row, label to probability.
fn probabilities(out: &mut Vec<u8>, target: &Target, probability: &[f64]) {
    let labels: Vec<Vec<u8>> = target.classes.iter().map(|label| write::quoted(label)).collect();
    out.extend_from_slice(b",\"probability\":[");
    write::separated(out, probability.chunks_exact(labels.len().max(1)), |out, row| class_values(out, &labels, row));
    out.push(b']');
}

/// One row's probabilities, label to value; the labels are quoted already.
pub(in crate::http) fn class_values(out: &mut Vec<u8>, labels: &[Vec<u8>], values: &[f64]) {
    out.push(b'{');
    write::separated(out, labels.iter().zip(values), |out, (label, value)| {
        out.extend_from_slice(label);
        out.push(b':');
        write::number(out, *value);
    });
    out.push(b'}');
}

/// A 200 with these bytes of this type.
pub(in crate::http) fn respond((content_type, bytes): (&'static str, Vec<u8>)) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
