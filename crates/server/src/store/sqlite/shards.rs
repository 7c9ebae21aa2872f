//! Containers that grow without a long stop: a table that doubles at a million entries would hold everybody
//! up for a tenth of a second.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, Hash, RandomState},
};

const SHARDS: usize = 64;
const BLOCK: usize = 1_024;

/// A hash map in 64 parts that grow one by one.
#[derive(Debug)]
pub(super) struct Shards<K, V> {
    hasher: RandomState,
    parts: Vec<HashMap<K, V, RandomState>>,
}

impl<K, V> Default for Shards<K, V> {
    fn default() -> Self {
        let hasher = RandomState::new();
        let parts = (0..SHARDS).map(|_| HashMap::with_hasher(hasher.clone())).collect();
        Self { hasher, parts }
    }
}

impl<K: Eq + Hash, V> Shards<K, V> {
    fn part(&self, key: &K) -> usize {
        // The tables use the low and the top seven bits; these are in between.
        (self.hasher.hash_one(key) >> 40) as usize % SHARDS
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.parts[self.part(key)].get(key)
    }

    pub fn get_key_value(&self, key: &K) -> Option<(&K, &V)> {
        self.parts[self.part(key)].get_key_value(key)
    }

    pub fn get_or_default(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let part = self.part(&key);
        self.parts[part].entry(key).or_default()
    }

    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let part = self.part(&key);
        self.parts[part].insert(key, value)
    }

    /// Puts a value in where there is none; whether there was none.
    pub fn insert_new(&mut self, key: K, value: V) -> bool {
        let part = self.part(&key);
        match self.parts[part].entry(key) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(value);
                true
            }
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let part = self.part(key);
        self.parts[part].remove(key)
    }

    pub fn len(&self) -> usize {
        self.parts.iter().map(HashMap::len).sum()
    }
}

/// A vector in blocks: growing it moves nothing.
#[derive(Debug)]
pub(super) struct Blocks<T>(Vec<Vec<T>>);

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Blocks<T> {
    pub fn push(&mut self, item: T) {
        match self.0.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(item),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(item);
                self.0.push(block);
            }
        }
    }

    pub fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place / BLOCK)?.get(place % BLOCK)
    }

    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.0.get_mut(place / BLOCK)?.get_mut(place % BLOCK)
    }

    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * BLOCK + last.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_order() {
        let mut blocks = Blocks::default();
        for n in 0..BLOCK * 2 + 3 {
            assert_eq!(blocks.len(), n);
            blocks.push(n);
        }
        assert!((0..BLOCK * 2 + 3).all(|n| blocks.get(n) == Some(&n)));
        assert_eq!(blocks.get(BLOCK * 2 + 3), None);
    }

    #[test]
    fn shards_are_a_map() {
        let mut shards = Shards::default();
        for n in 0..1_000 {
            assert_eq!(shards.insert(n, n * 2), None);
        }
        assert_eq!(shards.len(), 1_000);
        assert!((0..1_000).all(|n| shards.get(&n) == Some(&(n * 2))));
        assert!(!shards.insert_new(5, 0) && shards.get(&5) == Some(&10));
        assert_eq!(shards.remove(&5), Some(10));
        assert!(shards.insert_new(5, 0) && shards.remove(&5) == Some(0));
        assert_eq!(shards.get(&5), None);
    }
}
