//! HTTP beside the WebSocket: probes, metrics, and whatever routes the program adds.

use super::{Door, admission::Admission, head::WS_PATH};
use crate::{session::Services, telemetry::Metrics};
use axum::{
    Json, Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// All routes. `extra` comes from the program.
pub fn router(services: Arc<Services>, metrics: Metrics, admission: Admission, extra: Router) -> Router {
    let ready = move || {
        let services = services.clone();
        async move { readiness(&services) }
    };
    let scrape = move || {
        metrics.strangers(admission.strangers());
        let text = metrics.text();
        async move { ([(header::CONTENT_TYPE, Metrics::CONTENT_TYPE)], text) }
    };
    Router::new()
        .route("/", get(async || Json(json!({"name": "hongyan", "version": env!("CARGO_PKG_VERSION")}))))
        .route("/healthz", get(async || Json(json!({"alive": true}))))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .route(WS_PATH, get(upgrade_required))
        .merge(extra)
        .fallback(nowhere)
}

/// Ready means: logins are taken and writes are accepted.
fn readiness(services: &Services) -> Response {
    let why = match services.store.health() {
        _ if services.is_draining() => "draining: the server is going away".to_owned(),
        Err(why) => why,
        Ok(()) => return Json(json!({"ready": true})).into_response(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "reason": why}))).into_response()
}

async fn upgrade_required() -> Response {
    let sentence = "open this address as a WebSocket with subprotocol hongyan.v1";
    (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], Json(json!({ "error": sentence })))
        .into_response()
}

async fn nowhere() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "there is nothing at this address"}))).into_response()
}

/// Serves HTTP on a connection until it ends, or until the server stops.
pub async fn serve<S>(door: &Door, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(door.router.clone());
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(hyper_util::rt::TokioTimer::new()).header_read_timeout(super::HTTP_HEAD_TIMEOUT);
    // The emulated Push Kit of `hongyan dev` has WebSockets of its own below /emulator.
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = door.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "an HTTP connection broke");
    }
}
