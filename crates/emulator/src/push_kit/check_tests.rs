//! The field table, case by case: one edit of a good request each, and the code and tip it must earn.

use serde_json::json;

use super::super::message::{Badge, Category};
use super::*;

fn stamp() -> Stamp {
    Stamp { request_id: Arc::from("1"), now_ms: 1_000_000, spare_notify_id: 77 }
}

fn alert() -> Value {
    json!({
        "payload": { "notification": {
            "category": "IM", "title": "Ann", "body": "hello",
            "clickAction": { "actionType": 0, "data": { "k": "v" } },
        } },
        "target": { "token": ["t1"] },
    })
}

fn read(push_type: PushType, body: &Value) -> Result<Message, Refusal> {
    let text = body.to_string();
    check(push_type, text.as_bytes(), stamp()).map(|checked| checked.message)
}

/// `good` with the value at `pointer` (whose parent exists) replaced or, by `null`, removed.
fn edited(mut good: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = good.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => drop(parent.remove(name)),
        value => drop(parent.insert(name.to_owned(), value)),
    }
    good
}

#[track_caller]
fn refused(push_type: PushType, body: &Value, code: Code, tip: &str) {
    let refusal = read(push_type, body).map(|_| ()).expect_err(&body.to_string());
    assert_eq!(refusal.code, code, "{refusal:?} for {body}");
    assert!(refusal.msg.contains(tip), "{:?} does not name {tip}", refusal.msg);
}

#[test]
fn a_minimal_alert_passes_with_the_documented_defaults() {
    let message = read(PushType::Alert, &alert()).unwrap();
    assert_eq!(message.expires_at_ms, 1_000_000 + 86_400_000);
    assert_eq!((message.test, message.collapse_key, message.bi_tag.as_deref()), (false, None, None));
    let alert = message.alert().unwrap();
    assert_eq!((alert.category, &*alert.title, &*alert.body), (Category::Im, "Ann", "hello"));
    assert_eq!((alert.notify_id, alert.foreground_show, alert.badge), (77, true, None));
    assert_eq!(alert.click.data.get("k"), Some(&json!("v")));
}

#[test]
fn every_field_of_an_alert_is_read() {
    let mut body = alert();
    body["payload"]["notification"] = json!({
        "category": "VOIP", "title": "t", "body": "b", "image": "https://example.com/i.png", "style": 3,
        "inboxContent": ["1", "2", "3"], "notifyId": 0, "appMessageId": "aZ0+/=-_ 9", "profileId": "p",
        "badge": { "setNum": 0 }, "sound": "ring.mp3", "soundDuration": 60, "foregroundShow": false,
        "clickAction": { "actionType": 1, "uri": "app://x", "action": "act", "data": {} },
    });
    let options = json!({
        "testMessage": true, "ttl": 1, "biTag": "b", "receiptId": "r", "collapseKey": 0,
    });
    let message = read(PushType::Alert, &edited(body, "/pushOptions", options)).unwrap();
    assert_eq!((message.expires_at_ms, message.test, message.collapse_key), (1_001_000, true, Some(0)));
    let alert = message.alert().unwrap();
    assert_eq!(alert.badge, Some(Badge { add: None, set: Some(0) }));
    assert_eq!((alert.notify_id, alert.foreground_show, alert.click.inner_page), (0, false, true));
    assert_eq!(alert.app_message_id.as_deref(), Some("aZ0+/=-_ 9"));
}

#[test]
fn each_wrong_field_of_an_alert_is_refused_by_name() {
    let long = "x".repeat(65);
    let cases = [
        ("/extra", json!(1), "extra"),
        ("/payload", Value::Null, "payload is missing"),
        ("/target", Value::Null, "target is missing"),
        ("/target/token", Value::Null, "target.token is missing"),
        ("/target/token", json!("t1"), "target.token"),
        ("/target/token", json!([1]), "target.token"),
        ("/target/topic", json!("x"), "target.topic"),
        ("/payload/data", json!({}), "payload.data"),
        ("/payload/notification", Value::Null, "payload.notification is missing"),
        ("/payload/notification", json!([]), "payload.notification must be an object"),
        ("/payload/notification/unknown", json!(1), "notification.unknown"),
        ("/payload/notification/category", Value::Null, "category is missing"),
        ("/payload/notification/category", json!("im"), "category"),
        ("/payload/notification/category", json!("SOCIAL_COMMUNICATION"), "category"),
        ("/payload/notification/title", Value::Null, "title is missing"),
        ("/payload/notification/title", json!(""), "title must not be empty"),
        ("/payload/notification/title", json!(5), "title must be a string"),
        ("/payload/notification/body", Value::Null, "body is missing"),
        ("/payload/notification/clickAction", Value::Null, "clickAction is missing"),
        ("/payload/notification/clickAction/actionType", Value::Null, "actionType is missing"),
        ("/payload/notification/clickAction/actionType", json!("0"), "actionType must be an integer"),
        ("/payload/notification/clickAction/actionType", json!(1), "1 needs action or uri"),
        ("/payload/notification/clickAction/actionType", json!(3), "actionType must be 0 or 1"),
        ("/payload/notification/clickAction/data", json!("{}"), "data must be an object"),
        ("/payload/notification/clickAction/url", json!("x"), "clickAction.url"),
        ("/payload/notification/image", json!("http://example.com/i.png"), "image"),
        ("/payload/notification/style", json!(2), "style"),
        ("/payload/notification/style", json!(1), "bigTitle"),
        ("/payload/notification/style", json!(3), "inboxContent"),
        ("/payload/notification/inboxContent", json!(["a", "b", "c", "d"]), "inboxContent"),
        ("/payload/notification/inboxContent", json!([1]), "inboxContent"),
        ("/payload/notification/notifyId", json!(-2), "notifyId"),
        ("/payload/notification/notifyId", json!(2_147_483_648_u64), "notifyId"),
        ("/payload/notification/notifyId", json!(1.5), "notifyId must be an integer"),
        ("/payload/notification/appMessageId", json!(""), "appMessageId"),
        ("/payload/notification/appMessageId", json!(long), "appMessageId"),
        ("/payload/notification/appMessageId", json!("a:b"), "appMessageId"),
        ("/payload/notification/profileId", json!(long), "profileId"),
        ("/payload/notification/badge", json!({}), "badge"),
        ("/payload/notification/badge", json!({ "addNum": 0 }), "badge.addNum"),
        ("/payload/notification/badge", json!({ "addNum": 100 }), "badge.addNum"),
        ("/payload/notification/badge", json!({ "setNum": -1 }), "badge.setNum"),
        ("/payload/notification/badge", json!({ "num": 1 }), "badge.num"),
        ("/payload/notification/sound", json!(""), "sound"),
        ("/payload/notification/soundDuration", json!(5), "soundDuration"),
        ("/payload/notification/foregroundShow", json!("false"), "foregroundShow must be a boolean"),
        ("/pushOptions", json!({ "biTag": long }), "pushOptions.biTag"),
        ("/pushOptions", json!({ "collapseKey": 101 }), "pushOptions.collapseKey"),
        ("/pushOptions", json!({ "backgroundMode": 0 }), "pushOptions.backgroundMode"),
        ("/pushOptions", json!({ "testMessage": 1 }), "pushOptions.testMessage"),
        ("/pushOptions", json!({ "ttl": "60" }), "pushOptions.ttl"),
        ("/pushOptions", json!({ "priority": 1 }), "pushOptions.priority"),
        ("/pushOptions", json!([]), "pushOptions must be an object"),
    ];
    for (pointer, value, tip) in cases {
        refused(PushType::Alert, &edited(alert(), pointer, value), Code::IllegalPayload, tip);
    }
}

#[test]
fn ttl_has_its_own_code() {
    for ttl in [-1, 0, 1_296_001] {
        let body = edited(alert(), "/pushOptions", json!({ "ttl": ttl }));
        refused(PushType::Alert, &body, Code::IllegalTtl, "ttl");
    }
    let longest = edited(alert(), "/pushOptions", json!({ "ttl": 1_296_000 }));
    assert!(read(PushType::Alert, &longest).is_ok());
}

#[test]
fn badge_only_holds_nothing_else() {
    let body =
        |notification: Value| json!({"payload": {"notification": notification}, "target": {"token": ["t"]}});
    let message = read(PushType::Alert, &body(json!({ "badge": { "addNum": 2 } }))).unwrap();
    assert!(matches!(message.content, Content::BadgeOnly(Badge { add: Some(2), set: None })));
    let more = body(json!({ "badge": { "addNum": 2 }, "notifyId": 1 }));
    refused(PushType::Alert, &more, Code::IllegalPayload, "notifyId");
    let half = body(json!({ "badge": { "addNum": 2 }, "title": "t" }));
    refused(PushType::Alert, &half, Code::IllegalPayload, "category is missing");
}

#[test]
fn background_and_call_take_extra_data_only() {
    let body = |payload: Value| json!({ "payload": payload, "target": { "token": ["t"] } });
    for push_type in [PushType::Background, PushType::Call] {
        assert!(read(push_type, &body(json!({ "extraData": "{}" }))).is_ok());
        refused(push_type, &body(json!({})), Code::IllegalPayload, "extraData is missing");
        refused(
            push_type,
            &body(json!({ "extraData": {} })),
            Code::IllegalPayload,
            "extraData must be a string",
        );
        let titled = body(json!({ "extraData": "x", "title": "t" }));
        refused(push_type, &titled, Code::IllegalPayload, "payload.title");
        let collapsing =
            edited(body(json!({ "extraData": "x" })), "/pushOptions", json!({ "collapseKey": 1 }));
        refused(push_type, &collapsing, Code::IllegalPayload, "collapseKey");
    }
    let proxied = body(json!({ "extraData": "x", "proxyData": "ENABLE" }));
    assert!(read(PushType::Background, &proxied).is_ok());
    refused(PushType::Call, &proxied, Code::IllegalPayload, "proxyData");
    let badly = body(json!({ "extraData": "x", "proxyData": "enable" }));
    refused(PushType::Background, &badly, Code::IllegalPayload, "proxyData");
    let im = edited(body(json!({ "extraData": "x" })), "/pushOptions", json!({ "backgroundMode": 1 }));
    let message = read(PushType::Background, &im).unwrap();
    assert!(matches!(message.content, Content::Background(background) if background.im_mode));
}

#[test]
fn the_body_may_have_4096_bytes_without_its_tokens() {
    let body = |bytes: usize, tokens: usize| {
        let mut body = alert();
        body["target"]["token"] = json!(vec!["t".repeat(112); tokens]);
        let frame = edited(body.clone(), "/target/token", json!([])).to_string().len();
        let title = body["payload"]["notification"]["title"].as_str().unwrap().len();
        body["payload"]["notification"]["title"] = json!("x".repeat(bytes - frame + title));
        body
    };
    for tokens in [1, 1000] {
        assert!(read(PushType::Alert, &body(4096, tokens)).is_ok());
        refused(PushType::Alert, &body(4097, tokens), Code::TooLong, "4097");
    }
}

#[test]
fn token_counts_have_their_codes() {
    let body = |tokens: usize, test: bool| {
        let body = edited(alert(), "/target/token", json!(vec!["t"; tokens]));
        edited(body, "/pushOptions", json!({ "testMessage": test }))
    };
    refused(PushType::Alert, &body(0, false), Code::TokenCount, "within 1 and 1000");
    refused(PushType::Alert, &body(1001, false), Code::TokenCount, "within 1 and 1000");
    assert!(read(PushType::Alert, &body(1000, false)).is_ok());
    assert!(read(PushType::Alert, &body(10, true)).is_ok());
    refused(PushType::Alert, &body(11, true), Code::TestTokenCount, "11");
}

#[test]
fn what_is_not_emulated_says_so() {
    refused(PushType::Widget, &alert(), Code::IllegalPayload, "not emulated");
    for push_type in [PushType::Speech, PushType::LiveView, PushType::Mdm] {
        assert!(matches!(read(push_type, &alert()).unwrap().content, Content::NotEmulated));
    }
}

#[test]
fn bodies_that_are_no_object_are_refused() {
    for text in ["", "[]", "null", "{", "{} {}", "\u{feff}{}"] {
        let refusal = check(PushType::Alert, text.as_bytes(), stamp()).map(|_| ()).unwrap_err();
        assert_eq!(refusal.code, Code::IllegalPayload, "{text}");
    }
}

#[test]
fn tokens_with_escapes_are_read_as_the_text_they_mean() {
    let text = alert().to_string().replace("\"t1\"", "\"\\u0074\\u0031\"");
    assert_eq!(check(PushType::Alert, text.as_bytes(), stamp()).unwrap().tokens, ["t1"]);
}
