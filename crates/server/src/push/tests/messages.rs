//! Messages: acknowledged or pushed, and when.

use super::bench::{Bench, device_of, eventually, only, peer, push_config, states, user};
use crate::{
    push::{PushLimits, Signal, signal::SIGNALS_MAX, trace::DeviceState},
    store::{ConversationStore, Recipients, UserStore},
};
use hongyan_wire::{
    ConversationKey, client::AppPhase, conversation::NotificationStatus, message::PushConfig,
};
use std::sync::Arc;

#[tokio::test]
async fn a_killed_app_gets_a_notice_at_once() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let id = bench.send(peer("bob")).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert_eq!(trace.devices[0].at, Some(trace.accepted_at));
    assert_eq!(trace.devices[0].push_id.as_ref(), Some(&bob.push_id));
    let notices = bob.phone.notices();
    assert_eq!(notices.len(), 1);
    assert_eq!((&*notices[0].title, &*notices[0].body), ("Ann", "hello"));
}

#[tokio::test]
async fn who_acknowledges_in_time_gets_no_push() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.advance(4_999);
    bench.ack(&bob, peer("ann"), 1);
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Acked, None));
    bench.advance(60_000);
    assert!(bench.requests().is_empty());
}

#[tokio::test]
async fn an_acknowledgement_before_the_first_look_counts() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let intent = bench.intent(push_config());
    let appended = bench.append(peer("bob"), Some(intent)).await;
    bench.ack(&bob, peer("ann"), 1);
    bench.signals.send(Signal::Intent(appended.intent.clone().unwrap()));
    assert_eq!(only(&bench.settled(appended.message.id.0).await), (DeviceState::Acked, None));
}

#[tokio::test]
async fn a_silent_session_is_pushed_at_the_deadline() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.advance(4_999);
    assert!(bench.requests().is_empty());
    bench.advance(1);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert_eq!(trace.devices[0].at, Some(trace.accepted_at + 5_000));
    assert_eq!(bench.requests().len(), 1);
}

#[tokio::test]
async fn going_to_the_background_pushes_what_waits_at_once() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let seating = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.advance(1_000);
    seating.seat().set_phase(AppPhase::Background, 1);
    bench.changed(&bob);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert!(trace.devices[0].at <= Some(trace.accepted_at + 1_000), "long before the deadline");
}

/// The acknowledgement that comes before the planner looks, which the decision's own test cannot race.
#[tokio::test]
async fn in_the_background_an_acknowledgement_before_the_look_saves_no_notice() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seating = bench.connect(&bob, AppPhase::Background);
    let intent = bench.intent(push_config());
    let appended = bench.append(peer("bob"), Some(intent)).await;
    bench.ack(&bob, peer("ann"), appended.message.seq);
    bench.signals.send(Signal::Intent(appended.intent.clone().unwrap()));
    assert_eq!(only(&bench.settled(appended.message.id.0).await), (DeviceState::Pushed, None));
    assert_eq!(bob.phone.notices().len(), 1);
}

#[tokio::test]
async fn a_lost_connection_has_a_short_grace() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.connect(&bob, AppPhase::Foreground).drop_out(bench.clock.now_ms());
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.advance(2_000);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Pushed, None));
    assert_eq!(trace.devices[0].at, Some(trace.accepted_at + 2_000));
}

#[tokio::test]
async fn back_within_the_grace_it_may_acknowledge() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.connect(&bob, AppPhase::Foreground).drop_out(bench.clock.now_ms());
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.advance(1_500);
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    bench.ack(&bob, peer("ann"), 1);
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Acked, None));
    assert!(bench.requests().is_empty());
}

#[tokio::test]
async fn each_member_of_a_group_has_its_own_end_and_equal_notices_share_a_request() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let (carol, dan, eve) =
        (bench.member("carol").await, bench.member("dan").await, bench.member("eve").await);
    bench.sign_in(&user("fay"), &device_of("fay")).await;
    let geese = bench.group(&["bob", "carol", "dan", "eve", "fay"]).await;
    let quiet = NotificationStatus::DoNotDisturb;
    bench.store.set_notification(bench.app, &eve.user, &geese, quiet).await.unwrap().unwrap();
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(geese.clone()).await;
    bench.waits_for(id.0, 1).await;
    bench.ack(&bob, geese, 1);
    let trace = bench.settled(id.0).await;
    let expected = [
        ("bob".to_owned(), DeviceState::Acked, None),
        ("carol".to_owned(), DeviceState::Pushed, None),
        ("dan".to_owned(), DeviceState::Pushed, None),
        ("eve".to_owned(), DeviceState::Suppressed, Some("do_not_disturb".to_owned())),
        ("fay".to_owned(), DeviceState::Suppressed, Some("not_bound".to_owned())),
    ];
    assert_eq!(states(&trace), expected);
    assert_eq!(bench.requests().len(), 1);
    assert_eq!((trace.dispatches.len(), trace.dispatches[0].targets), (1, 2));
    assert_eq!((carol.phone.notices().len(), dan.phone.notices().len()), (1, 1));
}

#[tokio::test]
async fn a_mention_reaches_through_do_not_disturb_when_the_sender_wants_it() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let geese = bench.group(&["bob"]).await;
    let quiet = NotificationStatus::DoNotDisturb;
    bench.store.set_notification(bench.app, &bob.user, &geese, quiet).await.unwrap().unwrap();
    for (notify_mentioned, mention_all, end) in [
        (false, true, (DeviceState::Suppressed, Some("do_not_disturb"))),
        (true, false, (DeviceState::Suppressed, Some("do_not_disturb"))),
        (true, true, (DeviceState::Pushed, None)),
    ] {
        let mut intent = bench.intent(push_config());
        (intent.notify_mentioned, intent.mention_all) = (notify_mentioned, mention_all);
        let id = bench.send_with(geese.clone(), Some(intent)).await;
        assert_eq!(only(&bench.settled(id.0).await), end);
    }
}

#[tokio::test]
async fn what_was_read_on_another_device_is_not_pushed() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    bench.connect(&bob, AppPhase::Foreground).drop_out(bench.clock.now_ms());
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.store.mark_read(bench.app, &bob.user, None, &peer("ann"), None).await.unwrap().unwrap();
    bench.changed(&bob);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("read_elsewhere")));
}

#[tokio::test]
async fn logging_out_while_waited_for_says_so() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let seating = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    bench.store.sign_out(bench.app, &bob.user, &bob.device).await.unwrap();
    drop(seating);
    bench.changed(&bob);
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("logged_out")));
    assert!(bench.requests().is_empty());
}

#[tokio::test]
async fn without_a_push_config_the_trace_says_so() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let id = bench.send_with(peer("bob"), None).await;
    let trace = bench.trace(id.0).await;
    assert!(trace.settled);
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("no_push_config")));
    let other_app = hongyan_wire::AppId(bench.app.0 ^ 1);
    assert_eq!(bench.push.as_ref().unwrap().trace(Some(other_app), id.0).await.unwrap(), None);
    assert_eq!(bench.push.as_ref().unwrap().trace(None, 1).await.unwrap(), None);
    bench.advance(86_400_000);
    let old = bench.trace(id.0).await;
    assert!(old.devices.is_empty(), "of something old it cannot be known any more");
    assert!(old.events.iter().any(|event| event.name == "forgotten"));
}

#[tokio::test]
async fn an_unknown_strategy_and_a_missing_credential_are_reasons() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let config = PushConfig { resources_id: "nowhere".into(), ..push_config() };
    let intent = bench.intent(config);
    let id = bench.send_with(peer("bob"), Some(intent)).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("unknown_strategy")));
    bench.put_credential("{}").await;
    let id = bench.send(peer("bob")).await;
    let trace = bench.settled(id.0).await;
    assert_eq!(only(&trace), (DeviceState::Suppressed, Some("bad_credential")));
}

#[tokio::test]
async fn more_than_fits_into_memory_is_found_in_the_store() {
    let limits = PushLimits { waiting_max: 4, batch_intents_max: 2, ..PushLimits::default() };
    let mut bench = Bench::with(limits).await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(bench.send(peer("bob")).await);
    }
    bench.waits_for(ids[0].0, 1).await;
    bench.ack(&bob, peer("ann"), 10);
    for id in &ids[..10] {
        assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Acked, None));
    }
    bench.advance(5_000);
    for id in &ids[10..] {
        assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Pushed, None));
    }
    assert_eq!(bench.requests().len(), 10);
}

#[tokio::test]
async fn a_late_signal_of_what_was_read_from_the_store_changes_nothing() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let intent = bench.intent(push_config());
    let first = bench.append(peer("bob"), Some(intent)).await;
    bench.restart().await;
    bench.advance(3_000);
    bench.settled(first.message.id.0).await;
    bench.signals.send(Signal::Intent(first.intent.clone().unwrap()));
    let last = bench.send(peer("bob")).await;
    bench.settled(last.0).await;
    assert_eq!(bench.requests().len(), 2, "one for each message");
}

#[tokio::test]
async fn recipients_are_named_once_and_never_the_sender() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let mut intent = bench.intent(push_config());
    intent.recipients = Recipients::Users(vec![user("bob"), user("ann"), user("bob")]);
    let id = bench.send_with(peer("bob"), Some(intent)).await;
    assert_eq!(only(&bench.settled(id.0).await), (DeviceState::Pushed, None));
}

#[tokio::test]
async fn stopping_leaves_what_waits_in_the_store() {
    let mut bench = Bench::new().await;
    let bob = bench.member("bob").await;
    let _seat = bench.connect(&bob, AppPhase::Foreground);
    let id = bench.send(peer("bob")).await;
    bench.waits_for(id.0, 1).await;
    let push = bench.push.take().unwrap();
    let counters = push.counters().clone();
    push.stop().await;
    assert_eq!((counters.intents.get(), counters.planned.get()), (1, 0));
    use crate::store::PushStore;
    let pending = bench.store.pending_intents(0, 10).await.unwrap();
    assert_eq!(pending.iter().map(|intent| intent.id).collect::<Vec<_>>(), [id.0]);
    eventually(async || (Arc::strong_count(&counters) == 1).then_some(())).await;
}

#[tokio::test]
async fn who_joined_later_has_no_part_in_it() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    bench.member("carol").await;
    let geese = bench.group(&["bob"]).await;
    let intent = bench.intent(push_config());
    let appended = bench.append(geese.clone(), Some(intent)).await;
    let ConversationKey::Group(group) = &geese else { unreachable!() };
    let now = bench.clock.now_ms();
    use crate::store::GroupStore;
    bench.store.add_members(bench.app, group, &user("ann"), &[user("carol")], 10, now).await.unwrap();
    bench.signals.send(Signal::Intent(appended.intent.clone().unwrap()));
    let trace = bench.settled(appended.message.id.0).await;
    assert_eq!(states(&trace), [("bob".to_owned(), DeviceState::Pushed, None)]);
}

#[tokio::test]
async fn hints_that_did_not_fit_are_made_up_for() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let intent = bench.intent(push_config());
    let lost = bench.append(peer("bob"), Some(intent)).await;
    // A single-threaded test: nobody takes a hint out while these go in.
    for _ in 0..=SIGNALS_MAX {
        let (app, user) = (bench.app, user("nobody"));
        bench.signals.send(Signal::UserChanged { app, user });
    }
    assert_eq!(only(&bench.settled(lost.message.id.0).await), (DeviceState::Pushed, None));
}
