//! Taken back: revoked messages, conversations read elsewhere, calls that are over (G7).

use crate::{
    harness::{
        QUIET, WAIT, World, cancel, create_group, device, group, invite, messages, peer, until, user_id,
    },
    push_kit::BUNDLE,
    several::{WINDOWS, other, state_of},
};
use hongyan_client::{AckPolicy, Client, Draft};
use hongyan_emulator::{DropMoment, DropWhen, FaultAction, FaultSpec, Phone};
use hongyan_server::{
    push::trace::{DeviceState, DispatchPurpose, TraceView},
    store::DevicePolicy,
};
use hongyan_wire::{
    ConversationKey, MessageId,
    client::Revoke,
    message::{Message, PushConfig, Revocation, kind},
    server::{MessagesRevoked, Notification},
};
use std::time::Duration;

pub fn revoking(to: &ConversationKey, message: MessageId, push_config: Option<PushConfig>) -> Revoke {
    Revoke {
        conversation_id: to.id().to_owned(),
        conversation_type: to.kind(),
        message_id: message,
        revoke_extended_data: "why".into(),
        push_config,
    }
}

fn left(message: &Message) -> Revocation {
    let content = message.content().unwrap();
    assert_eq!((content.kind, content.message.as_str()), (kind::REVOKE, ""));
    *content.revoke.unwrap()
}

async fn revoked(client: &Client) -> MessagesRevoked {
    let told = client.expect(|told| matches!(told, Notification::MessagesRevoked(_)), WAIT).await;
    match told {
        Some(Notification::MessagesRevoked(revoked)) => revoked,
        _ => panic!("not told of a revocation; the connection is open: {}", client.is_open()),
    }
}

fn badged(text: &str) -> Draft {
    let push =
        PushConfig { title: "Ann".into(), content: text.into(), enable_badge: true, ..PushConfig::default() };
    Draft::text(text).push(push)
}

async fn send(ann: &Client, draft: &Draft) -> MessageId {
    ann.send(&peer("bob"), draft).await.unwrap().message_id
}

async fn shown(phone: &Phone, count: usize) {
    until("notices", || phone.notices().len() == count).await;
}

/// Moves time on until the phone shows so many notices.
async fn shown_in_time(world: &World, phone: &Phone, count: usize) {
    until("notices to come or go", || {
        world.advance(Duration::from_millis(250));
        phone.notices().len() == count
    })
    .await;
}

fn made_for(trace: &TraceView, purpose: DispatchPurpose) -> usize {
    trace.dispatches.iter().filter(|dispatch| dispatch.purpose == purpose).count()
}

#[tokio::test]
async fn a_revoked_message_is_gone_for_everybody_and_keeps_its_place() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let sent = ann.send(&peer("bob"), &Draft::text("oops")).await.unwrap();
    messages(&bob).await;
    assert_eq!(bob.total_unread().await.unwrap(), 1);
    let answer = ann.message_revoke(&revoking(&peer("bob"), sent.message_id, None)).await.unwrap();
    let own = left(&answer);
    assert_eq!(own.original_text_message_content.as_deref(), Some("oops"), "to be written anew");
    assert_eq!(
        (own.revoke_status, own.original_message_type, own.revoke_extended_data.as_str()),
        (0, 1, "why")
    );
    let told = revoked(&bob).await;
    assert_eq!((told.conversation_id.as_str(), told.messages[0].message_seq), ("ann", sent.message_seq));
    assert_eq!(left(&told.messages[0]).original_text_message_content, None, "the words are gone for others");
    assert_eq!(bob.total_unread().await.unwrap(), 0, "what was taken back is not unread");
    let page = bob.history(&peer("ann"), hongyan_client::Page::Newest, 10).await.unwrap();
    left(&page.messages[0]);
    let world = world.restart().await;
    let bob = world.client("bob").await;
    assert_eq!(bob.total_unread().await.unwrap(), 0, "also after a restart");
    let again = world.client("ann").await;
    let refused = again.message_revoke(&revoking(&peer("bob"), sent.message_id, None)).await.unwrap_err();
    assert_eq!(refused.code().unwrap().0, 6000279);
}

#[tokio::test]
async fn who_was_away_is_told_at_login_what_was_taken_back() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let sent = ann.send(&peer("bob"), &Draft::text("read by both")).await.unwrap();
    messages(&bob).await;
    world.advance(Duration::from_secs(1));
    bob.abort();
    world.gone("bob").await;
    ann.message_revoke(&revoking(&peer("bob"), sent.message_id, None)).await.unwrap();
    let bob = world.client("bob").await;
    assert_eq!(revoked(&bob).await.messages[0].message_id, sent.message_id);
}

#[tokio::test]
async fn each_refusal_of_a_revocation_has_its_number() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let (owner, member) = (world.client("owner").await, world.client("member").await);
    let sent = ann.send(&peer("bob"), &Draft::text("mine")).await.unwrap().message_id;
    create_group(&owner, "geese", vec![user_id("member"), user_id("ann")]).await.unwrap();
    let of_owner = owner.send(&group("geese"), &Draft::text("rule")).await.unwrap().message_id;
    let of_member = member.send(&group("geese"), &Draft::text("chat")).await.unwrap().message_id;
    let code = async |client: &Client, to: ConversationKey, id: MessageId| {
        client
            .message_revoke(&revoking(&to, id, None))
            .await
            .err()
            .and_then(|error| error.code())
            .map(|code| code.0)
    };
    assert_eq!(code(&bob, peer("ann"), sent).await, Some(6000001), "another's, in a conversation of two");
    assert_eq!(code(&ann, peer("bob"), MessageId(1)).await, Some(6000203), "no such message");
    assert_eq!(code(&ann, peer("bob"), of_owner).await, Some(6000203), "a message of another conversation");
    assert_eq!(code(&ann, peer("nobody"), sent).await, Some(6000603), "no such conversation");
    assert_eq!(code(&member, group("geese"), of_owner).await, Some(6000541), "no right");
    assert_eq!(code(&bob, group("geese"), of_owner).await, Some(6000521), "not a member");
    assert_eq!(code(&owner, group("geese"), of_member).await, None, "the owner may");
    world.advance(Duration::from_secs(121));
    let ann = world.client("ann").await;
    assert_eq!(code(&ann, peer("bob"), sent).await, Some(6000278), "too late");
}

#[tokio::test]
async fn a_revoked_message_takes_its_notice_and_its_number_along() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let kept = send(&ann, &badged("stays")).await;
    let gone = send(&ann, &badged("goes")).await;
    shown(&phone, 2).await;
    until("the number", || phone.badge(BUNDLE) == 2).await;
    ann.message_revoke(&revoking(&peer("bob"), gone, None)).await.unwrap();
    shown_in_time(&world, &phone, 1).await;
    assert_eq!(phone.notices()[0].data["messageID"], kept.to_string().as_str());
    until("the number set right", || phone.badge(BUNDLE) == 1).await;
    let trace = world.settled_trace(gone.0).await;
    assert_eq!(state_of(&trace, &device("bob")), (DeviceState::Pushed, None));
    assert_eq!(
        (made_for(&trace, DispatchPurpose::TakeBack), made_for(&trace, DispatchPurpose::Badge)),
        (1, 1)
    );
    assert!(trace.events.iter().any(|event| event.name == "taken_back"), "{}", trace.to_text());
}

#[tokio::test]
async fn a_notice_that_waits_for_its_vendor_is_dropped_when_its_message_is_revoked() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let kit = world.kit.as_ref().unwrap();
    let fault = FaultSpec {
        next: Some(1),
        action: FaultAction { status: Some(503), ..FaultAction::default() },
        ..FaultSpec::default()
    };
    kit.emulator.add_fault(fault).unwrap();
    let before = world.requests();
    let id = send(&ann, &badged("never")).await;
    until("the first try", || world.requests() > before).await;
    ann.message_revoke(&revoking(&peer("bob"), id, None)).await.unwrap();
    world.advance(Duration::from_secs(90));
    let trace = world.settled_trace(id.0).await;
    assert_eq!(state_of(&trace, &device("bob")), (DeviceState::Retracted, Some("revoked")));
    assert!(phone.wait_notice(|_| true, QUIET).await.is_none());
}

#[tokio::test]
async fn a_revocation_can_have_a_notice_of_its_own() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = send(&ann, &badged("first words")).await;
    shown(&phone, 1).await;
    let push =
        PushConfig { title: "Ann".into(), content: "took a message back".into(), ..Default::default() };
    ann.message_revoke(&revoking(&peer("bob"), id, Some(push))).await.unwrap();
    until("the one in place of the other", || {
        world.advance(Duration::from_millis(250));
        phone.notices().iter().map(|notice| &*notice.body).eq(["took a message back"])
    })
    .await;
    assert!(world.settled_trace(id.0).await.devices.len() == 2, "the message, and the news about it");
}

#[tokio::test]
async fn what_is_read_on_one_device_leaves_the_shade_of_the_other() {
    let world = World::with_push().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    let ids = [send(&ann, &badged("one")).await, send(&ann, &badged("two")).await];
    shown(&phone, 2).await;
    pc.conversation_read(&peer("ann")).await.unwrap();
    shown_in_time(&world, &phone, 0).await;
    until("the number set right", || phone.badge(BUNDLE) == 0).await;
    for id in ids {
        let trace = world.settled_trace(id.0).await;
        assert_eq!(state_of(&trace, &other("bob", "pc")).0, DeviceState::Acked);
        assert_eq!(made_for(&trace, DispatchPurpose::TakeBack), 1, "{}", trace.to_text());
    }
}

#[tokio::test]
async fn a_call_that_is_over_leaves_the_shade_and_may_leave_word() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let ring = PushConfig { title: "Ann".into(), content: "calls".into(), ..PushConfig::default() };
    let call = invite(&ann, vec![user_id("bob")], 60, Some(ring.clone())).await.unwrap().call_id;
    shown(&phone, 1).await;
    cancel(&ann, call).await.unwrap();
    shown_in_time(&world, &phone, 0).await;
    let ann = world.client("ann").await;
    let call = invite(&ann, vec![user_id("bob")], 60, Some(ring)).await.unwrap().call_id;
    shown(&phone, 1).await;
    let missed = PushConfig { title: "Ann".into(), content: "called you".into(), ..PushConfig::default() };
    let params = hongyan_wire::client::CallCancel {
        call_id: call,
        invitees: vec![],
        extended_data: String::new(),
        push_config: Some(missed),
    };
    ann.call_cancel(&params).await.unwrap();
    until("word of the missed call", || {
        world.advance(Duration::from_millis(250));
        phone.notices().iter().map(|notice| &*notice.body).eq(["called you"])
    })
    .await;
}

#[tokio::test]
async fn an_order_to_take_back_survives_a_restart() {
    // The vendor is away when the message is revoked, and the server goes before it is back.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = send(&ann, &badged("goes")).await;
    shown(&phone, 1).await;
    let kit = world.kit.as_ref().unwrap();
    let fault = FaultSpec {
        next: Some(50),
        action: FaultAction { drop: Some(DropWhen::Flag(true)), ..FaultAction::default() },
        ..FaultSpec::default()
    };
    kit.emulator.add_fault(fault).unwrap();
    ann.message_revoke(&revoking(&peer("bob"), id, None)).await.unwrap();
    ann.abort();
    let world = world.restart().await;
    assert_eq!(phone.notices().len(), 1);
    world.kit.as_ref().unwrap().emulator.clear_faults();
    shown_in_time(&world, &phone, 0).await;
}

#[tokio::test]
async fn a_user_sets_the_number_on_its_own_phones() {
    let world = World::with_push().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let phone = world.phone("bob").await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    pc.user_set_badge(7).await.unwrap();
    until("the number", || phone.badge(BUNDLE) == 7).await;
    assert_eq!(pc.user_set_badge(100_001).await.unwrap_err().code().unwrap().0, 6000001);
}

#[tokio::test]
async fn a_notice_whose_answer_was_lost_is_taken_back_too() {
    // Found by simulation: the vendor had shown it, the server did not know.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let after = FaultAction { drop: Some(DropWhen::Named(DropMoment::After)), ..FaultAction::default() };
    let fault = FaultSpec { next: Some(1), action: after, ..FaultSpec::default() };
    world.kit.as_ref().unwrap().emulator.add_fault(fault).unwrap();
    let ring = PushConfig { title: "Ann".into(), content: "calls".into(), ..PushConfig::default() };
    let call = invite(&ann, vec![user_id("bob")], 60, Some(ring)).await.unwrap().call_id;
    shown(&phone, 1).await;
    cancel(&ann, call).await.unwrap();
    shown_in_time(&world, &phone, 0).await;
}

#[tokio::test]
async fn a_notice_is_taken_back_from_a_device_whose_user_logged_out() {
    // Found by simulation: the PushID was unbound, and the notice stayed.
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = send(&ann, &badged("goes")).await;
    shown(&phone, 1).await;
    world.client("bob").await.logout().await.unwrap();
    ann.message_revoke(&revoking(&peer("bob"), id, None)).await.unwrap();
    shown_in_time(&world, &phone, 0).await;
}
