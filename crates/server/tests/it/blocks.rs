//! Block lists, through the front door.

use crate::{
    harness::{WAIT, World, create_group, group, invite, messages, peer, user_id},
    several::WINDOWS,
};
use hongyan_client::{AckPolicy, CallError, Draft};
use hongyan_server::store::DevicePolicy;
use hongyan_wire::{Code, client::BlockAction, server::Notification};

fn number<T: std::fmt::Debug>(answer: Result<T, CallError>) -> Option<Code> {
    answer.err().and_then(|error| error.code())
}

#[tokio::test]
async fn who_is_blocked_can_neither_write_nor_call_in_private() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let asked = vec![user_id("ann"), user_id("ghost"), user_id("bob")];
    let errors = bob.block_add(asked).await.unwrap().error_user_list;
    let reasons: Vec<_> = errors.iter().map(|error| (error.user_id.as_str(), error.reason.0)).collect();
    assert_eq!(reasons, [("bob", 6000805), ("ghost", 6000811)]);
    assert_eq!(number(ann.send(&peer("bob"), &Draft::text("hi")).await), Some(Code::BLOCKED));
    assert_eq!(number(ann.send(&peer("bob"), &Draft::command(b"x")).await), Some(Code::BLOCKED));
    assert_eq!(number(invite(&ann, vec![user_id("bob")], 30, None).await), Some(Code::BLOCKED));
    bob.send(&peer("ann"), &Draft::text("one way")).await.unwrap();
    create_group(&bob, "geese", vec![user_id("ann")]).await.unwrap();
    ann.send(&group("geese"), &Draft::text("in a group")).await.unwrap();
    assert_eq!(messages(&bob).await.conversation_id, "geese");
    let world = world.restart().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    assert_eq!(number(ann.send(&peer("bob"), &Draft::text("hi")).await), Some(Code::BLOCKED), "it is kept");
    bob.block_remove(vec![user_id("ann")]).await.unwrap();
    ann.send(&peer("bob"), &Draft::text("hi")).await.unwrap();
    let errors = bob.block_remove(vec![user_id("ann")]).await.unwrap().error_user_list;
    assert_eq!(errors[0].reason, Code::NOT_BLOCKED);
}

#[tokio::test]
async fn the_list_is_paged_and_other_devices_hear_of_changes() {
    let world = World::start().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    world.register(&["ann", "carol", "dave"]).await;
    let bob = world.client("bob").await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    bob.block_add(vec![user_id("dave"), user_id("ann"), user_id("carol")]).await.unwrap();
    let told = pc.expect(|told| matches!(told, Notification::BlockChanged(_)), WAIT).await;
    let Some(Notification::BlockChanged(changed)) = told else { panic!("not told") };
    assert_eq!((changed.action, changed.user_list.len()), (BlockAction::Added, 3));
    let page = pc.block_list(2, None).await.unwrap();
    let names: Vec<_> = page.user_list.iter().map(|user| user.user_id.as_str()).collect();
    assert_eq!(names, ["ann", "carol"]);
    let rest = pc.block_list(2, page.next).await.unwrap();
    assert_eq!((rest.user_list[0].user_name.as_str(), rest.next), ("DAVE", None));
    assert!(pc.block_check(user_id("ann")).await.unwrap());
    assert!(!pc.block_check(user_id("nobody")).await.unwrap());
    assert_eq!(number(pc.block_list(0, None).await), Some(Code::BAD_PARAMETER));
}
