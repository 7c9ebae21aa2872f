//! Where the emulator takes the time from. One clock serves everything that is due later (ttl, the 24 h
//! window of appMessageId, natural days, the 10 s call report), so a test moves it instead of sleeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A clock in milliseconds since the Unix epoch. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    kind: Kind,
    /// System clock: added to the machine's time. Manual clock: the time itself.
    base_ms: AtomicU64,
    moved: watch::Sender<()>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    System,
    Manual,
}

impl Clock {
    /// The machine's time. [`Clock::advance`] shifts it forward for good.
    pub fn system() -> Clock {
        Clock::new(Kind::System, 0)
    }

    /// Stands still at `start_ms` (milliseconds since the Unix epoch) until [`Clock::advance`] is called.
    pub fn manual(start_ms: u64) -> Clock {
        Clock::new(Kind::Manual, start_ms)
    }

    fn new(kind: Kind, base_ms: u64) -> Clock {
        let source = Source { kind, base_ms: AtomicU64::new(base_ms), moved: watch::Sender::new(()) };
        Clock { source: Arc::new(source) }
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        let base_ms = self.source.base_ms.load(Ordering::Acquire);
        match self.source.kind {
            Kind::Manual => base_ms,
            Kind::System => base_ms.saturating_add(machine_ms()),
        }
    }

    /// Moves the time forward and wakes everything that thereby became due.
    pub fn advance(&self, by: Duration) {
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let moved = |base: u64| Some(base.saturating_add(by_ms));
        // The closure never declines, so the update cannot fail.
        let _ = self.source.base_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved);
        self.source.moved.send_replace(());
    }

    /// Waits for `span` on this clock: a manual clock has to be advanced.
    pub async fn sleep(&self, span: Duration) {
        let span_ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        self.sleep_until(self.now_ms().saturating_add(span_ms)).await;
    }

    /// Waits until this clock shows `due_ms`; returns at once when it already does.
    pub async fn sleep_until(&self, due_ms: u64) {
        let mut moved = self.source.moved.subscribe();
        loop {
            let left_ms = due_ms.saturating_sub(self.now_ms());
            if left_ms == 0 {
                return;
            }
            let machine_wait = async {
                match self.source.kind {
                    Kind::System => tokio::time::sleep(Duration::from_millis(left_ms)).await,
                    Kind::Manual => std::future::pending().await,
                }
            };
            tokio::select! {
                () = machine_wait => {}
                // The sender lives in `self`, so this cannot report a closed channel.
                _ = moved.changed() => {}
            }
        }
    }
}

fn machine_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_only_when_it_is_moved_far_enough() {
        let clock = Clock::manual(1_000);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(3_000).await;
                clock.now_ms()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(1_999));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleeper.await.unwrap(), 3_000);
    }

    #[test]
    fn the_system_clock_can_be_shifted() {
        let clock = Clock::system();
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(86_400));
        assert!(clock.now_ms() >= before + 86_400_000);
    }
}
