//! The OpenAPI 3.1 document of this server, a pure function of its models and options.
//!
//! `openapi.json` is the document of a server without models: every route, every schema that all models share, every
//! error. [`Document`] makes this of it:
//! - `x-with-tokens` and `x-without-tokens` hold the members of an object that differ where the server asks for tokens
//!   and where it does not (`null`: it is left out);
//! - a path of `{name}` becomes one path for each model;
//! - components called `Any…` stand for those of a model. `model.json` is the template of these: a name in braces
//!   (`"{width}"`) becomes a value of the model, and its `parts` are filled first, as values for the rest;
//! - `x-vertex-predict` and `x-vertex-health` move to the routes that Vertex AI chooses.
//!
//! It is made while it is written: nothing that grows with a model's width is in memory but its bytes. `serde_json`
//! keeps members in the order in which they are written, so the same models give the same bytes.

mod beside;
mod document;
mod examples;
mod features;
mod model;
mod paths;
mod subject;
mod template;
mod tensors;

pub use document::Document;
pub use subject::Subject;
