//! When a request that failed is made again: exponential, full jitter, bounded by attempts and by the life of
//! the notice. Pure.

use std::time::Duration;

/// Shortest pause before a retry, so that a lucky roll does not spend all attempts in an instant.
const PAUSE_MIN_MS: u64 = 100;
/// A vendor takes whole seconds as time to live: with less left there is nothing to send.
pub(super) const LIFE_MIN_MS: u64 = 1_000;

/// The schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryPolicy {
    /// Upper bound of the first pause; doubles with every try.
    pub base: Duration,
    /// No pause is longer, unless the vendor asks for it.
    pub cap: Duration,
    /// Tries of one dispatch, the first included; at least 1.
    pub tries_max: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(60), tries_max: 10 }
    }
}

/// What comes after a try that failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Try again at this Unix time in ms.
    At(u64),
    /// All tries are used.
    Exhausted,
    /// The notice would be too old.
    TooLate,
}

impl RetryPolicy {
    /// Decides what follows try number `tries` (from 1) that failed at `now_ms`.
    ///
    /// `asked` is the vendor's wish ("not before"), which is honoured even beyond the cap. `roll` is a random
    /// number in 0.0..1.0. Without a wish, a pause that would outlive the notice is shortened so that one
    /// more try fits into its life.
    pub fn next(
        &self,
        tries: u32,
        asked: Option<Duration>,
        now_ms: u64,
        expires_at_ms: u64,
        roll: f64,
    ) -> Next {
        if tries >= self.tries_max {
            return Next::Exhausted;
        }
        let left_ms = expires_at_ms.saturating_sub(now_ms).saturating_sub(LIFE_MIN_MS);
        if left_ms == 0 {
            return Next::TooLate;
        }
        let jitter_ms = (self.bound_ms(tries) as f64 * roll.clamp(0.0, 1.0)) as u64;
        let pause_ms = match asked.map(|asked| asked.as_millis() as u64) {
            // On top of the wish, so that not everybody who was sent away comes back together.
            Some(asked_ms) => asked_ms.saturating_add(jitter_ms.min(self.base.as_millis() as u64)),
            None => jitter_ms.max(PAUSE_MIN_MS).min(left_ms),
        };
        if pause_ms > left_ms { Next::TooLate } else { Next::At(now_ms + pause_ms) }
    }

    /// Upper bound of the pause after try number `tries`.
    fn bound_ms(&self, tries: u32) -> u64 {
        let doubled = 1u64.checked_shl(tries.saturating_sub(1)).unwrap_or(u64::MAX);
        let bound = (self.base.as_millis() as u64).saturating_mul(doubled);
        bound.min(self.cap.as_millis() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEVER: u64 = u64::MAX;

    fn pause(tries: u32, asked_ms: Option<u64>, roll: f64) -> u64 {
        match RetryPolicy::default().next(tries, asked_ms.map(Duration::from_millis), 0, NEVER, roll) {
            Next::At(at) => at,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let bounds: Vec<u64> = (1..=9).map(|tries| pause(tries, None, 1.0)).collect();
        assert_eq!(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(pause(1, None, 0.0), PAUSE_MIN_MS);
    }

    #[test]
    fn a_wish_of_the_vendor_is_honoured() {
        assert_eq!(pause(1, Some(90_000), 0.0), 90_000);
        assert_eq!(pause(9, Some(1_000), 1.0), 1_500);
    }

    #[test]
    fn it_ends_with_the_tries_and_with_the_life_of_the_notice() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.next(10, None, 0, NEVER, 0.5), Next::Exhausted);
        assert_eq!(policy.next(9, None, 0, 1_000, 0.5), Next::TooLate);
        assert_eq!(policy.next(9, None, 0, 1_001, 0.5), Next::At(1));
        let asked = Some(Duration::from_secs(30));
        assert_eq!(policy.next(1, asked, 0, 31_000, 0.0), Next::At(30_000));
        assert_eq!(policy.next(1, asked, 0, 30_999, 0.0), Next::TooLate);
    }

    proptest! {
        #[test]
        fn never_before_the_wish_nor_after_the_end(
            tries in 1u32..12, asked_ms in proptest::option::of(0u64..200_000), now in 0u64..1_000_000,
            life in 0u64..100_000, roll in 0.0f64..1.0,
        ) {
            let asked = asked_ms.map(Duration::from_millis);
            match RetryPolicy::default().next(tries, asked, now, now + life, roll) {
                Next::At(at) => {
                    prop_assert!(tries < 10);
                    prop_assert!(at > now || asked_ms == Some(0));
                    prop_assert!(at >= now + asked_ms.unwrap_or(0));
                    prop_assert!(at + LIFE_MIN_MS <= now + life, "a second is left to live");
                    prop_assert!(asked.is_some() || at - now <= 60_000);
                }
                Next::Exhausted => prop_assert!(tries >= 10),
                Next::TooLate => prop_assert!(
                    life <= LIFE_MIN_MS || asked_ms.is_some_and(|ms| ms + 500 + LIFE_MIN_MS > life)
                ),
            }
        }
    }
}
