//! One device's talk with the server, without sockets. A phase is a type: [`Greeting`] turns into [`Active`].
//!
//! The gateway feeds text frames in and writes out what it finds in the session's mailbox. Everything a
//! connection causes is decided below here; nothing here knows how bytes travel.

mod active;
mod counts;
mod devices;
mod greeting;
mod identity;
mod push_tokens;
mod rate;
mod services;
mod sweep;

pub use active::{Active, Ending};
pub use counts::Counts;
pub use greeting::{Greeted, Greeting};
pub use identity::{TokenFault, TokenText, make_token04, open_token04, read_app_token, read_token04};
pub(crate) use services::LOOKS_AT_ONCE;
pub use services::{Services, SessionLimits};
pub use sweep::sweep_sessions;
