//! Sending, ordering, doubles, offline sync, history: G1, G2 and G3 through the front door.

use crate::harness::{QUIET, World, create_group, group, messages, peer, text, user_id};
use hongyan_client::{AckPolicy, Draft, Page};
use hongyan_wire::{Code, client::Cursor};
use std::time::Duration;

#[tokio::test]
async fn a_peer_message_is_stored_answered_and_delivered() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let sent = ann.send(&peer("bob"), &Draft::text("你好").local_id("l-1")).await.unwrap();
    assert_eq!((sent.message_seq, sent.conversation_id.as_str()), (1, "bob"));
    assert_eq!(sent.local_message_id.as_deref(), Some("l-1"));
    let got = messages(&bob).await;
    assert_eq!((got.conversation_id.as_str(), got.is_offline_message), ("ann", false));
    assert_eq!(got.messages[0].message_id, sent.message_id);
    assert_eq!(text(&got.messages[0]), "你好");
    assert!(ann.next(QUIET).await.is_none(), "the sending device has it from the answer");
}

#[tokio::test]
async fn a_repeated_send_gives_the_same_message_and_another_body_an_error() {
    // G3.
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let draft = Draft::text("once").local_id("same");
    let first = ann.send(&peer("bob"), &draft).await.unwrap();
    let again = ann.send(&peer("bob"), &draft).await.unwrap();
    assert_eq!((first.message_id, first.message_seq), (again.message_id, again.message_seq));
    let other = ann.send(&peer("bob"), &Draft::text("twice").local_id("same")).await.unwrap_err();
    assert_eq!(other.code(), Some(Code::BAD_PARAMETER));
    messages(&bob).await;
    assert!(bob.next(QUIET).await.is_none(), "delivered once");
    // The window outlives a restart.
    let world = world.restart().await;
    let ann = world.client("ann").await;
    assert_eq!(ann.send(&peer("bob"), &draft).await.unwrap().message_id, first.message_id);
}

#[tokio::test]
async fn pipelined_sends_keep_their_order_and_seq_has_no_gaps() {
    // G2.
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let drafts: Vec<Draft> = (0..10).map(|number| Draft::text(format!("{number}"))).collect();
    let (key, ann) = (peer("bob"), &ann);
    let sends = drafts.iter().map(|draft| ann.send(&key, draft));
    let sent = futures_util::future::join_all(sends).await;
    let seqs: Vec<u64> = sent.into_iter().map(|sent| sent.unwrap().message_seq).collect();
    assert_eq!(seqs, (1..=10).collect::<Vec<u64>>());
    let mut got = Vec::new();
    while got.len() < 10 {
        got.extend(messages(&bob).await.messages.iter().map(text));
    }
    assert_eq!(got, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn offline_messages_come_at_login_in_order_in_pages_and_flagged() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    for number in 0..120 {
        world.advance(Duration::from_millis(100));
        ann.send(&peer("bob"), &Draft::text(format!("{number}"))).await.unwrap();
    }
    let bob = world.client("bob").await;
    let mut got = Vec::new();
    while got.len() < 120 {
        let page = messages(&bob).await;
        assert!(page.is_offline_message && page.messages.len() <= 50);
        got.extend(page.messages.iter().map(|message| message.message_seq));
    }
    assert_eq!(got, (1..=120).collect::<Vec<u64>>());
    // Acknowledged: the next login brings nothing.
    bob.heartbeat().await.unwrap();
    bob.logout().await.unwrap();
    assert!(world.client("bob").await.next(QUIET).await.is_none());
}

#[tokio::test]
async fn messages_older_than_seven_days_do_not_come_by_themselves() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    ann.send(&peer("bob"), &Draft::text("old")).await.unwrap();
    drop(ann);
    world.advance(Duration::from_secs(7 * 24 * 3600 + 1));
    let ann = world.client("ann").await;
    ann.send(&peer("bob"), &Draft::text("new")).await.unwrap();
    let bob = world.client("bob").await;
    let got = messages(&bob).await;
    assert_eq!(got.messages.iter().map(text).collect::<Vec<_>>(), ["new"]);
    let history = bob.history(&peer("ann"), Page::Newest, 10).await.unwrap();
    assert_eq!(history.messages.len(), 2, "history has both");
}

#[tokio::test]
async fn a_device_that_knows_more_than_the_server_is_believed() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client_with("bob", AckPolicy::Never).await);
    ann.send(&peer("bob"), &Draft::text("one")).await.unwrap();
    ann.send(&peer("bob"), &Draft::text("two")).await.unwrap();
    messages(&bob).await;
    messages(&bob).await;
    drop(bob);
    let cursor =
        Cursor { conversation_id: "ann".into(), conversation_type: peer("ann").kind(), message_seq: 1 };
    let back = world.raw().await;
    back.login(world.login("bob").cursors(vec![cursor])).await.unwrap();
    assert_eq!(messages(&back).await.messages.iter().map(text).collect::<Vec<_>>(), ["two"]);
}

#[tokio::test]
async fn history_pages_both_ways_and_survives_a_restart() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    for number in 1..=25 {
        world.advance(Duration::from_millis(100));
        ann.send(&peer("bob"), &Draft::text(format!("{number}"))).await.unwrap();
    }
    let world = world.restart().await;
    let ann = world.client("ann").await;
    let seqs = |page: &hongyan_wire::client::HistoryPage| {
        page.messages.iter().map(|message| message.message_seq).collect::<Vec<u64>>()
    };
    let newest = ann.history(&peer("bob"), Page::Newest, 10).await.unwrap();
    assert_eq!((seqs(&newest), newest.has_more), ((16..=25).collect(), true));
    let older = ann.history(&peer("bob"), Page::Before(16), 100).await.unwrap();
    assert_eq!((seqs(&older), older.has_more), ((1..=15).collect(), false));
    let after = ann.history(&peer("bob"), Page::After(20), 3).await.unwrap();
    assert_eq!((seqs(&after), after.has_more), (vec![21, 22, 23], true));
}

#[tokio::test]
async fn a_command_message_reaches_who_is_there_and_leaves_no_trace() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let sent = ann.send(&peer("bob"), &Draft::command(&[0, 1, 2])).await.unwrap();
    assert_eq!(sent.message_seq, 0);
    assert_eq!(messages(&bob).await.messages[0].message_id, sent.message_id);
    assert!(ann.history(&peer("bob"), Page::Newest, 10).await.unwrap().messages.is_empty());
    assert!(bob.conversation_list(10, None).await.unwrap().conversation_list.is_empty());
}

#[tokio::test]
async fn a_message_needs_a_receiver_that_exists() {
    let world = World::start().await;
    let ann = world.client("ann").await;
    let code = async |key| ann.send(&key, &Draft::text("x")).await.unwrap_err().code();
    assert_eq!(code(peer("nobody")).await, Some(Code::NO_TARGET));
    assert_eq!(code(peer("ann")).await, Some(Code::BAD_PARAMETER));
    assert_eq!(code(group("nowhere")).await, Some(Code::NO_SUCH_GROUP));
    create_group(&world.client("bob").await, "theirs", vec![]).await.unwrap();
    assert_eq!(code(group("theirs")).await, Some(Code::NOT_IN_GROUP));
}

#[tokio::test]
async fn a_group_message_is_written_once_and_reaches_every_member() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    let carol = world.client("carol").await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    let sent = ann.send(&group("geese"), &Draft::text("honk")).await.unwrap();
    for member in [&bob, &carol] {
        let got = messages(member).await;
        assert_eq!((got.conversation_id.as_str(), got.messages[0].message_id), ("geese", sent.message_id));
    }
}

#[tokio::test]
async fn an_ack_beyond_the_tail_is_refused() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    ann.send(&peer("bob"), &Draft::text("one")).await.unwrap();
    messages(&bob).await;
    bob.ack(&peer("ann"), 2).await.unwrap();
    let refusal = bob.next_stray(crate::harness::WAIT).await.unwrap();
    assert_eq!(refusal.code, Code::BAD_PARAMETER);
}
