//! A scripted server: it takes connections one by one and says only what the test makes it say.

use futures_util::{SinkExt, StreamExt};
use hongyan_client::{
    LoginOptions,
    wire::{AppId, ConversationKey, UserId},
};
use serde_json::{Value, json};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::CloseFrame,
    },
};

/// Longest wait for what must come.
pub const WAIT: Duration = Duration::from_secs(20);
/// Wait for what must not come.
pub const QUIET: Duration = Duration::from_millis(50);

pub struct Script {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Script {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// The next TCP connection.
    pub async fn accept_tcp(&self) -> TcpStream {
        timeout(WAIT, self.listener.accept()).await.expect("a connection").unwrap().0
    }

    /// The next connection, after its handshake.
    pub async fn accept(&self) -> Peer {
        Peer::shake_hands(self.accept_tcp().await).await
    }

    /// The next connection, logged in.
    pub async fn accept_login(&self, session: &str) -> (Peer, Value) {
        let mut peer = self.accept().await;
        let login = peer.expect("session.login").await;
        peer.answer(&login, login_result(session)).await;
        (peer, login["params"].clone())
    }
}

/// The server's end of one connection.
pub struct Peer<S = TcpStream>(WebSocketStream<S>);

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Peer<S> {
    #[expect(clippy::result_large_err, reason = "the type is the library's")]
    pub async fn shake_hands(stream: S) -> Self {
        let select = |request: &Request, mut response: Response| {
            if let Some(offered) = request.headers().get("sec-websocket-protocol") {
                assert_eq!(offered, "hongyan.v1");
                response.headers_mut().insert("sec-websocket-protocol", offered.clone());
            }
            Ok(response)
        };
        Self(timeout(WAIT, accept_hdr_async(stream, select)).await.expect("a handshake").unwrap())
    }

    /// The next frame that is not a ping; `None` when the connection is over.
    pub async fn frame(&mut self) -> Option<Message> {
        loop {
            match timeout(WAIT, self.0.next()).await.expect("a frame") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next text frame.
    pub async fn text(&mut self) -> String {
        match self.frame().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("{other:?} instead of a text frame"),
        }
    }

    /// The next frame, which must be of this method.
    pub async fn expect(&mut self, method: &str) -> Value {
        let frame: Value = serde_json::from_str(&self.text().await).unwrap();
        assert_eq!(frame["method"], method, "{frame}");
        frame
    }

    /// Whether nothing comes for a while.
    pub async fn is_quiet(&mut self) -> bool {
        timeout(QUIET, self.0.next()).await.is_err()
    }

    pub async fn say(&mut self, frame: Value) {
        self.raw(Message::text(frame.to_string())).await;
    }

    pub async fn raw(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    pub async fn answer(&mut self, request: &Value, result: Value) {
        self.say(json!({"jsonrpc": "2.0", "id": request["id"], "result": result})).await;
    }

    pub async fn refuse(&mut self, request: &Value, code: u32) {
        let error = json!({"code": code, "message": "as the script says"});
        self.say(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})).await;
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.say(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// `message.received` of ann's conversation with these places.
    pub async fn deliver(&mut self, seqs: &[u64]) {
        let messages: Vec<Value> = seqs.iter().map(|seq| message("ann", *seq)).collect();
        self.notify(
            "message.received",
            json!({"conversationID": "ann", "conversationType": 0,
            "messages": messages, "isOfflineMessage": false}),
        )
        .await;
    }

    /// Takes the acknowledgement of ann's conversation up to this place.
    pub async fn expect_ack(&mut self, seq: u64) {
        let ack = self.expect("message.ack").await;
        assert_eq!(ack["params"], json!({"conversationID": "ann", "conversationType": 0, "messageSeq": seq}));
        assert_eq!(ack["id"], Value::Null);
    }

    pub async fn close(&mut self, code: u16, reason: &str) {
        self.raw(Message::Close(Some(CloseFrame { code: code.into(), reason: reason.to_owned().into() })))
            .await;
    }
}

/// A message in bob's conversation with ann.
pub fn message(sender: &str, seq: u64) -> Value {
    json!({"messageID": (1000 + seq).to_string(), "messageSeq": seq, "conversationID": "ann",
        "conversationType": 0, "senderUserID": sender, "timestamp": 1_795_000_000_000_u64 + seq,
        "content": {"type": 1, "message": format!("第{seq}句")}})
}

pub fn login_result(session: &str) -> Value {
    json!({"sessionID": session, "resumed": false, "userName": "Bob", "userAvatarUrl": "",
        "serverTime": 1_795_000_000_000_u64, "heartbeatInterval": 10_000, "heartbeatTimeout": 35_000,
        "totalUnreadMessageCount": 0, "pushBound": false})
}

pub fn bob() -> LoginOptions {
    LoginOptions::with_app_sign(AppId(7), &"5f".repeat(32), "bob").unwrap()
}

pub fn ann() -> ConversationKey {
    ConversationKey::Peer(UserId::new("ann").unwrap())
}
