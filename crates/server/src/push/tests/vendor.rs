//! A vendor that refuses, stumbles or answers in part.

use super::bench::{BUNDLE, Bench, eventually, only, peer, states};
use crate::{
    push::{PushLimits, trace::DeviceState},
    store::{AlarmStore, AppStore, AttemptEnd, PushStore, TargetEnd, UserStore},
};
use hongyan_emulator::{DeadTokens, FaultAction, LoggedRequest, Partial};
use hongyan_vendors::VendorKind;
use serde_json::Value;

fn body(request: &LoggedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn ids(request: &LoggedRequest) -> (Value, Value) {
    let notification = body(request)["payload"]["notification"].clone();
    (notification["notifyId"].clone(), notification["appMessageId"].clone())
}

fn tokens(request: &LoggedRequest) -> usize {
    body(request)["target"]["token"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_dead_token_gets_a_tombstone_and_a_new_one_revives_the_push_id() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let dead = DeadTokens::Share(1.0);
    bench.fault(1, FaultAction { dead_tokens: Some(dead), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Failed, Some("token_gone")));
    let target = bench.store.push_target(bench.app, &bob.push_id).await.unwrap().unwrap();
    assert!(target.tombstone.unwrap().code.contains("tokenFormatError"));
    let id = bench.send(peer("bob")).await;
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Suppressed, Some("token_gone")));
    bench.advance(1);
    let token = bob.phone.rotate_token(BUNDLE).unwrap();
    bench.register(&bob.user, &bob.device, &token).await;
    let id = bench.send(peer("bob")).await;
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Pushed, None));
}

#[tokio::test]
async fn a_round_in_which_everything_dies_kills_no_token() {
    let mut bench = Bench::new().await;
    let names: Vec<String> = (0..25).map(|n| format!("goose-{n:02}")).collect();
    for name in &names {
        bench.member(name).await;
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let geese = bench.group(&names).await;
    let dead = DeadTokens::Share(1.0);
    bench.fault(1, FaultAction { dead_tokens: Some(dead), ..FaultAction::default() });
    let id = bench.send(geese.clone()).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(trace.devices.len(), 25);
    assert!(trace.devices.iter().all(|device| device.reason.as_deref() == Some("vendor_configuration")));
    let id = bench.send(geese).await;
    let trace = bench.settled(id.0).await;
    assert!(trace.devices.iter().all(|device| device.state == DeviceState::Pushed));
}

#[tokio::test]
async fn a_vendor_in_trouble_is_asked_again_with_the_same_ids() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.fault(1, FaultAction { status: Some(503), retry_after_s: Some(3), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    bench.until(id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.advance(2_999);
    assert_eq!(bench.requests().len(), 1, "not before the vendor wants it");
    bench.advance(600);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    let requests = bench.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(ids(&requests[0]), ids(&requests[1]));
    assert_eq!(trace.dispatches[0].attempts.len(), 2);
    assert_eq!(bob.phone.notices().len(), 1);
}

#[tokio::test]
async fn an_answer_that_got_lost_makes_no_second_notice() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let drop = Some(hongyan_emulator::DropWhen::Named(hongyan_emulator::DropMoment::After));
    bench.fault(1, FaultAction { drop, ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    bench.until(id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.advance(1_000);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert_eq!(trace.dispatches[0].attempts[0].code, "dropped");
    assert_eq!((bench.requests().len(), bob.phone.notices().len()), (2, 1));
}

#[tokio::test]
async fn a_batch_that_failed_in_part_repeats_only_those_that_failed() {
    let mut bench = Bench::new().await;
    for name in ["bob", "carol", "dan", "eve"] {
        bench.member(name).await;
    }
    let geese = bench.group(&["bob", "carol", "dan", "eve"]).await;
    bench.fault(1, FaultAction { partial: Some(Partial::Share(0.5)), ..FaultAction::default() });
    let id = bench.send(geese).await;
    bench.until(id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.advance(61_000);
    let trace = bench.settled(id.0).await;
    assert!(trace.devices.iter().all(|device| device.state == DeviceState::Pushed), "{:?}", states(&trace));
    let requests = bench.requests();
    assert_eq!(requests.iter().map(tokens).collect::<Vec<_>>(), [4, 2]);
}

#[tokio::test]
async fn logging_out_between_plan_and_request_drops_the_request() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.fault(1, FaultAction { status: Some(500), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    bench.until(id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.store.sign_out(bench.app, &bob.user, &bob.device).await.unwrap();
    bench.advance(1_000);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("logged_out")));
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn another_user_on_the_device_gets_nothing_of_the_first_ones() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.fault(1, FaultAction { status: Some(500), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    bench.until(id.0, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 1)).await;
    bench.sign_in(&super::bench::user("carol"), &bob.device).await;
    bench.advance(1_000);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("moved_to_other_user")));
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn nothing_is_sent_after_its_time() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(100, FaultAction { status: Some(503), ..FaultAction::default() });
    let mut intent = bench.intent(super::bench::push_config());
    intent.expires_at = bench.clock.now_ms() + 3_000;
    let id = bench.send_with(peer("bob"), Some(intent)).await;
    eventually(async || {
        bench.advance(100);
        bench.trace(id.0).await.settled.then_some(())
    })
    .await;
    let trace = bench.trace(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Expired, Some("expired")));
    let last = trace.dispatches[0].attempts.last().unwrap().at;
    assert!(last <= trace.accepted_at + 2_000, "a second is left to live");
}

#[tokio::test]
async fn retries_end() {
    let limits = PushLimits {
        retry: crate::push::RetryPolicy { tries_max: 3, ..Default::default() },
        ..PushLimits::default()
    };
    let mut bench = Bench::with(limits).await;
    bench.member("bob").await;
    bench.fault(100, FaultAction { status: Some(503), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    eventually(async || {
        bench.advance(500);
        bench.trace(id.0).await.settled.then_some(())
    })
    .await;
    let trace = bench.trace(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Failed, Some("retries_exhausted")));
    assert_eq!(trace.dispatches[0].attempts.len(), 3);
}

#[tokio::test]
async fn a_refused_jwt_is_signed_anew_once() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(1, FaultAction { code: Some("80200005".into()), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Pushed, None));
}

/// Sends one message and lets the vendor refuse the credential for it, with the second key too.
async fn paused(bench: &mut Bench) -> u64 {
    bench.fault(2, FaultAction { code: Some("80200001".into()), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await.0;
    bench.until(id, |trace| trace.dispatches.iter().any(|one| one.attempts.len() == 2)).await;
    eventually(async || (!alarms(bench).is_empty()).then_some(())).await;
    id
}

fn alarms(bench: &Bench) -> Vec<(String, u64)> {
    let alarms = bench.push.as_ref().unwrap().alarms(Some(bench.app));
    alarms.into_iter().map(|alarm| (alarm.kind, alarm.count)).collect()
}

#[tokio::test]
async fn a_refused_credential_waits_and_its_devices_have_no_part_in_it() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let first = paused(&mut bench).await;
    assert_eq!(alarms(&bench), [("credential_refused".to_owned(), 1)]);
    let second = bench.send(peer("bob")).await.0;
    bench.until(second, |trace| !trace.dispatches.is_empty()).await;
    bench.advance(140_000);
    assert_eq!(bench.requests().len(), 2, "no probe before half of five minutes");
    assert_eq!(only(&bench.trace(second).await), (DeviceState::Pending, None));
    bench.advance(170_000);
    for id in [first, second] {
        assert_eq!(only(&bench.settled(id).await), (DeviceState::Pushed, None));
    }
    assert_eq!((alarms(&bench), bench.requests().len()), (vec![], 4));
    let target = bench.store.push_target(bench.app, &bob.push_id).await.unwrap().unwrap();
    assert_eq!(target.tombstone, None);
}

#[tokio::test]
async fn a_new_credential_ends_the_pause() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let id = paused(&mut bench).await;
    bench.advance(10);
    let mut credential = bench.store.credentials(bench.app).await.unwrap().remove(0);
    credential.updated_at = bench.clock.now_ms();
    bench.store.put_credential(bench.app, credential).await.unwrap();
    bench.advance(2_000);
    assert_eq!(only(&bench.settled(id).await), (DeviceState::Pushed, None));
    assert_eq!(alarms(&bench), []);
}

#[tokio::test]
async fn a_pause_outlives_a_restart_and_an_operator_can_end_it() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let id = paused(&mut bench).await;
    bench.restart().await;
    eventually(async || (!alarms(&bench).is_empty()).then_some(())).await;
    bench.advance(140_000);
    assert_eq!((bench.requests().len(), alarms(&bench).len()), (2, 1));
    let ended = bench.store.clear_alarms(bench.app, VendorKind::Harmony, 1, bench.clock.now_ms()).await;
    assert_eq!(ended.unwrap(), 1);
    bench.advance(2_000);
    assert_eq!(only(&bench.settled(id).await), (DeviceState::Pushed, None));
    assert_eq!(alarms(&bench), []);
}

#[tokio::test]
async fn what_waits_for_a_credential_expires_in_time() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let first = paused(&mut bench).await;
    let mut intent = bench.intent(super::bench::push_config());
    intent.expires_at = bench.clock.now_ms() + 30_000;
    let second = bench.send_with(peer("bob"), Some(intent)).await.0;
    bench.until(second, |trace| !trace.dispatches.is_empty()).await;
    bench.advance(29_500);
    assert_eq!(only(&bench.settled(second).await), (DeviceState::Expired, Some("expired")));
    assert_eq!(only(&bench.trace(first).await), (DeviceState::Pending, None));
    assert_eq!(bench.requests().len(), 2);
}

#[tokio::test]
async fn an_outage_is_outlived_without_using_up_the_tries() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(20, FaultAction { status: Some(500), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await.0;
    eventually(async || {
        bench.advance(1_000);
        bench.trace(id).await.settled.then_some(())
    })
    .await;
    let trace = bench.trace(id).await;
    assert_eq!((only(&trace), trace.dispatches[0].attempts.len()), ((DeviceState::Pushed, None), 21));
}

#[tokio::test]
async fn a_message_too_long_is_shortened_once() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(1, FaultAction { code: Some("80300008".into()), ..FaultAction::default() });
    let id = bench.send(peer("bob")).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    let requests = bench.requests();
    assert_eq!((requests.len(), ids(&requests[0]) == ids(&requests[1])), (2, true));
}

#[tokio::test]
async fn a_payload_too_large_fails_with_its_reason() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let mut intent = bench.intent(super::bench::push_config());
    intent.push.payload = "\u{1}".repeat(3_000);
    let id = bench.send_with(peer("bob"), Some(intent)).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Failed, Some("payload_too_large")));
    assert!(bench.requests().is_empty());
}

#[tokio::test]
async fn one_end_that_cannot_be_written_holds_up_no_other() {
    let bench = Bench::new().await;
    let end = |dispatch| AttemptEnd {
        dispatch,
        attempt: None,
        ended: vec![(
            crate::store::Target { user: super::bench::user("bob"), device: None, push_id: None },
            TargetEnd::Expired,
        )],
        dead: vec![],
        retry_at: None,
        now_ms: bench.clock.now_ms(),
    };
    assert!(bench.store.write_attempts(vec![end(1)]).await.is_err(), "there is no such dispatch");
    let counters = std::sync::Arc::new(crate::push::Counters::default());
    let (records, written) = crate::push::recorder::channel();
    let running = tokio::spawn(crate::push::recorder::run(
        bench.store.clone(),
        bench.clock.clone(),
        counters.clone(),
        written,
    ));
    records.send(end(1)).await.unwrap();
    drop(records);
    eventually(async || {
        bench.advance(500);
        running.is_finished().then_some(())
    })
    .await;
    assert_eq!(counters.store_errors.get(), 5);
}

#[tokio::test]
async fn a_request_that_hangs_delays_no_other() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.fault(1, FaultAction { delay_ms: Some(10_000), ..FaultAction::default() });
    let slow = bench.send(peer("bob")).await;
    eventually(async || (bench.push.as_ref().unwrap().counters().in_flight.get() == 1).then_some(())).await;
    let quick = bench.send(peer("bob")).await;
    assert_eq!(only(&bench.settled(quick.0).await), (DeviceState::Pushed, None));
    assert_eq!(only(&bench.trace(slow.0).await), (DeviceState::Pending, None));
    bench.advance(10_000);
    assert_eq!(only(&bench.settled(slow.0).await), (DeviceState::Pushed, None));
}
