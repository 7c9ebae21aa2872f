//! How long to wait before the next attempt to connect: at once, then longer and longer, with full jitter.

use std::time::Duration;

/// Wait before the second attempt, at most.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// Wait before any attempt, at most.
pub const BACKOFF_MAX: Duration = Duration::from_secs(15);

/// Counts the attempts since the last steady session.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    attempts: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, attempts: 0 }
    }

    /// The wait before the next attempt; `random` is uniform in 0..1. Full jitter: many clients that lost the
    /// same server come back spread over the whole span.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let attempt = self.attempts;
        self.attempts = self.attempts.saturating_add(1);
        match attempt {
            0 => Duration::ZERO,
            _ => self.ceiling(attempt).mul_f64(random.clamp(0.0, 1.0)),
        }
    }

    /// The longest wait before this attempt.
    fn ceiling(&self, attempt: u32) -> Duration {
        let doublings = (attempt - 1).min(30);
        self.first.saturating_mul(1 << doublings).min(self.max)
    }

    /// A session was steady: the next attempt is the first again.
    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// The server asked not to come back at once: the next attempt is at least the second.
    pub(crate) fn spread(&mut self) {
        self.attempts = self.attempts.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_is_at_once_and_the_waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(BACKOFF_FIRST, BACKOFF_MAX);
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
        for _ in 0..200 {
            assert!(backoff.next(1.0) <= BACKOFF_MAX);
        }
        backoff.reset();
        assert_eq!(backoff.next(1.0), Duration::ZERO);
    }

    #[test]
    fn the_jitter_takes_the_whole_span() {
        let mut backoff = Backoff::new(BACKOFF_FIRST, BACKOFF_MAX);
        backoff.spread();
        assert_eq!(backoff.clone().next(0.0), Duration::ZERO);
        assert_eq!(backoff.next(0.5), Duration::from_millis(250));
    }
}
