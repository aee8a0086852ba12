//! The document: the static one with its options decided and what each model adds.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::model::ModelComponents;
use super::subject::Subject;
use super::{paths, template};

/// The document of a server without models, with and without tokens, with every page and route.
const STATIC: &str = include_str!("openapi.json");

/// Components of the static document that stand for those of a model: `AnyBody`, `Any.infer`.
const STAND_IN: &str = "Any";

/// The kinds of components that models bring.
const OF_MODELS: [&str; 3] = ["schemas", "requestBodies", "responses"];

/// Added to the description where the server asks for tokens.
const TOKENS_NOTE: &str =
    " This server asks for a token; what training saw of each feature is at `GET /models/{name}`.";

/// The document, made while it is written: a wide model's is megabytes, and in memory as values ten times as much.
#[derive(Debug)]
pub struct Document<'a> {
    subject: &'a Subject<'a>,
    /// The static document with its options decided.
    of_server: Value,
}

impl<'a> Document<'a> {
    /// The document about this subject.
    ///
    /// # Panics
    /// If the static document is not JSON, which every test of it would show.
    pub fn new(subject: &'a Subject<'a>) -> Self {
        let mut of_server: Value = serde_json::from_str(STATIC).expect("openapi.json is JSON");
        template::decide_tokens(&mut of_server, subject.asks_tokens);
        add_json_problems(&mut of_server["components"]["responses"]);
        let info = &mut of_server["info"];
        info["version"] = env!("CARGO_PKG_VERSION").into();
        if subject.asks_tokens {
            let description = info["description"].as_str().unwrap_or_default();
            info["description"] = (description.to_owned() + TOKENS_NOTE).into();
        }
        Self { subject, of_server }
    }
}

/// Errors are problems by name, and plain JSON on the routes of protocols that know nothing else.
fn add_json_problems(responses: &mut Value) {
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let content = response.get_mut("content").and_then(Value::as_object_mut);
        if let Some((content, schema)) = content.and_then(|content| {
            let schema = content.get("application/problem+json")?.get("schema")?.clone();
            Some((content, schema))
        }) {
            content.insert("application/json".to_owned(), json!({ "schema": schema }));
        }
    }
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(None)?;
        for (name, member) in self.of_server.as_object().into_iter().flatten() {
            match (name.as_str(), member) {
                ("paths", Value::Object(of_server)) => {
                    document.serialize_entry(name, &Paths { document: self, of_server })?;
                }
                ("components", Value::Object(of_server)) => {
                    document.serialize_entry(name, &Components { document: self, of_server })?;
                }
                _ => document.serialize_entry(name, member)?,
            }
        }
        document.end()
    }
}

struct Paths<'a> {
    document: &'a Document<'a>,
    of_server: &'a Map<String, Value>,
}

impl Serialize for Paths<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Document { subject, of_server } = self.document;
        serializer.collect_map(paths::paths(self.of_server, &of_server["components"], subject))
    }
}

struct Components<'a> {
    document: &'a Document<'a>,
    of_server: &'a Map<String, Value>,
}

impl Serialize for Components<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut components = serializer.serialize_map(None)?;
        for (kind, member) in self.of_server {
            match member {
                Value::Object(of_server) if OF_MODELS.contains(&kind.as_str()) => {
                    let of_kind = OfKind { subject: self.document.subject, kind, of_server };
                    components.serialize_entry(kind, &of_kind)?;
                }
                _ => components.serialize_entry(kind, member)?,
            }
        }
        components.end()
    }
}

/// Components of one kind, with what each model brings in place of the first stand-in. `AnyBody` and `AnyAnswer` remain
/// where there is no model; the other stand-ins are written out in the operations then.
struct OfKind<'a> {
    subject: &'a Subject<'a>,
    kind: &'a str,
    of_server: &'a Map<String, Value>,
}

impl Serialize for OfKind<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_map(None)?;
        let mut models = self.subject.models.iter();
        for (name, component) in self.of_server {
            let stands_in = name.starts_with(STAND_IN);
            if stands_in {
                for served in &mut models {
                    ModelComponents::new(self.subject, served).write(self.kind, &mut all)?;
                }
            }
            if !stands_in || self.kind == "schemas" && self.subject.models.is_empty() {
                all.serialize_entry(name, component)?;
            }
        }
        all.end()
    }
}
