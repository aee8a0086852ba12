//! smartserve
fn main() {}
