//! A trace as spans: the message or call, each decision, each request's way, each attempt; receipts are events.
//! Pure. Counts instead of names: no user, no token, no text of a message is in a span.

use super::limits::SPANS_PER_TRACE_MAX;
use crate::{
    push::receipt_name,
    store::{
        Attempt, Decision, Dispatch, DispatchState, Purpose, StoredReceipt, Subject, TargetEnd, TraceRecord,
        Verdict,
    },
};
use std::collections::BTreeMap;

/// A span, ready to be written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Span {
    pub trace_id: u128,
    pub span_id: u64,
    pub parent_id: Option<u64>,
    pub name: String,
    pub kind: Kind,
    /// Unix time in ms.
    pub start_ms: u64,
    /// Unix time in ms.
    pub end_ms: u64,
    pub attributes: Vec<(&'static str, Value)>,
    pub events: Vec<Event>,
    pub failed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Internal,
    Client,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Event {
    /// Unix time in ms.
    pub at_ms: u64,
    pub name: &'static str,
    pub attributes: Vec<(&'static str, Value)>,
}

/// Of an attribute.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Text(String),
    Number(u64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// Whether every device has its end.
pub(super) fn is_complete(record: &TraceRecord) -> bool {
    record.settled && record.dispatches.iter().all(|(one, _)| one.state == DispatchState::Settled)
}

/// The spans of one intent, the root first. The same intent always gives the same IDs.
pub(super) fn spans(record: &TraceRecord) -> Vec<Span> {
    let ids = Ids::of(record);
    let mut children = Vec::new();
    for (place, verdict) in record.verdicts.iter().enumerate() {
        children.push(decision(record, &ids, place as u64, verdict));
    }
    for (dispatch, attempts) in &record.dispatches {
        let sent = request(record, &ids, dispatch, attempts);
        let parent = sent.span_id;
        children.push(sent);
        children.extend(attempts.iter().map(|made| attempt(&ids, parent, dispatch, made)));
    }
    let mut root = root(record, &ids, &children);
    let left_out = (children.len() + 1).saturating_sub(SPANS_PER_TRACE_MAX);
    if left_out > 0 {
        children.truncate(SPANS_PER_TRACE_MAX - 1);
        root.attributes.push(("hongyan.spans_left_out", left_out.into()));
    }
    let mut all = vec![root];
    all.append(&mut children);
    all
}

/// Where the numbers of a trace come from.
struct Ids {
    trace: u128,
    intent: u64,
}

impl Ids {
    /// The first half of a trace's number is the message's or call's ID, so that it can be looked for; the
    /// second is mixed, as collectors that sample by it expect.
    fn of(record: &TraceRecord) -> Self {
        let subject = match &record.intent.subject {
            Subject::Message { message, .. } => message.0,
            Subject::Call { call, .. } => call.0,
        };
        let mixed = mixed(subject, u64::from(record.intent.app.0));
        Self { trace: (u128::from(subject) << 64) | u128::from(mixed), intent: record.intent.id }
    }

    fn span(&self, kind: u64, number: u64) -> u64 {
        mixed(mixed(self.intent, kind), number)
    }

    fn root(&self) -> u64 {
        self.span(0, 0)
    }
}

/// A well-mixed number that is never 0.
pub(super) fn mixed(number: u64, salt: u64) -> u64 {
    let mut mixed = number ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x632b_e59b_d9b4_e019);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).max(1)
}

fn root(record: &TraceRecord, ids: &Ids, children: &[Span]) -> Span {
    let intent = &record.intent;
    let mut attributes = vec![("hongyan.app_id", Value::from(u64::from(intent.app.0)))];
    let name = match &intent.subject {
        Subject::Message { message, key, .. } => {
            attributes.push(("hongyan.message_id", Value::Text(message.to_string())));
            attributes.push(("hongyan.conversation_type", u64::from(key.kind().number()).into()));
            "message"
        }
        Subject::Call { call, .. } => {
            attributes.push(("hongyan.call_id", Value::Text(call.to_string())));
            "call"
        }
    };
    let mut failed = false;
    for (name, count) in ends(record) {
        failed |= name == "hongyan.devices.failed" && count > 0;
        attributes.push((name, count.into()));
    }
    let end_ms = children.iter().map(|child| child.end_ms).max().unwrap_or(intent.created_at);
    Span {
        trace_id: ids.trace,
        span_id: ids.root(),
        parent_id: None,
        name: name.to_owned(),
        kind: Kind::Internal,
        start_ms: intent.created_at,
        end_ms,
        attributes,
        events: Vec::new(),
        failed,
    }
}

/// How the devices ended.
fn ends(record: &TraceRecord) -> BTreeMap<&'static str, usize> {
    let mut ends = BTreeMap::new();
    let mut count = |name, n: usize| *ends.entry(name).or_default() += n;
    for verdict in &record.verdicts {
        match &verdict.decision {
            Decision::Acked => count("hongyan.devices.acked", verdict.targets.len()),
            Decision::Suppressed { .. } => count("hongyan.devices.suppressed", verdict.targets.len()),
            Decision::Pushed { .. } => {}
        }
    }
    let notices = record.dispatches.iter().filter(|(dispatch, _)| dispatch.request.purpose.is_notice());
    for (_, end) in notices.flat_map(|(dispatch, _)| &dispatch.ended) {
        let name = match end {
            TargetEnd::Accepted => "hongyan.devices.pushed",
            TargetEnd::Failed { .. } => "hongyan.devices.failed",
            TargetEnd::Suppressed { .. } => "hongyan.devices.suppressed",
            TargetEnd::Expired => "hongyan.devices.expired",
            TargetEnd::Retracted { .. } => "hongyan.devices.retracted",
        };
        count(name, 1);
    }
    ends
}

fn decision(record: &TraceRecord, ids: &Ids, place: u64, verdict: &Verdict) -> Span {
    let devices = ("hongyan.devices", Value::from(verdict.targets.len()));
    let (name, mut attributes) = match &verdict.decision {
        Decision::Acked => ("decide acked", vec![devices]),
        Decision::Suppressed { reason } => {
            ("decide suppressed", vec![devices, ("hongyan.reason", reason.as_str().into())])
        }
        Decision::Pushed { cause, .. } => {
            ("decide push", vec![devices, ("hongyan.cause", cause.as_str().into())])
        }
    };
    if let Decision::Pushed { dispatch, .. } = &verdict.decision {
        attributes.push(("hongyan.dispatch_id", Value::Text(dispatch.to_string())));
    }
    Span {
        trace_id: ids.trace,
        span_id: ids.span(1, place),
        parent_id: Some(ids.root()),
        name: name.to_owned(),
        kind: Kind::Internal,
        start_ms: record.intent.created_at,
        end_ms: verdict.at,
        attributes,
        events: Vec::new(),
        failed: false,
    }
}

/// A vendor request's whole way, from the decision to its last answer.
fn request(record: &TraceRecord, ids: &Ids, dispatch: &Dispatch, attempts: &[Attempt]) -> Span {
    let request = &dispatch.request;
    let planned = record.verdicts.iter().find(
        |verdict| matches!(&verdict.decision, Decision::Pushed { dispatch, .. } if *dispatch == request.id),
    );
    let first = attempts.first().map_or(request.due_at, |made| made.at);
    let start_ms = planned.map_or(first, |verdict| verdict.at);
    let end_ms = attempts.iter().map(|made| made.at + made.took_ms).max().unwrap_or(start_ms);
    let count = |wanted: fn(&TargetEnd) -> bool| dispatch.ended.iter().filter(|(_, end)| wanted(end)).count();
    let failed = count(|end| matches!(end, TargetEnd::Failed { .. }));
    let attributes = vec![
        ("hongyan.dispatch_id", Value::Text(request.id.to_string())),
        ("hongyan.vendor", request.vendor.as_str().into()),
        ("hongyan.app_type", u64::from(request.app_type).into()),
        ("hongyan.devices", (dispatch.ended.len() + request.targets.len()).into()),
        ("hongyan.devices.accepted", count(|end| *end == TargetEnd::Accepted).into()),
        ("hongyan.devices.failed", failed.into()),
        ("hongyan.attempts", attempts.len().into()),
    ];
    Span {
        trace_id: ids.trace,
        span_id: ids.span(2, request.id),
        parent_id: Some(ids.root()),
        name: format!("{} {}", purpose(&request.purpose), request.vendor),
        kind: Kind::Internal,
        start_ms,
        end_ms,
        attributes,
        events: receipts(record, dispatch, start_ms),
        failed: failed > 0,
    }
}

fn purpose(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::Notice => "push",
        Purpose::TakeBack { .. } => "take back",
        Purpose::Badge => "badge",
    }
}

/// Receipts of a dispatch, an event for each result.
fn receipts(record: &TraceRecord, dispatch: &Dispatch, start_ms: u64) -> Vec<Event> {
    let mut results: BTreeMap<u32, (usize, u64)> = BTreeMap::new();
    let own = |receipt: &&StoredReceipt| receipt.dispatch == dispatch.request.id;
    for receipt in record.receipts.iter().filter(own) {
        let (devices, last) = results.entry(receipt.result).or_default();
        *devices += 1;
        *last = receipt.at.max(*last);
    }
    let event = |(result, (devices, last)): (u32, (usize, u64))| Event {
        at_ms: last.max(start_ms),
        name: receipt_name(dispatch.request.vendor, result),
        attributes: vec![("hongyan.receipt", u64::from(result).into()), ("hongyan.devices", devices.into())],
    };
    results.into_iter().map(event).collect()
}

fn attempt(ids: &Ids, parent: u64, dispatch: &Dispatch, made: &Attempt) -> Span {
    let mut attributes = vec![
        ("hongyan.vendor", dispatch.request.vendor.as_str().into()),
        ("hongyan.attempt", u64::from(made.number).into()),
        ("hongyan.devices", u64::from(made.targets).into()),
        ("hongyan.vendor_code", made.code.as_str().into()),
    ];
    if made.status != 0 {
        attributes.push(("http.response.status_code", u64::from(made.status).into()));
    }
    if let Some(request_id) = &made.request_id {
        attributes.push(("hongyan.vendor_request_id", request_id.as_str().into()));
    }
    Span {
        trace_id: ids.trace,
        span_id: mixed(ids.span(3, dispatch.request.id), u64::from(made.number)),
        parent_id: Some(parent),
        name: "POST".to_owned(),
        kind: Kind::Client,
        start_ms: made.at,
        end_ms: made.at + made.took_ms,
        attributes,
        events: Vec::new(),
        failed: !(200..300).contains(&made.status),
    }
}
