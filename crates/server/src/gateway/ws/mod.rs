//! WebSocket, server side, RFC 6455: a small codec of our own, because an idle connection must own no buffer
//! (docs/decisions/0005-own-websocket-codec.md). `handshake` and `codec` are pure, `line` is a socket with its
//! codec, `connection` leads from handshake to goodbye, and `talk` is the loop between.

mod codec;
#[cfg(test)]
mod codec_tests;
mod connection;
pub mod handshake;
mod line;
mod talk;

pub use connection::{open, serve};
