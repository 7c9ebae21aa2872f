//! A user's sessions and PushIDs, and one PushID with what became of its newest notices.

use super::{
    Admin, refuse,
    traces::{Page, lines},
    unavailable,
};
use crate::store::{PushTarget, StoreError};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hongyan_wire::{AppId, PushId, UserId};
use serde_json::{Value, json};

/// Who a user is, where it is, and where pushes go.
pub async fn one(State(admin): State<Admin>, Path((app, user)): Path<(AppId, UserId)>) -> Response {
    match find(&admin, app, &user).await {
        Ok(Some(found)) => Json(found).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, "this user has never logged in to this app"),
        Err(error) => unavailable(&error),
    }
}

async fn find(admin: &Admin, app: AppId, id: &UserId) -> Result<Option<Value>, StoreError> {
    let users = admin.store.users(app, std::slice::from_ref(id)).await?;
    let Some(user) = users.into_iter().next() else { return Ok(None) };
    let now_ms = admin.clock.now_ms();
    let seats = admin.hub.seats_of(app, id);
    let sessions = seats.iter().map(|seat| {
        json!({
            "sessionID": seat.session_id, "deviceID": seat.device, "platform": seat.platform,
            "state": seat.phase(), "since": seat.since,
            "silentForMs": now_ms.saturating_sub(seat.heard_at()),
        })
    });
    let mut targets = admin.store.push_targets(app, std::slice::from_ref(id)).await?;
    let push_ids = targets.remove(id).unwrap_or_default();
    Ok(Some(json!({
        "userID": user.id, "userName": user.name, "createdAt": user.created_at,
        "offlinePushRule": admin.store.push_rule(app, id).await?,
        "totalUnreadMessageCount": admin.store.total_unread(app, id).await?,
        "sessions": sessions.collect::<Vec<_>>(),
        "pushIDs": push_ids.iter().map(shown).collect::<Vec<_>>(),
    })))
}

/// Everything about a PushID but the vendor's token.
fn shown(target: &PushTarget) -> Value {
    json!({
        "pushID": target.push_id, "userID": target.user, "deviceID": target.device,
        "vendor": target.vendor, "appType": target.app_type, "platform": target.platform,
        "suspended": target.suspension.as_ref().map(|one| json!({"reason": one.reason, "at": one.at})),
        "tombstone": target.tombstone.as_ref().map(|stone| json!({"code": stone.code, "at": stone.at})),
    })
}

/// One PushID and the newest lines of its device.
pub async fn push_id(State(admin): State<Admin>, Path((app, id)): Path<(AppId, PushId)>) -> Response {
    let found = match admin.store.push_target(app, &id).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            return refuse(
                StatusCode::NOT_FOUND,
                "nobody is bound to this PushID: it was never registered here, or its user logged out",
            );
        }
        Err(error) => return unavailable(&error),
    };
    match lines(&admin, app, &found.user, &Page::of_device(found.device.clone())).await {
        Ok(lines) => Json(json!({ "pushID": shown(&found), "newest": lines })).into_response(),
        Err(error) => unavailable(&error),
    }
}
