//! How a connection behaves: acknowledgements, heartbeats, limits.

use hongyan_wire::{limits, server::Notification};
use std::{fmt, sync::Arc, time::Duration};

/// Notifications that wait to be taken, unless `Delivery::Queue` says otherwise.
pub const INBOX_LEN_MAX: usize = 4096;
/// How long a connection attempt may take in all.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request waits for its turn and its answer.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a heartbeat may go unanswered before the link counts as dead.
pub const HEARTBEAT_ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Who acknowledges what `message.received` and `call.received` bring. Command messages never are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AckPolicy {
    /// The connection itself, as soon as the notification is queued or its listener has run.
    #[default]
    Auto,
    /// Nobody: the server sees a device that does not react.
    Never,
    /// The program, with `Client::ack` and `Client::call_ack`.
    Manual,
}

/// Where notifications go.
#[derive(Clone)]
pub enum Delivery {
    /// Into a queue of this length, taken with `next` and `expect`. When it is full the connection is given
    /// up: a client must never lose a notification silently.
    Queue(usize),
    /// To a listener that runs in the connection's task and must be quick. For programs with many
    /// connections.
    Listener(Arc<dyn Fn(&Notification) + Send + Sync>),
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(len_max) => write!(f, "Queue({len_max})"),
            Self::Listener(_) => f.write_str("Listener"),
        }
    }
}

/// Options of one connection. `Default` behaves as a well-behaved app does.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Trust anchors for `wss://`; without them such an address is refused.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Who acknowledges.
    pub ack: AckPolicy,
    /// Whether a heartbeat goes out at the interval the login result names.
    pub heartbeat: bool,
    /// See `HEARTBEAT_ANSWER_TIMEOUT`.
    pub heartbeat_answer_timeout: Duration,
    /// Where notifications go.
    pub delivery: Delivery,
    /// Requests sent before their answers came; further ones wait. The server allows 64.
    pub in_flight_max: usize,
    /// See `CONNECT_TIMEOUT`.
    pub connect_timeout: Duration,
    /// See `CALL_TIMEOUT`.
    pub call_timeout: Duration,
    /// Bytes of the socket's read buffer, which exists as long as the connection.
    pub read_buffer_bytes: usize,
    /// Whether the handshake offers `hongyan.v1`. Off only to see a server refuse it.
    pub offer_subprotocol: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            tls: None,
            ack: AckPolicy::Auto,
            heartbeat: true,
            heartbeat_answer_timeout: HEARTBEAT_ANSWER_TIMEOUT,
            delivery: Delivery::Queue(INBOX_LEN_MAX),
            in_flight_max: limits::REQUESTS_IN_FLIGHT_MAX,
            connect_timeout: CONNECT_TIMEOUT,
            call_timeout: CALL_TIMEOUT,
            read_buffer_bytes: 8 * 1024,
            offer_subprotocol: true,
        }
    }
}
