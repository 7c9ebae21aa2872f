//! HTTP routes of `hongyan dev`: the demo page, its two JSON endpoints, and the emulator on the same origin.

use super::seed::Seeded;
use crate::pages::{self, headers};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode},
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

#[derive(Clone)]
struct Demo {
    seeded: Arc<Seeded>,
    store: Arc<SqliteStore>,
}

/// Routes below `/demo`, `/emulator` and `/console`.
pub fn routes(seeded: Arc<Seeded>, store: Arc<SqliteStore>, emulator: &Emulator) -> Router {
    let demo = Router::new()
        .route("/demo", get(async || Redirect::permanent("/demo/")))
        .route("/demo/", get(async || page("index.html")))
        .route("/demo/{*path}", get(async |Path(path): Path<String>| page(&path)))
        .route("/demo/api/config", get(config))
        .route("/demo/api/trace/{id}", get(trace))
        .with_state(Demo { seeded, store });
    let emulated = hongyan_emulator::routes(emulator.state().clone());
    demo.nest("/emulator", emulated).merge(crate::console::routes())
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

/// A frozen app needs shared memory, hence the isolation.
fn page(path: &str) -> Response {
    let mut response = pages::page::<DemoPage>(path, UNBUILT);
    let isolate = HeaderValue::from_static("require-corp");
    response.headers_mut().insert("cross-origin-embedder-policy", isolate);
    response
}
