//! The endpoints of the control API: each reads an order, calls the method of the state, and shows the
//! result.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::BadControl;
use crate::device::{PhoneError, Reply, dialog_answer, perform};
use crate::limits::DIALOG_WAIT;
use crate::push_kit::answer::Reason;
use crate::push_kit::quotas::LimitsChange;
use crate::push_kit::receipts_post::ReceiptPolicy;
use crate::push_kit::service_account::KeyBits;
use crate::state::EmulatorState;

type Answer = Result<Json<Value>, BadControl>;
type Control = State<EmulatorState>;

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, BadControl> {
    let bytes: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(bytes)
        .map_err(|error| BadControl::new(format!("the order is not readable: {error}")))
}

fn shown(value: impl serde::Serialize) -> Answer {
    serde_json::to_value(value)
        .map(Json)
        .map_err(|error| BadControl::new(format!("cannot be shown: {error}")))
}

fn done() -> Answer {
    Ok(Json(json!({})))
}

impl From<PhoneError> for BadControl {
    fn from(error: PhoneError) -> BadControl {
        BadControl::new(error.to_string())
    }
}

pub(super) async fn projects(State(state): Control) -> Answer {
    let world = state.world();
    let projects = world.projects.by_id.iter().map(|(id, project)| {
        let apps: Vec<_> = project.apps.values().map(|app| &app.spec).collect();
        json!({ "projectId": id, "apps": apps, "limits": project.limits })
    });
    shown(json!({ "projects": projects.collect::<Vec<_>>() }))
}

pub(super) async fn register(State(state): Control, body: Bytes) -> Answer {
    state.register_project(&read(&body)?)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountOrder {
    #[serde(default = "default_bits")]
    bits: u32,
}

fn default_bits() -> u32 {
    3072
}

/// Answers with the key file itself.
pub(super) async fn service_account(
    State(state): Control,
    Path(project): Path<String>,
    body: Bytes,
) -> Answer {
    let order: AccountOrder = read(&body)?;
    let bits =
        KeyBits::from_bits(order.bits).ok_or_else(|| BadControl::new("bits must be 2048, 3072 or 4096"))?;
    // Making an RSA key takes long enough to be kept off the runtime's threads.
    let made = tokio::task::spawn_blocking(move || state.new_service_account_sized(&project, bits)).await;
    let file = made.map_err(|error| BadControl::new(format!("the key was not made: {error}")))??;
    serde_json::from_str(&file)
        .map(Json)
        .map_err(|error| BadControl::new(format!("cannot be shown: {error}")))
}

pub(super) async fn limits(State(state): Control, Path(project): Path<String>) -> Answer {
    shown(state.set_limits(&project, &LimitsChange::default())?)
}

pub(super) async fn set_limits(State(state): Control, Path(project): Path<String>, body: Bytes) -> Answer {
    shown(state.set_limits(&project, &read(&body)?)?)
}

pub(super) async fn faults(State(state): Control) -> Answer {
    shown(json!({ "faults": state.faults() }))
}

pub(super) async fn add_fault(State(state): Control, body: Bytes) -> Answer {
    shown(json!({ "id": state.add_fault(read(&body)?)? }))
}

pub(super) async fn clear_faults(State(state): Control) -> Answer {
    state.clear_faults();
    done()
}

pub(super) async fn remove_fault(State(state): Control, Path(id): Path<String>) -> Answer {
    let id = id.parse().map_err(|_| BadControl::new("a fault's id is a number"))?;
    if state.remove_fault(id) { done() } else { Err(BadControl::unknown("no such fault")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KillOrder {
    token: String,
    reason: Option<Reason>,
}

pub(super) async fn kill_token(State(state): Control, body: Bytes) -> Answer {
    let order: KillOrder = read(&body)?;
    state.kill_token(&order.token, order.reason.unwrap_or(Reason::TokenFormatError))?;
    done()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RotateOrder {
    device_id: String,
    bundle_name: String,
}

pub(super) async fn rotate_token(State(state): Control, body: Bytes) -> Answer {
    let order: RotateOrder = read(&body)?;
    let token = state.world().rotate_token(&order.device_id, &order.bundle_name)?;
    shown(json!({ "token": token }))
}

pub(super) async fn receipts(State(state): Control) -> Answer {
    shown(json!({ "counts": state.receipt_counts(), "policy": state.receipt_policy() }))
}

pub(super) async fn set_receiver(State(state): Control, body: Bytes) -> Answer {
    state.set_receipts(&read(&body)?)?;
    done()
}

pub(super) async fn set_receipt_policy(State(state): Control, body: Bytes) -> Answer {
    let policy: ReceiptPolicy = read(&body)?;
    state.set_receipt_policy(policy)?;
    shown(policy)
}

pub(super) async fn requests(State(state): Control, RawQuery(query): RawQuery) -> Answer {
    let page = state.requests(since(query.as_deref())?);
    let requests: Vec<Value> = page.requests.iter().map(|request| request.view()).collect();
    shown(json!({ "requests": requests, "next": page.next, "dropped": page.dropped }))
}

fn since(query: Option<&str>) -> Result<u64, BadControl> {
    let Some(query) = query.filter(|query| !query.is_empty()) else { return Ok(0) };
    let number = query.strip_prefix("since=").and_then(|number| number.parse().ok());
    number.ok_or_else(|| BadControl::new("the query may only be since=N with a number"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogOrder {
    len: usize,
}

pub(super) async fn set_log(State(state): Control, body: Bytes) -> Answer {
    state.set_log_len(read::<LogOrder>(&body)?.len);
    shown(state.log_state())
}

pub(super) async fn phones(State(state): Control) -> Answer {
    shown(json!({ "phones": state.phones() }))
}

pub(super) async fn phone(State(state): Control, Path(device): Path<String>) -> Answer {
    let world = state.world();
    let phone = world.phones.get(&device).ok_or_else(|| BadControl::unknown("no such phone"))?;
    shown(phone.view())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriveOrder {
    method: String,
    #[serde(default)]
    params: Option<Value>,
}

/// Any method of the phone's socket. `device.open` may leave out the deviceId.
pub(super) async fn drive(State(state): Control, Path(device): Path<String>, body: Bytes) -> Answer {
    let order: DriveOrder = read(&body)?;
    let mut params = order.params.unwrap_or_else(|| json!({}));
    if order.method == "device.open" {
        state.phone(&device)?;
        if let Value::Object(fields) = &mut params {
            fields.entry("deviceId").or_insert_with(|| device.as_str().into());
        }
    }
    let reply = perform(&mut state.world(), &device, &order.method, params)?;
    match reply {
        Reply::Now(value) => Ok(Json(value)),
        Reply::Dialog(answer) => match tokio::time::timeout(DIALOG_WAIT, answer).await {
            Ok(answer) => Ok(Json(dialog_answer(answer)?)),
            Err(_) => Err(BadControl::new("nobody answered the dialog in 30 s; it stays open")),
        },
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SleepOrder {
    sleeping: bool,
}

pub(super) async fn sleep(State(state): Control, Path(device): Path<String>, body: Bytes) -> Answer {
    state.world().set_sleeping(&device, read::<SleepOrder>(&body)?.sleeping)?;
    done()
}

pub(super) async fn clock(State(state): Control) -> Answer {
    shown(json!({ "nowMs": state.clock().now_ms() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceOrder {
    ms: u64,
}

pub(super) async fn advance(State(state): Control, body: Bytes) -> Answer {
    state.clock().advance(Duration::from_millis(read::<AdvanceOrder>(&body)?.ms));
    shown(json!({ "nowMs": state.world().now_ms }))
}
