//! The hot path: one message becomes one row. Everything is checked in memory; a savepoint is not needed.

use super::{
    book::pair,
    change::{Change, Draft, MemberRow},
    columns::{self, int},
    command::Appending,
    history,
    ids::Ids,
    tail::Tail,
    trouble::Trouble,
    window::{Known, SendHash, Window},
};
use crate::store::{
    Append, Appended, ConversationNo, Intent, NewIntent, NewMessage, StoredMessage, Subject, Thread,
};
use hongyan_wire::{AppId, ConversationKey, GroupId, MessageId, UserId, group::Role};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// Flag of a message that does not raise unread counts.
pub(super) const QUIET: i64 = 1;
/// Flag of a message that was taken back.
pub(super) const REVOKED: i64 = 2;

/// What the writer lends to an append.
pub(super) struct Desk<'a> {
    pub sql: &'a Connection,
    pub window: &'a Window,
    pub hash: &'a SendHash,
    pub ids: &'a Ids,
}

/// The flags of a message as its row has them.
pub(super) fn flags(disable_unread: bool) -> i64 {
    if disable_unread { QUIET } else { 0 }
}

/// Decides about one message and writes its rows; leaves the outcome in `appending`.
pub(super) fn append(
    desk: &Desk<'_>,
    draft: &mut Draft<'_>,
    appending: &mut Appending,
) -> Result<(), Trouble> {
    appending.outcome = Some(match known(desk, draft, appending)? {
        Some(outcome) => outcome,
        None => match place(desk, draft, &appending.message)? {
            Ok((no, thread)) => Append::Stored(store(desk, draft, appending, no, thread)?),
            Err(outcome) => outcome,
        },
    });
    Ok(())
}

/// The answer to a send that was stored before.
fn known(desk: &Desk<'_>, draft: &Draft<'_>, appending: &Appending) -> Result<Option<Append>, Trouble> {
    let NewMessage { app, sender, to, .. } = &appending.message;
    let same = |known: &Known| {
        let no = draft.find(*app, sender, to);
        no.is_some_and(|no| known.is(desk.hash.body(no, appending.content)))
    };
    if let Some((known, appended)) = draft.known(&appending.key) {
        return Ok(Some(if same(known) { Append::Duplicate(appended.clone()) } else { Append::Conflict }));
    }
    let Some(known) = desk.window.get(&appending.key) else { return Ok(None) };
    if !same(&known) {
        return Ok(Some(Append::Conflict));
    }
    let found = history::appended(desk.sql, draft.book, known.id)?;
    let found =
        found.ok_or_else(|| Trouble::Broken(format!("message {} is known but has no row", known.id)))?;
    Ok(Some(Append::Duplicate(Arc::new(found))))
}

type Placed = Result<(u64, Thread), Append>;

/// Finds the conversation; makes that of two users who never wrote to each other.
fn place(desk: &Desk<'_>, draft: &mut Draft<'_>, message: &NewMessage) -> Result<Placed, Trouble> {
    match &message.to {
        ConversationKey::Peer(other) => {
            let no = match draft.peer(&pair(message.app, &message.sender, other)) {
                Some(no) => Some(no),
                None => open_peer(desk.sql, draft, message.app, (&message.sender, other), message.now_ms)?,
            };
            let thread = Thread::Peer(message.sender.clone(), other.clone());
            Ok(no.map(|no| (no, thread)).ok_or(Append::NoSuchUser))
        }
        ConversationKey::Group(id) => Ok(place_group(draft, message.app, &message.sender, id)),
    }
}

fn place_group(draft: &Draft<'_>, app: AppId, sender: &UserId, id: &GroupId) -> Placed {
    let no = draft.group_no(app, id).ok_or(Append::NoSuchGroup)?;
    let present = draft.present(no).ok_or(Append::NoSuchGroup)?;
    if !draft.is_present(no, sender) {
        return Err(Append::NotMember);
    }
    Ok((no, Thread::Group(id.clone(), present)))
}

fn open_peer(
    sql: &Connection,
    draft: &mut Draft<'_>,
    app: AppId,
    users: (&UserId, &UserId),
    now_ms: u64,
) -> Result<Option<u64>, Trouble> {
    match new_peer(sql, draft, app, users, now_ms)? {
        Some((no, change)) => {
            draft.note(change);
            Ok(Some(no))
        }
        None => Ok(None),
    }
}

/// Writes the rows of a new conversation of two users; `None` when the other never logged in.
pub(super) fn new_peer(
    sql: &Connection,
    draft: &Draft<'_>,
    app: AppId,
    (user, other): (&UserId, &UserId),
    now_ms: u64,
) -> Result<Option<(u64, Change)>, Trouble> {
    if user == other || !super::users::exists(sql, app, other)? {
        return Ok(None);
    }
    let no = draft.next_no();
    let (_, one, two) = pair(app, user, other);
    columns::run(
        sql,
        "INSERT INTO conversations (no, app, kind, one, two, created_at) VALUES (?1, ?2, 0, ?3, ?4, ?5)",
        params![int(no), app.0, one.as_str(), two.as_str(), int(now_ms)],
    )?;
    let row = |user: UserId, place| MemberRow::joining(user, place, Role::Member, now_ms, Tail::default(), 0);
    let members = [row(one, 1), row(two, 2)];
    for member in &members {
        super::members::put(sql, no, member)?;
    }
    Ok(Some((no, Change::Peer { no, app, members })))
}

fn store(
    desk: &Desk<'_>,
    draft: &mut Draft<'_>,
    appending: &Appending,
    no: u64,
    thread: Thread,
) -> Result<Arc<Appended>, Trouble> {
    let new = &appending.message;
    let tail = draft.tail(no);
    let timestamp = draft.time(new.now_ms);
    let id = desk.ids.next(timestamp);
    let message = StoredMessage {
        id: MessageId(id),
        conversation: ConversationNo(no),
        seq: tail.seq + 1,
        sender: new.sender.clone(),
        timestamp,
        disable_unread: new.disable_unread,
        revoked: false,
        content: new.content.clone(),
    };
    insert(desk.sql, &message, tail.last, new)?;
    let intent = match (&new.intent, &appending.spec) {
        (Some(spec), Some(text)) => Some(put_message_intent(desk.sql, new, &message, spec, text)?),
        _ => None,
    };
    let appended = Arc::new(Appended {
        message,
        app: new.app,
        thread,
        sender_device: new.sender_device.clone(),
        local_id: new.local_id.clone(),
        intent,
    });
    let body = desk.hash.body(no, appending.content);
    draft.note(Change::Append { appended: appended.clone(), prev: tail.last, key: appending.key, body });
    Ok(appended)
}

fn insert(sql: &Connection, message: &StoredMessage, prev: u64, new: &NewMessage) -> Result<(), Trouble> {
    columns::run(
        sql,
        "INSERT INTO messages
             (id, conversation, seq, prev, sender, device, timestamp, local_id, flags, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            int(message.id.0),
            int(message.conversation.0),
            int(message.seq),
            int(prev),
            message.sender.as_str(),
            new.sender_device.as_str(),
            int(message.timestamp),
            new.local_id.as_str(),
            flags(message.disable_unread),
            &*message.content,
        ],
    )?;
    Ok(())
}

fn put_message_intent(
    sql: &Connection,
    new: &NewMessage,
    message: &StoredMessage,
    spec: &NewIntent,
    text: &str,
) -> Result<Arc<Intent>, Trouble> {
    let key = new.to.as_seen_by_others(&new.sender);
    let subject =
        Subject::Message { message: message.id, conversation: message.conversation.0, key, seq: message.seq };
    let intent = Intent {
        id: message.id.0,
        app: new.app,
        subject,
        spec: spec.clone(),
        created_at: message.timestamp,
        due_at: message.timestamp,
    };
    super::intents::put(sql, &intent, text)?;
    Ok(Arc::new(intent))
}
