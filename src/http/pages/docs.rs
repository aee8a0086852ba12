//! `GET /docs`: a page that shows `/openapi.json` to people and lets them try it.
//!
//! It holds nothing of the models: its script asks this server for the document.

use std::sync::LazyLock;

use axum::response::IntoResponse;

use super::own_page::OwnPage;

static PAGE: LazyLock<OwnPage> =
    LazyLock::new(|| OwnPage::new(include_str!("docs.html"), include_str!("docs.css"), include_str!("docs.js")));

/// `GET /docs`.
pub(in crate::http) async fn show() -> impl IntoResponse {
    &*PAGE
}
