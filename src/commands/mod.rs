//! What each command does with its arguments: one file per command, and the files that several commands share. `serve`
//! alone joins http's router to serve's listener.

mod allocator;
mod answers;
pub mod audit;
mod audit_report;
mod card;
pub mod completions;
pub mod drift;
mod drift_report;
mod expected;
pub mod failure;
mod fallback;
pub mod files;
mod flip;
mod groups;
pub mod healthcheck;
pub mod import;
pub mod inspect;
mod labelled;
pub mod openapi;
pub mod output;
mod packed;
pub mod predict;
pub mod progress;
pub mod replay;
mod replay_report;
mod scored;
pub mod serve;
mod serve_settings;
mod shown;
mod sources;
pub mod train;
pub mod verify;
