//! Everything the emulator knows that lives behind its one big lock: projects, phones, and the back office
//! (receipts, timers, numbers). Plain data; held for a few lines, never across an await.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::device::Phones;
use crate::push_kit::projects::Projects;
use crate::push_kit::receipts::{Batch, Outbox, Outcome, Parcel};

/// The whole state, at the time `now_ms`.
pub(crate) struct World {
    pub(crate) now_ms: u64,
    pub(crate) projects: Projects,
    pub(crate) phones: Phones,
    pub(crate) office: Office,
}

/// What phones need from the outside while a message is handed to them.
pub(crate) struct Office {
    pub(crate) outbox: Outbox,
    timers: BinaryHeap<Reverse<Timer>>,
    numbers: u64,
    bells: Bells,
}

/// Wakes the two workers, and those who wait for the receipts to be done with.
#[derive(Clone, Default)]
pub(crate) struct Bells {
    pub(crate) timers: Arc<Notify>,
    pub(crate) receipts: Arc<Notify>,
    pub(crate) settled: Arc<Notify>,
}

/// A call whose report is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) due_ms: u64,
    pub(crate) device: Arc<str>,
    pub(crate) call_id: Arc<str>,
}

impl World {
    pub(crate) fn new(seed: u64, bells: Bells) -> World {
        let office = Office { outbox: Outbox::default(), timers: BinaryHeap::new(), numbers: 0, bells };
        World { now_ms: 0, projects: Projects::default(), phones: Phones::new(seed), office }
    }

    /// Moves the state to `now_ms`: runs what became due.
    pub(crate) fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        while let Some(timer) = self.office.due(now_ms) {
            if let Some(phone) = self.phones.get_mut(&timer.device) {
                phone.call_report_is_late(&timer.call_id);
            }
        }
    }

    /// When the next timer is due.
    pub(crate) fn next_due_ms(&self) -> Option<u64> {
        self.office.timers.peek().map(|Reverse(timer)| timer.due_ms)
    }
}

impl Office {
    /// A number given out once.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn remind(&mut self, timer: Timer) {
        self.timers.push(Reverse(timer));
        self.bells.timers.notify_one();
    }

    pub(crate) fn receipt(&mut self, parcel: &Parcel, outcome: Outcome, now_ms: u64) {
        if self.outbox.add(parcel, outcome, now_ms) {
            self.bells.receipts.notify_one();
        }
    }

    pub(crate) fn settle_receipts(&mut self, batch: &Batch, delivered: bool) {
        if self.outbox.settle(&batch.receiver, batch.rows.len(), delivered) {
            self.bells.settled.notify_waiters();
        }
    }

    fn due(&mut self, now_ms: u64) -> Option<Timer> {
        let Reverse(next) = self.timers.peek()?;
        if next.due_ms > now_ms {
            return None;
        }
        self.timers.pop().map(|Reverse(timer)| timer)
    }
}
