//! What a client asks: call invitations.
//! Shapes and limits only; nothing is decided here.

use crate::{
    CallId, Code, Refusal, UserId,
    call::{Call, CallMode, CallUser},
    group::UserError,
    limits,
    message::PushConfig,
};
use serde::{Deserialize, Serialize};

/// Parameters of `call.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallInvite {
    /// Users, not the caller; how many the app sets (9).
    pub invitees: Vec<UserId>,
    /// Seconds it rings, 1..=600; 0 or absent means 90.
    #[serde(default)]
    pub timeout: u32,
    /// General 0, Advanced 1.
    #[serde(default = "general")]
    pub mode: CallMode,
    /// Whoever has not received the invitation after some seconds becomes NotYetReceived (9).
    #[serde(default, skip_serializing_if = "is_off")]
    pub enable_not_received_check: bool,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
    /// Push to those who are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

fn general() -> CallMode {
    CallMode::General
}

fn is_off(switch: &bool) -> bool {
    !switch
}

impl CallInvite {
    /// Checks all limits; gives the ring time in seconds.
    pub fn check(&self) -> Result<u32, Refusal> {
        check_invitees(&self.invitees)?;
        check_extended(&self.extended_data)?;
        if let Some(push) = &self.push_config {
            push.check()?;
        }
        match self.timeout {
            0 => Ok(limits::CALL_TIMEOUT_S_DEFAULT),
            s if s <= limits::CALL_TIMEOUT_S_MAX => Ok(s),
            _ => Err(Refusal::parameter("timeout must be 1 to 600 seconds")),
        }
    }
}

fn check_invitees(invitees: &[UserId]) -> Result<(), Refusal> {
    if invitees.is_empty() {
        return Err(Refusal::parameter("invitees must name at least one user"));
    }
    match invitees.len() <= limits::CALL_INVITEES_MOST {
        true => Ok(()),
        false => Err(Refusal::new(Code::CALL_LIMIT, "no call invites more than 99 users at once")),
    }
}

fn check_extended(text: &str) -> Result<(), Refusal> {
    if text.len() > limits::CALL_EXTENDED_BYTES_MAX {
        return Err(Refusal::parameter("extendedData of a call action has at most 2048 bytes"));
    }
    Ok(())
}

/// Result of `call.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallInviteResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Seconds it rings.
    pub timeout: u32,
    /// Users that could not be invited.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `call.cancel`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallCancel {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Advanced mode: only these are cancelled; nobody named: all. General mode: all, whoever is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitees: Vec<UserId>,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
    /// Push the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

impl CallCancel {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_extended(&self.extended_data)?;
        self.push_config.as_ref().map_or(Ok(()), PushConfig::check)
    }
}

/// Result of `call.cancel`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCancelResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Invitees that were not cancelled.
    pub error_invitees: Vec<UserId>,
}

/// Parameters of `call.callingInvite`: further people for a call of advanced mode.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallingInvite {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Users; how many the app sets.
    pub invitees: Vec<UserId>,
    /// Push to those who are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

impl CallingInvite {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_invitees(&self.invitees)?;
        self.push_config.as_ref().map_or(Ok(()), PushConfig::check)
    }
}

/// Result of `call.callingInvite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallingInviteResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Users that could not be invited.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `call.quit` and `call.end`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallLeave {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
    /// Push it to those who are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

impl CallLeave {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_extended(&self.extended_data)?;
        self.push_config.as_ref().map_or(Ok(()), PushConfig::check)
    }
}

/// Result of `call.quit`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallQuitResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Unix time in ms.
    pub create_time: u64,
    /// Unix time in ms at which this user came in.
    pub accept_time: u64,
    /// Unix time in ms.
    pub quit_time: u64,
}

/// Result of `call.end`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallEndResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Unix time in ms.
    pub create_time: u64,
    /// Unix time in ms at which this user came in.
    pub accept_time: u64,
    /// Unix time in ms.
    pub end_time: u64,
}

/// Result of `call.join`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallJoinResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Unix time in ms.
    pub create_time: u64,
    /// Unix time in ms at which this user came in.
    pub join_time: u64,
    /// What the caller sent along.
    pub extended_data: String,
    /// Everybody, the caller first.
    pub call_user_list: Vec<CallUser>,
}

/// Parameters of `call.accept`, `call.reject` and `call.join`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallAnswer {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
}

impl CallAnswer {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_extended(&self.extended_data)
    }
}

/// Names one call. Parameters of `call.ack`, result of `call.accept` and `call.reject`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRef {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
}

/// Parameters of `call.list`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallList {
    /// 1..=100.
    pub count: u32,
    /// Calls older than this one; absent for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CallId>,
}

/// Result of `call.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallPage {
    /// Newest first.
    pub call_list: Vec<Call>,
    /// For the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<CallId>,
}
