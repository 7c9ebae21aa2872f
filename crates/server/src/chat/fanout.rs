//! Live delivery in commit order: one task reads what the store announces and fills mailboxes.
//!
//! Senders do not wait for it. A frame is encoded once for all readers that see the same; a big group is
//! delivered in slices so that nobody else waits behind it.

use super::{Chat, view};
use crate::{
    push::Signal,
    store::{Announcement, Appended, Thread},
};
use bytes::Bytes;
use hongyan_wire::{ConversationKey, UserId, message::Message};
use tokio::{sync::mpsc, task::JoinHandle};

/// Members that get a frame before other tasks have their turn.
const SLICE: usize = 256;

/// The delivery task. Dropping it stops it; what it has not delivered is found by the next sync.
pub struct Fanout(JoinHandle<()>);

impl Drop for Fanout {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fanout {
    /// Starts delivering what `announcements` brings.
    pub fn start(chat: Chat, mut announcements: mpsc::Receiver<Announcement>) -> Self {
        Self(tokio::spawn(async move {
            while let Some(announcement) = announcements.recv().await {
                match announcement {
                    Announcement::Message(appended) => chat.deliver(&appended).await,
                    Announcement::Revoked(revoked) => chat.deliver_revoked(&revoked),
                }
            }
        }))
    }
}

impl Chat {
    /// Puts a committed message into the mailboxes of those who are here, then wakes push.
    async fn deliver(&self, appended: &Appended) {
        match &appended.thread {
            Thread::Peer(sender, other) => self.deliver_peer(appended, sender, other),
            Thread::Group(group, members) => {
                let key = ConversationKey::Group(group.clone());
                let frame = frame(appended, &key, None);
                for slice in members.chunks(SLICE) {
                    for member in slice {
                        match *member == appended.message.sender {
                            true => self.deliver_copy(appended, &key),
                            false => {
                                self.hub.deliver_message(appended.app, member, None, place(appended), &frame);
                            }
                        }
                    }
                    tokio::task::yield_now().await;
                }
            }
        }
        if let Some(intent) = &appended.intent {
            self.push.send(Signal::Intent(intent.clone()));
        }
    }

    fn deliver_peer(&self, appended: &Appended, sender: &UserId, other: &UserId) {
        let for_other = frame(appended, &ConversationKey::Peer(sender.clone()), None);
        self.hub.deliver_message(appended.app, other, None, place(appended), &for_other);
        self.deliver_copy(appended, &ConversationKey::Peer(other.clone()));
    }

    /// The sender's other devices get a copy with the sender's own identifier; the sending device has its
    /// message already, as the answer to its request.
    fn deliver_copy(&self, appended: &Appended, key: &ConversationKey) {
        let sender = &appended.message.sender;
        if self.hub.seats_of(appended.app, sender).len() > 1 {
            let copy = frame(appended, key, Some(appended.local_id.clone()));
            let spared = Some(&appended.sender_device);
            self.hub.deliver_message(appended.app, sender, spared, place(appended), &copy);
        }
    }
}

/// Conversation and place, as the hub compares them.
fn place(appended: &Appended) -> (u64, u64) {
    (appended.message.conversation.0, appended.message.seq)
}

fn frame(appended: &Appended, key: &ConversationKey, local_message_id: Option<String>) -> Bytes {
    let message = Message { local_message_id, ..view::message(&appended.message, key) };
    Bytes::from(view::messages(key, vec![message], false).to_frame())
}
