//! The control API under `/control`: the same as the methods of `EmulatorState`, as JSON over HTTP. Whatever
//! is wrong with an order is answered 400 (or 404 when it names something unknown) with `{"error": …}`.

mod orders;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use serde_json::json;

use crate::limits::CONTROL_BYTES_MAX;
use crate::state::EmulatorState;

/// A control order that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadControl {
    message: String,
    unknown: bool,
}

impl BadControl {
    /// The order itself is wrong.
    pub(crate) fn new(message: impl Into<String>) -> BadControl {
        BadControl { message: message.into(), unknown: false }
    }

    /// The order names something that is not there.
    pub(crate) fn unknown(message: impl Into<String>) -> BadControl {
        BadControl { message: message.into(), unknown: true }
    }
}

impl IntoResponse for BadControl {
    fn into_response(self) -> Response {
        let status = if self.unknown { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        (status, axum::Json(json!({ "error": self.message }))).into_response()
    }
}

pub(crate) fn routes() -> Router<EmulatorState> {
    Router::new()
        .route("/control/projects", get(orders::projects).post(orders::register))
        .route("/control/projects/{project}/service-accounts", post(orders::service_account))
        .route("/control/projects/{project}/limits", get(orders::limits).post(orders::set_limits))
        .route("/control/faults", get(orders::faults).post(orders::add_fault).delete(orders::clear_faults))
        .route("/control/faults/{id}", delete(orders::remove_fault))
        .route("/control/tokens/kill", post(orders::kill_token))
        .route("/control/tokens/rotate", post(orders::rotate_token))
        .route("/control/receipts", get(orders::receipts).post(orders::set_receiver))
        .route("/control/receipts/policy", post(orders::set_receipt_policy))
        .route("/control/requests", get(orders::requests))
        .route("/control/requests/log", post(orders::set_log))
        .route("/control/phones", get(orders::phones))
        .route("/control/phones/{device}", get(orders::phone).post(orders::drive))
        .route("/control/phones/{device}/sleep", post(orders::sleep))
        .route("/control/clock", get(orders::clock))
        .route("/control/clock/advance", post(orders::advance))
        .layer(DefaultBodyLimit::max(CONTROL_BYTES_MAX))
}
