//! `POST /predict` and `POST /models/{name}/predict`.

pub mod dialect;
