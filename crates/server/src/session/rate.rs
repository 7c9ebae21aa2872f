//! How fast one client may send: a leaky bucket in one word.

use std::sync::atomic::{AtomicU64, Ordering};

/// Allows so many messages a second, and as many at once after a pause (GCRA). The rate is given at each look: the
/// settings of the app have it, and a session keeps one word.
#[derive(Debug, Default)]
pub struct Rate {
    /// Unix time in ms × 1000 at which the bucket is empty again.
    empty_at_us: AtomicU64,
}

impl Rate {
    /// Takes one place if there is one. `per_s` ≥ 1.
    pub fn allow(&self, per_s: u32, now_ms: u64) -> bool {
        let per_s = u64::from(per_s.max(1));
        let (interval_us, now_us) = (1_000_000 / per_s, now_ms * 1_000);
        self.empty_at_us
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |empty_at| {
                let next = empty_at.max(now_us) + interval_us;
                (next <= now_us + interval_us * per_s).then_some(next)
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_at_once_then_one_every_hundred_ms() {
        let rate = Rate::default();
        assert_eq!((0..20).filter(|_| rate.allow(10, 5_000)).count(), 10);
        assert!(!rate.allow(10, 5_099));
        assert!(rate.allow(10, 5_100));
        assert!(!rate.allow(10, 5_100));
        assert_eq!((0..20).filter(|_| rate.allow(10, 60_000)).count(), 10);
    }
}
