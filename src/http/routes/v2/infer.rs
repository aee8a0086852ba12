//! `POST /v2/models/{name}/infer` and `POST /v2/models/{name}/versions/{version}/infer`: tensors in, tensors out.

use axum::body::Bytes;
use axum::extract::{Request, State};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use crate::http::app::{App, AppState};
use crate::http::decode::DecodeOptions;
use crate::http::decode::tensors::{self, InferRequest};
use crate::http::encode;
use crate::http::handler_output::HandlerOutput;
use crate::http::media::{self, BodyFormat};
use crate::http::path::{ModelName, ModelVersion};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::predict::{ArrowUse, run_prediction};
use crate::http::routes::query::{self, RouteAsks};
use crate::model::prediction::Answer;
use crate::serve::registry::{ServedModel, Snapshot};
use crate::text::shorten::shortened;

use crate::http::tensor::{JSON_LENGTH, Output, RequestedOutput};

/// `POST /v2/models/{name}/infer`.
pub(in crate::http) async fn infer(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    request: Request,
) -> Result<HandlerOutput, Problem> {
    let snapshot = app.model(&name)?;
    infer_by(&app, snapshot, request).await
}

/// `POST /v2/models/{name}/versions/{version}/infer`.
pub(in crate::http) async fn infer_version(
    State(app): State<AppState>,
    path: ModelVersion,
    request: Request,
) -> Result<HandlerOutput, Problem> {
    let snapshot = app.model_version(&path.name, &path.version)?;
    infer_by(&app, snapshot, request).await
}

async fn infer_by(app: &AppState, snapshot: Snapshot, request: Request) -> Result<HandlerOutput, Problem> {
    let (head, body) = request.into_parts();
    let by_query = query::question(&head.uri, &snapshot.model, RouteAsks::Nothing)?;
    let json_length = json_length(&head.headers)?;
    let decode = move |app: &App, snapshot: &Snapshot, body: &Bytes| {
        check_length(json_length, body)?;
        let options = DecodeOptions::new(&app.server, snapshot);
        let InferRequest { id, batch, places, mut outputs, asked } =
            tensors::read(body, json_length, &options, &Output::offered(&snapshot.model))?;
        let question = by_query.or(query::check(asked, &snapshot.model)?);
        let is_binary = outputs.first().is_some_and(|wanted| wanted.is_binary);
        for output in Output::offered(&snapshot.model).into_iter().filter(|output| output.is_asked_by(question)) {
            if !outputs.iter().any(|wanted| wanted.output == output) {
                outputs.push(RequestedOutput { output, is_binary });
            }
        }
        Ok((batch.asking(question), places, (id, outputs)))
    };
    let encode = |(id, outputs): (Option<String>, Vec<RequestedOutput>), model: &ServedModel, answer: &Answer| {
        encode::tensors::write(model, id.as_deref(), &outputs, answer)
    };
    run_prediction(app, &head, body, snapshot, ArrowUse::default(), decode, encode).await
}

/// How many of the body's bytes are JSON; none when all are.
///
/// # Errors
/// 415: the body is neither JSON nor JSON and binary. 400: the header is not a number.
fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Problem> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind =
        kinds.next().filter(|_| kinds.next().is_none()).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let length = headers.get(JSON_LENGTH).map(parse_length).transpose()?;
    match kind.as_str() {
        "application/octet-stream" if length.is_some() => {}
        "application/octet-stream" => {
            return Err(Problem::unsupported_media(
                "application/octet-stream is read with the header Inference-Header-Content-Length: the JSON's bytes",
            ));
        }
        kind if !media::is_json(kind) => {
            let detail =
                format!("{} is not read here: send application/json, or application/octet-stream", shortened(kind));
            return Err(Problem::unsupported_media(detail));
        }
        _ => {
            BodyFormat::of(headers)?;
        }
    }
    Ok(length)
}

fn parse_length(value: &HeaderValue) -> Result<usize, Problem> {
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let bad = || Problem::new(ProblemKind::BadRequest, "Inference-Header-Content-Length must be a count of bytes");
    digits.and_then(|text| text.parse().ok()).ok_or_else(bad)
}

/// 400: the JSON would be longer than the body.
fn check_length(json_length: Option<usize>, body: &[u8]) -> Result<(), Problem> {
    match json_length {
        Some(length) if length > body.len() => {
            let detail = format!("Inference-Header-Content-Length is {length}, the body has {} bytes", body.len());
            Err(Problem::new(ProblemKind::BadRequest, detail))
        }
        _ => Ok(()),
    }
}
