//! What a commit changes in the book, and the draft: the book as it will be when the commit under way
//! succeeds.
//!
//! Commands of one commit see each other through the draft; readers see none of it until it is durable.

use super::{
    book::{Book, Pair, Party, Read},
    tail::{Counted, Tail},
    window::{Known, SendKey},
};
use crate::store::{Appended, MemberRecord, Revoked};
use hongyan_wire::{
    AppId, ConversationKey, GroupId, Seq, UserId,
    conversation::NotificationStatus,
    group::{GroupProfile, Role},
};
use std::{collections::HashMap, sync::Arc};

/// A member as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct MemberRow {
    pub user: UserId,
    /// Rank by joining, from 1 in each conversation.
    pub place: u64,
    pub role: Role,
    pub joined_at: u64,
    pub visible_from: Seq,
    pub read: Read,
    pub notification: NotificationStatus,
    /// The conversation's tail when the member went.
    pub left: Option<Tail>,
}

impl MemberRow {
    /// A member that joins at this tail, with `own` messages of its own before.
    pub fn joining(user: UserId, place: u64, role: Role, now_ms: u64, tail: Tail, own: u64) -> Self {
        Self {
            user,
            place,
            role,
            joined_at: now_ms,
            visible_from: tail.seq,
            read: Read { seq: tail.seq, total: tail.total, own },
            notification: NotificationStatus::Notify,
            left: None,
        }
    }

    pub fn record(&self) -> MemberRecord {
        MemberRecord { user: self.user.clone(), role: self.role, joined_at: self.joined_at }
    }

    /// Whether the member was there when the message at this place came; whoever went and came back since counts from
    /// the return on.
    pub fn saw(&self, seq: u64) -> bool {
        self.visible_from < seq && self.left.is_none_or(|left| left.seq >= seq)
    }

    /// Others' messages above the read place that count, when the member has `own` of its own in all.
    pub fn unread(&self, tail: &Tail, own: u64) -> u64 {
        let all = tail.total.saturating_sub(self.read.total);
        all.saturating_sub(own.saturating_sub(self.read.own))
    }
}

/// One step from a committed state to the next.
#[derive(Debug)]
pub(super) enum Change {
    /// A conversation of two users.
    Peer { no: u64, app: AppId, members: [MemberRow; 2] },
    /// A group without members yet.
    Group { no: u64, app: AppId, id: GroupId, profile: GroupProfile, created_at: u64 },
    /// Members of a group that came, went or changed, and who is in it then, by joining.
    Members { no: u64, rows: Vec<MemberRow>, present: Arc<[UserId]>, dismissed: bool },
    /// One member read or set something.
    Member { no: u64, row: MemberRow },
    /// A message was taken back: this is what is left of it.
    Revoke { revoked: Arc<Revoked> },
    /// A user is on another's block list now, or not any more.
    Block { app: AppId, user: UserId, other: UserId, blocked: bool },
    /// What can be pushed to a user is another than before.
    Bound { app: AppId, user: UserId },
    /// A message.
    Append { appended: Arc<Appended>, prev: u64, key: SendKey, body: u64 },
}

/// The book plus what the commit under way adds.
pub(super) struct Draft<'a> {
    pub book: &'a Book,
    tails: HashMap<u64, Tail>,
    peers: HashMap<Pair, u64>,
    groups: HashMap<(AppId, GroupId), u64>,
    presents: HashMap<u64, (Arc<[UserId]>, bool)>,
    keys: HashMap<SendKey, (Known, Arc<Appended>)>,
    changes: Vec<Change>,
    next_no: u64,
    last_at: u64,
}

impl<'a> Draft<'a> {
    pub fn new(book: &'a Book) -> Self {
        Self {
            book,
            tails: HashMap::new(),
            peers: HashMap::new(),
            groups: HashMap::new(),
            presents: HashMap::new(),
            keys: HashMap::new(),
            changes: Vec::new(),
            next_no: book.conversations_len() + 1,
            last_at: book.last_at,
        }
    }

    /// What the commit adds, in order.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    /// Number of the next new conversation. Given only to what is noted at once.
    pub fn next_no(&self) -> u64 {
        self.next_no
    }

    /// Time of a message that comes now: never before the one before it.
    pub fn time(&self, now_ms: u64) -> u64 {
        now_ms.max(self.last_at)
    }

    pub fn peer(&self, pair: &Pair) -> Option<u64> {
        self.peers.get(pair).copied().or_else(|| self.book.peer(pair))
    }

    pub fn group_no(&self, app: AppId, id: &GroupId) -> Option<u64> {
        self.groups.get(&(app, id.clone())).copied().or_else(|| self.book.group_no(app, id))
    }

    /// Number of the conversation that this user calls `key`, whether or not the user is in it.
    pub fn find(&self, app: AppId, user: &UserId, key: &ConversationKey) -> Option<u64> {
        match key {
            ConversationKey::Peer(other) => self.peer(&super::book::pair(app, user, other)),
            ConversationKey::Group(id) => self.group_no(app, id),
        }
    }

    pub fn tail(&self, no: u64) -> Tail {
        let drafted = self.tails.get(&no).copied();
        drafted.or_else(|| self.book.conversation(no).map(|found| found.tail)).unwrap_or_default()
    }

    /// Who is in a group, by joining; `None` when it was dismissed.
    pub fn present(&self, no: u64) -> Option<Arc<[UserId]>> {
        if let Some((present, dismissed)) = self.presents.get(&no) {
            return (!dismissed).then(|| present.clone());
        }
        match &self.book.conversation(no)?.party {
            Party::Group(group) if !group.dismissed => Some(group.present.clone()),
            _ => None,
        }
    }

    pub fn is_present(&self, no: u64, user: &UserId) -> bool {
        if let Some((present, _)) = self.presents.get(&no) {
            return present.contains(user);
        }
        match self.book.conversation(no).map(|found| &found.party) {
            Some(Party::Group(group)) => group.has(user),
            _ => false,
        }
    }

    /// Messages of a member that count, those of this commit included.
    pub fn own(&self, no: u64, user: &UserId) -> u64 {
        let member = self.book.conversation(no).and_then(|found| found.member(user));
        let before = member.map_or(0, |member| member.own);
        if !self.tails.contains_key(&no) {
            return before;
        }
        let added = self.changes.iter().filter(|change| match change {
            Change::Append { appended, .. } => {
                let message = &appended.message;
                message.conversation.0 == no && message.sender == *user && !message.disable_unread
            }
            _ => false,
        });
        before + added.count() as u64
    }

    /// A send of this commit with this key.
    pub fn known(&self, key: &SendKey) -> Option<&(Known, Arc<Appended>)> {
        self.keys.get(key)
    }

    /// Takes a change in; the commands after it see it.
    pub fn note(&mut self, change: Change) {
        match &change {
            Change::Peer { no, app, members } => {
                self.next_no = no + 1;
                self.peers.insert((*app, members[0].user.clone(), members[1].user.clone()), *no);
            }
            Change::Group { no, app, id, .. } => {
                self.next_no = no + 1;
                self.groups.insert((*app, id.clone()), *no);
            }
            Change::Members { no, present, dismissed, .. } => {
                self.presents.insert(*no, (present.clone(), *dismissed));
            }
            Change::Member { .. } | Change::Revoke { .. } | Change::Block { .. } | Change::Bound { .. } => {}
            Change::Append { appended, key, body, .. } => {
                let message = &appended.message;
                let no = message.conversation.0;
                self.tails.insert(no, self.tail(no).after(&Counted::of(message)));
                self.last_at = message.timestamp;
                let known = Known { id: message.id.0, body: *body };
                self.keys.insert(*key, (known, appended.clone()));
            }
        }
        self.changes.push(change);
    }
}
