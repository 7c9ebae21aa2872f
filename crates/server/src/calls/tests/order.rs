//! Things at the same moment: answers of many, a request whose connection goes away, a login during a cancel.

use super::*;
use crate::store::sqlite::Faults;
use futures_util::{FutureExt, future::join_all};
use hongyan_wire::call::CallState;

const NAMES: [&str; 4] = ["bob", "carol", "dave", "erin"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_all_at_once_on_two_nodes_are_all_kept() {
    let world = World::start().await;
    // A second server on the same store knows nothing of the turns taken in the first.
    let (push, _signals, _) = Signals::channel();
    let second = Calls::new(world.clock.clone(), world.store.clone(), world.hub.clone(), push);
    for _ in 0..10 {
        let call = world.invite(&NAMES, 60).await.unwrap();
        let answers = NAMES.iter().enumerate().map(|(place, name)| {
            let calls = if place % 2 == 0 { &world.calls } else { &second };
            async move { calls.accept(&who(name), answer(call)).await }
        });
        for answered in join_all(answers).await {
            answered.unwrap();
        }
        let stored = world.call(call).await;
        assert_eq!((stored.state, stored.version), (CallState::Ended, 5));
        assert!(stored.users.iter().all(|one| one.state == CallUserState::Accepted));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accept_and_cancel_at_once_end_in_one_of_the_two() {
    let world = World::start().await;
    let mut bob = world.seat("bob", None);
    for _ in 0..20 {
        let call = world.invite(&["bob"], 60).await.unwrap();
        bob.rest();
        let (ann, by_bob) = (who("ann"), who("bob"));
        let cancelled = world.calls.cancel(&ann, cancel(call));
        let accepted = world.calls.accept(&by_bob, answer(call));
        let (cancelled, accepted) = tokio::join!(cancelled, accepted);
        assert_ne!(cancelled.is_ok(), accepted.is_ok());
        let told = bob.rest();
        match accepted {
            Ok(_) => assert_eq!(told, ["call.userStateChanged", "call.ended"]),
            Err(refusal) => assert_eq!((refusal.code, told), (Code::CALL_GONE, vec!["call.cancelled"])),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_comes_during_a_cancel_does_not_ring_for_ever() {
    let world = World::start().await;
    for _ in 0..40 {
        let call = world.invite(&["bob"], 60).await.unwrap();
        let mut bob = world.seat("bob", None);
        let (ann, by_bob, seat) = (who("ann"), who("bob"), bob.seating.seat().clone());
        let cancelled = world.calls.cancel(&ann, cancel(call));
        let rung = world.calls.ring_again(&by_bob, &seat);
        tokio::join!(rung, async { cancelled.await.unwrap() });
        let told = bob.rest();
        assert_eq!(told.last(), Some(&"call.cancelled"), "{told:?}");
        assert!(told.len() <= 2, "{told:?}");
    }
}

#[tokio::test]
async fn a_change_is_carried_through_although_who_asked_is_gone() {
    let faults = Arc::new(Faults::default());
    let options = StoreOptions { faults: Some(faults.clone()), ..StoreOptions::default() };
    let world = World::start_with(options).await;
    let (mut ann, mut bob) = (world.seat("ann", None), world.seat("bob", None));
    let call = world.invite(&["bob"], 60).await.unwrap();
    hush([&mut ann, &mut bob]);
    let held = faults.hold_commits();
    let by_bob = who("bob");
    let asked = world.calls.accept(&by_bob, answer(call)).now_or_never();
    assert!(asked.is_none() && ann.rest().is_empty(), "nothing is answered or told before the commit");
    drop(held);
    assert_eq!(ann.next().await.method(), "call.userStateChanged");
    assert_eq!(ann.next().await.method(), "call.ended");
    assert_eq!(world.state(call, "bob").await, CallUserState::Accepted);
}

#[tokio::test]
async fn nothing_is_told_that_is_not_stored() {
    let faults = Arc::new(Faults::default());
    let options = StoreOptions { faults: Some(faults.clone()), ..StoreOptions::default() };
    let mut world = World::start_with(options).await;
    let mut bob = world.seat("bob", None);
    let call = world.invite(&["bob"], 60).await.unwrap();
    bob.rest();
    world.signals();
    faults.fail_next_commit();
    assert_eq!(code(world.calls.cancel(&who("ann"), cancel(call)).await), Code::SERVICE);
    assert_eq!(code(world.invite(&["bob"], 60).await), Code::SERVICE);
    assert!(bob.rest().is_empty() && world.signals().is_empty());
    assert_eq!(world.call(call).await.state, CallState::Started);
}
