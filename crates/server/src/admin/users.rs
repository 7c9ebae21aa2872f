//! Users and their devices: found, looked at, kicked; PushIDs looked at and parted from their users.

use super::{
    Admin,
    gate::{Note, noted},
    refused::{Answer, Asked, At, Queried, Refused},
    traces::{Page as Lines, lines},
};
use crate::{
    push::{TraceLines, Words, trace::DeviceState},
    store::{App, PushRecord, PushTarget},
};
use axum::{Extension, Json, extract::State, http::StatusCode, response::Response};
use hongyan_wire::{AppId, CloseCode, PushId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

/// Users of one page.
const PAGE_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default)]
    prefix: String,
    after: Option<UserId>,
    count: Option<usize>,
}

/// `GET /apps/{app}/users`.
pub(super) async fn page(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Queried(page): Queried<Page>,
) -> Answer {
    let count = page.count.unwrap_or(50).clamp(1, PAGE_MAX);
    let mut found = admin.store.users_page(app.id, &page.prefix, page.after.as_ref(), count + 1).await?;
    let more = found.len() > count;
    found.truncate(count);
    let next = found.last().filter(|_| more).map(|user| user.id.clone());
    let users = found.iter().map(|user| {
        json!({
            "userID": user.id, "userName": user.name, "createdAt": user.created_at,
            "sessions": admin.hub.seats_of(app.id, &user.id).len(),
        })
    });
    Ok(Json(json!({ "users": users.collect::<Vec<_>>(), "next": next })))
}

/// `GET /apps/{app}/users/{user}`: who a user is, where it is, and where pushes go.
pub(super) async fn one(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, UserId)>,
) -> Answer {
    let users = admin.store.users(app.id, std::slice::from_ref(&id)).await?;
    let user = users.into_iter().next().ok_or_else(no_such_user)?;
    let mut targets = admin.store.push_targets(app.id, std::slice::from_ref(&id)).await?;
    let targets = targets.remove(&id).unwrap_or_default();
    let newest = lines(&admin, app.id, &id, &Lines::of_device(None)).await?;
    let devices = admin.store.devices_of(app.id, &id).await?;
    let devices = devices.iter().map(|one| {
        json!({
            "deviceID": one.device, "platform": one.platform, "lastLoginAt": one.last_login_at,
            "loggedIn": one.user.is_some(),
        })
    });
    let push_ids = targets.iter().map(|target| shown(&record_of(target), &newest));
    Ok(Json(json!({
        "userID": user.id, "userName": user.name, "createdAt": user.created_at,
        "offlinePushRule": admin.store.push_rule(app.id, &id).await?,
        "totalUnreadMessageCount": admin.store.total_unread(app.id, &id).await?,
        "sessions": sessions(&admin, app.id, &id),
        "devices": devices.collect::<Vec<_>>(),
        "pushIDs": push_ids.collect::<Vec<_>>(),
    })))
}

fn no_such_user() -> Refused {
    Refused::not_found("this user has never logged in to this app")
}

fn sessions(admin: &Admin, app: AppId, id: &UserId) -> Vec<Value> {
    let (seats, now_ms) = (admin.hub.seats_of(app, id), admin.clock.now_ms());
    let shown = seats.iter().map(|seat| {
        json!({
            "sessionID": seat.session_id, "deviceID": seat.device, "platform": seat.platform,
            "state": seat.phase(), "since": seat.since,
            "silentForMs": now_ms.saturating_sub(seat.heard_at()),
        })
    });
    shown.collect()
}

fn record_of(target: &PushTarget) -> PushRecord {
    PushRecord {
        push_id: target.push_id.clone(),
        device: target.device.clone(),
        user: Some(target.user.clone()),
        vendor: target.vendor,
        app_type: target.app_type,
        platform: target.platform,
        tombstone: target.tombstone.clone(),
        suspension: target.suspension.clone(),
    }
}

/// Everything about a PushID but the vendor's token. `newest` are lines of its user.
fn shown(one: &PushRecord, newest: &TraceLines) -> Value {
    let state = match (&one.tombstone, &one.suspension, &one.user) {
        (Some(_), ..) => "dead",
        (None, Some(_), _) => "suspended",
        (None, None, Some(_)) => "bound",
        (None, None, None) => "unbound",
    };
    let success = newest.traces.iter().map(|line| &line.device);
    let mut success = success
        .filter(|line| line.push_id.as_ref() == Some(&one.push_id) && line.state == DeviceState::Pushed);
    let suspended = one.suspension.as_ref().map(|suspension| {
        json!({ "reason": suspension.reason, "at": suspension.at, "text": Words::of_code(&suspension.reason) })
    });
    json!({
        "pushID": one.push_id, "userID": one.user, "deviceID": one.device, "vendor": one.vendor,
        "appType": one.app_type, "platform": one.platform, "state": state, "suspended": suspended,
        "tombstone": one.tombstone.as_ref().map(|stone| json!({ "code": stone.code, "at": stone.at })),
        "lastSuccessAt": success.next().and_then(|line| line.at),
    })
}

/// `GET /apps/{app}/push-ids/{pushID}`: with the newest lines of its device.
pub(super) async fn push_id(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, PushId)>,
) -> Answer {
    let record = admin.store.push_record(app.id, &id).await?.ok_or_else(no_such_push_id)?;
    let newest = match &record.user {
        Some(user) => lines(&admin, app.id, user, &Lines::of_device(Some(record.device.clone()))).await?,
        None => TraceLines { traces: Vec::new(), next: None },
    };
    Ok(Json(json!({ "pushID": shown(&record, &newest), "newest": newest })))
}

fn no_such_push_id() -> Refused {
    Refused::not_found("this PushID was never registered here, or its app gave it up")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kick {
    #[serde(rename = "sessionID", default)]
    session_id: Option<String>,
}

/// `POST /apps/{app}/users/{user}/kick`. The devices keep their PushIDs, as when another login puts them out.
pub(super) async fn kick(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, user)): At<(String, UserId)>,
    Asked(kick): Asked<Kick>,
) -> Result<Response, Refused> {
    let seats = admin.hub.seats_of(app.id, &user).into_iter();
    let wanted: Vec<_> = seats
        .filter(|seat| kick.session_id.as_ref().is_none_or(|id| seat.session_id.to_string() == *id))
        .collect();
    if wanted.is_empty() {
        return Err(Refused::not_found("there is no such session; it may have ended just now"));
    }
    wanted.iter().for_each(|seat| seat.mailbox.close(CloseCode::KickedOut));
    let note = Note::on(&user).saying(format!("{} sessions", wanted.len()));
    Ok(noted(Json(json!({ "ended": wanted.len() })), note))
}

/// `POST /apps/{app}/push-ids/{pushID}/unbind`.
pub(super) async fn unbind(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, PushId)>,
) -> Result<Response, Refused> {
    match admin.store.unbind_push(app.id, &id).await? {
        Some(user) => Ok(noted(StatusCode::NO_CONTENT, Note::on(id).saying(format!("was bound to {user}")))),
        None => Err(Refused::not_found("nobody is bound to this PushID")),
    }
}
