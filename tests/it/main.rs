//! The tests of the library and of the program, in folders that mirror `src`. One program, which is linked once.

#![allow(clippy::pedantic, clippy::unwrap_used, reason = "a test says what it means in the shortest way, and stops")]

mod cli;
mod config;
mod end_to_end;
mod house;
mod http;
mod import;
mod lambda;
mod model;
mod promises_file;
mod readme;
mod serve;
mod support;
mod table;
mod text;
mod train;
