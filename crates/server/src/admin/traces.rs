//! Traces by message, call, user and PushID; and what would become of a message that is not sent.

use super::{Admin, OfApp, refuse, unavailable};
use crate::push::{Supposed, TraceLines};
use axum::{
    Json,
    extract::{Path, Query, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hongyan_wire::{AppId, DeviceId, UserId};
use serde::Deserialize;

/// Lines of one page.
const LINES_MAX: usize = 200;

/// A message or call, with every device.
pub async fn one(State(admin): State<Admin>, Path(id): Path<u64>, Query(of): Query<OfApp>) -> Response {
    match admin.push.trace(of.app_id, id).await {
        Ok(Some(trace)) => Json(trace).into_response(),
        Ok(None) => refuse(
            StatusCode::NOT_FOUND,
            "there is no message or call of this ID here, or its trace is older than traces are kept",
        ),
        Err(error) => unavailable(&error),
    }
}

/// `?before=…&count=…&deviceID=…`.
#[derive(Deserialize)]
pub struct Page {
    before: Option<u64>,
    count: Option<usize>,
    #[serde(rename = "deviceID")]
    device_id: Option<DeviceId>,
}

/// What became of the newest messages and calls of a user.
pub async fn of_user(
    State(admin): State<Admin>,
    Path((app, user)): Path<(AppId, UserId)>,
    Query(page): Query<Page>,
) -> Response {
    match lines(&admin, app, &user, &page).await {
        Ok(lines) => Json(lines).into_response(),
        Err(error) => unavailable(&error),
    }
}

pub async fn lines(
    admin: &Admin,
    app: AppId,
    user: &UserId,
    page: &Page,
) -> Result<TraceLines, crate::store::StoreError> {
    let count = page.count.unwrap_or(50).clamp(1, LINES_MAX);
    let before = page.before.unwrap_or(u64::MAX);
    admin.push.traces_of(app, user, page.device_id.as_ref(), before, count).await
}

impl Page {
    /// The newest lines of one device.
    pub fn of_device(device: DeviceId) -> Self {
        Self { before: None, count: None, device_id: Some(device) }
    }
}

/// Who would be pushed for this message now, who not, and why.
pub async fn dry_run(
    State(admin): State<Admin>,
    Path(app): Path<AppId>,
    asked: Result<Json<Supposed>, JsonRejection>,
) -> Response {
    let supposed = match asked {
        Ok(Json(supposed)) => supposed,
        Err(rejection) => return refuse(StatusCode::BAD_REQUEST, &rejection.body_text()),
    };
    if let Some(Err(refusal)) = supposed.push_config.as_ref().map(|push| push.check()) {
        return refuse(StatusCode::BAD_REQUEST, &refusal.message);
    }
    match admin.push.foresee(app, supposed).await {
        Ok(Some(foreseen)) => Json(foreseen).into_response(),
        Ok(None) => refuse(
            StatusCode::NOT_FOUND,
            "this sender has no such conversation in this app; check the three IDs",
        ),
        Err(error) => unavailable(&error),
    }
}
