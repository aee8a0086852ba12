//! The OpenAPI 3.1 document of this server, made from the models that it serves.
//!
//! Built by hand as JSON values: what a derive (utoipa and its like) can describe is fixed when the program is
//! compiled, and nearly all of this document — feature names, categories, ranges, classes, examples, the paths
//! themselves — is only known once a model is loaded. `serde_json` keeps members in the order they are written, so the
//! same models give the same bytes.
//!
//! A family of routes is one file with one function, listed in `FAMILIES`; a test asks the router for its routes and
//! finds each of them here. What is served under several models stands once a model, under its own path, because each
//! has its own schema. Schemas say exactly what the server accepts: ranges of training are told, not asked for.

mod answers;
mod bodies;
mod compat;
mod components;
mod contents;
mod errors;
mod examples;
mod features;
mod json;
mod models;
mod operation;
mod pages;
mod predict;
mod probes;
mod v2;

use serde_json::Value;

use crate::http::openapi::json::json;

use crate::config::{ExtraFeatures, Limits, Vertex};
use crate::serve::registry::Snapshot;

use super::problem::ProblemKind as Kind;
use operation::Operation;

/// Every family of routes, in the order of the document.
const FAMILIES: [fn(&Subject<'_>) -> Vec<Operation>; 6] = [
    predict::operations,
    models::operations,
    v2::operations,
    compat::operations,
    probes::operations,
    pages::operations,
];

/// The tags, which the families' operations bear, in the order of the document.
const TAGS: [(&str, &str); 6] = [
    ("predict", "Rows in, predictions out."),
    ("models", "What is served."),
    ("v2", "The Open Inference Protocol and its repository extension."),
    ("compatible", "What clients of TensorFlow Serving, KServe v1, MLflow, SageMaker and Vertex AI ask."),
    ("probes", "What orchestrators and Prometheus ask."),
    ("pages", "For people and for tools."),
];

/// What a document is about.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The models, in the order they were given. Without any, routes are described with `{name}` and without schemas.
    pub models: &'a [Snapshot],
    /// The server asks for tokens. The document is open to everybody, and then it holds no statistics.
    pub asks_tokens: bool,
    /// What unknown features do.
    pub extra: ExtraFeatures,
    /// Most rows in a request.
    pub max_rows: usize,
    /// `/metrics` is on the admin listener only.
    pub private_metrics: bool,
    /// There is no page at `/`.
    pub no_ui: bool,
    /// The routes that Vertex AI will ask.
    pub vertex: Vertex,
}

impl<'a> Subject<'a> {
    /// These models, served with every option as it is when nothing is said.
    pub fn by_default(models: &'a [Snapshot]) -> Self {
        Self {
            models,
            asks_tokens: false,
            extra: ExtraFeatures::Reject,
            max_rows: Limits::default().max_rows,
            private_metrics: false,
            no_ui: false,
            vertex: Vertex::default(),
        }
    }

    /// The model that `/predict` asks.
    fn default_model(&self) -> Option<&'a Snapshot> {
        self.models.iter().find(|served| served.is_default)
    }

    /// True when ranges, medians and most frequent categories may be shown.
    fn shows_statistics(&self) -> bool {
        !self.asks_tokens
    }
}

/// The document.
pub fn document(subject: &Subject<'_>) -> Value {
    let operations = operations(subject);
    let failures: Vec<Kind> = operations.iter().flat_map(|operation| operation.failures(subject)).collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "smartserve",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A model server for tables",
            "description": description(subject),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": operation::paths(operations, subject),
        "components": components::of(subject, &failures),
    });
    if subject.asks_tokens {
        document["security"] = json!([{ (operation::SECURITY): [] }]);
    }
    document
}

/// All operations. Vertex AI's routes are where the environment says: the prediction in place of what is there.
fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let mut all: Vec<Operation> = FAMILIES.iter().flat_map(|family| family(subject)).collect();
    if let Some(route) = &subject.vertex.predict {
        all.retain(|operation| !operation.is_at(route));
        all.push(compat::vertex(subject, route));
    }
    if let Some(route) = &subject.vertex.health
        && !all.iter().any(|operation| operation.is_at(route))
    {
        all.push(compat::health(route));
    }
    all
}

fn description(subject: &Subject<'_>) -> String {
    let mut text = "Every error is an `application/problem+json` (RFC 9457) that lists what is wrong, with a JSON \
         pointer to each place. Every route answers OPTIONS with 204 and `Allow`, HEAD wherever it answers GET, and \
         405 to any other method. Every answer bears `X-Request-Id`: the request's own when it is 1 to 64 of \
         `[A-Za-z0-9._-]`, else a new one. On prediction routes a body without a type, or of curl's form type, is read \
         as JSON; bodies may be gzipped, answers are when `Accept-Encoding` allows. \
         `Accept` chooses among JSON, CSV and NDJSON."
        .to_owned();
    if subject.asks_tokens {
        text.push_str(" This server asks for a token; what training saw of each feature is at `GET /models/{name}`.");
    }
    text
}

/// A reference to a component.
fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}
