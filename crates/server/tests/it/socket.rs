//! WebSockets as foreign clients speak them: goodbyes, pieces, floods, and a client that does not read.

use crate::harness::{WAIT, World, peer, until, user_id};
use futures_util::{SinkExt, StreamExt};
use hongyan_client::Draft;
use hongyan_wire::frame;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

type Socket = WebSocketStream<TcpStream>;

async fn connect(world: &World) -> Socket {
    let stream = TcpStream::connect(world.server.local_addr()).await.unwrap();
    client_async(world.url(), stream).await.unwrap().0
}

async fn logged_in(world: &World, user: &str) -> Socket {
    let mut socket = connect(world).await;
    let login = frame::request(1, "session.login", &world.login(user).params());
    socket.send(Message::text(login)).await.unwrap();
    assert!(next(&mut socket).await.to_text().unwrap().contains("\"sessionID\""));
    socket
}

async fn next(socket: &mut Socket) -> Message {
    timeout(WAIT, socket.next()).await.expect("something comes in time").unwrap().unwrap()
}

/// The next answer, leaving out what the server says by itself.
async fn answer(socket: &mut Socket) -> Value {
    loop {
        let text: Value = serde_json::from_str(next(socket).await.to_text().unwrap()).unwrap();
        if text.get("id").is_some() {
            return text;
        }
    }
}

fn heartbeat(id: u64) -> String {
    frame::request(id, "session.heartbeat", &json!({}))
}

#[tokio::test]
async fn a_goodbye_is_answered_before_and_after_login() {
    let world = World::start().await;
    for mut socket in [connect(&world).await, logged_in(&world, "ann").await] {
        let close = CloseFrame { code: CloseCode::Away, reason: "done".into() };
        socket.send(Message::Close(Some(close))).await.unwrap();
        let Message::Close(Some(answered)) = next(&mut socket).await else { panic!("no close frame") };
        assert_eq!(answered.code, CloseCode::Away);
        assert!(timeout(WAIT, socket.next()).await.unwrap().is_none(), "the connection ends cleanly");
    }
    let hub = world.server.hub();
    until("the seat to be free", || hub.is_empty()).await;
}

#[tokio::test]
async fn a_request_in_pieces_with_a_ping_between_is_one_request() {
    let world = World::start().await;
    let mut socket = logged_in(&world, "ann").await;
    let text = heartbeat(7);
    let (first, last) = text.split_at(20);
    let pieces = [(first, OpCode::Data(Data::Text), false), (last, OpCode::Data(Data::Continue), true)];
    let [first, last] = pieces.map(|(text, code, fin)| Frame::message(text.as_bytes().to_vec(), code, fin));
    socket.send(Message::Frame(first)).await.unwrap();
    socket.send(Message::Ping(b"between"[..].into())).await.unwrap();
    socket.send(Message::Frame(last)).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Pong(b"between"[..].into()));
    assert_eq!(answer(&mut socket).await["id"], 7);
}

#[tokio::test]
async fn a_flood_of_requests_in_one_write_is_answered_one_by_one() {
    let world = World::start().await;
    let mut socket = logged_in(&world, "ann").await;
    let (mut sink, mut stream) = (&mut socket).split();
    let flood = async {
        for id in 2..3_002 {
            let text = match id % 10 {
                0 => frame::request(id, "conversation.totalUnread", &json!({})),
                _ => heartbeat(id),
            };
            sink.feed(Message::text(text)).await.unwrap();
        }
        sink.flush().await.unwrap();
    };
    let answers = async {
        let mut missing: std::collections::BTreeSet<u64> = (2..3_002).collect();
        while !missing.is_empty() {
            let message = timeout(WAIT, stream.next()).await.unwrap().unwrap().unwrap();
            let told: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
            if let Some(id) = told["id"].as_u64() {
                assert!(told.get("result").is_some() && missing.remove(&id), "{told}");
            }
        }
    };
    tokio::join!(flood, answers);
}

#[tokio::test]
async fn who_asks_much_and_reads_nothing_is_let_go_and_disturbs_nobody() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    for _ in 0..100 {
        ann.send(&peer("bob"), &Draft::text("x".repeat(2_000))).await.unwrap();
        world.advance(Duration::from_millis(100));
    }
    let mut bob = logged_in(&world, "bob").await;
    let history = json!({"conversationID": "ann", "conversationType": 0, "afterSeq": 0, "count": 100});
    let asked = async {
        for id in 2.. {
            let text = frame::request(id, "message.history", &history);
            if bob.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    };
    let (hub, user) = (world.server.hub(), user_id("bob"));
    let let_go = until("bob to be let go", || hub.seats_of(world.app.id, &user).is_empty());
    tokio::select! {
        () = asked => panic!("the socket broke before the session ended"),
        () = let_go => {}
    }
    ann.send(&peer("bob"), &Draft::text("still here")).await.unwrap();
}
