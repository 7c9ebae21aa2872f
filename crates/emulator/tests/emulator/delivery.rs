//! What happens on phones: queue, replacement, duplicates, permission, badge, background, calls, taps.

use std::sync::Arc;

use hongyan_emulator::{AppState, MessageKind, PhoneEvent, PhoneEvents, Right, Suppressed, Target};
use serde_json::{Value, json};

use crate::harness::{BUNDLE, Bench, PATIENCE, PROJECT, alert, app, config, extra_data};

async fn next(events: &mut PhoneEvents, wanted: fn(&PhoneEvent) -> bool) -> Arc<PhoneEvent> {
    events.wait(wanted, PATIENCE).await.expect("the event in time")
}

fn suppressed(events: &mut PhoneEvents) -> Vec<Suppressed> {
    let mut reasons = Vec::new();
    while let Some(event) = events.try_next() {
        if let PhoneEvent::NoticeSuppressed { reason, .. } = &*event {
            reasons.push(*reason);
        }
    }
    reasons
}

fn with_options(mut body: Value, options: Value) -> Value {
    body["pushOptions"] = options;
    body
}

#[tokio::test]
async fn flight_mode_queues_and_the_ttl_runs() {
    let bench = Bench::new().await;
    bench.phone.network(false).unwrap();
    let send = async |title: &str, options: Value| {
        let body = with_options(alert(&[&bench.token], title, json!({})), options);
        bench.send(0, &body).await.expect(200, "80000000")
    };
    send("short", json!({ "ttl": 60 })).await;
    send("old", json!({ "collapseKey": 3 })).await;
    send("long", json!({})).await;
    send("new", json!({ "collapseKey": 3 })).await;
    assert!(bench.phone.notices().is_empty());
    assert_eq!(bench.phone.state().unwrap().queued, 3);
    bench.advance(60);
    bench.phone.network(true).unwrap();
    assert_eq!(bench.titles(), ["long", "new"]);
    send("direct", json!({ "ttl": 1 })).await;
    assert_eq!(bench.titles(), ["long", "new", "direct"]);
}

#[tokio::test]
async fn only_the_newest_120_wait() {
    let bench = Bench::new().await;
    bench.phone.network(false).unwrap();
    for number in 0..125 {
        bench.send(0, &alert(&[&bench.token], &number.to_string(), json!({}))).await.expect(200, "80000000");
    }
    bench.phone.network(true).unwrap();
    let titles = bench.titles();
    assert_eq!((titles.len(), titles[0].as_str(), titles[119].as_str()), (120, "5", "124"));
}

#[tokio::test]
async fn sleep_holds_all_but_calls_and_voip() {
    let bench = Bench::new().await;
    bench.phone.sleep(true).unwrap();
    bench.send(0, &alert(&[&bench.token], "chat", json!({}))).await.expect(200, "80000000");
    bench
        .send(0, &alert(&[&bench.token], "ring", json!({ "category": "VOIP" })))
        .await
        .expect(200, "80000000");
    assert_eq!(bench.titles(), ["ring"]);
    bench.phone.sleep(false).unwrap();
    assert_eq!(bench.titles(), ["ring", "chat"]);
}

#[tokio::test]
async fn the_same_notify_id_replaces_in_place() {
    let bench = Bench::new().await;
    let mut events = bench.phone.events().unwrap();
    for title in ["first", "second"] {
        bench.send(0, &alert(&[&bench.token], title, json!({ "notifyId": 5 }))).await.expect(200, "80000000");
    }
    assert_eq!(bench.titles(), ["second"]);
    let mut ids = Vec::new();
    while let Some(event) = events.try_next() {
        if let PhoneEvent::NoticeShown { notice, replaced } = &*event {
            ids.push((notice.id.clone(), *replaced));
        }
    }
    assert_eq!(ids[0].0, ids[1].0);
    assert_eq!((ids[0].1, ids[1].1), (false, true));
    for title in ["third", "fourth"] {
        bench
            .send(0, &alert(&[&bench.token], title, json!({ "notifyId": -1 })))
            .await
            .expect(200, "80000000");
    }
    assert_eq!(bench.titles(), ["second", "third", "fourth"]);
}

#[tokio::test]
async fn the_first_app_message_id_of_a_day_wins() {
    let bench = Bench::new().await;
    let mut events = bench.phone.events().unwrap();
    let body = |title: &str| alert(&[&bench.token], title, json!({ "appMessageId": "m1", "notifyId": 1 }));
    bench.send(0, &body("first")).await.expect(200, "80000000");
    bench.advance(86_399);
    bench.send(0, &body("second")).await.expect(200, "80000000");
    assert_eq!(bench.titles(), ["first"]);
    assert_eq!(suppressed(&mut events), [Suppressed::Duplicate]);
    bench.advance(1);
    bench.send(0, &body("third")).await.expect(200, "80000000");
    assert_eq!(bench.titles(), ["third"]);
}

#[tokio::test]
async fn permission_profile_and_badge() {
    let bench = Bench::new().await;
    let mut events = bench.phone.events().unwrap();
    let body = |extra: Value| alert(&[&bench.token], "t", extra);
    bench.phone.set_permission(BUNDLE, false).unwrap();
    bench.send(0, &body(json!({ "badge": { "addNum": 5 } }))).await.expect(200, "80000000");
    bench.phone.set_permission(BUNDLE, true).unwrap();
    bench.send(0, &body(json!({ "profileId": "alice" }))).await.expect(200, "80000000");
    assert_eq!(suppressed(&mut events), [Suppressed::Permission, Suppressed::Profile]);
    assert_eq!(bench.phone.badge(BUNDLE), 0);
    bench.phone.bind_profile(BUNDLE, "alice").unwrap();
    let badge = json!({ "profileId": "alice", "badge": { "addNum": 5 } });
    for wanted in [5, 10] {
        bench.send(0, &body(badge.clone())).await.expect(200, "80000000");
        assert_eq!(bench.phone.badge(BUNDLE), wanted);
    }
    let only = json!({ "payload": { "notification": { "badge": { "setNum": 0, "addNum": 3 } } },
        "target": { "token": [bench.token] } });
    bench.send(0, &only).await.expect(200, "80000000");
    assert_eq!((bench.phone.badge(BUNDLE), bench.phone.notices().len()), (0, 2));
    bench.phone.set_badge(BUNDLE, 9).unwrap();
    assert_eq!(bench.phone.badge(BUNDLE), 9);
}

#[tokio::test]
async fn in_front_with_foreground_show_off_the_app_gets_the_message() {
    let bench = Bench::new().await;
    bench.phone.set_app_state(BUNDLE, AppState::Foreground).unwrap();
    let mut events = bench.phone.events().unwrap();
    bench.send(0, &alert(&[&bench.token], "quiet", json!({ "foregroundShow": false }))).await;
    let event = next(&mut events, |event| matches!(event, PhoneEvent::MessageReceived { .. })).await;
    let PhoneEvent::MessageReceived { kind, data, .. } = &*event else { panic!("a message") };
    assert_eq!(*kind, MessageKind::Default);
    assert_eq!(data["notification"]["title"], "quiet");
    assert_eq!(data["header"]["token"], bench.token);
    bench.send(0, &alert(&[&bench.token], "loud", json!({}))).await;
    bench.phone.set_app_state(BUNDLE, AppState::Background).unwrap();
    bench.send(0, &alert(&[&bench.token], "behind", json!({ "foregroundShow": false }))).await;
    assert_eq!(bench.titles(), ["loud", "behind"]);
}

#[tokio::test]
async fn a_background_message_waits_for_the_next_start_the_newest_for_a_week() {
    let bench = Bench::new().await;
    let received = |events: &mut PhoneEvents| {
        let mut all = Vec::new();
        while let Some(event) = events.try_next() {
            if let PhoneEvent::MessageReceived { kind: MessageKind::Background, data, .. } = &*event {
                all.push(data["data"].as_str().unwrap().to_owned());
            }
        }
        all
    };
    let mut events = bench.phone.events().unwrap();
    for data in ["1", "2"] {
        bench.send(6, &extra_data(&bench.token, data, json!({}))).await.expect(200, "80000000");
    }
    bench.send(6, &extra_data(&bench.token, "over two an hour", json!({}))).await.expect(200, "80000000");
    assert!(received(&mut events).is_empty());
    bench.phone.set_app_state(BUNDLE, AppState::Foreground).unwrap();
    assert_eq!(received(&mut events), ["2"]);
    bench.advance(3600);
    bench.send(6, &extra_data(&bench.token, "3", json!({}))).await.expect(200, "80000000");
    assert_eq!(received(&mut events), ["3"], "in front it is delivered at once");
    bench.phone.set_app_state(BUNDLE, AppState::Killed).unwrap();
    bench.send(6, &extra_data(&bench.token, "4", json!({}))).await.expect(200, "80000000");
    bench.advance(7 * 86_400);
    bench.phone.set_app_state(BUNDLE, AppState::Foreground).unwrap();
    assert!(received(&mut events).is_empty());
}

#[tokio::test]
async fn background_mode_1_needs_its_right_and_proxy_data_fills_the_table() {
    for (rights, reached) in [(vec![Right::ImBackground], true), (vec![], false)] {
        let bench = Bench::with(config(), app(&rights)).await;
        let mut events = bench.phone.events().unwrap();
        bench
            .send(6, &extra_data(&bench.token, "x", json!({ "backgroundMode": 1 })))
            .await
            .expect(200, "80000000");
        let message = |event: &Arc<PhoneEvent>| matches!(&**event, PhoneEvent::MessageReceived { .. });
        let seen: Vec<_> = std::iter::from_fn(|| events.try_next()).collect();
        assert_eq!(seen.iter().any(message), reached);
    }
    let bench = Bench::new().await;
    let mut body = extra_data(&bench.token, "row", json!({}));
    body["payload"]["proxyData"] = json!("ENABLE");
    bench.send(6, &body).await.expect(200, "80000000");
    let state = bench.phone.state().unwrap();
    assert_eq!(&*state.apps[0].proxy_rows[0].message, "row");
    assert!(!state.apps[0].cached_message);
}

#[tokio::test]
async fn a_call_wakes_the_app_which_must_report_within_10_s() {
    let bench = Bench::new().await;
    let mut events = bench.phone.events().unwrap();
    let ring = async || bench.send(10, &extra_data(&bench.token, "{\"call\":1}", json!({ "ttl": 30 }))).await;
    let woken = |event: &PhoneEvent| matches!(event, PhoneEvent::CallWake { .. });
    let call_id = |event: &PhoneEvent| match event {
        PhoneEvent::CallWake { call_id, data, .. } => {
            assert_eq!(
                (data["data"].as_str(), data["callId"].as_str()),
                (Some("{\"call\":1}"), Some(&**call_id))
            );
            call_id.clone()
        }
        other => panic!("{other:?}"),
    };
    ring().await.expect(200, "80000000");
    let id = call_id(&*next(&mut events, woken).await);
    assert_eq!(bench.phone.state().unwrap().apps[0].state, AppState::Background);
    bench.advance(9);
    bench.phone.report_call(BUNDLE, &id, false).unwrap();
    assert!(bench.phone.report_call(BUNDLE, &id, false).is_err(), "once");

    bench.phone.set_app_state(BUNDLE, AppState::Killed).unwrap();
    ring().await.expect(200, "80000000");
    let late = call_id(&*next(&mut events, woken).await);
    bench.advance(10);
    // Nobody touches the phone: the timer itself must fire.
    let missed = next(&mut events, |event| matches!(event, PhoneEvent::CallMissedReport { .. })).await;
    assert!(matches!(&*missed, PhoneEvent::CallMissedReport { call_id, .. } if *call_id == late));
    assert!(bench.phone.report_call(BUNDLE, &late, false).is_err());
    assert_eq!(bench.phone.state().unwrap().apps[0].state, AppState::Killed);
    bench.phone.network(false).unwrap();
    ring().await.expect(200, "80000000");
    bench.advance(30);
    bench.phone.network(true).unwrap();
    assert!(bench.phone.state().unwrap().calls.is_empty(), "past its ttl");
}

#[tokio::test]
async fn a_tap_starts_the_app_with_the_want() {
    let bench = Bench::new().await;
    let click =
        json!({ "clickAction": { "actionType": 1, "uri": "chat://c1", "data": { "conversation": "c1" } } });
    bench.send(0, &alert(&[&bench.token], "t", click)).await.expect(200, "80000000");
    let notice = bench.phone.wait_notice(|notice| &*notice.title == "t", PATIENCE).await.unwrap();
    let tap = bench.phone.tap(&notice.id).unwrap();
    assert_eq!(tap.want.target, Target::Page);
    assert_eq!((tap.want.uri.as_deref(), tap.want.action.as_deref()), (Some("chat://c1"), None));
    assert_eq!(tap.want.parameters.get("conversation"), Some(&json!("c1")));
    let state = bench.phone.state().unwrap();
    assert_eq!((state.apps[0].state, state.notices.len()), (AppState::Foreground, 0));
    assert!(bench.phone.tap(&notice.id).is_err());
}

#[tokio::test]
async fn tokens_change_by_the_documented_rules() {
    let bench = Bench::new().await;
    assert_eq!(bench.phone.get_token(BUNDLE).unwrap(), bench.token);
    bench.phone.bind_profile(BUNDLE, "alice").unwrap();
    bench.phone.delete_token(BUNDLE).unwrap();
    let second = bench.phone.get_token(BUNDLE).unwrap();
    assert_ne!(second, bench.token);
    assert!(bench.phone.state().unwrap().apps[0].profiles.is_empty());
    bench.phone.install(BUNDLE, PROJECT).unwrap();
    let third = bench.phone.get_token(BUNDLE).unwrap();
    let mut events = bench.phone.events().unwrap();
    let fourth = bench.phone.rotate_token(BUNDLE).unwrap();
    assert!(third != second && third != fourth);
    assert!(
        matches!(&*events.try_next().unwrap(), PhoneEvent::TokenUpdated { token, .. } if **token == *fourth)
    );
    // The cloud accepts an old token; the phone does not know it.
    bench.send(0, &alert(&[&second], "t", json!({}))).await.expect(200, "80000000");
    assert!(bench.phone.notices().is_empty());
}

#[tokio::test]
async fn what_a_phone_refuses_has_the_systems_codes() {
    let bench = Bench::new().await;
    let code = |result: Result<(), hongyan_emulator::PhoneError>| result.unwrap_err().code;
    bench.phone.install("com.example.other", PROJECT).unwrap();
    let unregistered = bench.phone.get_token("com.example.other");
    assert_eq!(code(unregistered.map(drop)), 1_000_900_021);
    for number in 0..10 {
        bench.phone.bind_profile(BUNDLE, &number.to_string()).unwrap();
    }
    assert_eq!(code(bench.phone.bind_profile(BUNDLE, "eleventh")), 1_000_900_015);
    bench.phone.delete_token(BUNDLE).unwrap();
    bench.phone.network(false).unwrap();
    assert_eq!(code(bench.phone.get_token(BUNDLE).map(drop)), 1_000_900_011);
    assert_eq!(code(bench.phone.uninstall("com.example.none")), 1);
    bench.phone.set_permission(BUNDLE, false).unwrap();
    assert_eq!(code(bench.phone.request_permission(BUNDLE).await), 1_600_004);
}
