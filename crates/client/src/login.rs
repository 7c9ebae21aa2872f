//! What a login needs, with the rest filled in.

use crate::draft::random_hex;
use hongyan_wire::{
    AppId, DeviceId, Refusal, UserId,
    client::{AppPhase, Cursor, Login},
};
use std::fmt;

/// ZIMPlatformType of this client: Linux.
const PLATFORM_LINUX: u8 = 5;

/// How a client proves that it belongs to the app.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// 64 hex digits, as native apps hold them.
    AppSign(String),
    /// token04 for this user.
    Token(String),
}

impl fmt::Debug for Credential {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AppSign(_) => "AppSign(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

/// Who logs in, where and how. `Clone` it to log in again on the same device.
#[derive(Clone, Debug)]
pub struct LoginOptions {
    /// The app.
    pub app_id: AppId,
    /// Who.
    pub user_id: UserId,
    /// AppSign or token.
    pub credential: Credential,
    /// A fresh random device unless set.
    pub device_id: DeviceId,
    /// `None` keeps the name the server has.
    pub user_name: Option<String>,
    /// ZIMPlatformType.
    pub platform: u8,
    /// Foreground unless set.
    pub state: AppPhase,
    /// Session to continue.
    pub resume_session_id: Option<String>,
    /// How far this device has come, ≤ 200 conversations.
    pub cursors: Vec<Cursor>,
}

impl LoginOptions {
    /// A login of this user on a fresh device.
    pub fn new(app_id: AppId, user_id: UserId, credential: Credential) -> Self {
        Self {
            app_id,
            user_id,
            credential,
            device_id: random_device_id(),
            user_name: None,
            platform: PLATFORM_LINUX,
            state: AppPhase::Foreground,
            resume_session_id: None,
            cursors: Vec::new(),
        }
    }

    /// A login by AppSign on a fresh device. Refused when the userID breaks its limits.
    pub fn with_app_sign(app_id: AppId, app_sign: &str, user_id: &str) -> Result<Self, Refusal> {
        Ok(Self::new(app_id, UserId::new(user_id)?, Credential::AppSign(app_sign.to_owned())))
    }

    /// A login by token04 on a fresh device. Refused when the userID breaks its limits.
    pub fn with_token(app_id: AppId, token: &str, user_id: &str) -> Result<Self, Refusal> {
        Ok(Self::new(app_id, UserId::new(user_id)?, Credential::Token(token.to_owned())))
    }

    /// On this device.
    pub fn device(mut self, device_id: DeviceId) -> Self {
        self.device_id = device_id;
        self
    }

    /// On this kind of device, a ZIMPlatformType.
    pub fn platform(mut self, platform: u8) -> Self {
        self.platform = platform;
        self
    }

    /// With this userName.
    pub fn name(mut self, user_name: &str) -> Self {
        self.user_name = Some(user_name.to_owned());
        self
    }

    /// With the app in this state.
    pub fn state(mut self, state: AppPhase) -> Self {
        self.state = state;
        self
    }

    /// As the continuation of this session.
    pub fn resume(mut self, session_id: &str) -> Self {
        self.resume_session_id = Some(session_id.to_owned());
        self
    }

    /// With these cursors.
    pub fn cursors(mut self, cursors: Vec<Cursor>) -> Self {
        self.cursors = cursors;
        self
    }

    /// The parameters of `session.login`.
    pub fn params(&self) -> Login {
        let (app_sign, token) = match &self.credential {
            Credential::AppSign(sign) => (Some(sign.clone()), None),
            Credential::Token(token) => (None, Some(token.clone())),
        };
        Login {
            app_id: self.app_id,
            app_sign,
            token,
            user_id: self.user_id.clone(),
            user_name: self.user_name.clone(),
            device_id: self.device_id.clone(),
            platform: self.platform,
            sdk_version: concat!("rust-", env!("CARGO_PKG_VERSION")).to_owned(),
            state: self.state,
            resume_session_id: self.resume_session_id.clone(),
            cursors: self.cursors.clone(),
        }
    }
}

fn random_device_id() -> DeviceId {
    DeviceId::new(&format!("rust-{}", random_hex())).expect("letters, digits and '-' of a legal length")
}
