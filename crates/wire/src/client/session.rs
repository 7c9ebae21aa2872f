//! What a client asks: login, signs of life, app state, and who users are.
//! Shapes and limits only; nothing is decided here.

use crate::{AppId, Code, DeviceId, Refusal, UserId, client::Cursor, group::UserError, limits};
use serde::{Deserialize, Serialize};

/// Parameters of `session.login`. Exactly one of `appSign` and `token` is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The app.
    #[serde(rename = "appID")]
    pub app_id: AppId,
    /// 64 hex digits; native apps and HarmonyOS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// token04; web and all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who logs in; registered at the first login.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// Absent keeps the name of last time; ≤ 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Stable name of this installation.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// ZIMPlatformType: 1 Windows … 6 web, 10 OHOS, 32 unknown.
    pub platform: u8,
    /// Version of the SDK, for traces; ≤ 32 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sdk_version: String,
    /// Where the app is now.
    #[serde(default)]
    pub state: AppPhase,
    /// Session of a connection that broke; the server then takes this one for its continuation.
    #[serde(rename = "resumeSessionID", default, skip_serializing_if = "Option::is_none")]
    pub resume_session_id: Option<String>,
    /// How far this device has come, ≤ 200 conversations; the server takes the greater of this and its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cursors: Vec<Cursor>,
}

impl std::fmt::Debug for Login {
    /// Without AppSign and token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({:?} {:?} {:?})", self.app_id, self.user_id, self.device_id)
    }
}

impl Login {
    /// Checks lengths and counts; credentials are the server's to verify.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.app_sign.is_some() == self.token.is_some() {
            return Err(Refusal::new(
                Code::LOGIN_FAILED,
                "send either appSign or token, not both and not neither",
            ));
        }
        if self.user_name.as_ref().is_some_and(|name| name.len() > limits::USER_NAME_BYTES_MAX) {
            return Err(Refusal::parameter("userName has at most 256 bytes"));
        }
        if self.sdk_version.len() > 32 {
            return Err(Refusal::parameter("sdkVersion has at most 32 bytes"));
        }
        if self.cursors.len() > limits::LOGIN_CURSORS_MAX {
            return Err(Refusal::parameter("cursors holds at most 200 conversations; send the newest"));
        }
        if !is_platform(self.platform) {
            return Err(Refusal::parameter("platform must be 1 to 7, 9, 10 or 32"));
        }
        Ok(())
    }
}

/// Result of `session.login`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginResult {
    /// Name of this session; send it as `resumeSessionID` when the connection breaks.
    #[serde(rename = "sessionID")]
    pub session_id: String,
    /// Whether the session named in `resumeSessionID` was continued.
    pub resumed: bool,
    /// Name of the user now.
    pub user_name: String,
    /// Avatar of the user now.
    pub user_avatar_url: String,
    /// Unix time of the server in ms.
    pub server_time: u64,
    /// Send `session.heartbeat` this often, in ms.
    pub heartbeat_interval: u64,
    /// The server ends the session after this much silence, in ms.
    pub heartbeat_timeout: u64,
    /// Total unread count at this moment.
    pub total_unread_message_count: u64,
    /// Whether a PushID of this device is bound to the user now.
    pub push_bound: bool,
}

/// Where the app is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppPhase {
    /// The user sees it.
    #[default]
    Foreground,
    /// The user does not; it may freeze at any time.
    Background,
}

/// Parameters of `app.state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppState {
    /// "foreground" or "background".
    pub state: AppPhase,
}

/// Parameters of `session.renewToken`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewToken {
    /// token04.
    pub token: String,
}

impl std::fmt::Debug for RenewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RenewToken(…)")
    }
}

/// Parameters of `user.query`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserQuery {
    /// 1..=10 users.
    #[serde(rename = "userIDs")]
    pub user_ids: Vec<UserId>,
}

/// Result of `user.query`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserQueryResult {
    /// Those that exist.
    pub user_list: Vec<UserProfile>,
    /// Those that do not.
    pub error_user_list: Vec<UserError>,
}

/// What a user shows of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserProfile {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// ≤ 256 bytes.
    pub user_name: String,
    /// ≤ 500 bytes.
    #[serde(default)]
    pub user_avatar_url: String,
}

/// Result of `user.self`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserSelf {
    /// Name and avatar.
    pub user_info: UserProfile,
    /// ZIMUserOfflinePushRule.
    pub offline_push_rule: PushRule,
}

/// ZIMUserOfflinePushRule: while the user is online on a platform of the first list, platforms of the second get
/// no push. Both empty: no rule. Parameters and result of `user.setPushRule`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushRule {
    /// ZIMPlatformType, each once.
    pub online_platforms: Vec<u8>,
    /// ZIMPlatformType, each once.
    pub not_to_receive_offline_push_platforms: Vec<u8>,
}

impl PushRule {
    /// Whether it never changes anything.
    pub fn is_idle(&self) -> bool {
        self.online_platforms.is_empty() || self.not_to_receive_offline_push_platforms.is_empty()
    }

    /// Checks the platforms.
    pub fn check(&self) -> Result<(), Refusal> {
        for list in [&self.online_platforms, &self.not_to_receive_offline_push_platforms] {
            if list.iter().any(|platform| !is_platform(*platform)) {
                return Err(Refusal::parameter("a platform must be 1 to 7, 9, 10 or 32"));
            }
            if (1..list.len()).any(|place| list[..place].contains(&list[place])) {
                return Err(Refusal::parameter("a platform is named once in a list"));
            }
        }
        Ok(())
    }
}

/// Parameters of `user.setBadge`: the number on the app's icon, on the user's own phones that are offline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetBadge {
    /// 0..=100000; what a vendor cannot show is cut to its bound (HarmonyOS: 99).
    pub badge: u32,
}

impl SetBadge {
    /// Checks the range.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.badge <= limits::BADGE_MAX {
            true => Ok(()),
            false => Err(Refusal::parameter("badge must be 0 to 100000")),
        }
    }
}

fn is_platform(platform: u8) -> bool {
    matches!(platform, 1..=7 | 9 | 10 | 32)
}
