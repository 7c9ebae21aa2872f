//! The way of one notice to one device as four hops: is there a device with a PushID, what did the server decide,
//! what did the vendor answer, what did the device do. Names the hop that failed and what to do about it.

use crate::push::{
    Words,
    trace::{DeviceState, DeviceView, DispatchView, TraceView},
};
use serde::Serialize;
use std::collections::HashMap;

/// How it went at one hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum HopState {
    Ok,
    Waiting,
    Failed,
    /// It did not come here, or nothing is known.
    None,
}

/// One hop.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Hop {
    pub hop: &'static str,
    pub state: HopState,
    pub at: Option<u64>,
    pub code: Option<String>,
    pub vendor_words: Option<String>,
    pub text: Words,
    pub advice: Option<Words>,
}

impl Hop {
    fn new(hop: &'static str, state: HopState, en: &str, zh: &str) -> Self {
        let text = Words::new(en, zh);
        Self { hop, state, at: None, code: None, vendor_words: None, text, advice: None }
    }

    fn because(mut self, code: &str) -> Self {
        self.text = Words::of_code(code);
        self.advice = advice(code);
        self.code = Some(code.to_owned());
        self
    }

    fn at(mut self, at: Option<u64>) -> Self {
        self.at = at;
        self
    }
}

/// Requests of a trace by their row.
pub(super) type Dispatches<'a> = HashMap<&'a str, &'a DispatchView>;

pub(super) fn dispatches(trace: &TraceView) -> Dispatches<'_> {
    trace.dispatches.iter().map(|one| (one.dispatch_id.as_str(), one)).collect()
}

/// Reasons that end a notice because nothing more is needed: nobody failed.
const GOOD: [&str; 7] =
    ["acked", "read_elsewhere", "revoked", "call_over", "call_answered", "online", "not_member"];
/// Reasons that say that no token leads to the device.
const UNBOUND: [&str; 5] =
    ["not_bound", "token_gone", "logged_out", "moved_to_other_user", "unsupported_vendor"];

/// The four hops of a device.
pub(super) fn of(device: &DeviceView, all: &Dispatches<'_>) -> [Hop; 4] {
    let dispatch = device.dispatch_id.as_deref().and_then(|id| all.get(id)).copied();
    [binding(device), server(device, dispatch), vendor(device, dispatch), receipt(device)]
}

fn binding(device: &DeviceView) -> Hop {
    let reason = device.reason.as_deref().unwrap_or_default();
    match &device.push_id {
        _ if UNBOUND.contains(&reason) => Hop::new("binding", HopState::Failed, "", "").because(reason),
        Some(_) => {
            Hop::new("binding", HopState::Ok, "A PushID leads to this device.", "此设备有绑定的 PushID。")
        }
        None => Hop::new(
            "binding",
            HopState::None,
            "No PushID of this device was looked at.",
            "没有涉及此设备的 PushID。",
        ),
    }
}

fn server(device: &DeviceView, dispatch: Option<&DispatchView>) -> Hop {
    let reason = device.reason.as_deref().unwrap_or_default();
    let hop = match (device.state, dispatch) {
        (_, Some(_)) => Hop::new(
            "server",
            HopState::Ok,
            "The server decided to push and handed it over.",
            "服务器决定推送并已交出。",
        ),
        (DeviceState::Acked, None) => Hop::new(
            "server",
            HopState::Ok,
            "The device acknowledged the live delivery; no push is needed.",
            "设备已确认收到在线消息，无需推送。",
        ),
        (DeviceState::Pending, None) => Hop::new(
            "server",
            HopState::Waiting,
            "The server waits for the device to acknowledge or to come back.",
            "服务器正在等待设备确认或重连。",
        ),
        (_, None) if UNBOUND.contains(&reason) => {
            Hop::new("server", HopState::None, "There was no way to push.", "没有可用的推送途径。")
        }
        (_, None) if GOOD.contains(&reason) => Hop::new("server", HopState::Ok, "", "").because(reason),
        (_, None) => Hop::new("server", HopState::Failed, "", "").because(reason),
    };
    hop.at(device.at)
}

fn vendor(device: &DeviceView, dispatch: Option<&DispatchView>) -> Hop {
    let nothing =
        || Hop::new("vendor", HopState::None, "Nothing was sent to the vendor.", "没有发送给厂商。");
    let Some(dispatch) = dispatch else { return nothing() };
    let last = dispatch.attempts.last();
    let reason = device.reason.as_deref().unwrap_or_default();
    let mut hop = match device.state {
        DeviceState::Pushed => Hop::new("vendor", HopState::Ok, "The vendor accepted it.", "厂商已受理。"),
        DeviceState::Pending => Hop::new(
            "vendor",
            HopState::Waiting,
            "It is on its way to the vendor, or will be tried again.",
            "正在发送给厂商，或将再次尝试。",
        ),
        DeviceState::Acked => nothing(),
        _ if GOOD.contains(&reason) || UNBOUND.contains(&reason) => {
            Hop { advice: None, ..Hop::new("vendor", HopState::None, "", "").because(reason) }
        }
        DeviceState::Suppressed | DeviceState::Expired | DeviceState::Retracted | DeviceState::Failed => {
            Hop::new("vendor", HopState::Failed, "", "").because(reason)
        }
    };
    if let Some(last) = last {
        hop.at = Some(last.at + last.took_ms);
        hop.vendor_words = Some(last.message.clone()).filter(|message| !message.is_empty());
        hop.code = Some(last.code.clone()).filter(|code| !code.is_empty()).or(hop.code);
    }
    hop
}

fn receipt(device: &DeviceView) -> Hop {
    let Some(receipt) = &device.receipt else {
        return match device.state {
            DeviceState::Pushed => Hop::new(
                "receipt",
                HopState::None,
                "No receipt has come. Receipts are optional: docs/operations.md says how to get them.",
                "没有收到回执。回执是可选的，配置方法见运维文档。",
            ),
            _ => Hop::new("receipt", HopState::None, "There is nothing to report.", "没有可报告的内容。"),
        };
    };
    let state = match receipt.name.as_str() {
        "arrived" => HopState::Ok,
        "held" => HopState::Waiting,
        "not_shown" | "not_delivered" => HopState::Failed,
        _ => HopState::None,
    };
    Hop {
        hop: "receipt",
        state,
        at: Some(receipt.at),
        code: Some(receipt.result.to_string()),
        vendor_words: None,
        text: receipt.text.clone(),
        advice: (state == HopState::Failed).then(not_shown),
    }
}

fn not_shown() -> Words {
    Words::new(
        "The number says why; docs/operations.md lists what follows from each.",
        "原因见回执编号，各编号的处理见运维文档。",
    )
}

/// What to do about a reason; `None` when there is nothing to be done.
fn advice(code: &str) -> Option<Words> {
    let (_, en, zh) = ADVICE.iter().find(|(known, ..)| *known == code)?;
    Some(Words::new(*en, *zh))
}

/// Reason, English, Chinese.
const ADVICE: &[(&str, &str, &str)] = &[
    ("no_push_config", "Send with a pushConfig.", "发送时请带上 pushConfig。"),
    (
        "not_bound",
        "Let the app call registerPush, and the user log in on the device.",
        "请在应用中调用 registerPush，并在该设备上登录。",
    ),
    ("token_gone", "Open the app once: it registers anew.", "打开一次应用即可重新注册。"),
    ("logged_out", "Log in on the device again.", "请在该设备上重新登录。"),
    ("moved_to_other_user", "Log in on the device again.", "请在该设备上重新登录。"),
    (
        "do_not_disturb",
        "The user's own setting; mention the user to get through.",
        "这是用户自己的设置；可用 @ 提醒。",
    ),
    ("blocked", "The user's own block list.", "用户自己的黑名单。"),
    ("platform_rule", "The user's own rule (offline push rule).", "用户自己的离线推送规则。"),
    (
        "no_credential",
        "Store a credential for this vendor and appType.",
        "请为该厂商及 appType 配置推送证书。",
    ),
    ("bad_credential", "Upload the credential again and let it be checked.", "请重新上传推送证书并检查。"),
    (
        "unknown_strategy",
        "Make a strategy of this name, or correct resourcesID.",
        "请创建同名策略，或更正 resourcesID。",
    ),
    (
        "unsupported_vendor",
        "Update the server, or register with another vendor.",
        "请升级服务器，或改用其他厂商注册。",
    ),
    ("unsupported_message", "Send it as a text or custom message.", "请改用文本或自定义消息发送。"),
    ("payload_too_large", "Send a shorter payload.", "请缩短 payload。"),
    (
        "notice_invalid",
        "The preview of the strategy shows the request and what is wrong.",
        "策略预览会显示请求及问题所在。",
    ),
    (
        "vendor_configuration",
        "Check project, key and rights at the vendor; test the credential here.",
        "请检查厂商处的项目、密钥与权益，并在此测试凭据。",
    ),
    (
        "vendor_rejected",
        "Read the vendor's words; change title, content or strategy.",
        "请查看厂商原文，并修改标题、内容或策略。",
    ),
    ("vendor_quota", "Send less, or ask the vendor for more.", "减少发送量，或向厂商申请更高配额。"),
    ("vendor_device", "Nothing helps here but another device.", "只能更换设备。"),
    (
        "notifications_off",
        "Switch notifications on for the app on the device.",
        "请在设备上为应用打开通知开关。",
    ),
    ("device_inactive", "Connect the device to the network and open the app.", "请让设备联网并打开应用。"),
    ("retries_exhausted", "Check the network and the vendor's status.", "请检查网络与厂商的服务状态。"),
    ("expired", "Raise the push lifetime, or look for what held it up.", "提高推送有效期，或排查延误原因。"),
    (
        "cannot_take_back",
        "Enter the app's Client ID with the credential.",
        "请在凭据中填写应用的 Client ID。",
    ),
    ("quota_marketing", "Ask the vendor for the right of the category IM.", "请向厂商申请 IM 类消息权益。"),
    ("quota_background", "Send fewer background messages to one device.", "减少对单台设备的后台消息。"),
    ("quota_test", "Take test_message off the strategy.", "请去掉策略中的 test_message。"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::push::Reason;

    #[test]
    fn whatever_is_nobodys_good_end_has_an_advice() {
        for reason in Reason::all() {
            let code = reason.code();
            assert_eq!(advice(code).is_some(), !GOOD.contains(&code), "{code}");
        }
        for (_, en, zh) in ADVICE {
            assert!(en.ends_with('.') && zh.ends_with('。'), "{en}");
        }
    }
}
