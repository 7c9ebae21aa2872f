//! What a phone tells its listeners. Serialised, an event is one text frame of the phone's socket:
//! `{"event":"notice.shown","data":{…}}`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;

use super::apps::AppState;
use super::shade::Notice;

/// Something happened on the phone.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", content = "data")]
pub enum PhoneEvent {
    /// A notice is on the screen; `replaced`: in place of the one with the same `id`.
    #[serde(rename = "notice.shown", rename_all = "camelCase")]
    NoticeShown {
        /// The notice.
        notice: Arc<Notice>,
        /// It took the place of an older one with the same notifyId.
        replaced: bool,
    },
    /// A notice went away without a touch: revoked, its app removed, or pushed out by too many others.
    #[serde(rename = "notice.revoked", rename_all = "camelCase")]
    NoticeRevoked {
        /// The notice's `id`.
        id: Arc<str>,
        /// Its notifyId.
        notify_id: u32,
        /// `revoked`, `uninstalled` or `crowded_out`.
        reason: &'static str,
    },
    /// A message led to no notice.
    #[serde(rename = "notice.suppressed", rename_all = "camelCase")]
    NoticeSuppressed {
        /// The app it was for.
        bundle_name: Arc<str>,
        /// Why.
        reason: Suppressed,
    },
    /// The number on the icon changed.
    #[serde(rename = "badge.changed", rename_all = "camelCase")]
    BadgeChanged {
        /// The app.
        bundle_name: Arc<str>,
        /// The number now.
        badge: u32,
    },
    /// A message reached the app's code (`receiveMessage`).
    #[serde(rename = "message.received", rename_all = "camelCase")]
    MessageReceived {
        /// The app.
        bundle_name: Arc<str>,
        /// Which registration of the app it goes to.
        #[serde(rename = "type")]
        kind: MessageKind,
        /// `PushPayload.data`, parsed.
        data: Arc<Value>,
    },
    /// A call message started the app, which must report the call within 10 s.
    #[serde(rename = "call.wake", rename_all = "camelCase")]
    CallWake {
        /// The app.
        bundle_name: Arc<str>,
        /// The system's call ID, to be reported.
        call_id: Arc<str>,
        /// `PushPayload.data`, parsed.
        data: Arc<Value>,
    },
    /// 10 s went by without `call.report`.
    #[serde(rename = "call.missed_report", rename_all = "camelCase")]
    CallMissedReport {
        /// The app.
        bundle_name: Arc<str>,
        /// The call.
        call_id: Arc<str>,
    },
    /// The app's life moved on.
    #[serde(rename = "app.state", rename_all = "camelCase")]
    AppState {
        /// The app.
        bundle_name: Arc<str>,
        /// Where it is now.
        state: AppState,
    },
    /// The token changed by itself.
    #[serde(rename = "token.updated", rename_all = "camelCase")]
    TokenUpdated {
        /// The app.
        bundle_name: Arc<str>,
        /// The new token.
        token: Arc<str>,
    },
    /// The permission dialog is open.
    #[serde(rename = "permission.dialog", rename_all = "camelCase")]
    PermissionDialog {
        /// The app that asks.
        bundle_name: Arc<str>,
    },
}

/// The registration of `receiveMessage` a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MessageKind {
    /// An alert while the app is in front and `foregroundShow` is false.
    #[serde(rename = "DEFAULT")]
    Default,
    /// Push-type 6.
    #[serde(rename = "BACKGROUND")]
    Background,
    /// Push-type 10.
    #[serde(rename = "VoIP")]
    Voip,
}

/// Why a message led to no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Suppressed {
    /// Notifications are not allowed for the app.
    Permission,
    /// The appMessageId was there within 24 h.
    Duplicate,
    /// The profileId is not bound.
    Profile,
    /// Over a quota. A real phone would not learn of it.
    Quota,
    /// A fault took it.
    Fault,
}

/// A listener's end: events in order, until the phone cut it off for being too slow.
#[derive(Debug)]
pub struct PhoneEvents {
    receiver: mpsc::Receiver<Arc<PhoneEvent>>,
}

impl PhoneEvents {
    pub(super) fn new(receiver: mpsc::Receiver<Arc<PhoneEvent>>) -> PhoneEvents {
        PhoneEvents { receiver }
    }

    /// The next event; `None` when this listener was cut off.
    pub async fn next(&mut self) -> Option<Arc<PhoneEvent>> {
        self.receiver.recv().await
    }

    /// The next event if one is there already.
    pub fn try_next(&mut self) -> Option<Arc<PhoneEvent>> {
        self.receiver.try_recv().ok()
    }

    /// Skips to the first event `wanted` likes, or `None` after `timeout` (the machine's time).
    pub async fn wait(
        &mut self,
        wanted: impl Fn(&PhoneEvent) -> bool,
        timeout: Duration,
    ) -> Option<Arc<PhoneEvent>> {
        let search = async {
            loop {
                match self.next().await {
                    Some(event) if wanted(&event) => return Some(event),
                    Some(_) => {}
                    None => return None,
                }
            }
        };
        tokio::time::timeout(timeout, search).await.unwrap_or(None)
    }
}
