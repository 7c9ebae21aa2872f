//! Row numbers of messages, calls, intents and dispatches: 63 bits, rising with time, never given twice.
//!
//! Milliseconds since 2025-01-01 in the upper 41 bits, a counter in the lower 22. When the clock goes back,
//! or a millisecond is used up, numbers go on from the greatest one.

use std::sync::atomic::{AtomicU64, Ordering};

/// 2025-01-01T00:00:00Z, Unix time in ms.
const EPOCH_MS: u64 = 1_735_689_600_000;
const COUNTER_BITS: u32 = 22;
/// Greatest time that fits: the year 2094.
const SPAN_MS_MAX: u64 = (1 << (63 - COUNTER_BITS)) - 1;

/// Gives numbers out.
#[derive(Debug)]
pub(super) struct Ids(AtomicU64);

impl Ids {
    /// Starts above the greatest stored number.
    pub fn above(last: u64) -> Self {
        Self(AtomicU64::new(last))
    }

    /// A number greater than all before it.
    pub fn next(&self, now_ms: u64) -> u64 {
        let floor = first_at(now_ms);
        let step = |last: u64| Some(floor.max(last + 1));
        let last =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or_else(|last| last);
        floor.max(last + 1)
    }
}

/// The least number that can be given at this time.
pub(super) fn first_at(ms: u64) -> u64 {
    ms.saturating_sub(EPOCH_MS).min(SPAN_MS_MAX) << COUNTER_BITS
}

/// Unix time in ms at which a number was given.
pub(super) fn time_of(id: u64) -> u64 {
    (id >> COUNTER_BITS) + EPOCH_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_whatever_the_clock_does() {
        let ids = Ids::above(0);
        let now = EPOCH_MS + 1_000;
        let mut last = 0;
        for ms in [now, now, now + 5, now - 900, 0, now + 6, u64::MAX] {
            let next = ids.next(ms);
            assert!(next > last && next <= i64::MAX as u64, "{ms}");
            last = next;
        }
    }

    #[test]
    fn a_number_tells_its_time() {
        let ids = Ids::above(0);
        let now = EPOCH_MS + 123_456_789;
        let id = ids.next(now);
        assert_eq!((id >> COUNTER_BITS) + EPOCH_MS, now);
        assert_eq!(id, first_at(now));
        assert!(ids.next(now) < first_at(now + 1));
    }

    #[test]
    fn numbers_are_unique_among_threads() {
        let ids = Ids::above(7);
        let mut all: Vec<u64> = std::thread::scope(|scope| {
            let give = || (0..1_000).map(|_| ids.next(0)).collect::<Vec<_>>();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(give)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        assert_eq!(all, (8..4_008).collect::<Vec<_>>());
    }
}
