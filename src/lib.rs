//! smartserve: a model server for tables.
//!
//! One self-describing artifact — estimator, preprocessing, schema, training statistics, golden rows, calibration —
//! is written by `train` and served by `serve`, by one small program (in the image a static one).
//!
//! # One prediction, step by step
//!
//! A request goes through ten places in this order; the handler calls 5, 6, 7 and 9, and 7 calls 8.
//! `docs/architecture.md` has the same list with the files and functions.
//!
//! 1. **listener** ([`serve::listener`]): bytes arrive within their deadlines; hyper gets those of at most one
//!    request at a time.
//! 2. **dispatch** ([`http::service`]): the route is looked up; request id, in-flight count, head limits, tokens; panics
//!    become a 500.
//! 3. **snapshot** ([`serve::registry`]): one version of one model, kept until the answer is encoded.
//! 4. **handler** (`http::routes`): checks query and media types, and runs the steps of a prediction.
//! 5. **body** (`http::body`): the bytes, once there is memory for them, within the body's deadline.
//! 6. **decode** ([`http::decode`]): a [`Batch`](model::batch::Batch), rows that are known to fit the snapshot's
//!    schema.
//! 7. **admission** ([`serve::predict`], [`serve::admission`]): memory for rows and answer; up to 500 µs of work is
//!    computed at once, longer work waits for a permit and runs on the pool.
//! 8. **predict** ([`Model::answer`](model::Model::answer)): preprocessing, the compiled predictor,
//!    then calibrator and threshold of a classifier that has them, which give a
//!    [`Answer`](model::prediction::Answer).
//! 9. **encode** ([`http::encode`]): the answer's bytes in the format that was asked for.
//! 10. **send** (`http::middleware::in_flight_request`, [`serve::listener`]): headers, compression, metrics, the log
//!     line, the socket.
//!
//! # Layout and allowed dependencies
//!
//! In a `use`, `http::` without `crate::` before it is the crate of that name.
//!
//! ```text
//! main     → cli, commands                                 parse → dispatch → exit code
//! cli      → config, train, text                           what was typed; of train only train::options
//! config   → text                                          what it means
//! commands → lambda, http, serve, train, import, table, model, config, cli, text    what each command does
//! lambda   → http, serve, config, text                           events of AWS Lambda → requests, and back
//! http     → serve, table, model, config, text             the only place that knows axum and wire JSON
//! serve    → import, model, config, text                   registry, admission, listener, lifecycle, metrics, logs, spans
//! train    → table, model, text                            data; search and evaluate call fit; artifact, report
//! import   → model, text                                   other libraries' models → steps, predictor, schema
//! table    → model, text                                   tables to typed columns and checked rows, and back
//! model    → text                                          pure: no axum, no tokio, no clock, no files
//! text     →                                               numbers, near names, shortened and printable texts
//! ```
//!
//! # Invariants
//!
//! - A [`Batch`](model::batch::Batch) is valid and a [`Model`](model::Model)'s references are in range: both are
//!   checked where they are made, and never again.
//! - smartcore's own `predict` is never called while serving: it panics or loops on what it does not expect.
//! - A row's answer depends on that row and the artifact alone: not on its neighbours, not on the batch's size, not on
//!   the number of threads.
//! - A request sees one version of a model from before its body is read until its answer is encoded.
//! - Once the process listens it is ready until it drains (with `--models` as soon as there is a model); liveness
//!   depends on the runtime's heartbeat alone, not on load or on a model.
//! - Metrics have closed label sets; logs never hold a body or a feature's value, unless the text of a panic does;
//!   neither waits for whoever reads it.
//! - No files of `src` use each other in a circle, and no folder uses one that the list above does not allow it.

pub mod cli;
pub mod commands;
pub mod config;
pub mod http;
pub mod import;
pub mod lambda;
pub mod model;
pub mod serve;
pub mod table;
pub mod text;
pub mod train;
