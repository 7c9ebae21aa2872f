//! Limits of the pipeline. Each queue, batch, wait and retry of push has its bound here.

use super::{pace::PaceLimits, quotas::QuotaLimits, retry::RetryPolicy};
use std::time::Duration;

/// Settings of the pipeline, with defaults that fit one machine.
#[derive(Clone, PartialEq, Debug)]
pub struct PushLimits {
    /// Intents and devices that wait in memory for an acknowledgement; beyond it intents stay in the store.
    pub waiting_max: usize,
    /// Intents planned in one transaction.
    pub batch_intents_max: usize,
    /// Dispatches of one credential and lane in memory; beyond it they stay in the store.
    pub lane_dispatches_max: usize,
    /// Devices in those dispatches.
    pub lane_devices_max: usize,
    /// Requests under way per credential, of which a part is kept free for calls; when a vendor in trouble
    /// and a refused credential are asked again.
    pub pace: PaceLimits,
    /// Requests under way over all credentials.
    pub in_flight_max: usize,
    /// For the TCP connection to a vendor.
    pub connect_timeout: Duration,
    /// For a whole request to a vendor.
    pub request_timeout: Duration,
    /// When and how often a request is repeated.
    pub retry: RetryPolicy,
    /// What vendors allow by kind of push.
    pub quotas: QuotaLimits,
    /// How long settled traces are kept.
    pub retention: Duration,
    /// How long requests under way may take at shutdown.
    pub stop_patience: Duration,
}

impl Default for PushLimits {
    fn default() -> Self {
        Self {
            waiting_max: 200_000,
            batch_intents_max: 256,
            lane_dispatches_max: 2_048,
            lane_devices_max: 50_000,
            pace: PaceLimits::default(),
            in_flight_max: 1_024,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(15),
            retry: RetryPolicy::default(),
            quotas: QuotaLimits::default(),
            retention: Duration::from_secs(7 * 86_400),
            stop_patience: Duration::from_secs(5),
        }
    }
}
