//! How fast one client may send: a leaky bucket in one word.

use std::sync::atomic::{AtomicU64, Ordering};

/// Allows `per_s` messages a second, and as many at once after a pause (GCRA).
#[derive(Debug)]
pub struct Rate {
    /// Unix time in ms × 1000 at which the bucket is empty again.
    empty_at_us: AtomicU64,
    interval_us: u64,
    burst_us: u64,
}

impl Rate {
    /// `per_s` ≥ 1.
    pub fn new(per_s: u32) -> Self {
        let interval_us = 1_000_000 / u64::from(per_s.max(1));
        Self { empty_at_us: AtomicU64::new(0), interval_us, burst_us: interval_us * u64::from(per_s.max(1)) }
    }

    /// Takes one place if there is one.
    pub fn allow(&self, now_ms: u64) -> bool {
        let now_us = now_ms * 1_000;
        self.empty_at_us
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |empty_at| {
                let next = empty_at.max(now_us) + self.interval_us;
                (next <= now_us + self.burst_us).then_some(next)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_at_once_then_one_every_hundred_ms() {
        let rate = Rate::new(10);
        assert_eq!((0..20).filter(|_| rate.allow(5_000)).count(), 10);
        assert!(!rate.allow(5_099));
        assert!(rate.allow(5_100));
        assert!(!rate.allow(5_100));
        assert_eq!((0..20).filter(|_| rate.allow(60_000)).count(), 10);
    }
}
