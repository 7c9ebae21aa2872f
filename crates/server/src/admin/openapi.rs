//! The description of this API for tools and people: `openapi.json`, written by hand and held to the routes by a test.

use axum::{http::header, response::IntoResponse};

/// The document.
pub(super) const TEXT: &str = include_str!("openapi.json");

/// `GET /openapi.json`.
pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], TEXT)
}
