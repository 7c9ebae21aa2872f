//! `GET /device`: one WebSocket drives one phone. JSON text frames: requests with an ID are answered with
//! the same ID, events come in between. The phone stays as it is when the socket goes.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::events::{PhoneEvent, PhoneEvents};
use super::requests::{self, DeviceName, PhoneError, Reply, dialog_answer};
use crate::limits::{SOCKET_FRAME_MAX, SOCKET_PENDING_MAX, SOCKET_PING_EVERY, SOCKET_SILENT_PINGS_MAX};
use crate::state::EmulatorState;

pub(crate) async fn device_socket(State(state): State<EmulatorState>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.max_message_size(SOCKET_FRAME_MAX).max_frame_size(SOCKET_FRAME_MAX);
    upgrade.on_upgrade(move |socket| async move {
        let tracked = state.clone();
        tracked.track(serve(state, socket)).await;
    })
}

/// Runs until the peer leaves, misbehaves, falls behind, or the emulator stops.
async fn serve(state: EmulatorState, socket: WebSocket) {
    let mut link =
        Link { state: state.clone(), socket, phone: None, dialogs: FuturesUnordered::new(), silent: 0 };
    tokio::select! {
        () = state.stopped() => {}
        end = link.run() => link.close(end).await,
    }
}

struct Link {
    state: EmulatorState,
    socket: WebSocket,
    phone: Option<(DeviceName, PhoneEvents)>,
    dialogs: FuturesUnordered<Pending>,
    /// Pings since the last sign of life.
    silent: u32,
}

type Pending = std::pin::Pin<Box<dyn Future<Output = (Value, Answer)> + Send>>;
type Answer = Result<Value, PhoneError>;

/// Why a socket ends.
enum End {
    PeerLeft,
    TooSlow,
    Silent,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    id: Value,
    method: String,
    #[serde(default)]
    params: Option<Value>,
}

impl Link {
    async fn run(&mut self) -> End {
        let mut pings = tokio::time::interval(SOCKET_PING_EVERY);
        loop {
            let result = tokio::select! {
                frame = self.socket.recv() => match frame {
                    Some(Ok(frame)) => self.on_frame(frame).await,
                    Some(Err(_)) | None => return End::PeerLeft,
                },
                event = next_event(&mut self.phone) => match event {
                    Some(event) => self.send(&*event).await,
                    None => return End::TooSlow,
                },
                Some((id, answer)) = self.dialogs.next() => self.answer(id, answer).await,
                _ = pings.tick() => {
                    if self.silent >= SOCKET_SILENT_PINGS_MAX {
                        return End::Silent;
                    }
                    self.silent += 1;
                    self.socket.send(Message::Ping(axum::body::Bytes::new())).await
                }
            };
            if result.is_err() {
                return End::PeerLeft;
            }
        }
    }

    async fn on_frame(&mut self, frame: Message) -> Result<(), axum::Error> {
        self.silent = 0;
        match frame {
            Message::Text(text) => self.on_text(&text).await,
            Message::Binary(_) => self.answer(Value::Null, Err(PhoneError::new("frames must be text"))).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        }
    }

    async fn on_text(&mut self, text: &str) -> Result<(), axum::Error> {
        let request: Request = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                let error = PhoneError::new(format!("not a request {{id, method, params}}: {error}"));
                return self.answer(Value::Null, Err(error)).await;
            }
        };
        let id = request.id.clone();
        match self.perform(request) {
            Ok(Reply::Now(value)) => self.answer(id, Ok(value)).await,
            Err(error) => self.answer(id, Err(error)).await,
            Ok(Reply::Dialog(_)) if self.dialogs.len() >= SOCKET_PENDING_MAX => {
                self.answer(id, Err(PhoneError::new("too many requests wait for a dialog"))).await
            }
            Ok(Reply::Dialog(answer)) => {
                self.dialogs.push(Box::pin(dialog(id, answer)));
                Ok(())
            }
        }
    }

    /// The first request opens the phone; all later ones drive it.
    fn perform(&mut self, request: Request) -> Result<Reply, PhoneError> {
        let given = request.params.unwrap_or_else(|| json!({}));
        let mut world = self.state.world();
        if let Some((device, _)) = &self.phone {
            return requests::perform(&mut world, device, &request.method, given);
        }
        if request.method != "device.open" {
            return Err(PhoneError::new("device.open must come first"));
        }
        let open: requests::Open = requests::params(given)?;
        let device: DeviceName = Arc::from(open.device_id.as_str());
        let shown = requests::open(&mut world, open)?;
        let events = world.phone(&device)?.listen()?;
        drop(world);
        self.phone = Some((device, events));
        Ok(Reply::Now(shown))
    }

    async fn answer(&mut self, id: Value, answer: Answer) -> Result<(), axum::Error> {
        let frame = match answer {
            Ok(result) => json!({ "id": id, "result": result }),
            Err(error) => json!({ "id": id, "error": error.json() }),
        };
        self.send(&frame).await
    }

    async fn send(&mut self, frame: &impl serde::Serialize) -> Result<(), axum::Error> {
        let text = serde_json::to_string(frame).map_err(axum::Error::new)?;
        self.socket.send(Message::Text(text.into())).await
    }

    async fn close(&mut self, end: End) {
        let (code, reason) = match end {
            End::PeerLeft => return,
            End::TooSlow => (close_code::AGAIN, "too slow"),
            End::Silent => (close_code::AWAY, "silent"),
        };
        // A peer that cannot take the close frame is gone anyway.
        let _ = self.socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
}

async fn dialog(id: Value, answer: oneshot::Receiver<bool>) -> (Value, Answer) {
    (id, dialog_answer(answer.await))
}

async fn next_event(phone: &mut Option<(DeviceName, PhoneEvents)>) -> Option<Arc<PhoneEvent>> {
    match phone {
        Some((_, events)) => events.next().await,
        None => std::future::pending().await,
    }
}
