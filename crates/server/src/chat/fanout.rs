//! Live delivery in commit order: one task reads what the store announces and fills mailboxes.
//!
//! Senders do not wait for it. A frame is encoded once for all readers that see the same. Messages of big groups go
//! by a lane of their own, in slices, so that nobody else's wait behind ten thousand members.

use super::{Chat, view};
use crate::{
    push::Signal,
    store::{Announcement, Appended, StoredMessage, Thread},
};
use bytes::Bytes;
use hongyan_wire::{AppId, ConversationKey, UserId, message::Message};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// Members that get a frame before other tasks have their turn. A group with more is big.
const SLICE: usize = 256;
/// Announcements of big groups that may wait; beyond it all others wait too.
const LANE_MAX: usize = 1_024;

/// The delivery tasks. Dropping them stops them; what they have not delivered is found by the next sync.
pub struct Fanout([JoinHandle<()>; 2]);

impl Drop for Fanout {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Fanout {
    /// Starts delivering what `announcements` brings.
    pub fn start(chat: Chat, mut announcements: mpsc::Receiver<Announcement>) -> Self {
        let (lane, mut waiting) = mpsc::channel(LANE_MAX);
        let lane = Lane { sender: lane, under_way: Arc::default() };
        let (under_way, slow) = (lane.under_way.clone(), chat.clone());
        let big = tokio::spawn(async move {
            while let Some(announcement) = waiting.recv().await {
                let conversation = conversation(&announcement);
                slow.announce(announcement).await;
                done(&under_way, conversation);
            }
        });
        let others = tokio::spawn(async move {
            while let Some(announcement) = announcements.recv().await {
                if let Some(own) = lane.pass_on(announcement).await {
                    chat.announce(own).await;
                }
            }
        });
        Self([big, others])
    }
}

/// Announcements under way on the big groups' lane, by conversation.
type UnderWay = Arc<Mutex<HashMap<u64, usize>>>;

fn lock(under_way: &UnderWay) -> MutexGuard<'_, HashMap<u64, usize>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

fn done(under_way: &UnderWay, conversation: u64) {
    let mut under_way = lock(under_way);
    if let Some(count) = under_way.get_mut(&conversation) {
        *count -= 1;
        if *count == 0 {
            under_way.remove(&conversation);
        }
    }
}

/// The way to the task for big groups.
struct Lane {
    sender: mpsc::Sender<Announcement>,
    under_way: UnderWay,
}

impl Lane {
    /// Takes what belongs on the lane. What follows in a conversation that is there goes there too, even if the
    /// group has become small: the order within a conversation stays.
    async fn pass_on(&self, announcement: Announcement) -> Option<Announcement> {
        let conversation = conversation(&announcement);
        {
            let mut under_way = lock(&self.under_way);
            if !is_big(&announcement) && !under_way.contains_key(&conversation) {
                return Some(announcement);
            }
            *under_way.entry(conversation).or_default() += 1;
        }
        match self.sender.send(announcement).await {
            Ok(()) => None,
            Err(mpsc::error::SendError(announcement)) => Some(announcement),
        }
    }
}

fn conversation(announcement: &Announcement) -> u64 {
    match announcement {
        Announcement::Message(appended) => appended.message.conversation.0,
        Announcement::Revoked(revoked) => revoked.message.conversation.0,
    }
}

fn is_big(announcement: &Announcement) -> bool {
    let thread = match announcement {
        Announcement::Message(appended) => &appended.thread,
        Announcement::Revoked(revoked) => &revoked.thread,
    };
    matches!(thread, Thread::Group(_, members) if members.len() > SLICE)
}

impl Chat {
    async fn announce(&self, announcement: Announcement) {
        match announcement {
            Announcement::Message(appended) => self.deliver(&appended).await,
            Announcement::Revoked(revoked) => self.deliver_revoked(&revoked).await,
        }
    }

    /// Puts a committed message into the mailboxes of those who are here, then wakes push.
    async fn deliver(&self, appended: &Appended) {
        match &appended.thread {
            Thread::Peer(sender, other) => self.deliver_peer(appended, sender, other),
            Thread::Group(group, members) => {
                let key = ConversationKey::Group(group.clone());
                let frame = frame(appended, &key, None);
                let bring = |member: &UserId| match *member == appended.message.sender {
                    true => self.deliver_copy(appended, &key),
                    false => {
                        self.hub.deliver_message(appended.app, member, None, place(appended), &frame);
                    }
                };
                self.bring(appended.app, &appended.message, members, bring).await;
            }
        }
        if let Some(intent) = &appended.intent {
            self.push.send(Signal::Intent(intent.clone()));
        }
    }

    /// Brings something about a message to a group's members, in slices between which others have their turn.
    pub(super) async fn bring(
        &self,
        app: AppId,
        message: &StoredMessage,
        members: &[UserId],
        bring: impl Fn(&UserId) + Send,
    ) {
        for slice in self.here(app, message, members).await.chunks(SLICE) {
            slice.iter().for_each(&bring);
            tokio::task::yield_now().await;
        }
    }

    /// Those of a group's members who may be here: everybody, or when fewer users are connected than the group has
    /// members, those of the connected who are in it. So a message costs what is delivered of it, not what the group
    /// could hold.
    async fn here<'a>(
        &self,
        app: AppId,
        message: &StoredMessage,
        members: &'a [UserId],
    ) -> Cow<'a, [UserId]> {
        if members.len() <= self.hub.len() {
            return Cow::Borrowed(members);
        }
        let mut here = Vec::new();
        for some in self.hub.users(app).chunks(SLICE) {
            here.extend(self.store.who_saw(message.conversation, message.seq, some));
            tokio::task::yield_now().await;
        }
        Cow::Owned(here)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ConversationNo;
    use hongyan_wire::{DeviceId, GroupId, MessageId};

    fn message(conversation: u64, members: usize) -> Announcement {
        let user = |number: usize| UserId::new(&format!("user-{number}")).unwrap();
        Announcement::Message(Arc::new(Appended {
            message: StoredMessage {
                id: MessageId(1),
                conversation: ConversationNo(conversation),
                seq: 1,
                sender: user(0),
                timestamp: 1,
                disable_unread: false,
                revoked: false,
                content: "{}".into(),
            },
            app: AppId(1),
            thread: Thread::Group(GroupId::new("geese").unwrap(), (0..members).map(user).collect()),
            sender_device: DeviceId::new("device-of-ann").unwrap(),
            local_id: "1".to_owned(),
            intent: None,
        }))
    }

    #[tokio::test]
    async fn big_groups_have_a_lane_of_their_own_and_each_conversation_keeps_its_order() {
        let (sender, mut waiting) = mpsc::channel(8);
        let lane = Lane { sender, under_way: Arc::default() };
        let stays = async |announcement| lane.pass_on(announcement).await.is_some();
        assert!(stays(message(1, SLICE)).await);
        assert!(!stays(message(2, SLICE + 1)).await);
        assert!(stays(message(1, SLICE)).await, "nobody waits behind it");
        assert!(!stays(message(2, 3)).await, "most left, and it must not overtake");
        for _ in 0..2 {
            let first = waiting.recv().await.unwrap();
            assert_eq!(conversation(&first), 2);
            done(&lane.under_way, 2);
        }
        assert!(stays(message(2, 3)).await);
        assert!(lock(&lane.under_way).is_empty());
    }
}
