//! Latencies in a fixed amount of memory: buckets that grow by a sixteenth, from 1 µs to beyond an hour.

use std::time::Duration;

const SUB_BITS: u32 = 4;
const BUCKETS: usize = 34 << SUB_BITS;

/// Counts of latencies. A percentile is right to a sixteenth of its value.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum_us: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, sum_us: 0, max_us: 0 }
    }
}

impl Histogram {
    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let us = latency.as_micros() as u64;
        self.counts[bucket(us)] += 1;
        self.total += 1;
        self.sum_us += us;
        self.max_us = self.max_us.max(us);
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.sum_us += other.sum_us;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How many were counted.
    pub fn len(&self) -> u64 {
        self.total
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The latency that `share` (0.0..=1.0) of them do not exceed, in ms; 0 when empty.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return upper_us(index).min(self.max_us) as f64 / 1_000.0;
            }
        }
        0.0
    }

    /// Their mean, exact, in ms; 0 when empty.
    pub fn mean_ms(&self) -> f64 {
        self.sum_us as f64 / self.total.max(1) as f64 / 1_000.0
    }

    /// The largest, in ms.
    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1_000.0
    }
}

fn bucket(us: u64) -> usize {
    if us < 1 << SUB_BITS {
        return us as usize;
    }
    let exponent = 63 - us.leading_zeros() - SUB_BITS;
    let index = ((exponent as usize + 1) << SUB_BITS) + ((us >> exponent) as usize & ((1 << SUB_BITS) - 1));
    index.min(BUCKETS - 1)
}

fn upper_us(index: usize) -> u64 {
    if index < 1 << SUB_BITS {
        return index as u64;
    }
    let exponent = (index >> SUB_BITS) as u32 - 1;
    let mantissa = (index & ((1 << SUB_BITS) - 1)) as u64 + (1 << SUB_BITS);
    ((mantissa + 1) << exponent) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_a_sixteenth() {
        let mut histogram = Histogram::default();
        for us in 1..=10_000u64 {
            histogram.record(Duration::from_micros(us));
        }
        for (share, expected) in [(0.5, 5.0), (0.99, 9.9), (1.0, 10.0)] {
            let got = histogram.percentile_ms(share);
            assert!((got - expected).abs() <= expected / 16.0, "{share}: {got}");
        }
        assert_eq!((histogram.len(), histogram.max_ms(), histogram.mean_ms()), (10_000, 10.0, 5.0005));
    }

    #[test]
    fn every_latency_has_a_bucket_that_holds_it() {
        for us in (0..63).map(|bit| 1u64 << bit).chain([0, 3, 17, 1_000_003]) {
            let index = bucket(us);
            assert!(index == BUCKETS - 1 || upper_us(index) >= us, "{us}");
            assert!(index == 0 || index == BUCKETS - 1 || upper_us(index - 1) < us, "{us}");
        }
    }
}
