//! The short way of a body: parser, batch, prediction; no router, no request, no runtime. Ten times as many inputs a
//! second as by the router, which the targets take too for a part of them: both must then agree.

use smartserve::config::ExtraFeatures;
use smartserve::http::predict::dialect::{Protocol, Rules, lines, read, read_as};
use smartserve::http::problem::Problem;
use smartserve::http::v2::{self, Output};
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::serve::registry::Served;
use smartserve::table::{Extra, Head, RowReader};

use crate::answers::MAX_ROWS;

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
    /// Tensors; how many bytes of it are JSON, if not all.
    V2(Option<usize>),
}

/// Reads and answers a body; the status that it deserves.
///
/// # Panics
/// When what is told of a body that is refused is not JSON text, or an answer is not finite.
pub fn answer(form: Form, model: &Served, body: &[u8], scratch: &mut Scratch) -> u16 {
    let batch = match parse(form, model, body) {
        Ok(batch) => batch,
        Err(problem) => {
            let told = problem.render("id");
            assert!(told.ends_with(b"}") && std::str::from_utf8(&told).is_ok());
            return problem.kind().status().as_u16();
        }
    };
    assert!((1..=MAX_ROWS).contains(&batch.n_rows()));
    match model.model.predict(&batch, scratch).expect("every finite row has a finite answer") {
        Prediction::Regression { values } => assert_eq!(values.len(), batch.n_rows()),
        Prediction::Classification { classes, .. } => assert_eq!(classes.len(), batch.n_rows()),
    }
    200
}

fn parse(form: Form, model: &Served, body: &[u8]) -> Result<Batch, Problem> {
    let schema = model.model.schema();
    let rules = Rules { schema, model: &model.name, max_rows: MAX_ROWS, extra: ExtraFeatures::Reject };
    let bad = |detail: String| Problem::new(smartserve::http::problem::Kind::Schema, detail);
    match form {
        Form::Json => Ok(read(body, &rules)?),
        Form::Of(protocol) => Ok(read_as(protocol, body, &rules)?.0),
        Form::Lines => {
            lines::read(body, &rules, &mut lines::Progress::default())?.ok_or_else(|| bad("no rows".to_owned()))
        }
        Form::Csv(head) => {
            let refused = |error: smartserve::table::TableError| bad(error.to_string());
            let mut reader = RowReader::new(body, "body", schema, head, Extra::Reject).map_err(refused)?;
            let batch = reader.next_chunk(MAX_ROWS).map_err(refused)?.ok_or_else(|| bad("no rows".to_owned()))?;
            match reader.next_chunk(1) {
                Ok(None) => Ok(batch),
                more => Err(bad(format!("more rows: {}", more.is_ok()))),
            }
        }
        Form::V2(length) if length.is_some_and(|length| length > body.len()) => Err(bad("too long".to_owned())),
        Form::V2(length) => Ok(v2::request::read(body, length, &rules, Output::of(&model.model))?.batch),
    }
}
