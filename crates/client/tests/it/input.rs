//! Raw input for tests of the server, rubbish from a server, and addresses that lead nowhere.

use crate::script::{QUIET, Script, WAIT};
use hongyan_client::{Client, ClientError, ClientOptions, wire::Code};
use serde_json::json;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn raw_frames_go_out_as_they_are_and_refusals_without_an_id_are_kept() {
    let script = Script::start().await;
    let url = script.url();
    let (client, mut peer) = tokio::join!(Client::connect(&url), script.accept());
    let client = client.unwrap();
    client.send_raw("{\"not\": json").await.unwrap();
    assert_eq!(peer.text().await, "{\"not\": json");
    client.send_binary(vec![0, 159]).await.unwrap();
    assert_eq!(peer.frame().await, Some(Message::binary(vec![0, 159])));
    let error = json!({"code": 6000001, "message": "no"});
    peer.say(json!({"jsonrpc": "2.0", "id": null, "error": error})).await;
    assert_eq!(client.next_stray(WAIT).await.unwrap().code, Code::BAD_PARAMETER);
    assert_eq!(client.next_stray(QUIET).await, None);
}

#[tokio::test]
async fn a_server_that_talks_rubbish_is_left() {
    for frame in ["nonsense", r#"{"jsonrpc":"2.0","method":"message.received","params":{"messages":7}}"#] {
        let script = Script::start().await;
        let url = script.url();
        let (client, mut peer) = tokio::join!(Client::connect(&url), script.accept());
        let client = client.unwrap();
        peer.raw(Message::text(frame)).await;
        let closing = client.closing(WAIT).await.unwrap();
        assert!(closing.reason.contains("cannot be read"), "{closing:?}");
    }
}

#[tokio::test]
async fn answers_nobody_asked_for_are_passed_over() {
    let script = Script::start().await;
    let url = script.url();
    let (client, mut peer) = tokio::join!(Client::connect(&url), script.accept());
    let client = client.unwrap();
    peer.say(json!({"jsonrpc": "2.0", "id": 999, "result": {}})).await;
    peer.raw(Message::Ping(vec![1].into())).await;
    peer.deliver(&[1]).await;
    assert!(client.next(WAIT).await.is_some());
}

#[tokio::test]
async fn an_address_that_cannot_be_used_is_told_apart_from_one_where_nobody_is() {
    for bad in ["", "http://127.0.0.1/ws", "no address", "wss://127.0.0.1/ws"] {
        let error = Client::connect(bad).await.unwrap_err();
        assert!(matches!(error, ClientError::Address(_)), "{bad}: {error:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::connect(&url).await.unwrap_err();
    assert!(matches!(error, ClientError::Connect(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_handshake_gives_its_status_and_a_silent_server_a_timeout() {
    let script = Script::start().await;
    let url = script.url();
    let (error, ()) = tokio::join!(Client::connect(&url), async {
        let mut tcp = script.accept_tcp().await;
        tcp.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    });
    assert!(matches!(error.unwrap_err(), ClientError::Status(503)));

    let options = ClientOptions { connect_timeout: Duration::from_millis(50), ..ClientOptions::default() };
    let error = Client::connect_with(&url, options).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout), "{error:?}");
}
