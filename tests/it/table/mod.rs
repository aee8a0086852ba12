//! Reading tables.

mod columnar;
mod odd;
mod reading;
mod streaming;
