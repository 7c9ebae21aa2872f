//! A member's place in a conversation: cursors, do-not-disturb, unread counts. Served from memory.

use super::{ConversationNo, StoreError};
use hongyan_wire::{
    AppId, ConversationKey, DeviceId, MessageId, Seq, UserId, conversation::NotificationStatus,
};

/// A conversation as one member has it, computed from cursors and tail.
#[derive(Clone, PartialEq, Debug)]
pub struct Membership {
    /// Row number.
    pub conversation: ConversationNo,
    /// As this member names it.
    pub key: ConversationKey,
    /// Place of the newest message, 0 when empty.
    pub last_seq: Seq,
    /// Newest message, if any.
    pub last_message: Option<MessageId>,
    /// Unix time in ms of the newest message, or of the member's joining.
    pub order_key: u64,
    /// Messages above this place are visible to the member (the tail when it joined a group).
    pub visible_from: Seq,
    /// Read up to here.
    pub read_seq: Seq,
    /// Acknowledged by any device of the user up to here.
    pub received_seq: Seq,
    /// Others' messages above `read_seq` that count.
    pub unread: u64,
    /// Notify or do-not-disturb.
    pub notification: NotificationStatus,
    /// The group was dismissed, or the member is out of it.
    pub disabled: bool,
}

/// A device acknowledged messages.
#[derive(Clone, PartialEq, Debug)]
pub struct CursorMove {
    /// Where.
    pub app: AppId,
    /// Who.
    pub user: UserId,
    /// Which device.
    pub device: DeviceId,
    /// Which conversation.
    pub key: ConversationKey,
    /// Everything up to here.
    pub seq: Seq,
}

/// What reading changed.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadMark {
    /// The conversation afterwards.
    pub membership: Membership,
    /// Unread before.
    pub unread_before: u64,
}

/// Cursors and settings of members.
#[async_trait::async_trait]
pub trait ConversationStore {
    /// Conversations of a user, unsorted, disabled ones included.
    async fn memberships(&self, app: AppId, user: &UserId) -> Result<Vec<Membership>, StoreError>;

    /// One of them.
    async fn membership(
        &self,
        app: AppId,
        user: &UserId,
        key: &ConversationKey,
    ) -> Result<Option<Membership>, StoreError>;

    /// Unread messages over all conversations that are not do-not-disturb and not disabled.
    async fn total_unread(&self, app: AppId, user: &UserId) -> Result<u64, StoreError>;

    /// Users with do-not-disturb on in this conversation, among `users`.
    async fn undisturbed(
        &self,
        conversation: ConversationNo,
        users: &[UserId],
    ) -> Result<Vec<UserId>, StoreError>;

    /// Notes an acknowledgement in memory, at once visible to `acknowledged`; written within a second, in
    /// groups. Never moves back. An ack lost in a crash is repeated by the client's cursors at its next login.
    /// `None` when the user has no such conversation, or `seq` is beyond its tail.
    fn acknowledge(&self, moved: CursorMove) -> Option<ConversationNo>;

    /// How far a device has acknowledged a conversation: its own cursor, 0 when it has none.
    fn acknowledged(&self, device: &DeviceId, conversation: ConversationNo) -> Seq;

    /// Cursors of a device, loaded when it logs in. `(conversation, seq)`.
    async fn device_cursors(
        &self,
        app: AppId,
        device: &DeviceId,
        user: &UserId,
    ) -> Result<Vec<(ConversationNo, Seq)>, StoreError>;

    /// Marks everything up to `seq` (or the tail) as read, durable, together with the order to take notices back
    /// from the user's other devices than `device`. `None` when there is no such conversation.
    async fn mark_read(
        &self,
        app: AppId,
        user: &UserId,
        device: Option<&DeviceId>,
        key: &ConversationKey,
        up_to: Option<Seq>,
    ) -> Result<Option<ReadMark>, StoreError>;

    /// Sets do-not-disturb, durable. A peer conversation without messages is created for it.
    /// `None` when there is no such group membership or peer user.
    async fn set_notification(
        &self,
        app: AppId,
        user: &UserId,
        key: &ConversationKey,
        status: NotificationStatus,
    ) -> Result<Option<Membership>, StoreError>;
}
