//! Flow control: what is counted, in which window, and which receipt a message over its quota earns.
//! Everything is a fixed window of the emulator's clock; natural days begin at midnight in China.

use serde::{Deserialize, Serialize};

use super::message::Category;
use super::receipts::Outcome;

/// Allows everything.
pub const UNLIMITED: u32 = u32::MAX;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Natural days are counted in UTC+8.
const DAY_OFFSET_MS: u64 = 8 * HOUR_MS;

/// Limits of one project. A limit of `u32::MAX` ([`UNLIMITED`]) is `null` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// MARKETING messages per app, phone and natural day (documented: 2).
    #[serde(serialize_with = "limit_out")]
    pub marketing_per_day: u32,
    /// Background messages per app, phone and hour (documented as advice: 2).
    #[serde(serialize_with = "limit_out")]
    pub background_per_hour: u32,
    /// All messages per app, phone and natural day (no current number; unlimited).
    #[serde(serialize_with = "limit_out")]
    pub device_per_day: u32,
    /// Successful test requests per project and natural day (documented: 1000).
    #[serde(serialize_with = "limit_out")]
    pub test_per_day: u32,
    /// Test requests per project and second (number not documented; unlimited).
    #[serde(serialize_with = "limit_out")]
    pub test_per_second: u32,
    /// Tokens per project and second (number not published; unlimited).
    #[serde(serialize_with = "limit_out")]
    pub devices_per_second: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            marketing_per_day: 2,
            background_per_hour: 2,
            device_per_day: UNLIMITED,
            test_per_day: 1000,
            test_per_second: UNLIMITED,
            devices_per_second: UNLIMITED,
        }
    }
}

fn limit_out<S: serde::Serializer>(limit: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    (*limit != UNLIMITED).then_some(*limit).serialize(serializer)
}

/// A change of some limits: absent leaves a limit, `null` lifts it.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LimitsChange {
    /// See [`Limits::marketing_per_day`].
    #[serde(deserialize_with = "limit_in")]
    pub marketing_per_day: Option<u32>,
    /// See [`Limits::background_per_hour`].
    #[serde(deserialize_with = "limit_in")]
    pub background_per_hour: Option<u32>,
    /// See [`Limits::device_per_day`].
    #[serde(deserialize_with = "limit_in")]
    pub device_per_day: Option<u32>,
    /// See [`Limits::test_per_day`].
    #[serde(deserialize_with = "limit_in")]
    pub test_per_day: Option<u32>,
    /// See [`Limits::test_per_second`].
    #[serde(deserialize_with = "limit_in")]
    pub test_per_second: Option<u32>,
    /// See [`Limits::devices_per_second`].
    #[serde(deserialize_with = "limit_in")]
    pub devices_per_second: Option<u32>,
}

fn limit_in<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Option::<u32>::deserialize(deserializer).map(|limit| Some(limit.unwrap_or(UNLIMITED)))
}

impl LimitsChange {
    pub(crate) fn apply(&self, limits: &mut Limits) {
        let change = |limit: &mut u32, to: Option<u32>| *limit = to.unwrap_or(*limit);
        change(&mut limits.marketing_per_day, self.marketing_per_day);
        change(&mut limits.background_per_hour, self.background_per_hour);
        change(&mut limits.device_per_day, self.device_per_day);
        change(&mut limits.test_per_day, self.test_per_day);
        change(&mut limits.test_per_second, self.test_per_second);
        change(&mut limits.devices_per_second, self.devices_per_second);
    }
}

/// A count that starts anew with each window.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    index: u64,
    count: u32,
}

impl Window {
    /// Counts `more` if that stays within `limit`; says whether it did.
    fn take(&mut self, index: u64, more: u32, limit: u32) -> bool {
        let count = if self.index == index { self.count } else { 0 };
        let after = count.saturating_add(more);
        let fits = limit == UNLIMITED || after <= limit;
        *self = Window { index, count: if fits { after } else { count } };
        fits
    }
}

fn day(now_ms: u64) -> u64 {
    now_ms.saturating_add(DAY_OFFSET_MS) / DAY_MS
}

/// Counters of one app on one phone. They outlive a reinstall.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PhoneCounters {
    marketing: Window,
    background: Window,
    all: Window,
}

impl PhoneCounters {
    /// Counts one push-type 0 message; `Err` is the receipt of one that is over.
    pub(crate) fn alert(&mut self, limits: &Limits, category: Category, now_ms: u64) -> Result<(), Outcome> {
        if category == Category::Marketing && !self.marketing.take(day(now_ms), 1, limits.marketing_per_day) {
            return Err(Outcome::FREQUENCY_LIMIT);
        }
        self.any(limits, now_ms)
    }

    /// Counts one push-type 6 message.
    pub(crate) fn background(&mut self, limits: &Limits, now_ms: u64) -> Result<(), Outcome> {
        if !self.background.take(now_ms / HOUR_MS, 1, limits.background_per_hour) {
            return Err(Outcome::FREQUENCY_DROPPED);
        }
        self.any(limits, now_ms)
    }

    /// Counts a message that has no quota of its own.
    pub(crate) fn any(&mut self, limits: &Limits, now_ms: u64) -> Result<(), Outcome> {
        let fits = self.all.take(day(now_ms), 1, limits.device_per_day);
        if fits { Ok(()) } else { Err(Outcome::FREQUENCY_DROPPED) }
    }
}

/// Counters of one project.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProjectCounters {
    devices: Window,
    test_requests: Window,
    tests: Window,
}

impl ProjectCounters {
    /// Whether `tokens` more still fit into this second. A request over the limit alone never fits.
    pub(crate) fn devices(&mut self, limits: &Limits, tokens: usize, now_ms: u64) -> bool {
        let tokens = u32::try_from(tokens).unwrap_or(u32::MAX);
        self.devices.take(now_ms / 1000, tokens, limits.devices_per_second)
    }

    /// Whether another test request may come in this second.
    pub(crate) fn test_request(&mut self, limits: &Limits, now_ms: u64) -> bool {
        self.test_requests.take(now_ms / 1000, 1, limits.test_per_second)
    }

    /// Counts a successful test request of the day; `Err` is the receipt of its messages.
    pub(crate) fn test(&mut self, limits: &Limits, now_ms: u64) -> Result<(), Outcome> {
        let fits = self.tests.take(day(now_ms), 1, limits.test_per_day);
        if fits { Ok(()) } else { Err(Outcome::FREQUENCY_LIMIT) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT_IN_CHINA_MS: u64 = 20_000 * DAY_MS - DAY_OFFSET_MS;

    #[test]
    fn marketing_is_twice_a_natural_day_in_china() {
        let (limits, mut counters) = (Limits::default(), PhoneCounters::default());
        let evening = MIDNIGHT_IN_CHINA_MS - 1000;
        let mut send = |at: u64| counters.alert(&limits, Category::Marketing, at);
        assert_eq!([send(evening), send(evening)], [Ok(()), Ok(())]);
        assert_eq!(send(evening), Err(Outcome::FREQUENCY_LIMIT));
        assert_eq!(send(evening + 999), Err(Outcome::FREQUENCY_LIMIT));
        assert_eq!(send(MIDNIGHT_IN_CHINA_MS), Ok(()));
    }

    #[test]
    fn other_categories_have_no_number_of_their_own() {
        let (limits, mut counters) = (Limits::default(), PhoneCounters::default());
        for _ in 0..100 {
            assert_eq!(counters.alert(&limits, Category::Im, 5), Ok(()));
        }
        let tight = Limits { device_per_day: 101, ..limits };
        assert_eq!(counters.alert(&tight, Category::Im, 5), Ok(()));
        assert_eq!(counters.alert(&tight, Category::Im, 5), Err(Outcome::FREQUENCY_DROPPED));
    }

    #[test]
    fn background_is_twice_an_hour() {
        let (limits, mut counters) = (Limits::default(), PhoneCounters::default());
        let results: Vec<_> = (0..3).map(|_| counters.background(&limits, HOUR_MS)).collect();
        assert_eq!(results, [Ok(()), Ok(()), Err(Outcome::FREQUENCY_DROPPED)]);
        assert_eq!(counters.background(&limits, 2 * HOUR_MS), Ok(()));
    }

    #[test]
    fn devices_per_second_count_tokens() {
        let limits = Limits { devices_per_second: 1000, ..Limits::default() };
        let mut counters = ProjectCounters::default();
        assert!(counters.devices(&limits, 600, 1000));
        assert!(!counters.devices(&limits, 600, 1500));
        assert!(counters.devices(&limits, 400, 1999), "what was refused is not counted");
        assert!(counters.devices(&limits, 1000, 2000));
        assert!(!counters.devices(&limits, 1001, 3000));
    }

    #[test]
    fn a_change_leaves_what_it_does_not_name_and_null_lifts() {
        let change = serde_json::from_str::<LimitsChange>(r#"{"marketingPerDay":null,"testPerDay":3}"#);
        let mut limits = Limits::default();
        change.unwrap().apply(&mut limits);
        let wanted = Limits { marketing_per_day: UNLIMITED, test_per_day: 3, ..Limits::default() };
        assert_eq!(limits, wanted);
        let shown = serde_json::to_value(limits).unwrap();
        assert_eq!(shown["marketingPerDay"], serde_json::Value::Null);
        assert_eq!(shown["backgroundPerHour"], 2);
    }
}
