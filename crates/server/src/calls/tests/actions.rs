//! What requests do: who is told, what is stored, what push hears, and what is refused.

use super::*;
use crate::{
    push::Signal,
    store::{PushStore, Recipients, Subject},
};
use hongyan_wire::{
    call::{CallMode, CallState},
    client::CallList,
    message::PushConfig,
};

#[tokio::test]
async fn an_invitation_reaches_both_sides_and_a_call_runs_its_course() {
    let mut world = World::start().await;
    let (mut ann, mut desk) = (world.seat("ann", None), world.seat("ann", Some("desk")));
    let mut bob = world.seat("bob", None);
    let result = world.calls.invite(&who("ann"), invitation(&["bob", "ghost"], 0)).await.unwrap();
    let call = result.call_id;
    assert_eq!((result.timeout, result.error_user_list.len()), (90, 1));
    let unknown = &result.error_user_list[0];
    assert_eq!((unknown.user_id.as_str(), unknown.reason), ("ghost", Code::NO_SUCH_USER));
    let Notification::CallReceived(rung) = bob.next().await else { panic!() };
    assert_eq!((rung.call_id, rung.inviter, rung.timeout), (call, user("ann"), 90));
    assert_eq!((rung.create_time, rung.call_user_list.len()), (START_MS, 2));
    assert_eq!((ann.rest(), desk.rest()), (vec!["call.created"], vec!["call.created"]));
    world.calls.acknowledge(&who("bob"), CallRef { call_id: call }).await.unwrap();
    assert_eq!(world.state(call, "bob").await, CallUserState::Received);
    world.calls.accept(&who("bob"), answer(call)).await.unwrap();
    let stored = world.call(call).await;
    assert_eq!((stored.state, stored.version, stored.due_at), (CallState::Ended, 3, None));
    assert_eq!(stored.users[1].device.as_deref(), Some("device-of-bob"));
    let expected = ["call.userStateChanged", "call.userStateChanged", "call.ended"];
    assert_eq!((ann.rest(), bob.rest()), (expected.into(), expected.into()));
    let signals = world.signals();
    assert!(matches!(&signals[..], [
        Signal::CallAcked { call: acked, .. },
        Signal::CallOver { call: over, users },
        Signal::Retraction,
    ] if *acked == call && *over == call && *users == [user("bob")]));
}

#[tokio::test]
async fn a_wish_to_push_is_stored_with_the_call_and_announced() {
    let mut world = World::start().await;
    let push = PushConfig { title: "Ann".into(), content: "calls".into(), ..PushConfig::default() };
    let invite = CallInvite { push_config: Some(push.clone()), ..invitation(&["bob", "ghost", "carol"], 40) };
    let call = world.calls.invite(&who("ann"), invite).await.unwrap().call_id;
    let signals = world.signals();
    let [Signal::Intent(intent)] = &signals[..] else { panic!("{signals:?}") };
    assert_eq!(world.store.pending_intents(0, 9).await.unwrap(), [(**intent).clone()]);
    assert_eq!((intent.id, intent.app, intent.created_at, intent.due_at), (call.0, APP, START_MS, START_MS));
    assert_eq!(intent.subject, Subject::Call { call, mode: CallMode::General });
    assert_eq!(intent.spec.recipients, Recipients::Users(vec![user("bob"), user("carol")]));
    assert_eq!((&intent.spec.push, intent.spec.expires_at), (&push, START_MS + 40_000));
    world.calls.cancel(&who("ann"), cancel(call)).await.unwrap();
    let signals = world.signals();
    assert!(
        matches!(&signals[..], [Signal::CallOver { users, .. }, Signal::Retraction] if users.len() == 2),
        "{signals:?}"
    );
}

#[tokio::test]
async fn a_cancel_names_whom_it_did_not_concern() {
    let world = World::start().await;
    let (mut ann, mut desk) = (world.seat("ann", None), world.seat("ann", Some("desk")));
    let mut bob = world.seat("bob", None);
    let call = world.invite(&["bob", "carol"], 60).await.unwrap();
    world.calls.reject(&who("carol"), answer(call)).await.unwrap();
    hush([&mut ann, &mut desk, &mut bob]);
    let invitees = vec![user("bob"), user("carol"), user("dave")];
    let asked = hongyan_wire::client::CallCancel { invitees, ..cancel(call) };
    let result = world.calls.cancel(&who("ann"), asked).await.unwrap();
    assert_eq!(result.error_invitees, [user("carol"), user("dave")]);
    assert_eq!(bob.rest(), ["call.cancelled"]);
    assert_eq!((ann.rest(), desk.rest()), (vec![], vec!["call.cancelled"]));
    assert_eq!(code(world.calls.cancel(&who("ann"), cancel(call)).await), Code::CALL_GONE);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_and_nothing_is_stored() {
    let mut world = World::start().await;
    let mut bob = world.seat("bob", None);
    let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    for (invitees, timeout, expected) in [
        (&[][..], 60, Code::BAD_PARAMETER),
        (&["bob", "ann"], 60, Code::BAD_PARAMETER),
        (&["bob", "bob"], 60, Code::BAD_PARAMETER),
        (&["bob"], 601, Code::BAD_PARAMETER),
        (&ten, 60, Code::CALL_LIMIT),
        (&["ghost", "spirit"], 60, Code::CALL_NOBODY),
    ] {
        assert_eq!(code(world.invite(invitees, timeout).await), expected, "{invitees:?}");
    }
    let long = CallInvite { extended_data: "x".repeat(2_049), ..invitation(&["bob"], 60) };
    assert_eq!(code(world.calls.invite(&who("ann"), long).await), Code::BAD_PARAMETER);
    assert!(world.store.live_calls().await.unwrap().is_empty());
    assert_eq!((bob.rest().len(), world.signals().len()), (0, 0));
}

#[tokio::test]
async fn a_call_of_another_app_does_not_exist() {
    let world = World::start().await;
    let call = world.invite(&["bob"], 60).await.unwrap();
    let stranger = |name| Actor { app: AppId(8), ..who(name) };
    assert_eq!(code(world.calls.accept(&stranger("bob"), answer(call)).await), Code::CALL_GONE);
    assert_eq!(code(world.calls.cancel(&stranger("ann"), cancel(call)).await), Code::CALL_GONE);
    let acked = world.calls.acknowledge(&stranger("bob"), CallRef { call_id: call }).await;
    assert_eq!(code(acked), Code::CALL_GONE);
    assert_eq!(code(world.calls.accept(&who("bob"), answer(CallId(5))).await), Code::CALL_GONE);
    assert_eq!(world.call(call).await.version, 1);
}

#[tokio::test]
async fn acknowledgements_may_be_repeated_and_late() {
    let mut world = World::start().await;
    let call = world.invite(&["bob", "carol"], 60).await.unwrap();
    let ack = CallRef { call_id: call };
    for _ in 0..3 {
        world.calls.acknowledge(&who("bob"), ack).await.unwrap();
    }
    assert_eq!(world.call(call).await.version, 2, "the first one only");
    let tablet = Actor { device: device("tablet"), ..who("bob") };
    world.calls.acknowledge(&tablet, ack).await.unwrap();
    let acked =
        |signal: &Signal| matches!(signal, Signal::CallAcked { device: by, .. } if *by == device("tablet"));
    assert!(world.signals().iter().any(acked), "push has to know which devices ring");
    assert_eq!(code(world.calls.acknowledge(&who("dave"), ack).await), Code::CALL_NOT_INVITEE);
    world.calls.cancel(&who("ann"), cancel(call)).await.unwrap();
    world.calls.acknowledge(&who("carol"), ack).await.unwrap();
    assert_eq!(world.state(call, "carol").await, CallUserState::BeCancelled);
}

#[tokio::test]
async fn a_caller_who_leaves_takes_along_what_nobody_accepted() {
    let world = World::start().await;
    let (mut bob, mut carol) = (world.seat("bob", None), world.seat("carol", None));
    let waiting = world.invite(&["bob", "carol"], 60).await.unwrap();
    let taken_up = world.invite(&["bob", "carol"], 60).await.unwrap();
    let of_bob = world.calls.invite(&who("bob"), invitation(&["ann"], 60)).await.unwrap().call_id;
    world.calls.accept(&who("carol"), answer(taken_up)).await.unwrap();
    hush([&mut bob, &mut carol]);
    world.calls.user_left(APP, &user("ann")).await;
    world.calls.user_left(APP, &user("ann")).await;
    assert_eq!(world.call(waiting).await.state, CallState::Ended);
    for living in [taken_up, of_bob] {
        assert_eq!(world.call(living).await.state, CallState::Started);
    }
    assert_eq!((bob.rest(), carol.rest()), (vec!["call.cancelled"], vec!["call.cancelled"]));
}

#[tokio::test]
async fn a_device_that_comes_rings_or_hears_what_it_missed() {
    let world = World::start().await;
    let call = world.invite(&["bob", "carol", "dave"], 60).await.unwrap();
    world.calls.acknowledge(&who("carol"), CallRef { call_id: call }).await.unwrap();
    world.calls.accept(&who("carol"), answer(call)).await.unwrap();
    world.hand.advance(Duration::from_secs(59));
    let mut bob = world.seat("bob", None);
    world.calls.ring_again(&who("bob"), bob.seating.seat()).await;
    let Notification::CallReceived(rung) = bob.next().await else { panic!() };
    assert_eq!((rung.call_id, rung.inviter), (call, user("ann")));
    assert_eq!(rung.call_user_list[2].state, CallUserState::Accepted, "as things stand now");
    assert!(bob.rest().is_empty());
    let mut ann = world.seat("ann", None);
    world.calls.ring_again(&who("ann"), ann.seating.seat()).await;
    let Notification::CallUserState(missed) = ann.next().await else { panic!() };
    assert_eq!(missed.call_user_list.len(), 1);
    assert_eq!(missed.call_user_list[0].user_id, user("carol"));
    let mut carol = world.seat("carol", None);
    world.calls.ring_again(&who("carol"), carol.seating.seat()).await;
    let mut dave = world.seat("dave", None);
    world.calls.reject(&who("dave"), answer(call)).await.unwrap();
    hush([&mut carol, &mut dave]);
    world.calls.ring_again(&who("dave"), dave.seating.seat()).await;
    assert!(carol.rest().is_empty() && dave.rest().is_empty(), "done with the call, or nothing missed");
}

#[tokio::test]
async fn the_list_goes_back_page_by_page() {
    let world = World::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, world.invite(&["bob"], 1).await.unwrap());
    }
    let list = async |name, count, before| world.calls.list(&who(name), CallList { count, before }).await;
    let page = list("bob", 3, None).await.unwrap();
    assert_eq!(page.call_list.iter().map(|call| call.call_id).collect::<Vec<_>>(), ids[..3]);
    assert_eq!(page.next, Some(ids[2]));
    let last = list("bob", 2, page.next).await.unwrap();
    assert_eq!((last.call_list.len(), last.next), (2, None));
    assert_eq!((last.call_list[1].end_time, last.call_list[1].extended_data.as_str()), (0, "a call"));
    assert!(list("dave", 9, None).await.unwrap().call_list.is_empty());
    for count in [0, 101] {
        assert_eq!(code(list("bob", count, None).await), Code::BAD_PARAMETER);
    }
}

#[tokio::test]
async fn a_flood_of_calls_is_refused_until_some_are_over() {
    let world = World::start().await;
    let first = world.invite(&["bob"], 60).await.unwrap();
    for _ in 1..32 {
        world.invite(&["bob"], 60).await.unwrap();
    }
    assert_eq!(code(world.invite(&["bob"], 60).await), Code::RATE_LIMITED);
    let of_bob = world.calls.invite(&who("bob"), invitation(&["ann"], 60)).await;
    assert!(of_bob.is_ok(), "being called does not count");
    world.calls.cancel(&who("ann"), cancel(first)).await.unwrap();
    world.invite(&["bob"], 60).await.unwrap();
}
