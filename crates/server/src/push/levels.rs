//! How each credential fares just now, for telemetry and for people: what the dispatcher shows of its paces.

use super::{
    credentials::CredentialKey,
    pace::{Pace, Why},
};
use hongyan_vendors::VendorKind;
use hongyan_wire::AppId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Whether requests go out with a credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Circuit {
    /// They do.
    Closed,
    /// The vendor is in trouble: none until a time.
    Open,
    /// One probe is allowed or under way.
    HalfOpen,
    /// The vendor refuses the credential: none but a probe now and then.
    Paused,
}

impl Circuit {
    /// Every state.
    pub const ALL: [Circuit; 4] = [Circuit::Closed, Circuit::Open, Circuit::HalfOpen, Circuit::Paused];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Paused => "paused",
        }
    }
}

/// How one credential fares.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Level {
    /// Whose.
    pub app: AppId,
    /// For which vendor.
    pub vendor: VendorKind,
    /// Credential set 1 or 2.
    pub app_type: u8,
    /// Whether requests go out.
    pub circuit: Circuit,
    /// Requests that may be under way.
    pub concurrency: usize,
    /// Devices a second, if flow control limits them.
    pub devices_per_s: Option<f64>,
    /// Unix time in ms until which the vendor asked for patience; 0 for never.
    pub held_until: u64,
    /// Unix time in ms since when the credential is paused.
    pub paused_since: Option<u64>,
}

/// Every credential used since the start: as many as apps have.
#[derive(Debug, Default)]
pub struct Levels(Mutex<BTreeMap<CredentialKey, Level>>);

impl Levels {
    /// All of them, in order.
    pub fn all(&self) -> Vec<Level> {
        self.lock().values().copied().collect()
    }

    pub(super) fn show(&self, key: CredentialKey, pace: &Pace, now: u64) {
        let (circuit, paused_since) = match pace.shut() {
            None => (Circuit::Closed, None),
            Some((Why::Refused { since, .. }, ..)) => (Circuit::Paused, Some(since)),
            Some((Why::Trouble, until, probing)) if probing || until <= now => (Circuit::HalfOpen, None),
            Some((Why::Trouble, ..)) => (Circuit::Open, None),
        };
        let level = Level {
            app: key.0,
            vendor: key.1,
            app_type: key.2,
            circuit,
            concurrency: pace.limit(),
            devices_per_s: pace.devices_per_s(),
            held_until: pace.hold_until(),
            paused_since,
        };
        self.lock().insert(key, level);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<CredentialKey, Level>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
