//! Rules of calls: who rings, who is told to stop, when a call is over.
//!
//! `table` decides (pure: state × event → state + effects), `change` loads, saves and lets effects happen,
//! `news` says what is pushed, `deadlines` is the one timer, `people` looks after those who come and go. Called by
//! session with requests that were already read; works on the store (truth) and the hub (hint), and wakes push.
//! Effects follow only what is saved. docs/calls.md is the table.

mod actions;
mod change;
mod deadlines;
mod membership;
mod news;
mod notices;
mod people;
pub mod table;
#[cfg(test)]
mod tests;

pub use deadlines::Deadlines;

use crate::{clock::Clock, hub::Hub, push::Signals, store::Store};
use change::Turns;
use deadlines::Schedule;
use std::sync::Arc;

/// The rules of calls. Cheap to clone; all clones work on the same calls.
#[derive(Clone)]
pub struct Calls {
    clock: Clock,
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    push: Signals,
    schedule: Arc<Schedule>,
    turns: Arc<Turns>,
}

impl Calls {
    /// The rules over these parts. Rings end only while [`Calls::start_deadlines`] runs.
    pub fn new(clock: Clock, store: Arc<dyn Store>, hub: Arc<Hub>, push: Signals) -> Self {
        Self { clock, store, hub, push, schedule: Arc::default(), turns: Arc::default() }
    }
}
