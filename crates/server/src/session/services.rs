//! What a session may use. One value, shared by all of them.

use super::Counts;
use crate::{calls::Calls, chat::Chat, clock::Clock, hub::Hub, push::Signals, store::Store};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Semaphore;

/// Limits of sessions that are the same for every app.
#[derive(Clone, Debug)]
pub struct SessionLimits {
    /// A connection must have logged in after this long, in ms.
    pub login_deadline_ms: u64,
}

/// Sessions at once that begin to look for what they missed. After an outage all come at once: who waits for the
/// store's few readers shall be small meanwhile.
pub(crate) const LOOKS_AT_ONCE: usize = 256;

impl Default for SessionLimits {
    fn default() -> Self {
        Self { login_deadline_ms: 10_000 }
    }
}

/// Everything below a session.
pub struct Services {
    /// Time.
    pub clock: Clock,
    /// Truth.
    pub store: Arc<dyn Store>,
    /// Who is here.
    pub hub: Arc<Hub>,
    /// Rules of messaging.
    pub chat: Chat,
    /// Rules of calls.
    pub calls: Calls,
    /// Wakes the planner.
    pub push: Signals,
    /// Limits.
    pub limits: SessionLimits,
    /// What sessions count.
    pub counts: Counts,
    /// Places for sessions that look for what they missed.
    pub looks: Arc<Semaphore>,
    /// Set once while draining: nobody logs in any more.
    pub draining: AtomicBool,
}

impl Services {
    /// Whether the server is going away.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }
}
