//! The pages that people open, and the document that they are about: `/`, `/models/{name}/`, `/docs` and `/openapi.json`.

pub(super) mod docs;
mod joined;
mod kept;
mod openapi;
pub(super) mod openapi_page;
mod rendered;
pub(super) mod room;
mod shared_page;
pub(super) mod whatif;

pub(super) use rendered::Cache;
pub(super) use shared_page::SharedPage;
