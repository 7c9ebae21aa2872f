//! What is known without asking the file: conversations, their tails, their members' counters and cursors.
//!
//! The book shows the committed state only. The writer alone changes it, after a commit; readers share it.
//! Rebuilt at start (`load`).

use super::{
    change::{Change, MemberRow},
    recent::Recent,
    shards::{Blocks, Shards},
    tail::{Counted, Tail},
};
use crate::store::{ConversationNo, GroupRecord, MemberRecord, Membership, Revoked};
use hongyan_wire::{
    AppId, ConversationKey, GroupId, MessageId, Seq, UserId,
    conversation::NotificationStatus,
    group::{GroupProfile, Role},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Two users of an app, the lesser first.
pub(super) type Pair = (AppId, UserId, UserId);

pub(super) fn pair(app: AppId, a: &UserId, b: &UserId) -> Pair {
    let (one, two) = if a < b { (a, b) } else { (b, a) };
    (app, one.clone(), two.clone())
}

#[derive(Debug)]
pub(super) struct Conversation {
    pub app: AppId,
    pub tail: Tail,
    pub party: Party,
    /// The tail is newer than its saved row.
    pub unsaved: bool,
    /// Messages that were taken back, by seq: they do not count as unread any more.
    pub revoked: Vec<Gone>,
}

/// A message that was taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Gone {
    pub seq: Seq,
    pub message: u64,
    pub sender: UserId,
    /// It raised unread counts.
    pub counts: bool,
    /// Unix time in ms of the revocation.
    pub at: u64,
}

/// Who is in a conversation.
#[derive(Debug)]
pub(super) enum Party {
    Peer(Box<[Member; 2]>),
    Group(Box<Group>),
}

#[derive(Debug)]
pub(super) struct Group {
    pub id: GroupId,
    pub profile: GroupProfile,
    pub created_at: u64,
    pub dismissed: bool,
    /// Everybody who is or was in it.
    pub members: HashMap<UserId, Member>,
    /// Who is in it now, by joining. Shared with every message on its way.
    pub present: Arc<[UserId]>,
}

/// One member's place: the stored row, and what follows from newer rows.
#[derive(Debug)]
pub(super) struct Member {
    pub row: MemberRow,
    /// Own messages that count.
    pub own: u64,
    /// `own` is newer than its saved column.
    pub own_unsaved: bool,
    /// Moves between commits, when a device acknowledges.
    received: AtomicU64,
}

impl Member {
    pub fn new(row: MemberRow, own: u64) -> Self {
        let received = AtomicU64::new(row.visible_from);
        Self { row, own, own_unsaved: false, received }
    }

    pub fn receive(&self, seq: Seq) {
        self.received.fetch_max(seq, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Book {
    conversations: Blocks<Conversation>,
    peers: Shards<Pair, u64>,
    groups: Shards<(AppId, GroupId), u64>,
    of_user: Shards<(AppId, UserId), Vec<u64>>,
    /// Block lists of those who have one.
    blocks: HashMap<(AppId, UserId), HashSet<UserId>>,
    pub recent: Recent,
    /// Greatest time of a stored message, Unix time in ms.
    pub last_at: u64,
    /// Greatest stored message ID.
    pub last_id: u64,
}

impl Book {
    pub fn new(recent_bytes_max: usize) -> Self {
        Self {
            conversations: Blocks::default(),
            peers: Shards::default(),
            groups: Shards::default(),
            of_user: Shards::default(),
            blocks: HashMap::new(),
            recent: Recent::new(recent_bytes_max),
            last_at: 0,
            last_id: 0,
        }
    }

    pub fn conversation(&self, no: u64) -> Option<&Conversation> {
        self.conversations.get(usize::try_from(no).ok()?.checked_sub(1)?)
    }

    pub fn conversation_mut(&mut self, no: u64) -> Option<&mut Conversation> {
        self.conversations.get_mut(usize::try_from(no).ok()?.checked_sub(1)?)
    }

    pub fn conversations_len(&self) -> u64 {
        self.conversations.len() as u64
    }

    pub fn users_len(&self) -> usize {
        self.of_user.len()
    }

    pub fn peer(&self, pair: &Pair) -> Option<u64> {
        self.peers.get(pair).copied()
    }

    pub fn group_no(&self, app: AppId, id: &GroupId) -> Option<u64> {
        self.groups.get(&(app, id.clone())).copied()
    }

    /// A living group.
    pub fn group(&self, app: AppId, id: &GroupId) -> Option<(u64, &Group)> {
        let no = self.group_no(app, id)?;
        match &self.conversation(no)?.party {
            Party::Group(group) if !group.dismissed => Some((no, group)),
            _ => None,
        }
    }

    /// Number of the conversation that this user calls `key`.
    pub fn find(&self, app: AppId, user: &UserId, key: &ConversationKey) -> Option<u64> {
        let no = match key {
            ConversationKey::Peer(other) => self.peer(&pair(app, user, other))?,
            ConversationKey::Group(id) => self.group_no(app, id)?,
        };
        self.conversation(no)?.member(user).map(|_| no)
    }

    pub fn numbers_of(&self, app: AppId, user: &UserId) -> &[u64] {
        self.of_user.get(&(app, user.clone())).map_or(&[], Vec::as_slice)
    }

    pub fn membership(&self, no: u64, user: &UserId) -> Option<Membership> {
        self.conversation(no)?.membership(no, user)
    }

    /// The one allocation of a user's name that everything else shares.
    fn shared(&self, app: AppId, user: &UserId) -> UserId {
        let known = self.of_user.get_key_value(&(app, user.clone()));
        known.map_or_else(|| user.clone(), |((_, user), _)| user.clone())
    }

    /// Puts a conversation into a member's list.
    fn enter(&mut self, no: u64, app: AppId, member: &mut Member) {
        member.row.user = self.shared(app, &member.row.user);
        let numbers = self.of_user.get_or_default((app, member.row.user.clone()));
        // In order, also for who joins an old group: a restart must not change it.
        let place = numbers.partition_point(|other| *other < no);
        numbers.insert(place, no);
    }

    /// Adds a conversation; its number is the next one.
    pub fn open(&mut self, no: u64, app: AppId, mut party: Party) {
        debug_assert_eq!(no, self.conversations_len() + 1);
        match &mut party {
            Party::Peer(members) => {
                members.iter_mut().for_each(|member| self.enter(no, app, member));
                self.peers.insert(pair(app, &members[0].row.user, &members[1].row.user), no);
            }
            Party::Group(group) => {
                let members = std::mem::take(&mut group.members);
                for mut member in members.into_values() {
                    self.enter(no, app, &mut member);
                    group.members.insert(member.row.user.clone(), member);
                }
                self.groups.insert((app, group.id.clone()), no);
            }
        }
        self.conversations.push(Conversation {
            app,
            tail: Tail::default(),
            party,
            unsaved: false,
            revoked: Vec::new(),
        });
    }

    /// Takes over what a commit made durable. `true` when a conversation that was saved is not any more.
    pub fn apply(&mut self, change: &Change) -> bool {
        match change {
            Change::Peer { no, app, members } => {
                let members = Box::new(members.clone().map(|row| Member::new(row, 0)));
                self.open(*no, *app, Party::Peer(members));
            }
            Change::Group { no, app, id, profile, created_at } => {
                let group = Group {
                    id: id.clone(),
                    profile: profile.clone(),
                    created_at: *created_at,
                    dismissed: false,
                    members: HashMap::new(),
                    present: Arc::from([]),
                };
                self.open(*no, *app, Party::Group(Box::new(group)));
            }
            Change::Members { no, rows, present, dismissed } => {
                self.change_members(*no, rows, present, *dismissed);
            }
            Change::Member { no, row } => self.put_member(*no, row),
            Change::Revoke { revoked } => self.revoke(revoked),
            Change::Block { app, user, other, blocked } => self.block(*app, user, other, *blocked),
            // Not the book's: `bound` forgets it.
            Change::Bound { .. } => {}
            Change::Append { appended, prev, .. } => {
                self.recent.push(appended.message.clone(), *prev);
                return self.grow(&Counted::of(&appended.message));
            }
        }
        false
    }

    fn revoke(&mut self, revoked: &Revoked) {
        let message = &revoked.message;
        self.recent.replace(message);
        let gone = Gone {
            seq: message.seq,
            message: message.id.0,
            sender: message.sender.clone(),
            counts: !message.disable_unread,
            at: revoked.at,
        };
        self.note_gone(message.conversation.0, gone);
    }

    /// Keeps that a message was taken back.
    pub fn note_gone(&mut self, no: u64, gone: Gone) {
        let Some(conversation) = self.conversation_mut(no) else { return };
        let place = conversation.revoked.partition_point(|other| other.seq < gone.seq);
        if conversation.revoked.get(place).is_none_or(|other| other.seq != gone.seq) {
            conversation.revoked.insert(place, gone);
        }
    }

    /// Puts a user on another's block list, or takes it off.
    pub fn block(&mut self, app: AppId, user: &UserId, other: &UserId, blocked: bool) {
        let key = (app, user.clone());
        if blocked {
            self.blocks.entry(key).or_default().insert(other.clone());
        } else if let Some(list) = self.blocks.get_mut(&key) {
            list.remove(other);
            if list.is_empty() {
                self.blocks.remove(&key);
            }
        }
    }

    pub fn is_blocked(&self, app: AppId, user: &UserId, other: &UserId) -> bool {
        // Most servers have few lists: no name is copied for a look when there are none.
        !self.blocks.is_empty()
            && self.blocks.get(&(app, user.clone())).is_some_and(|list| list.contains(other))
    }

    fn change_members(&mut self, no: u64, rows: &[MemberRow], present: &Arc<[UserId]>, dismissed: bool) {
        for row in rows {
            self.put_member(no, row);
        }
        if let Some(Conversation { party: Party::Group(group), .. }) = self.conversation_mut(no) {
            group.present = present.clone();
            group.dismissed = dismissed;
        }
    }

    /// Sets or adds one member's row; counters of its own stay.
    pub fn put_member(&mut self, no: u64, row: &MemberRow) {
        let Some(conversation) = self.conversation_mut(no) else { return };
        if let Some(member) = conversation.member_mut(row.user.as_str()) {
            member.receive(row.visible_from);
            let user = member.row.user.clone();
            member.row = MemberRow { user, ..row.clone() };
            return;
        }
        let app = conversation.app;
        let mut member = Member::new(row.clone(), 0);
        self.enter(no, app, &mut member);
        if let Some(Conversation { party: Party::Group(group), .. }) = self.conversation_mut(no) {
            group.members.insert(member.row.user.clone(), member);
        }
    }

    /// Counts one more message. `true` when the conversation was saved until now.
    pub fn grow(&mut self, one: &Counted<'_>) -> bool {
        self.last_id = self.last_id.max(one.id);
        self.last_at = self.last_at.max(one.at);
        self.conversation_mut(one.conversation).is_some_and(|conversation| conversation.grow(one))
    }
}

impl Conversation {
    /// Counts one more message. `true` when the conversation was saved until now.
    pub fn grow(&mut self, one: &Counted<'_>) -> bool {
        self.tail = self.tail.after(one);
        if one.counts
            && let Some(member) = self.member_mut(one.sender)
        {
            member.own += 1;
            member.own_unsaved = true;
        }
        !std::mem::replace(&mut self.unsaved, true)
    }

    pub fn member(&self, user: &UserId) -> Option<&Member> {
        match &self.party {
            Party::Peer(members) => members.iter().find(|member| member.row.user == *user),
            Party::Group(group) => group.members.get(user),
        }
    }

    /// The same for a name that was not checked.
    pub fn member_by_name(&self, user: &str) -> Option<&Member> {
        match &self.party {
            Party::Peer(members) => members.iter().find(|member| member.row.user.as_str() == user),
            Party::Group(group) => group.members.get(user),
        }
    }

    fn member_mut(&mut self, user: &str) -> Option<&mut Member> {
        match &mut self.party {
            Party::Peer(members) => members.iter_mut().find(|member| member.row.user.as_str() == user),
            Party::Group(group) => group.members.get_mut(user),
        }
    }

    pub fn members_mut(&mut self) -> Box<dyn Iterator<Item = &mut Member> + '_> {
        match &mut self.party {
            Party::Peer(members) => Box::new(members.iter_mut()),
            Party::Group(group) => Box::new(group.members.values_mut()),
        }
    }

    pub fn members(&self) -> Box<dyn Iterator<Item = &Member> + '_> {
        match &self.party {
            Party::Peer(members) => Box::new(members.iter()),
            Party::Group(group) => Box::new(group.members.values()),
        }
    }

    /// The conversation as this member names it.
    fn key_for(&self, user: &UserId) -> ConversationKey {
        match &self.party {
            Party::Peer(members) => {
                let other = members.iter().find(|member| member.row.user != *user).unwrap_or(&members[0]);
                ConversationKey::Peer(other.row.user.clone())
            }
            Party::Group(group) => ConversationKey::Group(group.id.clone()),
        }
    }

    /// Of what a member has not read, how much was taken back by its senders.
    pub fn gone_unread(&self, row: &MemberRow, tail: &Tail) -> u64 {
        let from = self.revoked.partition_point(|gone| gone.seq <= row.read.seq);
        let unread = self.revoked[from..].iter().take_while(|gone| gone.seq <= tail.seq);
        unread.filter(|gone| gone.counts && gone.sender != row.user).count() as u64
    }

    fn membership(&self, no: u64, user: &UserId) -> Option<Membership> {
        let Member { row, own, received, .. } = self.member(user)?;
        let dismissed = matches!(&self.party, Party::Group(group) if group.dismissed);
        // Whoever went sees nothing that came later.
        let tail = row.left.unwrap_or(self.tail);
        let visible = tail.seq > row.visible_from;
        Some(Membership {
            conversation: ConversationNo(no),
            key: self.key_for(user),
            last_seq: tail.seq,
            last_message: visible.then_some(MessageId(tail.last)),
            order_key: if visible { tail.at } else { row.joined_at },
            visible_from: row.visible_from,
            read_seq: row.read.seq,
            received_seq: received.load(Ordering::Relaxed),
            unread: row.unread(&tail, *own).saturating_sub(self.gone_unread(row, &tail)),
            notification: row.notification,
            disabled: dismissed || row.left.is_some(),
        })
    }
}

impl Group {
    pub fn record(&self, no: u64) -> GroupRecord {
        GroupRecord {
            profile: self.profile.clone(),
            conversation: ConversationNo(no),
            created_at: self.created_at,
            members: self.present.clone(),
        }
    }

    /// Who is in it: owner, admins, members by joining.
    pub fn ranked(&self) -> Vec<MemberRecord> {
        let mut rows: Vec<&MemberRow> =
            self.members.values().map(|member| &member.row).filter(|row| row.left.is_none()).collect();
        rows.sort_by_key(|row| (row.role, row.place));
        rows.into_iter().map(MemberRow::record).collect()
    }

    /// Who was in it when the message at this place came, by joining. Whoever went and came back since is
    /// left out of what was before the return.
    pub fn present_at(&self, seq: Seq) -> Arc<[UserId]> {
        let rows = self.members.values().map(|member| &member.row);
        let mut rows: Vec<&MemberRow> = rows.filter(|row| row.saw(seq)).collect();
        rows.sort_by_key(|row| row.place);
        rows.into_iter().map(|row| row.user.clone()).collect()
    }

    pub fn has(&self, user: &UserId) -> bool {
        self.members.get(user).is_some_and(|member| member.row.left.is_none())
    }
}

/// How far a member has read, with the counts at that place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Read {
    pub seq: Seq,
    pub total: u64,
    pub own: u64,
}

/// Whether a member wants notices, as it is stored.
pub(super) fn notification_of(number: i64) -> NotificationStatus {
    match number {
        2 => NotificationStatus::DoNotDisturb,
        _ => NotificationStatus::Notify,
    }
}

/// A role as it is stored.
pub(super) fn role_of(number: i64) -> Role {
    match number {
        1 => Role::Owner,
        2 => Role::Admin,
        _ => Role::Member,
    }
}
