//! Built pages as answers: their headers, and what each file is.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;
use std::borrow::Cow;

/// Nothing comes from elsewhere, nothing is inlined, nobody frames it.
const HEADERS: [(&str, &str); 4] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

/// A file of the built pages `P`. Without the pages themselves, `unbuilt` stands for their first one.
pub fn page<P: RustEmbed>(path: &str, unbuilt: &'static str) -> Response {
    match P::get(path) {
        Some(file) => found(path, file.data),
        None if path == "index.html" => (headers("text/html; charset=utf-8"), unbuilt).into_response(),
        None => (StatusCode::NOT_FOUND, headers("text/plain; charset=utf-8"), "there is no such page")
            .into_response(),
    }
}

fn found(path: &str, bytes: Cow<'static, [u8]>) -> Response {
    let mut headers = headers(content_type(path));
    if path.starts_with("assets/") {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        headers.insert(header::CACHE_CONTROL, forever);
    }
    (headers, Body::from(bytes)).into_response()
}

/// Headers of every page and file.
pub fn headers(content_type: &'static str) -> HeaderMap {
    let fixed = HEADERS
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .chain([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    let mut headers: HeaderMap = fixed.collect();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
