//! Work that is due and waits for its turn: first come, first served; and what of it runs out of time. Pure.

use super::{retry::LIFE_MIN_MS, work::Work};
use std::collections::{BTreeMap, BTreeSet};

/// A queue that can also give what has expired.
#[derive(Default)]
pub(super) struct ReadyWork {
    tickets: u64,
    by_ticket: BTreeMap<u64, Work>,
    /// (expires at, ticket).
    by_expiry: BTreeSet<(u64, u64)>,
}

impl ReadyWork {
    pub fn push(&mut self, work: Work) {
        self.tickets += 1;
        self.by_expiry.insert((work.request().expires_at, self.tickets));
        self.by_ticket.insert(self.tickets, work);
    }

    /// What came first.
    pub fn pop(&mut self) -> Option<Work> {
        let (ticket, work) = self.by_ticket.pop_first()?;
        self.by_expiry.remove(&(work.request().expires_at, ticket));
        Some(work)
    }

    /// Something whose time is over at `now`.
    pub fn pop_expired(&mut self, now: u64) -> Option<Work> {
        let (_, ticket) = *self.by_expiry.first().filter(|(at, _)| now + LIFE_MIN_MS > *at)?;
        self.by_expiry.pop_first();
        self.by_ticket.remove(&ticket)
    }

    /// When `pop_expired` has something.
    pub fn next_expiry(&self) -> Option<u64> {
        self.by_expiry.first().map(|(at, _)| at.saturating_sub(LIFE_MIN_MS - 1))
    }

    pub fn len(&self) -> usize {
        self.by_ticket.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_ticket.is_empty()
    }
}
