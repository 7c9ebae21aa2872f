//! What the export counts: plain atomics, read by telemetry.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers since the start. All are 0 while nothing is exported.
#[derive(Debug, Default)]
pub struct ExportCounts {
    spans: AtomicU64,
    dropped_traces: AtomicU64,
    dropped_spans: AtomicU64,
    failed_requests: AtomicU64,
}

impl ExportCounts {
    /// Spans that the collector took.
    pub fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }

    /// Traces that were given up before they became spans: too many at once.
    pub fn dropped_traces(&self) -> u64 {
        self.dropped_traces.load(Ordering::Relaxed)
    }

    /// Spans that the collector did not take.
    pub fn dropped_spans(&self) -> u64 {
        self.dropped_spans.load(Ordering::Relaxed)
    }

    /// Requests that failed, also those that were repeated.
    pub fn failed_requests(&self) -> u64 {
        self.failed_requests.load(Ordering::Relaxed)
    }

    pub(super) fn exported(&self, spans: usize) {
        self.spans.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(super) fn dropped_trace(&self, count: u64) {
        self.dropped_traces.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self, spans: usize) {
        self.dropped_spans.fetch_add(spans as u64, Ordering::Relaxed);
    }

    pub(super) fn failed_request(&self) {
        self.failed_requests.fetch_add(1, Ordering::Relaxed);
    }
}
