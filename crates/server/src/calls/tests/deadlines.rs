//! Rings end when they are due: exactly, after a restart, and although the disk was full meanwhile.

use super::*;
use crate::store::sqlite::Faults;
use hongyan_wire::call::CallState;

impl World {
    async fn ended(&self, call: CallId) {
        until("the call to end", async || self.call(call).await.state == CallState::Ended).await;
    }
}

#[tokio::test]
async fn a_ring_ends_at_its_millisecond() {
    let world = World::start().await;
    let (mut ann, mut bob) = (world.seat("ann", None), world.seat("bob", None));
    let long = world.invite(&["bob"], 31).await.unwrap();
    let call = world.invite(&["bob", "carol"], 30).await.unwrap();
    world.calls.accept(&who("carol"), answer(call)).await.unwrap();
    hush([&mut ann, &mut bob]);
    world.hand.advance(Duration::from_millis(29_999));
    // Whatever the timer does now, it has done when somebody else's change is through.
    world.calls.acknowledge(&who("bob"), CallRef { call_id: long }).await.unwrap();
    assert_eq!(world.state(call, "bob").await, CallUserState::Inviting);
    hush([&mut ann, &mut bob]);
    world.hand.advance(Duration::from_millis(1));
    let Notification::CallTimeout(timeout) = bob.next().await else { panic!() };
    assert_eq!(timeout.call_id, call);
    let Notification::CallUserState(changed) = ann.next().await else { panic!() };
    assert_eq!(changed.call_user_list[0].state, CallUserState::Timeout);
    let Notification::CallEnded(ended) = ann.next().await else { panic!() };
    assert_eq!((ended.end_time, ended.operated_user_id), (START_MS + 30_000, user("ann")));
    assert_eq!(world.call(long).await.state, CallState::Started);
}

#[tokio::test]
async fn an_answer_at_the_deadline_is_too_late_even_if_the_timer_sleeps() {
    let mut world = World::start().await;
    world.deadlines = None;
    let call = world.invite(&["bob"], 30).await.unwrap();
    let other = world.invite(&["bob"], 30).await.unwrap();
    world.hand.advance(Duration::from_secs(30));
    assert_eq!(code(world.calls.accept(&who("bob"), answer(call)).await), Code::CALL_GONE);
    assert_eq!(world.state(call, "bob").await, CallUserState::Timeout, "the deadline was kept first");
    assert_eq!(code(world.calls.cancel(&who("ann"), cancel(other)).await), Code::CALL_GONE);
    assert_eq!(world.state(other, "bob").await, CallUserState::Timeout);
}

#[tokio::test]
async fn deadlines_survive_a_restart_and_those_that_passed_fire_at_once() {
    let world = World::start().await;
    let soon = world.invite(&["bob"], 20).await.unwrap();
    let later = world.invite(&["bob", "carol"], 300).await.unwrap();
    world.calls.acknowledge(&who("carol"), CallRef { call_id: later }).await.unwrap();
    let mut world = world.restart(Duration::from_secs(100)).await;
    world.ended(soon).await;
    let stored = world.call(soon).await;
    assert_eq!((stored.ended_at, stored.users[1].state), (Some(START_MS + 20_000), CallUserState::Timeout));
    assert_eq!(world.state(later, "carol").await, CallUserState::Received);
    let told = tokio::time::timeout(WAIT, world.signals.recv()).await.unwrap();
    assert!(matches!(told, Some(Signal::CallOver { call, .. }) if call == soon));
    world.hand.advance(Duration::from_secs(200));
    world.ended(later).await;
    assert_eq!(world.call(later).await.ended_at, Some(START_MS + 300_000));
}

#[tokio::test]
async fn many_calls_that_are_due_together_all_end() {
    let world = World::start().await;
    let mut calls = Vec::new();
    for _ in 0..8 {
        for caller in ["ann", "bob", "carol", "dave"] {
            let invited = world.calls.invite(&who(caller), invitation(&["erin"], 5)).await.unwrap();
            calls.push(invited.call_id);
        }
    }
    let mut erin = world.seat("erin", None);
    world.hand.advance(Duration::from_secs(5));
    let mut timed_out = std::collections::HashSet::new();
    for _ in 0..calls.len() {
        let Notification::CallTimeout(timeout) = erin.next().await else { panic!() };
        assert!(timed_out.insert(timeout.call_id), "once each");
    }
    assert!(world.store.live_calls().await.unwrap().is_empty());
    assert!(erin.rest().is_empty());
}

#[tokio::test]
async fn a_full_disk_puts_a_deadline_off_and_loses_nothing() {
    let faults = Arc::new(Faults::default());
    let options = StoreOptions { faults: Some(faults.clone()), ..StoreOptions::default() };
    let world = World::start_with(options).await;
    let mut bob = world.seat("bob", None);
    let call = world.invite(&["bob"], 10).await.unwrap();
    bob.rest();
    faults.limit_pages(1);
    let refused = CallInvite { extended_data: "x".repeat(2_000), ..invitation(&["bob"], 10) };
    // Pages that are free are used up first.
    until("the disk to be full", || async {
        code_of(world.calls.invite(&who("carol"), refused.clone()).await) == Some(Code::SERVICE)
    })
    .await;
    bob.rest();
    world.hand.advance(Duration::from_secs(10));
    let put_off = START_MS + 11_000;
    until("the deadline to be put off", async || world.calls.schedule.next() == Some(put_off)).await;
    assert_eq!((world.state(call, "bob").await, bob.rest().len()), (CallUserState::Inviting, 0));
    faults.limit_pages(0);
    until("the deadline to be kept", async || {
        world.hand.advance(Duration::from_millis(500));
        world.call(call).await.state == CallState::Ended
    })
    .await;
    assert_eq!(world.call(call).await.ended_at, Some(START_MS + 10_000));
}

fn code_of<T>(result: Result<T, Refusal>) -> Option<Code> {
    result.err().map(|refusal| refusal.code)
}
