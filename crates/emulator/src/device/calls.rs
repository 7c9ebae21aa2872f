//! Incoming calls: a push of type 10 starts the app, which must report the call with the system's call ID
//! within 10 s. What the system does after that is not documented; here the call is dropped and a process
//! that was started for it ends.

use std::sync::Arc;

use serde_json::{Value, json};

use super::apps::AppState;
use super::events::{MessageKind, PhoneEvent};
use super::phone::PhoneState;
use super::requests::PhoneError;
use crate::limits::CALLS_WAITING_MAX;
use crate::push_kit::receipts::{Outcome, Parcel};
use crate::world::{Office, Timer};

/// Time for the report.
pub(crate) const REPORT_WITHIN_MS: u64 = 10_000;

/// A call that is not reported yet.
pub(crate) struct WaitingCall {
    pub(super) bundle: Arc<str>,
    pub(super) call_id: Arc<str>,
    pub(super) due_ms: u64,
    pub(super) data: Arc<Value>,
    /// The app was killed and runs only for this call.
    started_app: bool,
}

impl PhoneState {
    pub(super) fn call_arrives(
        &mut self,
        office: &mut Office,
        parcel: &Parcel,
        extra_data: &str,
        now_ms: u64,
    ) -> Outcome {
        let Some(app) = self.apps.get(&parcel.bundle) else { return Outcome::APP_UNINSTALLED };
        if self.calls.len() >= CALLS_WAITING_MAX {
            return Outcome::APP_NOT_STARTED;
        }
        let started_app = app.state == AppState::Killed;
        let number = office.number();
        let call_id: Arc<str> = Arc::from(format!("voip-{number}"));
        let data = json!({ "data": extra_data, "header": { "token": parcel.token }, "callId": call_id });
        let (data, due_ms) = (Arc::new(data), now_ms + REPORT_WITHIN_MS);
        if app.state != AppState::Foreground {
            self.change_state(&parcel.bundle, AppState::Background);
        }
        let bundle = parcel.bundle.clone();
        self.calls.push(WaitingCall {
            bundle: bundle.clone(),
            call_id: call_id.clone(),
            due_ms,
            data: data.clone(),
            started_app,
        });
        office.remind(Timer { due_ms, device: self.id.clone(), call_id: call_id.clone() });
        self.emit(PhoneEvent::CallWake { bundle_name: bundle.clone(), call_id, data: data.clone() });
        self.emit(PhoneEvent::MessageReceived { bundle_name: bundle, kind: MessageKind::Voip, data });
        Outcome::DELIVERED
    }

    /// The app reports the call, or (`error`) that it cannot take it.
    pub(crate) fn report_call(&mut self, bundle: &str, call_id: &str, error: bool) -> Result<(), PhoneError> {
        let waiting = |call: &WaitingCall| *call.bundle == *bundle && *call.call_id == *call_id;
        let Some(at) = self.calls.iter().position(waiting) else {
            return Err(PhoneError::new("no such call waits for a report; it must come within 10 s"));
        };
        let call = self.calls.remove(at);
        if error {
            self.end_started_app(&call);
        }
        Ok(())
    }

    /// The 10 s are over; nothing happens when the report came.
    pub(crate) fn call_report_is_late(&mut self, call_id: &str) {
        let Some(at) = self.calls.iter().position(|call| *call.call_id == *call_id) else { return };
        let call = self.calls.remove(at);
        let (bundle_name, call_id) = (call.bundle.clone(), call.call_id.clone());
        self.emit(PhoneEvent::CallMissedReport { bundle_name, call_id });
        self.end_started_app(&call);
    }

    fn end_started_app(&mut self, call: &WaitingCall) {
        let behind = |state: AppState| matches!(state, AppState::Background | AppState::Frozen);
        if call.started_app && self.apps.get(&call.bundle).is_some_and(|app| behind(app.state)) {
            self.change_state(&call.bundle, AppState::Killed);
        }
    }
}
