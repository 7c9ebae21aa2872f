//! From a notice to a send request: push type, category, fields, size.
//!
//! What may be shortened is shortened (text first, then title); payload and ids never are.

use bytes::Bytes;
use hyper::Method;
use serde::Serialize;

use super::credential::{HarmonyCredential, RightsPolicy};
use super::strategy::{HarmonyCategory, HarmonyPushType};
use crate::http::VendorRequest;
use crate::notice::{Badge, Category, Notice, NoticeKind, Route};
use crate::shorten::fit;
use crate::vendor::PrepareError;

/// Largest request body in bytes, not counting the tokens.
pub const BODY_BYTES_MAX: usize = 4096;
/// Most tokens in one request.
pub const TOKENS_MAX: usize = 1000;
/// Most tokens in one request of a test message.
pub const TEST_TOKENS_MAX: usize = 10;
/// Longest time to live in seconds: 15 days.
pub const TTL_S_MAX: u64 = 1_296_000;
/// Longest `biTag` in bytes.
const BI_TAG_BYTES_MAX: usize = 64;

pub(super) fn max_tokens(notice: &Notice) -> usize {
    if notice.strategy.harmony.test_message { TEST_TOKENS_MAX } else { TOKENS_MAX }
}

pub(super) fn prepare(
    credential: &HarmonyCredential,
    notice: &Notice,
    tokens: &[&str],
    bearer: &str,
    now_ms: u64,
) -> Result<VendorRequest, PrepareError> {
    let max = max_tokens(notice);
    if tokens.is_empty() || tokens.len() > max {
        return Err(PrepareError::TokenCount { count: tokens.len(), max });
    }
    notice.check()?;
    let ttl = ttl_s(notice, now_ms)?;
    let push_type = push_type(credential, notice);
    let draft = Draft { credential, notice, push_type, ttl };
    let fitted =
        fit(&notice.title, &notice.body, BODY_BYTES_MAX, |title, body| draft.json(title, body, &[]).len())
            .map_err(|bytes| PrepareError::TooLarge { bytes, limit: BODY_BYTES_MAX })?;
    Ok(VendorRequest {
        method: Method::POST,
        url: format!("{}/v3/{}/messages:send", credential.options().base_url, credential.project_id()),
        headers: headers(bearer, push_type.into()),
        body: Bytes::from(draft.json(&fitted.title, &fitted.body, tokens)),
    })
}

pub(super) fn headers(bearer: &str, push_type: u8) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "application/json".into()),
        ("authorization", format!("Bearer {bearer}")),
        ("push-type", push_type.to_string()),
    ]
}

/// How the notice would be sent if the app held every right.
pub(super) fn wanted_push_type(notice: &Notice) -> HarmonyPushType {
    if notice.kind == NoticeKind::BadgeOnly {
        return HarmonyPushType::Alert;
    }
    notice.strategy.harmony.push_type.unwrap_or(match notice.kind {
        NoticeKind::Alert | NoticeKind::BadgeOnly => HarmonyPushType::Alert,
        NoticeKind::Silent => HarmonyPushType::Background,
        NoticeKind::Call => HarmonyPushType::Call,
    })
}

/// How the notice is sent: a call becomes an alert when the app has no right to in-app calls.
pub(super) fn push_type(credential: &HarmonyCredential, notice: &Notice) -> HarmonyPushType {
    match wanted_push_type(notice) {
        HarmonyPushType::Call if !credential.options().rights.call => HarmonyPushType::Alert,
        wanted => wanted,
    }
}

/// Whole seconds that are left, so that the vendor never delivers after the notice expired.
fn ttl_s(notice: &Notice, now_ms: u64) -> Result<u64, PrepareError> {
    match notice.expires_at_ms.saturating_sub(now_ms) / 1000 {
        0 => Err(PrepareError::Expired),
        left => Ok(left.min(TTL_S_MAX)),
    }
}

fn category(credential: &HarmonyCredential, notice: &Notice) -> HarmonyCategory {
    let wanted = notice.strategy.harmony.category.unwrap_or(match notice.category_hint {
        Category::Message => HarmonyCategory::Im,
        Category::CallInvite => HarmonyCategory::Voip,
        Category::MissedCall => HarmonyCategory::MissCall,
    });
    let rights = credential.options().rights;
    let held = match wanted {
        HarmonyCategory::Im => rights.im,
        HarmonyCategory::Voip => rights.voip,
        HarmonyCategory::MissCall => rights.missed_call,
        _ => true,
    };
    match credential.options().without_right {
        RightsPolicy::SendMarketing if !held => HarmonyCategory::Marketing,
        _ => wanted,
    }
}

/// Everything of a request but its texts and tokens.
struct Draft<'a> {
    credential: &'a HarmonyCredential,
    notice: &'a Notice,
    push_type: HarmonyPushType,
    ttl: u64,
}

impl Draft<'_> {
    fn json(&self, title: &str, body: &str, tokens: &[&str]) -> Vec<u8> {
        let extra;
        let payload = match self.push_type {
            HarmonyPushType::Alert if self.notice.kind == NoticeKind::BadgeOnly => Payload::BadgeOnly {
                notification: BadgeOnly { badge: self.notice.badge.map(BadgeJson::from) },
            },
            HarmonyPushType::Alert => Payload::Shown { notification: self.notification(title, body) },
            HarmonyPushType::Background | HarmonyPushType::Call => {
                let fields =
                    AppFields { title: Some(title), content: Some(body), ..AppFields::of(self.notice) };
                extra = to_json(&fields);
                let proxies = self.push_type == HarmonyPushType::Background && self.strategy().proxy_data;
                Payload::ForApp {
                    extra_data: std::str::from_utf8(&extra).expect("JSON text is UTF-8"),
                    proxy_data: proxies.then_some("ENABLE"),
                }
            }
        };
        to_json(&RequestJson { payload, target: Target { token: tokens }, push_options: self.options() })
    }

    fn strategy(&self) -> &super::HarmonyStrategy {
        &self.notice.strategy.harmony
    }

    fn notification<'b>(&'b self, title: &'b str, body: &'b str) -> Notification<'b> {
        let strategy = self.strategy();
        let category = category(self.credential, self.notice);
        // Push Kit plays no sound for marketing, and the category may have become that for want of a right.
        let sound = strategy.sound.as_deref().filter(|_| category != HarmonyCategory::Marketing);
        let opens_page = strategy.click_type == Some(1);
        Notification {
            category,
            title,
            body,
            click_action: ClickAction {
                action_type: u8::from(opens_page),
                action: strategy.action.as_deref().filter(|_| opens_page),
                uri: strategy.uri.as_deref().filter(|_| opens_page),
                data: AppFields::of(self.notice),
            },
            image: strategy.image.as_deref(),
            notify_id: self.notice.notify_id,
            app_message_id: &self.notice.app_message_id,
            badge: self.notice.badge.map(BadgeJson::from),
            sound,
            sound_duration: strategy.sound_duration_s.filter(|_| sound.is_some()),
            foreground_show: strategy.foreground_show.unwrap_or(false),
        }
    }

    fn options(&self) -> PushOptions<'_> {
        let id = &self.notice.app_message_id;
        let strategy = self.strategy();
        let alert = self.push_type == HarmonyPushType::Alert;
        PushOptions {
            test_message: strategy.test_message.then_some(true),
            ttl: self.ttl,
            bi_tag: (id.len() <= BI_TAG_BYTES_MAX).then_some(id),
            receipt_id: strategy.receipt_id.as_deref(),
            collapse_key: self.notice.collapse_key.filter(|_| alert),
            background_mode: strategy
                .background_mode
                .filter(|_| self.push_type == HarmonyPushType::Background),
        }
    }
}

fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("structs of text and numbers always serialise")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestJson<'a> {
    payload: Payload<'a>,
    target: Target<'a>,
    push_options: PushOptions<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // lives on the stack for one serialisation
enum Payload<'a> {
    Shown {
        notification: Notification<'a>,
    },
    BadgeOnly {
        notification: BadgeOnly,
    },
    #[serde(rename_all = "camelCase")]
    ForApp {
        extra_data: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy_data: Option<&'static str>,
    },
}

#[derive(Serialize)]
struct Target<'a> {
    token: &'a [&'a str],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PushOptions<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    test_message: Option<bool>,
    ttl: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bi_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_id: Option<&'a str>,
    /// 0 is a group like any other: left out only when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse_key: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    background_mode: Option<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    category: HarmonyCategory,
    title: &'a str,
    body: &'a str,
    click_action: ClickAction<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    notify_id: u32,
    app_message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<BadgeJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sound_duration: Option<u8>,
    foreground_show: bool,
}

#[derive(Serialize)]
struct BadgeOnly {
    badge: Option<BadgeJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClickAction<'a> {
    action_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    data: AppFields<'a>,
}

/// `setNum` 0 clears the badge, so it must not be left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum BadgeJson {
    AddNum(u8),
    SetNum(u8),
}

impl From<Badge> for BadgeJson {
    fn from(badge: Badge) -> Self {
        match badge {
            Badge::Add(number) => Self::AddNum(number),
            Badge::Set(number) => Self::SetNum(number),
        }
    }
}

/// What the app finds in `want.parameters` after a tap, or in `extraData` without one. Names follow ZIM.
#[derive(Serialize, Default)]
struct AppFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    #[serde(rename = "conversationID", skip_serializing_if = "Option::is_none")]
    conversation_id: Option<&'a str>,
    #[serde(rename = "conversationType", skip_serializing_if = "Option::is_none")]
    conversation_type: Option<u8>,
    #[serde(rename = "senderUserID", skip_serializing_if = "Option::is_none")]
    sender_id: Option<&'a str>,
    #[serde(rename = "messageID", skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(rename = "callID", skip_serializing_if = "Option::is_none")]
    call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inviter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<u8>,
}

impl<'a> AppFields<'a> {
    fn of(notice: &'a Notice) -> Self {
        let fields = Self { payload: notice.payload.as_deref(), ..Self::default() };
        match &notice.route {
            Route::Conversation { conversation_id, conversation_type, sender_id, message_id } => Self {
                conversation_id: Some(conversation_id),
                conversation_type: Some(*conversation_type),
                sender_id: Some(sender_id),
                message_id: Some(message_id),
                ..fields
            },
            Route::Call { call_id, inviter_id, mode } => {
                Self { call_id: Some(call_id), inviter: Some(inviter_id), mode: Some(*mode), ..fields }
            }
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
