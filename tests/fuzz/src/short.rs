//! The short way of a body: parser, batch, prediction; no router, no request, no runtime. Many more inputs a second than
//! by the router, whose target checks that both agree.

use std::cell::RefCell;

use serde::de::IgnoredAny;
use smartserve::config::ExtraFeatures;
use smartserve::http::decode::tensors;
use smartserve::http::decode::{DecodeOptions, ndjson, read, read_as};
use smartserve::http::problem::Problem;
use smartserve::http::tensor::Output;
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::{ArrowLimits, RowReader, max_arrow_bytes, read_arrow};

use crate::bounded;
use crate::forms::{self, Form};

/// Rows that a request may have: few, so that inputs of a few kilobytes reach the limit.
pub const MAX_ROWS: usize = 64;

/// What a request may take in memory over its body's bytes.
pub(crate) const TIMES: usize = 64;

/// What any request may take: an answer of a few rows, an envelope of 20 errors, a block of rows.
pub(crate) const BASE: usize = 2 << 20;

thread_local! {
    static MODELS: RefCell<(Vec<Model>, Scratch)> = RefCell::new((read_models(), Scratch::default()));
}

/// The models that `tests/fuzz.sh` has had written. Not trained here: training would bring ten times as many counters
/// along as parsing has, and libFuzzer looks at all of them after every input.
fn read_models() -> Vec<Model> {
    let folder = std::env::var_os("MODELS").expect("MODELS names the folder of models; see tests/fuzz.sh");
    let read = |name| std::fs::read(std::path::Path::new(&folder).join(name)).expect("a model");
    forms::MODELS.iter().map(|name| Model::load(&read(name)).expect("a sound model")).collect()
}

/// Runs `work` with the models, in the order of [`forms::MODELS`].
pub(crate) fn with_models<T>(work: impl FnOnce(&[Model], &mut Scratch) -> T) -> T {
    MODELS.with_borrow_mut(|(models, scratch)| work(models, scratch))
}

/// Answers a body by the short way; gives the status that it deserves.
///
/// # Panics
/// When anything is wrong with the answer.
pub fn answer(form: Form, model: usize, body: &[u8]) -> u16 {
    MODELS.with_borrow_mut(|(models, scratch)| {
        bounded(BASE + TIMES * body.len(), || answer_with(form, &models[model], forms::MODELS[model], body, scratch))
    })
}

/// Another parser's opinion: what is not JSON to it must not have been read as JSON.
///
/// # Panics
/// When it was.
pub fn check_json(body: &[u8], status: u16) {
    // Too many rows end the reading before the end of the text.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        assert!(matches!(status, 400 | 413), "{error}: {status}");
    }
}

/// Reads and answers a body; the status that it deserves.
///
/// # Panics
/// When what is told of a body that is refused is not JSON text, or an answer is not finite.
pub(crate) fn answer_with(form: Form, model: &Model, name: &str, body: &[u8], scratch: &mut Scratch) -> u16 {
    let batch = match parse(form, model, name, body) {
        Ok(batch) => batch,
        Err(problem) => {
            let told = problem.render("id");
            assert!(told.ends_with(b"}\n") && std::str::from_utf8(&told).is_ok());
            return problem.kind().status().as_u16();
        }
    };
    assert!((1..=MAX_ROWS).contains(&batch.n_rows()));
    match model.predict(&batch, scratch).expect("every finite row has a finite answer") {
        Prediction::Regression { values, .. } => assert_eq!(values.len(), batch.n_rows()),
        Prediction::Classification { classes, .. } => assert_eq!(classes.len(), batch.n_rows()),
    }
    200
}

fn parse(form: Form, model: &Model, name: &str, body: &[u8]) -> Result<Batch, Problem> {
    let schema = model.schema();
    let rules = DecodeOptions { schema, model: name, max_rows: MAX_ROWS, extra: ExtraFeatures::Reject };
    let bad = |detail: String| Problem::new(smartserve::http::problem::ProblemKind::Schema, detail);
    match form {
        Form::Json => Ok(read(body, &rules)?.batch),
        Form::Of(protocol) => Ok(read_as(protocol, body, &rules)?.batch),
        Form::Lines => {
            ndjson::read(body, &rules, &mut ndjson::LinesRead::default())?.ok_or_else(|| bad("no rows".to_owned()))
        }
        Form::Csv(head) => {
            let refused = |error: smartserve::table::TableError| bad(error.to_string());
            let mut reader =
                RowReader::new(body, "body", schema, head).and_then(RowReader::reject_unknown).map_err(refused)?;
            let batch = reader.next_chunk(MAX_ROWS).map_err(refused)?.ok_or_else(|| bad("no rows".to_owned()))?;
            match reader.next_chunk(1) {
                Ok(None) => Ok(batch),
                more => Err(bad(format!("more rows: {}", more.is_ok()))),
            }
        }
        Form::Arrow => {
            let limits = ArrowLimits { max_rows: MAX_ROWS, max_sparse_rows: MAX_ROWS, rejects_unknown: true };
            assert!(max_arrow_bytes(body, schema.n_features(), limits) <= BASE + TIMES * body.len());
            read_arrow(body, "body", schema, limits).map_err(|error| bad(format!("{error:?}")))
        }
        Form::V2(length) if length.is_some_and(|length| length > body.len()) => Err(bad("too long".to_owned())),
        Form::V2(length) => Ok(tensors::read(body, length, &rules, &Output::of(model))?.batch),
    }
}
