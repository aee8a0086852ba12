//! The ways a body can come: its route, its type, how it is read. One list, so that the parsers' targets and the
//! router's mean the same.

use smartserve::http::decode::Protocol;
use smartserve::table::Head;

/// How a body is read.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// One of `/predict`'s own dialects.
    Json,
    /// Another server's.
    Of(Protocol),
    /// A row a line.
    Lines,
    /// CSV, with or without a header.
    Csv(Head),
    /// An Arrow IPC stream.
    Arrow,
    /// Tensors; how many bytes of it are JSON, if not all.
    V2(Option<usize>),
}

/// A way into a model.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    /// The route.
    pub path: &'static str,
    /// The model that it asks, in [`MODELS`].
    pub model: usize,
    /// The media type.
    pub kind: &'static str,
    /// How the body is read.
    pub form: Form,
}

const fn way(path: &'static str, model: usize, kind: &'static str, form: Form) -> Way {
    Way { path, model, kind, form }
}

/// Models by name: a tree with a category and an imputed number, a forest of classes, a line.
pub const MODELS: [&str; 3] = ["houses", "kinds", "line"];

const AS_JSON: &str = "application/json";
const AS_LINES: &str = "application/x-ndjson";

/// Rows as JSON.
pub const JSON: [Way; 8] = [
    way("/predict", 0, AS_JSON, Form::Json),
    way("/models/kinds/predict", 1, AS_JSON, Form::Json),
    way("/models/line/predict", 2, AS_JSON, Form::Json),
    way("/v1/models/houses:predict", 0, AS_JSON, Form::Of(Protocol::TensorFlow)),
    way("/v1/models/kinds:predict", 1, AS_JSON, Form::Of(Protocol::TensorFlow)),
    way("/invocations", 0, AS_JSON, Form::Of(Protocol::Mlflow)),
    way("/predict", 0, AS_LINES, Form::Lines),
    way("/models/kinds/predict", 1, AS_LINES, Form::Lines),
];

/// Rows as CSV.
pub const CSV: [Way; 7] = [
    way("/predict", 0, "text/csv", Form::Csv(Head::Guess)),
    way("/predict", 0, "text/csv; header=absent", Form::Csv(Head::Absent)),
    way("/models/kinds/predict", 1, "text/csv; header=present", Form::Csv(Head::Present)),
    way("/models/kinds/predict", 1, "text/csv", Form::Csv(Head::Guess)),
    way("/invocations", 0, "text/csv; charset=utf-8", Form::Csv(Head::Guess)),
    way("/models/line/predict", 2, "text/csv", Form::Csv(Head::Guess)),
    way("/models/line/predict", 2, "text/csv; header=absent", Form::Csv(Head::Absent)),
];

/// Tensors.
pub const V2: [Way; 3] = [
    way("/v2/models/houses/infer", 0, AS_JSON, Form::V2(None)),
    way("/v2/models/kinds/infer", 1, AS_JSON, Form::V2(None)),
    way("/v2/models/line/infer", 2, AS_JSON, Form::V2(None)),
];

/// Splits a body of tensors whose first two bytes say how many of the others are JSON.
pub fn with_length(bytes: &[u8]) -> (Form, &[u8]) {
    match bytes {
        [low, high, body @ ..] => (Form::V2(Some(usize::from(u16::from_le_bytes([*low, *high])))), body),
        body => (Form::V2(None), body),
    }
}
