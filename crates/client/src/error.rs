//! What can go wrong between this client and a server.

use hongyan_wire::{Code, Refusal};

/// Why no connection came about.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address cannot be used.
    #[error("{0}")]
    Address(String),
    /// TCP or TLS failed.
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    /// The server answered the handshake with another HTTP status than 101.
    #[error("the server answered the handshake with HTTP {0}")]
    Status(u16),
    /// The handshake broke a rule of WebSocket, or the server does not speak `hongyan.v1`.
    #[error("the WebSocket handshake failed: {0}")]
    Handshake(String),
    /// No connection within `ClientOptions::connect_timeout`.
    #[error("no connection in time")]
    Timeout,
}

/// Why a request has no result.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// The server refused it.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The connection ended before the answer came: close code, if the server gave one, and the reason.
    #[error("closed ({0:?}): {1}")]
    Closed(Option<u16>, String),
    /// No answer in time. Whether the server acted is not known.
    #[error("no answer in time")]
    Timeout,
    /// The answer is not of the type that the protocol promises.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
}

impl CallError {
    /// The error number of a refusal; `None` for everything else.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }
}
