//! What a program gets from a `Reconnecting` client, and the queue in which it waits.

use crate::inbox::Inbox;
use hongyan_wire::{CallId, ConversationKey, Seq, message::Message, server::Notification};
use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Calls taken but not yet acknowledged; beyond, the oldest is forgotten: it has stopped ringing long ago.
const CALLS_LEN_MAX: usize = 64;

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// A message: each once, those of one conversation in order. Also a message of one's own that came from
    /// another device, or whose answer was lost; `sender_user_id` tells.
    Message {
        /// Where.
        conversation: ConversationKey,
        /// What.
        message: Message,
        /// It was sent while this device was away, or fetched to fill a gap.
        offline: bool,
    },
    /// Messages above `after` and below `before` exist or existed and were not delivered: there are more than
    /// a client fills by itself, or the server no longer gives them out. `message.history` may have them.
    Gap {
        /// Where.
        conversation: ConversationKey,
        /// The last message delivered before the gap.
        after: Seq,
        /// The first one behind it.
        before: Seq,
    },
    /// Anything else the server tells.
    Other(Notification),
}

/// What the program took and the server has not been told of yet.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) cursors: HashMap<ConversationKey, Seq>,
    pub(crate) calls: Vec<CallId>,
}

/// The queue between the driver and the program. Taking from it is what counts as handling: the driver
/// acknowledges then, and not before.
pub(crate) struct Events {
    inbox: Inbox<Event>,
    taken: Mutex<Taken>,
    /// Tells the driver that something was taken.
    pub(crate) took: Notify,
}

impl Events {
    pub(crate) fn new(len_max: usize) -> Self {
        Self { inbox: Inbox::new(len_max), taken: Mutex::default(), took: Notify::new() }
    }

    /// Whether one more may be put in. Only the driver puts any in, so the room stays until it does.
    pub(crate) fn has_room(&self) -> bool {
        self.inbox.has_room()
    }

    /// Puts one at the end.
    pub(crate) fn put(&self, event: Event) {
        self.inbox.push(event).expect("only the driver fills the queue, and it asked for room");
    }

    /// Takes the oldest that `wanted` picks, waiting as long as it takes: the caller bounds the wait.
    pub(crate) async fn take(&self, wanted: impl FnMut(&Event) -> bool) -> Event {
        let event = self.inbox.take(wanted).await;
        self.note(&event);
        event
    }

    /// Takes the oldest that `wanted` picks, if it is there.
    pub(crate) fn take_now(&self, wanted: impl FnMut(&Event) -> bool) -> Option<Event> {
        let event = self.inbox.take_now(wanted)?;
        self.note(&event);
        Some(event)
    }

    /// What was taken since the last time this was asked.
    pub(crate) fn collect(&self) -> Taken {
        mem::take(&mut *self.lock())
    }

    fn note(&self, event: &Event) {
        match event {
            Event::Message { conversation, message, .. } if message.message_seq > 0 => {
                let mut taken = self.lock();
                let cursor = taken.cursors.entry(conversation.clone()).or_default();
                *cursor = message.message_seq.max(*cursor);
            }
            Event::Other(Notification::CallReceived(call)) => {
                let mut taken = self.lock();
                if taken.calls.len() >= CALLS_LEN_MAX {
                    taken.calls.remove(0);
                }
                taken.calls.push(call.call_id);
            }
            _ => {}
        }
        self.took.notify_one();
    }

    /// Nothing panics while it is held, so a poisoned lock is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
