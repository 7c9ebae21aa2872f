//! Bad input at the socket: a clear numbered error each, and nothing lost.

use crate::harness::{WAIT, World, peer};
use hongyan_client::{Client, Draft};
use hongyan_wire::{CloseCode, Code};

async fn refusal_of(client: &Client, text: &str) -> Code {
    client.send_raw(text).await.unwrap();
    client.next_stray(WAIT).await.unwrap_or_else(|| panic!("no refusal for {text}")).code
}

#[tokio::test]
async fn a_logged_in_client_may_talk_nonsense_and_is_told_so() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    let nonsense = [
        "",
        "{",
        "[]",
        "null",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"1.0\",\"method\":\"session.heartbeat\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"session.heartbeat\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"session.heartbeat\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"message.ack\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"message.ack\",\"params\":{\"conversationID\":\"b\",\"extra\":1}}",
    ];
    for text in nonsense {
        assert_eq!(refusal_of(&ann, text).await, Code::BAD_PARAMETER, "{text}");
    }
    ann.send(&peer("bob"), &Draft::text("still here")).await.unwrap();
}

#[tokio::test]
async fn every_limit_of_a_message_is_checked() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    let mut drafts = vec![
        Draft::text(""),
        Draft::text("x".repeat(2_049)),
        Draft::custom(201, "{}"),
        Draft::command(&[]),
        Draft::command(&[0; 5_121]),
        Draft::text("x").local_id(""),
        Draft::text("x").local_id("x".repeat(65)),
    ];
    let mut priority = Draft::text("x");
    priority.priority = 4;
    let mut extended = Draft::text("x");
    extended.content.extended_data = Some("x".repeat(1_025));
    drafts.extend([priority, extended, Draft::text("x").push_notice(&"t".repeat(1_025), "")]);
    for draft in drafts {
        let refused = ann.send(&peer("bob"), &draft).await.unwrap_err();
        let rate = refused.code() == Some(Code::RATE_LIMITED);
        assert!(rate || refused.code() == Some(Code::BAD_PARAMETER), "{draft:?}: {refused}");
        world.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(
        ann.send(&peer("bob"), &Draft::text("good")).await.unwrap().message_seq,
        1,
        "nothing was stored"
    );
}

#[tokio::test]
async fn binary_frames_and_giants_close_the_connection_with_a_reason() {
    let world = World::start().await;
    let binary = world.client("ann").await;
    binary.send_binary(vec![1, 2, 3]).await.unwrap();
    assert_eq!(binary.closed().await, Some(CloseCode::Protocol.number()));
    let giant = world.client("ann").await;
    giant.send_raw(&"x".repeat(64 * 1024 + 1)).await.unwrap();
    assert_eq!(giant.closed().await, Some(CloseCode::TooLarge.number()));
    let early = world.raw().await;
    early.send_raw(&"x".repeat(8 * 1024 + 1)).await.unwrap();
    assert_eq!(early.closed().await, Some(CloseCode::TooLarge.number()));
}

#[tokio::test]
async fn who_guesses_before_login_is_shown_the_door() {
    let world = World::start().await;
    let guesser = world.raw().await;
    for _ in 0..5 {
        guesser.send_raw("{}").await.unwrap();
    }
    assert_eq!(guesser.closed().await, Some(CloseCode::Protocol.number()));
}

#[tokio::test]
async fn one_connection_does_not_disturb_another() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    ann.send_binary(vec![0]).await.unwrap();
    ann.closed().await;
    bob.heartbeat().await.unwrap();
}
