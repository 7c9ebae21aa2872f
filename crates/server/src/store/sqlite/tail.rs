//! Where a conversation ends, and what of a message counts for that.

use crate::store::StoredMessage;
use hongyan_wire::Seq;

/// Newest message of a conversation and the count of its messages that raise unread counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tail {
    pub seq: Seq,
    pub last: u64,
    pub at: u64,
    pub total: u64,
}

impl Tail {
    /// The tail with one more message.
    pub fn after(self, one: &Counted<'_>) -> Self {
        Self { seq: self.seq + 1, last: one.id, at: one.at, total: self.total + u64::from(one.counts) }
    }
}

/// What of a message is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub conversation: u64,
    pub seq: Seq,
    pub id: u64,
    pub at: u64,
    pub sender: &'a str,
    /// It raises unread counts.
    pub counts: bool,
}

impl<'a> Counted<'a> {
    pub fn of(message: &'a StoredMessage) -> Self {
        Self {
            conversation: message.conversation.0,
            seq: message.seq,
            id: message.id.0,
            at: message.timestamp,
            sender: message.sender.as_str(),
            counts: !message.disable_unread,
        }
    }
}
