//! Stored rows as a member of the conversation sees them on the wire.

use crate::store::StoredMessage;
use hongyan_wire::{
    ConversationKey, MessageId, Refusal, UserId,
    message::{Content, Message},
    server::{Messages, Notification},
};
use serde_json::value::RawValue;

/// A stored message for a reader who calls the conversation `key`.
pub fn message(stored: &StoredMessage, key: &ConversationKey) -> Message {
    Message {
        message_id: stored.id,
        message_seq: stored.seq,
        conversation_id: key.id().to_owned(),
        conversation_type: key.kind(),
        sender_user_id: stored.sender.clone(),
        timestamp: stored.timestamp,
        local_message_id: None,
        disable_unread: stored.disable_unread,
        content: raw(&stored.content),
    }
}

/// A message that is delivered but not stored.
pub fn passing(
    id: MessageId,
    key: &ConversationKey,
    sender: &UserId,
    timestamp: u64,
    content: &str,
) -> Message {
    Message {
        message_id: id,
        message_seq: 0,
        conversation_id: key.id().to_owned(),
        conversation_type: key.kind(),
        sender_user_id: sender.clone(),
        timestamp,
        local_message_id: None,
        disable_unread: true,
        content: raw(content),
    }
}

/// The frame that brings messages of one conversation to a reader who calls it `key`.
pub fn messages(key: &ConversationKey, messages: Vec<Message>, is_offline_message: bool) -> Notification {
    Notification::Messages(Messages {
        conversation_id: key.id().to_owned(),
        conversation_type: key.kind(),
        messages,
        is_offline_message,
    })
}

/// Content as the text that is stored and passed on.
pub fn content_text(content: &Content) -> Result<String, Refusal> {
    serde_json::to_string(content).map_err(|error| Refusal::parameter(format!("content: {error}")))
}

/// Checked JSON text as the wire wants it.
pub fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).expect("content was written as JSON by content_text")
}
