//! Groups: who may do what, and who is told.

use crate::{
    harness::{QUIET, WAIT, World, create_group, group, messages, user_id},
    taking_back::revoking,
};
use hongyan_client::{Client, Draft, Page};
use hongyan_wire::{
    Code, GroupId,
    group::{GroupEvent, MemberEvent, Role},
    server::Notification,
};

fn geese() -> GroupId {
    GroupId::new("geese").unwrap()
}

async fn own_event(client: &Client) -> GroupEvent {
    match client.expect(|told| matches!(told, Notification::GroupState(_)), WAIT).await {
        Some(Notification::GroupState(changed)) => changed.event,
        _ => panic!("no change of the own state came"),
    }
}

async fn member_event(client: &Client) -> MemberEvent {
    match client.expect(|told| matches!(told, Notification::GroupMembers(_)), WAIT).await {
        Some(Notification::GroupMembers(changed)) => changed.event,
        _ => panic!("no change of members came"),
    }
}

#[tokio::test]
async fn a_group_is_created_joined_left_and_dismissed() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let carol = world.client("carol").await;
    let created = create_group(&ann, "geese", vec![user_id("bob"), user_id("ghost")]).await.unwrap();
    assert_eq!(created.error_user_list[0].reason, Code::NO_SUCH_USER);
    assert_eq!(own_event(&ann).await, GroupEvent::Created);
    assert_eq!(own_event(&bob).await, GroupEvent::Invited);
    carol.group_join(&geese()).await.unwrap();
    assert_eq!(own_event(&carol).await, GroupEvent::Joined);
    assert_eq!(carol.group_join(&geese()).await.unwrap_err().code(), Some(Code::ALREADY_IN_GROUP));
    let page = ann.group_members(&geese(), 2, 0).await.unwrap();
    assert_eq!(page.user_list[0].member_role, Role::Owner);
    let rest = ann.group_members(&geese(), 2, page.next_flag).await.unwrap();
    assert_eq!((rest.user_list.len(), rest.next_flag), (1, 0));
    bob.group_leave(&geese()).await.unwrap();
    assert_eq!(own_event(&bob).await, GroupEvent::Left);
    assert_eq!(bob.group_dismiss(&geese()).await.unwrap_err().code(), Some(Code::NOT_IN_GROUP));
    assert_eq!(carol.group_dismiss(&geese()).await.unwrap_err().code(), Some(Code::GROUP_NO_RIGHT));
    ann.group_dismiss(&geese()).await.unwrap();
    assert_eq!(own_event(&carol).await, GroupEvent::Dismissed);
    assert_eq!(create_group(&ann, "geese", vec![]).await.unwrap_err().code(), Some(Code::GROUP_ID_USED));
    let world = world.restart().await;
    let ann = world.client("ann").await;
    assert_eq!(ann.group_get(&geese()).await.unwrap_err().code(), Some(Code::NO_SUCH_GROUP));
    assert!(ann.group_list().await.unwrap().is_empty());
}

#[tokio::test]
async fn only_a_higher_role_kicks_and_the_kicked_get_nothing_more() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let carol = world.client("carol").await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    let refused = bob.group_kick(&geese(), vec![user_id("carol")]).await;
    match refused {
        Ok(kicked) => assert_eq!(kicked.error_user_list[0].reason, Code::GROUP_NO_RIGHT),
        Err(error) => assert_eq!(error.code(), Some(Code::GROUP_NO_RIGHT)),
    }
    let kicked = ann.group_kick(&geese(), vec![user_id("bob"), user_id("eve")]).await.unwrap();
    assert_eq!(kicked.kicked_user_ids, [user_id("bob")]);
    assert_eq!(kicked.error_user_list[0].reason, Code::NOT_IN_GROUP);
    while own_event(&bob).await != GroupEvent::KickedOut {}
    while member_event(&carol).await != MemberEvent::KickedOut {}
    ann.send(&group("geese"), &Draft::text("without bob")).await.unwrap();
    messages(&carol).await;
    assert!(bob.expect(|told| matches!(told, Notification::Messages(_)), QUIET).await.is_none());
    let refused = bob.send(&group("geese"), &Draft::text("may I?")).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::NOT_IN_GROUP));
    for page in [Page::Newest, Page::Before(99), Page::After(0)] {
        let seen = bob.history(&group("geese"), page, 10).await.unwrap();
        assert!(seen.messages.is_empty() && !seen.has_more, "nor does history show what came later");
    }
}

/// In a large group of people who are mostly away it was looked for each of them at every message: 15 ms at a hundred
/// thousand members, and everybody else's messages waited behind it.
#[tokio::test]
async fn a_group_with_most_members_away_reaches_those_who_are_here_and_nobody_else() {
    let world = World::start().await;
    world.register(&["dan", "eve", "fay", "gus", "hal"]).await;
    let (ann, bob, carol) =
        (world.client("ann").await, world.client("bob").await, world.client("carol").await);
    let away = ["dan", "eve", "fay", "gus", "hal"].map(user_id);
    create_group(&ann, "geese", [&[user_id("bob")], &away[..]].concat()).await.unwrap();
    let sent = ann.send(&group("geese"), &Draft::text("who is here?")).await.unwrap();
    assert_eq!(messages(&bob).await.messages[0].message_id, sent.message_id);
    ann.message_revoke(&revoking(&group("geese"), sent.message_id, None)).await.unwrap();
    let told = bob.expect(|told| matches!(told, Notification::MessagesRevoked(_)), WAIT).await;
    assert!(told.is_some());
    let stray =
        |told: &Notification| matches!(told, Notification::Messages(_) | Notification::MessagesRevoked(_));
    assert!(carol.expect(stray, QUIET).await.is_none(), "who is not in the group hears nothing");
    assert!(ann.expect(stray, QUIET).await.is_none(), "nor does the device that sent it");
    let dan = world.client("dan").await;
    assert!(messages(&dan).await.is_offline_message, "whoever was away gets it on coming");
}

#[tokio::test]
async fn who_joins_later_does_not_see_what_was_before() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    create_group(&ann, "geese", vec![]).await.unwrap();
    ann.send(&group("geese"), &Draft::text("before")).await.unwrap();
    ann.group_invite(&geese(), vec![user_id("bob")]).await.unwrap();
    assert_eq!(own_event(&bob).await, GroupEvent::Invited);
    ann.send(&group("geese"), &Draft::text("after")).await.unwrap();
    let seen = bob.history(&group("geese"), Page::Newest, 10).await.unwrap();
    assert_eq!(seen.messages.iter().map(|message| message.message_seq).collect::<Vec<_>>(), [2]);
    assert_eq!(bob.total_unread().await.unwrap(), 1);
}

#[tokio::test]
async fn an_owner_who_leaves_passes_the_group_on() {
    let world = World::start().await;
    world.register(&["bob", "carol"]).await;
    let ann = world.client("ann").await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    ann.group_leave(&geese()).await.unwrap();
    let bob = world.client("bob").await;
    let members = bob.group_members(&geese(), 10, 0).await.unwrap().user_list;
    assert_eq!((members[0].user_id.as_str(), members[0].member_role), ("bob", Role::Owner));
    bob.group_dismiss(&geese()).await.unwrap();
}

#[tokio::test]
async fn a_group_id_of_ones_own_has_rules() {
    let world = World::start().await;
    let ann = world.client("ann").await;
    let made = create_group(&ann, "", vec![]).await.unwrap();
    assert!(made.group_info.group_id.starts_with('#'), "the server chooses one");
    assert_eq!(create_group(&ann, "#mine", vec![]).await.unwrap_err().code(), Some(Code::BAD_PARAMETER));
    create_group(&ann, "geese", vec![]).await.unwrap();
    assert_eq!(create_group(&ann, "geese", vec![]).await.unwrap_err().code(), Some(Code::GROUP_EXISTS));
}
