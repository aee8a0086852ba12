//! One operation: a method of a path, with what may be sent and what comes back.
//!
//! Stands apart so that a family of routes says only what is its own: what every route has in common (the request id,
//! refusals of a head, the token) is added here.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::auth;
use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::ServedModel;

use super::{Subject, answers, errors, reference};

/// The name of the security scheme.
pub(super) const SECURITY: &str = "bearer";

/// What any route may answer, whatever it does: the head and the body's length are judged before it is asked.
const COMMON: [Kind; 5] =
    [Kind::BadRequest, Kind::BodyTooLarge, Kind::UriTooLong, Kind::HeaderTooLarge, Kind::Internal];

/// An operation in the making.
#[derive(Debug)]
pub(super) struct Operation {
    method: &'static str,
    route: String,
    path: String,
    tag: &'static str,
    summary: String,
    description: String,
    parameters: Vec<Value>,
    body: Option<Value>,
    answers: Vec<(u16, Value)>,
    errors: Vec<Kind>,
}

impl Operation {
    /// `GET` of a route, as the router lists it.
    pub(super) fn get(route: impl Into<String>, tag: &'static str, summary: impl Into<String>) -> Self {
        Self::new("get", route.into(), tag, summary.into())
    }

    /// `POST` to a route, as the router lists it.
    pub(super) fn post(route: impl Into<String>, tag: &'static str, summary: impl Into<String>) -> Self {
        Self::new("post", route.into(), tag, summary.into())
    }

    fn new(method: &'static str, route: String, tag: &'static str, summary: String) -> Self {
        Self {
            method,
            path: route.clone(),
            route,
            tag,
            summary,
            description: String::new(),
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The route's `{name}` is this model, or remains a parameter when no model is known.
    pub(super) fn of_model(mut self, served: Option<&ServedModel>) -> Self {
        match served {
            Some(served) => self.path = self.path.replace("{name}", &served.name),
            None => self.parameters.push(reference("parameters", "Name")),
        }
        self.errors.push(Kind::NotFound);
        self
    }

    /// The route's `{version}`: only the one that is served is known.
    pub(super) fn of_version(self, served: Option<&ServedModel>) -> Self {
        let schema = match served {
            Some(served) => json!({ "enum": [served.model.version()] }),
            None => answers::version(),
        };
        self.parameter(json!({ "name": "version", "in": "path", "required": true, "schema": schema }))
    }

    /// The path ends in a verb, which the route's template takes for a part of the name.
    pub(super) fn verb(mut self, verb: &str) -> Self {
        self.path = format!("{}:{verb}", self.path);
        self
    }

    /// True at this path.
    pub(super) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    /// How it may fail.
    pub(super) fn failures(&self, subject: &Subject<'_>) -> Vec<Kind> {
        let closed = (subject.asks_tokens && !auth::is_open(&self.route)).then_some(Kind::Unauthorized);
        self.errors.iter().copied().chain(COMMON).chain(closed).collect()
    }

    /// What the summary does not say.
    pub(super) fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// Takes a parameter.
    pub(super) fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// Takes a body.
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Answers so.
    pub(super) fn answers(mut self, status: u16, response: Value) -> Self {
        self.answers.push((status, response));
        self
    }

    /// May fail so, besides what any route may.
    pub(super) fn fails(mut self, kinds: &[Kind]) -> Self {
        self.errors.extend(kinds);
        self
    }

    /// Unique, because a path is, and a model's name has no colon: `post:models:boston:predict`.
    fn id(&self) -> String {
        let path = self.path.replace('/', ":").replace(['{', '}'], "");
        format!("{}{}", self.method, if path == ":" { ":root" } else { &path })
    }

    fn finish(mut self, subject: &Subject<'_>) -> Value {
        let is_open = auth::is_open(&self.route);
        let mut failures: Vec<(String, Value)> = self.failures(subject).into_iter().map(errors::response_of).collect();
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        let mut responses: Map<String, Value> =
            self.answers.iter().map(|(status, response)| (status.to_string(), response.clone())).collect();
        responses.extend(failures);
        let mut operation = json!({ "tags": [self.tag], "operationId": self.id(), "summary": self.summary });
        if !self.description.is_empty() {
            operation["description"] = self.description.into();
        }
        self.parameters.push(reference("parameters", "RequestId"));
        operation["parameters"] = self.parameters.into();
        if let Some(body) = self.body {
            operation["requestBody"] = body;
        }
        operation["responses"] = responses.into();
        if subject.asks_tokens && is_open {
            operation["security"] = json!([]);
        }
        operation
    }
}

/// The document's paths.
pub(super) fn paths(operations: Vec<Operation>, subject: &Subject<'_>) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let (path, method) = (operation.path.clone(), operation.method);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation.finish(subject);
    }
    paths.into()
}

/// An answer of one media type.
pub(super) fn response(description: &str, media_type: &str, schema: &Value, example: Option<Value>) -> Value {
    let mut content = json!({ "schema": schema });
    if let Some(example) = example {
        content["example"] = example;
    }
    json!({
        "description": description,
        "headers": { "X-Request-Id": reference("headers", "RequestId") },
        "content": { media_type: content },
    })
}

/// The parameters that operations refer to.
pub(super) fn parameters() -> Value {
    json!({
        "Name": {
            "name": "name",
            "in": "path",
            "required": true,
            "description": "A model's name; `GET /models` lists them.",
            "schema": { "type": "string" },
        },
        "JsonLength": {
            "name": "Inference-Header-Content-Length",
            "in": "header",
            "description": "The JSON's bytes in a body that goes on in binary.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "Repeated in the answer and in the log when it is 1 to 64 of `[A-Za-z0-9._-]`; anything \
                else is replaced.",
            "schema": { "type": "string" },
            "example": "row-17",
        },
    })
}

/// The headers that answers refer to.
pub(super) fn headers() -> Value {
    json!({
        "RequestId": {
            "description": "The request's id.",
            "required": true,
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
        },
        "ServerTiming": {
            "description": "How long parsing, predicting and encoding took, in milliseconds.",
            "schema": { "type": "string" },
            "example": "parse;dur=0.004, predict;dur=0.011, encode;dur=0.001",
        },
        "JsonLength": {
            "description": "The JSON's bytes in an answer that goes on in binary.",
            "schema": { "type": "integer", "minimum": 0 },
        },
        "RetryAfter": {
            "description": "Seconds after which to try again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 0 },
        },
        "Challenge": {
            "description": "The scheme to authenticate with.",
            "required": true,
            "schema": { "const": "Bearer" },
        },
        "ETag": {
            "description": "Changes with the document.",
            "required": true,
            "schema": { "type": "string" },
        },
    })
}
