//! The Open Inference Protocol: the same rows give the same bits as on `/predict`, however their tensors are written;
//! tensors, whatever is in them, are read or refused; who may ask which route.

mod cut;
mod elements;
mod repository;
mod routes;
mod same_rows;
