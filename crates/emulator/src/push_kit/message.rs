//! A message the cloud has accepted: checked, typed, and shared by all of its recipients.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One accepted send. Immutable; every recipient holds the same one.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) request_id: Arc<str>,
    pub(crate) push_type: PushType,
    pub(crate) expires_at_ms: u64,
    pub(crate) test: bool,
    pub(crate) bi_tag: Option<Arc<str>>,
    pub(crate) receipt_id: Option<Arc<str>>,
    /// 0..=100; `None` keeps every message of an offline phone.
    pub(crate) collapse_key: Option<u8>,
    pub(crate) content: Content,
}

impl Message {
    pub(crate) fn alert(&self) -> Option<&Alert> {
        match &self.content {
            Content::Alert(alert) => Some(alert),
            _ => None,
        }
    }
}

/// The `push-type` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PushType {
    Alert,
    Widget,
    Speech,
    Background,
    LiveView,
    Call,
    Mdm,
}

impl PushType {
    pub(crate) fn from_header(text: &str) -> Option<PushType> {
        Some(match text {
            "0" => PushType::Alert,
            "1" => PushType::Widget,
            "2" => PushType::Speech,
            "6" => PushType::Background,
            "7" => PushType::LiveView,
            "10" => PushType::Call,
            "11" => PushType::Mdm,
            _ => return None,
        })
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            PushType::Alert => 0,
            PushType::Widget => 1,
            PushType::Speech => 2,
            PushType::Background => 6,
            PushType::LiveView => 7,
            PushType::Call => 10,
            PushType::Mdm => 11,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Content {
    Alert(Alert),
    /// Push-type 0 without a notification: only the number on the icon.
    BadgeOnly(Badge),
    Background(Background),
    Call {
        extra_data: Arc<str>,
    },
    /// A push-type nobody holds a right for here; it never reaches a phone.
    NotEmulated,
}

#[derive(Debug)]
pub(crate) struct Alert {
    /// As sent; a category without right is shown as MARKETING.
    pub(crate) category: Category,
    pub(crate) title: Arc<str>,
    pub(crate) body: Arc<str>,
    pub(crate) image: Option<Arc<str>>,
    pub(crate) sound: Option<Arc<str>>,
    /// The sender's, or one the cloud made.
    pub(crate) notify_id: u32,
    pub(crate) app_message_id: Option<Arc<str>>,
    pub(crate) profile_id: Option<Arc<str>>,
    pub(crate) badge: Option<Badge>,
    pub(crate) foreground_show: bool,
    pub(crate) click: Click,
}

/// What a tap does.
#[derive(Debug)]
pub(crate) struct Click {
    /// `actionType` 1: an inner page; else the home page.
    pub(crate) inner_page: bool,
    pub(crate) action: Option<Arc<str>>,
    pub(crate) uri: Option<Arc<str>>,
    /// Becomes `want.parameters`.
    pub(crate) data: Arc<Map<String, Value>>,
    /// The whole object, as an app in front receives it.
    pub(crate) raw: Value,
}

#[derive(Debug)]
pub(crate) struct Background {
    pub(crate) extra_data: Arc<str>,
    /// `proxyData: ENABLE`: written to the app's table when it is not in front.
    pub(crate) proxied: bool,
    /// `backgroundMode` 1, which needs its own right.
    pub(crate) im_mode: bool,
}

/// A change of the number on the icon. `set` wins over `add`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Badge {
    pub(crate) add: Option<u32>,
    pub(crate) set: Option<u32>,
}

impl Badge {
    pub(crate) fn apply(self, before: u32) -> u32 {
        match self {
            Badge { set: Some(number), .. } => number,
            Badge { add: Some(number), .. } => before.saturating_add(number),
            Badge { add: None, set: None } => before,
        }
    }
}

/// Message categories of push-type 0. All but MARKETING need a right; PLAY_VOICE belongs to push-type 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Chat messages.
    Im,
    /// Invitations to a call.
    Voip,
    /// Missed calls.
    MissCall,
    /// News the user subscribed to.
    Subscription,
    /// Travel.
    Travel,
    /// Health.
    Health,
    /// Work.
    Work,
    /// The user's account.
    Account,
    /// Parcels.
    Express,
    /// Finance.
    Finance,
    /// Devices of the house.
    DeviceReminder,
    /// Mail.
    Mail,
    /// Read aloud; push-type 2 only.
    PlayVoice,
    /// Everything else; silent and rare.
    Marketing,
}

const CATEGORIES: [(Category, &str); 14] = [
    (Category::Im, "IM"),
    (Category::Voip, "VOIP"),
    (Category::MissCall, "MISS_CALL"),
    (Category::Subscription, "SUBSCRIPTION"),
    (Category::Travel, "TRAVEL"),
    (Category::Health, "HEALTH"),
    (Category::Work, "WORK"),
    (Category::Account, "ACCOUNT"),
    (Category::Express, "EXPRESS"),
    (Category::Finance, "FINANCE"),
    (Category::DeviceReminder, "DEVICE_REMINDER"),
    (Category::Mail, "MAIL"),
    (Category::PlayVoice, "PLAY_VOICE"),
    (Category::Marketing, "MARKETING"),
];

impl Category {
    pub(crate) fn from_text(text: &str) -> Option<Category> {
        CATEGORIES.iter().find(|(_, name)| *name == text).map(|(category, _)| *category)
    }
}
