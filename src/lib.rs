//! smartserve: a model server for tables.
//!
//! One self-describing artifact — estimator, preprocessing, schema, training statistics, golden rows, calibration —
//! is written by `train` and served by `serve`, from one small static process.
//!
//! # The way of one prediction
//!
//! A request walks forward through ten places; nothing walks back.
//!
//! 1. **listener** ([`serve::listener`]): bytes arrive within their deadlines, a head is complete.
//! 2. **dispatch** ([`http::service`]): the route is looked up; request id, counting, panics caught, head limits, tokens.
//! 3. **handler** ([`http::router`]): one of the one list of routes.
//! 4. **snapshot** ([`serve::registry`]): one version of one model, held from here to the answer.
//! 5. **decode** ([`http::decode`]): the body, read within its memory lease and deadline, straight into cells.
//! 6. **[`Batch`](model::batch::Batch)**: rows known to fit the snapshot's schema. Nobody validates past it.
//! 7. **admission** ([`serve::admission`]): a permit to compute, inline or on the pool.
//! 8. **[`Model::predict`](model::Model::predict)**: preprocessing, then the compiled predictor.
//! 9. **[`Prediction`](model::prediction::Prediction)**: finite answers in row order.
//! 10. **encode** ([`http::encode`]): the answer's bytes in the format that was asked for, back to the socket.
//!
//! # Layout, and who may use whom
//!
//! ```text
//! main     → cli, commands                                 parse → dispatch → exit code
//! cli      → config, train, text                           what was typed; of train its options alone
//! config   → text                                          what it means
//! commands → http, serve, train, table, model, config, cli, text    one short file a verb
//! http     → serve, table, model, config, text             the only place that knows axum and wire JSON
//! serve    → model, config, text                           registry, admission, listener, lifecycle, metrics, logs
//! train    → table, model, text                            data → fit → evaluate → search → report, artifact
//! table    → model, text                                   CSV to typed columns and checked rows
//! model    → text                                          pure: no axum, no tokio, no clock, no files
//! text     →                                               numbers, near names, shortened texts
//! ```
//!
//! # Invariants
//!
//! - A [`Batch`](model::batch::Batch) in hand is valid; a [`Model`](model::Model) in hand is verified. Neither is
//!   checked again.
//! - smartcore's own `predict` is never called while serving: it panics or loops on what it does not expect.
//! - A row's answer depends on that row and the artifact alone: not on its neighbours, not on the batch's size, not on
//!   the number of threads.
//! - A request sees one version of a model from before its body is parsed to the end of its answer.
//! - Once the process listens it is ready, until it drains; liveness never depends on load or on a model.
//! - Metrics have closed label sets; logs never hold a body or a feature's value; neither can block a request.

pub mod cli;
pub mod commands;
pub mod config;
pub mod http;
pub mod model;
pub mod serve;
pub mod table;
pub mod text;
pub mod train;
