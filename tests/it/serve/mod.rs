//! What lies between the sockets and the model, through real sockets on port 0 and a service of a few lines: no axum,
//! no model where none is needed. Times are short; what is waited for is an event, never a guess.

mod admission;
mod age;
mod bound;
mod clashes;
mod drain;
mod hashing;
mod judging;
mod limits;
mod metrics;
mod process;
mod reload;
mod reload_messages;
mod sources;
mod spans;
mod telemetry;
mod unix_socket;
mod wakes;
