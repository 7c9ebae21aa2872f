//! What a client that outlives its connections does at each of its turns.

use crate::script::{Peer, QUIET, Script, WAIT, ann, bob, message};
use hongyan_client::{
    CallError, Draft, Reconnecting, ReconnectingOptions,
    reconnecting::{Ending, Event},
    wire::Code,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinHandle;

fn options(script: &Script) -> ReconnectingOptions {
    let short = Duration::from_millis(5);
    ReconnectingOptions {
        backoff_first: short,
        backoff_max: short,
        ..ReconnectingOptions::new(script.url(), bob())
    }
}

async fn online(script: &Script) -> (Arc<Reconnecting>, Peer) {
    let client = Arc::new(Reconnecting::start(options(script)));
    let (peer, _) = script.accept_login("s1").await;
    (client, peer)
}

type Sending = JoinHandle<Result<hongyan_client::wire::message::Message, CallError>>;

fn send(client: &Arc<Reconnecting>, text: &str) -> Sending {
    let (client, draft) = (client.clone(), Draft::text(text).local_id(text));
    tokio::spawn(async move { client.send(&ann(), &draft).await })
}

/// Takes a send, which must have this localMessageID.
async fn expect_send(peer: &mut Peer, local_id: &str) -> Value {
    let send = peer.expect("message.send").await;
    assert_eq!(send["params"]["localMessageID"], local_id);
    send
}

async fn answer_send(peer: &mut Peer, send: &Value, seq: u64) {
    let mut message = message("bob", seq);
    message["localMessageID"] = send["params"]["localMessageID"].clone();
    peer.answer(send, json!({"message": message})).await;
}

/// The places of the next messages.
async fn seqs(client: &Reconnecting, count: usize) -> Vec<u64> {
    let mut seqs = Vec::new();
    for _ in 0..count {
        match client.next(WAIT).await {
            Some(Event::Message { message, .. }) => seqs.push(message.message_seq),
            other => panic!("{other:?} instead of a message"),
        }
    }
    seqs
}

#[tokio::test]
async fn a_message_without_an_answer_is_sent_again_in_the_next_session_and_before_later_ones() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    let first = send(&client, "一");
    expect_send(&mut peer, "一").await;
    let second = send(&client, "二");
    drop(peer);

    let (mut peer, login) = script.accept_login("s2").await;
    assert_eq!(login["resumeSessionID"], "s1");
    let again = expect_send(&mut peer, "一").await;
    assert!(peer.is_quiet().await, "the second waits for the first");
    answer_send(&mut peer, &again, 1).await;
    assert_eq!(first.await.unwrap().unwrap().message_seq, 1);
    let later = expect_send(&mut peer, "二").await;
    answer_send(&mut peer, &later, 2).await;
    assert_eq!(second.await.unwrap().unwrap().message_seq, 2);
}

#[tokio::test]
async fn what_was_taken_is_acknowledged_and_is_the_cursor_of_the_next_login() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    peer.deliver(&[4, 5]).await;
    assert_eq!(seqs(&client, 1).await, [4]);
    peer.expect_ack(4).await;
    drop(peer);

    let (mut peer, login) = script.accept_login("s2").await;
    let cursor = json!({"conversationID": "ann", "conversationType": 0, "messageSeq": 4});
    assert_eq!(login["cursors"], json!([cursor]));
    peer.deliver(&[5, 6]).await;
    assert_eq!(seqs(&client, 2).await, [5, 6], "5 was still waiting to be taken: it comes once");
    assert_eq!(client.next(QUIET).await, None);
}

#[tokio::test]
async fn a_gap_is_filled_from_history_and_doubles_are_dropped() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    peer.deliver(&[1]).await;
    peer.deliver(&[4]).await;
    assert_eq!(seqs(&client, 1).await, [1]);
    answer_history(&mut peer, 1, &[2, 3, 4]).await;
    peer.deliver(&[3, 4, 5]).await;
    assert_eq!(seqs(&client, 4).await, [2, 3, 4, 5]);
    assert_eq!(client.next(QUIET).await, None);
}

/// Answers the next `message.history`, passing acknowledgements over.
async fn answer_history(peer: &mut Peer, after: u64, seqs: &[u64]) {
    let request = loop {
        let frame: Value = serde_json::from_str(&peer.text().await).unwrap();
        if frame["method"] != "message.ack" {
            break frame;
        }
    };
    assert_eq!(request["method"], "message.history");
    assert_eq!(request["params"]["afterSeq"], after);
    let messages: Vec<Value> = seqs.iter().map(|seq| message("ann", *seq)).collect();
    peer.answer(&request, json!({"messages": messages, "hasMore": false})).await;
}

#[tokio::test]
async fn a_gap_that_cannot_be_filled_is_told() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    peer.deliver(&[1]).await;
    peer.deliver(&[5]).await;
    assert_eq!(seqs(&client, 1).await, [1]);
    answer_history(&mut peer, 1, &[3]).await;
    answer_history(&mut peer, 3, &[]).await;
    assert_eq!(client.next(WAIT).await, Some(Event::Gap { conversation: ann(), after: 1, before: 3 }));
    assert_eq!(seqs(&client, 1).await, [3]);
    assert_eq!(client.next(WAIT).await, Some(Event::Gap { conversation: ann(), after: 3, before: 5 }));
    assert_eq!(seqs(&client, 1).await, [5]);
}

#[tokio::test]
async fn the_gap_that_ones_own_message_makes_waits_for_its_answer() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    peer.deliver(&[1]).await;
    assert_eq!(seqs(&client, 1).await, [1]);
    peer.expect_ack(1).await;
    let sending = send(&client, "二");
    let request = expect_send(&mut peer, "二").await;
    peer.deliver(&[3]).await;
    assert!(peer.is_quiet().await, "history is not asked for what one sent oneself");
    answer_send(&mut peer, &request, 2).await;
    assert_eq!(seqs(&client, 1).await, [3]);
    assert_eq!(sending.await.unwrap().unwrap().message_seq, 2);
}

#[tokio::test]
async fn a_refusal_reaches_the_sender_but_slow_down_is_obeyed() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    let refused = send(&client, "a");
    let request = expect_send(&mut peer, "a").await;
    peer.refuse(&request, Code::BLOCKED.0).await;
    assert_eq!(refused.await.unwrap().unwrap_err().code(), Some(Code::BLOCKED));

    let patient = send(&client, "b");
    let request = expect_send(&mut peer, "b").await;
    peer.refuse(&request, Code::RATE_LIMITED.0).await;
    let request = expect_send(&mut peer, "b").await;
    answer_send(&mut peer, &request, 1).await;
    assert!(patient.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_send_is_given_up_in_time_and_not_sent_by_a_later_session() {
    let script = Script::start().await;
    let send_timeout = Duration::from_millis(50);
    let client = Reconnecting::start(ReconnectingOptions { send_timeout, ..options(&script) });
    let given_up = client.send(&ann(), &Draft::text("x")).await;
    assert_eq!(given_up, Err(CallError::Timeout));
    let (mut peer, _) = script.accept_login("s1").await;
    assert!(peer.is_quiet().await);
}

#[tokio::test]
async fn closes_below_4100_bring_it_back_and_others_end_it() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    peer.close(4001, "server going away, reconnect").await;
    let (mut peer, _) = script.accept_login("s2").await;
    client.online(WAIT).await.unwrap();
    let sending = send(&client, "x");
    expect_send(&mut peer, "x").await;
    peer.close(4101, "kicked out by a newer login").await;
    let ending = Ending::Closed(4101, "kicked out by a newer login".into());
    assert_eq!(client.ended(WAIT).await, Some(ending));
    let error = Err(CallError::Closed(Some(4101), "kicked out by a newer login".into()));
    assert_eq!(sending.await.unwrap(), error);
    assert_eq!(client.send(&ann(), &Draft::text("y")).await, error);
    assert_eq!(client.next(WAIT).await, None);
}

#[tokio::test]
async fn a_refused_login_is_tried_again_only_when_that_may_help() {
    let script = Script::start().await;
    let client = Reconnecting::start(options(&script));
    for code in [Code::SERVICE, Code::RATE_LIMITED, Code::TOKEN_INVALID] {
        let mut peer = script.accept().await;
        let login = peer.expect("session.login").await;
        peer.refuse(&login, code.0).await;
    }
    let Some(Ending::Refused(refusal)) = client.ended(WAIT).await else { panic!() };
    assert_eq!(refusal.code, Code::TOKEN_INVALID);

    let nowhere = ReconnectingOptions { url: "mailto:ann".into(), ..options(&script) };
    assert!(matches!(Reconnecting::start(nowhere).ended(WAIT).await, Some(Ending::Address(_))));
}

#[tokio::test]
async fn a_new_token_serves_this_session_and_the_next_login() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    client.online(WAIT).await.unwrap();
    let (renewed, ()) = tokio::join!(client.renew_token("04new"), async {
        let renew = peer.expect("session.renewToken").await;
        assert_eq!(renew["params"]["token"], "04new");
        peer.answer(&renew, json!({})).await;
    });
    renewed.unwrap();
    drop(peer);
    let (_peer, login) = script.accept_login("s2").await;
    assert_eq!((&login["token"], &login["appSign"]), (&json!("04new"), &Value::Null));
}

#[tokio::test]
async fn a_queue_that_is_full_holds_back_and_loses_nothing() {
    let script = Script::start().await;
    let client = Reconnecting::start(ReconnectingOptions { events_len_max: 2, ..options(&script) });
    let (mut peer, _) = script.accept_login("s1").await;
    peer.deliver(&[1, 2, 3, 4, 5]).await;
    peer.deliver(&[6, 7]).await;
    assert_eq!(seqs(&client, 7).await, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn a_ringing_call_is_acknowledged_when_it_is_taken() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    let call = json!({"callID": "9", "mode": 0, "caller": "ann", "inviter": "ann", "extendedData": "",
        "timeout": 90, "createTime": 1, "callUserList": []});
    peer.notify("call.received", call).await;
    assert!(peer.is_quiet().await, "nobody has taken it yet");
    assert!(matches!(client.next(WAIT).await, Some(Event::Other(_))));
    assert_eq!(peer.expect("call.ack").await["params"], json!({"callID": "9"}));
}

#[tokio::test]
async fn refused_acknowledgements_do_not_pile_up() {
    let script = Script::start().await;
    let (client, mut peer) = online(&script).await;
    for seq in 1..=200 {
        let error = json!({"code": Code::CALL_GONE.0, "message": "gone"});
        peer.say(json!({"jsonrpc": "2.0", "id": null, "error": error})).await;
        peer.deliver(&[seq]).await;
        assert_eq!(seqs(&client, 1).await, [seq]);
    }
}
