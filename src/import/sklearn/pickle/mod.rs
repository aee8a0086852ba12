//! Pickles, protocols 0 to 5, and joblib's, which hold arrays between their opcodes: into nodes, and nothing is called.

mod machine;
mod memo;
mod opcodes;
mod scan;

pub(super) use opcodes::decode;
