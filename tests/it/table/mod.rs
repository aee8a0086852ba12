//! Reading tables.

mod odd;
mod reading;
mod streaming;
