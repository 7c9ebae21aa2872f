//! What the endpoint counts: plain atomics, read by telemetry.

use hongyan_vendors::harmony::receipt::ReceiptVerdict;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers since the start.
#[derive(Debug, Default)]
pub struct ReceiptCounts {
    by_verdict: [AtomicU64; ReceiptVerdict::ALL.len()],
    batches: AtomicU64,
    refused: AtomicU64,
    repeated: AtomicU64,
    unknown: AtomicU64,
    unreadable: AtomicU64,
}

impl ReceiptCounts {
    /// Receipts that were kept, by verdict.
    pub fn kept(&self) -> impl Iterator<Item = (ReceiptVerdict, u64)> {
        ReceiptVerdict::ALL.iter().zip(&self.by_verdict).map(|(verdict, count)| (*verdict, read(count)))
    }

    /// Batches taken.
    pub fn batches(&self) -> u64 {
        read(&self.batches)
    }

    /// Batches refused: not believed, not readable, too large, no place.
    pub fn refused(&self) -> u64 {
        read(&self.refused)
    }

    /// Receipts that were here already.
    pub fn repeated(&self) -> u64 {
        read(&self.repeated)
    }

    /// Receipts of tokens or messages that are not known (any more).
    pub fn unknown(&self) -> u64 {
        read(&self.unknown)
    }

    /// Receipts that could not be read, in batches that could.
    pub fn unreadable(&self) -> u64 {
        read(&self.unreadable)
    }

    pub(super) fn count_kept(&self, verdict: ReceiptVerdict) {
        if let Some(place) = ReceiptVerdict::ALL.iter().position(|known| *known == verdict) {
            add(&self.by_verdict[place], 1);
        }
    }

    pub(super) fn count_batch(&self, unreadable: usize) {
        add(&self.batches, 1);
        add(&self.unreadable, unreadable);
    }

    pub(super) fn count_refused(&self) {
        add(&self.refused, 1);
    }

    pub(super) fn count_repeated(&self) {
        add(&self.repeated, 1);
    }

    pub(super) fn count_unknown(&self) {
        add(&self.unknown, 1);
    }
}

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

fn add(count: &AtomicU64, n: usize) {
    count.fetch_add(n as u64, Ordering::Relaxed);
}
