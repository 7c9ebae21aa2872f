//! HTTP beside the WebSocket: probes, metrics, and whatever routes the program adds.

use super::{Door, admission::Admission, head::WS_PATH};
use crate::{peer::Peer, session::Services, telemetry::Metrics};
use axum::{
    Extension, Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::json;
use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::Layer;

/// How long an HTTP/1 client may take for the head of a request, also between two of them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// An HTTP/2 client that says nothing is asked after this time …
const PING_AFTER: Duration = Duration::from_secs(20);
/// … and has this long to answer.
const PONG_WITHIN: Duration = Duration::from_secs(10);
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 100;

/// All routes. `extra` comes from the program.
pub fn router(services: Arc<Services>, metrics: Metrics, admission: Admission, extra: Router) -> Router {
    let ready = move || {
        let services = services.clone();
        async move { readiness(&services) }
    };
    let counted = metrics.clone();
    let scrape = move || {
        counted.strangers(admission.strangers());
        let text = counted.text();
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
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(metrics, confine))
}

/// A panic in a handler is our fault: it is counted, and ends this request only.
async fn confine(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            metrics.panicked();
            problem(StatusCode::INTERNAL_SERVER_ERROR, "the server met a fault of its own; it was noted")
        }
    }
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
    ([(header::UPGRADE, "websocket")], problem(StatusCode::UPGRADE_REQUIRED, sentence)).into_response()
}

async fn nowhere() -> Response {
    problem(StatusCode::NOT_FOUND, "there is nothing at this address")
}

async fn not_so() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this method; see the Allow header")
}

fn problem(status: StatusCode, sentence: &str) -> Response {
    (status, Json(json!({ "error": sentence }))).into_response()
}

/// Serves HTTP on a connection until it ends, or until the server stops.
pub async fn serve<S>(door: &Door, peer: Option<IpAddr>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(Extension(peer.map(Peer)).layer(door.router.clone()));
    let draining = door.stopping.is_cancelled();
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).keep_alive(!draining);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING_AFTER).keep_alive_timeout(PONG_WITHIN);
    builder.http2().max_concurrent_streams(STREAMS_MAX);
    // The emulated Push Kit of `hongyan dev` has WebSockets of its own below /emulator.
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // Who comes while the door drains gets one answer; who was there before gets what was asked already.
        () = door.stopping.cancelled(), if !draining => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "an HTTP connection broke");
    }
}
