//! The conversation list, unread counts and do-not-disturb.

use crate::harness::{WAIT, World, create_group, group, messages, peer, user_id};
use hongyan_client::{Client, Draft};
use hongyan_wire::{Code, conversation::NotificationStatus, server::Notification};
use std::time::Duration;

async fn send(world: &World, from: &Client, to: &str, count: usize) {
    for number in 0..count {
        world.advance(Duration::from_millis(100));
        from.send(&peer(to), &Draft::text(format!("{number}"))).await.unwrap();
    }
}

#[tokio::test]
async fn unread_counts_others_messages_until_they_are_read() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    send(&world, &ann, "bob", 3).await;
    send(&world, &bob, "ann", 2).await;
    assert_eq!(bob.conversation_get(&peer("ann")).await.unwrap().unread_message_count, 3);
    assert_eq!(ann.conversation_get(&peer("bob")).await.unwrap().unread_message_count, 2);
    assert_eq!(bob.total_unread().await.unwrap(), 3);
    assert_eq!(bob.conversation_read(&peer("ann")).await.unwrap(), 0);
    send(&world, &ann, "bob", 1).await;
    ann.send(&peer("bob"), &Draft::text("quiet").silent()).await.unwrap();
    assert_eq!(bob.total_unread().await.unwrap(), 1, "a message may ask not to count");
    let world = world.restart().await;
    let bob = world.client("bob").await;
    let entry = bob.conversation_get(&peer("ann")).await.unwrap();
    assert_eq!((entry.unread_message_count, entry.last_message_seq), (1, 7));
}

#[tokio::test]
async fn the_list_is_newest_first_in_pages_with_names_and_last_messages() {
    let world = World::start().await;
    world.register(&["bob", "carol", "dave"]).await;
    let ann = world.client("ann").await;
    for user in ["bob", "carol", "dave"] {
        send(&world, &ann, user, 1).await;
    }
    send(&world, &ann, "bob", 1).await;
    let first = ann.conversation_list(2, None).await.unwrap();
    let ids = |page: &hongyan_wire::client::ConversationPage| {
        page.conversation_list.iter().map(|entry| entry.conversation_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first), ["bob", "dave"]);
    assert_eq!(first.conversation_list[0].conversation_name, "BOB");
    assert_eq!(first.conversation_list[0].last_message.as_ref().unwrap().message_seq, 2);
    let second = ann.conversation_list(2, first.next).await.unwrap();
    assert_eq!((ids(&second), second.next), (vec!["carol".to_owned()], None));
}

#[tokio::test]
async fn do_not_disturb_leaves_the_total_alone() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    send(&world, &ann, "bob", 2).await;
    bob.set_notification_status(&peer("ann"), NotificationStatus::DoNotDisturb).await.unwrap();
    let quiet = bob.conversation_get(&peer("ann")).await.unwrap();
    assert_eq!(quiet.notification_status, NotificationStatus::DoNotDisturb);
    assert_eq!((bob.total_unread().await.unwrap(), quiet.unread_message_count), (0, 2));
    let world = world.restart().await;
    let bob = world.client("bob").await;
    assert_eq!(bob.total_unread().await.unwrap(), 0);
    bob.set_notification_status(&peer("ann"), NotificationStatus::Notify).await.unwrap();
    assert_eq!(bob.total_unread().await.unwrap(), 2);
}

#[tokio::test]
async fn reading_everything_reads_groups_too() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    create_group(&ann, "geese", vec![user_id("bob")]).await.unwrap();
    ann.send(&group("geese"), &Draft::text("honk")).await.unwrap();
    send(&world, &ann, "bob", 1).await;
    assert_eq!(bob.total_unread().await.unwrap(), 2);
    assert_eq!(bob.conversation_read_all().await.unwrap(), 0);
    assert_eq!(bob.conversation_get(&group("geese")).await.unwrap().unread_message_count, 0);
    assert_eq!(ann.total_unread().await.unwrap(), 0, "one's own messages are never unread");
}

#[tokio::test]
async fn a_conversation_that_is_not_there_is_said_so() {
    let world = World::start().await;
    let ann = world.client("ann").await;
    assert_eq!(ann.conversation_get(&peer("bob")).await.unwrap_err().code(), Some(Code::NO_CONVERSATION));
    assert_eq!(ann.conversation_read(&group("geese")).await.unwrap_err().code(), Some(Code::NO_CONVERSATION));
    assert_eq!(ann.conversation_list(0, None).await.unwrap_err().code(), Some(Code::BAD_PARAMETER));
    let crooked = ann.conversation_list(1, Some("crooked".into())).await.unwrap_err();
    assert_eq!(crooked.code(), Some(Code::BAD_PARAMETER));
}

#[tokio::test]
async fn members_of_a_group_see_it_in_their_list_until_they_leave() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    create_group(&ann, "geese", vec![user_id("bob")]).await.unwrap();
    let told = bob.expect(|told| matches!(told, Notification::GroupState(_)), WAIT).await;
    assert!(matches!(told, Some(Notification::GroupState(state)) if state.group_info.group_id == "geese"));
    assert_eq!(bob.conversation_list(10, None).await.unwrap().conversation_list.len(), 1);
    ann.send(&group("geese"), &Draft::text("honk")).await.unwrap();
    messages(&bob).await;
    bob.group_leave(&hongyan_wire::GroupId::new("geese").unwrap()).await.unwrap();
    assert!(bob.conversation_get(&group("geese")).await.unwrap().is_disabled);
}
