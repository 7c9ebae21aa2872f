//! Calls of advanced mode through the front door: who hears what on which device, who comes in and leaves, and
//! what phones that are away show.

use crate::harness::{QUIET, WAIT, World, user_id};
use hongyan_client::{AckPolicy, Client};
use hongyan_emulator::Phone;
use hongyan_server::store::DevicePolicy;
use hongyan_wire::{
    CallId, Code,
    call::{CallMode, CallUserState},
    client::{CallInvite, CallLeave, CallingInvite},
    message::PushConfig,
    server::Notification,
};
use std::time::Duration;

const WINDOWS: u8 = 1;

fn push(title: &str) -> Option<PushConfig> {
    Some(PushConfig { title: title.into(), content: "said".into(), ..PushConfig::default() })
}

async fn invite(caller: &Client, invitees: &[&str], push_config: Option<PushConfig>) -> CallId {
    let params = CallInvite {
        invitees: invitees.iter().map(|name| user_id(name)).collect(),
        timeout: 60,
        mode: CallMode::Advanced,
        enable_not_received_check: false,
        extended_data: "video".into(),
        push_config,
    };
    caller.call_invite(&params).await.unwrap().call_id
}

fn leave(call_id: CallId, push_config: Option<PushConfig>) -> CallLeave {
    CallLeave { call_id, extended_data: "bye".into(), push_config }
}

async fn told(client: &Client, what: impl Fn(&Notification) -> bool) {
    let came = client.expect(what, WAIT).await;
    assert!(came.is_some(), "not told; the connection is open: {}", client.is_open());
}

fn state(name: &'static str, wanted: CallUserState) -> impl Fn(&Notification) -> bool {
    move |told| match told {
        Notification::CallUserState(changed) => {
            let mut users = changed.call_user_list.iter();
            users.any(|one| one.user_id.as_str() == name && one.state == wanted)
        }
        _ => false,
    }
}

fn is_ended(told: &Notification) -> bool {
    matches!(told, Notification::CallEnded(_))
}

/// Waits until exactly these titles are on the phone.
async fn shows(phone: &Phone, titles: &[&str]) {
    let started = std::time::Instant::now();
    loop {
        let notices = phone.notices();
        let shown: Vec<&str> = notices.iter().map(|notice| notice.title.as_ref()).collect();
        if shown == titles {
            return;
        }
        assert!(started.elapsed() < WAIT, "the phone shows {shown:?} instead of {titles:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_goes_on_until_it_is_ended_and_people_come_and_go() {
    let world = World::start().await;
    let (ann, bob, carol) =
        (world.client("ann").await, world.client("bob").await, world.client("carol").await);
    let call = invite(&ann, &["bob"], None).await;
    told(&bob, |told| matches!(told, Notification::CallReceived(_))).await;
    bob.call_accept(call, "yes").await.unwrap();
    told(&ann, state("bob", CallUserState::Accepted)).await;
    let further = CallingInvite { call_id: call, invitees: vec![user_id("carol")], push_config: None };
    assert!(bob.calling_invite(&further).await.unwrap().error_user_list.is_empty());
    told(&ann, state("carol", CallUserState::Inviting)).await;
    let rung = carol.expect(|told| matches!(told, Notification::CallReceived(_)), WAIT).await;
    let Some(Notification::CallReceived(rung)) = rung else { panic!("carol does not ring") };
    assert_eq!((rung.caller.as_str(), rung.inviter.as_str()), ("ann", "bob"));
    carol.call_accept(call, "").await.unwrap();
    told(&ann, state("carol", CallUserState::Accepted)).await;
    let quit = ann.call_quit(&leave(call, None)).await.unwrap();
    assert!(quit.quit_time >= quit.create_time);
    told(&bob, state("ann", CallUserState::Quit)).await;
    assert_eq!(ann.call_end(&leave(call, None)).await.unwrap_err().code(), Some(Code::CALL_FAILED));
    assert_eq!(ann.call_join(call, "back").await.unwrap().call_user_list.len(), 3);
    told(&bob, state("ann", CallUserState::Accepted)).await;
    bob.call_end(&leave(call, None)).await.unwrap();
    told(&ann, is_ended).await;
    told(&carol, is_ended).await;
    let listed = carol.call_list(1, None).await.unwrap().call_list;
    assert_eq!((listed[0].inviter.as_str(), listed[0].caller.as_str()), ("bob", "ann"));
    assert!(listed[0].call_user_list.iter().all(|one| one.state == CallUserState::Ended));
}

#[tokio::test]
async fn the_other_device_stops_ringing_and_hears_no_more_until_it_takes_over() {
    let world = World::start().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    world.register(&["carol"]).await;
    let call = invite(&ann, &["bob", "carol"], None).await;
    for device in [&bob, &pc] {
        told(device, |told| matches!(told, Notification::CallReceived(_))).await;
    }
    bob.call_accept(call, "").await.unwrap();
    for device in [&bob, &pc] {
        told(device, state("bob", CallUserState::Accepted)).await;
    }
    assert_eq!(pc.call_accept(call, "").await.unwrap_err().code(), Some(Code::CALL_NOT_INVITEE));
    assert_eq!(bob.call_join(call, "").await.unwrap_err().code(), Some(Code::CALL_IN_ALREADY));
    pc.call_join(call, "").await.unwrap();
    told(&bob, state("bob", CallUserState::Accepted)).await;
    ann.call_end(&leave(call, None)).await.unwrap();
    told(&pc, is_ended).await;
    assert!(bob.expect(is_ended, QUIET).await.is_none(), "the call went on on the other device");
}

#[tokio::test]
async fn a_phone_that_is_away_rings_and_shows_what_it_missed() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let call = invite(&ann, &["bob"], push("rings")).await;
    shows(&phone, &["rings"]).await;
    ann.call_end(&leave(call, push("missed"))).await.unwrap();
    shows(&phone, &["missed"]).await;
    let categories: Vec<_> = phone.notices().iter().map(|notice| notice.category).collect();
    assert!(format!("{categories:?}").contains("MissCall"), "{categories:?}");
}

#[tokio::test]
async fn whoever_is_called_again_keeps_the_new_notice() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let (ann, carol) = (world.client("ann").await, world.client("carol").await);
    let call = invite(&ann, &["bob", "carol"], push("first")).await;
    carol.call_accept(call, "").await.unwrap();
    shows(&phone, &["first"]).await;
    for _ in 0..2 {
        world.advance(Duration::from_secs(30));
        ann.heartbeat().await.unwrap();
        carol.heartbeat().await.unwrap();
    }
    shows(&phone, &[]).await;
    let further =
        CallingInvite { call_id: call, invitees: vec![user_id("bob")], push_config: push("second") };
    carol.calling_invite(&further).await.unwrap();
    shows(&phone, &["second"]).await;
    let bob = world.client("bob").await;
    told(&bob, |told| matches!(told, Notification::CallReceived(_))).await;
    bob.call_reject(call, "").await.unwrap();
    shows(&phone, &["second"]).await;
}

#[tokio::test]
async fn a_missed_call_is_told_by_the_app_if_it_wants() {
    let world = World::with_push().await;
    world.set(|settings| settings.missed_call_content = "missed call".into()).await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let call = invite(&ann, &["bob"], push("Ann")).await;
    shows(&phone, &["Ann"]).await;
    world.advance(Duration::from_secs(60));
    let missed = phone.wait_notice(|notice| &*notice.body == "missed call", WAIT).await;
    assert!(missed.is_some(), "{:?}", phone.notices());
    let trace = world.server.trace(call.0).await.unwrap();
    assert!(trace.is_some());
}

#[tokio::test]
async fn what_tells_that_a_call_is_over_never_rings() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let call = invite(&ann, &["bob"], push("rings")).await;
    shows(&phone, &["rings"]).await;
    let ringing = PushConfig { resources_id: "call".into(), ..push("missed").unwrap() };
    ann.call_end(&leave(call, Some(ringing))).await.unwrap();
    shows(&phone, &["missed"]).await;
}
