//! HTTP routes of `hongyan dev`: the demo page, its two JSON endpoints, and the emulator on the same origin.

use super::seed::Seeded;
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use hongyan_emulator::Emulator;
use hongyan_server::{push::TraceView, store::sqlite::SqliteStore};
use rust_embed::RustEmbed;
use serde_json::json;
use std::sync::Arc;

/// The built page. Built from `web/demo` by `make build`; read from disk in debug builds.
#[derive(RustEmbed)]
#[folder = "../../web/demo/dist"]
struct DemoPage;

const UNBUILT: &str = "<!doctype html><meta charset=utf-8><title>Hongyan</title>\
    <p>The demo page has not been built. Run <code>make dev</code>, or <code>npm run build -w web/demo</code>.";

/// Nothing comes from elsewhere, nothing is inlined; a frozen app needs shared memory, hence the isolation.
const HEADERS: [(&str, &str); 5] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
];

#[derive(Clone)]
struct Demo {
    seeded: Arc<Seeded>,
    store: Arc<SqliteStore>,
}

/// Routes below `/demo` and `/emulator`.
pub fn routes(seeded: Arc<Seeded>, store: Arc<SqliteStore>, emulator: &Emulator) -> Router {
    let demo = Router::new()
        .route("/demo", get(async || Redirect::permanent("/demo/")))
        .route("/demo/", get(async || page("index.html")))
        .route("/demo/{*path}", get(async |Path(path): Path<String>| page(&path)))
        .route("/demo/api/config", get(config))
        .route("/demo/api/trace/{id}", get(trace))
        .with_state(Demo { seeded, store });
    demo.nest("/emulator", hongyan_emulator::routes(emulator.state().clone()))
}

async fn config(State(demo): State<Demo>) -> Response {
    (headers("application/json"), Json(demo.seeded.page_config())).into_response()
}

async fn trace(State(demo): State<Demo>, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse::<u64>() else {
        return problem(StatusCode::BAD_REQUEST, "an ID is a decimal number");
    };
    match TraceView::load(&*demo.store, Some(demo.seeded.app.id), id).await {
        Ok(Some(trace)) => (headers("application/json"), Json(trace)).into_response(),
        Ok(None) => problem(StatusCode::NOT_FOUND, "nothing is known about this ID yet"),
        Err(error) => {
            tracing::error!(%error, "a trace could not be read");
            problem(StatusCode::SERVICE_UNAVAILABLE, "the trace could not be read; try again")
        }
    }
}

fn problem(status: StatusCode, sentence: &str) -> Response {
    (status, headers("application/json"), Json(json!({ "error": sentence }))).into_response()
}

fn page(path: &str) -> Response {
    match DemoPage::get(path) {
        Some(file) => {
            let mut headers = headers(content_type(path));
            if path.starts_with("assets/") {
                let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
                headers.insert(header::CACHE_CONTROL, forever);
            }
            (headers, Body::from(file.data)).into_response()
        }
        None if path == "index.html" => (headers("text/html; charset=utf-8"), UNBUILT).into_response(),
        None => problem(StatusCode::NOT_FOUND, "there is no such page"),
    }
}

fn headers(content_type: &'static str) -> HeaderMap {
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
