//! Groups and their members. Reads come from memory; a change is decided in the writer on the stored rows.

use super::{
    SqliteStore,
    change::{Change, MemberRow},
    columns::{self, int, number, text},
    command::Work,
    members,
    trouble::Trouble,
    users,
};
use crate::store::{
    ConversationNo, GroupOutcome, GroupRecord, GroupStore, MemberChange, MemberRecord, NewGroup, StoreError,
};
use hongyan_wire::{
    AppId, GroupId, Seq, UserId,
    group::{GroupProfile, Role},
};
use rand::Rng;
use rusqlite::params;
use std::{collections::HashSet, sync::Arc};

/// Tries for a free groupID of ten digits.
const ID_TRIES_MAX: usize = 100;

/// A living group inside the commit under way.
struct Open {
    no: u64,
    profile: GroupProfile,
    created_at: u64,
    /// Who is or was in it, by joining.
    rows: Vec<MemberRow>,
}

/// What a change of members leaves besides the group.
#[derive(Default)]
struct Tally {
    changed: Vec<MemberRecord>,
    unknown: Vec<UserId>,
    unchanged: Vec<UserId>,
    refused: Vec<UserId>,
    new_owner: Option<UserId>,
}

impl Open {
    fn find(work: &Work<'_, '_>, app: AppId, id: &GroupId) -> Result<Option<Self>, Trouble> {
        let Some(no) = work.draft.group_no(app, id) else { return Ok(None) };
        if work.draft.present(no).is_none() {
            return Ok(None);
        }
        let query =
            "SELECT name, avatar_url, notice, created_at FROM groups JOIN conversations ON no = conversation
             WHERE conversation = ?1";
        let found = columns::first(work.sql, query, [int(no)], |row| {
            let profile = GroupProfile {
                group_id: id.as_str().to_owned(),
                group_name: text(row, 0)?.to_owned(),
                group_avatar_url: text(row, 1)?.to_owned(),
                group_notice: text(row, 2)?.to_owned(),
            };
            Ok((profile, number(row, 3)?))
        })?;
        let missing = || Trouble::Broken(format!("the row of group {no} is missing"));
        let (profile, created_at) = found.ok_or_else(missing)?;
        let rows = members::of(work.sql, no)?;
        Ok(Some(Self { no, profile, created_at, rows }))
    }

    fn member(&self, user: &UserId) -> Option<&MemberRow> {
        self.rows.iter().find(|row| row.user == *user && row.left.is_none())
    }

    fn present(&self) -> Arc<[UserId]> {
        self.rows.iter().filter(|row| row.left.is_none()).map(|row| row.user.clone()).collect()
    }

    /// Puts a row into its place in the order of joining.
    fn put(&mut self, work: &Work<'_, '_>, row: MemberRow) -> Result<(), Trouble> {
        members::put(work.sql, self.no, &row)?;
        self.rows.retain(|other| other.user != row.user);
        let place = self.rows.partition_point(|other| other.place < row.place);
        self.rows.insert(place, row);
        Ok(())
    }

    fn join(&mut self, work: &Work<'_, '_>, user: &UserId, role: Role, now_ms: u64) -> Result<(), Trouble> {
        let place = self.rows.last().map_or(0, |last| last.place) + 1;
        let (tail, own) = (work.draft.tail(self.no), work.draft.own(self.no, user));
        let mut row = MemberRow::joining(user.clone(), place, role, now_ms, tail, own);
        if let Some(before) = self.rows.iter().find(|row| row.user == *user) {
            row.notification = before.notification;
        }
        self.put(work, row)
    }

    fn leave(&mut self, work: &Work<'_, '_>, user: &UserId) -> Result<Option<MemberRecord>, Trouble> {
        let Some(row) = self.member(user).cloned() else { return Ok(None) };
        let record = row.record();
        let left = Some(work.draft.tail(self.no));
        self.put(work, MemberRow { left, role: Role::Member, ..row })?;
        Ok(Some(record))
    }

    fn dismiss(&self, work: &Work<'_, '_>, now_ms: u64) -> Result<(), Trouble> {
        let update = "UPDATE groups SET dismissed_at = ?2 WHERE conversation = ?1";
        columns::run(work.sql, update, [int(self.no), int(now_ms)])?;
        Ok(())
    }

    /// Notes the change for the book, and tells it.
    fn done(self, work: &mut Work<'_, '_>, tally: Tally, dismissed: bool) -> GroupOutcome {
        let touched: HashSet<&UserId> =
            tally.changed.iter().map(|record| &record.user).chain(&tally.new_owner).collect();
        let rows = self.rows.iter().filter(|row| touched.contains(&row.user)).cloned().collect();
        let present = if dismissed { Arc::from([]) } else { self.present() };
        work.changes.push(Change::Members { no: self.no, rows, present: present.clone(), dismissed });
        let group = GroupRecord {
            profile: self.profile,
            conversation: ConversationNo(self.no),
            created_at: self.created_at,
            members: present,
        };
        GroupOutcome::Done(Box::new(MemberChange {
            group,
            changed: tally.changed,
            unknown: tally.unknown,
            unchanged: tally.unchanged,
            refused: tally.refused,
            new_owner: tally.new_owner,
        }))
    }

    /// Lets users in while there is room.
    fn admit(
        &mut self,
        work: &Work<'_, '_>,
        app: AppId,
        users: &[UserId],
        members_max: u32,
        now_ms: u64,
    ) -> Result<Tally, Trouble> {
        let mut tally = Tally::default();
        let mut room = (members_max as usize).saturating_sub(self.present().len());
        let mut seen = HashSet::new();
        for user in users.iter().filter(|user| seen.insert((*user).clone())) {
            if self.member(user).is_some() {
                tally.unchanged.push(user.clone());
            } else if !users::exists(work.sql, app, user)? {
                tally.unknown.push(user.clone());
            } else if room == 0 {
                tally.refused.push(user.clone());
            } else {
                self.join(work, user, Role::Member, now_ms)?;
                tally.changed.extend(self.member(user).map(MemberRow::record));
                room -= 1;
            }
        }
        Ok(tally)
    }

    /// Lets `by` go, and those over whom `by` has a right.
    fn release(
        &mut self,
        work: &Work<'_, '_>,
        by: &UserId,
        role: Role,
        users: &[UserId],
    ) -> Result<Tally, Trouble> {
        let mut tally = Tally::default();
        let mut seen = HashSet::new();
        for user in users.iter().filter(|user| seen.insert((*user).clone())) {
            match self.member(user) {
                None => tally.unchanged.push(user.clone()),
                Some(member) if user != by && role >= member.role => tally.refused.push(user.clone()),
                Some(_) => tally.changed.extend(self.leave(work, user)?),
            }
        }
        let owner_went = tally.changed.iter().any(|record| record.role == Role::Owner);
        let heir = self.rows.iter().find(|row| row.left.is_none()).cloned();
        if let Some(heir) = heir.filter(|_| owner_went) {
            tally.new_owner = Some(heir.user.clone());
            self.put(work, MemberRow { role: Role::Owner, ..heir })?;
        }
        Ok(tally)
    }
}

fn free_id(work: &Work<'_, '_>, app: AppId) -> Result<GroupId, Trouble> {
    for _ in 0..ID_TRIES_MAX {
        let id = GroupId::new(&format!("#{}", rand::rng().random_range(1_000_000_000_u64..10_000_000_000)))?;
        if work.draft.group_no(app, &id).is_none() {
            return Ok(id);
        }
    }
    Err(Trouble::Broken("no free groupID was found".to_owned()))
}

fn create(work: &mut Work<'_, '_>, new: NewGroup, members_max: u32) -> Result<GroupOutcome, Trouble> {
    let id = match new.profile.group_id.as_str() {
        "" => free_id(work, new.app)?,
        chosen => GroupId::new(chosen)?,
    };
    if let Some(no) = work.draft.group_no(new.app, &id) {
        return Ok(if work.draft.present(no).is_some() { GroupOutcome::Exists } else { GroupOutcome::Used });
    }
    let profile = GroupProfile { group_id: id.as_str().to_owned(), ..new.profile };
    let no = work.draft.next_no();
    columns::run(
        work.sql,
        "INSERT INTO conversations (no, app, kind, one, created_at) VALUES (?1, ?2, 2, ?3, ?4)",
        params![int(no), new.app.0, id.as_str(), int(new.now_ms)],
    )?;
    columns::run(
        work.sql,
        "INSERT INTO groups (conversation, name, avatar_url, notice) VALUES (?1, ?2, ?3, ?4)",
        params![int(no), profile.group_name, profile.group_avatar_url, profile.group_notice],
    )?;
    let created_at = new.now_ms;
    work.changes.push(Change::Group { no, app: new.app, id, profile: profile.clone(), created_at });
    let mut group = Open { no, profile, created_at, rows: Vec::new() };
    group.join(work, &new.owner, Role::Owner, created_at)?;
    let others: Vec<UserId> = new.members.into_iter().filter(|user| *user != new.owner).collect();
    let mut tally = group.admit(work, new.app, &others, members_max, created_at)?;
    tally.changed.splice(0..0, group.member(&new.owner).map(MemberRow::record));
    Ok(group.done(work, tally, false))
}

fn add(
    work: &mut Work<'_, '_>,
    (app, id, by): (AppId, &GroupId, &UserId),
    users: &[UserId],
    members_max: u32,
    now_ms: u64,
) -> Result<GroupOutcome, Trouble> {
    let Some(mut group) = Open::find(work, app, id)? else { return Ok(GroupOutcome::NoSuchGroup) };
    let joins_itself = users.len() == 1 && users[0] == *by;
    match group.member(by) {
        Some(_) if joins_itself => return Ok(GroupOutcome::AlreadyMember),
        None if !joins_itself => return Ok(GroupOutcome::NotMember),
        _ => {}
    }
    let tally = group.admit(work, app, users, members_max, now_ms)?;
    if joins_itself && !tally.refused.is_empty() {
        return Ok(GroupOutcome::Full);
    }
    Ok(group.done(work, tally, false))
}

fn remove(
    work: &mut Work<'_, '_>,
    (app, id, by): (AppId, &GroupId, &UserId),
    users: &[UserId],
    now_ms: u64,
) -> Result<GroupOutcome, Trouble> {
    let Some(mut group) = Open::find(work, app, id)? else { return Ok(GroupOutcome::NoSuchGroup) };
    let Some(role) = group.member(by).map(|member| member.role) else { return Ok(GroupOutcome::NotMember) };
    if role == Role::Member && !users.contains(by) {
        return Ok(GroupOutcome::NoRight);
    }
    let tally = group.release(work, by, role, users)?;
    let dismissed = group.present().is_empty();
    if dismissed {
        group.dismiss(work, now_ms)?;
    }
    Ok(group.done(work, tally, dismissed))
}

fn dismiss(
    work: &mut Work<'_, '_>,
    (app, id, by): (AppId, &GroupId, &UserId),
    now_ms: u64,
) -> Result<GroupOutcome, Trouble> {
    let Some(group) = Open::find(work, app, id)? else { return Ok(GroupOutcome::NoSuchGroup) };
    match group.member(by).map(|member| member.role) {
        None => return Ok(GroupOutcome::NotMember),
        Some(Role::Owner) => {}
        Some(_) => return Ok(GroupOutcome::NoRight),
    }
    group.dismiss(work, now_ms)?;
    let everybody = group.rows.iter().filter(|row| row.left.is_none()).map(MemberRow::record);
    let tally = Tally { changed: everybody.collect(), ..Tally::default() };
    Ok(group.done(work, tally, true))
}

#[async_trait::async_trait]
impl GroupStore for SqliteStore {
    async fn create_group(&self, group: NewGroup, members_max: u32) -> Result<GroupOutcome, StoreError> {
        self.queue.run(move |work| create(work, group, members_max)).await
    }

    async fn add_members(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        users: &[UserId],
        members_max: u32,
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError> {
        let (id, by, users) = (group.clone(), by.clone(), users.to_vec());
        self.queue.run(move |work| add(work, (app, &id, &by), &users, members_max, now_ms)).await
    }

    async fn remove_members(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        users: &[UserId],
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError> {
        let (id, by, users) = (group.clone(), by.clone(), users.to_vec());
        self.queue.run(move |work| remove(work, (app, &id, &by), &users, now_ms)).await
    }

    async fn dismiss_group(
        &self,
        app: AppId,
        group: &GroupId,
        by: &UserId,
        now_ms: u64,
    ) -> Result<GroupOutcome, StoreError> {
        let (id, by) = (group.clone(), by.clone());
        self.queue.run(move |work| dismiss(work, (app, &id, &by), now_ms)).await
    }

    async fn group(&self, app: AppId, group: &GroupId) -> Result<Option<GroupRecord>, StoreError> {
        Ok(self.book().group(app, group).map(|(no, group)| group.record(no)))
    }

    async fn group_members(
        &self,
        app: AppId,
        group: &GroupId,
        skip: usize,
        count: usize,
    ) -> Result<Option<(Vec<MemberRecord>, usize)>, StoreError> {
        let book = self.book();
        let Some((_, group)) = book.group(app, group) else { return Ok(None) };
        let all = group.ranked();
        let total = all.len();
        Ok(Some((all.into_iter().skip(skip).take(count).collect(), total)))
    }

    fn who_saw(&self, conversation: ConversationNo, seq: Seq, users: &[UserId]) -> Vec<UserId> {
        let book = self.book();
        let Some(conversation) = book.conversation(conversation.0) else { return Vec::new() };
        let saw = |user: &&UserId| conversation.member(user).is_some_and(|member| member.row.saw(seq));
        users.iter().filter(saw).cloned().collect()
    }

    async fn groups_of(&self, app: AppId, user: &UserId) -> Result<Vec<GroupRecord>, StoreError> {
        let book = self.book();
        let found = book.numbers_of(app, user).iter().filter_map(|no| match &book.conversation(*no)?.party {
            super::book::Party::Group(group) if !group.dismissed && group.has(user) => {
                Some(group.record(*no))
            }
            _ => None,
        });
        Ok(found.collect())
    }
}
