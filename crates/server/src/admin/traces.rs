//! Traces: one with its hops, devices a page at a time, all of it as a file, and finding them.

use super::{
    Admin,
    alarms::OfApp,
    gate::{Caller, no_such_app},
    hops,
    refused::{Answer, At, Queried, Refused},
};
use crate::{
    push::{
        TraceLines,
        trace::{DeviceState, DeviceView, TraceView},
    },
    store::App,
};
use axum::{
    Extension, Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use hongyan_wire::{AppId, DeviceId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

#[path = "trace_search.rs"]
mod trace_search;
pub(super) use trace_search::search;

/// Lines of one page.
pub(super) const PAGE_MAX: usize = 200;
/// Events of one answer.
const EVENTS_MAX: usize = 500;

/// `?after=…` of a trace.
#[derive(Deserialize)]
pub(super) struct Since {
    after: Option<u64>,
}

/// `GET /traces/{id}`: of whatever app that may be seen.
pub(super) async fn one(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    At(id): At<u64>,
    Queried(of): Queried<OfApp>,
    Queried(since): Queried<Since>,
) -> Answer {
    if of.app_id.is_some_and(|app| !caller.sees(app)) {
        return Err(no_such_app());
    }
    let trace = find(&admin, of.app_id, id).await?;
    match caller.sees(trace.app_id) {
        true => Ok(Json(shown(&admin, &trace, since.after))),
        false => Err(no_such_trace()),
    }
}

/// `GET /apps/{app}/traces/{id}`.
pub(super) async fn one_of_app(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, u64)>,
    Queried(since): Queried<Since>,
) -> Answer {
    Ok(Json(shown(&admin, &find(&admin, Some(app.id), id).await?, since.after)))
}

async fn find(admin: &Admin, app: Option<AppId>, id: u64) -> Result<TraceView, Refused> {
    admin.push.trace(app, id).await?.ok_or_else(no_such_trace)
}

fn no_such_trace() -> Refused {
    Refused::not_found(
        "there is no message or call of this ID here, or its trace is older than traces are kept",
    )
}

/// A trace as the explorer reads it: counts first, then as many devices and events as one answer holds.
fn shown(admin: &Admin, trace: &TraceView, after: Option<u64>) -> Value {
    let all = hops::dispatches(trace);
    let devices = trace.devices.iter().take(PAGE_MAX).map(|one| with_hops(one, &all));
    let events: Vec<_> = trace.events.iter().filter(|one| after.is_none_or(|after| one.at > after)).collect();
    json!({
        "id": trace.id, "kind": trace.kind, "appID": trace.app_id,
        "conversationID": trace.conversation_id, "conversationType": trace.conversation_type,
        "senderUserID": trace.sender_user_id, "acceptedAt": trace.accepted_at, "settled": trace.settled,
        "now": admin.clock.now_ms(), "counts": trace.outcomes(),
        "devicesTotal": trace.devices.len(), "devices": devices.collect::<Vec<_>>(),
        "eventsTotal": trace.events.len(), "events": &events[..events.len().min(EVENTS_MAX)],
        "dispatches": &trace.dispatches[..trace.dispatches.len().min(PAGE_MAX)],
    })
}

fn with_hops(device: &DeviceView, all: &hops::Dispatches<'_>) -> Value {
    let mut shown = serde_json::to_value(device).unwrap_or_default();
    shown["hops"] = json!(hops::of(device, all));
    shown
}

/// `?state=…&userID=…&after=…&count=…`.
#[derive(Deserialize)]
pub(super) struct DevicePage {
    state: Option<DeviceState>,
    #[serde(rename = "userID")]
    user_id: Option<UserId>,
    after: Option<usize>,
    count: Option<usize>,
}

/// `GET /apps/{app}/traces/{id}/devices`: in the order of the trace; `after` is a place in it.
pub(super) async fn devices(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, u64)>,
    Queried(page): Queried<DevicePage>,
) -> Answer {
    let trace = find(&admin, Some(app.id), id).await?;
    let all = hops::dispatches(&trace);
    let count = page.count.unwrap_or(50).clamp(1, PAGE_MAX);
    let wanted = |one: &DeviceView| {
        page.state.is_none_or(|state| one.state == state)
            && page.user_id.as_ref().is_none_or(|user| one.user_id == *user)
    };
    let matching = trace.devices.iter().enumerate().filter(|(_, one)| wanted(one));
    let mut rest = matching.skip_while(|(place, _)| page.after.is_some_and(|after| *place <= after));
    let found: Vec<_> = rest.by_ref().take(count).collect();
    let next = rest.next().and(found.last()).map(|(place, _)| place.to_string());
    let devices: Vec<Value> = found.iter().map(|(_, one)| with_hops(one, &all)).collect();
    Ok(Json(json!({ "devices": devices, "next": next })))
}

/// `GET /apps/{app}/traces/{id}/export`.
pub(super) async fn export(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, id)): At<(String, u64)>,
) -> Result<Response, Refused> {
    let trace = find(&admin, Some(app.id), id).await?;
    let name = format!("attachment; filename=\"hongyan-trace-{id}.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(trace)).into_response())
}

/// `?before=…&count=…&deviceID=…`.
#[derive(Deserialize)]
pub(super) struct Page {
    before: Option<u64>,
    count: Option<usize>,
    #[serde(rename = "deviceID")]
    device_id: Option<DeviceId>,
}

/// `GET /apps/{app}/users/{user}/traces`: the newest messages and calls of a user.
pub(super) async fn of_user(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, user)): At<(String, UserId)>,
    Queried(page): Queried<Page>,
) -> Result<Json<TraceLines>, Refused> {
    Ok(Json(lines(&admin, app.id, &user, &page).await?))
}

pub(super) async fn lines(
    admin: &Admin,
    app: AppId,
    user: &UserId,
    page: &Page,
) -> Result<TraceLines, Refused> {
    let count = page.count.unwrap_or(50).clamp(1, PAGE_MAX);
    let before = page.before.unwrap_or(u64::MAX);
    Ok(admin.push.traces_of(app, user, page.device_id.as_ref(), before, count).await?)
}

impl Page {
    /// The newest lines of one device, or of all.
    pub fn of_device(device: Option<DeviceId>) -> Self {
        Self { before: None, count: None, device_id: device }
    }
}
