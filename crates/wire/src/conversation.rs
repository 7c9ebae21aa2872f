//! A conversation as one of its members sees it.

use crate::{ConversationType, Seq, message::Message};
use serde::{Deserialize, Serialize};

/// One entry of the conversation list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// The other user, or the group.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    #[serde(rename = "type")]
    pub kind: ConversationType,
    /// The other user's name, or the group's.
    pub conversation_name: String,
    /// Avatar of the user or group.
    pub conversation_avatar_url: String,
    /// Notify 1, DoNotDisturb 2.
    pub notification_status: NotificationStatus,
    /// Received messages that this user has not read.
    pub unread_message_count: u64,
    /// Messages up to this place are read.
    pub read_message_seq: Seq,
    /// Place of the newest message.
    pub last_message_seq: Seq,
    /// Newest message; null when there is none.
    pub last_message: Option<Message>,
    /// Sorts the list, newest first: ms of the last message, or of the creation.
    pub order_key: u64,
    /// The group was dismissed or left: nothing can be sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_disabled: bool,
}

/// ZIMConversationNotificationStatus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NotificationStatus {
    /// 1: notices and unread counts as usual.
    #[default]
    Notify = 1,
    /// 2: no notice, and not part of the total unread count.
    DoNotDisturb = 2,
}

impl Serialize for NotificationStatus {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(*self as u8)
    }
}

impl<'de> Deserialize<'de> for NotificationStatus {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match u64::deserialize(from)? {
            1 => Ok(Self::Notify),
            2 => Ok(Self::DoNotDisturb),
            _ => Err(serde::de::Error::custom("notificationStatus must be 1 (notify) or 2 (do not disturb)")),
        }
    }
}

/// ZIMConversationEvent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConversationEvent {
    /// 0: new in the list.
    Added = 0,
    /// 1: a field changed.
    Updated = 1,
    /// 2: group dismissed or left.
    Disabled = 2,
    /// 3: removed from the list.
    Deleted = 3,
}

crate::group::number_enum!(ConversationEvent { Added = 0, Updated = 1, Disabled = 2, Deleted = 3 });

/// One change in a `conversation.changed` frame.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConversationChange {
    /// What happened.
    pub event: ConversationEvent,
    /// The entry afterwards.
    pub conversation: Conversation,
}
