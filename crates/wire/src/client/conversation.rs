//! What a client asks: the conversation list and what a user sets in it.
//! Shapes and limits only; nothing is decided here.

use crate::{
    ConversationKey, ConversationType, Refusal,
    conversation::{Conversation, NotificationStatus},
};
use serde::{Deserialize, Serialize};

/// Names one conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConversationRef {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
}

impl ConversationRef {
    /// The typed key.
    pub fn key(&self) -> Result<ConversationKey, Refusal> {
        ConversationKey::new(&self.conversation_id, self.conversation_type)
    }
}

/// Parameters of `conversation.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationList {
    /// 1..=100.
    pub count: u32,
    /// `next` of the page before; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Result of `conversation.list`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// By `orderKey`, newest first.
    pub conversation_list: Vec<Conversation>,
    /// For the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Result of `conversation.get` and `conversation.setNotificationStatus`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConversationResult {
    /// The entry.
    pub conversation: Conversation,
}

/// Result of `conversation.totalUnread`, `conversation.read` and `conversation.readAll`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TotalUnread {
    /// Without do-not-disturb conversations.
    pub total_unread_message_count: u64,
}

/// Parameters of `conversation.setNotificationStatus`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetNotificationStatus {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Notify 1, DoNotDisturb 2.
    pub notification_status: NotificationStatus,
}
