//! Reading tables.

mod reading;
mod streaming;
