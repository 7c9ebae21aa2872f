//! A client of Hongyan in Rust: used by the server's tests, the load tool and bots.
//!
//! `Client` is one connection and does what it is told: nothing is retried, everything the server says can be
//! seen, and a test may send rubbish, freeze or cut the line. `Reconnecting` is for a program that only cares
//! for its messages: it comes back by itself, sends again what was not answered, and fills gaps.
//! The WebSocket below is tokio-tungstenite on purpose: an implementation foreign to the server's own codec.
//! Every wait here is bounded, by `ClientOptions` or by the caller.

mod call_book;
mod client;
mod dial;
mod draft;
mod error;
mod inbox;
mod link;
pub mod load;
mod login;
mod methods;
mod options;
pub mod reconnecting;

pub use call_book::{CallBook, Place};
pub use client::{Client, Closing};
pub use draft::{Draft, local_message_id};
pub use error::{CallError, ClientError};
pub use hongyan_wire as wire;
pub use login::{Credential, LoginOptions};
pub use methods::Page;
pub use options::{AckPolicy, ClientOptions, Delivery};
pub use reconnecting::{Reconnecting, ReconnectingOptions};
