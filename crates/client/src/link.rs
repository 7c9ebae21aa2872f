//! The task behind a connection: the only one that touches the socket.
//!
//! One select loop: what goes out (commands, acknowledgements, heartbeats) is queued and written while
//! reading goes on, so neither side can hold the other up. It ends when the socket does, when a heartbeat stays
//! unanswered, when the inbox is full, or when its `Client` is dropped. Then it says why, once.

use crate::{AckPolicy, CallError, ClientOptions, Closing, Delivery, dial::Socket, inbox::Inbox};
use futures_util::{
    Sink, SinkExt, StreamExt, ready,
    stream::{SplitSink, SplitStream},
};
use hongyan_wire::{
    Refusal,
    client::{CallRef, Cursor, Empty},
    frame::{self, FromServer},
    server::{Messages, Notification},
};
use serde_json::value::RawValue;
use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot, watch},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::{
    self, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

/// Frames that may wait to be written; then neither commands nor frames of the server are taken.
const OUTGOING_LEN_MAX: usize = 256;
/// How long the goodbye of a closing connection may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a request waits for.
pub(crate) type Answer = Result<Box<RawValue>, CallError>;

/// What `Client` tells the task.
pub(crate) enum Command {
    /// A frame without an answer.
    Frame(Message),
    /// A request; the permit is held until the answer comes, whether or not somebody still waits for it.
    Request { id: u64, text: String, waiter: oneshot::Sender<Answer>, permit: OwnedSemaphorePermit },
    /// Send a heartbeat this often from now on.
    Beat(Duration),
    /// Say goodbye with a close frame and wait for the server's.
    Close,
}

/// What the task shares with its `Client`.
pub(crate) struct Shared {
    pub(crate) inbox: Inbox<Notification>,
    /// Refusals of frames that could not be matched to a request.
    pub(crate) strays: Inbox<Refusal>,
    pub(crate) next_id: AtomicU64,
}

/// The task's own ends of what connects it to its `Client`.
pub(crate) struct LinkEnds {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) frozen: watch::Receiver<bool>,
    pub(crate) closing: watch::Sender<Option<Closing>>,
}

/// The state of the task.
pub(crate) struct Link {
    shared: Arc<Shared>,
    ack: AckPolicy,
    delivery: Delivery,
    /// How long a heartbeat may go unanswered.
    answer_timeout: Duration,
    outgoing: VecDeque<Message>,
    /// Written but perhaps not flushed.
    unflushed: bool,
    pending: HashMap<u64, (oneshot::Sender<Answer>, OwnedSemaphorePermit)>,
    beat: Option<Beat>,
}

/// When the next heartbeat is due, and which one is still unanswered.
struct Beat {
    every: Duration,
    next: Instant,
    unanswered: Option<(u64, Instant)>,
}

impl Beat {
    /// When something must be done about it.
    fn due(&self, answer_timeout: Duration) -> Instant {
        self.unanswered.map_or(self.next, |(_, sent)| sent + answer_timeout)
    }
}

impl Link {
    pub(crate) fn new(shared: Arc<Shared>, options: &ClientOptions) -> Self {
        Self {
            shared,
            ack: options.ack,
            delivery: options.delivery.clone(),
            answer_timeout: options.heartbeat_answer_timeout,
            outgoing: VecDeque::new(),
            unflushed: false,
            pending: HashMap::new(),
            beat: None,
        }
    }

    /// Runs until the connection is over; then whoever waits for an answer or for the end is told.
    pub(crate) async fn run(mut self, socket: Socket, mut ends: LinkEnds) {
        let (mut sink, mut stream) = socket.split();
        let closing = self.serve(&mut sink, &mut stream, &mut ends).await;
        tracing::debug!(code = closing.code, reason = closing.reason, "connection closed");
        ends.closing.send_replace(Some(closing));
        self.pending.clear();
        // The peer may be gone; then there is nobody to say goodbye to.
        let _ = timeout(GOODBYE_TIMEOUT, sink.flush()).await;
    }

    async fn serve(
        &mut self,
        sink: &mut SplitSink<Socket, Message>,
        stream: &mut SplitStream<Socket>,
        ends: &mut LinkEnds,
    ) -> Closing {
        loop {
            let room = self.outgoing.len() < OUTGOING_LEN_MAX;
            let frozen = *ends.frozen.borrow_and_update();
            let beat_due = self.beat.as_ref().map(|beat| beat.due(self.answer_timeout));
            tokio::select! {
                written = pump(sink, &mut self.outgoing), if self.unflushed || !self.outgoing.is_empty() => {
                    match written {
                        Ok(()) => self.unflushed = false,
                        Err(error) => return broken(&error),
                    }
                }
                Some(command) = ends.commands.recv(), if room => self.obey(command),
                frame = stream.next(), if room && !frozen => {
                    if let Some(closing) = self.take_frame(frame) {
                        return closing;
                    }
                }
                () = sleep_until(beat_due.unwrap_or_else(Instant::now)), if beat_due.is_some() && !frozen => {
                    if let Some(closing) = self.beat() {
                        return closing;
                    }
                }
                changed = ends.frozen.changed() => {
                    if changed.is_err() {
                        return Closing::broken("the client was dropped");
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Frame(message) => self.outgoing.push_back(message),
            Command::Request { id, text, waiter, permit } => {
                self.pending.insert(id, (waiter, permit));
                self.outgoing.push_back(Message::text(text));
            }
            Command::Beat(every) => {
                self.beat = Some(Beat { every, next: Instant::now() + every, unanswered: None });
            }
            Command::Close => {
                let goodbye = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                self.outgoing.push_back(Message::Close(Some(goodbye)));
            }
        }
    }

    /// Handles one frame of the server. `Some` when it was the last.
    fn take_frame(&mut self, frame: Option<Result<Message, tungstenite::Error>>) -> Option<Closing> {
        match frame {
            None => Some(Closing::broken("the connection is closed")),
            Some(Err(error)) => Some(broken(&error)),
            Some(Ok(Message::Text(text))) => self.take_text(&text),
            Some(Ok(Message::Close(frame))) => Some(Closing {
                code: frame.as_ref().map(|frame| frame.code.into()),
                reason: frame.map_or_else(String::new, |frame| frame.reason.to_string()),
            }),
            Some(Ok(Message::Ping(_))) => {
                self.unflushed = true; // tungstenite has queued the pong
                None
            }
            Some(Ok(_)) => None,
        }
    }

    fn take_text(&mut self, text: &str) -> Option<Closing> {
        let frame: FromServer<'_> = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(error) => {
                return Some(Closing::broken(format!("a frame of the server cannot be read: {error}")));
            }
        };
        if let Some(id) = frame.id {
            self.take_answer(id, frame);
            return None;
        }
        if let Some(refusal) = frame.error {
            return self
                .shared
                .strays
                .push(refusal)
                .err()
                .map(|_| Closing::broken("too many refusals unread"));
        }
        match Notification::read(&frame) {
            Some(Ok(notification)) => self.deliver(notification),
            Some(Err(refusal)) => Some(Closing::broken(format!("a notification cannot be read: {refusal}"))),
            None => {
                tracing::debug!(method = frame.method.as_deref(), "a notification of another version");
                None
            }
        }
    }

    fn take_answer(&mut self, id: u64, frame: FromServer<'_>) {
        if let Some(beat) = &mut self.beat
            && beat.unanswered.is_some_and(|(expected, _)| expected == id)
        {
            beat.unanswered = None;
            return;
        }
        let Some((waiter, _permit)) = self.pending.remove(&id) else {
            tracing::debug!(id, "an answer nobody asked for");
            return;
        };
        let answer = match (frame.error, frame.result) {
            (Some(refusal), _) => Err(CallError::Refused(refusal)),
            (None, Some(result)) => Ok(result.to_owned()),
            (None, None) => Err(CallError::Unreadable("neither result nor error".to_owned())),
        };
        // Whoever asked may have stopped waiting; the permit comes back all the same.
        let _ = waiter.send(answer);
    }

    fn deliver(&mut self, notification: Notification) -> Option<Closing> {
        let ack = match self.ack {
            AckPolicy::Auto => ack_frame(&notification),
            AckPolicy::Never | AckPolicy::Manual => None,
        };
        match &self.delivery {
            Delivery::Listener(listener) => listener(&notification),
            Delivery::Queue(_) => {
                if self.shared.inbox.push(notification).is_err() {
                    return Some(Closing::broken("the queue of notifications is full; take them faster"));
                }
            }
        }
        self.outgoing.extend(ack.map(Message::text));
        None
    }

    /// Sends the heartbeat that is due, or gives up a link that did not answer the last.
    fn beat(&mut self) -> Option<Closing> {
        let beat = self.beat.as_mut()?;
        if beat.unanswered.is_some() {
            return Some(Closing::broken("no answer to a heartbeat"));
        }
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        beat.unanswered = Some((id, Instant::now()));
        beat.next = Instant::now() + beat.every;
        self.outgoing.push_back(Message::text(frame::request(id, "session.heartbeat", &Empty {})));
        None
    }
}

/// The acknowledgement of a notification that needs one.
fn ack_frame(notification: &Notification) -> Option<String> {
    match notification {
        Notification::Messages(messages) => {
            ack_cursor(messages).map(|cursor| frame::notification("message.ack", &cursor))
        }
        Notification::CallReceived(call) => {
            Some(frame::notification("call.ack", &CallRef { call_id: call.call_id }))
        }
        _ => None,
    }
}

/// How far a `message.received` brings its conversation; `None` when it holds command messages only.
pub(crate) fn ack_cursor(messages: &Messages) -> Option<Cursor> {
    let message_seq = messages.messages.iter().map(|message| message.message_seq).max()?;
    (message_seq > 0).then(|| Cursor {
        conversation_id: messages.conversation_id.clone(),
        conversation_type: messages.conversation_type,
        message_seq,
    })
}

/// Writes all that waits and flushes. May be dropped and called again at any point: nothing is lost.
async fn pump(
    sink: &mut SplitSink<Socket, Message>,
    outgoing: &mut VecDeque<Message>,
) -> Result<(), tungstenite::Error> {
    poll_fn(|context| poll_pump(Pin::new(&mut *sink), outgoing, context)).await
}

fn poll_pump(
    mut sink: Pin<&mut SplitSink<Socket, Message>>,
    outgoing: &mut VecDeque<Message>,
    context: &mut Context<'_>,
) -> Poll<Result<(), tungstenite::Error>> {
    while !outgoing.is_empty() {
        ready!(sink.as_mut().poll_ready(context))?;
        if let Some(message) = outgoing.pop_front() {
            sink.as_mut().start_send(message)?;
        }
    }
    sink.poll_flush(context)
}

fn broken(error: &tungstenite::Error) -> Closing {
    Closing::broken(error.to_string())
}
