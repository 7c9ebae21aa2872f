//! Advanced calls over store and hub: main devices, people who come and go, what is pushed about them.

use super::*;
use crate::{
    push::Signal,
    store::{AppSettings, AppStore, IntentKind, NewApp, PushStore, Recipients},
};
use hongyan_wire::{
    call::{CallMode, CallState},
    client::{CallLeave, CallingInvite},
    message::PushConfig,
};

fn advanced(invitees: &[&str]) -> CallInvite {
    CallInvite { mode: CallMode::Advanced, ..invitation(invitees, 30) }
}

fn on(other: &str, who: Actor) -> Actor {
    Actor { device: device(other), ..who }
}

fn push(title: &str) -> PushConfig {
    PushConfig { title: title.into(), content: "said".into(), ..PushConfig::default() }
}

fn leave(call_id: CallId, push_config: Option<PushConfig>) -> CallLeave {
    CallLeave { call_id, extended_data: "bye".into(), push_config }
}

fn further(call_id: CallId, invitees: &[&str]) -> CallingInvite {
    let invitees = invitees.iter().map(|name| user(name)).collect();
    CallingInvite { call_id, invitees, push_config: Some(push("further")) }
}

impl World {
    async fn advanced(&self, invitees: &[&str]) -> CallId {
        self.calls.invite(&who("ann"), advanced(invitees)).await.unwrap().call_id
    }
}

fn names(recipients: &Recipients) -> Vec<&str> {
    let Recipients::Users(users) = recipients else { panic!("{recipients:?}") };
    users.iter().map(UserId::as_str).collect()
}

#[tokio::test]
async fn whoever_is_in_hears_on_the_device_that_accepted_until_another_takes_over() {
    let world = World::start().await;
    let (mut phone, mut pc) = (world.seat("bob", None), world.seat("bob", Some("pc")));
    let call = world.advanced(&["bob", "carol", "dave"]).await;
    assert_eq!((phone.rest(), pc.rest()), (vec!["call.received"], vec!["call.received"]));
    world.calls.accept(&who("bob"), answer(call)).await.unwrap();
    assert_eq!((phone.rest(), pc.rest()), (vec!["call.userStateChanged"], vec!["call.userStateChanged"]));
    world.calls.reject(&who("carol"), answer(call)).await.unwrap();
    assert_eq!((phone.rest(), pc.rest()), (vec!["call.userStateChanged"], vec![]));
    let joined = world.calls.join(&on("pc", who("bob")), answer(call)).await.unwrap();
    assert_eq!((joined.join_time, joined.extended_data.as_str()), (START_MS, "a call"));
    assert_eq!((phone.rest(), pc.rest()), (vec!["call.userStateChanged"], vec![]));
    world.calls.end(&who("ann"), leave(call, None)).await.unwrap();
    assert_eq!((phone.rest(), pc.rest()), (vec![], vec!["call.ended"]));
    assert_eq!(world.state(call, "dave").await, CallUserState::Ended);
}

#[tokio::test]
async fn a_main_device_that_comes_back_hears_what_it_missed_and_others_do_not() {
    let world = World::start().await;
    let call = world.advanced(&["bob", "carol"]).await;
    world.calls.accept(&who("bob"), answer(call)).await.unwrap();
    world.calls.reject(&who("carol"), answer(call)).await.unwrap();
    for (other, expected) in [(None, vec!["call.userStateChanged"]), (Some("pc"), vec![])] {
        let mut bob = world.seat("bob", other);
        let actor = other.map_or_else(|| who("bob"), |other| on(other, who("bob")));
        world.calls.ring_again(&actor, bob.seating.seat()).await;
        assert_eq!(bob.rest(), expected);
    }
}

#[tokio::test]
async fn further_people_ring_are_pushed_and_counted() {
    let mut world = World::start().await;
    let call = world.advanced(&["bob"]).await;
    world.calls.accept(&who("bob"), answer(call)).await.unwrap();
    world.signals();
    let result =
        world.calls.calling_invite(&who("bob"), further(call, &["ann", "carol", "ghost"])).await.unwrap();
    let errors: Vec<_> =
        result.error_user_list.iter().map(|one| (one.user_id.as_str(), one.reason)).collect();
    assert_eq!(errors, [("ghost", Code::NO_SUCH_USER), ("ann", Code::CALL_IN_ALREADY)]);
    let signals = world.signals();
    let [Signal::Intent(intent)] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((names(&intent.spec.recipients), intent.spec.kind), (vec!["carol"], IntentKind::Delivery));
    assert_eq!((intent.spec.sender.as_str(), intent.spec.expires_at), ("bob", START_MS + 30_000));
    assert_eq!(world.call(call).await.users[2].notice, intent.id, "it is this one that rings for carol");
    let refused = world.calls.calling_invite(&who("bob"), further(call, &["ann"])).await;
    assert_eq!(code(refused), Code::CALL_IN_ALREADY);
    let few = AppSettings { call_people_max: 3, call_invitees_max: 1, ..AppSettings::default() };
    let bounded = Actor { settings: few.into(), ..who("bob") };
    for (people, expected) in [(&["dave"][..], Code::CALL_LIMIT), (&["dave", "erin"], Code::CALL_LIMIT)] {
        assert_eq!(code(world.calls.calling_invite(&bounded, further(call, people)).await), expected);
    }
    let dave = Actor { settings: bounded.settings.clone(), ..who("dave") };
    assert_eq!(code(world.calls.join(&dave, answer(call)).await), Code::CALL_LIMIT);
    assert_eq!(code(world.calls.invite(&dave, invitation(&["ann", "bob"], 9)).await), Code::CALL_LIMIT);
}

#[tokio::test]
async fn quitting_and_ending_answer_their_times_and_push_what_they_are_asked_to() {
    let mut world = World::start().await;
    let call = world.advanced(&["bob", "carol", "dave"]).await;
    world.hand.advance(Duration::from_secs(2));
    world.calls.accept(&who("bob"), answer(call)).await.unwrap();
    world.calls.accept(&who("carol"), answer(call)).await.unwrap();
    world.hand.advance(Duration::from_secs(3));
    world.signals();
    let quit = world.calls.quit(&who("bob"), leave(call, Some(push("bob")))).await.unwrap();
    let times = (quit.create_time, quit.accept_time, quit.quit_time);
    assert_eq!(times, (START_MS, START_MS + 2_000, START_MS + 5_000));
    let signals = world.signals();
    let [Signal::Intent(left)] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!((names(&left.spec.recipients), left.spec.kind), (vec!["ann", "carol"], IntentKind::News));
    let end = world.calls.end(&who("carol"), leave(call, Some(push("carol")))).await.unwrap();
    assert_eq!((end.accept_time, end.end_time), (START_MS + 2_000, START_MS + 5_000));
    let signals = world.signals();
    let said = signals.iter().filter_map(|signal| match signal {
        Signal::Intent(intent) => Some((names(&intent.spec.recipients), intent.spec.kind)),
        _ => None,
    });
    let said = said_sorted(said.collect());
    assert_eq!(said, [(vec!["ann"], IntentKind::News), (vec!["dave"], IntentKind::MissedCall)]);
    assert_eq!(code(world.calls.end(&who("ann"), leave(call, None)).await), Code::CALL_GONE);
    assert_eq!(world.store.pending_intents(0, 9).await.unwrap().len(), 3);
}

fn said_sorted(mut said: Vec<(Vec<&str>, IntentKind)>) -> Vec<(Vec<&str>, IntentKind)> {
    said.sort_by_key(|one| one.0.clone());
    said
}

#[tokio::test]
async fn receipt_is_checked_for_whoever_asked() {
    let world = World::start().await;
    let mut ann = world.seat("ann", None);
    let invite = CallInvite { enable_not_received_check: true, ..invitation(&["bob", "carol"], 30) };
    let call = world.calls.invite(&who("ann"), invite).await.unwrap().call_id;
    world.calls.acknowledge(&who("carol"), CallRef { call_id: call }).await.unwrap();
    hush([&mut ann]);
    world.hand.advance(Duration::from_secs(5));
    let Notification::CallUserState(changed) = ann.next().await else { panic!() };
    assert_eq!(changed.call_user_list[0].state, CallUserState::NotYetReceived);
    let mut world = world.restart(Duration::from_secs(1)).await;
    world.calls.acknowledge(&who("bob"), CallRef { call_id: call }).await.unwrap();
    assert_eq!(world.state(call, "bob").await, CallUserState::Received, "it came, although late");
    world.hand.advance(Duration::from_secs(30));
    until("the end", async || world.call(call).await.state == CallState::Ended).await;
    world.signals();
}

#[tokio::test]
async fn an_app_that_wants_it_tells_of_missed_calls_by_itself() {
    let mut world = World::start().await;
    let app = NewApp { name: "test".into(), id: Some(APP) };
    world.store.create_app(app, START_MS).await.unwrap().unwrap();
    let settings = AppSettings { missed_call_content: "missed call".into(), ..AppSettings::default() };
    world.store.set_app_settings(APP, settings).await.unwrap();
    let invite = CallInvite { push_config: Some(push("Ann")), ..invitation(&["bob", "carol"], 10) };
    let call = world.calls.invite(&who("ann"), invite).await.unwrap().call_id;
    let unpushed = world.invite(&["dave"], 10).await.unwrap();
    world.calls.reject(&who("carol"), answer(call)).await.unwrap();
    world.signals();
    world.hand.advance(Duration::from_secs(10));
    until("the end", async || world.call(unpushed).await.state == CallState::Ended).await;
    until("the end", async || world.call(call).await.state == CallState::Ended).await;
    let pending = world.store.pending_intents(0, 9).await.unwrap();
    let missed: Vec<_> = pending.iter().filter(|one| one.spec.kind == IntentKind::MissedCall).collect();
    assert_eq!(missed.len(), 1, "carol answered, and nobody asked to push to dave");
    assert_eq!(names(&missed[0].spec.recipients), ["bob"]);
    let said = &missed[0].spec.push;
    assert_eq!((said.title.as_str(), said.content.as_str()), ("Ann", "missed call"));
}

#[tokio::test]
async fn people_who_vanish_leave_no_call_behind() {
    let world = World::start().await;
    let (ann, bob) = (world.seat("ann", None), world.seat("bob", None));
    let talking = world.advanced(&["bob", "carol"]).await;
    world.calls.accept(&who("bob"), answer(talking)).await.unwrap();
    drop(ann);
    world.calls.user_left(APP, &user("ann")).await;
    assert_eq!(world.call(talking).await.state, CallState::Started, "bob is here");
    drop(bob);
    world.calls.user_left(APP, &user("bob")).await;
    let over = world.call(talking).await;
    assert_eq!((over.state, over.users[2].state), (CallState::Ended, CallUserState::Ended));
}

#[tokio::test]
async fn after_a_restart_whoever_does_not_come_back_is_gone() {
    let world = World::start().await;
    let waiting = world.invite(&["bob"], 600).await.unwrap();
    let talking = world.advanced(&["carol"]).await;
    world.calls.accept(&who("carol"), answer(talking)).await.unwrap();
    let other = world.calls.invite(&who("erin"), invitation(&["bob"], 600)).await.unwrap().call_id;
    let world = world.restart(Duration::ZERO).await;
    let (_carol, _erin) = (world.seat("carol", None), world.seat("erin", None));
    world.calls.look_for_vanished().await;
    assert_eq!(world.state(waiting, "bob").await, CallUserState::BeCancelled, "ann did not come back");
    for living in [talking, other] {
        assert_eq!(world.call(living).await.state, CallState::Started);
    }
}
