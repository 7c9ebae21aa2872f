//! A trace for the command line: aligned, times relative to the moment the server stored it.

use super::trace::{DeviceState, DeviceView, DispatchPurpose, DispatchView, EventView, TraceKind, TraceView};
use std::fmt::Write;

/// Events shown.
const EVENTS_SHOWN_MAX: usize = 200;

impl TraceView {
    /// The trace as text with line ends, for people. English.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing into a String never fails.
        let _ = self.write_head(&mut text);
        let _ = self.write_devices(&mut text);
        let _ = self.write_dispatches(&mut text);
        let _ = self.write_events(&mut text);
        text
    }

    fn write_head(&self, text: &mut String) -> std::fmt::Result {
        let kind = match self.kind {
            TraceKind::Message => "message",
            TraceKind::Call => "call",
        };
        let state = if self.settled { "settled" } else { "not settled yet" };
        write!(text, "{kind} {} from {} in app {}", self.id, self.sender_user_id, self.app_id)?;
        if let (Some(id), Some(number)) = (&self.conversation_id, self.conversation_type) {
            let place = if number == 2 { "to group" } else { "to peer, who sees conversation" };
            write!(text, " {place} {id}")?;
        }
        writeln!(text, ": {state}")?;
        writeln!(text, "stored at {} (Unix ms); times below are relative to it", self.accepted_at)
    }

    fn write_devices(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\ndevices")?;
        let name = |device: &DeviceView| device.device_id.as_ref().map_or("-".into(), ToString::to_string);
        let user_width = width(self.devices.iter().map(|device| device.user_id.as_str().len()));
        let device_width = width(self.devices.iter().map(|device| name(device).len()));
        for device in &self.devices {
            let at = device.at.map_or("-".into(), |at| self.after(at));
            let receipt = device.receipt.as_ref();
            let why = device.reason_text.as_ref().or(receipt.map(|receipt| &receipt.text));
            let why = why.map_or("", |words| words.en.as_str());
            let code = device.reason.as_deref().or(receipt.map(|receipt| receipt.name.as_str()));
            let code = code.unwrap_or("");
            let line = format!(
                "  {:user_width$}  {:device_width$}  {:10}  {at:>10}  {code:20}  {why}",
                device.user_id.as_str(),
                name(device),
                state_name(device.state),
            );
            writeln!(text, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn write_dispatches(&self, text: &mut String) -> std::fmt::Result {
        for dispatch in &self.dispatches {
            let DispatchView { dispatch_id, vendor, push_type, targets, notify_id, app_message_id, .. } =
                dispatch;
            let (vendor, plural) = (vendor.title(), if *targets == 1 { "" } else { "s" });
            let to = match dispatch.purpose {
                DispatchPurpose::Notice => "to",
                DispatchPurpose::TakeBack => "to take a notice back, to",
                DispatchPurpose::Badge => "to set the icon's number, to",
            };
            writeln!(
                text,
                "\nrequest {dispatch_id} {to} {vendor}: push-type {push_type}, {targets} device{plural}, \
                 notifyId {notify_id}, appMessageId {app_message_id}"
            )?;
            for attempt in &dispatch.attempts {
                let at = self.after(attempt.at);
                let request = attempt.request_id.as_deref().unwrap_or("-");
                writeln!(
                    text,
                    "  {at:>10}  {:>6} ms  HTTP {:<3}  {:10}  {}  (request {request})",
                    attempt.took_ms, attempt.status, attempt.code, attempt.message,
                )?;
            }
        }
        Ok(())
    }

    fn write_events(&self, text: &mut String) -> std::fmt::Result {
        writeln!(text, "\nevents")?;
        for event in self.events.iter().take(EVENTS_SHOWN_MAX) {
            let EventView { at, step, name, user_id, device_id, text: words } = event;
            let at = self.after(*at);
            let step = step.map_or(" ".into(), |step| step.to_string());
            write!(text, "  {at:>10}  {step}  {name:12}  ")?;
            if let Some(user) = user_id {
                write!(text, "{user}")?;
                if let Some(device) = device_id {
                    write!(text, " ({device})")?;
                }
                write!(text, ": ")?;
            }
            writeln!(text, "{}", words.en)?;
        }
        match self.events.len().saturating_sub(EVENTS_SHOWN_MAX) {
            0 => Ok(()),
            more => writeln!(text, "  and {more} more"),
        }
    }

    /// A time relative to the moment of storing.
    fn after(&self, at: u64) -> String {
        let ms = at as i64 - self.accepted_at as i64;
        match ms.unsigned_abs() {
            0..10_000 => format!("{ms:+} ms"),
            _ => format!("{:+.1} s", ms as f64 / 1_000.0),
        }
    }
}

fn width(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.max().unwrap_or(1)
}

fn state_name(state: DeviceState) -> &'static str {
    match state {
        DeviceState::Pending => "pending",
        DeviceState::Acked => "acked",
        DeviceState::Pushed => "pushed",
        DeviceState::Suppressed => "suppressed",
        DeviceState::Expired => "expired",
        DeviceState::Retracted => "retracted",
        DeviceState::Failed => "failed",
    }
}
