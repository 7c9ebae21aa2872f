//! One connection, and nothing more than it is told: no retries, no memory.

use crate::{
    CallError, ClientError, ClientOptions, Delivery, LoginOptions, dial,
    inbox::Inbox,
    link::{Command, Link, LinkEnds, Shared},
};
use hongyan_wire::{Refusal, client::LoginResult, frame, server::Notification};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

/// Commands that may wait for the connection's task.
const COMMANDS_MAX: usize = 256;

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// The server's close code, if it gave one.
    pub code: Option<u16>,
    /// Its reason, or what broke.
    pub reason: String,
}

impl Closing {
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self { code: None, reason: reason.into() }
    }
}

/// A connection to a server. Dropping it cuts the line without a close frame.
pub struct Client {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    frozen: watch::Sender<bool>,
    closing: watch::Receiver<Option<Closing>>,
    places: Arc<Semaphore>,
    options: ClientOptions,
    task: JoinHandle<()>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Connects to `ws://host:port/ws` with the options of a well-behaved app.
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Self::connect_with(url, ClientOptions::default()).await
    }

    /// Connects with these options.
    pub async fn connect_with(url: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let socket = dial::dial(url, &options).await?;
        let inbox_len = match &options.delivery {
            Delivery::Queue(len_max) => *len_max,
            Delivery::Listener(_) => 0,
        };
        let shared = Arc::new(Shared {
            inbox: Inbox::new(inbox_len),
            strays: Inbox::new(1_024),
            next_id: AtomicU64::new(1),
        });
        let (commands, command_end) = mpsc::channel(COMMANDS_MAX);
        let (frozen, frozen_end) = watch::channel(false);
        let (closing_end, closing) = watch::channel(None);
        let ends = LinkEnds { commands: command_end, frozen: frozen_end, closing: closing_end };
        let link = Link::new(shared.clone(), options.ack, options.delivery.clone());
        let task = tokio::spawn(link.run(socket, ends));
        let places = Arc::new(Semaphore::new(options.in_flight_max));
        Ok(Self { shared, commands, frozen, closing, places, options, task })
    }

    /// Logs in and, unless switched off, begins to send heartbeats.
    pub async fn login(&self, login: &LoginOptions) -> Result<LoginResult, CallError> {
        let result: LoginResult = self.call("session.login", &login.params()).await?;
        if self.options.heartbeat {
            self.command(Command::Beat(Duration::from_millis(result.heartbeat_interval.max(1)))).await?;
        }
        Ok(result)
    }

    /// Sends a request and waits for its answer, at most `ClientOptions::call_timeout`. Any number of calls may
    /// be under way; they are written in the order in which these futures are first polled.
    pub async fn call<P: Serialize, R: DeserializeOwned>(&self, method: &str, params: &P) -> Result<R, CallError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let text = frame::request(id, method, params);
        let answer = timeout(self.options.call_timeout, self.ask(id, text));
        let raw = answer.await.map_err(|_| CallError::Timeout)??;
        serde_json::from_str(raw.get()).map_err(|error| CallError::Unreadable(error.to_string()))
    }

    async fn ask(&self, id: u64, text: String) -> crate::link::Answer {
        let permit = self.places.clone().acquire_owned().await;
        let permit = permit.map_err(|_| CallError::Closed(None, "the client is closed".into()))?;
        let (waiter, answer) = oneshot::channel();
        self.command(Command::Request { id, text, waiter, permit }).await?;
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.why_closed()),
        }
    }

    /// Sends a notification.
    pub async fn notify<P: Serialize>(&self, method: &str, params: &P) -> Result<(), CallError> {
        self.send_raw(&frame::notification(method, params)).await
    }

    /// Sends any text frame, for tests of bad input.
    pub async fn send_raw(&self, text: &str) -> Result<(), CallError> {
        self.command(Command::Frame(Message::text(text))).await
    }

    /// Sends a binary frame, for tests of bad input.
    pub async fn send_binary(&self, bytes: Vec<u8>) -> Result<(), CallError> {
        self.command(Command::Frame(Message::binary(bytes))).await
    }

    /// The next notification, if one comes in time.
    pub async fn next(&self, wait: Duration) -> Option<Notification> {
        self.expect(|_| true, wait).await
    }

    /// The oldest notification that `wanted` picks, if it is there or comes in time; others stay.
    pub async fn expect(&self, wanted: impl FnMut(&Notification) -> bool, wait: Duration) -> Option<Notification> {
        timeout(wait, self.shared.inbox.take(wanted)).await.ok()
    }

    /// A notification that is already there.
    pub fn take_now(&self, wanted: impl FnMut(&Notification) -> bool) -> Option<Notification> {
        self.shared.inbox.take_now(wanted)
    }

    /// Notifications not taken yet.
    pub fn waiting(&self) -> usize {
        self.shared.inbox.len()
    }

    /// The next refusal that answered no request of ours (of a raw frame), if one comes in time.
    pub async fn stray_refusal(&self, wait: Duration) -> Option<Refusal> {
        timeout(wait, self.shared.strays.take(|_| true)).await.ok()
    }

    /// Waits until the connection is over and says how it ended.
    pub async fn closed(&self) -> Closing {
        let mut closing = self.closing.clone();
        match closing.wait_for(Option::is_some).await {
            Ok(closing) => closing.clone().unwrap_or_else(|| Closing::broken("closed")),
            Err(_) => Closing::broken("the client was dropped"),
        }
    }

    /// How it ended, if it did.
    pub fn closing(&self) -> Option<Closing> {
        self.closing.borrow().clone()
    }

    /// Says goodbye with a close frame and waits for the end, at most `wait`.
    pub async fn close(&self, wait: Duration) -> Option<Closing> {
        self.command(Command::Close).await.ok()?;
        timeout(wait, self.closed()).await.ok()
    }

    /// Stops reading and reacting while the socket stays open, as a frozen app does; `false` thaws it.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Cuts the line without a close frame.
    pub fn abort(self) {}

    async fn command(&self, command: Command) -> Result<(), CallError> {
        self.commands.send(command).await.map_err(|_| self.why_closed())
    }

    fn why_closed(&self) -> CallError {
        match self.closing() {
            Some(closing) => CallError::Closed(closing.code, closing.reason),
            None => CallError::Closed(None, "the connection is over".into()),
        }
    }
}
