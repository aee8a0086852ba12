//! Reading tables.

mod columnar;
mod lines;
mod odd;
mod passed;
mod reading;
mod streaming;
