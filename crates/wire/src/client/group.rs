//! What a client asks: groups and their members.
//! Shapes and limits only; nothing is decided here.

use crate::{
    GroupId, UserId,
    group::{GroupProfile, Member, UserError},
};
use serde::{Deserialize, Serialize};

/// Parameters of `group.create`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupCreate {
    /// The group; an empty groupID lets the server choose.
    pub group_info: GroupProfile,
    /// First members besides the creator, ≤ 100.
    #[serde(rename = "userIDs", default)]
    pub user_ids: Vec<UserId>,
}

/// Result of `group.create`, `group.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupChange {
    /// The group.
    pub group_info: GroupProfile,
    /// Members that were added.
    pub user_list: Vec<Member>,
    /// Users that were not.
    pub error_user_list: Vec<UserError>,
}

/// Names one group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRef {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
}

/// Result of `group.join` and `group.get`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupResult {
    /// The group.
    pub group_info: GroupProfile,
}

/// Parameters of `group.invite` and `group.kick`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupUsers {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
    /// 1..=100 users.
    #[serde(rename = "userIDs")]
    pub user_ids: Vec<UserId>,
}

/// Result of `group.kick`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupKicked {
    /// Those removed.
    #[serde(rename = "kickedUserIDs")]
    pub kicked_user_ids: Vec<UserId>,
    /// Those not.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `group.members`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupMembers {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
    /// 1..=100.
    pub count: u32,
    /// Skip this many (`nextFlag` of the page before; 0 for the first).
    #[serde(default)]
    pub next_flag: u64,
}

/// Result of `group.members`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberPage {
    /// Owner, admins, then members by join time.
    pub user_list: Vec<Member>,
    /// For the next page; 0 on the last.
    pub next_flag: u64,
}

/// Result of `group.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupListResult {
    /// Groups this user is in now.
    pub group_list: Vec<GroupProfile>,
}
