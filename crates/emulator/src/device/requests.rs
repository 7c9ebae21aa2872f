//! The methods that drive a phone, by name, as its socket and the control API call them. Every method's
//! parameters are strict: an unknown one is refused.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::apps::AppState;
use super::permission::{Asked, refused};
use crate::world::World;

/// A call to the phone failed. Display is `message (code)`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct PhoneError {
    /// The client error code the system would give (1000900xxx, 1600004 …), or 1.
    pub code: i64,
    /// What is wrong, for people.
    pub message: String,
}

impl PhoneError {
    pub(crate) fn new(message: impl Into<String>) -> PhoneError {
        PhoneError::coded(1, message)
    }

    pub(crate) fn coded(code: i64, message: impl Into<String>) -> PhoneError {
        PhoneError { code, message: message.into() }
    }

    /// As it stands in an answer.
    pub(crate) fn json(&self) -> Value {
        json!({ "code": self.code, "message": self.message })
    }
}

/// The answer of a method.
pub(crate) enum Reply {
    Now(Value),
    /// `permission.request` while the dialog is open.
    Dialog(oneshot::Receiver<bool>),
}

/// What the answer to a dialog is for the one who asked.
pub(crate) fn dialog_answer(allowed: Result<bool, oneshot::error::RecvError>) -> Result<Value, PhoneError> {
    match allowed {
        Ok(true) => Ok(json!({ "allowed": true })),
        Ok(false) => Err(refused()),
        // The app was removed while the dialog was open.
        Err(_) => Err(PhoneError::new("the app is gone")),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Open {
    pub(super) device_id: String,
    name: Option<String>,
    locale: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Install {
    bundle_name: String,
    project_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bundle {
    bundle_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct State {
    bundle_name: String,
    state: AppState,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Profile {
    bundle_name: String,
    profile_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Allow {
    bundle_name: String,
    allow: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Network {
    online: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Lock {
    locked: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NoticeId {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BadgeNumber {
    bundle_name: String,
    badge: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Report {
    bundle_name: String,
    call_id: String,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

pub(super) fn params<T: DeserializeOwned>(value: Value) -> Result<T, PhoneError> {
    serde_json::from_value(value).map_err(|error| PhoneError::new(format!("params: {error}")))
}

/// Opens the phone, making it when it is new, and shows it.
pub(super) fn open(world: &mut World, open: Open) -> Result<Value, PhoneError> {
    let phone = world.phones.open(&open.device_id)?;
    phone.introduce(open.name, open.locale)?;
    shown(&phone.view())
}

fn shown(value: &impl serde::Serialize) -> Result<Value, PhoneError> {
    serde_json::to_value(value).map_err(|error| PhoneError::new(format!("cannot be shown: {error}")))
}

/// Carries out one method on an opened phone.
pub(crate) fn perform(
    world: &mut World,
    device: &str,
    method: &str,
    given: Value,
) -> Result<Reply, PhoneError> {
    let topic = method.split('.').next().unwrap_or_default();
    match topic {
        "device" => device_method(world, device, method, given),
        "app" => app_method(world, device, method, given),
        "push" => push_method(world, device, method, given),
        "permission" => permission_method(world, device, method, given),
        "notice" | "badge" | "call" => shade_method(world, device, method, given),
        _ => Err(unknown(method)),
    }
}

fn unknown(method: &str) -> PhoneError {
    let method: String = method.chars().take(64).collect();
    PhoneError::new(format!("unknown method {method}"))
}

fn done() -> Result<Reply, PhoneError> {
    Ok(Reply::Now(json!({})))
}

fn device_method(world: &mut World, device: &str, method: &str, given: Value) -> Result<Reply, PhoneError> {
    match method {
        "device.open" => {
            let wanted: Open = params(given)?;
            if wanted.device_id != *device {
                return Err(PhoneError::new("one connection drives one phone; open another for another"));
            }
            return open(world, wanted).map(Reply::Now);
        }
        "device.network" => world.set_online(device, params::<Network>(given)?.online)?,
        "device.lock" => world.phone(device)?.lock(params::<Lock>(given)?.locked),
        _ => return Err(unknown(method)),
    }
    done()
}

fn app_method(world: &mut World, device: &str, method: &str, given: Value) -> Result<Reply, PhoneError> {
    match method {
        "app.install" => {
            let Install { bundle_name, project_id } = params(given)?;
            world.install(device, &bundle_name, &project_id)?;
        }
        "app.uninstall" => world.uninstall(device, &params::<Bundle>(given)?.bundle_name)?,
        "app.state" => {
            let State { bundle_name, state } = params(given)?;
            let now_ms = world.now_ms;
            world.phone(device)?.set_app_state(&bundle_name, state, now_ms)?;
        }
        _ => return Err(unknown(method)),
    }
    done()
}

fn push_method(world: &mut World, device: &str, method: &str, given: Value) -> Result<Reply, PhoneError> {
    match method {
        "push.getToken" => {
            let token = world.get_token(device, &params::<Bundle>(given)?.bundle_name)?;
            return Ok(Reply::Now(json!({ "token": token })));
        }
        "push.deleteToken" => world.delete_token(device, &params::<Bundle>(given)?.bundle_name)?,
        "push.bindProfile" => {
            let Profile { bundle_name, profile_id } = params(given)?;
            world.phone(device)?.bind_profile(&bundle_name, &profile_id)?;
        }
        "push.unbindProfile" => {
            let Profile { bundle_name, profile_id } = params(given)?;
            world.phone(device)?.unbind_profile(&bundle_name, &profile_id)?;
        }
        _ => return Err(unknown(method)),
    }
    done()
}

fn permission_method(
    world: &mut World,
    device: &str,
    method: &str,
    given: Value,
) -> Result<Reply, PhoneError> {
    let phone = world.phone(device)?;
    match method {
        "permission.request" => match phone.request_permission(&params::<Bundle>(given)?.bundle_name)? {
            Asked::Allowed => return Ok(Reply::Now(json!({ "allowed": true }))),
            Asked::Dialog(answer) => return Ok(Reply::Dialog(answer)),
        },
        "permission.answer" => {
            let Allow { bundle_name, allow } = params(given)?;
            phone.answer_permission(&bundle_name, allow)?;
        }
        "permission.set" => {
            let Allow { bundle_name, allow } = params(given)?;
            phone.set_permission(&bundle_name, allow)?;
        }
        _ => return Err(unknown(method)),
    }
    done()
}

fn shade_method(world: &mut World, device: &str, method: &str, given: Value) -> Result<Reply, PhoneError> {
    let now_ms = world.now_ms;
    let phone = world.phone(device)?;
    match method {
        "notice.tap" => {
            let tap = phone.tap(&params::<NoticeId>(given)?.id, now_ms)?;
            return shown(&tap).map(Reply::Now);
        }
        "notice.dismiss" => phone.dismiss(&params::<NoticeId>(given)?.id)?,
        "notice.clear" => {
            let Nothing {} = params(given)?;
            phone.clear_notices();
        }
        "badge.set" => {
            let BadgeNumber { bundle_name, badge } = params(given)?;
            phone.set_badge(&bundle_name, badge)?;
        }
        "call.report" => {
            let Report { bundle_name, call_id, error } = params(given)?;
            phone.report_call(&bundle_name, &call_id, error.is_some_and(|error| !error.is_null()))?;
        }
        _ => return Err(unknown(method)),
    }
    done()
}

/// The name of a phone a connection is bound to.
pub(super) type DeviceName = Arc<str>;
