//! WebSocket, server side, RFC 6455: a small codec of our own, because an idle connection must own no buffer
//! (docs/decisions/0005-own-websocket-codec.md). `handshake` and `codec` are pure; `connection` is the one
//! loop that touches a socket.

mod codec;
#[cfg(test)]
mod codec_tests;
mod connection;
pub mod handshake;

pub use connection::serve;
