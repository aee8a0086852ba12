//! smartserve
