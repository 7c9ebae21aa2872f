//! A message before it is sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use hongyan_wire::{
    ConversationKey, UserId,
    client::Send,
    message::{Content, PushConfig, kind},
};

/// ZIMMessagePriority of a message that names none: low, as in ZIM.
const PRIORITY_LOW: u8 = 1;

/// What to send; where to is said when it is sent. A clone has the same localMessageID: sending both gives
/// one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The sender's own identifier, 1..=64 bytes.
    pub local_message_id: String,
    /// What it says.
    pub content: Content,
    /// Low 1, Medium 2, High 3.
    pub priority: u8,
    /// Push to those who do not acknowledge.
    pub push_config: Option<PushConfig>,
    /// Push mentioned members even through do-not-disturb.
    pub notify_mentioned: bool,
    /// Leave unread counts alone.
    pub disable_unread: bool,
}

impl Draft {
    /// A text message, 1..=2048 bytes.
    pub fn text(message: impl Into<String>) -> Self {
        Self::of(kind::TEXT, message.into())
    }

    /// A custom message: text in the app's own format, and its subType 0..=200.
    pub fn custom(sub_type: u32, message: impl Into<String>) -> Self {
        let mut draft = Self::of(kind::CUSTOM, message.into());
        draft.content.sub_type = Some(sub_type);
        draft
    }

    /// A command message of 1..=5120 bytes: not stored, not acknowledged, not pushed.
    pub fn command(bytes: &[u8]) -> Self {
        Self::of(kind::COMMAND, STANDARD.encode(bytes))
    }

    fn of(kind: u8, message: String) -> Self {
        let content = Content {
            revoke: None,
            kind,
            message,
            sub_type: None,
            searched_content: None,
            extended_data: None,
            mentioned_user_ids: Vec::new(),
            is_mention_all: false,
        };
        Self {
            local_message_id: local_message_id(),
            content,
            priority: PRIORITY_LOW,
            push_config: None,
            notify_mentioned: false,
            disable_unread: false,
        }
    }

    /// With this push configuration.
    pub fn push(mut self, config: PushConfig) -> Self {
        self.push_config = Some(config);
        self
    }

    /// Pushed with this title and text.
    pub fn push_notice(self, title: &str, content: &str) -> Self {
        self.push(PushConfig { title: title.to_owned(), content: content.to_owned(), ..Default::default() })
    }

    /// With this localMessageID.
    pub fn local_id(mut self, local_message_id: impl Into<String>) -> Self {
        self.local_message_id = local_message_id.into();
        self
    }

    /// With these users mentioned.
    pub fn mention(mut self, users: Vec<UserId>) -> Self {
        self.content.mentioned_user_ids = users;
        self
    }

    /// Without raising unread counts.
    pub fn silent(mut self) -> Self {
        self.disable_unread = true;
        self
    }

    /// The parameters of `message.send`.
    pub fn params(&self, to: &ConversationKey) -> Send {
        Send {
            local_message_id: self.local_message_id.clone(),
            conversation_id: to.id().to_owned(),
            conversation_type: to.kind(),
            content: self.content.clone(),
            priority: self.priority,
            push_config: self.push_config.clone(),
            is_notify_mentioned_users: self.notify_mentioned,
            disable_unread_message_count: self.disable_unread,
        }
    }
}

/// A fresh localMessageID: 16 hex digits from 64 random bits.
pub fn local_message_id() -> String {
    random_hex()
}

/// 16 hex digits from 64 random bits.
pub(crate) fn random_hex() -> String {
    format!("{:016x}", rand::random::<u64>())
}
