//! What a client asks: the user's block list.
//! Shapes and limits only; nothing is decided here.

use crate::{
    Code, Refusal, UserId,
    client::UserProfile,
    group::{UserError, number_enum},
    limits,
};
use serde::{Deserialize, Serialize};

/// Parameters of `block.add` and `block.remove`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockUsers {
    /// 1..=20 users.
    #[serde(rename = "userIDs")]
    pub user_ids: Vec<UserId>,
}

impl BlockUsers {
    /// Checks the number of users.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.user_ids.len() {
            0 => Err(Refusal::parameter("userIDs must name 1 to 20 users")),
            1..=limits::BLOCK_USERS_PER_REQUEST_MAX => Ok(()),
            _ => Err(Code::BLOCK_TOO_MANY.into()),
        }
    }
}

/// Result of `block.add` and `block.remove`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockResult {
    /// Those that could not be handled, and why; the others were.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `block.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockList {
    /// 1..=100.
    pub count: u32,
    /// What the page before gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// Result of `block.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockPage {
    /// By userID.
    pub user_list: Vec<UserProfile>,
    /// Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// Parameters of `block.check`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockCheck {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: UserId,
}

/// Result of `block.check`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockChecked {
    /// Whether the user is on the own block list.
    pub is_user_in_blacklist: bool,
}

/// ZIMBlacklistChangeAction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BlockAction {
    /// 0: put on the list.
    Added = 0,
    /// 1: taken off.
    Removed = 1,
}

number_enum!(BlockAction { Added = 0, Removed = 1 });
