//! What a client asks: registering a vendor's push token, and taking it back.
//! Shapes and limits only; nothing is decided here.

use crate::{AppId, CallId, Code, DeviceId, MessageId, PushId, Refusal, limits};
use serde::{Deserialize, Serialize};

/// Parameters of `push.register`. Before login the app proves itself with `appID` and `appSign`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushRegister {
    /// Before login only.
    #[serde(rename = "appID", default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// Before login only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// Same as in login.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// "harmony" so far.
    pub vendor: String,
    /// What the vendor's SDK gave, ≤ 1024 bytes.
    pub token: String,
    /// Which of the app's two credential sets: 1 or 2.
    #[serde(default = "one")]
    pub app_type: u8,
    /// BCP 47 language of the device, ≤ 35 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locale: String,
}

fn one() -> u8 {
    1
}

impl std::fmt::Debug for PushRegister {
    /// Without token and AppSign.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushRegister({} {:?})", self.vendor, self.device_id)
    }
}

impl PushRegister {
    /// Checks lengths and ranges; whether the vendor exists is the server's to say.
    pub fn check(&self) -> Result<(), Refusal> {
        let fault = |text: &'static str| Err(Refusal::new(Code::PUSH_REGISTER_FAILED, text));
        if self.token.is_empty() || self.token.len() > limits::VENDOR_TOKEN_BYTES_MAX {
            return fault("token must have 1 to 1024 bytes");
        }
        if self.token.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return fault("token must not hold blanks or control characters");
        }
        if !(1..=2).contains(&self.app_type) {
            return fault("appType must be 1 or 2");
        }
        if self.locale.len() > 35 {
            return fault("locale has at most 35 bytes");
        }
        Ok(())
    }
}

/// Result of `push.register`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PushRegistered {
    /// The PushID: the same one for the same device and token.
    #[serde(rename = "pushID")]
    pub push_id: PushId,
}

/// Parameters of `push.unregister`. Before login the app proves itself with `appID` and `appSign`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushUnregister {
    /// Before login only.
    #[serde(rename = "appID", default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// Before login only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// Same as in login.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// One PushID of the device; absent for all of them.
    #[serde(rename = "pushID", default, skip_serializing_if = "Option::is_none")]
    pub push_id: Option<PushId>,
}

impl std::fmt::Debug for PushUnregister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushUnregister({:?} {:?})", self.device_id, self.push_id)
    }
}

/// Parameters of `push.clicked`: the user tapped a notice of this message or call on this device.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushClicked {
    /// The message; either this or `callID`.
    #[serde(rename = "messageID", default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The call.
    #[serde(rename = "callID", default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<CallId>,
}

impl PushClicked {
    /// Exactly one of the two is named.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.message_id.is_some() != self.call_id.is_some() {
            true => Ok(()),
            false => Err(Refusal::parameter("give either messageID or callID")),
        }
    }
}
