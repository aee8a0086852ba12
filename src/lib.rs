//! smartserve: a model server for tables.

pub mod cli;
pub mod commands;
pub mod config;
pub mod model;
pub mod serve;
pub mod table;
pub mod train;
