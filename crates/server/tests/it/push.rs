//! Acked or pushed, through the front door: real sockets, the real store, the emulated Push Kit (G4–G9).

use crate::harness::{
    QUIET, WAIT, World, create_group, device, group, messages, peer, register, until, user_id,
};
use hongyan_client::{AckPolicy, Client, Draft};
use hongyan_emulator::{FaultAction, FaultSpec, Notice, Phone, PhoneEvent, Reason as DeadReason};
use hongyan_server::push::trace::{DeviceState, TraceView};
use hongyan_wire::{
    MessageId, client::AppPhase, client::PushUnregister, conversation::NotificationStatus,
    message::PushConfig,
};
use std::{sync::Arc, time::Duration};

/// A text with a pushConfig.
fn pushed(text: &str) -> Draft {
    Draft::text(text).push(PushConfig {
        title: "Ann".into(),
        content: text.into(),
        payload: "{\"room\":7}".into(),
        ..PushConfig::default()
    })
}

async fn shown(phone: &Phone, id: MessageId) -> Arc<Notice> {
    let id = id.to_string();
    let notice = phone.wait_notice(|notice| notice.data["messageID"] == id.as_str(), WAIT).await;
    notice.unwrap_or_else(|| panic!("message {id} was not shown"))
}

/// Moves time on, a step at a time, until the phone shows something.
async fn shown_in_time(world: &World, phone: &Phone, step: Duration) {
    until("a notice", || {
        world.advance(step);
        !phone.notices().is_empty()
    })
    .await;
}

/// (state, reason) of the one device of a trace.
fn verdict(trace: &TraceView) -> (DeviceState, Option<&str>) {
    assert_eq!(trace.devices.len(), 1, "{trace:#?}");
    (trace.devices[0].state, trace.devices[0].reason.as_deref())
}

async fn send(ann: &Client, to: &str, draft: &Draft) -> MessageId {
    ann.send(&peer(to), draft).await.unwrap().message_id
}

#[tokio::test]
async fn a_killed_app_gets_a_notice_and_after_the_tap_its_message() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = send(&ann, "bob", &pushed("你好")).await;
    let notice = shown(&phone, id).await;
    assert_eq!((&*notice.title, &*notice.body), ("Ann", "你好"));
    assert_eq!(notice.data["payload"], "{\"room\":7}");
    assert_eq!(
        (&notice.data["conversationID"], &notice.data["senderUserID"]),
        (&"ann".into(), &"ann".into())
    );
    assert_eq!(verdict(&world.settled_trace(id.0).await), (DeviceState::Pushed, None));
    let bob = world.client("bob").await;
    let got = messages(&bob).await;
    assert!(got.is_offline_message);
    assert_eq!(got.messages[0].message_id, id);
}

#[tokio::test]
async fn who_acknowledges_is_not_pushed() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let (ann, _bob) = (world.client("ann").await, world.client("bob").await);
    let before = world.requests();
    let id = send(&ann, "bob", &pushed("hello")).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Acked);
    world.advance(Duration::from_secs(60));
    assert!(phone.wait_notice(|_| true, QUIET).await.is_none());
    assert_eq!(world.requests(), before);
}

#[tokio::test]
async fn an_open_socket_that_does_not_acknowledge_is_pushed_at_the_deadline() {
    // G5: the app is frozen, its socket looks alive.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let bob = world.client_with("bob", AckPolicy::Never).await;
    let id = send(&ann, "bob", &pushed("are you there?")).await;
    messages(&bob).await;
    world.advance(Duration::from_millis(4_900));
    assert!(phone.wait_notice(|_| true, QUIET).await.is_none(), "not before the deadline");
    world.advance(Duration::from_millis(200));
    shown(&phone, id).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Pushed);
}

#[tokio::test]
async fn an_app_in_the_background_is_pushed_at_once() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let bob = world.client_with("bob", AckPolicy::Never).await;
    bob.app_state(AppPhase::Background).await.unwrap();
    shown(&phone, send(&ann, "bob", &pushed("hello")).await).await;
}

#[tokio::test]
async fn a_short_break_of_the_line_is_no_reason_to_push() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let bob = world.client("bob").await;
    bob.abort();
    let hub = world.server.hub();
    until("the break", || hub.seats_of(world.app.id, &user_id("bob")).is_empty()).await;
    let id = send(&ann, "bob", &pushed("quick")).await;
    world.advance(Duration::from_millis(1_500));
    let bob = world.client("bob").await;
    messages(&bob).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Acked);
    assert!(phone.notices().is_empty());
}

#[tokio::test]
async fn a_group_message_has_a_verdict_for_every_member() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let (ann, _carol) = (world.client("ann").await, world.client("carol").await);
    world.register(&["dave"]).await;
    let members = vec![user_id("bob"), user_id("carol"), user_id("dave")];
    create_group(&ann, "geese", members).await.unwrap();
    let id = ann.send(&group("geese"), &pushed("honk")).await.unwrap().message_id;
    shown(&phone, id).await;
    let trace = world.settled_trace(id.0).await;
    let state = |user: &str| {
        let device = trace.devices.iter().find(|device| device.user_id.as_str() == user).unwrap();
        (device.state, device.reason.as_deref())
    };
    assert_eq!(trace.devices.len(), 3);
    assert_eq!(state("bob").0, DeviceState::Pushed);
    assert_eq!(state("carol").0, DeviceState::Acked);
    assert_eq!(state("dave"), (DeviceState::Suppressed, Some("not_bound")));
}

#[tokio::test]
async fn without_a_push_config_nothing_is_pushed_and_the_trace_says_so() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = send(&ann, "bob", &Draft::text("quiet")).await;
    let trace = world.settled_trace(id.0).await;
    assert_eq!(verdict(&trace), (DeviceState::Suppressed, Some("no_push_config")));
    assert!(phone.wait_notice(|_| true, QUIET).await.is_none());
}

#[tokio::test]
async fn do_not_disturb_is_respected_and_a_mention_goes_through() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    create_group(&ann, "geese", vec![user_id("bob")]).await.unwrap();
    let bob = world.client("bob").await;
    bob.set_notification_status(&group("geese"), NotificationStatus::DoNotDisturb).await.unwrap();
    bob.abort();
    world.gone("bob").await;
    let quiet = ann.send(&group("geese"), &pushed("quiet")).await.unwrap().message_id;
    let trace = world.settled_trace(quiet.0).await;
    assert_eq!(verdict(&trace), (DeviceState::Suppressed, Some("do_not_disturb")));
    let mut mention = pushed("@bob").mention(vec![user_id("bob")]);
    mention.notify_mentioned = true;
    shown(&phone, ann.send(&group("geese"), &mention).await.unwrap().message_id).await;
}

#[tokio::test]
async fn logout_and_unregister_take_effect_before_they_are_answered() {
    // G8.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    world.client("bob").await.logout().await.unwrap();
    let id = send(&ann, "bob", &pushed("gone?")).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Suppressed);
    let bob = world.client("bob").await;
    messages(&bob).await;
    let all = PushUnregister { app_id: None, app_sign: None, device_id: device("bob"), push_id: None };
    bob.push_unregister(&all).await.unwrap();
    bob.abort();
    world.gone("bob").await;
    let id = send(&ann, "bob", &pushed("still gone?")).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await), (DeviceState::Suppressed, Some("not_bound")));
    assert!(phone.notices().is_empty());
}

#[tokio::test]
async fn another_user_on_the_same_phone_takes_the_push_id_over() {
    // G8.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let eve = world.raw().await;
    eve.login(world.login("eve").device(device("bob"))).await.unwrap();
    eve.abort();
    world.gone("eve").await;
    let to_bob = send(&ann, "bob", &pushed("for bob")).await;
    let trace = world.settled_trace(to_bob.0).await;
    assert_eq!(verdict(&trace).0, DeviceState::Suppressed);
    shown(&phone, send(&ann, "eve", &pushed("for eve")).await).await;
    assert_eq!(phone.notices().len(), 1);
}

#[tokio::test]
async fn a_dead_token_is_remembered_until_the_device_registers_anew() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let _other = world.phone("carol").await;
    let ann = world.client("ann").await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let token = phone.get_token(crate::push_kit::BUNDLE).unwrap();
    emulator.kill_token(&token, DeadReason::TokenFormatError).unwrap();
    let id = ann.send(&group("geese"), &pushed("one")).await.unwrap().message_id;
    let bobs = |trace: &TraceView| {
        let device = trace.devices.iter().find(|device| device.user_id.as_str() == "bob").unwrap();
        (device.state, device.reason.clone())
    };
    assert_eq!(bobs(&world.settled_trace(id.0).await).0, DeviceState::Failed);
    let id = send(&ann, "bob", &pushed("two")).await;
    let trace = world.settled_trace(id.0).await;
    assert_eq!(verdict(&trace), (DeviceState::Suppressed, Some("token_gone")));
    let bob = world.client("bob").await;
    let fresh = phone.rotate_token(crate::push_kit::BUNDLE).unwrap();
    register(&bob, "bob", &fresh).await;
    bob.abort();
    world.gone("bob").await;
    shown(&phone, send(&ann, "bob", &pushed("three")).await).await;
}

#[tokio::test]
async fn a_vendor_in_trouble_is_asked_again_with_the_same_ids() {
    // G6.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let busy = FaultAction { status: Some(503), ..FaultAction::default() };
    emulator.add_fault(FaultSpec { next: Some(2), action: busy, ..FaultSpec::default() }).unwrap();
    let id = send(&ann, "bob", &pushed("try again")).await;
    shown_in_time(&world, &phone, Duration::from_millis(250)).await;
    let trace = world.settled_trace(id.0).await;
    assert_eq!(verdict(&trace).0, DeviceState::Pushed);
    assert_eq!(trace.dispatches[0].attempts.len(), 3, "{trace:#?}");
    let log = emulator.requests(0).requests;
    let ids: Vec<String> = log
        .iter()
        .map(|request| request.json()["payload"]["notification"]["appMessageId"].to_string())
        .collect();
    assert!(ids.len() == 3 && ids.iter().all(|one| *one == ids[0]), "{ids:?}");
    assert_eq!(phone.notices().len(), 1);
}

#[tokio::test]
async fn strategies_choose_the_way_and_an_unknown_one_is_said_so() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let mut events = phone.events().unwrap();
    let with = |name: &str| {
        let mut draft = pushed("by strategy");
        draft.push_config.as_mut().unwrap().resources_id = name.into();
        draft
    };
    let silent = send(&ann, "bob", &with("silent")).await;
    assert_eq!(verdict(&world.settled_trace(silent.0).await).0, DeviceState::Pushed);
    assert!(phone.notices().is_empty(), "a background message shows nothing");
    phone.set_app_state(crate::push_kit::BUNDLE, hongyan_emulator::AppState::Foreground).unwrap();
    let got = |event: &PhoneEvent| matches!(event, PhoneEvent::MessageReceived { .. });
    assert!(events.wait(got, WAIT).await.is_some());
    let unknown = send(&ann, "bob", &with("nowhere")).await;
    let trace = world.settled_trace(unknown.0).await;
    assert_eq!(verdict(&trace), (DeviceState::Suppressed, Some("unknown_strategy")));
}

#[tokio::test]
async fn what_was_planned_before_a_restart_is_pushed_after_it_once() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let busy = FaultAction { status: Some(503), ..FaultAction::default() };
    emulator.add_fault(FaultSpec { share: Some(1.0), action: busy, ..FaultSpec::default() }).unwrap();
    let id = send(&ann, "bob", &pushed("before the restart")).await;
    until("a first try", || world.requests() > 0).await;
    let world = world.restart().await;
    world.kit.as_ref().unwrap().emulator.clear_faults();
    shown_in_time(&world, &phone, Duration::from_millis(500)).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Pushed);
    assert_eq!(phone.notices().len(), 1);
}

#[tokio::test]
async fn a_refused_credential_is_seen_in_trace_metrics_and_alarms() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let refused = FaultAction { code: Some("80300002".into()), ..FaultAction::default() };
    emulator.add_fault(FaultSpec { next: Some(1), action: refused, ..FaultSpec::default() }).unwrap();
    let id = send(&ann, "bob", &pushed("later")).await;
    until("an alarm", || !world.server.alarms(None).is_empty()).await;
    let labels = format!("app=\"{}\",vendor=\"harmony\",app_type=\"1\"", world.app.id);
    let (paused, alarm) = (
        format!("hongyan_push_circuit{{{labels},state=\"paused\"}} 1"),
        format!("hongyan_push_alarm{{{labels},kind=\"credential_refused\"}} 1"),
    );
    until("metrics", || {
        let metrics = world.server.metrics();
        metrics.contains(&paused) && metrics.contains(&alarm)
    })
    .await;
    let trace = world.server.trace(id.0).await.unwrap().unwrap();
    let event = trace.events.iter().find(|event| event.name == "paused").unwrap();
    assert!(event.text.en.contains("80300002"), "{trace:#?}");
    assert_eq!(verdict(&trace).0, DeviceState::Pending);
    shown_in_time(&world, &phone, Duration::from_secs(30)).await;
    assert_eq!(verdict(&world.settled_trace(id.0).await).0, DeviceState::Pushed);
    assert!(world.server.alarms(None).is_empty());
}

#[tokio::test]
async fn nothing_is_sent_after_its_time() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let busy = FaultAction { status: Some(503), ..FaultAction::default() };
    emulator.add_fault(FaultSpec { share: Some(1.0), action: busy, ..FaultSpec::default() }).unwrap();
    let id = send(&ann, "bob", &pushed("too late")).await;
    until("a first try", || world.requests() > 0).await;
    world.advance(Duration::from_secs(86_401));
    emulator.clear_faults();
    let trace = world.settled_trace(id.0).await;
    assert_eq!(verdict(&trace).0, DeviceState::Expired, "{trace:#?}");
    assert!(phone.notices().is_empty());
}
