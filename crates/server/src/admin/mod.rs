//! `/api/v1`: what operators and tools ask. HTTP and JSON over what `push` and `store` know; no SQL, no sockets.
//!
//! Whoever calls shows the operator's key, which stands in the data directory. Errors are JSON with a sentence.

mod alarms;
mod key;
mod traces;
mod users;

pub use key::OperatorKey;

use crate::{clock::Clock, hub::Hub, push::Explainer, store::Store};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hongyan_wire::AppId;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// What the routes work with.
#[derive(Clone)]
pub struct Admin {
    pub(crate) clock: Clock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) push: Arc<Explainer>,
    pub(crate) key: Arc<OperatorKey>,
}

/// `?appID=…`: of one app only.
#[derive(Deserialize)]
struct OfApp {
    #[serde(rename = "appID")]
    app_id: Option<AppId>,
}

/// All routes below `/api/v1`.
pub fn routes(admin: Admin) -> Router {
    let guarded = Router::new()
        .route("/traces/{id}", get(traces::one))
        .route("/alarms", get(alarms::lasting))
        .route("/apps/{app}/users/{user}", get(users::one))
        .route("/apps/{app}/users/{user}/traces", get(traces::of_user))
        .route("/apps/{app}/push-ids/{push_id}", get(users::push_id))
        .route("/apps/{app}/dry-run", post(traces::dry_run))
        .layer(middleware::from_fn_with_state(admin.clone(), guard))
        .with_state(admin);
    Router::new().nest("/api/v1", guarded)
}

/// Lets through who shows the key.
async fn guard(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    match shown(request.headers()) {
        Some(key) if admin.key.is(key) => next.run(request).await,
        Some(_) => refuse(
            StatusCode::UNAUTHORIZED,
            "this is not the operator's key; it stands in the data directory",
        ),
        None => refuse(
            StatusCode::UNAUTHORIZED,
            "show the operator's key: Authorization: Bearer …, see docs/operations.md",
        ),
    }
}

fn shown(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// An error as every route answers it.
pub(crate) fn refuse(status: StatusCode, sentence: &str) -> Response {
    (status, Json(json!({ "error": sentence }))).into_response()
}

/// The store's trouble, logged where it is met.
pub(crate) fn unavailable(error: &crate::store::StoreError) -> Response {
    tracing::error!(%error, "the store refused an operator's question");
    refuse(StatusCode::SERVICE_UNAVAILABLE, "the server cannot answer this now; try again")
}
