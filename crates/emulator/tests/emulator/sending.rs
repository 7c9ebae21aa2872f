//! What a send is answered: codes, per-token reasons, rights, quotas.

use std::collections::BTreeMap;

use hongyan_emulator::{Category, EmulatorConfig, LimitsChange, ProjectSpec, Right};
use serde_json::json;

use crate::harness::{BUNDLE, Bench, PROJECT, alert, app, config, extra_data};

#[tokio::test]
async fn an_accepted_send_is_shown_on_the_phone() {
    let bench = Bench::new().await;
    let extra = json!({ "notifyId": 7, "appMessageId": "m1", "image": "https://example.com/a.png" });
    let reply = bench.send(0, &alert(&[&bench.token], "Ann", extra)).await.expect(200, "80000000");
    assert_eq!(reply.msg(), "Success");
    let request_id = reply.json()["requestId"].as_str().unwrap().to_owned();
    assert!(request_id.bytes().all(|byte| byte.is_ascii_digit()), "{request_id}");
    let notice = &bench.phone.notices()[0];
    assert_eq!((&*notice.title, &*notice.body, notice.notify_id), ("Ann", "hello", 7));
    assert_eq!((notice.category, &*notice.request_id), (Category::Im, request_id.as_str()));
    assert_eq!(serde_json::to_value(&*notice.data).unwrap(), json!({ "conversation": "c1" }));
}

#[tokio::test]
async fn some_tokens_refused_is_a_partial_success_with_json_in_the_text() {
    let bench = Bench::new().await;
    let foreign = ProjectSpec { project_id: "102".into(), ..ProjectSpec::default() };
    let mut foreign_app = app(&[]);
    foreign_app.client_id = "900002".into();
    bench.emulator.register_project(&ProjectSpec { apps: vec![foreign_app], ..foreign }).unwrap();
    let elsewhere = bench.emulator.phone("phone-2").unwrap().ready(BUNDLE, "102").unwrap();
    let unknown = format!("MA{}", "x".repeat(110));
    let tokens = [bench.token.as_str(), "short", &elsewhere, &unknown];
    let reply = bench.send(0, &alert(&tokens, "t", json!({}))).await.expect(200, "80100000");
    let illegal = json!({ "tokenFormatError": ["short", unknown], "noRight": [elsewhere] });
    assert_eq!(reply.inner(), json!({ "success": 1, "failure": 3, "illegalTokens": illegal }));
    assert_eq!(bench.titles(), ["t"]);
    let reply = bench.send(0, &alert(&["short"], "t", json!({}))).await.expect(200, "80300007");
    assert_eq!(reply.inner(), json!({ "failure": 1, "illegalTokens": { "tokenFormatError": ["short"] } }));
}

#[tokio::test]
async fn a_killed_token_is_refused_with_its_reason() {
    let bench = Bench::new().await;
    let reply = bench.control("POST", "/tokens/kill", Some(json!({ "token": bench.token }))).await;
    assert_eq!(reply.status, 200);
    let reply = bench.send(0, &alert(&[&bench.token], "t", json!({}))).await.expect(200, "80300007");
    assert_eq!(reply.inner()["illegalTokens"], json!({ "tokenFormatError": [bench.token] }));
}

#[tokio::test]
async fn bad_bodies_name_the_field_and_reach_nobody() {
    let bench = Bench::new().await;
    let bad = alert(&[&bench.token], "t", json!({ "notifyID": 1 }));
    let reply = bench.send(0, &bad).await.expect(400, "80100003");
    assert!(reply.msg().contains("payload.notification.notifyID"), "{}", reply.msg());
    let long = alert(&[&bench.token], &"x".repeat(4097), json!({}));
    bench.send(0, &long).await.expect(400, "80300008");
    let many = vec![bench.token.as_str(); 1001];
    bench.send(0, &alert(&many, "t", json!({}))).await.expect(400, "80300010");
    let mut ttl = alert(&[&bench.token], "t", json!({}));
    ttl["pushOptions"] = json!({ "ttl": 1_296_001 });
    bench.send(0, &ttl).await.expect(400, "80100004");
    assert!(bench.phone.notices().is_empty());
}

#[tokio::test]
async fn a_thousand_tokens_fit_and_more_than_the_transport_takes_do_not() {
    let bench = Bench::new().await;
    let many = vec![bench.token.as_str(); 1000];
    bench.send(0, &alert(&many, "t", json!({ "notifyId": 1 }))).await.expect(200, "80000000");
    let body = alert(&[&bench.token], &"x".repeat(600_000), json!({}));
    assert_eq!(bench.send(0, &body).await.status, 413);
}

#[tokio::test]
async fn statuses_are_configurable() {
    let statuses = BTreeMap::from([("80100003".to_owned(), 200)]);
    let bench = Bench::with(EmulatorConfig { statuses, ..config() }, app(&[])).await;
    bench.send(0, &json!({})).await.expect(200, "80100003");
}

#[tokio::test]
async fn without_the_right_a_category_is_marketing_silently() {
    let bench = Bench::with(config(), app(&[Right::Voip])).await;
    let body =
        |category: &str| alert(&[&bench.token], category, json!({ "category": category, "sound": "r.mp3" }));
    for category in ["IM", "VOIP"] {
        bench.send(0, &body(category)).await.expect(200, "80000000");
    }
    let shown: Vec<_> = bench.phone.notices().iter().map(|n| (n.category, n.sound.is_some())).collect();
    assert_eq!(shown, [(Category::Marketing, false), (Category::Voip, true)]);
}

#[tokio::test]
async fn push_types_without_a_right_are_refused_per_token() {
    let bench = Bench::with(config(), app(&[])).await;
    let call = extra_data(&bench.token, "{}", json!({}));
    let cases = [
        (10, call.clone(), "noPushTypeRight"),
        (2, call.clone(), "noPushTypeRight"),
        (11, call.clone(), "noPushTypeRight"),
        (7, call.clone(), "noRightToSendThisLiveNotificationEvent"),
        (0, alert(&[&bench.token], "t", json!({ "category": "PLAY_VOICE" })), "notSupportPlayVoice"),
    ];
    for (push_type, body, reason) in cases {
        let reply = bench.send(push_type, &body).await.expect(200, "80300007");
        assert_eq!(reply.inner()["illegalTokens"], json!({ reason: [bench.token] }), "push-type {push_type}");
    }
    let badge =
        json!({ "payload": { "notification": { "badge": { "setNum": 1 } } }, "target": call["target"] });
    assert!(bench.send(0, &badge).await.expect(200, "80300007").msg().contains("noPushTypeRight"));
    bench.send(1, &call).await.expect(400, "80100003");
}

#[tokio::test]
async fn marketing_is_limited_per_phone_and_natural_day() {
    let bench = Bench::new().await;
    let (other, other_token) = bench.another("phone-2");
    let body = |token: &str, title: &str| alert(&[token], title, json!({ "category": "MARKETING" }));
    for title in ["1", "2", "3"] {
        bench.send(0, &body(&bench.token, title)).await.expect(200, "80000000");
    }
    assert_eq!(bench.titles(), ["1", "2"]);
    bench.send(0, &body(&other_token, "1")).await.expect(200, "80000000");
    assert_eq!(other.notices().len(), 1);
    bench.send(0, &alert(&[&bench.token], "chat", json!({}))).await.expect(200, "80000000");
    bench.phone.install(BUNDLE, PROJECT).unwrap();
    bench.phone.set_permission(BUNDLE, true).unwrap();
    let token = bench.phone.get_token(BUNDLE).unwrap();
    bench.send(0, &body(&token, "a reinstall resets nothing")).await.expect(200, "80000000");
    assert!(bench.titles().is_empty());
    bench.advance(86_400);
    bench.send(0, &body(&token, "tomorrow")).await.expect(200, "80000000");
    assert_eq!(bench.titles(), ["tomorrow"]);
}

#[tokio::test]
async fn test_messages_have_their_own_limits() {
    let bench = Bench::new().await;
    let body = |tokens: &[&str], title: &str| {
        let mut body = alert(tokens, title, json!({ "category": "MARKETING" }));
        body["pushOptions"] = json!({ "testMessage": true });
        body
    };
    let eleven = vec![bench.token.as_str(); 11];
    bench.send(0, &body(&eleven, "t")).await.expect(400, "80300030");
    let change = LimitsChange { test_per_day: Some(3), ..LimitsChange::default() };
    bench.emulator.set_limits(PROJECT, &change).unwrap();
    for title in ["1", "2", "3", "4"] {
        bench.send(0, &body(&[&bench.token], title)).await.expect(200, "80000000");
    }
    assert_eq!(bench.titles(), ["1", "2", "3"], "exempt from the marketing quota, dropped over their own");
    let change = LimitsChange { test_per_second: Some(1), ..LimitsChange::default() };
    bench.emulator.set_limits(PROJECT, &change).unwrap();
    bench.advance(1);
    bench.send(0, &body(&[&bench.token], "5")).await.expect(200, "80000000");
    bench.send(0, &body(&[&bench.token], "6")).await.expect(400, "80300029");
}

#[tokio::test]
async fn too_many_devices_in_a_second_is_a_503_without_json() {
    let bench = Bench::new().await;
    let change = LimitsChange { devices_per_second: Some(2), ..LimitsChange::default() };
    bench.emulator.set_limits(PROJECT, &change).unwrap();
    let body = alert(&[&bench.token, &bench.token], "t", json!({}));
    bench.send(0, &body).await.expect(200, "80000000");
    let reply = bench.send(0, &alert(&[&bench.token], "t", json!({}))).await;
    assert_eq!(reply.status, 503);
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
    bench.advance(1);
    bench.send(0, &body).await.expect(200, "80000000");
}
