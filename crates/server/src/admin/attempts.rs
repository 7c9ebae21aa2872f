//! How often passwords and links can be tried: so many in a while from one address, and so many for one account.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Attempts from one address in `ADDRESS_MS`.
const ADDRESS_MAX: u32 = 20;
const ADDRESS_MS: u64 = 15 * 60_000;
/// Attempts for one account in `ACCOUNT_MS`.
const ACCOUNT_MAX: u32 = 10;
const ACCOUNT_MS: u64 = 5 * 60_000;
/// Addresses and accounts that are remembered.
const ENTRIES_MAX: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Address(String),
    Account(String),
}

impl Key {
    fn limit(&self) -> (u32, u64) {
        match self {
            Self::Address(_) => (ADDRESS_MAX, ADDRESS_MS),
            Self::Account(_) => (ACCOUNT_MAX, ACCOUNT_MS),
        }
    }
}

/// Attempts since the first of a window that has not ended.
#[derive(Clone, Copy, Debug)]
struct Window {
    since: u64,
    attempts: u32,
}

/// What was tried lately. In memory: a restart begins anew.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Key, Window>>);

impl Attempts {
    /// Counts an attempt before it is made, so that many at once do not slip through. `Err`: seconds to wait.
    pub fn begin(&self, address: &str, account: Option<&str>, now_ms: u64) -> Result<(), u64> {
        let mut windows = self.lock();
        let account = account.map(|account| Key::Account(account.to_lowercase()));
        let keys: Vec<Key> = std::iter::once(Key::Address(address.to_owned())).chain(account).collect();
        let waits = keys.iter().filter_map(|key| wait(&windows, key, now_ms));
        if let Some(wait_ms) = waits.max() {
            return Err(wait_ms.div_ceil(1_000).max(1));
        }
        for key in keys {
            make_room(&mut windows, now_ms);
            let window = windows.entry(key).or_insert(Window { since: now_ms, attempts: 0 });
            window.attempts += 1;
        }
        Ok(())
    }

    /// The attempt was a good one: it counts for nothing.
    pub fn succeeded(&self, address: &str, account: Option<&str>) {
        let mut windows = self.lock();
        if let Some(account) = account {
            windows.remove(&Key::Account(account.to_lowercase()));
        }
        if let Some(window) = windows.get_mut(&Key::Address(address.to_owned())) {
            window.attempts = window.attempts.saturating_sub(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Window>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds until this key may be tried again; forgets a window that is over.
fn wait(windows: &HashMap<Key, Window>, key: &Key, now_ms: u64) -> Option<u64> {
    let (most, span_ms) = key.limit();
    let window = windows.get(key)?;
    let ends_at = window.since.saturating_add(span_ms);
    (window.attempts >= most && now_ms < ends_at).then(|| ends_at - now_ms)
}

/// Windows that are over go; when that is not enough, the oldest goes.
fn make_room(windows: &mut HashMap<Key, Window>, now_ms: u64) {
    windows.retain(|key, window| now_ms < window.since.saturating_add(key.limit().1));
    if windows.len() >= ENTRIES_MAX
        && let Some(oldest) =
            windows.iter().min_by_key(|(_, window)| window.since).map(|(key, _)| key.clone())
    {
        windows.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_and_an_address_are_tried_so_often() {
        let attempts = Attempts::default();
        for n in 0..ACCOUNT_MAX {
            assert_eq!(attempts.begin(&format!("10.0.0.{n}"), Some("Ann"), 1_000), Ok(()));
        }
        assert_eq!(attempts.begin("10.0.1.1", Some("ann"), 1_000), Err(300), "whatever the address");
        assert_eq!(attempts.begin("10.0.1.1", Some("bob"), 1_000), Ok(()));
        assert_eq!(attempts.begin("10.0.1.1", Some("ann"), 1_000 + ACCOUNT_MS), Ok(()));
        for _ in 0..ADDRESS_MAX {
            assert_eq!(attempts.begin("10.0.2.1", None, 1_000), Ok(()));
        }
        assert_eq!(attempts.begin("10.0.2.1", Some("carol"), 2_000), Err(899));
        assert_eq!(attempts.begin("10.0.2.2", Some("carol"), 2_000), Ok(()));
    }

    #[test]
    fn good_attempts_do_not_count_and_memory_is_bounded() {
        let attempts = Attempts::default();
        for _ in 0..10 * ADDRESS_MAX {
            assert_eq!(attempts.begin("10.0.0.1", Some("ann"), 1), Ok(()));
            attempts.succeeded("10.0.0.1", Some("ann"));
        }
        let fill = |n| (Key::Address(format!("filled {n}")), Window { since: n as u64, attempts: 1 });
        attempts.lock().extend((2..1 + ENTRIES_MAX).map(fill));
        assert_eq!(attempts.begin("one more", None, 10), Ok(()));
        let windows = attempts.lock();
        assert!(windows.len() <= ENTRIES_MAX, "{}", windows.len());
        assert!(windows.contains_key(&Key::Address("one more".to_owned())), "the oldest went");
    }
}
