//! What each result number of a receipt means: the vendor's table, with a sentence in two languages.

use serde::{Deserialize, Serialize};

/// What a result asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptVerdict {
    /// It reached the device.
    Delivered,
    /// The token is dead: drop it.
    TokenGone,
    /// Notifications are off or the device sleeps for weeks: send nothing until the device shows up again.
    Suspended,
    /// A quota or frequency limit dropped it: slow down, tell the operator.
    Throttled,
    /// The account is not bound on the device: drop the binding of account and device.
    AccountUnbound,
    /// Huawei refused the content: tell the operator.
    ContentRefused,
    /// The app, the strategy or the project is set up wrongly: tell the operator.
    Misconfigured,
    /// It waits on the device or in the cloud until the app runs or the user is there.
    Held,
    /// A newer notice took its place.
    Superseded,
    /// It did not arrive or was not shown, and nothing follows from that.
    Failed,
    /// A number that is not documented.
    Unknown,
}

impl ReceiptVerdict {
    /// Every verdict, in the order of the list.
    pub const ALL: [Self; 11] = [
        Self::Delivered,
        Self::TokenGone,
        Self::Suspended,
        Self::Throttled,
        Self::AccountUnbound,
        Self::ContentRefused,
        Self::Misconfigured,
        Self::Held,
        Self::Superseded,
        Self::Failed,
        Self::Unknown,
    ];

    /// Its name, as it is serialised.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::TokenGone => "token_gone",
            Self::Suspended => "suspended",
            Self::Throttled => "throttled",
            Self::AccountUnbound => "account_unbound",
            Self::ContentRefused => "content_refused",
            Self::Misconfigured => "misconfigured",
            Self::Held => "held",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// What Push Kit's result number asks for.
    pub fn of(result: u32) -> Self {
        meaning(result).verdict
    }
}

/// What one result number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptMeaning {
    /// What it asks for.
    pub verdict: ReceiptVerdict,
    /// Whether the push reached the device: `None` where the result does not tell.
    pub arrived: Option<bool>,
    /// Whether a notice was shown: `None` where the result does not tell. A delivered notice need not be shown
    /// (the app was in front), so 0 does not tell.
    pub shown: Option<bool>,
    /// A sentence in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
}

/// The numbers that share a row, and what they mean.
type Row = (&'static [u32], ReceiptMeaning);

/// What Push Kit's result number means. An undocumented one has a meaning too: unknown.
pub fn meaning(result: u32) -> &'static ReceiptMeaning {
    ROWS.iter().find(|(results, _)| results.contains(&result)).map_or(&UNKNOWN, |(_, meaning)| meaning)
}

const YES: Option<bool> = Some(true);
const NO: Option<bool> = Some(false);

const UNKNOWN: ReceiptMeaning =
    row(ReceiptVerdict::Unknown, None, None, "A result that is not documented.", "未公开说明的回执结果。");

const fn row(
    verdict: ReceiptVerdict,
    arrived: Option<bool>,
    shown: Option<bool>,
    en: &'static str,
    zh: &'static str,
) -> ReceiptMeaning {
    ReceiptMeaning { verdict, arrived, shown, en, zh }
}

use ReceiptVerdict::{
    AccountUnbound, ContentRefused, Delivered, Failed, Held, Misconfigured, Superseded, Suspended, Throttled,
    TokenGone,
};

const ROWS: &[Row] = &[
    (&[0], row(Delivered, YES, None, "Delivered to the device.", "已送达设备。")),
    (
        &[2],
        row(TokenGone, NO, NO, "The app is not installed on the device any more.", "设备上的应用已被卸载。"),
    ),
    (
        &[5],
        row(
            TokenGone,
            NO,
            NO,
            "The token does not belong to the app on this device any more.",
            "token 已不属于此设备上的该应用。",
        ),
    ),
    (
        &[6],
        row(
            Suspended,
            YES,
            NO,
            "Not shown: notifications of the app or of its channel are switched off.",
            "未展示：应用或其渠道的通知开关已关闭。",
        ),
    ),
    (
        &[10],
        row(
            Suspended,
            NO,
            NO,
            "Not sent: the device had no network for 30 days.",
            "未下发：设备已超过 30 天未联网。",
        ),
    ),
    (&[14], row(Failed, NO, NO, "Not delivered: network error.", "未送达：网络异常。")),
    (
        &[15],
        row(
            Superseded,
            NO,
            NO,
            "Not delivered: replaced by a newer one, or more than 120 were waiting for the device.",
            "未送达：已被更新的消息覆盖，或设备的离线消息超过 120 条。",
        ),
    ),
    (
        &[22],
        row(Held, YES, NO, "Held: another user of the device is active.", "暂存：设备当前为其他系统用户。"),
    ),
    (
        &[27],
        row(
            Held,
            YES,
            NO,
            "Held: the app is not running; it gets the background message at its next start.",
            "暂存：应用未运行，下次启动时收到后台消息。",
        ),
    ),
    (
        &[31],
        row(
            Misconfigured,
            YES,
            YES,
            "Shown, but the page the tap should open does not exist.",
            "已展示，但点击后要打开的页面不存在。",
        ),
    ),
    (
        &[51],
        row(
            Held,
            YES,
            None,
            "Held: the device was started and not unlocked yet.",
            "暂存：设备开机后尚未解锁。",
        ),
    ),
    (&[102], row(Throttled, NO, NO, "Dropped by frequency control.", "因频次控制被丢弃。")),
    (
        &[144],
        row(
            AccountUnbound,
            YES,
            NO,
            "Not shown: the account is not bound on the device.",
            "未展示：设备上没有绑定该账号。",
        ),
    ),
    (&[151], row(Failed, YES, NO, "Not shown by the device.", "设备未展示。")),
    (&[155, 156, 158], row(Failed, None, None, "The live view could not be updated.", "实况窗更新失败。")),
    (&[188], row(Failed, YES, NO, "The app could not be started.", "应用无法被拉起。")),
    (&[191], row(Failed, YES, None, "The badge could not be changed.", "角标修改失败。")),
    (
        &[256],
        row(
            Throttled,
            NO,
            NO,
            "Dropped: the daily or hourly limit of this kind of message is used up.",
            "被丢弃：此类消息的每日或每小时限额已用完。",
        ),
    ),
    (
        &[259],
        row(
            ContentRefused,
            NO,
            NO,
            "Refused: Huawei objects to the content or to a URL in it.",
            "被拒绝：消息内容或其中的链接不合规。",
        ),
    ),
    (&[261], row(Misconfigured, None, None, "The widget does not exist.", "服务卡片不存在。")),
    (
        &[262],
        row(
            Misconfigured,
            None,
            None,
            "The limit of widget updates is reached.",
            "服务卡片刷新次数已达上限。",
        ),
    ),
    (&[264], row(Misconfigured, NO, NO, "Not sent: the user has not subscribed.", "未下发：用户未订阅。")),
    (
        &[265, 268, 269],
        row(
            Misconfigured,
            None,
            None,
            "The live view is blocked, has no status, or was created twice.",
            "实况窗被屏蔽、缺少状态或重复创建。",
        ),
    ),
];
