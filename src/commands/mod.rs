//! What each command does with its arguments: one file per command, and the files that several commands share. `serve`
//! alone joins http's router to serve's listener.

mod allocator;
pub mod completions;
mod expected;
pub mod failure;
mod fallback;
pub mod files;
pub mod healthcheck;
pub mod import;
pub mod inspect;
mod labelled;
pub mod openapi;
pub mod output;
pub mod predict;
pub mod progress;
pub mod serve;
mod sources;
pub mod train;
pub mod verify;
