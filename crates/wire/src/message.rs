//! A message, what may be in it, and the push configuration that travels with it.

use crate::{Code, ConversationType, MessageId, Refusal, Seq, UserId, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// ZIM's numbers of the message types that this version carries.
pub mod kind {
    /// Plain text.
    pub const TEXT: u8 = 1;
    /// Bytes for the app itself (base64 here): not stored, no conversation, no push.
    pub const COMMAND: u8 = 2;
    /// In place of a message that was taken back.
    pub const REVOKE: u8 = 31;
    /// A format of the app's own, told apart by `subType`.
    pub const CUSTOM: u8 = 200;
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    /// Text 1, Command 2, Custom 200; Revoke 31 only from the server.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Text and custom: the text. Command: base64 of the bytes. Revoke: empty.
    pub message: String,
    /// Custom only: 0..=200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_type: Option<u32>,
    /// Custom only: what a local search finds, ≤ 64 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched_content: Option<String>,
    /// For the app, ≤ 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_data: Option<String>,
    /// Mentioned users, ≤ 50.
    #[serde(rename = "mentionedUserIDs", default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned_user_ids: Vec<UserId>,
    /// Everybody in the conversation is mentioned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_mention_all: bool,
    /// Revoke only: who took the message back, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Box<Revocation>>,
}

/// What is left of a message that was taken back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Revocation {
    /// Who took it back.
    #[serde(rename = "operatedUserID")]
    pub operated_user_id: UserId,
    /// Unix time in ms.
    pub revoke_timestamp: u64,
    /// ZIMMessageRevokeStatus: own message 0, by a group's admin 3, by its owner 4.
    pub revoke_status: u8,
    /// Type of the message as it was.
    pub original_message_type: u8,
    /// The text as it was: only in the answer to a sender who took its own text back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_text_message_content: Option<String>,
    /// What was sent along, ≤ 1024 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revoke_extended_data: String,
}

impl Content {
    /// Whether the message is written to its conversation. Command messages are not.
    pub fn is_stored(&self) -> bool {
        self.kind != kind::COMMAND
    }

    /// Checks every limit of `limits`; the refusal names the field.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.revoke.is_some() {
            return Err(Refusal::parameter("revoke is the server's to set; call message.revoke"));
        }
        match self.kind {
            kind::TEXT | kind::CUSTOM => self.check_text()?,
            kind::COMMAND => self.check_command()?,
            other => {
                return Err(Refusal::parameter(format!(
                    "message type {other} is not supported; this version carries Text 1, Command 2, Custom 200"
                )));
            }
        }
        if self.kind != kind::CUSTOM && (self.sub_type.is_some() || self.searched_content.is_some()) {
            return Err(Refusal::parameter(
                "subType and searchedContent belong to custom messages (type 200)",
            ));
        }
        within("extendedData", self.extended_data.as_deref(), limits::MESSAGE_EXTENDED_BYTES_MAX)?;
        within("searchedContent", self.searched_content.as_deref(), limits::SEARCHED_CONTENT_BYTES_MAX)?;
        if self.sub_type.is_some_and(|n| n > limits::CUSTOM_SUB_TYPE_MAX) {
            return Err(Refusal::parameter("subType must be 0 to 200"));
        }
        if self.mentioned_user_ids.len() > limits::MENTIONS_MAX {
            return Err(Refusal::parameter("a message mentions at most 50 users"));
        }
        Ok(())
    }

    fn check_text(&self) -> Result<(), Refusal> {
        if self.message.is_empty() {
            return Err(Refusal::parameter("message must not be empty"));
        }
        within("message", Some(&self.message), limits::MESSAGE_TEXT_BYTES_MAX)
    }

    fn check_command(&self) -> Result<(), Refusal> {
        let text = self.message.as_bytes();
        let padding = text.iter().rev().take_while(|b| **b == b'=').count();
        let letters = &text[..text.len() - padding];
        let alphabet = letters.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/');
        if text.is_empty() || !text.len().is_multiple_of(4) || padding > 2 || !alphabet {
            return Err(Refusal::parameter(
                "message of a command must be base64 with padding, and not empty",
            ));
        }
        match text.len() / 4 * 3 - padding {
            bytes if bytes <= limits::MESSAGE_COMMAND_BYTES_MAX => Ok(()),
            bytes => Err(too_long("message of a command", bytes, limits::MESSAGE_COMMAND_BYTES_MAX)),
        }
    }
}

fn within(field: &str, value: Option<&str>, bytes_max: usize) -> Result<(), Refusal> {
    match value {
        Some(text) if text.len() > bytes_max => Err(too_long(field, text.len(), bytes_max)),
        _ => Ok(()),
    }
}

fn too_long(field: &str, bytes: usize, bytes_max: usize) -> Refusal {
    Refusal::new(Code::BAD_PARAMETER, format!("{field} has {bytes} bytes; at most {bytes_max} are allowed"))
}

/// A stored or delivered message, as the reader of `conversation_id` sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Unique in the server.
    #[serde(rename = "messageID")]
    pub message_id: MessageId,
    /// Place in the conversation; 0 for command messages, which have none.
    pub message_seq: Seq,
    /// The other user of a peer conversation as this reader names it, or the group.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Who sent it.
    #[serde(rename = "senderUserID")]
    pub sender_user_id: UserId,
    /// Unix time in ms at which the server accepted it.
    pub timestamp: u64,
    /// Echo of the sender's own identifier; only in answers to and copies for the sender.
    #[serde(rename = "localMessageID", default, skip_serializing_if = "Option::is_none")]
    pub local_message_id: Option<String>,
    /// The sender asked not to raise unread counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_unread: bool,
    /// `Content` as checked JSON text; kept as text so that fan-out copies bytes instead of encoding again.
    pub content: Box<RawValue>,
}

impl Message {
    /// Reads the content.
    pub fn content(&self) -> Result<Content, Refusal> {
        serde_json::from_str(self.content.get())
            .map_err(|error| Refusal::parameter(format!("content: {error}")))
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        (self.message_id, self.message_seq, self.timestamp, &self.sender_user_id)
            == (other.message_id, other.message_seq, other.timestamp, &other.sender_user_id)
            && self.conversation_id == other.conversation_id
            && self.content.get() == other.content.get()
    }
}

/// ZIMPushConfig: present means "push to whoever does not acknowledge this".
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PushConfig {
    /// Title of the notice, ≤ 1024 bytes.
    pub title: String,
    /// Text of the notice, ≤ 4096 bytes; the vendor's limit may shorten it.
    pub content: String,
    /// Passed through to the receiving app, ≤ 3072 bytes, never shortened.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub payload: String,
    /// Name of a push strategy of the app, ≤ 32 characters; empty for none.
    #[serde(rename = "resourcesID", skip_serializing_if = "String::is_empty")]
    pub resources_id: String,
    /// APNs grouping.
    #[serde(rename = "threadID", skip_serializing_if = "String::is_empty")]
    pub thread_id: String,
    /// Carry badge information.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enable_badge: bool,
    /// Added to the badge, 0..=99.
    #[serde(skip_serializing_if = "is_zero")]
    pub badge_increment: u32,
    /// iOS call options, stored for vendors that know them.
    #[serde(rename = "voIPConfig", skip_serializing_if = "Option::is_none")]
    pub voip_config: Option<serde_json::Map<String, serde_json::Value>>,
    /// OPPO template, stored for vendors that know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_message_template: Option<serde_json::Map<String, serde_json::Value>>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl PushConfig {
    /// Checks every limit; the refusal names the field.
    pub fn check(&self) -> Result<(), Refusal> {
        within("pushConfig.title", Some(&self.title), limits::PUSH_TITLE_BYTES_MAX)?;
        within("pushConfig.content", Some(&self.content), limits::PUSH_CONTENT_BYTES_MAX)?;
        within("pushConfig.payload", Some(&self.payload), limits::PUSH_PAYLOAD_BYTES_MAX)?;
        within("pushConfig.threadID", Some(&self.thread_id), 64)?;
        if self.resources_id.chars().count() > limits::RESOURCES_ID_CHARS_MAX {
            return Err(Refusal::parameter("pushConfig.resourcesID has at most 32 characters"));
        }
        if self.badge_increment > 99 {
            return Err(Refusal::parameter("pushConfig.badgeIncrement must be 0 to 99"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str) -> Content {
        serde_json::from_value(serde_json::json!({"type": 1, "message": message})).unwrap()
    }

    #[test]
    fn text_limits_are_in_bytes() {
        assert!(text(&"字".repeat(682)).check().is_ok());
        assert!(text(&"字".repeat(683)).check().is_err());
        assert!(text("").check().is_err());
    }

    #[test]
    fn a_command_is_base64_of_at_most_5_kib() {
        let command = |message: String| Content { kind: kind::COMMAND, message, ..text("x") };
        assert!(command("AAEC".into()).check().is_ok());
        assert!(command("AAE=".into()).check().is_ok());
        for bad in ["", "AAE", "A===", "AA-_", "不是"] {
            assert!(command(bad.into()).check().is_err(), "{bad}");
        }
        assert!(command("AAAA".repeat(1706)).check().is_ok());
        assert!(command("AAAA".repeat(1707)).check().is_err());
    }

    #[test]
    fn a_custom_sub_type_ends_at_200() {
        let mut custom = Content { kind: kind::CUSTOM, sub_type: Some(200), ..text("{}") };
        assert!(custom.check().is_ok());
        custom.sub_type = Some(201);
        assert!(custom.check().is_err());
    }

    #[test]
    fn a_push_config_says_which_field_is_wrong() {
        let long = PushConfig { title: "t".repeat(1025), ..Default::default() };
        assert!(long.check().unwrap_err().message.contains("title"));
        let badge = PushConfig { badge_increment: 100, ..Default::default() };
        assert!(badge.check().unwrap_err().message.contains("badgeIncrement"));
    }
}
