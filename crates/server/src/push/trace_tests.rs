//! Traces as JSON and as text.

use super::*;
use crate::store::{Intent, NewDispatch, NewIntent, Recipients};
use hongyan_wire::{ConversationKey, GroupId, message::PushConfig};
use serde_json::{Value, json};

pub(in crate::push) fn target(name: &str) -> Target {
    Target {
        user: UserId::new(name).unwrap(),
        device: Some(DeviceId::new(&format!("device-{name}")).unwrap()),
        push_id: Some(PushId::new(&format!("push-id-{name}")).unwrap()),
    }
}

pub(in crate::push) fn record() -> TraceRecord {
    let spec = NewIntent {
        kind: crate::store::IntentKind::Delivery,
        sender: UserId::new("ann").unwrap(),
        recipients: Recipients::Others,
        push: PushConfig { title: "Ann".into(), ..PushConfig::default() },
        mentioned: vec![],
        mention_all: false,
        notify_mentioned: false,
        call: None,
        expires_at: 90_000,
    };
    let key = ConversationKey::Group(GroupId::new("geese").unwrap());
    let subject = Subject::Message { message: MessageId(42), conversation: 3, key, seq: 1 };
    let intent = Intent { id: 42, app: AppId(7), subject, spec, created_at: 1_000, due_at: 1_000 };
    let request = NewDispatch {
        purpose: crate::store::Purpose::Notice,
        id: 77,
        app: AppId(7),
        intent: 42,
        vendor: VendorKind::Harmony,
        app_type: 1,
        is_call: false,
        notice: crate::push::notice(&intent, Default::default()),
        targets: vec![target("dan")],
        due_at: 1_010,
        expires_at: 90_000,
    };
    let attempt = Attempt {
        number: 1,
        at: 1_012,
        took_ms: 20,
        targets: 2,
        status: 200,
        code: "80100000".into(),
        message: "appinfoError: 1".into(),
        request_id: Some("r1".into()),
    };
    let ended = vec![(target("carol"), TargetEnd::Accepted)];
    let dispatch = Dispatch { request, attempts: 1, state: DispatchState::Pending, ended };
    let verdict = |decision, names: &[&str]| Verdict {
        decision,
        targets: names.iter().map(|name| target(name)).collect(),
        at: 1_010,
    };
    TraceRecord {
        clicks: vec![],
        intent,
        settled: true,
        verdicts: vec![
            verdict(Decision::Acked, &["bob"]),
            verdict(Decision::Pushed { dispatch: 77, cause: "no_session".into() }, &["carol", "dan"]),
            verdict(Decision::Suppressed { reason: "do_not_disturb".into() }, &["eve"]),
            verdict(Decision::Suppressed { reason: "expired".into() }, &["fay"]),
        ],
        dispatches: vec![(dispatch, vec![attempt])],
        receipts: vec![],
        message: None,
    }
}

fn view() -> TraceView {
    of_records(42, &[record()], |_| Vec::new())
}

#[test]
fn the_json_has_the_names_that_pages_read() {
    let json = serde_json::to_value(view()).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    let expected = [
        "acceptedAt",
        "appID",
        "conversationID",
        "conversationType",
        "devices",
        "dispatches",
        "events",
        "id",
        "kind",
        "senderUserID",
        "settled",
    ];
    let mut keys = keys;
    keys.sort();
    assert_eq!(keys, expected);
    assert_eq!(
        (&json["id"], &json["kind"], &json["settled"]),
        (&json!("42"), &json!("message"), &json!(false))
    );
    assert_eq!(
        json["devices"][0],
        json!({
            "userID": "bob", "deviceID": "device-bob", "pushID": "push-id-bob", "vendor": null,
            "state": "acked", "reason": null, "reasonText": null, "at": 1_010, "dispatchID": null,
        })
    );
    let dispatch = &json["dispatches"][0];
    assert_eq!((&dispatch["dispatchID"], &dispatch["vendor"]), (&json!("77"), &json!("harmony")));
    assert_eq!((&dispatch["pushType"], &dispatch["targets"]), (&json!(0), &json!(2)));
    assert_eq!((&dispatch["state"], &dispatch["appMessageId"]), (&json!("pending"), &json!("m42")));
    assert_eq!(
        dispatch["attempts"][0],
        json!({
            "at": 1_012, "tookMs": 20, "status": 200, "code": "80100000", "message": "appinfoError: 1",
            "requestID": "r1",
        })
    );
    let event = &json["events"][0];
    assert_eq!((&event["step"], &event["name"], event.get("userID")), (&json!(4), &json!("accepted"), None));
    let back: TraceView = serde_json::from_value(json).unwrap();
    assert_eq!(back, view());
}

#[test]
fn each_device_stands_where_its_verdict_or_its_end_put_it() {
    let states: Vec<(String, DeviceState, Option<String>)> = view()
        .devices
        .into_iter()
        .map(|device| (device.user_id.to_string(), device.state, device.reason))
        .collect();
    let expected = [
        ("bob", DeviceState::Acked, None),
        ("carol", DeviceState::Pushed, None),
        ("dan", DeviceState::Pending, None),
        ("eve", DeviceState::Suppressed, Some("do_not_disturb")),
        ("fay", DeviceState::Expired, Some("expired")),
    ];
    let expected = expected.map(|(name, state, reason)| (name.to_owned(), state, reason.map(str::to_owned)));
    assert_eq!(states, expected);
}

#[test]
fn events_are_in_order_and_speak_two_languages() {
    let json = serde_json::to_value(view()).unwrap();
    let events = json["events"].as_array().unwrap();
    let times: Vec<u64> = events.iter().map(|event| event["at"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).collect::<Vec<&Value>>();
    let counts = ["accepted", "acked", "online_check", "planned", "suppressed", "dispatched", "answered"];
    assert_eq!(counts.map(|name| named(name).len()), [1, 1, 2, 2, 2, 1, 1]);
    assert!(events.iter().all(|event| !event["text"]["zh"].as_str().unwrap().is_ascii()));
}

#[test]
fn a_device_that_is_waited_for_says_for_what() {
    let mut open = record();
    open.settled = false;
    let view = of_records(42, &[open], |_| {
        vec![Waiting { target: target("gus"), until: 6_000, awaited: Awaited::Ack }]
    });
    let gus = view.devices.last().unwrap();
    assert_eq!((gus.user_id.as_str(), gus.state, gus.at), ("gus", DeviceState::Pending, None));
    assert!(!view.settled && view.events.iter().any(|event| event.name == "waiting"));
}

#[test]
fn the_text_is_aligned_and_relative() {
    let text = view().to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "message 42 from ann in app 7 to group geese: not settled yet");
    assert_eq!(lines[4], "  bob    device-bob    acked           +10 ms");
    assert!(
        lines[7]
            .starts_with("  eve    device-eve    suppressed      +10 ms  do_not_disturb        The user has")
    );
    assert!(text.contains("request 77 to HarmonyOS Push Kit: push-type 0, 2 devices, notifyId "), "{text}");
    assert!(
        text.contains("+12 ms      20 ms  HTTP 200  80100000    appinfoError: 1  (request r1)"),
        "{text}"
    );
    assert!(text.lines().all(|line| line == line.trim_end()));
}
