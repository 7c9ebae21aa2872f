//! A client that lives longer than its connections.
//!
//! It connects and logs in by itself, comes back with backoff and jitter, continues its session, sends what
//! was not answered again (with the same localMessageID, so nothing is stored twice), drops doubles, fills
//! gaps from history and acknowledges what the program took. It stops for good when the server says so: a close
//! code from 4100 on, or a refused login. For programs that care for their messages and not for connections;
//! a test of the server itself wants `Client`.

mod backoff;
mod driver;
mod event;
mod ledger;
mod outbox;

pub use backoff::{BACKOFF_FIRST, BACKOFF_MAX};
pub use event::Event;

use crate::{CallError, Client, ClientOptions, Credential, Draft, LoginOptions};
use driver::Driver;
use event::Events;
use hongyan_wire::{ConversationKey, Refusal, client::LoginResult, message::Message};
use outbox::Order;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};

/// How long a message is tried, reconnecting included.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(60);
/// Messages that may wait for their answer; then `send` waits for room first.
pub const OUTBOX_LEN_MAX: usize = 1_024;
/// Events that may wait to be taken; then nothing more is read from the connection.
pub const EVENTS_LEN_MAX: usize = 4_096;
/// Orders on their way to the driver.
const ORDERS_LEN_MAX: usize = 64;

/// What a `Reconnecting` client needs. `new` fills in everything but where and who.
#[derive(Clone, Debug)]
pub struct ReconnectingOptions {
    /// `ws://host:port/ws` or, with `client.tls`, `wss://…`.
    pub url: String,
    /// Who logs in. `resume_session_id` and `cursors` say where to begin; from then on the client keeps them.
    pub login: LoginOptions,
    /// Limits of each connection. `ack` and `delivery` are the client's own affair and ignored.
    pub client: ClientOptions,
    /// See `BACKOFF_FIRST`.
    pub backoff_first: Duration,
    /// See `BACKOFF_MAX`.
    pub backoff_max: Duration,
    /// See `SEND_TIMEOUT`.
    pub send_timeout: Duration,
    /// See `OUTBOX_LEN_MAX`.
    pub outbox_len_max: usize,
    /// Messages under way at once. 1 keeps their order even when the server asks to slow down in between.
    pub sends_in_flight_max: usize,
    /// See `EVENTS_LEN_MAX`.
    pub events_len_max: usize,
}

impl ReconnectingOptions {
    /// The defaults.
    pub fn new(url: impl Into<String>, login: LoginOptions) -> Self {
        Self {
            url: url.into(),
            login,
            client: ClientOptions::default(),
            backoff_first: BACKOFF_FIRST,
            backoff_max: BACKOFF_MAX,
            send_timeout: SEND_TIMEOUT,
            outbox_len_max: OUTBOX_LEN_MAX,
            sends_in_flight_max: 1,
            events_len_max: EVENTS_LEN_MAX,
        }
    }
}

/// Where the client stands.
#[derive(Clone, Debug)]
pub enum State {
    /// It has no session, and is trying to get one.
    Connecting,
    /// It has one, on this connection.
    Online(Arc<Client>, LoginResult),
    /// It has stopped and will not come back by itself.
    Over(Ending),
}

/// Why a client has stopped for good.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Ending {
    /// The server closed with a code from 4100 on.
    #[error("closed with {0}: {1}")]
    Closed(u16, String),
    /// The login was refused, and trying again would not help.
    #[error("login refused: {0}")]
    Refused(Refusal),
    /// The address cannot be used.
    #[error("{0}")]
    Address(String),
}

impl From<Ending> for CallError {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Closed(code, reason) => Self::Closed(Some(code), reason),
            Ending::Refused(refusal) => Self::Refused(refusal),
            Ending::Address(text) => Self::Closed(None, text),
        }
    }
}

/// The client. Methods take `&self`. Dropping it stops it and drops its connection.
pub struct Reconnecting {
    events: Arc<Events>,
    orders: mpsc::Sender<Order>,
    state: watch::Receiver<State>,
    credential: Arc<Mutex<Credential>>,
    send_timeout: Duration,
    call_timeout: Duration,
    task: JoinHandle<()>,
}

impl fmt::Debug for Reconnecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reconnecting({:?})", *self.state.borrow())
    }
}

impl Drop for Reconnecting {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Reconnecting {
    /// Begins to connect. Needs a Tokio runtime; does not wait.
    pub fn start(options: ReconnectingOptions) -> Self {
        let events = Arc::new(Events::new(options.events_len_max));
        let credential = Arc::new(Mutex::new(options.login.credential.clone()));
        let (orders, orders_end) = mpsc::channel(ORDERS_LEN_MAX);
        let (state_end, state) = watch::channel(State::Connecting);
        let (send_timeout, call_timeout) = (options.send_timeout, options.client.call_timeout);
        let driver = Driver::new(options, events.clone(), orders_end, state_end, credential.clone());
        let task = tokio::spawn(driver.run());
        Self { events, orders, state, credential, send_timeout, call_timeout, task }
    }

    /// Sends a message, over as many connections as it takes; gives it as it is stored. After
    /// `ReconnectingOptions::send_timeout` it is given up with `Timeout`, and whether it is stored is not
    /// known: the same draft may be sent again.
    pub async fn send(&self, to: &ConversationKey, draft: &Draft) -> Result<Message, CallError> {
        let (reply, result) = oneshot::channel();
        let order = Order { to: to.clone(), draft: draft.clone(), reply };
        let sent = async {
            self.orders.send(order).await.map_err(|_| self.over())?;
            result.await.unwrap_or_else(|_| Err(self.over()))
        };
        timeout(self.send_timeout, sent).await.unwrap_or(Err(CallError::Timeout))
    }

    /// Asks for anything else, on the present connection or the next, within `ClientOptions::call_timeout`
    /// for either. It is not asked again when that connection breaks.
    pub async fn call<P, R>(&self, method: &str, params: &P) -> Result<R, CallError>
    where
        P: Serialize + ?Sized,
        R: DeserializeOwned,
    {
        self.online(self.call_timeout).await?.call(method, params).await
    }

    /// The oldest event not yet taken. `None` after `wait`, or when the client is over and everything was
    /// taken. What is taken counts as handled and is acknowledged.
    pub async fn next(&self, wait: Duration) -> Option<Event> {
        self.expect(|_| true, wait).await
    }

    /// The oldest event that `wanted` picks; others stay where they are. An acknowledgement is cumulative: it
    /// covers earlier messages of the same conversation that were passed over.
    pub async fn expect(&self, mut wanted: impl FnMut(&Event) -> bool, wait: Duration) -> Option<Event> {
        let taken = tokio::select! {
            taken = timeout(wait, self.events.take(&mut wanted)) => taken.ok(),
            _ = self.ending() => None,
        };
        taken.or_else(|| self.events.take_now(wanted))
    }

    /// The present connection, waiting for a session at most `wait`: for typed requests, and for tests that
    /// cut it. Its notifications are not to be taken from it.
    pub async fn online(&self, wait: Duration) -> Result<Arc<Client>, CallError> {
        let mut state = self.state.clone();
        let online = state.wait_for(|state| !matches!(state, State::Connecting));
        match timeout(wait, online).await {
            Err(_) => Err(CallError::Timeout),
            Ok(Err(_)) => Err(self.over()),
            Ok(Ok(state)) => match &*state {
                State::Online(client, _) => Ok(client.clone()),
                _ => Err(self.over()),
            },
        }
    }

    /// Where it stands, and every change from now on.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Why it stopped for good. `None` when it has not after `wait`.
    pub async fn ended(&self, wait: Duration) -> Option<Ending> {
        timeout(wait, self.ending()).await.ok().flatten()
    }

    /// A new token: for the present session, if there is one, and for every login from now on.
    pub async fn renew_token(&self, token: &str) -> Result<(), CallError> {
        *lock(&self.credential) = Credential::Token(token.to_owned());
        let state = self.state.borrow().clone();
        match state {
            State::Online(client, _) => client.renew_token(token).await,
            State::Connecting => Ok(()),
            State::Over(ending) => Err(ending.into()),
        }
    }

    async fn ending(&self) -> Option<Ending> {
        let mut state = self.state.clone();
        let over = state.wait_for(|state| matches!(state, State::Over(_))).await.ok()?;
        match &*over {
            State::Over(ending) => Some(ending.clone()),
            _ => None,
        }
    }

    fn over(&self) -> CallError {
        match &*self.state.borrow() {
            State::Over(ending) => ending.clone().into(),
            _ => CallError::Closed(None, "the client has stopped".to_owned()),
        }
    }
}

/// Nothing panics while it is held, so a poisoned lock is no reason to stop.
pub(crate) fn lock(credential: &Mutex<Credential>) -> MutexGuard<'_, Credential> {
    credential.lock().unwrap_or_else(PoisonError::into_inner)
}
