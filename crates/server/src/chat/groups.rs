//! Groups: who may create, join, invite, leave, kick, dismiss, and who is told.

use super::{Actor, Chat, unavailable, users::user_error};
use crate::store::{GroupOutcome, GroupRecord, MemberChange, NewGroup};
use hongyan_wire::{
    Code, ConversationKey, GroupId, Refusal, UserId,
    client::{
        GroupChange, GroupCreate, GroupKicked, GroupListResult, GroupMembers, GroupResult, GroupUsers,
        MemberPage,
    },
    conversation::ConversationEvent,
    group::{GroupEvent, GroupState, MemberEvent, UserError},
    limits,
    server::{GroupMembersChanged, GroupStateChanged, Notification},
};

/// How a change is told: to those it concerns, and to everybody in the group.
struct Story {
    state: GroupState,
    own: GroupEvent,
    members: MemberEvent,
}

const CREATED: Story =
    Story { state: GroupState::Enter, own: GroupEvent::Created, members: MemberEvent::Invited };
const JOINED: Story =
    Story { state: GroupState::Enter, own: GroupEvent::Joined, members: MemberEvent::Joined };
const INVITED: Story =
    Story { state: GroupState::Enter, own: GroupEvent::Invited, members: MemberEvent::Invited };
const LEFT: Story = Story { state: GroupState::Quit, own: GroupEvent::Left, members: MemberEvent::Left };
const KICKED: Story =
    Story { state: GroupState::Quit, own: GroupEvent::KickedOut, members: MemberEvent::KickedOut };

impl Chat {
    /// Creates a group; users who never logged in are reported, not added.
    pub async fn create_group(&self, who: &Actor, asked: GroupCreate) -> Result<GroupChange, Refusal> {
        asked.group_info.check()?;
        if asked.user_ids.len() > limits::GROUP_USERS_PER_REQUEST_MAX {
            return Err(Refusal::parameter("userIDs names at most 100 users"));
        }
        let group = NewGroup {
            app: who.app,
            profile: asked.group_info,
            owner: who.user.clone(),
            members: asked.user_ids,
            now_ms: self.clock.now_ms(),
        };
        let outcome = self.store.create_group(group, who.settings.group_members_max).await;
        let change = done(outcome.map_err(unavailable)?)?;
        self.tell_group(who, &change, &CREATED).await?;
        self.group_change(who, change).await
    }

    /// Joins a group.
    pub async fn join_group(&self, who: &Actor, group: &GroupId) -> Result<GroupResult, Refusal> {
        let users = std::slice::from_ref(&who.user);
        let change = self.add(who, group, users).await?;
        if !change.refused.is_empty() {
            return Err(Code::GROUP_FULL.into());
        }
        if change.changed.is_empty() {
            return Err(Code::ALREADY_IN_GROUP.into());
        }
        self.tell_group(who, &change, &JOINED).await?;
        Ok(GroupResult { group_info: change.group.profile })
    }

    /// Brings users in.
    pub async fn invite_to_group(&self, who: &Actor, asked: GroupUsers) -> Result<GroupChange, Refusal> {
        check_users(&asked.user_ids)?;
        let group = self.store.group(who.app, &asked.group_id).await.map_err(unavailable)?;
        if !group.ok_or(Code::NO_SUCH_GROUP)?.members.contains(&who.user) {
            return Err(Code::NOT_IN_GROUP.into());
        }
        let change = self.add(who, &asked.group_id, &asked.user_ids).await?;
        self.tell_group(who, &change, &INVITED).await?;
        self.group_change(who, change).await
    }

    async fn add(&self, who: &Actor, group: &GroupId, users: &[UserId]) -> Result<MemberChange, Refusal> {
        let most = who.settings.group_members_max;
        let now_ms = self.clock.now_ms();
        let outcome = self.store.add_members(who.app, group, &who.user, users, most, now_ms).await;
        done(outcome.map_err(unavailable)?)
    }

    /// Leaves a group. An owner passes it on; the last one out ends it.
    pub async fn leave_group(&self, who: &Actor, group: &GroupId) -> Result<(), Refusal> {
        let change = self.remove(who, group, std::slice::from_ref(&who.user)).await?;
        self.tell_group(who, &change, &LEFT).await
    }

    /// Removes members of a lower role.
    pub async fn kick_from_group(&self, who: &Actor, asked: GroupUsers) -> Result<GroupKicked, Refusal> {
        check_users(&asked.user_ids)?;
        if asked.user_ids.contains(&who.user) {
            return Err(Refusal::parameter("to go yourself, leave the group"));
        }
        let change = self.remove(who, &asked.group_id, &asked.user_ids).await?;
        self.tell_group(who, &change, &KICKED).await?;
        Ok(GroupKicked {
            kicked_user_ids: change.changed.iter().map(|member| member.user.clone()).collect(),
            error_user_list: errors(&change, Code::NOT_IN_GROUP, Code::GROUP_NO_RIGHT),
        })
    }

    async fn remove(&self, who: &Actor, group: &GroupId, users: &[UserId]) -> Result<MemberChange, Refusal> {
        let now_ms = self.clock.now_ms();
        let outcome = self.store.remove_members(who.app, group, &who.user, users, now_ms).await;
        done(outcome.map_err(unavailable)?)
    }

    /// Ends a group for everybody.
    pub async fn dismiss_group(&self, who: &Actor, group: &GroupId) -> Result<(), Refusal> {
        let outcome = self.store.dismiss_group(who.app, group, &who.user, self.clock.now_ms()).await;
        let change = done(outcome.map_err(unavailable)?)?;
        let key = ConversationKey::Group(group.clone());
        for member in &change.changed {
            self.tell_own_state(who, &member.user, &change.group, GroupState::Quit, GroupEvent::Dismissed);
            self.tell_entry(who.app, &member.user, &key, ConversationEvent::Disabled).await?;
        }
        Ok(())
    }

    /// What a group shows.
    pub async fn group(&self, who: &Actor, group: &GroupId) -> Result<GroupResult, Refusal> {
        let found = self.store.group(who.app, group).await.map_err(unavailable)?;
        Ok(GroupResult { group_info: found.ok_or(Code::NO_SUCH_GROUP)?.profile })
    }

    /// The groups of the user.
    pub async fn groups(&self, who: &Actor) -> Result<GroupListResult, Refusal> {
        let groups = self.store.groups_of(who.app, &who.user).await.map_err(unavailable)?;
        Ok(GroupListResult { group_list: groups.into_iter().map(|group| group.profile).collect() })
    }

    /// A page of the member list; members only.
    pub async fn group_members(&self, who: &Actor, asked: GroupMembers) -> Result<MemberPage, Refusal> {
        if asked.count == 0 || asked.count > limits::MEMBER_PAGE_MAX {
            return Err(Refusal::parameter("count must be 1 to 100"));
        }
        let group = self.store.group(who.app, &asked.group_id).await.map_err(unavailable)?;
        if !group.ok_or(Code::NO_SUCH_GROUP)?.members.contains(&who.user) {
            return Err(Code::NOT_IN_GROUP.into());
        }
        let skip = usize::try_from(asked.next_flag).unwrap_or(usize::MAX);
        let page = self.store.group_members(who.app, &asked.group_id, skip, asked.count as usize);
        let (members, total) = page.await.map_err(unavailable)?.ok_or(Code::NO_SUCH_GROUP)?;
        let shown = skip.saturating_add(members.len());
        let members = members.into_iter().map(|member| (member.user, member.role)).collect();
        Ok(MemberPage {
            user_list: self.named_members(who.app, members).await?,
            next_flag: if shown < total { shown as u64 } else { 0 },
        })
    }

    async fn group_change(&self, who: &Actor, change: MemberChange) -> Result<GroupChange, Refusal> {
        let error_user_list = errors(&change, Code::ALREADY_IN_GROUP, Code::GROUP_FULL);
        let members = change.changed.into_iter().map(|member| (member.user, member.role)).collect();
        Ok(GroupChange {
            group_info: change.group.profile,
            user_list: self.named_members(who.app, members).await?,
            error_user_list,
        })
    }

    /// Tells those concerned about their own state, and the members about the others.
    async fn tell_group(&self, who: &Actor, change: &MemberChange, story: &Story) -> Result<(), Refusal> {
        if change.changed.is_empty() {
            return Ok(());
        }
        let Ok(group_id) = GroupId::new(&change.group.profile.group_id) else { return Ok(()) };
        let key = ConversationKey::Group(group_id.clone());
        let entry_event = match story.state {
            GroupState::Enter => ConversationEvent::Added,
            GroupState::Quit => ConversationEvent::Disabled,
        };
        for member in &change.changed {
            let own = match story.own {
                GroupEvent::Created if member.user != who.user => GroupEvent::Invited,
                event => event,
            };
            self.tell_own_state(who, &member.user, &change.group, story.state, own);
            self.tell_entry(who.app, &member.user, &key, entry_event).await?;
        }
        let members = change.changed.iter().map(|member| (member.user.clone(), member.role)).collect();
        let told = Notification::GroupMembers(GroupMembersChanged {
            group_id,
            state: story.state,
            event: story.members,
            operated_user_id: who.user.clone(),
            user_list: self.named_members(who.app, members).await?,
        });
        for member in change.group.members.iter() {
            self.tell(who.app, member, None, &told);
        }
        Ok(())
    }

    fn tell_own_state(
        &self,
        who: &Actor,
        user: &UserId,
        group: &GroupRecord,
        state: GroupState,
        event: GroupEvent,
    ) {
        let told = Notification::GroupState(GroupStateChanged {
            state,
            event,
            operated_user_id: who.user.clone(),
            group_info: group.profile.clone(),
        });
        self.tell(who.app, user, None, &told);
    }
}

fn check_users(users: &[UserId]) -> Result<(), Refusal> {
    match users.len() {
        1..=limits::GROUP_USERS_PER_REQUEST_MAX => Ok(()),
        _ => Err(Refusal::parameter("userIDs must name 1 to 100 users")),
    }
}

fn errors(change: &MemberChange, unchanged: Code, refused: Code) -> Vec<UserError> {
    let kinds =
        [(&change.unknown, Code::NO_SUCH_USER), (&change.unchanged, unchanged), (&change.refused, refused)];
    let all = kinds.into_iter().flat_map(|(users, code)| users.iter().map(move |user| (user, code)));
    all.map(|(user, code)| user_error(user.as_str(), code)).collect()
}

fn done(outcome: GroupOutcome) -> Result<MemberChange, Refusal> {
    Err(match outcome {
        GroupOutcome::Done(change) => return Ok(*change),
        GroupOutcome::Exists => Code::GROUP_EXISTS,
        GroupOutcome::Used => Code::GROUP_ID_USED,
        GroupOutcome::NoSuchGroup => Code::NO_SUCH_GROUP,
        GroupOutcome::NotMember => Code::NOT_IN_GROUP,
        GroupOutcome::AlreadyMember => Code::ALREADY_IN_GROUP,
        GroupOutcome::Full => Code::GROUP_FULL,
        GroupOutcome::NoRight => Code::GROUP_NO_RIGHT,
    }
    .into())
}
