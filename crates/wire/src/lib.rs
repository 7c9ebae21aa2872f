//! What travels between a device and Hongyan: frames, identifiers, codes, limits.
//!
//! Shapes only. Nothing here opens a socket, keeps state or decides anything; both the server and every
//! client are written against it. Public names inside the JSON follow ZIM (`messageID`, `conversationType`,
//! numeric enums), so an SDK hands objects to its user almost as they came. Every frame has a fixture in
//! `crates/wire/fixtures`, which the Rust and the TypeScript tests both read. Prose: `docs/protocol.md`.

pub mod call;
pub mod client;
pub mod codes;
pub mod conversation;
pub mod frame;
pub mod group;
pub mod ids;
pub mod limits;
pub mod message;
pub mod server;

pub use codes::{CloseCode, Code, Refusal};
pub use ids::{
    AppId, CallId, ConversationKey, ConversationType, DeviceId, GroupId, MessageId, PushId, Seq, UserId,
};
