//! The console's page at `/console`, built into the program.

use crate::pages::page;
use axum::{Router, extract::Path, response::Redirect, routing::get};
use rust_embed::RustEmbed;

/// The built page. Built from `web/console` by `make build`; read from disk in debug builds.
#[derive(RustEmbed)]
#[folder = "../../web/console/dist"]
struct ConsolePage;

const UNBUILT: &str = "<!doctype html><meta charset=utf-8><title>Hongyan</title>\
    <p>The console has not been built. Run <code>npm run build -w web/console</code>.";

/// Routes below `/console`.
pub fn routes() -> Router {
    let file = |path: &str| page::<ConsolePage>(path, UNBUILT);
    Router::new()
        .route("/console", get(async || Redirect::permanent("/console/")))
        .route("/console/", get(async move || file("index.html")))
        .route("/console/{*path}", get(async move |Path(path): Path<String>| file(&path)))
}
