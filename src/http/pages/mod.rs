//! The pages that people open, and the document that they are about: `/`, `/docs` and `/openapi.json`.

pub(super) mod docs;
pub(super) mod index;
pub(super) mod openapi;
mod rendered;
pub(super) mod room;
mod shared_page;

pub(super) use rendered::Cache;
pub(super) use shared_page::SharedPage;
