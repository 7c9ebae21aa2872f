//! How a credential fares: guards tokens against mass death, and tells its operator of trouble without
//! flooding the log.

use super::credentials::CredentialKey;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Tokens that may be declared dead while nothing of the same credential succeeds. A wrong project or a
/// confused vendor refuses every token; a few dead phones refuse a few.
const BURIALS_MAX: usize = 20;
/// An operator is told of the same trouble at most this often, in ms.
const WARNING_EVERY_MS: u64 = 60_000;

/// The credentials that had trouble lately.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<HashMap<CredentialKey, Trouble>>);

#[derive(Debug, Default)]
struct Trouble {
    /// Tokens declared dead since something was accepted.
    buried: usize,
    warned_at: Option<u64>,
}

impl Health {
    /// The vendor accepted something: whatever it refuses now, it refuses for good reason.
    pub fn accepted(&self, key: CredentialKey) {
        // Most credentials have no trouble: nothing is kept for them.
        if let Some(trouble) = self.lock().get_mut(&key) {
            trouble.buried = 0;
        }
    }

    /// Whether `dead` tokens of an answer in which nothing was accepted may be declared dead.
    pub fn may_bury(&self, key: CredentialKey, dead: usize) -> bool {
        let mut troubles = self.lock();
        let trouble = troubles.entry(key).or_default();
        let allowed = trouble.buried + dead <= BURIALS_MAX;
        if allowed {
            trouble.buried += dead;
        }
        allowed
    }

    /// Whether the operator should be told again.
    pub fn may_warn(&self, key: CredentialKey, now_ms: u64) -> bool {
        let mut troubles = self.lock();
        let trouble = troubles.entry(key).or_default();
        let due = trouble.warned_at.is_none_or(|at| now_ms >= at.saturating_add(WARNING_EVERY_MS));
        if due {
            trouble.warned_at = Some(now_ms);
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialKey, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_vendors::VendorKind;
    use hongyan_wire::AppId;

    const KEY: CredentialKey = (AppId(1), VendorKind::Harmony, 1);

    #[test]
    fn a_few_tokens_die_alone_but_not_many() {
        let health = Health::default();
        assert!((0..BURIALS_MAX).all(|_| health.may_bury(KEY, 1)));
        assert!(!health.may_bury(KEY, 1));
        assert!(health.may_bury((AppId(2), VendorKind::Harmony, 1), 1), "another app has its own count");
        health.accepted(KEY);
        assert!(health.may_bury(KEY, 1));
        assert!(!health.may_bury(KEY, 1_000), "a whole round that fails proves nothing about its tokens");
    }

    #[test]
    fn an_operator_is_told_once_a_minute() {
        let health = Health::default();
        assert!(health.may_warn(KEY, 0));
        assert!(!health.may_warn(KEY, 59_999));
        assert!(health.may_warn(KEY, 60_000));
    }
}
