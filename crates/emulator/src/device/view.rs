//! How a phone is shown: the answer to `device.open` and the control API's list of phones.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::apps::{AppOnPhone, AppState, Permission};
use super::phone::PhoneState;
use super::shade::Notice;

/// Everything about a phone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneView {
    /// Its ID.
    pub device_id: Arc<str>,
    /// A name for people.
    pub name: Option<String>,
    /// Language and region.
    pub locale: Option<String>,
    /// False in flight mode.
    pub online: bool,
    /// The lock screen is on.
    pub locked: bool,
    /// Sleep control is on.
    pub sleeping: bool,
    /// Messages waiting in the cloud.
    pub queued: usize,
    /// Installed apps by name.
    pub apps: Vec<AppView>,
    /// The shade, oldest first.
    pub notices: Vec<Arc<Notice>>,
    /// Calls that wait for their report.
    pub calls: Vec<CallView>,
}

/// An installed app.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// Its bundle name.
    pub bundle_name: Arc<str>,
    /// The project it was installed for.
    pub project_id: Arc<str>,
    /// Whether notifications may be shown.
    pub permission: Permission,
    /// The permission dialog is open.
    pub dialog: bool,
    /// Where it is in its life.
    pub state: AppState,
    /// Its push token, once asked for.
    pub token: Option<Arc<str>>,
    /// The number on the icon.
    pub badge: u32,
    /// Bound profiles.
    pub profiles: Vec<String>,
    /// A background message waits for the next start.
    pub cached_message: bool,
    /// What `proxyData` wrote to the app's table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_rows: Vec<ProxyRow>,
}

/// A row of the app's proxy table.
#[derive(Clone, Debug, Serialize)]
pub struct ProxyRow {
    /// Row number.
    pub id: u64,
    /// The message's number.
    pub message_id: String,
    /// Always `BACKGROUND`.
    pub push_type: &'static str,
    /// `extraData`.
    pub message: Arc<str>,
    /// In ms since the Unix epoch.
    pub create_time: u64,
}

impl ProxyRow {
    pub(super) fn new(id: u64, message: &Arc<str>, create_time: u64) -> ProxyRow {
        ProxyRow {
            id,
            message_id: id.to_string(),
            push_type: "BACKGROUND",
            message: message.clone(),
            create_time,
        }
    }
}

/// A call that waits for its report.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// The app.
    pub bundle_name: Arc<str>,
    /// The call.
    pub call_id: Arc<str>,
    /// As in `call.wake`.
    pub data: Arc<Value>,
    /// The report is due then, in ms since the Unix epoch.
    pub due_at: u64,
}

impl PhoneState {
    pub(crate) fn view(&self) -> PhoneView {
        PhoneView {
            device_id: self.id.clone(),
            name: self.name.clone(),
            locale: self.locale.clone(),
            online: self.online,
            locked: self.locked,
            sleeping: self.sleeping,
            queued: self.queue.len(),
            apps: self.apps.iter().map(|(name, app)| app_view(name, app)).collect(),
            notices: self.notices.clone(),
            calls: self.calls.iter().map(call_view).collect(),
        }
    }
}

fn call_view(call: &super::calls::WaitingCall) -> CallView {
    CallView {
        bundle_name: call.bundle.clone(),
        call_id: call.call_id.clone(),
        data: call.data.clone(),
        due_at: call.due_ms,
    }
}

fn app_view(name: &Arc<str>, app: &AppOnPhone) -> AppView {
    AppView {
        bundle_name: name.clone(),
        project_id: app.project.clone(),
        permission: app.permission,
        dialog: app.dialog.is_some(),
        state: app.state,
        token: app.token.clone(),
        badge: app.badge,
        profiles: app.profiles.iter().cloned().collect(),
        cached_message: app.cached.is_some(),
        proxy_rows: app.proxy_rows.iter().cloned().collect(),
    }
}
