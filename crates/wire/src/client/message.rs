//! What a client asks: sending, acknowledging and reading messages.
//! Shapes and limits only; nothing is decided here.

use crate::{
    Code, ConversationKey, ConversationType, MessageId, Refusal, Seq, limits,
    message::{Content, Message, PushConfig},
};
use serde::{Deserialize, Serialize};

/// Parameters of `message.send`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Send {
    /// The sender's own identifier, 1..=64 bytes, unique per user; the same one again gives the same message.
    #[serde(rename = "localMessageID")]
    pub local_message_id: String,
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// What it says.
    pub content: Content,
    /// Low 1, Medium 2, High 3.
    pub priority: u8,
    /// Push to those who do not acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
    /// Push mentioned members of a group even through do-not-disturb.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_notify_mentioned_users: bool,
    /// Do not raise unread counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_unread_message_count: bool,
}

impl Send {
    /// Checks all limits and gives the conversation.
    pub fn check(&self) -> Result<ConversationKey, Refusal> {
        if self.local_message_id.is_empty()
            || self.local_message_id.len() > limits::LOCAL_MESSAGE_ID_BYTES_MAX
        {
            return Err(Refusal::parameter("localMessageID must have 1 to 64 bytes"));
        }
        if !(1..=3).contains(&self.priority) {
            return Err(Refusal::parameter("priority must be 1 (low), 2 (medium) or 3 (high)"));
        }
        self.content.check()?;
        if let Some(push) = &self.push_config {
            push.check()?;
        }
        ConversationKey::new(&self.conversation_id, self.conversation_type)
    }
}

/// Result of `message.send`: the message as it is stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SendResult {
    /// With `localMessageID`.
    pub message: Message,
}

/// A place in a conversation. Parameters of `message.ack`; also part of login.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cursor {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Everything up to this place was handled.
    pub message_seq: Seq,
}

/// Parameters of `message.history`. At most one of `beforeSeq` and `afterSeq`; neither means the newest page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct History {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Messages below this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_seq: Option<Seq>,
    /// Messages above this place (to fill a gap).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seq: Option<Seq>,
    /// 1..=100.
    pub count: u32,
}

/// Result of `message.history`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// Rising by `messageSeq`.
    pub messages: Vec<Message>,
    /// Whether there is more in the asked direction.
    pub has_more: bool,
}

/// Parameters of `message.revoke`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revoke {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// The message to take back.
    #[serde(rename = "messageID")]
    pub message_id: MessageId,
    /// For the app, ≤ 1024 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revoke_extended_data: String,
    /// A notice of its own about the revocation, in place of the one that is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

impl Revoke {
    /// Checks all limits and gives the conversation.
    pub fn check(&self) -> Result<ConversationKey, Refusal> {
        let bytes = self.revoke_extended_data.len();
        if bytes > limits::MESSAGE_EXTENDED_BYTES_MAX {
            return Err(Refusal::new(
                Code::BAD_PARAMETER,
                format!("revokeExtendedData has {bytes} bytes; at most 1024 are allowed"),
            ));
        }
        if let Some(push) = &self.push_config {
            push.check()?;
        }
        ConversationKey::new(&self.conversation_id, self.conversation_type)
    }
}

/// Result of `message.revoke`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RevokeResult {
    /// What is left of the message: content of type 31.
    pub message: Message,
}

/// Names one message, for traces and tools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MessageRef {
    /// The message.
    #[serde(rename = "messageID")]
    pub message_id: MessageId,
}
