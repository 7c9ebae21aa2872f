//! How far this device has come in each conversation: finds doubles and gaps, knows the cursors for a login.
//!
//! Pure bookkeeping. A place in a conversation is handled when everything up to it was delivered to the
//! program or is the program's own; it is taken when the program took it from the queue.

use hongyan_wire::{ConversationKey, Seq, client::Cursor};
use std::collections::{BTreeSet, HashMap};

/// Conversations remembered; beyond, the one longest untouched is forgotten and taken as the server sends it.
const CONVERSATIONS_MAX: usize = 10_000;
/// Own messages of one conversation that may be known before those of others below them.
const OWN_AHEAD_MAX: usize = 1_024;

/// What a message is, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// The next one: deliver it.
    Next,
    /// Handled before: drop it.
    Double,
    /// Something between `after` and this message was missed.
    Gap {
        /// The last place that was handled.
        after: Seq,
    },
}

#[derive(Default)]
struct Place {
    /// Everything up to here is handled; `None` until the first message from others is.
    handled: Option<Seq>,
    /// The program took everything up to here.
    taken: Seq,
    /// Own messages above `handled`.
    own: BTreeSet<Seq>,
    touched: u64,
}

impl Place {
    fn advance(&mut self, seq: Seq) {
        let mut handled = self.handled.unwrap_or(0).max(seq);
        while self.own.remove(&(handled + 1)) {
            handled += 1;
        }
        self.own = self.own.split_off(&handled);
        self.own.remove(&handled);
        self.handled = Some(handled);
    }
}

/// The places of all conversations of one device.
#[derive(Default)]
pub(crate) struct Ledger {
    places: HashMap<ConversationKey, Place>,
    clock: u64,
}

impl Ledger {
    /// Takes up what a program knew before; a cursor without a legal conversation names
    /// nothing and is left out.
    pub(crate) fn starting_at(cursors: &[Cursor]) -> Self {
        let mut ledger = Self::default();
        for cursor in cursors {
            if let Ok(key) = ConversationKey::new(&cursor.conversation_id, cursor.conversation_type) {
                ledger.handled(&key, cursor.message_seq);
                ledger.taken(&key, cursor.message_seq);
            }
        }
        ledger
    }

    /// Judges a message by its place. The first of a conversation is taken as the server sends it: where this
    /// device begins is the server's to know.
    pub(crate) fn judge(&self, conversation: &ConversationKey, seq: Seq) -> Verdict {
        let Some(place) = self.places.get(conversation) else { return Verdict::Next };
        match place.handled {
            _ if place.own.contains(&seq) => Verdict::Double,
            None => Verdict::Next,
            Some(handled) if seq <= handled => Verdict::Double,
            Some(handled) if seq == handled + 1 => Verdict::Next,
            Some(handled) => Verdict::Gap { after: handled },
        }
    }

    /// Everything up to `seq` is handled.
    pub(crate) fn handled(&mut self, conversation: &ConversationKey, seq: Seq) {
        self.place(conversation).advance(seq);
    }

    /// `seq` is a message of one's own; those below it may still be on their way.
    pub(crate) fn own(&mut self, conversation: &ConversationKey, seq: Seq) {
        let place = self.place(conversation);
        match place.handled {
            None if seq == 1 => place.advance(1),
            Some(handled) if seq == handled + 1 => place.advance(seq),
            Some(handled) if seq <= handled => {}
            _ => {
                place.own.insert(seq);
                if place.own.len() > OWN_AHEAD_MAX {
                    place.own.pop_first();
                }
            }
        }
    }

    /// The program took everything up to `seq`.
    pub(crate) fn taken(&mut self, conversation: &ConversationKey, seq: Seq) {
        let place = self.place(conversation);
        place.taken = place.taken.max(seq);
    }

    /// What was taken, of the conversations touched last, at most `count`.
    pub(crate) fn cursors(&self, count: usize) -> Vec<Cursor> {
        let mut taken: Vec<_> = self.places.iter().filter(|(_, place)| place.taken > 0).collect();
        taken.sort_unstable_by_key(|(_, place)| std::cmp::Reverse(place.touched));
        taken.truncate(count);
        taken.into_iter().map(|(conversation, place)| cursor(conversation, place.taken)).collect()
    }

    fn place(&mut self, conversation: &ConversationKey) -> &mut Place {
        if self.places.len() >= CONVERSATIONS_MAX && !self.places.contains_key(conversation) {
            let oldest = self.places.iter().min_by_key(|(_, place)| place.touched);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.places.remove(&key);
            }
        }
        self.clock += 1;
        let place = self.places.entry(conversation.clone()).or_default();
        place.touched = self.clock;
        place
    }
}

/// A place as it travels.
pub(crate) fn cursor(conversation: &ConversationKey, message_seq: Seq) -> Cursor {
    Cursor {
        conversation_id: conversation.id().to_owned(),
        conversation_type: conversation.kind(),
        message_seq,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_wire::UserId;

    fn with(name: &str) -> ConversationKey {
        ConversationKey::Peer(UserId::new(name).unwrap())
    }

    #[test]
    fn the_first_message_sets_the_place_then_doubles_and_gaps_show() {
        let (mut ledger, bob) = (Ledger::default(), with("bob"));
        assert_eq!(ledger.judge(&bob, 5), Verdict::Next);
        ledger.handled(&bob, 5);
        assert_eq!(ledger.judge(&bob, 5), Verdict::Double);
        assert_eq!(ledger.judge(&bob, 6), Verdict::Next);
        assert_eq!(ledger.judge(&bob, 8), Verdict::Gap { after: 5 });
    }

    #[test]
    fn own_messages_close_the_gap_they_make() {
        let (mut ledger, bob) = (Ledger::default(), with("bob"));
        ledger.handled(&bob, 5);
        ledger.own(&bob, 6);
        assert_eq!(ledger.judge(&bob, 7), Verdict::Next, "6 is one's own");
        ledger.own(&bob, 8);
        assert_eq!(ledger.judge(&bob, 8), Verdict::Double);
        assert_eq!(ledger.judge(&bob, 9), Verdict::Gap { after: 6 }, "7 is still missing");
        ledger.handled(&bob, 7);
        assert_eq!(ledger.judge(&bob, 9), Verdict::Next);
    }

    #[test]
    fn an_own_message_in_an_unknown_conversation_hides_nothing_below_it() {
        let (mut ledger, bob) = (Ledger::default(), with("bob"));
        ledger.own(&bob, 5);
        assert_eq!(ledger.judge(&bob, 3), Verdict::Next, "synced after the answer");
        ledger.handled(&bob, 3);
        assert_eq!(ledger.judge(&bob, 4), Verdict::Next);
        ledger.handled(&bob, 4);
        assert_eq!(ledger.judge(&bob, 6), Verdict::Next);
    }

    #[test]
    fn the_cursors_of_a_login_are_the_newest_that_were_taken() {
        let mut ledger = Ledger::default();
        for (name, seq) in [("ann", 3), ("bob", 9), ("carol", 1)] {
            ledger.handled(&with(name), seq + 1);
            ledger.taken(&with(name), seq);
        }
        ledger.handled(&with("dave"), 2);
        let cursors = ledger.cursors(2);
        let named: Vec<_> = cursors.iter().map(|c| (c.conversation_id.as_str(), c.message_seq)).collect();
        assert_eq!(named, [("carol", 1), ("bob", 9)], "dave's was handed over but not taken");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut ledger = Ledger::default();
        for number in 0..CONVERSATIONS_MAX + 5 {
            ledger.handled(&with(&number.to_string()), 1);
        }
        assert_eq!(ledger.places.len(), CONVERSATIONS_MAX);
        for seq in 0..3 * OWN_AHEAD_MAX as u64 {
            ledger.own(&with("x"), 10 + seq);
        }
        assert_eq!(ledger.places[&with("x")].own.len(), OWN_AHEAD_MAX);
    }
}
