//! Which sends are known already: the idempotency window.
//!
//! Keyed by 128 keyed hash bits of (app, sender, local ID) so that an entry is small; it holds the message's
//! ID and a hash of what was sent. Lives in memory, rebuilt from the rows of the last day: of the newest ones at
//! start, of older ones by `recall` while the store is open. An entry goes when it is a day old, or when there are
//! more than the limit, oldest first.

use super::{
    append::{QUIET, REVOKED},
    ids,
    recall::Part,
    shards::Shards,
};
use hongyan_wire::AppId;
use std::{
    collections::{HashMap, HashSet, VecDeque},
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
    pub fn key(&self, app: AppId, sender: &str, local_id: &str) -> SendKey {
        let text = (app, sender, local_id);
        [self.0.hash_one(text), self.1.hash_one(text)]
    }

    /// Hash of what is sent, but for the conversation: that has its number only in the writer.
    pub fn content(&self, content: &str, flags: i64) -> u64 {
        self.0.hash_one((content, flags))
    }

    pub fn body(&self, conversation: u64, content: u64) -> u64 {
        self.1.hash_one((conversation, content))
    }

    /// What the send was that is in this row.
    pub fn stored(&self, id: u64, conversation: u64, content: &str, flags: i64) -> Known {
        let body = match flags & REVOKED != 0 {
            true => ANY_BODY,
            false => self.body(conversation, self.content(content, flags & QUIET)),
        };
        Known { id, body }
    }
}

#[derive(Debug)]
pub(super) struct Window {
    entries: Shards<SendKey, Known>,
    order: VecDeque<SendKey>,
    len_max: usize,
    older: Option<Older>,
}

/// What is known of the sends that the window does not have yet, while there are any.
#[derive(Debug)]
struct Older {
    /// Rows below this are too old to matter.
    first_kept: u64,
    /// Conversations that were asked for, and those that were read to their end.
    asked: HashSet<u64>,
    read: HashSet<u64>,
    /// What was found in them. Goes when the window has it all.
    found: HashMap<SendKey, Known>,
}

impl Window {
    pub fn new(len_max: usize) -> Self {
        Self { entries: Shards::default(), order: VecDeque::new(), len_max: len_max.max(1), older: None }
    }

    pub fn get(&self, key: &SendKey) -> Option<Known> {
        self.entries.get(key).copied().or_else(|| self.older.as_ref()?.get(key))
    }

    /// From here on older sends are missing, down to the row `first_kept`, until they were recalled.
    pub fn lacks_older(&mut self, first_kept: u64) {
        if self.order.len() < self.len_max {
            let (asked, read, found) = Default::default();
            self.older = Some(Older { first_kept, asked, read, found });
        }
    }

    /// Whether a key that is not in it is that of a new send.
    pub fn is_whole(&self) -> bool {
        self.older.is_none()
    }

    /// The same for a conversation whose rows up to `row` are all that may be missing.
    pub fn covers(&self, conversation: u64, row: u64) -> bool {
        let covers = |older: &Older| row < older.first_kept.max(1) || older.read.contains(&conversation);
        self.older.as_ref().is_none_or(covers)
    }

    /// Notes that a conversation is asked for; whether it is for the first time.
    pub fn ask(&mut self, conversation: u64) -> bool {
        self.older.as_mut().is_some_and(|older| older.asked.insert(conversation))
    }

    /// Takes that back.
    pub fn ask_not(&mut self, conversation: u64) {
        if let Some(older) = &mut self.older {
            older.asked.remove(&conversation);
        }
    }

    /// Takes older sends in, newest first, and never in place of newer ones. Whether it is whole then.
    pub fn recall(&mut self, part: Part, sends: Vec<(SendKey, Known)>) -> bool {
        match part {
            Part::Conversations(read) => {
                if let Some(older) = &mut self.older {
                    older.read.extend(read);
                    // The newest of a key counts, as in the window.
                    sends.into_iter().for_each(|(key, known)| older.find(key, known));
                }
            }
            Part::Log { ends } => {
                for (key, known) in sends {
                    if self.order.len() < self.len_max && self.entries.insert_new(key, known) {
                        self.order.push_front(key);
                    }
                }
                if ends || self.order.len() >= self.len_max {
                    self.older = None;
                }
            }
        }
        self.is_whole()
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
        if let Some(older) = &mut self.older {
            older.first_kept = older.first_kept.max(first_kept);
        }
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

impl Older {
    fn get(&self, key: &SendKey) -> Option<Known> {
        self.found.get(key).copied().filter(|known| known.id >= self.first_kept)
    }

    fn find(&mut self, key: SendKey, known: Known) {
        let found = self.found.entry(key).or_insert(known);
        if found.id < known.id {
            *found = known;
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

    fn found(ids: impl IntoIterator<Item = u64>) -> Vec<(SendKey, Known)> {
        ids.into_iter().map(|id| (key(id), Known { id, body: 0 })).collect()
    }

    #[test]
    fn older_sends_go_to_the_old_end() {
        let mut window = Window::new(5);
        window.insert(key(7), Known { id: 7, body: 0 });
        window.insert(key(5), Known { id: 8, body: 0 });
        window.lacks_older(1);
        assert!(!window.recall(Part::Log { ends: false }, found([6, 5, 4])));
        assert_eq!(window.get(&key(5)).map(|known| known.id), Some(8), "the newer one of a key stays");
        assert!(window.recall(Part::Log { ends: false }, found([3, 2])), "whole when it is full");
        assert_eq!((window.order.len(), window.get(&key(2))), (5, None));
        window.insert(key(9), Known { id: 9, body: 0 });
        assert_eq!((window.get(&key(3)), window.order.len()), (None, 5), "the oldest went");
        assert!(window.get(&key(4)).is_some());
    }

    #[test]
    fn what_was_found_in_a_conversation_is_known_until_the_window_has_it() {
        let start = 1_800_000_000_000;
        let first = ids::first_at(start);
        let mut window = Window::new(100);
        window.lacks_older(first);
        assert!(window.covers(1, first - 1) && !window.covers(1, first));
        assert!(window.ask(1) && !window.ask(1), "asked for once");
        assert!(!window.recall(Part::Conversations(vec![1]), found([first + 9, first])));
        assert!(window.covers(1, first + 9) && !window.covers(2, first));
        assert!(window.get(&key(first)).is_some());
        window.expire(start + WINDOW_MS + 1);
        assert!(window.get(&key(first)).is_none(), "too old now");
        assert!(window.recall(Part::Log { ends: true }, found([first + 9])));
        assert!(window.is_whole() && window.covers(2, u64::MAX));
        assert_eq!(window.get(&key(first + 9)).map(|known| known.id), Some(first + 9));
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
        let one = hash.key(AppId(1), "ann", "a1");
        assert_eq!(one, hash.clone().key(AppId(1), "ann", "a1"));
        for other in [
            hash.key(AppId(2), "ann", "a1"),
            hash.key(AppId(1), "anna", "1"),
            hash.key(AppId(1), "ann", "a2"),
        ] {
            assert_ne!(one, other);
        }
    }
}
