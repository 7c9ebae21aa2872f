//! Groups and their members. A group is a conversation with a profile and a member list.

use super::{ConversationNo, StoreError};
use hongyan_wire::{
    AppId, GroupId, Seq, UserId,
    group::{GroupProfile, Role},
};
use std::sync::Arc;

/// A group.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupRecord {
    /// What it shows.
    pub profile: GroupProfile,
    /// Its conversation.
    pub conversation: ConversationNo,
    /// Unix time in ms.
    pub created_at: u64,
    /// Members now.
    pub members: Arc<[UserId]>,
}

/// A member.
#[derive(Clone, PartialEq, Debug)]
pub struct MemberRecord {
    /// Who.
    pub user: UserId,
    /// Owner, admin or member.
    pub role: Role,
    /// Unix time in ms.
    pub joined_at: u64,
}

/// What `create_group` needs.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Where.
    pub app: AppId,
    /// Profile; an empty groupID lets the store choose one (`#` and digits).
    pub profile: GroupProfile,
    /// Its owner.
    pub owner: UserId,
    /// First members besides the owner; those who never logged in are left out.
    pub members: Vec<UserId>,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// What became of a change of members.
#[derive(Clone, PartialEq, Debug)]
pub struct MemberChange {
    /// The group afterwards.
    pub group: GroupRecord,
    /// Members added or removed.
    pub changed: Vec<MemberRecord>,
    /// Users that never logged in.
    pub unknown: Vec<UserId>,
    /// Users that were members already (adding) or were not (removing).
    pub unchanged: Vec<UserId>,
    /// Users for whom there was no room (adding) or whose role forbids it (removing).
    pub refused: Vec<UserId>,
    /// New owner, when the old one left.
    pub new_owner: Option<UserId>,
}

/// Answer of the group methods.
#[derive(Clone, PartialEq, Debug)]
pub enum GroupOutcome {
    /// Done.
    Done(Box<MemberChange>),
    /// A group with this ID lives.
    Exists,
    /// This ID belonged to a dismissed group.
    Used,
    /// There is no such group, or it was dismissed.
    NoSuchGroup,
    /// The acting user is not a member.
    NotMember,
    /// The acting user is a member already.
    AlreadyMember,
    /// The group is full.
    Full,
    /// The role of the acting user forbids it.
    NoRight,
}

/// Groups. Each method is one transaction; a second call answers what its outcome names.
#[async_trait::async_trait]
pub trait GroupStore {
    /// Creates a group with its owner and first members.
    async fn create_group(&self, group: NewGroup, members_max: u32) -> Result<GroupOutcome, StoreError>;

    /// Adds users; `by` must be a member, or the added user itself (joining). Messages before are not visible.
    async fn add_members(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        users: &[UserId],
        members_max: u32,
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError>;

    /// Removes users; `by` removes itself (leaving) or, as owner or admin, others of a lower role. An owner who
    /// leaves passes the group to the earliest joined member; the last one to leave dismisses it.
    async fn remove_members(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        users: &[UserId],
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError>;

    /// Dismisses a group; only its owner may. `changed` holds everybody who was in it.
    async fn dismiss_group(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError>;

    /// A living group.
    async fn group(&self, app: AppId, group: &GroupId) -> Result<Option<GroupRecord>, StoreError>;

    /// Members in order: owner, admins, members by joining; `skip` of them left out, up to `count`.
    async fn group_members(
        &self,
        app: AppId,
        group: &GroupId,
        skip: usize,
        count: usize,
    ) -> Result<Option<(Vec<MemberRecord>, usize)>, StoreError>;

    /// Those of `users` who were in a group's conversation when its message `seq` came; the group may have been
    /// dismissed since. From memory.
    fn who_saw(&self, conversation: ConversationNo, seq: Seq, users: &[UserId]) -> Vec<UserId>;

    /// Living groups of a user.
    async fn groups_of(&self, app: AppId, user: &UserId) -> Result<Vec<GroupRecord>, StoreError>;
}
