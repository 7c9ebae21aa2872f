//! A notice as the server means it, before any vendor's shape. Stored in a dispatch row, hence serde both
//! ways.

use serde::{Deserialize, Serialize};

use crate::harmony::{HarmonyPushType, HarmonyStrategy};
use crate::vendor::{PrepareError, VendorKind};

/// Longest `app_message_id`, in bytes.
pub const APP_MESSAGE_ID_LEN_MAX: usize = 64;

/// One notice for one or many devices. Everything a vendor needs but tokens, credential and clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What the device shall do with it; the strategy of a vendor may say otherwise.
    pub kind: NoticeKind,
    /// Title as the sender wrote it; shortened for a vendor only when it must be.
    pub title: String,
    /// Text as the sender wrote it; shortened first.
    pub body: String,
    /// `ZIMPushConfig.payload`, handed through untouched and never cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Where a tap leads; delivered together with the payload.
    pub route: Route,
    /// Names the notice on the device so that it can be replaced and revoked: 0..=2147483647, from the
    /// message.
    pub notify_id: u32,
    /// Names the message across channels so that a device shows it once: 1..=64 letters, digits, `+/=-_`,
    /// blanks.
    pub app_message_id: String,
    /// Change of the app's badge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub badge: Option<Badge>,
    /// Keeps only the newest undelivered notice of this group (0..=100); `None` keeps all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collapse_key: Option<u8>,
    /// Unix time in milliseconds after which the notice must not arrive. The time to live is what is left at
    /// send.
    pub expires_at_ms: u64,
    /// What it is about; decides the vendor's category unless the strategy names one.
    pub category_hint: Category,
    /// Vendor options of the strategy chosen by `resourcesID`.
    #[serde(default)]
    pub strategy: StrategyOptions,
}

/// What the device shall do with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Show it.
    Alert,
    /// Hand it to the app, show nothing.
    Silent,
    /// Wake the app for an incoming call.
    Call,
    /// Change the badge, show nothing.
    BadgeOnly,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// A peer or group message.
    Message,
    /// An incoming call.
    CallInvite,
    /// A call that nobody took.
    MissedCall,
}

/// Where a tap on the notice leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Route {
    /// To a conversation.
    Conversation {
        /// ID of the peer or of the group, as the receiving app knows the conversation.
        conversation_id: String,
        /// 0 peer, 2 group (ZIM's numbers).
        conversation_type: u8,
        /// Who sent the message.
        sender_id: String,
        /// The message.
        message_id: String,
    },
    /// To an incoming or missed call.
    Call {
        /// The call.
        call_id: String,
        /// Who invites.
        inviter_id: String,
        /// 0 general, 1 advanced (ZIM's numbers).
        mode: u8,
    },
}

/// Change of an app's badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Badge {
    /// Raise it by 1..=99.
    Add(u8),
    /// Set it to 0..=99; 0 clears it.
    Set(u8),
}

/// Options of a strategy, one part per vendor. The default has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyOptions {
    /// Options for HarmonyOS.
    #[serde(default)]
    pub harmony: HarmonyStrategy,
}

/// What is wrong with a strategy: one sentence per finding, never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", sentences.join(" "))]
pub struct StrategyError {
    /// Full sentences that name the option.
    pub sentences: Vec<String>,
}

impl StrategyOptions {
    /// What the strategy makes of a notice for devices of `vendor`; `None` when it leaves the kind alone.
    pub fn kind(&self, vendor: VendorKind) -> Option<NoticeKind> {
        match vendor {
            VendorKind::Harmony => self.harmony.push_type.map(|push_type| match push_type {
                HarmonyPushType::Alert => NoticeKind::Alert,
                HarmonyPushType::Background => NoticeKind::Silent,
                HarmonyPushType::Call => NoticeKind::Call,
            }),
        }
    }

    /// Checks every part; call it when a strategy is saved.
    pub fn validate(&self) -> Result<(), StrategyError> {
        self.harmony.validate()
    }
}

/// What to take back. Made by [`crate::Vendor::revocation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The notice's `notify_id`.
    pub notify_id: u32,
    /// The vendor's number for the way it was sent (HarmonyOS: `push-type`).
    pub push_type: u8,
}

impl Notice {
    /// The same notice as a plain alert, for [`crate::Advice::FallBackToAlert`]: same ids, no special push
    /// type.
    pub fn as_alert(&self) -> Notice {
        let mut notice = self.clone();
        notice.kind = NoticeKind::Alert;
        notice.strategy.harmony.push_type = None;
        notice
    }

    /// The same notice without a picture, for [`crate::Advice::DropImage`].
    pub fn without_image(&self) -> Notice {
        let mut notice = self.clone();
        notice.strategy.harmony.image = None;
        notice
    }

    /// The same notice with its text cut to the least, for [`crate::Advice::ShortenBody`].
    pub fn with_short_body(&self) -> Notice {
        let mut notice = self.clone();
        let keep = crate::shorten::SHORT_BODY_BYTES_MAX;
        notice.body = crate::shorten::cut_to(&self.body, keep).into_owned();
        notice.title = crate::shorten::cut_to(&self.title, keep).into_owned();
        notice
    }

    /// Checks the ranges that hold for every vendor.
    pub fn check(&self) -> Result<(), PrepareError> {
        let invalid = |field, why: String| Err(PrepareError::Invalid { field, why });
        if self.notify_id > i32::MAX as u32 {
            return invalid("notify_id", format!("{} is above {}", self.notify_id, i32::MAX));
        }
        let id = &self.app_message_id;
        if id.is_empty() || id.len() > APP_MESSAGE_ID_LEN_MAX {
            return invalid("app_message_id", format!("its length is {}, allowed is 1 to 64", id.len()));
        }
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_ ".contains(&byte)) {
            return invalid(
                "app_message_id",
                "only letters, digits, + / = - _ and blanks are allowed".into(),
            );
        }
        match self.badge {
            Some(Badge::Add(0 | 100..)) => invalid("badge", "an increment is 1 to 99".into()),
            Some(Badge::Set(100..)) => invalid("badge", "an absolute value is 0 to 99".into()),
            None if self.kind == NoticeKind::BadgeOnly => {
                invalid("badge", "a badge-only notice needs one".into())
            }
            _ => match self.collapse_key {
                Some(101..) => invalid("collapse_key", "0 to 100 is allowed".into()),
                _ => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_read_strictly_and_say_what_kind_they_make() {
        let read = |json: &str| serde_json::from_str::<StrategyOptions>(json);
        for (push_type, kind) in [(0, NoticeKind::Alert), (6, NoticeKind::Silent), (10, NoticeKind::Call)] {
            let strategy = read(&format!("{{\"harmony\":{{\"push_type\":{push_type}}}}}")).expect("valid");
            assert_eq!((strategy.validate(), strategy.kind(VendorKind::Harmony)), (Ok(()), Some(kind)));
        }
        let empty = read("{}").expect("valid");
        assert_eq!((empty.kind(VendorKind::Harmony), empty), (None, StrategyOptions::default()));
        let error = read("{\"nokia\":{}}").expect_err("unknown vendor").to_string();
        assert!(error.contains("unknown field `nokia`"), "{error}");
        let bad = read("{\"harmony\":{\"click_type\":1}}").expect("reads").validate();
        assert!(bad.expect_err("no page").to_string().contains("say which with uri or action"));
    }
}
