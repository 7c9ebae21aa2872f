//! Call invitations in general mode, through the front door: who is told what, deadlines, restarts.

use crate::harness::{QUIET, WAIT, World, cancel, invite, until, user_id};
use hongyan_client::{AckPolicy, Client};
use hongyan_emulator::{FaultAction, FaultSpec};
use hongyan_server::push::trace::DeviceState;
use hongyan_wire::{
    CallId, Code,
    call::{CallState, CallUserState},
    message::PushConfig,
    server::Notification,
};
use std::time::Duration;

/// The next notification that `read` makes something of.
async fn told<T>(client: &Client, read: impl Fn(&Notification) -> Option<T>) -> T {
    let found = client.expect(|told| read(told).is_some(), WAIT).await;
    found
        .as_ref()
        .and_then(read)
        .unwrap_or_else(|| panic!("not told; the connection is open: {}", client.is_open()))
}

async fn received(client: &Client) -> CallId {
    told(client, |told| match told {
        Notification::CallReceived(call) => Some(call.call_id),
        _ => None,
    })
    .await
}

/// Waits until somebody's state in the call is told to be `wanted`.
async fn state_of(client: &Client, user: &str, wanted: CallUserState) {
    told(client, |told| match told {
        Notification::CallUserState(changed) => changed
            .call_user_list
            .iter()
            .find(|one| one.user_id.as_str() == user && one.state == wanted)
            .map(|_| ()),
        _ => None,
    })
    .await;
}

async fn ended(client: &Client) {
    told(client, |told| matches!(told, Notification::CallEnded(_)).then_some(())).await;
}

#[tokio::test]
async fn an_invitation_rings_is_accepted_and_ends_by_itself() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let invited = invite(&ann, vec![user_id("bob"), user_id("ghost")], 0, None).await.unwrap();
    assert_eq!((invited.timeout, invited.error_user_list[0].reason), (90, Code::NO_SUCH_USER));
    assert_eq!(received(&bob).await, invited.call_id);
    told(&ann, |told| matches!(told, Notification::CallCreated(_)).then_some(())).await;
    state_of(&ann, "bob", CallUserState::Received).await;
    bob.call_accept(invited.call_id, "").await.unwrap();
    state_of(&ann, "bob", CallUserState::Accepted).await;
    ended(&ann).await;
    let calls = ann.call_list(10, None).await.unwrap().call_list;
    assert_eq!((calls.len(), calls[0].state), (1, CallState::Ended));
    assert_eq!(calls[0].call_user_list[0].user_id.as_str(), "ann");
}

#[tokio::test]
async fn a_rejection_and_a_silent_callee_end_the_call() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let carol = world.client("carol").await;
    let call = invite(&ann, vec![user_id("bob"), user_id("carol")], 30, None).await.unwrap().call_id;
    received(&bob).await;
    received(&carol).await;
    bob.call_reject(call, "").await.unwrap();
    state_of(&ann, "bob", CallUserState::Rejected).await;
    state_of(&carol, "bob", CallUserState::Rejected).await;
    state_of(&ann, "carol", CallUserState::Received).await;
    world.advance(Duration::from_secs(30));
    told(&carol, |told| matches!(told, Notification::CallTimeout(_)).then_some(())).await;
    state_of(&ann, "carol", CallUserState::Timeout).await;
    ended(&ann).await;
    assert_eq!(carol.call_accept(call, "").await.unwrap_err().code(), Some(Code::CALL_GONE));
}

#[tokio::test]
async fn a_cancelled_call_stops_ringing_and_cannot_be_answered() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let call = invite(&ann, vec![user_id("bob")], 60, None).await.unwrap().call_id;
    received(&bob).await;
    assert_eq!(cancel(&bob, call).await.unwrap_err().code(), Some(Code::CALL_NOT_INVITER));
    cancel(&ann, call).await.unwrap();
    told(&bob, |told| matches!(told, Notification::CallCancelled(_)).then_some(())).await;
    assert_eq!(bob.call_accept(call, "").await.unwrap_err().code(), Some(Code::CALL_GONE));
}

#[tokio::test]
async fn an_accepted_call_cannot_be_cancelled() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let _carol = world.client("carol").await;
    let call = invite(&ann, vec![user_id("bob"), user_id("carol")], 60, None).await.unwrap().call_id;
    received(&bob).await;
    bob.call_accept(call, "").await.unwrap();
    assert_eq!(cancel(&ann, call).await.unwrap_err().code(), Some(Code::CALL_CANCEL_FAILED));
    assert_eq!(bob.call_accept(call, "").await.unwrap_err().code(), Some(Code::CALL_NOT_INVITEE));
}

#[tokio::test]
async fn a_callee_who_comes_in_time_rings_and_later_does_not() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    let call = invite(&ann, vec![user_id("bob")], 60, None).await.unwrap().call_id;
    let bob = world.client("bob").await;
    assert_eq!(received(&bob).await, call);
    state_of(&ann, "bob", CallUserState::Received).await;
    bob.abort();
    for _ in 0..2 {
        world.advance(Duration::from_secs(30));
        ann.heartbeat().await.unwrap();
    }
    ended(&ann).await;
    let late = world.client("bob").await;
    assert!(late.next(QUIET).await.is_none());
    assert_eq!(late.call_list(10, None).await.unwrap().call_list[0].call_id, call);
}

#[tokio::test]
async fn deadlines_survive_a_restart_and_fire_when_it_took_too_long() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    let soon = invite(&ann, vec![user_id("bob")], 20, None).await.unwrap().call_id;
    let later = invite(&ann, vec![user_id("bob")], 300, None).await.unwrap().call_id;
    world.advance(Duration::from_secs(25));
    let world = world.restart().await;
    let ann = world.client("ann").await;
    let state = async |call: CallId| {
        let calls = ann.call_list(10, None).await.unwrap().call_list;
        calls.into_iter().find(|one| one.call_id == call).unwrap().state
    };
    let started = std::time::Instant::now();
    while state(soon).await != CallState::Ended {
        assert!(started.elapsed() < WAIT, "a deadline of before the restart never fired");
    }
    assert_eq!(state(later).await, CallState::Started);
    let bob = world.client("bob").await;
    assert_eq!(received(&bob).await, later);
}

#[tokio::test]
async fn a_caller_who_logs_out_takes_the_call_along() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    invite(&ann, vec![user_id("bob")], 60, None).await.unwrap();
    received(&bob).await;
    ann.logout().await.unwrap();
    told(&bob, |told| matches!(told, Notification::CallCancelled(_)).then_some(())).await;
}

#[tokio::test]
async fn every_limit_of_an_invitation_is_checked() {
    let world = World::start().await;
    let ann = world.client_with("ann", AckPolicy::Never).await;
    world.register(&["bob"]).await;
    let code = async |users: Vec<&str>, timeout: u32| {
        let users = users.into_iter().map(user_id).collect();
        invite(&ann, users, timeout, None).await.unwrap_err().code()
    };
    assert_eq!(code(vec![], 60).await, Some(Code::BAD_PARAMETER));
    assert_eq!(code(vec!["ann"], 60).await, Some(Code::BAD_PARAMETER));
    assert_eq!(code(vec!["bob"], 601).await, Some(Code::BAD_PARAMETER));
    assert_eq!(code(vec!["ghost"], 60).await, Some(Code::CALL_NOBODY));
    let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].to_vec();
    assert_eq!(code(ten, 60).await, Some(Code::CALL_LIMIT));
    let unknown = ann.call_accept(CallId(7), "").await.unwrap_err();
    assert_eq!(unknown.code(), Some(Code::CALL_GONE));
}

#[tokio::test]
async fn a_call_to_a_killed_app_is_pushed_at_once_and_not_after_it_is_over() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let push = PushConfig { title: "Ann".into(), content: "calls".into(), ..PushConfig::default() };
    let call = invite(&ann, vec![user_id("bob")], 60, Some(push.clone())).await.unwrap().call_id;
    let id = call.to_string();
    assert!(phone.wait_notice(|notice| notice.data["callID"] == id.as_str(), WAIT).await.is_some());
    let trace = world.settled_trace(call.0).await;
    assert_eq!(trace.devices[0].state, DeviceState::Pushed);
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let busy = FaultAction { status: Some(503), ..FaultAction::default() };
    emulator.add_fault(FaultSpec { share: Some(1.0), action: busy, ..FaultSpec::default() }).unwrap();
    let before = world.requests();
    let second = invite(&ann, vec![user_id("bob")], 60, Some(push)).await.unwrap().call_id;
    until("a first try", || world.requests() > before).await;
    cancel(&ann, second).await.unwrap();
    emulator.clear_faults();
    world.advance(Duration::from_secs(5));
    let trace = world.settled_trace(second.0).await;
    assert_ne!(trace.devices[0].state, DeviceState::Pushed, "{trace:#?}");
}
