//! Call invitations: modes, states, and what is shown of them.

use crate::{CallId, UserId, group::number_enum};
use serde::{Deserialize, Serialize};

/// ZIMCallInvitationMode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallMode {
    /// 0: ends by itself once everybody has answered.
    General = 0,
    /// 1: lives until it is ended.
    Advanced = 1,
}
number_enum!(CallMode { General = 0, Advanced = 1 });

/// ZIMCallState.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CallState {
    /// 1.
    Started = 1,
    /// 2.
    Ended = 2,
}
number_enum!(CallState { Started = 1, Ended = 2 });

/// ZIMCallUserState.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CallUserState {
    /// 0: invited, nothing known yet.
    Inviting = 0,
    /// 1.
    Accepted = 1,
    /// 2.
    Rejected = 2,
    /// 3: the inviter cancelled.
    Cancelled = 3,
    /// 5: the invitation reached a device.
    Received = 5,
    /// 6: did not answer in time.
    Timeout = 6,
    /// 7: left the call.
    Quit = 7,
    /// 8: the call ended.
    Ended = 8,
    /// 9: no device has received it yet.
    NotYetReceived = 9,
    /// 10: cancelled, as the invitee sees it.
    BeCancelled = 10,
}
number_enum!(CallUserState {
    Inviting = 0,
    Accepted = 1,
    Rejected = 2,
    Cancelled = 3,
    Received = 5,
    Timeout = 6,
    Quit = 7,
    Ended = 8,
    NotYetReceived = 9,
    BeCancelled = 10,
});

impl CallUserState {
    /// Whether it rings for the user.
    pub fn rings(self) -> bool {
        matches!(self, Self::Inviting | Self::Received | Self::NotYetReceived)
    }
}

/// One user of a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallUser {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// State now.
    pub state: CallUserState,
    /// What the user sent with the action that led to this state.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
}

/// A call as `call.list` shows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
    /// Who started it.
    pub caller: UserId,
    /// Who invited the user that asks; the caller itself for the caller.
    pub inviter: UserId,
    /// What the caller sent along, ≤ 2 KB.
    pub extended_data: String,
    /// Started 1, Ended 2.
    pub state: CallState,
    /// Ring time in seconds.
    pub timeout: u32,
    /// Unix time in ms.
    pub create_time: u64,
    /// Unix time in ms, 0 while it lives.
    pub end_time: u64,
    /// Everybody in it, the caller first.
    pub call_user_list: Vec<CallUser>,
}
