//! The newest messages of all conversations, in memory: offline sync, lists and fresh history read these.
//!
//! Bounded by bytes; the oldest message of the whole store goes first, so a busy conversation does not push a
//! quiet one's last message out before its time, and each keeps at most 64.

use crate::store::StoredMessage;
use hongyan_wire::Seq;
use std::collections::{HashMap, VecDeque};

/// Messages kept of one conversation.
const PER_CONVERSATION_MAX: usize = 64;
/// Memory of a kept message besides its content.
const ENTRY_BYTES: usize = 240;

#[derive(Debug)]
pub(super) struct Recent {
    rings: HashMap<u64, VecDeque<Kept>>,
    /// Every kept message (and some that went already), oldest first.
    order: VecDeque<(u64, Seq)>,
    len: usize,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Kept {
    message: StoredMessage,
    prev: u64,
}

impl Recent {
    pub fn new(bytes_max: usize) -> Self {
        Self { rings: HashMap::new(), order: VecDeque::new(), len: 0, bytes: 0, bytes_max }
    }

    /// Keeps a conversation's newest message; `prev` is the row before it.
    pub fn push(&mut self, message: StoredMessage, prev: u64) {
        let no = message.conversation.0;
        self.len += 1;
        self.bytes += ENTRY_BYTES + message.content.len();
        self.order.push_back((no, message.seq));
        // Most conversations are quiet: no room for four from the beginning.
        let ring = self.rings.entry(no).or_insert_with(|| VecDeque::with_capacity(1));
        ring.push_back(Kept { message, prev });
        if ring.len() > PER_CONVERSATION_MAX {
            self.drop_first(no);
        }
        while self.bytes > self.bytes_max {
            self.drop_oldest();
        }
        if self.order.len() > 2 * self.len + PER_CONVERSATION_MAX {
            self.tidy_order();
        }
    }

    /// Takes out of the order what its conversation dropped by itself.
    fn tidy_order(&mut self) {
        let rings = &self.rings;
        let first = |no: &u64| rings.get(no).and_then(VecDeque::front).map(|kept| kept.message.seq);
        self.order.retain(|(no, seq)| first(no).is_some_and(|first| first <= *seq));
    }

    fn drop_oldest(&mut self) {
        let Some((no, seq)) = self.order.pop_front() else { return };
        let first = self.rings.get(&no).and_then(VecDeque::front);
        if first.is_some_and(|kept| kept.message.seq == seq) {
            self.drop_first(no);
        }
    }

    fn drop_first(&mut self, no: u64) {
        let Some(ring) = self.rings.get_mut(&no) else { return };
        if let Some(kept) = ring.pop_front() {
            self.len -= 1;
            self.bytes -= ENTRY_BYTES + kept.message.content.len();
        }
        if ring.is_empty() {
            self.rings.remove(&no);
        }
    }

    /// Puts what is left of a revoked message in its place.
    pub fn replace(&mut self, message: &StoredMessage) {
        let Some(ring) = self.rings.get_mut(&message.conversation.0) else { return };
        let Some(first) = ring.front().map(|kept| kept.message.seq) else { return };
        let Some(place) = message.seq.checked_sub(first) else { return };
        if let Some(kept) = ring.get_mut(place as usize) {
            self.bytes = self.bytes + message.content.len() - kept.message.content.len();
            kept.message = message.clone();
        }
    }

    /// The least place kept, and the row before it. From there to the tail nothing is missing.
    pub fn first(&self, no: u64) -> Option<(Seq, u64)> {
        let kept = self.rings.get(&no)?.front()?;
        Some((kept.message.seq, kept.prev))
    }

    /// Kept messages with `above` < seq ≤ `up_to`, rising.
    pub fn between(&self, no: u64, above: Seq, up_to: Seq) -> Vec<StoredMessage> {
        let Some(ring) = self.rings.get(&no) else { return Vec::new() };
        let Some(first) = ring.front().map(|kept| kept.message.seq) else { return Vec::new() };
        let skip = (above + 1).saturating_sub(first) as usize;
        let from = ring.iter().skip(skip);
        from.map(|kept| &kept.message).take_while(|message| message.seq <= up_to).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ConversationNo;
    use hongyan_wire::{MessageId, UserId};

    fn message(no: u64, seq: Seq) -> StoredMessage {
        StoredMessage {
            id: MessageId(no * 1_000 + seq),
            conversation: ConversationNo(no),
            seq,
            sender: UserId::new("ann").unwrap(),
            timestamp: seq,
            disable_unread: false,
            revoked: false,
            content: "x".repeat(100).into(),
        }
    }

    fn seqs(recent: &Recent, no: u64) -> Vec<Seq> {
        recent.between(no, 0, Seq::MAX).iter().map(|message| message.seq).collect()
    }

    #[test]
    fn a_conversation_keeps_its_newest() {
        let mut recent = Recent::new(usize::MAX);
        for seq in 1..=70 {
            recent.push(message(1, seq), seq - 1);
        }
        assert_eq!(seqs(&recent, 1), (7..=70).collect::<Vec<_>>());
        assert_eq!(recent.first(1), Some((7, 6)));
        let some: Vec<_> = recent.between(1, 9, 12).iter().map(|message| message.seq).collect();
        assert_eq!(some, [10, 11, 12]);
        assert!(recent.between(1, 70, 90).is_empty());
    }

    #[test]
    fn the_oldest_of_all_go_first() {
        let mut recent = Recent::new(4 * 340);
        for (no, seq) in [(1, 1), (2, 1), (2, 2), (3, 1), (2, 3), (1, 2)] {
            recent.push(message(no, seq), 0);
        }
        assert_eq!((seqs(&recent, 1), seqs(&recent, 2), seqs(&recent, 3)), (vec![2], vec![2, 3], vec![1]));
    }

    #[test]
    fn the_order_does_not_outgrow_what_is_kept() {
        let mut recent = Recent::new(usize::MAX);
        recent.push(message(2, 1), 0);
        for seq in 1..=10_000 {
            recent.push(message(1, seq), seq - 1);
        }
        assert!(recent.order.len() <= 3 * PER_CONVERSATION_MAX + 2);
        assert_eq!((seqs(&recent, 1).len(), seqs(&recent, 2)), (PER_CONVERSATION_MAX, vec![1]));
    }
}
