//! What each policy of an app means, for people who set it.

/// A policy: name, group, unit, title and meaning in English and Chinese.
pub(super) struct Policy {
    pub name: &'static str,
    pub group: &'static str,
    pub unit: Option<&'static str>,
    pub title: [&'static str; 2],
    pub meaning: [&'static str; 2],
}

const fn policy(
    name: &'static str,
    group: &'static str,
    unit: Option<&'static str>,
    title: [&'static str; 2],
    meaning: [&'static str; 2],
) -> Policy {
    Policy { name, group, unit, title, meaning }
}

/// Choices of `devices`: value, English, Chinese.
pub(super) const DEVICES: [(&str, &str, &str); 3] = [
    ("single", "One device at a time.", "同一时间只能有一台设备在线。"),
    ("dual", "One browser and one other device.", "一个浏览器加一台其他设备。"),
    (
        "multi",
        "Several of all platforms, within the numbers below.",
        "各平台可多台同时在线，数量受以下设置限制。",
    ),
];

/// All of them, in the order in which they are shown.
pub(super) const POLICIES: &[Policy] = &[
    policy(
        "ack_deadline_ms",
        "delivery",
        Some("ms"),
        ["Acknowledgement deadline", "确认期限"],
        [
            "A live delivery that is not acknowledged within this time becomes a push.",
            "在线投递在此时间内未被确认，则改为推送。",
        ],
    ),
    policy(
        "reconnect_grace_ms",
        "delivery",
        Some("ms"),
        ["Reconnect grace", "重连宽限"],
        [
            "A socket that dropped without a logout counts as online for messages this long. Calls have no grace.",
            "连接未登出而断开后，在此时间内仍按在线处理消息；呼叫没有宽限。",
        ],
    ),
    policy(
        "push_ttl_s",
        "delivery",
        Some("s"),
        ["Push lifetime", "推送有效期"],
        [
            "A message's notice is not sent later than this after the message.",
            "消息发出超过此时间后，不再发送其通知。",
        ],
    ),
    policy(
        "revoke_window_s",
        "delivery",
        Some("s"),
        ["Revoke window", "撤回时限"],
        ["How long a message can be taken back by its sender.", "发送者可在此时间内撤回消息。"],
    ),
    policy(
        "heartbeat_interval_ms",
        "connection",
        Some("ms"),
        ["Heartbeat interval", "心跳间隔"],
        ["How often clients are asked to send a heartbeat.", "要求客户端发送心跳的间隔。"],
    ),
    policy(
        "heartbeat_timeout_ms",
        "connection",
        Some("ms"),
        ["Heartbeat timeout", "心跳超时"],
        [
            "Silence that ends a session. It must be longer than the interval.",
            "静默超过此时间则结束会话连接，必须大于心跳间隔。",
        ],
    ),
    policy(
        "devices",
        "devices",
        None,
        ["Devices at once", "多端登录"],
        [
            "Which devices of a user may be logged in at once. The earliest login is put out.",
            "一个用户可同时登录哪些设备；超出时最早登录的设备被踢下线。",
        ],
    ),
    policy(
        "devices_max",
        "devices",
        Some("count"),
        ["Devices, at most", "设备数上限"],
        [
            "With multi: devices of a user at once, browsers included.",
            "选择 multi 时：同时在线的设备数，含浏览器。",
        ],
    ),
    policy(
        "web_devices_max",
        "devices",
        Some("count"),
        ["Browsers, at most", "浏览器数上限"],
        ["With multi: browsers of a user at once.", "选择 multi 时：同时在线的浏览器数。"],
    ),
    policy(
        "one_phone",
        "devices",
        None,
        ["One phone only", "仅一部手机"],
        [
            "With multi: phones (Android, iOS, HarmonyOS) put each other out.",
            "选择 multi 时：手机（Android、iOS、HarmonyOS）互踢。",
        ],
    ),
    policy(
        "one_desktop",
        "devices",
        None,
        ["One desktop only", "仅一台桌面端"],
        [
            "With multi: desktops (Windows, macOS) put each other out.",
            "选择 multi 时：桌面端（Windows、macOS）互踢。",
        ],
    ),
    policy(
        "push_to_kicked",
        "devices",
        None,
        ["Push to devices that were put out", "向被踢设备推送"],
        [
            "A device that was put out keeps its PushID until it logs out, and is pushed.",
            "被踢下线的设备在登出之前保留 PushID 并继续接收推送。",
        ],
    ),
    policy(
        "call_invitees_max",
        "calls",
        Some("count"),
        ["Invitees, at most", "单次邀请人数上限"],
        ["Users that one request invites to a call.", "一次请求可邀请加入呼叫的人数。"],
    ),
    policy(
        "call_people_max",
        "calls",
        Some("count"),
        ["People in a call", "呼叫人数上限"],
        [
            "Most people in a call, those for whom it still rings included.",
            "一个呼叫中的人数上限，含仍在响铃的人。",
        ],
    ),
    policy(
        "call_not_received_ms",
        "calls",
        Some("ms"),
        ["Not received after", "未收到判定时间"],
        [
            "An invitee whose device has not confirmed the invitation by then counts as not reached, if the caller \
             asked for it.",
            "呼叫方要求检查时，被邀请人的设备在此时间内未确认邀请，则判定为未收到。",
        ],
    ),
    policy(
        "call_life_s",
        "calls",
        Some("s"),
        ["Life of a call", "呼叫最长时间"],
        [
            "An advanced call that nobody ends is ended after this long.",
            "无人结束的高级模式呼叫在此时间后自动结束。",
        ],
    ),
    policy(
        "missed_call_content",
        "calls",
        None,
        ["Missed-call notice", "未接来电通知"],
        [
            "What the notice says to whoever did not answer. Empty: none is sent, unless the caller asks for one.",
            "发给未接听者的通知内容；留空则不发送，除非呼叫方要求。",
        ],
    ),
    policy(
        "messages_per_s",
        "limits",
        Some("per_s"),
        ["Messages a second", "每秒消息数"],
        ["Messages that one client may send a second.", "单个客户端每秒可发送的消息数。"],
    ),
    policy(
        "group_members_max",
        "limits",
        Some("count"),
        ["Members of a group", "群成员上限"],
        ["Most members of a group.", "一个群组的成员数上限。"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::AppSettings;
    use std::collections::BTreeSet;

    #[test]
    fn every_setting_is_explained_and_nothing_else() {
        let all = serde_json::to_value(AppSettings::default()).unwrap();
        let settings: BTreeSet<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
        let explained: BTreeSet<&str> = POLICIES.iter().map(|policy| policy.name).collect();
        assert_eq!((settings, POLICIES.len()), (explained.clone(), explained.len()));
        for policy in POLICIES {
            let [en, zh] = policy.meaning;
            assert!(en.ends_with('.') && zh.ends_with('。'), "{}", policy.name);
        }
    }
}
