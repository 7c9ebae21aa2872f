//! A connection before login: it may log in, or register and unregister a push token with its AppSign.

use super::{Active, Services};
use hongyan_wire::CloseCode;
use std::sync::Arc;

/// A connection that has not logged in.
pub struct Greeting {
    services: Arc<Services>,
}

/// What one frame led to.
pub enum Greeted {
    /// Send this; the phase stays.
    Reply(String),
    /// Send this, then the mailbox of the session; the connection belongs to a user now.
    LoggedIn {
        /// The answer to the login, to be written before anything from the mailbox.
        reply: String,
        /// The session.
        active: Box<Active>,
    },
    /// Send the text, if any, and close.
    Close(CloseCode, Option<String>),
}

impl Greeting {
    /// A new connection.
    pub fn new(services: Arc<Services>) -> Self {
        Self { services }
    }

    /// Unix time in ms by which the login must have come.
    pub fn deadline_ms(&self) -> u64 {
        self.services.clock.now_ms() + self.services.limits.login_deadline_ms
    }
}
