//! Which sends are known already: the idempotency window.
//!
//! Keyed by 128 keyed hash bits of (app, sender, local ID) so that an entry is small; it holds the message's
//! ID and a hash of what was sent. Lives in memory, rebuilt at start from the rows of the last day. An entry
//! goes when it is a day old, or when there are more than the limit, oldest first.

use super::{ids, shards::Shards};
use hongyan_wire::{AppId, UserId};
use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
};

/// How long a repeated send is recognised, unless there are more than `window_len_max` newer ones, in ms.
pub(super) const WINDOW_MS: u64 = 24 * 3600 * 1_000;

/// Keyed hash of (app, sender, local ID). The keys are new at every start, so nobody can aim at a collision.
pub(super) type SendKey = [u64; 2];

/// What a known send was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    /// Its message.
    pub id: u64,
    /// Hash of its conversation, content and flags.
    pub body: u64,
}

/// Hash of a send whose words are gone, because its message was taken back: it is equal to any.
pub(super) const ANY_BODY: u64 = u64::MAX;

impl Known {
    /// Whether a send with this body is the same one.
    pub fn is(&self, body: u64) -> bool {
        self.body == body || self.body == ANY_BODY
    }
}

/// Makes keys and body hashes; shared by the writer and by whoever prepares commands for it.
#[derive(Clone, Debug, Default)]
pub(super) struct SendHash(RandomState, RandomState);

impl SendHash {
    pub fn key(&self, app: AppId, sender: &UserId, local_id: &str) -> SendKey {
        let text = (app, sender.as_str(), local_id);
        [self.0.hash_one(text), self.1.hash_one(text)]
    }

    /// Hash of what is sent, but for the conversation: that has its number only in the writer.
    pub fn content(&self, content: &str, flags: i64) -> u64 {
        self.0.hash_one((content, flags))
    }

    pub fn body(&self, conversation: u64, content: u64) -> u64 {
        self.1.hash_one((conversation, content))
    }
}

#[derive(Debug)]
pub(super) struct Window {
    entries: Shards<SendKey, Known>,
    order: VecDeque<SendKey>,
    len_max: usize,
}

impl Window {
    pub fn new(len_max: usize) -> Self {
        Self { entries: Shards::default(), order: VecDeque::new(), len_max: len_max.max(1) }
    }

    pub fn get(&self, key: &SendKey) -> Option<Known> {
        self.entries.get(key).copied()
    }

    pub fn insert(&mut self, key: SendKey, known: Known) {
        if self.entries.insert(key, known).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.len_max {
            self.forget_oldest();
        }
    }

    /// Forgets what is more than a day older than `now_ms`.
    pub fn expire(&mut self, now_ms: u64) {
        let first_kept = ids::first_at(now_ms.saturating_sub(WINDOW_MS));
        while let Some(oldest) = self.order.front() {
            match self.entries.get(oldest) {
                Some(known) if known.id >= first_kept => return,
                _ => self.forget_oldest(),
            }
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(key) = self.order.pop_front() {
            self.entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> SendKey {
        [n, !n]
    }

    #[test]
    fn the_oldest_go_first_when_it_is_full() {
        let mut window = Window::new(3);
        for n in 1..=5 {
            window.insert(key(n), Known { id: n, body: 0 });
        }
        assert_eq!(window.get(&key(2)), None);
        assert_eq!(window.get(&key(3)), Some(Known { id: 3, body: 0 }));
    }

    #[test]
    fn an_entry_lives_a_day() {
        let start = 1_800_000_000_000;
        let mut window = Window::new(10);
        window.insert(key(1), Known { id: ids::first_at(start), body: 0 });
        window.expire(start + WINDOW_MS);
        assert!(window.get(&key(1)).is_some());
        window.expire(start + WINDOW_MS + 1);
        assert!(window.get(&key(1)).is_none());
    }

    #[test]
    fn a_key_tells_app_sender_and_local_id_apart() {
        let hash = SendHash::default();
        let ann = UserId::new("ann").unwrap();
        let anna = UserId::new("anna").unwrap();
        let one = hash.key(AppId(1), &ann, "a1");
        assert_eq!(one, hash.clone().key(AppId(1), &ann, "a1"));
        for other in
            [hash.key(AppId(2), &ann, "a1"), hash.key(AppId(1), &anna, "1"), hash.key(AppId(1), &ann, "a2")]
        {
            assert_ne!(one, other);
        }
    }
}
