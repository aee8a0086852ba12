//! The IR: bounds of 32 bits, and forms of every kind against a plain evaluation.

mod bounds;
mod forms;
