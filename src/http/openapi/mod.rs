//! The OpenAPI 3.1 document of this server, a pure function of its models and options.
//!
//! `openapi.json` is the document of a server without models: every route, every schema that all models share, every
//! error. `model.json` is a template of what one model adds: its request bodies, answers and examples. [`document`]
//! decides the options, puts each model's paths in place of those of `{name}`, and adds the filled templates.
//! `serde_json` keeps members in the order in which they are written, so the same models give the same bytes.

mod document;
mod examples;
mod features;
mod model;
mod paths;
mod subject;
mod template;
mod tensors;

pub use document::document;
pub use subject::Subject;
