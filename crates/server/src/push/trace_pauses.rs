//! What a trace says of requests that wait because their credential is paused.

use super::{
    AlarmKind, lasts,
    trace::{DispatchViewState, EventView, TraceView},
    trace_events::Words,
};
use crate::store::Alarm;

/// What a dispatch waits for while its credential is paused.
pub fn pause_words(alarm: &Alarm, now_ms: u64) -> Words {
    let minutes = now_ms.saturating_sub(alarm.since) / 60_000;
    let (code, message) = (&alarm.code, &alarm.message);
    Words::new(
        format!("Waits: the credential is paused since {minutes} min, the vendor said {code} ({message})."),
        format!("等待中：推送证书已暂停 {minutes} 分钟，厂商应答为 {code}（{message}）。"),
    )
}

impl TraceView {
    /// Adds an event for each request that waits for a paused credential. `alarms` are those of its app.
    pub fn note_pauses(&mut self, alarms: &[Alarm], now_ms: u64) {
        let pauses: Vec<&Alarm> = alarms
            .iter()
            .filter(|alarm| alarm.app == self.app_id && lasts(alarm, now_ms))
            .filter(|alarm| alarm.kind == AlarmKind::CredentialRefused.code())
            .collect();
        let waiting = self.dispatches.iter().filter(|one| one.state == DispatchViewState::Pending);
        let events = waiting.filter_map(|dispatch| {
            let same =
                |alarm: &&&Alarm| (alarm.vendor, alarm.app_type) == (dispatch.vendor, dispatch.app_type);
            let alarm = pauses.iter().find(same)?;
            Some(EventView {
                at: alarm.since.max(self.accepted_at),
                step: Some(7),
                name: "paused".into(),
                user_id: None,
                device_id: None,
                text: pause_words(alarm, now_ms),
            })
        });
        let events: Vec<EventView> = events.collect();
        self.events.extend(events);
        self.events.sort_by_key(|event| event.at);
    }
}
