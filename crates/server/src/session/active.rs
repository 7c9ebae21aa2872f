//! A connection that belongs to a user.

use super::Services;
use crate::hub::{Seat, Seating};
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// A logged-in session.
pub struct Active {
    services: Arc<Services>,
    seating: Seating,
}

/// How a connection went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The socket went, or was closed for silence or slowness: a reconnect grace begins.
    Dropped,
    /// The session ended on purpose (logout, kicked out, token expired, drain).
    Ended,
}

impl Active {
    /// Handles one text frame. What can be answered at once goes into the mailbox before this returns; the
    /// rest is a future that puts its answer there. Poll it once before handing in the next frame: that keeps
    /// the order of sends.
    pub fn handle(&self, text: &str) -> Option<BoxFuture<'static, ()>> {
        let _ = (text, &self.services);
        None
    }

    /// The seat with the mailbox that the gateway writes out.
    pub fn seat(&self) -> &Arc<Seat> {
        self.seating.seat()
    }

    /// Leaves the hub.
    pub fn end(self, ending: Ending) {
        let _ = ending;
    }
}
