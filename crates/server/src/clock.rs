//! Time as a parameter. The server asks a `Clock`; tests hold its hand and advance it, so nothing is slept.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// Where time comes from. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(watch::Receiver<u64>),
}

/// Moves the time of a manual clock.
#[derive(Clone, Debug)]
pub struct TimeHand(Arc<watch::Sender<u64>>);

/// Longest single sleep: a wall clock that was set forward is noticed within this time.
const SLEEP_MAX: Duration = Duration::from_secs(60);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start_ms` until its hand moves it.
    pub fn manual(start_ms: u64) -> (Self, TimeHand) {
        let (sender, receiver) = watch::channel(start_ms);
        (Self(Source::Manual(receiver)), TimeHand(Arc::new(sender)))
    }

    /// Unix time in ms.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
            }
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// Waits until `now_ms() >= at_ms`. Returns at once when that is past. Safe to drop.
    pub async fn sleep_until(&self, at_ms: u64) {
        match &self.0 {
            Source::System => loop {
                let left = Duration::from_millis(at_ms.saturating_sub(self.now_ms()));
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(SLEEP_MAX)).await;
            },
            Source::Manual(time) => {
                let mut time = time.clone();
                if time.wait_for(|now| *now >= at_ms).await.is_err() {
                    // The hand was dropped: time stands still for ever.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// Waits for `span` from now.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now_ms() + span.as_millis() as u64).await;
    }
}

impl TimeHand {
    /// Moves time forward and wakes whoever that makes due.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now += span.as_millis() as u64);
    }

    /// Unix time in ms.
    pub fn now_ms(&self) -> u64 {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_moves_only_by_hand() {
        let (clock, hand) = Clock::manual(1_000);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(1_500).await }
        });
        hand.advance(Duration::from_millis(499));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        hand.advance(Duration::from_millis(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now_ms(), 1_500);
    }
}
