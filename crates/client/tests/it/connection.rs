//! One connection: requests, notifications, acknowledgements, heartbeats, and how it ends.

use crate::script::{Peer, QUIET, Script, WAIT, ann, bob, login_result};
use hongyan_client::{
    AckPolicy, CallError, Client, ClientOptions, Delivery,
    wire::{CallId, Code, client::Empty, server::Notification},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

async fn connected(options: ClientOptions) -> (Client, Peer) {
    let script = Script::start().await;
    let url = script.url();
    let (client, peer) = tokio::join!(Client::connect_with(&url, options), script.accept());
    (client.unwrap(), peer)
}

fn call_received(call_id: u64) -> serde_json::Value {
    json!({"callID": call_id.to_string(), "mode": 0, "caller": "ann", "inviter": "ann", "extendedData": "",
        "timeout": 90, "createTime": 1, "callUserList": []})
}

#[tokio::test]
async fn a_login_sends_what_the_protocol_asks_for_and_nothing_secret_shows_in_debug() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    let login = bob().name("小博 Bob").resume("old");
    assert!(!format!("{login:?}").contains("5f5f"), "AppSign in a debug text");
    let (result, frame) = tokio::join!(client.login(login), async {
        let frame = peer.expect("session.login").await;
        peer.answer(&frame, login_result("s1")).await;
        frame
    });
    assert_eq!(result.unwrap().session_id, "s1");
    assert_eq!(client.session().unwrap().session_id, "s1");
    let params = &frame["params"];
    assert_eq!((&params["appID"], &params["userID"]), (&json!(7), &json!("bob")));
    assert_eq!(params["resumeSessionID"], "old");
    assert_eq!(params["token"], json!(null));
}

#[tokio::test]
async fn overlapping_requests_get_each_its_own_answer_in_whatever_order_they_come() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    let with_ann = ann();
    let (total, groups, refused, ()) =
        tokio::join!(client.total_unread(), client.group_list(), client.conversation_get(&with_ann), async {
            let first = peer.expect("conversation.totalUnread").await;
            let second = peer.expect("group.list").await;
            let third = peer.expect("conversation.get").await;
            peer.refuse(&third, 6000603).await;
            peer.answer(&second, json!({"groupList": []})).await;
            peer.answer(&first, json!({"totalUnreadMessageCount": 3})).await;
        });
    assert_eq!(total, Ok(3));
    assert_eq!(groups, Ok(vec![]));
    assert_eq!(refused.unwrap_err().code(), Some(Code::NO_CONVERSATION));
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed_even_when_nobody_waits_for_them_any_more() {
    let call_timeout = Duration::from_millis(100);
    let options = ClientOptions { in_flight_max: 1, call_timeout, ..ClientOptions::default() };
    let (client, mut peer) = connected(options).await;
    assert_eq!(client.total_unread().await, Err(CallError::Timeout));
    let first = peer.expect("conversation.totalUnread").await;
    assert_eq!(client.group_list().await, Err(CallError::Timeout), "the first still has the only place");
    assert!(peer.is_quiet().await);
    peer.answer(&first, json!({"totalUnreadMessageCount": 0})).await;
    let (heartbeat, ()) = tokio::join!(client.heartbeat(), async {
        let heartbeat = peer.expect("session.heartbeat").await;
        peer.answer(&heartbeat, json!({})).await;
    });
    assert_eq!(heartbeat, Ok(()));
}

#[tokio::test]
async fn an_answer_of_another_type_is_an_error_of_its_own() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    let (total, ()) = tokio::join!(client.total_unread(), async {
        let request = peer.expect("conversation.totalUnread").await;
        peer.answer(&request, json!({"total": "many"})).await;
    });
    assert!(matches!(total, Err(CallError::Unreadable(_))), "{total:?}");
}

#[tokio::test]
async fn what_one_search_passes_over_the_next_finds() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    peer.deliver(&[1]).await;
    peer.notify("call.received", call_received(9)).await;
    peer.notify("of.a.later.version", json!({"x": 1})).await;
    let call = client.expect(|n| matches!(n, Notification::CallReceived(_)), WAIT).await;
    assert!(call.is_some());
    let Some(Notification::Messages(messages)) = client.next(WAIT).await else { panic!() };
    assert_eq!(messages.messages[0].message_seq, 1);
    assert_eq!((client.next(QUIET).await, client.waiting()), (None, 0));
}

#[tokio::test]
async fn deliveries_and_calls_are_acknowledged_but_never_commands() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    peer.deliver(&[4, 5]).await;
    peer.expect_ack(5).await;
    peer.deliver(&[0]).await;
    peer.notify("call.received", call_received(9)).await;
    assert_eq!(peer.expect("call.ack").await["params"], json!({"callID": "9"}));
    assert_eq!(client.waiting(), 3);
}

#[tokio::test]
async fn without_a_policy_the_program_acknowledges() {
    let options = ClientOptions { ack: AckPolicy::Manual, ..ClientOptions::default() };
    let (client, mut peer) = connected(options).await;
    peer.deliver(&[4]).await;
    assert!(client.next(WAIT).await.is_some());
    assert!(peer.is_quiet().await);
    client.ack(&ann(), 4).await.unwrap();
    peer.expect_ack(4).await;
    client.call_ack(CallId(9)).await.unwrap();
    peer.expect("call.ack").await;
}

#[tokio::test]
async fn a_listener_gets_notifications_before_they_are_acknowledged() {
    let (heard, mut hearing) = mpsc::channel(4);
    let listener = Arc::new(move |n: &Notification| heard.try_send(n.method()).unwrap());
    let options = ClientOptions { delivery: Delivery::Listener(listener), ..ClientOptions::default() };
    let (client, mut peer) = connected(options).await;
    peer.deliver(&[1]).await;
    peer.expect_ack(1).await;
    assert_eq!(hearing.try_recv(), Ok("message.received"));
    assert_eq!(client.waiting(), 0);
}

#[tokio::test]
async fn a_full_queue_ends_the_connection_instead_of_losing_something() {
    let options = ClientOptions { delivery: Delivery::Queue(2), ..ClientOptions::default() };
    let (client, mut peer) = connected(options).await;
    for seq in 1..=3 {
        peer.deliver(&[seq]).await;
    }
    let closing = client.closing(WAIT).await.unwrap();
    assert_eq!(closing.code, None);
    assert!(closing.reason.contains("full"), "{closing:?}");
    assert!(client.next(WAIT).await.is_some(), "what was queued is still there");
}

#[tokio::test]
async fn heartbeats_go_out_at_the_servers_interval_and_a_silent_server_is_given_up() {
    let heartbeat_answer_timeout = Duration::from_millis(100);
    let options = ClientOptions { heartbeat_answer_timeout, ..ClientOptions::default() };
    let (client, mut peer) = connected(options).await;
    let (login, ()) = tokio::join!(client.login(bob()), async {
        let login = peer.expect("session.login").await;
        let mut result = login_result("s1");
        result["heartbeatInterval"] = json!(5);
        peer.answer(&login, result).await;
    });
    login.unwrap();
    for _ in 0..3 {
        let heartbeat = peer.expect("session.heartbeat").await;
        peer.answer(&heartbeat, json!({})).await;
    }
    let closing = client.closing(WAIT).await.unwrap();
    assert!(closing.reason.contains("heartbeat"), "{closing:?}");
}

#[tokio::test]
async fn a_frozen_app_reads_nothing_until_it_thaws() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    client.freeze(true);
    // What was sent before the freeze went out; the answer to this comes only after the thaw.
    let (heartbeat, ()) = tokio::join!(client.heartbeat(), async {
        let request = peer.expect("session.heartbeat").await;
        peer.deliver(&[1]).await;
        peer.answer(&request, json!({})).await;
        assert!(peer.is_quiet().await, "no acknowledgement from a frozen app");
        client.freeze(false);
        peer.expect_ack(1).await;
    });
    assert_eq!(heartbeat, Ok(()));
}

#[tokio::test]
async fn a_close_code_reaches_everybody_who_waits() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    let (waiting, next, code, ()) = tokio::join!(
        client.call::<_, Empty>("session.heartbeat", &Empty {}),
        client.next(WAIT),
        client.closed(),
        async {
            peer.expect("session.heartbeat").await;
            peer.close(4101, "kicked out by a newer login").await;
        }
    );
    assert_eq!(waiting, Err(CallError::Closed(Some(4101), "kicked out by a newer login".into())));
    assert_eq!((next, code), (None, Some(4101)));
    assert!(!client.is_open());
    assert!(matches!(client.heartbeat().await, Err(CallError::Closed(Some(4101), _))));
}

#[tokio::test]
async fn a_broken_line_has_no_code() {
    let (client, peer) = connected(ClientOptions::default()).await;
    drop(peer);
    let closing = client.closing(WAIT).await.unwrap();
    assert_eq!(closing.code, None);
    assert!(!closing.reason.is_empty());
}

#[tokio::test]
async fn a_polite_end_has_a_close_frame_and_a_cut_line_has_none() {
    let (client, mut peer) = connected(ClientOptions::default()).await;
    let ((), frame) = tokio::join!(client.close(), async {
        let frame = peer.frame().await;
        assert!(peer.frame().await.is_none());
        frame
    });
    let Some(Message::Close(Some(close))) = frame else { panic!("{frame:?}") };
    assert_eq!(u16::from(close.code), 1000);

    let (client, mut peer) = connected(ClientOptions::default()).await;
    client.abort();
    assert_eq!(peer.frame().await, None);
    assert_eq!(client.closed().await, None);
    assert!(matches!(client.heartbeat().await, Err(CallError::Closed(None, _))));

    let (client, mut peer) = connected(ClientOptions::default()).await;
    drop(client);
    assert_eq!(peer.frame().await, None);
}
