//! Calls: no grace, a short life, and nothing once they are answered or over.

use super::bench::{Bench, only, states};
use crate::{
    push::{Signal, trace::DeviceState},
    store::{AppStore, StoredStrategy},
};
use hongyan_emulator::FaultAction;
use hongyan_wire::{call::CallUserState, client::AppPhase};

#[tokio::test]
async fn a_lost_connection_has_no_grace() {
    let bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.connect(&bob, AppPhase::Foreground).drop_out(bench.clock.now_ms());
    let call = bench.call(&["bob"], 30_000).await;
    let trace = bench.settled(call.id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert_eq!(trace.devices[0].at, Some(trace.accepted_at));
    let request = &bench.requests()[0];
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["pushOptions"]["ttl"], 30);
    assert_eq!(body["payload"]["notification"]["category"], "VOIP");
}

#[tokio::test]
async fn whoever_has_it_is_not_pushed() {
    let bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.member("carol").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let call = bench.call(&["bob", "carol"], 30_000).await;
    bench.waits_for(call.id.0, 1).await;
    let (user, device) = (bob.user.clone(), bob.device.clone());
    bench.signals.send(Signal::CallAcked { call: call.id, user, device });
    let trace = bench.settled(call.id.0).await;
    let expected =
        [("bob".to_owned(), DeviceState::Acked, None), ("carol".to_owned(), DeviceState::Pushed, None)];
    assert_eq!(states(&trace), expected);
}

#[tokio::test]
async fn a_silent_session_is_pushed_while_it_still_rings() {
    let bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let call = bench.call(&["bob"], 30_000).await;
    bench.waits_for(call.id.0, 1).await;
    bench.advance(5_000);
    let trace = bench.settled(call.id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    let body: serde_json::Value = serde_json::from_slice(&bench.requests()[0].body).unwrap();
    assert_eq!(body["pushOptions"]["ttl"], 25, "what is left of the ring");
}

#[tokio::test]
async fn a_call_that_is_over_is_not_pushed() {
    for (state, reason) in
        [(CallUserState::BeCancelled, "call_over"), (CallUserState::Rejected, "call_answered")]
    {
        let bench = Bench::new().await;
        let bob = bench.member("bob").await;
        let _seat = bench.connect(&bob, AppPhase::Foreground);
        let mut call = bench.call(&["bob"], 30_000).await;
        bench.waits_for(call.id.0, 1).await;
        call.users[1].device = Some("device-other".into());
        bench.move_call(&mut call, "bob", state).await;
        bench.signals.send(Signal::CallOver { call: call.id, users: vec![] });
        let trace = bench.settled(call.id.0).await;
        assert_eq!(only(&trace), (DeviceState::Suppressed, Some(reason)));
        assert!(bench.requests().is_empty());
    }
}

#[tokio::test]
async fn a_retry_is_dropped_when_the_call_is_over_meanwhile() {
    let bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(1, FaultAction { status: Some(503), ..FaultAction::default() });
    let mut call = bench.call(&["bob"], 30_000).await;
    bench.until(call.id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.move_call(&mut call, "bob", CallUserState::BeCancelled).await;
    bench.advance(1_000);
    let trace = bench.settled(call.id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("call_over")));
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn without_the_right_to_calls_it_falls_back_to_an_alert() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let strategy =
        StoredStrategy { resources_id: "call".into(), options: r#"{"harmony":{"push_type":10}}"#.into() };
    assert!(bench.store.put_strategy(bench.app, strategy).await.unwrap());
    let config =
        hongyan_wire::message::PushConfig { resources_id: "call".into(), ..super::bench::push_config() };
    let intent = bench.intent(config);
    let id = bench.send_with(super::bench::peer("bob"), Some(intent)).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    let attempts = &trace.dispatches[0].attempts;
    assert_eq!(attempts.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["80300007", "80000000"]);
    assert_eq!(bob.phone.notices().len(), 1);
}

#[tokio::test]
async fn the_alert_that_it_fell_back_to_is_taken_back() {
    let bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let strategy =
        StoredStrategy { resources_id: "call".into(), options: r#"{"harmony":{"push_type":10}}"#.into() };
    assert!(bench.store.put_strategy(bench.app, strategy).await.unwrap());
    let config =
        hongyan_wire::message::PushConfig { resources_id: "call".into(), ..super::bench::push_config() };
    let mut call = bench.call_with(&["bob"], 30_000, config).await;
    bench.settled(call.id.0).await;
    assert_eq!(bob.phone.notices().len(), 1);
    bench.end_call(&mut call, "bob", CallUserState::BeCancelled).await;
    bench.until(call.id.0, |trace| trace.events.iter().any(|event| event.name == "taken_back")).await;
    assert!(bob.phone.notices().is_empty());
}
