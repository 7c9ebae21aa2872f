//! A trace as a list of events in words, by time: the steps 4 to 8 of an offline push.

use super::{
    Reason,
    pending::Waiting,
    trace::{EventView, TraceKind, awaited_words},
    trace_receipts::receipt_events,
};
use crate::store::{
    Attempt, Decision, Dispatch, IntentKind, Purpose, Subject, Target, TargetEnd, TraceRecord, Verdict,
};
use serde::{Deserialize, Serialize};

/// Devices of one verdict that get events of their own; a bigger verdict gets one event for all.
pub(super) const DEVICES_SHOWN_MAX: usize = 50;

/// A sentence in two languages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Words {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Words {
    /// From both.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// The sentence of a reason; a code of another program version stands for itself.
    pub fn of_code(code: &str) -> Self {
        match Reason::from_code(code) {
            Some(reason) => Self::new(reason.en(), reason.zh()),
            None => Self::new(code, code),
        }
    }
}

/// What happened to one intent.
pub(super) fn events(record: &TraceRecord, waiting: &[Waiting]) -> Vec<EventView> {
    let intent = &record.intent;
    let kind = match intent.subject {
        Subject::Message { .. } => TraceKind::Message,
        Subject::Call { .. } => TraceKind::Call,
    };
    let mut events = vec![match intent.spec.kind {
        IntentKind::Delivery => accepted(kind, intent.created_at),
        news => told(news, intent.created_at),
    }];
    for verdict in &record.verdicts {
        verdict_events(verdict, intent.created_at, &mut events);
    }
    for (dispatch, attempts) in &record.dispatches {
        dispatch_events(dispatch, attempts, &mut events);
    }
    events.extend(record.clicks.iter().map(|(target, at)| {
        let text = Words::new("The user tapped the notice.", "用户点击了通知。");
        about(target, *at, 8, "clicked", text)
    }));
    receipt_events(record, &mut events);
    let waits = waiting.iter().take(DEVICES_SHOWN_MAX);
    events.extend(
        waits.map(|one| about(&one.target, intent.created_at, 5, "waiting", awaited_words(one.awaited))),
    );
    events
}

/// The server stored it.
pub(super) fn accepted(kind: TraceKind, at: u64) -> EventView {
    let text = match kind {
        TraceKind::Message => Words::new("The server stored the message.", "服务器已存储消息。"),
        TraceKind::Call => Words::new("The server stored the invitation.", "服务器已存储呼叫邀请。"),
    };
    event(at, 4, "accepted", text)
}

/// A notice about what became of the message or call was asked for.
fn told(kind: IntentKind, at: u64) -> EventView {
    let text = match kind {
        IntentKind::MissedCall => {
            Words::new("A notice of the missed call was asked for.", "请求推送未接来电通知。")
        }
        _ => Words::new("A notice of the revocation was asked for.", "请求推送撤回通知。"),
    };
    event(at, 4, "news", text)
}

/// There is no trace of something old.
pub(super) fn forgotten(at: u64) -> EventView {
    let text = Words::new(
        "No trace: the sender gave no pushConfig, or the trace is older than traces are kept.",
        "没有链路记录：发送方没有提供 pushConfig，或记录已超过保留期限。",
    );
    EventView { step: None, ..event(at, 4, "forgotten", text) }
}

pub(super) fn event(at: u64, step: u8, name: &str, text: Words) -> EventView {
    EventView { at, step: Some(step), name: name.into(), user_id: None, device_id: None, text }
}

pub(super) fn about(target: &Target, at: u64, step: u8, name: &str, text: Words) -> EventView {
    let (user_id, device_id) = (Some(target.user.clone()), target.device.clone());
    EventView { user_id, device_id, ..event(at, step, name, text) }
}

fn verdict_events(verdict: &Verdict, created_at: u64, events: &mut Vec<EventView>) {
    let at = verdict.at;
    let steps: Vec<(u8, &str, Words)> = match &verdict.decision {
        Decision::Acked => vec![(
            5,
            "acked",
            Words::new("Online: it acknowledged the live delivery.", "在线：设备已确认收到。"),
        )],
        Decision::Suppressed { reason } => vec![(5, "suppressed", Words::of_code(reason))],
        Decision::Pushed { cause, .. } => vec![
            (5, "online_check", unreached(cause, at.saturating_sub(created_at))),
            (6, "planned", Words::new("Handed over to push.", "交给推送服务。")),
        ],
    };
    for (step, name, text) in steps {
        if verdict.targets.len() > DEVICES_SHOWN_MAX {
            let (en, zh) = (&text.en, &text.zh);
            let count = verdict.targets.len();
            let text = Words::new(format!("{count} devices: {en}"), format!("{count} 台设备：{zh}"));
            events.push(event(at, step, name, text));
        } else {
            events.extend(verdict.targets.iter().map(|target| about(target, at, step, name, text.clone())));
        }
    }
}

/// Why a device needed a push.
pub(super) fn unreached(cause: &str, after_ms: u64) -> Words {
    match cause {
        "no_session" => Words::new("Offline: it has no session.", "离线：没有会话连接。"),
        "stayed_away" => Words::new(
            "Offline: its connection broke and it did not come back in time.",
            "离线：连接断开后没有及时重连。",
        ),
        "background" => Words::new("In the background: it counts as offline.", "在后台：按离线处理。"),
        _ => Words::new(
            format!("Online, but no acknowledgement after {after_ms} ms."),
            format!("在线，但 {after_ms} 毫秒后仍未确认收到。"),
        ),
    }
}

fn dispatch_events(dispatch: &Dispatch, attempts: &[Attempt], events: &mut Vec<EventView>) {
    if !dispatch.request.purpose.is_notice() {
        return after_events(dispatch, attempts, events);
    }
    let vendor = dispatch.request.vendor.title();
    for attempt in attempts {
        let devices = attempt.targets;
        let plural = if devices == 1 { "" } else { "s" };
        let (name, again_en, again_zh) = match attempt.number {
            0 | 1 => ("dispatched", "", ""),
            _ => ("retry", " again", "再次"),
        };
        let text = Words::new(
            format!("Sent{again_en} to {vendor}, {devices} device{plural}."),
            format!("{again_zh}发送到 {vendor}，{devices} 台设备。"),
        );
        events.push(event(attempt.at, 7, name, text));
        events.push(event(attempt.at + attempt.took_ms, 7, "answered", answer(attempt)));
    }
    for (target, end) in dispatch.ended.iter().take(DEVICES_SHOWN_MAX) {
        let reason = match end {
            TargetEnd::Accepted | TargetEnd::Expired => continue,
            TargetEnd::Failed { reason } => ("failed", reason),
            TargetEnd::Suppressed { reason } => ("suppressed", reason),
            TargetEnd::Retracted { reason } => ("retracted", reason),
        };
        // The store keeps no time for the end of a device: the last attempt is the best that is known.
        let at = attempts.last().map_or(dispatch.request.due_at, |attempt| attempt.at + attempt.took_ms);
        events.push(about(target, at, 7, reason.0, Words::of_code(reason.1)));
    }
}

/// A notice that is taken back, or a badge that is set right: what comes after the push.
fn after_events(dispatch: &Dispatch, attempts: &[Attempt], events: &mut Vec<EventView>) {
    let vendor = dispatch.request.vendor.title();
    let (name, en, zh) = match &dispatch.request.purpose {
        Purpose::TakeBack { reason, .. } => {
            let why = Words::of_code(reason);
            let en = format!("Asked {vendor} to take the notice back. {}", why.en);
            ("taking_back", en, format!("请求 {vendor} 撤回通知。{}", why.zh))
        }
        Purpose::Badge | Purpose::Notice => (
            "badge",
            format!("Asked {vendor} to set the number on the icon."),
            format!("请求 {vendor} 更新应用角标。"),
        ),
    };
    for attempt in attempts {
        events.push(EventView { step: None, ..event(attempt.at, 7, name, Words::new(&*en, &*zh)) });
        let answered = event(attempt.at + attempt.took_ms, 7, "answered", answer(attempt));
        events.push(EventView { step: None, ..answered });
    }
    let at = attempts.last().map_or(dispatch.request.due_at, |attempt| attempt.at + attempt.took_ms);
    let takes_back = dispatch.request.purpose.takes_back();
    for (target, end) in dispatch.ended.iter().take(DEVICES_SHOWN_MAX) {
        let (name, text) = match end {
            TargetEnd::Accepted if takes_back => {
                let text = Words::new("The vendor takes the notice back.", "厂商已受理撤回。");
                ("taken_back", text)
            }
            TargetEnd::Accepted => continue,
            TargetEnd::Expired => ("not_taken_back", Words::of_code(Reason::Expired.code())),
            TargetEnd::Failed { reason }
            | TargetEnd::Suppressed { reason }
            | TargetEnd::Retracted { reason } => ("not_taken_back", Words::of_code(reason)),
        };
        events.push(EventView { step: None, ..about(target, at, 7, name, text) });
    }
}

fn answer(attempt: &Attempt) -> Words {
    let Attempt { took_ms, status, code, message, .. } = attempt;
    match status {
        0 => Words::new(
            format!("No answer after {took_ms} ms: {message}."),
            format!("{took_ms} 毫秒后没有应答：{message}。"),
        ),
        _ => Words::new(
            format!("Answered {code} after {took_ms} ms: {message}"),
            format!("{took_ms} 毫秒后应答 {code}：{message}"),
        ),
    }
}
