//! Messages: an append-only log per conversation. A send writes one row, plus one intent when it may push.

use super::{ConversationNo, Intent, NewIntent, StoreError};
use hongyan_wire::{AppId, ConversationKey, DeviceId, MessageId, Seq, UserId};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A message about to be stored. Everything in it was checked.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Where.
    pub app: AppId,
    /// Who sends.
    pub sender: UserId,
    /// From which device; its own session does not get a delivery.
    pub sender_device: DeviceId,
    /// To whom.
    pub to: ConversationKey,
    /// The sender's own identifier: idempotency key within (app, sender).
    pub local_id: String,
    /// `wire::message::Content` as JSON text.
    pub content: Arc<str>,
    /// Does not raise unread counts.
    pub disable_unread: bool,
    /// Push intent, written in the same transaction.
    pub intent: Option<NewIntent>,
    /// Unix time in ms; the stored time never goes backwards inside one store.
    pub now_ms: u64,
}

/// What became of a send.
#[derive(Clone, Debug)]
pub enum Append {
    /// On stable storage.
    Stored(Arc<Appended>),
    /// The same send was stored before; nothing was written, nothing is announced again.
    Duplicate(Arc<Appended>),
    /// The same `local_id` was used for another message.
    Conflict,
    /// The receiver never logged in.
    NoSuchUser,
    /// There is no such group, or it was dismissed.
    NoSuchGroup,
    /// The sender is not a member.
    NotMember,
}

/// The two ends of a conversation.
#[derive(Clone, PartialEq, Debug)]
pub enum Thread {
    /// Two users, the sender first.
    Peer(UserId, UserId),
    /// A group and its members at the time of the append.
    Group(hongyan_wire::GroupId, Arc<[UserId]>),
}

/// A stored message and what is needed to deliver it.
#[derive(Clone, PartialEq, Debug)]
pub struct Appended {
    /// The message.
    pub message: StoredMessage,
    /// Where.
    pub app: AppId,
    /// Who may get it.
    pub thread: Thread,
    /// Device that sent it.
    pub sender_device: DeviceId,
    /// Idempotency key.
    pub local_id: String,
    /// The intent as written, if any.
    pub intent: Option<Arc<Intent>>,
}

/// One row of the log.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredMessage {
    /// Row and public ID.
    pub id: MessageId,
    /// Conversation.
    pub conversation: ConversationNo,
    /// Place in it, from 1.
    pub seq: Seq,
    /// Who sent it.
    pub sender: UserId,
    /// Unix time in ms.
    pub timestamp: u64,
    /// Does not raise unread counts.
    pub disable_unread: bool,
    /// It was taken back; the content says by whom.
    pub revoked: bool,
    /// Content as JSON text.
    pub content: Arc<str>,
}

/// A page of a conversation, rising by seq.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// The messages.
    pub messages: Vec<StoredMessage>,
    /// There is more in the direction asked.
    pub has_more: bool,
}

/// A message is to be taken back.
#[derive(Clone, Debug)]
pub struct NewRevocation {
    /// Where.
    pub app: AppId,
    /// Who takes it back.
    pub user: UserId,
    /// From which device; its own session is not told.
    pub device: DeviceId,
    /// The conversation as this user names it.
    pub key: ConversationKey,
    /// The message.
    pub message: MessageId,
    /// For the app.
    pub extended_data: String,
    /// Messages older than this cannot be taken back, in ms.
    pub window_ms: u64,
    /// A notice about the revocation.
    pub intent: Option<NewIntent>,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// What became of a revocation.
#[derive(Clone, Debug)]
pub enum Revoke {
    /// On stable storage.
    Done(Arc<Revoked>),
    /// There is no such message in this conversation, or the user does not see it.
    NoSuchMessage,
    /// The window is over.
    TooLate,
    /// It was revoked before.
    Already,
    /// It is another's message, and the user's role does not reach that far.
    NoRight,
    /// The user is not in the group.
    NotMember,
}

/// A message as a revocation left it, and what is needed to tell of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Revoked {
    /// Where.
    pub app: AppId,
    /// The message with its new content.
    pub message: StoredMessage,
    /// Who has to know: the two users, the message's sender first; or the group's members now.
    pub thread: Thread,
    /// Who took it back.
    pub operator: UserId,
    /// On which device.
    pub device: DeviceId,
    /// Unix time in ms.
    pub at: u64,
    /// Its text as it was; only for texts.
    pub original_text: Option<String>,
    /// The intent about the revocation, if any.
    pub intent: Option<Arc<Intent>>,
}

/// What the store tells in commit order.
#[derive(Clone, Debug)]
pub enum Announcement {
    /// A message was committed. Announced exactly once, in seq order within its conversation.
    Message(Arc<Appended>),
    /// A message was taken back. Announced after the message itself.
    Revoked(Arc<Revoked>),
}

/// How far a started store knows the sends from before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecallLevel {
    /// All that have to be known.
    pub is_whole: bool,
    /// Sends that wait until it is known whether they are repetitions.
    pub waiting: usize,
    /// Reads that failed; they are repeated.
    pub failures: u64,
}

/// The log.
#[async_trait::async_trait]
pub trait MessageStore {
    /// Stores one message (and its intent) and returns after it is on stable storage. Creates a peer
    /// conversation when it is the first message of these two. Idempotent over (app, sender, local_id) for at
    /// least the newest 24 hours. Appends are stored in the order in which these futures were first polled; those
    /// of different senders only once all older sends were recalled.
    async fn append_message(&self, message: NewMessage) -> Result<Append, StoreError>;

    /// How far the sends from before the start are read back in. A send that may be one of them waits until it is
    /// known.
    fn recall_level(&self) -> RecallLevel;

    /// Takes a message back: what it said is gone, its place stays. One transaction with the order to take its
    /// notices back and with the intent of a notice about it.
    async fn revoke_message(&self, revocation: NewRevocation) -> Result<Revoke, StoreError>;

    /// Messages of a conversation that were taken back after `since_ms`, as they are now, by seq, up to `count`
    /// of the newest.
    async fn revoked_since(
        &self,
        conversation: ConversationNo,
        since_ms: u64,
        count: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// Whether the message at this place was taken back. From memory.
    fn is_revoked(&self, conversation: ConversationNo, seq: Seq) -> bool;

    /// The announcements; the first caller gets them, later ones `None`. Bounded: a reader that stops reading
    /// stops the writer.
    fn announcements(&self) -> Option<mpsc::Receiver<Announcement>>;

    /// Up to `count` newest messages with seq < `before`, not older than `not_before_ms`, seq > `above`.
    async fn messages_before(
        &self,
        conversation: ConversationNo,
        before: Seq,
        above: Seq,
        count: usize,
    ) -> Result<Page, StoreError>;

    /// Up to `count` oldest messages with seq > `after` and timestamp ≥ `not_before_ms`.
    async fn messages_after(
        &self,
        conversation: ConversationNo,
        after: Seq,
        not_before_ms: u64,
        count: usize,
    ) -> Result<Page, StoreError>;

    /// One message by ID, with its app and conversation as the sender names it. Of a group, those members are
    /// named who could see it when it came, but for those who left and came back since.
    async fn message(&self, id: MessageId) -> Result<Option<Appended>, StoreError>;
}
