//! One connection, and what a program or a test does with it.

use crate::{
    CallError, ClientError, ClientOptions, Delivery, LoginOptions,
    dial::dial,
    inbox::Inbox,
    link::{Answer, Command, Link, LinkEnds, Shared},
    options::INBOX_LEN_MAX,
};
use hongyan_wire::{Refusal, client::LoginResult, frame, server::Notification};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
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

/// Commands that may wait for the connection's task; then `call` and `send_raw` wait too.
const COMMANDS_LEN_MAX: usize = 64;
/// Refusals without an id that may wait to be taken.
const STRAYS_LEN_MAX: usize = 64;

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// The server's close code; `None` when the connection broke or was given up without one.
    pub code: Option<u16>,
    /// The server's reason, or what happened.
    pub reason: String,
}

impl Closing {
    /// An end without a close code.
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self { code: None, reason: reason.into() }
    }
}

/// One connection to a server. Methods take `&self`: share it in an `Arc` to ask from several tasks.
/// Dropping it drops the connection.
pub struct Client {
    pub(crate) shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    frozen: watch::Sender<bool>,
    closing: watch::Receiver<Option<Closing>>,
    in_flight: Arc<Semaphore>,
    session: Mutex<Option<LoginResult>>,
    options: ClientOptions,
    task: JoinHandle<()>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client(closing: {:?})", *self.closing.borrow())
    }
}

impl Drop for Client {
    /// The task ends with its owner, and the socket with the task.
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Connects to `ws://host:port/ws` as a well-behaved app does.
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Self::connect_with(url, ClientOptions::default()).await
    }

    /// Connects to a `ws://` or, with `options.tls`, a `wss://` address.
    pub async fn connect_with(url: &str, options: ClientOptions) -> Result<Self, ClientError> {
        let socket = dial(url, &options).await?;
        let inbox_len_max = match options.delivery {
            Delivery::Queue(len_max) => len_max,
            Delivery::Listener(_) => INBOX_LEN_MAX,
        };
        let shared = Arc::new(Shared {
            inbox: Inbox::new(inbox_len_max),
            strays: Inbox::new(STRAYS_LEN_MAX),
            next_id: AtomicU64::new(1),
        });
        let (commands, commands_end) = mpsc::channel(COMMANDS_LEN_MAX);
        let (frozen, frozen_end) = watch::channel(false);
        let (closing_end, closing) = watch::channel(None);
        let ends = LinkEnds { commands: commands_end, frozen: frozen_end, closing: closing_end };
        let link = Link::new(Arc::clone(&shared), &options);
        let task = tokio::spawn(link.run(socket, ends));
        let in_flight = Arc::new(Semaphore::new(options.in_flight_max));
        Ok(Self { shared, commands, frozen, closing, in_flight, session: Mutex::new(None), options, task })
    }

    /// Sends `session.login`; once it is accepted, heartbeats go out unless the options forbid them.
    pub async fn login(&self, login: LoginOptions) -> Result<LoginResult, CallError> {
        let result: LoginResult = self.call("session.login", &login.params()).await?;
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.clone());
        if self.options.heartbeat {
            let every = Duration::from_millis(result.heartbeat_interval.max(1));
            self.command(Command::Beat(every)).await?;
        }
        Ok(result)
    }

    /// What the last login answered.
    pub fn session(&self) -> Option<LoginResult> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The limits this connection was opened with.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Asks for `method` and reads its result. Calls may overlap; they are sent in the order in which they
    /// were first polled. Bounded by `ClientOptions::call_timeout`, waiting for a turn included.
    pub async fn call<P, R>(&self, method: &str, params: &P) -> Result<R, CallError>
    where
        P: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        match timeout(self.options.call_timeout, self.ask(method, params)).await {
            Ok(answer) => serde_json::from_str(answer?.get())
                .map_err(|error| CallError::Unreadable(format!("result of {method}: {error}"))),
            Err(_) => Err(CallError::Timeout),
        }
    }

    async fn ask<P: Serialize + ?Sized>(&self, method: &str, params: &P) -> Answer {
        let permit = Arc::clone(&self.in_flight)
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore of requests in flight");
        let id = self.next_id();
        let (waiter, answer) = oneshot::channel();
        self.command(Command::Request { id, text: frame::request(id, method, &params), waiter, permit })
            .await?;
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(self.closed_error()),
        }
    }

    /// Sends a notification: nothing answers it.
    pub async fn notify<P: Serialize + ?Sized>(&self, method: &str, params: &P) -> Result<(), CallError> {
        self.send_raw(frame::notification(method, &params)).await
    }

    /// Sends a text frame as it is, to see how bad input is refused. See `next_stray`.
    pub async fn send_raw(&self, text: impl Into<String>) -> Result<(), CallError> {
        self.command(Command::Frame(Message::text(text.into()))).await
    }

    /// Sends a binary frame, which the protocol forbids.
    pub async fn send_binary(&self, bytes: Vec<u8>) -> Result<(), CallError> {
        self.command(Command::Frame(Message::binary(bytes))).await
    }

    /// Sends a ping frame.
    pub async fn send_ping(&self, payload: Vec<u8>) -> Result<(), CallError> {
        self.command(Command::Frame(Message::Ping(payload.into()))).await
    }

    /// An id that no other request of this connection has or will have; for `send_raw`.
    pub fn next_id(&self) -> u64 {
        self.shared.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// The oldest notification not yet taken. `None` after `wait`, or when the connection is over and
    /// everything was taken.
    pub async fn next(&self, wait: Duration) -> Option<Notification> {
        self.expect(|_| true, wait).await
    }

    /// The oldest notification that `wanted` picks; others stay where they are. `None` as for `next`.
    pub async fn expect(
        &self,
        mut wanted: impl FnMut(&Notification) -> bool,
        wait: Duration,
    ) -> Option<Notification> {
        let taken = tokio::select! {
            taken = timeout(wait, self.shared.inbox.take(&mut wanted)) => taken.ok(),
            () = self.wait_closed() => None,
        };
        taken.or_else(|| self.shared.inbox.take_now(wanted))
    }

    /// Notifications that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.shared.inbox.len()
    }

    /// The oldest refusal that could not be matched to a request: of a frame that could not be read, or of a
    /// notification. `None` after `wait` or when the connection is over.
    pub async fn next_stray(&self, wait: Duration) -> Option<Refusal> {
        let taken = tokio::select! {
            taken = timeout(wait, self.shared.strays.take(|_| true)) => taken.ok(),
            () = self.wait_closed() => None,
        };
        taken.or_else(|| self.shared.strays.take_now(|_| true))
    }

    /// A frozen app: nothing is read, answered or acknowledged and no heartbeat goes out until it is thawed
    /// with `false`, but the socket stays open.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// The close code of the connection's end, waiting for it at most `ClientOptions::call_timeout`. `None`
    /// when it broke without one, or is still open then: `closing` tells these apart.
    pub async fn closed(&self) -> Option<u16> {
        self.closing(self.options.call_timeout).await.and_then(|closing| closing.code)
    }

    /// How the connection ended. `None` when it has not after `wait`.
    pub async fn closing(&self, wait: Duration) -> Option<Closing> {
        timeout(wait, self.wait_closed()).await.ok().map(|()| self.closing_now())
    }

    /// Whether the connection is still there, as far as this side knows.
    pub fn is_open(&self) -> bool {
        !self.task.is_finished() && self.closing.borrow().is_none()
    }

    /// Closes politely with code 1000; waits for the server's close frame at most
    /// `ClientOptions::call_timeout`, then drops the connection.
    pub async fn close(&self) {
        if self.command(Command::Close).await.is_ok() {
            // Whether the server answered or not, the connection is over after this.
            let _ = self.closing(self.options.call_timeout).await;
        }
        self.task.abort();
    }

    /// Drops the TCP connection without a close frame, as a lost network does.
    pub fn abort(&self) {
        self.task.abort();
    }

    async fn command(&self, command: Command) -> Result<(), CallError> {
        match timeout(self.options.call_timeout, self.commands.send(command)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.closed_error()),
            Err(_) => Err(CallError::Timeout),
        }
    }

    async fn wait_closed(&self) {
        // An error means that the task was aborted before it could say anything.
        let _ = self.closing.clone().wait_for(Option::is_some).await;
    }

    fn closing_now(&self) -> Closing {
        self.closing.borrow().clone().unwrap_or_else(|| Closing::broken("the connection was dropped"))
    }

    fn closed_error(&self) -> CallError {
        let closing = self.closing_now();
        CallError::Closed(closing.code, closing.reason)
    }
}
