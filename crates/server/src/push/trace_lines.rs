//! What became of the newest messages and calls of one user, a line for each device: "why did X get nothing?"
//! without a message ID at hand.

use super::trace::{DeviceView, TraceKind, of_one};
use crate::store::{PushStore, StoreError, Subject};
use hongyan_wire::{AppId, DeviceId, UserId};
use serde::{Deserialize, Serialize};

/// One message or call, and how it ended for one device of the user.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceLine {
    /// messageID or callID, as text: what the full trace is found by.
    pub id: String,
    /// Message or call.
    pub kind: TraceKind,
    /// Sender or caller.
    #[serde(rename = "senderUserID")]
    pub sender_user_id: UserId,
    /// Unix time in ms at which the server stored it.
    pub accepted_at: u64,
    /// How it ended, or where it stands.
    pub device: DeviceView,
}

/// A page of lines.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TraceLines {
    /// Newest first.
    pub traces: Vec<TraceLine>,
    /// `before` of the page after, as text; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl TraceLine {
    /// One line of text, for people. English.
    pub fn to_text(&self) -> String {
        let kind = match self.kind {
            TraceKind::Message => "message",
            TraceKind::Call => "call",
        };
        let state = format!("{:?}", self.device.state).to_lowercase();
        let device = self.device.device_id.as_ref().map_or("-", DeviceId::as_str);
        let why = self.device.reason_text.as_ref().map_or("", |words| words.en.as_str());
        let (id, sender, at) = (&self.id, &self.sender_user_id, self.accepted_at);
        let line = format!("{at}  {kind:7} {id:>19}  from {sender}  {device}  {state:10}  {why}");
        line.trim_end().to_owned()
    }
}

pub(super) async fn load<S: PushStore + ?Sized>(
    store: &S,
    app: AppId,
    user: &UserId,
    device: Option<&DeviceId>,
    before: u64,
    count: usize,
) -> Result<TraceLines, StoreError> {
    let page = store.traces_of(app, user, before, count).await?;
    let mut traces = Vec::new();
    for record in page.records {
        let (id, kind) = match &record.intent.subject {
            Subject::Message { message, .. } => (message.to_string(), TraceKind::Message),
            Subject::Call { call, .. } => (call.to_string(), TraceKind::Call),
        };
        let views = of_one(&record).devices.into_iter().filter(|view| view.user_id == *user);
        let views = views.filter(|view| device.is_none() || view.device_id.as_ref() == device);
        traces.extend(views.map(|device| TraceLine {
            id: id.clone(),
            kind,
            sender_user_id: record.intent.spec.sender.clone(),
            accepted_at: record.intent.created_at,
            device,
        }));
    }
    Ok(TraceLines { traces, next: page.next.map(|id| id.to_string()) })
}
