//! The vendor's quotas that are known before sending: what would exceed one is discarded there without a word,
//! so it is not sent at all, or waits for its turn.
//!
//! Counted in memory, for what the vendor accepted. A restart begins anew, and requests under way at the same
//! time may exceed a limit by their number: the vendor's own count decides then, and its receipt tells.

use super::{Reason, credentials::CredentialKey};
use hongyan_vendors::{Notice, NoticeKind, VendorKind, harmony::HarmonyCategory};
use hongyan_wire::{AppId, PushId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Devices that are counted; those beyond it are not limited.
const DEVICES_MAX: usize = 200_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// The vendor's natural day begins at midnight in Beijing.
const BEIJING_MS: u64 = 8 * HOUR_MS;

/// What the vendor allows; 0 switches a limit off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QuotaLimits {
    /// Notices of category MARKETING per device and natural day.
    pub marketing_per_day: u32,
    /// Background messages per device and hour.
    pub background_per_hour: u32,
    /// Requests with test messages per credential and natural day.
    pub test_per_day: u32,
}

impl Default for QuotaLimits {
    fn default() -> Self {
        Self { marketing_per_day: 2, background_per_hour: 2, test_per_day: 1_000 }
    }
}

/// What a notice counts as. The first that fits: test messages are exempt from the other limits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Quota {
    Test,
    Background,
    Marketing,
}

/// Whether a device may get something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Room {
    Free,
    /// From this Unix time in ms.
    From(u64),
}

/// Times in ms at which something was accepted that still counts, oldest first; as many as the limit.
type Taken = Vec<u64>;

/// What was taken so far.
#[derive(Debug)]
pub(super) struct Quotas {
    limits: QuotaLimits,
    devices: Mutex<HashMap<(AppId, PushId, Quota), Taken>>,
    /// Per credential: the day, and requests with test messages of it.
    tests: Mutex<HashMap<CredentialKey, (u64, u32)>>,
}

impl Quota {
    /// What a notice counts as for devices of `vendor`, if it is limited.
    pub fn of(notice: &Notice, vendor: VendorKind) -> Option<Self> {
        let harmony = &notice.strategy.harmony;
        let kind = notice.strategy.kind(vendor).unwrap_or(notice.kind);
        match vendor {
            VendorKind::Harmony if harmony.test_message => Some(Self::Test),
            VendorKind::Harmony if kind == NoticeKind::Silent => Some(Self::Background),
            VendorKind::Harmony if harmony.category == Some(HarmonyCategory::Marketing) => {
                Some(Self::Marketing)
            }
            _ => None,
        }
    }

    /// Why something is not sent for want of room.
    pub fn reason(self) -> Reason {
        match self {
            Self::Test => Reason::QuotaTest,
            Self::Background => Reason::QuotaBackground,
            Self::Marketing => Reason::QuotaMarketing,
        }
    }

    /// Whether it is worth waiting for room, if the life of the notice allows it.
    pub fn waits(self) -> bool {
        self == Self::Background
    }
}

impl Quotas {
    pub fn new(limits: QuotaLimits) -> Self {
        Self { limits, devices: Mutex::default(), tests: Mutex::default() }
    }

    /// Whether a device may get one more now.
    pub fn room(&self, key: CredentialKey, push_id: &PushId, quota: Quota, now: u64) -> Room {
        let limit = self.limits.of(quota);
        if limit == 0 {
            return Room::Free;
        }
        if quota == Quota::Test {
            let taken = lock(&self.tests).get(&key).copied().filter(|(day, _)| *day == day_of(now));
            let full = taken.is_some_and(|(_, count)| count >= limit);
            return if full { Room::From(day_after(now)) } else { Room::Free };
        }
        let devices = lock(&self.devices);
        let Some(taken) = devices.get(&(key.0, push_id.clone(), quota)) else { return Room::Free };
        let counting: Vec<u64> = taken.iter().copied().filter(|at| counts(quota, *at, now)).collect();
        match counting.len().checked_sub(limit as usize) {
            Some(over) => Room::From(ends(quota, counting[over])),
            None => Room::Free,
        }
    }

    /// The vendor accepted one for a device.
    pub fn take(&self, key: CredentialKey, push_id: &PushId, quota: Quota, now: u64) {
        let limit = self.limits.of(quota) as usize;
        if limit == 0 || quota == Quota::Test {
            return;
        }
        let mut devices = lock(&self.devices);
        let device = (key.0, push_id.clone(), quota);
        if devices.len() >= DEVICES_MAX && !devices.contains_key(&device) {
            devices.retain(|(_, _, quota), taken| taken.iter().any(|at| counts(*quota, *at, now)));
            if devices.len() >= DEVICES_MAX {
                return;
            }
        }
        let taken = devices.entry(device).or_default();
        taken.retain(|at| counts(quota, *at, now));
        taken.push(now);
    }

    /// The vendor accepted a request with a test message.
    pub fn take_test(&self, key: CredentialKey, now: u64) {
        let mut tests = lock(&self.tests);
        let taken = tests.entry(key).or_default();
        if taken.0 != day_of(now) {
            *taken = (day_of(now), 0);
        }
        taken.1 += 1;
    }
}

impl QuotaLimits {
    fn of(&self, quota: Quota) -> u32 {
        match quota {
            Quota::Test => self.test_per_day,
            Quota::Background => self.background_per_hour,
            Quota::Marketing => self.marketing_per_day,
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn day_of(at: u64) -> u64 {
    (at + BEIJING_MS) / DAY_MS
}

/// When the natural day after `at` begins.
fn day_after(at: u64) -> u64 {
    (day_of(at) + 1) * DAY_MS - BEIJING_MS
}

/// When what was accepted at `at` counts no more.
fn ends(quota: Quota, at: u64) -> u64 {
    match quota {
        Quota::Background => at + HOUR_MS,
        Quota::Test | Quota::Marketing => day_after(at),
    }
}

fn counts(quota: Quota, at: u64, now: u64) -> bool {
    now < ends(quota, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: CredentialKey = (AppId(1), VendorKind::Harmony, 1);
    /// 2027-01-15, 16:00 in Beijing.
    const NOW: u64 = 1_800_000_000_000;

    fn push_id(name: &str) -> PushId {
        PushId::new(name).unwrap()
    }

    #[test]
    fn two_an_hour_and_the_third_waits_for_the_first_to_age() {
        let (quotas, id) = (Quotas::new(QuotaLimits::default()), push_id("device-1"));
        let room = |now| quotas.room(KEY, &id, Quota::Background, now);
        quotas.take(KEY, &id, Quota::Background, NOW);
        assert_eq!(room(NOW + 5), Room::Free);
        quotas.take(KEY, &id, Quota::Background, NOW + 5);
        assert_eq!(room(NOW + 10), Room::From(NOW + HOUR_MS));
        assert_eq!(room(NOW + HOUR_MS), Room::Free);
        assert_eq!(quotas.room(KEY, &push_id("device-2"), Quota::Background, NOW + 10), Room::Free);
        assert_eq!(quotas.room(KEY, &id, Quota::Marketing, NOW + 10), Room::Free);
    }

    #[test]
    fn a_natural_day_ends_at_midnight_in_beijing() {
        let (quotas, id) = (Quotas::new(QuotaLimits::default()), push_id("device-1"));
        (0..2).for_each(|n| quotas.take(KEY, &id, Quota::Marketing, NOW + n));
        let midnight = NOW + 8 * HOUR_MS;
        assert_eq!(quotas.room(KEY, &id, Quota::Marketing, NOW + 5), Room::From(midnight));
        assert_eq!(quotas.room(KEY, &id, Quota::Marketing, midnight), Room::Free);
    }

    #[test]
    fn tests_are_counted_per_credential_and_a_limit_of_none_is_off() {
        let quotas =
            Quotas::new(QuotaLimits { test_per_day: 1, marketing_per_day: 0, ..QuotaLimits::default() });
        let id = push_id("device-1");
        quotas.take_test(KEY, NOW);
        assert!(matches!(quotas.room(KEY, &id, Quota::Test, NOW), Room::From(_)));
        let other = (AppId(2), VendorKind::Harmony, 1);
        assert_eq!(quotas.room(other, &id, Quota::Test, NOW), Room::Free);
        (0..9).for_each(|_| quotas.take(KEY, &id, Quota::Marketing, NOW));
        assert_eq!(quotas.room(KEY, &id, Quota::Marketing, NOW), Room::Free);
    }
}
