//! What the pipeline counts: plain atomics, read by telemetry.

use super::{alarms::Alarms, levels::Levels, tallies::Tallies};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Upper bounds of the latency buckets in ms; one more bucket takes the rest.
pub const LATENCY_BUCKETS_MS: [u64; 12] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000];

/// Counters since the start, and a few levels.
#[derive(Debug, Default)]
pub struct Counters {
    /// Intents taken up.
    pub intents: Count,
    /// Devices that acknowledged in time.
    pub acked: Count,
    /// Devices handed to the dispatcher.
    pub planned: Count,
    /// Devices not pushed, with a reason.
    pub suppressed: Count,
    /// Requests made to vendors.
    pub dispatched: Count,
    /// Devices a vendor accepted.
    pub accepted: Count,
    /// Devices that failed for good.
    pub failed: Count,
    /// Devices dropped by the dispatcher before a request: expired, logged out, call over.
    pub dropped: Count,
    /// Tries that have to be repeated.
    pub retried: Count,
    /// Tokens declared dead.
    pub tombstones: Count,
    /// Requests to take a notice back.
    pub taken_back: Count,
    /// Refusals that an operator has to look at.
    pub configuration_errors: Count,
    /// Transactions that failed and were tried again.
    pub store_errors: Count,
    /// Level: intents in memory that wait for devices.
    pub waiting: Count,
    /// Level: dispatches in memory.
    pub backlog: Count,
    /// Level: requests under way.
    pub in_flight: Count,
    /// From planned to accepted.
    pub latency: Latency,
    /// What is counted per app.
    pub apps: Tallies,
    /// How each credential fares.
    pub credentials: Levels,
    /// What operators have to look at.
    pub alarms: Arc<Alarms>,
}

/// One number.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, n: usize) {
        self.0.fetch_add(n as u64, Ordering::Relaxed);
    }

    pub(super) fn set(&self, n: usize) {
        self.0.store(n as u64, Ordering::Relaxed);
    }
}

/// A histogram.
#[derive(Debug, Default)]
pub struct Latency {
    /// Not cumulative: bucket `n` holds what is ≤ `LATENCY_BUCKETS_MS[n]` and above the bound before it.
    buckets: [AtomicU64; LATENCY_BUCKETS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl Latency {
    /// Numbers per bucket, not cumulative, the last one for everything above the last bound.
    pub fn buckets(&self) -> [u64; LATENCY_BUCKETS_MS.len() + 1] {
        std::array::from_fn(|place| self.buckets[place].load(Ordering::Relaxed))
    }

    /// Sum of all in ms.
    pub fn sum_ms(&self) -> u64 {
        self.sum_ms.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, ms: u64) {
        let place = LATENCY_BUCKETS_MS.partition_point(|bound| *bound < ms);
        self.buckets[place].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let latency = Latency::default();
        for ms in [0, 5, 6, 60_000, 60_001] {
            latency.note(ms);
        }
        let buckets = latency.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[11], buckets[12]), (2, 1, 1, 1));
        assert_eq!(latency.sum_ms(), 120_012);
    }
}
