//! The pull parser against texts that are not JSON, and against std and `serde_json`.

mod number;
mod reader;
