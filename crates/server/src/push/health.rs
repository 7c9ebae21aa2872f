//! Guards tokens against mass death: where nothing succeeds, tokens are not to blame.

use super::credentials::CredentialKey;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Tokens that may be declared dead while nothing of the same credential succeeds. A wrong project or a
/// confused vendor refuses every token; a few dead phones refuse a few.
const BURIALS_MAX: usize = 20;

/// Per credential that had trouble lately: tokens declared dead since something was accepted.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<HashMap<CredentialKey, usize>>);

impl Health {
    /// The vendor accepted something: whatever it refuses now, it refuses for good reason.
    pub fn accepted(&self, key: CredentialKey) {
        // Most credentials have no trouble: nothing is kept for them.
        self.lock().remove(&key);
    }

    /// Whether `dead` tokens of an answer in which nothing was accepted may be declared dead.
    pub fn may_bury(&self, key: CredentialKey, dead: usize) -> bool {
        let mut buried = self.lock();
        let buried = buried.entry(key).or_default();
        let allowed = *buried + dead <= BURIALS_MAX;
        if allowed {
            *buried += dead;
        }
        allowed
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialKey, usize>> {
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
}
