//! Groups and their members.

use crate::{Code, GroupId, Refusal, UserId, limits};
use serde::{Deserialize, Serialize};

/// Gives an enum its numbers on the wire.
macro_rules! number_enum {
    ($name:ident { $($variant:ident = $number:literal),* $(,)? }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_i64(*self as i64)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                match i64::deserialize(from)? {
                    $($number => Ok(Self::$variant),)*
                    other => Err(serde::de::Error::custom(format!(
                        concat!(stringify!($name), " has no number {}"), other
                    ))),
                }
            }
        }

        impl TryFrom<i64> for $name {
            type Error = i64;
            fn try_from(number: i64) -> Result<Self, i64> {
                match number {
                    $($number => Ok(Self::$variant),)*
                    other => Err(other),
                }
            }
        }
    };
}
pub(crate) use number_enum;

/// What a group shows of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupProfile {
    /// 1..=32 bytes; empty in a request lets the server choose.
    #[serde(rename = "groupID", default)]
    pub group_id: String,
    /// ≤ 50 characters.
    #[serde(default)]
    pub group_name: String,
    /// ≤ 500 bytes.
    #[serde(default)]
    pub group_avatar_url: String,
    /// ≤ 300 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group_notice: String,
}

impl GroupProfile {
    /// Checks lengths, and that a chosen groupID is a legal one of a client's own (not beginning with `#`).
    pub fn check(&self) -> Result<(), Refusal> {
        if !self.group_id.is_empty() {
            GroupId::new(&self.group_id)?;
            if self.group_id.starts_with('#') {
                return Err(Refusal::parameter("a groupID of your own must not begin with #"));
            }
        }
        if self.group_name.chars().count() > limits::GROUP_NAME_CHARS_MAX {
            return Err(Refusal::parameter("groupName has at most 50 characters"));
        }
        if self.group_avatar_url.len() > limits::AVATAR_URL_BYTES_MAX {
            return Err(Refusal::parameter("groupAvatarUrl has at most 500 bytes"));
        }
        if self.group_notice.chars().count() > limits::GROUP_NOTICE_CHARS_MAX {
            return Err(Refusal::parameter("groupNotice has at most 300 characters"));
        }
        Ok(())
    }
}

/// ZIM's role numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// 1.
    Owner = 1,
    /// 2.
    Admin = 2,
    /// 3.
    Member = 3,
}
number_enum!(Role { Owner = 1, Admin = 2, Member = 3 });

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// Name of the user.
    pub user_name: String,
    /// Avatar of the user.
    #[serde(default)]
    pub user_avatar_url: String,
    /// Owner 1, Admin 2, Member 3.
    pub member_role: Role,
}

/// ZIMGroupState.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupState {
    /// 0: out of the group.
    Quit = 0,
    /// 1: in the group.
    Enter = 1,
}
number_enum!(GroupState { Quit = 0, Enter = 1 });

/// ZIMGroupEvent: why a user's own state in a group changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupEvent {
    /// 1.
    Created = 1,
    /// 2.
    Dismissed = 2,
    /// 3.
    Joined = 3,
    /// 4.
    Invited = 4,
    /// 5.
    Left = 5,
    /// 6.
    KickedOut = 6,
}
number_enum!(GroupEvent { Created = 1, Dismissed = 2, Joined = 3, Invited = 4, Left = 5, KickedOut = 6 });

/// ZIMGroupMemberEvent: why the member list changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberEvent {
    /// 1.
    Joined = 1,
    /// 2.
    Left = 2,
    /// 4.
    KickedOut = 4,
    /// 5.
    Invited = 5,
}
number_enum!(MemberEvent { Joined = 1, Left = 2, KickedOut = 4, Invited = 5 });

/// A user that a request over several users could not handle.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct UserError {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: String,
    /// Error number. ZIM publishes no values here; Hongyan answers its codes.
    pub reason: Code,
}
