//! PushIDs of users that were asked for lately: a push looks at them when it is planned and again before it
//! goes out, and a look at the file costs more than the decision.
//!
//! Bounded, and never wrong: whatever changes a user's PushIDs makes the user forgotten here after its commit
//! and before it is answered. A reader that began before such a change may not put in what it read.

use crate::store::PushTarget;
use hongyan_wire::{AppId, UserId};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const PARTS: usize = 64;

type Key = (AppId, UserId);

/// Of a user that has none: an empty list.
pub(super) type Targets = Arc<[PushTarget]>;

/// The two halves of what is kept: who is asked for moves to the young one, and when that is full the old one
/// goes.
#[derive(Debug, Default)]
struct Part {
    /// Changes so far.
    version: u64,
    young: HashMap<Key, Targets>,
    old: HashMap<Key, Targets>,
}

/// State of a user's PushIDs when a look at the file began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Version(u64);

/// The cache.
#[derive(Debug)]
pub(super) struct Bound {
    hasher: RandomState,
    parts: Vec<Mutex<Part>>,
    half_len_max: usize,
}

impl Bound {
    /// Keeps at most about so many users.
    pub fn new(len_max: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            half_len_max: len_max / PARTS / 2,
        }
    }

    fn part(&self, key: &Key) -> MutexGuard<'_, Part> {
        let place = self.hasher.hash_one(key) as usize % PARTS;
        self.parts[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a user; else the version to name when what was read is put in.
    pub fn get(&self, app: AppId, user: &UserId) -> Result<Targets, Version> {
        let key = (app, user.clone());
        let mut part = self.part(&key);
        if let Some(found) = part.young.get(&key) {
            return Ok(found.clone());
        }
        let Some(found) = part.old.remove(&key) else { return Err(Version(part.version)) };
        self.keep(&mut part, key, found.clone());
        Ok(found)
    }

    /// Keeps what was read, unless something changed since the look began.
    pub fn put(&self, app: AppId, user: &UserId, since: Version, found: Targets) {
        let key = (app, user.clone());
        let mut part = self.part(&key);
        if part.version == since.0 {
            self.keep(&mut part, key, found);
        }
    }

    /// A user's PushIDs changed.
    pub fn forget(&self, app: AppId, user: &UserId) {
        let key = (app, user.clone());
        let mut part = self.part(&key);
        part.version += 1;
        part.young.remove(&key);
        part.old.remove(&key);
    }

    fn keep(&self, part: &mut Part, key: Key, found: Targets) {
        if part.young.len() >= self.half_len_max {
            part.old = std::mem::take(&mut part.young);
        }
        if self.half_len_max > 0 {
            part.young.insert(key, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: usize) -> UserId {
        UserId::new(&format!("user-{number}")).unwrap()
    }

    fn put(bound: &Bound, number: usize) {
        let since = bound.get(AppId(1), &user(number)).unwrap_err();
        bound.put(AppId(1), &user(number), since, Arc::new([]));
    }

    #[test]
    fn what_changed_while_it_was_read_is_not_kept() {
        let bound = Bound::new(1_000);
        let since = bound.get(AppId(1), &user(1)).unwrap_err();
        bound.forget(AppId(1), &user(1));
        bound.put(AppId(1), &user(1), since, Arc::new([]));
        assert!(bound.get(AppId(1), &user(1)).is_err());
        put(&bound, 1);
        assert!(bound.get(AppId(1), &user(1)).is_ok());
        assert!(bound.get(AppId(2), &user(1)).is_err(), "another app's user");
        bound.forget(AppId(1), &user(1));
        assert!(bound.get(AppId(1), &user(1)).is_err());
    }

    #[test]
    fn it_keeps_no_more_than_it_may_and_those_that_are_asked_for() {
        let bound = Bound::new(PARTS * 2 * 8);
        put(&bound, 0);
        for number in 1..10_000 {
            put(&bound, number);
            assert!(bound.get(AppId(1), &user(0)).is_ok(), "asked for all the time");
        }
        let len: usize =
            bound.parts.iter().map(|part| part.lock().unwrap()).map(|p| p.young.len() + p.old.len()).sum();
        assert!(len <= PARTS * 2 * 8, "{len}");
    }
}
