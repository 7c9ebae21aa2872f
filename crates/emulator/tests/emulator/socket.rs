//! A phone driven over its WebSocket.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{BUNDLE, Bench, PATIENCE, PROJECT, alert, extra_data};

struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
    /// Events met while an answer was awaited.
    events: Vec<Value>,
}

impl Socket {
    async fn connect(bench: &Bench) -> Socket {
        let (stream, _) = connect_async(format!("ws://{}/device", bench.emulator.addr())).await.unwrap();
        Socket { stream, next_id: 1, events: Vec::new() }
    }

    async fn open(bench: &Bench, device: &str) -> (Socket, Value) {
        let mut socket = Socket::connect(bench).await;
        let state = socket.call("device.open", json!({ "deviceId": device })).await.unwrap();
        (socket, state)
    }

    async fn frame(&mut self) -> Value {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a frame in time");
            match frame.expect("the socket is open").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn ask(&mut self, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let frame = json!({ "id": id, "method": method, "params": params });
        self.stream.send(Message::text(frame.to_string())).await.unwrap();
        id
    }

    /// `Err` is (code, message).
    async fn answer(&mut self, id: u64) -> Result<Value, (i64, String)> {
        loop {
            let frame = self.frame().await;
            if frame.get("event").is_some() {
                self.events.push(frame);
                continue;
            }
            assert_eq!(frame["id"], id, "{frame}");
            return match frame.get("error") {
                None => Ok(frame["result"].clone()),
                Some(error) => {
                    Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned()))
                }
            };
        }
    }

    async fn call(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    async fn app(&mut self, method: &str, more: Value) -> Result<Value, (i64, String)> {
        let mut params = json!({ "bundleName": BUNDLE });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call(method, params).await
    }

    async fn event(&mut self, name: &str) -> Value {
        loop {
            let kept = self.events.iter().position(|event| event["event"] == name);
            if let Some(at) = kept {
                return self.events.remove(at)["data"].clone();
            }
            let frame = self.frame().await;
            assert!(frame.get("event").is_some(), "an answer nobody waits for: {frame}");
            self.events.push(frame);
        }
    }
}

#[tokio::test]
async fn the_whole_life_of_an_app_over_one_socket() {
    let bench = Bench::new().await;
    let (mut socket, state) = Socket::open(&bench, "wall-1").await;
    let empty = json!({ "deviceId": "wall-1", "name": null, "locale": null, "online": true, "locked": false,
        "sleeping": false, "queued": 0, "apps": [], "notices": [], "calls": [] });
    assert_eq!(state, empty);
    socket.app("app.install", json!({ "projectId": PROJECT })).await.unwrap();
    let token = socket.app("push.getToken", json!({})).await.unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!((token.len(), &token[..2]), (112, "MA"));

    let asked = socket.ask("permission.request", json!({ "bundleName": BUNDLE })).await;
    assert_eq!(socket.event("permission.dialog").await, json!({ "bundleName": BUNDLE }));
    let answered = socket.ask("permission.answer", json!({ "bundleName": BUNDLE, "allow": true })).await;
    socket.answer(answered).await.unwrap();
    assert_eq!(socket.answer(asked).await, Ok(json!({ "allowed": true })));
    assert_eq!(socket.app("permission.request", json!({})).await, Ok(json!({ "allowed": true })));

    bench.send(0, &alert(&[&token], "Ann", json!({ "badge": { "setNum": 3 }, "notifyId": 9 }))).await;
    let shown = socket.event("notice.shown").await;
    assert_eq!((&shown["replaced"], &shown["notice"]["title"]), (&json!(false), &json!("Ann")));
    assert_eq!(socket.event("badge.changed").await, json!({ "bundleName": BUNDLE, "badge": 3 }));
    let id = shown["notice"]["id"].clone();
    let tap = socket.call("notice.tap", json!({ "id": id })).await.unwrap();
    let want = json!({ "parameters": { "conversation": "c1" }, "target": "home" });
    assert_eq!(tap, json!({ "bundleName": BUNDLE, "want": want }));
    socket.app("badge.set", json!({ "badge": 0 })).await.unwrap();
    socket.app("app.uninstall", json!({})).await.unwrap();
    let state = socket.call("device.open", json!({ "deviceId": "wall-1" })).await.unwrap();
    assert_eq!(state["apps"], json!([]));
}

#[tokio::test]
async fn a_refused_dialog_is_1600004_for_good() {
    let bench = Bench::new().await;
    let (mut socket, _) = Socket::open(&bench, "wall-1").await;
    socket.app("app.install", json!({ "projectId": PROJECT })).await.unwrap();
    let asked = socket.ask("permission.request", json!({ "bundleName": BUNDLE })).await;
    socket.event("permission.dialog").await;
    let answered = socket.ask("permission.answer", json!({ "bundleName": BUNDLE, "allow": false })).await;
    socket.answer(answered).await.unwrap();
    assert_eq!(socket.answer(asked).await.unwrap_err().0, 1_600_004);
    assert_eq!(socket.app("permission.request", json!({})).await.unwrap_err().0, 1_600_004);
    assert!(socket.app("permission.answer", json!({ "allow": true })).await.is_err(), "no dialog is open");
    socket.app("permission.set", json!({ "allow": true })).await.unwrap();
    assert_eq!(socket.app("permission.request", json!({})).await, Ok(json!({ "allowed": true })));
}

#[tokio::test]
async fn a_killed_app_loses_its_dialog_and_may_ask_again() {
    let bench = Bench::new().await;
    let (mut socket, _) = Socket::open(&bench, "wall-1").await;
    socket.app("app.install", json!({ "projectId": PROJECT })).await.unwrap();
    for _ in 0..2 {
        socket.app("app.state", json!({ "state": "foreground" })).await.unwrap();
        let asked = socket.ask("permission.request", json!({ "bundleName": BUNDLE })).await;
        socket.event("permission.dialog").await;
        let killed = socket.ask("app.state", json!({ "bundleName": BUNDLE, "state": "killed" })).await;
        socket.answer(killed).await.unwrap();
        assert_eq!(socket.answer(asked).await.unwrap_err().0, 1);
    }
}

#[tokio::test]
async fn the_phone_stays_when_its_socket_goes() {
    let bench = Bench::new().await;
    let (socket, state) = Socket::open(&bench, "phone-1").await;
    assert_eq!(state["apps"][0]["token"], bench.token);
    drop(socket);
    bench.send(0, &alert(&[&bench.token], "meanwhile", json!({}))).await.expect(200, "80000000");
    let (mut socket, state) = Socket::open(&bench, "phone-1").await;
    assert_eq!(state["notices"][0]["title"], "meanwhile");
    assert_eq!(state["apps"][0]["permission"], "allowed");
    socket.call("notice.clear", json!({})).await.unwrap();
    assert!(bench.phone.notices().is_empty());
}

#[tokio::test]
async fn a_call_over_the_socket() {
    let bench = Bench::new().await;
    let (mut socket, _) = Socket::open(&bench, "phone-1").await;
    bench.send(10, &extra_data(&bench.token, "{}", json!({}))).await.expect(200, "80000000");
    assert_eq!(socket.event("app.state").await, json!({ "bundleName": BUNDLE, "state": "background" }));
    let wake = socket.event("call.wake").await;
    let received = socket.event("message.received").await;
    assert_eq!((&received["type"], &received["data"]), (&json!("VoIP"), &wake["data"]));
    let call_id = wake["callId"].clone();
    socket.app("call.report", json!({ "callId": call_id })).await.unwrap();
    bench.send(10, &extra_data(&bench.token, "{}", json!({}))).await.expect(200, "80000000");
    let second = socket.event("call.wake").await["callId"].clone();
    bench.advance(10);
    assert_eq!(socket.event("call.missed_report").await, json!({ "bundleName": BUNDLE, "callId": second }));
    assert!(socket.app("call.report", json!({ "callId": second })).await.is_err());
}

#[tokio::test]
async fn flight_mode_lock_and_revocation_over_the_socket() {
    let bench = Bench::new().await;
    let (mut socket, _) = Socket::open(&bench, "phone-1").await;
    socket.call("device.network", json!({ "online": false })).await.unwrap();
    socket.call("device.lock", json!({ "locked": true })).await.unwrap();
    bench.send(0, &alert(&[&bench.token], "t", json!({ "notifyId": 4 }))).await.expect(200, "80000000");
    assert!(bench.phone.notices().is_empty());
    socket.call("device.network", json!({ "online": true })).await.unwrap();
    let shown = socket.event("notice.shown").await;
    bench.revoke(&json!({ "notifyId": 4, "token": [bench.token] })).await.expect(200, "80000000");
    let revoked = json!({ "id": shown["notice"]["id"], "notifyId": 4, "reason": "revoked" });
    assert_eq!(socket.event("notice.revoked").await, revoked);
    assert_eq!(socket.call("device.open", json!({ "deviceId": "phone-1" })).await.unwrap()["locked"], true);
}

#[tokio::test]
async fn wrong_requests_get_an_error_and_the_socket_lives_on() {
    let bench = Bench::new().await;
    let mut socket = Socket::connect(&bench).await;
    assert!(socket.call("notice.clear", json!({})).await.unwrap_err().1.contains("device.open"));
    let too_long = "x".repeat(129);
    for device in ["", "a\nb", &too_long] {
        assert!(socket.call("device.open", json!({ "deviceId": device })).await.is_err());
    }
    socket.call("device.open", json!({ "deviceId": "phone-1" })).await.unwrap();
    let cases = [
        ("device.open", json!({ "deviceId": "phone-2" }), "one phone"),
        ("no.such", json!({}), "unknown method"),
        ("notice.tap", json!({ "id": "notice-999" }), "no such notice"),
        ("notice.tap", json!({}), "id"),
        ("app.state", json!({ "bundleName": BUNDLE, "state": "asleep" }), "asleep"),
        ("app.state", json!({ "bundleName": "no.app", "state": "killed" }), "not installed"),
        ("badge.set", json!({ "bundleName": BUNDLE, "badge": -1 }), "params"),
        ("device.lock", json!({ "locked": true, "more": 1 }), "more"),
        ("device.lock", json!(7), "params"),
    ];
    for (method, params, word) in cases {
        let (code, message) = socket.call(method, params).await.unwrap_err();
        assert_eq!(code, 1);
        assert!(message.contains(word), "{method}: {message}");
    }
    for text in ["not json", "{}", "[]", "{\"id\":1}"] {
        socket.stream.send(Message::text(text)).await.unwrap();
        let frame = socket.frame().await;
        assert_eq!((&frame["id"], &frame["error"]["code"]), (&Value::Null, &json!(1)), "{text}");
    }
    socket.stream.send(Message::binary(vec![1])).await.unwrap();
    assert!(socket.frame().await["error"]["message"].as_str().unwrap().contains("text"));
    socket.call("device.lock", json!({ "locked": true })).await.unwrap();
}

#[tokio::test]
async fn an_oversized_frame_ends_the_socket_and_shutting_down_ends_all() {
    let bench = Bench::new().await;
    let (mut socket, _) = Socket::open(&bench, "phone-1").await;
    let big = json!({ "id": 1, "method": "notice.clear", "params": { "x": "y".repeat(70_000) } });
    // Sending may already fail while the other side closes.
    let _ = socket.stream.send(Message::text(big.to_string())).await;
    let ended = async { while let Some(Ok(_)) = socket.stream.next().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the socket ends");

    let (mut socket, _) = Socket::open(&bench, "phone-1").await;
    tokio::time::timeout(PATIENCE, bench.emulator.shutdown()).await.expect("everything stops");
    let ended = async { while let Some(Ok(_)) = socket.stream.next().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the socket ends");
}
