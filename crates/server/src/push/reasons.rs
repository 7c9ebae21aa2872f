//! Why a device is not pushed, or why a push failed: a closed list, each with a sentence in two languages.
//!
//! The codes are kept in the store and shown by traces; a code once released keeps its meaning.

use crate::store::Suspension;
use std::fmt;

/// A reason. `code` is what the store keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)] // each variant's sentence stands in the table below
pub enum Reason {
    NoPushConfig,
    NotBound,
    TokenGone,
    DoNotDisturb,
    Blocked,
    NotMember,
    PlatformRule,
    Acked,
    ReadElsewhere,
    Revoked,
    Expired,
    CallOver,
    CallAnswered,
    NoCredential,
    BadCredential,
    UnknownStrategy,
    UnsupportedMessage,
    UnsupportedVendor,
    LoggedOut,
    MovedToOtherUser,
    PayloadTooLarge,
    NoticeInvalid,
    VendorConfiguration,
    VendorRejected,
    VendorQuota,
    VendorDevice,
    NotificationsOff,
    DeviceInactive,
    RetriesExhausted,
    Online,
    CannotTakeBack,
    QuotaMarketing,
    QuotaBackground,
    QuotaTest,
}

/// One row of the list: reason, code, English, Chinese.
type Row = (Reason, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        Reason::NoPushConfig,
        "no_push_config",
        "The sender gave no pushConfig, so nothing is pushed.",
        "发送方没有提供 pushConfig，因此不推送。",
    ),
    (
        Reason::NotBound,
        "not_bound",
        "No PushID is bound to the user here: the app has not registered for push, or the user logged out.",
        "此处没有与该用户绑定的 PushID：应用未注册推送，或用户已退出登录。",
    ),
    (
        Reason::TokenGone,
        "token_gone",
        "The vendor said that this device's token is dead; the app has to register again.",
        "厂商告知此设备的推送 token 已失效；应用需要重新注册。",
    ),
    (
        Reason::DoNotDisturb,
        "do_not_disturb",
        "The user has set this conversation to do-not-disturb.",
        "用户已将此会话设为消息免打扰。",
    ),
    (Reason::Blocked, "blocked", "The user has blocked the sender.", "用户已将发送方拉黑。"),
    (Reason::NotMember, "not_member", "The user is no longer a member of the group.", "用户已不在该群组中。"),
    (
        Reason::PlatformRule,
        "platform_rule",
        "The user's rule asks for no push to this platform while another one is online.",
        "按用户设置的规则，其他平台在线时此平台不接收推送。",
    ),
    (
        Reason::Acked,
        "acked",
        "The device acknowledged the live delivery, so it needs no push.",
        "设备已确认收到在线消息，无需推送。",
    ),
    (
        Reason::ReadElsewhere,
        "read_elsewhere",
        "The user has read the conversation up to this message already.",
        "用户已经读到这条消息。",
    ),
    (Reason::Revoked, "revoked", "The message was revoked.", "消息已被撤回。"),
    (Reason::Expired, "expired", "Its time was over before it could be pushed.", "在推送之前已超过有效期。"),
    (
        Reason::CallOver,
        "call_over",
        "The call no longer rings for this user: cancelled, timed out or ended.",
        "呼叫已不再对该用户振铃：已取消、超时或结束。",
    ),
    (
        Reason::CallAnswered,
        "call_answered",
        "The user has accepted or rejected the call already.",
        "用户已接受或拒绝该呼叫。",
    ),
    (
        Reason::NoCredential,
        "no_credential",
        "The app has no push credential for this vendor and appType.",
        "项目没有配置该厂商及 appType 的推送证书。",
    ),
    (
        Reason::BadCredential,
        "bad_credential",
        "The app's push credential cannot be used; its operator has to upload it again.",
        "项目的推送证书无法使用，需由管理员重新上传。",
    ),
    (
        Reason::UnknownStrategy,
        "unknown_strategy",
        "The app has no usable push strategy of the name in resourcesID.",
        "项目中没有名为该 resourcesID 的可用推送策略。",
    ),
    (
        Reason::UnsupportedMessage,
        "unsupported_message",
        "This kind of message is never pushed.",
        "此类消息不支持推送。",
    ),
    (
        Reason::UnsupportedVendor,
        "unsupported_vendor",
        "The device is registered with a vendor that this server does not speak to.",
        "设备注册的推送厂商不受本服务器支持。",
    ),
    (
        Reason::LoggedOut,
        "logged_out",
        "The user logged out on this device, or the app gave up its PushID, before the push went out.",
        "推送发出之前，用户已在此设备上退出登录，或应用已注销 PushID。",
    ),
    (
        Reason::MovedToOtherUser,
        "moved_to_other_user",
        "Another user logged in on this device before the push went out.",
        "推送发出之前，此设备已登录其他用户。",
    ),
    (
        Reason::PayloadTooLarge,
        "payload_too_large",
        "The payload alone is larger than the vendor takes; payloads are never cut.",
        "仅 payload 就超过厂商的大小限制；payload 不会被截断。",
    ),
    (
        Reason::NoticeInvalid,
        "notice_invalid",
        "No request could be built: a field of the notice is outside the vendor's range.",
        "无法生成厂商请求：通知的某个字段超出厂商允许的范围。",
    ),
    (
        Reason::VendorConfiguration,
        "vendor_configuration",
        "The vendor refused it because of the app's project, key or rights there; its operator has to act.",
        "因应用在厂商处的项目、密钥或权益问题被拒绝，需由管理员处理。",
    ),
    (
        Reason::VendorRejected,
        "vendor_rejected",
        "The vendor refused this notice for good; its answer says why.",
        "厂商最终拒绝了此通知，原因见厂商应答。",
    ),
    (
        Reason::VendorQuota,
        "vendor_quota",
        "A quota of the app at the vendor is used up.",
        "应用在厂商处的配额已用完。",
    ),
    (
        Reason::VendorDevice,
        "vendor_device",
        "The vendor does not serve this device.",
        "厂商不向此设备提供推送服务。",
    ),
    (
        Reason::NotificationsOff,
        "notifications_off",
        "The device reported that its notifications are switched off; a login or registration tries again.",
        "设备回执表明通知开关已关闭；重新登录或注册后再次尝试推送。",
    ),
    (
        Reason::DeviceInactive,
        "device_inactive",
        "The vendor reported that the device was offline for weeks; a login or registration tries again.",
        "厂商回执表明设备长期未联网；重新登录或注册后再次尝试推送。",
    ),
    (
        Reason::RetriesExhausted,
        "retries_exhausted",
        "The vendor could not be reached or was in trouble for all attempts.",
        "多次尝试均无法连接厂商，或厂商服务异常。",
    ),
    (Reason::Online, "online", "The device is connected and was told directly.", "设备在线，已直接通知。"),
    (
        Reason::CannotTakeBack,
        "cannot_take_back",
        "The vendor cannot take this notice back: it revokes shown notices only, and needs the app's Client ID.",
        "厂商无法撤回此通知：只能撤回已展示的通知，且需要应用的 Client ID。",
    ),
    (
        Reason::QuotaMarketing,
        "quota_marketing",
        "The device has got as many marketing notices today as the vendor allows.",
        "此设备今天收到的营销类通知已达厂商上限。",
    ),
    (
        Reason::QuotaBackground,
        "quota_background",
        "The device has got as many background messages as the vendor allows, and its life ends before the next.",
        "此设备收到的后台消息已达厂商上限，且在下次可发送之前已过有效期。",
    ),
    (
        Reason::QuotaTest,
        "quota_test",
        "The project has sent as many test messages today as the vendor allows.",
        "项目今天发送的测试消息已达厂商上限。",
    ),
];

impl Reason {
    /// Every reason, in the order of the list.
    pub fn all() -> impl Iterator<Item = Reason> {
        ROWS.iter().map(|row| row.0)
    }

    /// The reason's name in the store and in traces.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The sentence in English.
    pub fn en(self) -> &'static str {
        self.row().2
    }

    /// The sentence in Chinese.
    pub fn zh(self) -> &'static str {
        self.row().3
    }

    /// Why nothing is pushed to a PushID that a receipt suspended.
    pub(super) fn of_suspension(suspension: &Suspension) -> Reason {
        Self::from_code(&suspension.reason).unwrap_or(Self::NotificationsOff)
    }

    /// Reads a code back; `None` for one that this program does not know.
    pub fn from_code(code: &str) -> Option<Reason> {
        ROWS.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    fn row(self) -> &'static Row {
        // The list is in the order of the variants; a test holds it so.
        &ROWS[self as usize]
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_reads_back() {
        for (place, row) in ROWS.iter().enumerate() {
            assert_eq!(row.0 as usize, place, "{}", row.1);
            assert_eq!(Reason::from_code(row.1), Some(row.0));
            assert_eq!(row.0.to_string(), row.0.code());
        }
        assert_eq!(ROWS.len(), Reason::QuotaTest as usize + 1);
        assert_eq!(Reason::from_code("because"), None);
    }

    #[test]
    fn every_reason_has_a_sentence_in_both_languages() {
        for reason in Reason::all() {
            assert!(reason.en().ends_with('.') && reason.en().is_ascii(), "{reason}");
            assert!(reason.zh().ends_with('。'), "{reason}");
        }
    }
}
