//! Which trace is exported when: a while after the last hint of its end, each once, a share of all. Pure.

use super::limits::{EVERY_MS, LINGER_MS, TRACES_REMEMBERED_MAX, TRACES_WAITING_MAX};
use super::spans::mixed;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// Intents on their way to the collector.
#[derive(Debug)]
pub(super) struct Queue {
    /// A trace is exported when its number is below it.
    sampled_below: u128,
    due_of: HashMap<u64, u64>,
    by_due: BTreeSet<(u64, u64)>,
    done: HashSet<u64>,
    /// `done`, oldest first.
    done_order: VecDeque<u64>,
}

impl Queue {
    /// `ratio`: share of the traces, 0.0..=1.0.
    pub fn new(ratio: f64) -> Self {
        // Exact at both ends: 1.0 lets every number through, 0.0 none.
        let sampled_below = (ratio.clamp(0.0, 1.0) * 2f64.powi(64)) as u128;
        Self {
            sampled_below,
            due_of: HashMap::new(),
            by_due: BTreeSet::new(),
            done: HashSet::new(),
            done_order: VecDeque::new(),
        }
    }

    /// Takes a hint. `false` when there is no room for it.
    pub fn hint(&mut self, intent: u64, now_ms: u64) -> bool {
        if self.done.contains(&intent) || u128::from(mixed(intent, SAMPLE)) >= self.sampled_below {
            return true;
        }
        let due = (now_ms.saturating_add(LINGER_MS)).div_ceil(EVERY_MS).saturating_mul(EVERY_MS);
        match self.due_of.get(&intent) {
            Some(known) => self.by_due.remove(&(*known, intent)),
            None if self.due_of.len() >= TRACES_WAITING_MAX => return false,
            None => false,
        };
        self.due_of.insert(intent, due);
        self.by_due.insert((due, intent));
        true
    }

    /// When the next one is due, Unix time in ms.
    pub fn next_due(&self) -> Option<u64> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// Takes the next one that is due at this time.
    pub fn take(&mut self, now_ms: u64) -> Option<u64> {
        let (due, intent) = *self.by_due.first()?;
        if due > now_ms {
            return None;
        }
        self.by_due.remove(&(due, intent));
        self.due_of.remove(&intent);
        Some(intent)
    }

    /// It is exported: later hints of it mean nothing.
    pub fn done(&mut self, intent: u64) {
        if self.done.insert(intent) {
            self.done_order.push_back(intent);
        }
        if self.done_order.len() > TRACES_REMEMBERED_MAX
            && let Some(oldest) = self.done_order.pop_front()
        {
            self.done.remove(&oldest);
        }
    }
}

/// Sets the sampling's numbers apart from those of spans.
const SAMPLE: u64 = 0x53;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_lingers_after_its_last_hint_and_goes_once() {
        let mut queue = Queue::new(1.0);
        assert!(queue.hint(7, 1_001) && queue.hint(8, 1_002));
        assert_eq!(queue.next_due(), Some(12_000), "rounded up to the second");
        assert!(queue.hint(7, 3_000));
        assert_eq!(queue.take(11_999), None);
        assert_eq!((queue.take(12_000), queue.take(12_000)), (Some(8), None));
        queue.done(8);
        assert!(queue.hint(8, 12_001));
        assert_eq!((queue.take(u64::MAX), queue.take(u64::MAX)), (Some(7), None));
        assert_eq!(queue.next_due(), None);
        assert!(queue.hint(7, 14_000), "not exported yet, so it may come again");
        assert_eq!(queue.take(u64::MAX), Some(7));
    }

    #[test]
    fn its_bounds_hold() {
        let mut queue = Queue::new(1.0);
        let most = TRACES_WAITING_MAX as u64;
        assert!((0..most).all(|intent| queue.hint(intent, 1)));
        assert!(!queue.hint(most, 1) && queue.hint(0, 2), "no room for a new one, but a known one moves");
        (0..most * 2).for_each(|intent| queue.done(intent));
        assert_eq!(
            (queue.done.len(), queue.done_order.len()),
            (TRACES_REMEMBERED_MAX, TRACES_REMEMBERED_MAX)
        );
        assert!(!queue.done.contains(&0) && queue.done.contains(&(most * 2 - 1)));
    }

    #[test]
    fn a_share_is_a_share() {
        for (ratio, least, most) in [(0.0, 0, 0), (0.25, 2_300, 2_700), (1.0, 10_000, 10_000)] {
            let mut queue = Queue::new(ratio);
            (1..=10_000).for_each(|intent| assert!(queue.hint(intent, 1)));
            let taken = std::iter::from_fn(|| queue.take(u64::MAX)).count();
            assert!((least..=most).contains(&taken), "{ratio}: {taken}");
        }
    }
}
