//! Spans of whole traces: their tree, their numbers, their bound, and what is not in them.

use super::{
    limits::SPANS_PER_TRACE_MAX,
    otlp,
    spans::{Kind, Span, Value, is_complete, spans},
};
use crate::store::{
    Attempt, Decision, Dispatch, DispatchState, Intent, IntentKind, NewDispatch, NewIntent, Purpose,
    Recipients, StoredReceipt, Subject, Target, TargetEnd, TraceRecord, Verdict,
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{
    AppId, CallId, ConversationKey, DeviceId, MessageId, PushId, UserId, call::CallMode, message::PushConfig,
};
use std::collections::HashSet;

fn target(name: &str) -> Target {
    Target {
        user: UserId::new(name).unwrap(),
        device: Some(DeviceId::new(&format!("device-{name}")).unwrap()),
        push_id: Some(PushId::new(&format!("push-id-{name}")).unwrap()),
    }
}

fn attempt(number: u32, at: u64, status: u16) -> Attempt {
    Attempt {
        number,
        at,
        took_ms: 20,
        targets: 2,
        status,
        code: if status == 200 { "80000000".into() } else { "503".into() },
        message: "words of the vendor".into(),
        request_id: Some(format!("r{number}")),
    }
}

fn intent() -> Intent {
    let push = PushConfig {
        title: "a title".into(),
        content: "a body".into(),
        payload: "a payload".into(),
        ..PushConfig::default()
    };
    let spec = NewIntent {
        sender: UserId::new("ann").unwrap(),
        recipients: Recipients::Others,
        push,
        mentioned: vec![],
        mention_all: false,
        notify_mentioned: false,
        call: None,
        kind: IntentKind::Delivery,
        expires_at: 90_000,
    };
    let key = ConversationKey::Peer(UserId::new("ann").unwrap());
    let subject = Subject::Message { message: MessageId(0x42), conversation: 3, key, seq: 1 };
    Intent { id: 0x42, app: AppId(7), subject, spec, created_at: 1_000, due_at: 1_000 }
}

/// bob acknowledged; carol was pushed at the second try and has a receipt, dan failed.
fn record() -> TraceRecord {
    let intent = intent();
    let request = NewDispatch {
        id: 77,
        app: AppId(7),
        intent: intent.id,
        vendor: VendorKind::Harmony,
        app_type: 1,
        is_call: false,
        notice: crate::push::notice(&intent, Default::default()),
        targets: vec![],
        due_at: 1_010,
        expires_at: 90_000,
        purpose: Purpose::Notice,
    };
    let ended = vec![
        (target("carol"), TargetEnd::Accepted),
        (target("dan"), TargetEnd::Failed { reason: "token_gone".into() }),
    ];
    let dispatch = Dispatch { request, attempts: 2, state: DispatchState::Settled, ended };
    let verdict = |decision, names: &[&str], at| Verdict {
        decision,
        targets: names.iter().map(|name| target(name)).collect(),
        at,
    };
    let receipt = StoredReceipt {
        dispatch: 77,
        push_id: PushId::new("push-id-carol").unwrap(),
        request_id: "r2".into(),
        result: 0,
        at: 1_300,
        received_at: 1_310,
    };
    TraceRecord {
        intent,
        settled: true,
        verdicts: vec![
            verdict(Decision::Acked, &["bob"], 1_005),
            verdict(Decision::Pushed { dispatch: 77, cause: "no_session".into() }, &["carol", "dan"], 1_010),
        ],
        dispatches: vec![(dispatch, vec![attempt(1, 1_012, 503), attempt(2, 1_200, 200)])],
        receipts: vec![receipt],
        message: None,
        clicks: vec![],
    }
}

fn number(span: &Span, name: &str) -> u64 {
    match span.attributes.iter().find(|(key, _)| *key == name) {
        Some((_, Value::Number(number))) => *number,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn a_trace_is_a_tree_with_its_times() {
    let spans = spans(&record());
    let shape: Vec<_> =
        spans.iter().map(|span| (span.name.as_str(), span.start_ms, span.end_ms, span.failed)).collect();
    let expected = [
        ("message", 1_000, 1_220, true),
        ("decide acked", 1_000, 1_005, false),
        ("decide push", 1_000, 1_010, false),
        ("push harmony", 1_010, 1_220, true),
        ("POST", 1_012, 1_032, true),
        ("POST", 1_200, 1_220, false),
    ];
    assert_eq!(shape, expected);
    let root = &spans[0];
    assert_eq!((root.parent_id, root.trace_id >> 64), (None, 0x42), "a trace is found by the message's ID");
    assert!(spans.iter().all(|span| span.trace_id == root.trace_id));
    assert!(spans[1..4].iter().all(|span| span.parent_id == Some(root.span_id)));
    assert!(spans[4..].iter().all(|span| span.parent_id == Some(spans[3].span_id)));
    assert!(spans[4..].iter().all(|span| span.kind == Kind::Client));
    let ids: HashSet<u64> = spans.iter().map(|span| span.span_id).collect();
    assert_eq!(ids.len(), spans.len());
    for (name, count) in [("acked", 1), ("pushed", 1), ("failed", 1)] {
        assert_eq!(number(root, &format!("hongyan.devices.{name}")), count, "{name}");
    }
    assert_eq!(number(&spans[4], "http.response.status_code"), 503);
    let events: Vec<_> = spans[3].events.iter().map(|event| (event.name, event.at_ms)).collect();
    assert_eq!(events, [("arrived", 1_300)]);
    assert_eq!(super::spans::spans(&record()), spans, "the same trace has the same numbers");
}

#[test]
fn no_user_no_token_and_no_text_is_in_a_span() {
    let written = String::from_utf8(otlp::body("im", &spans(&record()))).unwrap();
    for secret in
        ["ann", "bob", "carol", "dan\"", "device-", "push-id", "a title", "a body", "a payload", "words"]
    {
        assert!(!written.contains(secret), "{secret} in {written}");
    }
}

#[test]
fn what_is_open_is_not_complete() {
    assert!(is_complete(&record()));
    let mut undecided = record();
    undecided.settled = false;
    let mut unsent = record();
    unsent.dispatches[0].0.state = DispatchState::Pending;
    assert!(!is_complete(&undecided) && !is_complete(&unsent));
}

#[test]
fn a_huge_trace_is_cut_and_says_so() {
    let mut huge = record();
    let one = huge.dispatches[0].clone();
    huge.dispatches = (0..300)
        .map(|n| {
            let mut more = one.clone();
            more.0.request.id += n;
            more
        })
        .collect();
    let spans = spans(&huge);
    assert_eq!(spans.len(), SPANS_PER_TRACE_MAX);
    assert_eq!(number(&spans[0], "hongyan.spans_left_out"), 1 + 2 + 300 * 3 - SPANS_PER_TRACE_MAX as u64);
}

#[test]
fn later_intents_of_a_call_belong_to_its_trace() {
    let call = |id| {
        let mut record = record();
        record.intent.subject = Subject::Call { call: CallId(9), mode: CallMode::General };
        record.intent.id = id;
        spans(&record)
    };
    let (invitation, cancel) = (call(9), call(10));
    assert_eq!((invitation[0].name.as_str(), invitation[0].trace_id), ("call", cancel[0].trace_id));
    assert_ne!(invitation[0].span_id, cancel[0].span_id);
}
