//! Taking messages back.

use hongyan_emulator::{PhoneEvent, ProjectSpec};
use serde_json::json;

use crate::harness::{BUNDLE, Bench, CLIENT, PROJECT, alert, app, config};

#[tokio::test]
async fn a_shown_notice_goes_and_the_badge_stays() {
    let bench = Bench::new().await;
    for (title, notify_id) in [("gone", 1), ("stays", 2)] {
        let extra = json!({ "notifyId": notify_id, "badge": { "addNum": 1 } });
        bench.send(0, &alert(&[&bench.token], title, extra)).await.expect(200, "80000000");
    }
    let mut events = bench.phone.events().unwrap();
    bench.revoke(&json!({ "notifyId": 1, "token": [bench.token] })).await.expect(200, "80000000");
    assert_eq!(bench.titles(), ["stays"]);
    assert_eq!(bench.phone.badge(BUNDLE), 2);
    assert!(matches!(&*events.try_next().unwrap(), PhoneEvent::NoticeRevoked { notify_id: 1, .. }));
    bench.revoke(&json!({ "notifyId": 99, "token": [bench.token] })).await.expect(200, "80000000");
}

#[tokio::test]
async fn queued_messages_go_and_an_unreachable_phone_learns_later() {
    let bench = Bench::new().await;
    bench.send(0, &alert(&[&bench.token], "shown", json!({ "notifyId": 1 }))).await;
    bench.phone.network(false).unwrap();
    bench.send(0, &alert(&[&bench.token], "queued", json!({ "notifyId": 2 }))).await;
    for notify_id in [1, 2] {
        bench.revoke(&json!({ "notifyId": notify_id, "token": [bench.token] })).await.expect(200, "80000000");
    }
    assert_eq!(bench.titles(), ["shown"]);
    bench.phone.network(true).unwrap();
    assert!(bench.titles().is_empty());
}

#[tokio::test]
async fn revoke_has_its_own_codes() {
    let bench = Bench::new().await;
    let mut other = app(&[]);
    (other.bundle_name, other.client_id) = ("com.example.other".into(), "900002".into());
    let spec = ProjectSpec { project_id: PROJECT.into(), apps: vec![other], ..ProjectSpec::default() };
    bench.emulator.register_project(&spec).unwrap();
    let theirs = bench.phone.ready("com.example.other", PROJECT).unwrap();
    let ours = bench.token.as_str();
    let cases = [
        (json!({ "token": [ours] }), 400, "80300032"),
        (json!({ "notifyId": 1 }), 400, "80300032"),
        (json!({ "notifyId": -1, "token": [ours] }), 400, "80100003"),
        (json!({ "notifyId": "1", "token": [ours] }), 400, "80100003"),
        (json!({ "notifyId": 1, "token": ours }), 400, "80100003"),
        (json!({ "notifyId": 1, "token": [ours], "more": 1 }), 400, "80100003"),
        (json!({ "notifyId": 1, "token": [] }), 400, "80300010"),
        (json!({ "notifyId": 1, "token": vec![ours; 1001] }), 400, "80300010"),
        (json!({ "notifyId": 1, "token": [ours, theirs] }), 400, "80300017"),
        (json!({ "notifyId": 1, "token": [theirs] }), 400, "80300028"),
        (json!({ "notifyId": 1, "token": [ours, "bad"] }), 200, "80100020"),
        (json!({ "notifyId": 1, "token": ["bad"] }), 200, "80300007"),
    ];
    for (body, status, code) in cases {
        bench.revoke(&body).await.expect(status, code);
    }
}

#[tokio::test]
async fn revoke_wants_the_right_address_push_type_and_permission() {
    let bench = Bench::new().await;
    let body = json!({ "notifyId": 1, "token": [bench.token] });
    let path = format!("/v1/{CLIENT}/messages:revoke");
    let headers = |push_type: &str| [("authorization", bench.bearer()), ("push-type", push_type.to_owned())];
    bench.post(&path, &headers("6"), &body).await.expect(400, "80100003");
    bench.post(&path, &headers("2"), &body).await.expect(200, "80000000");
    bench.post("/v1/nobody/messages:revoke", &headers("0"), &body).await.expect(400, "80300002");
    bench.post(&path, &[("push-type", "0".to_owned())], &body).await.expect(401, "80200001");
    let mut forbidden = app(&[]);
    forbidden.revoke_allowed = false;
    let bench = Bench::with(config(), forbidden).await;
    let body = json!({ "notifyId": 1, "token": [bench.token] });
    bench.revoke(&body).await.expect(400, "80300032");
}
