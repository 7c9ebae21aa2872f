//! Reading the log: from the nearest known place, back along the rows' pointers.
//!
//! A row points to the row before it in its conversation. Every 64th is marked, a second behind (`marks`), so
//! that an old page is found by one jump and at most 64 steps, without an index that every send would pay
//! for.

use super::{
    append::{QUIET, REVOKED},
    book::{Book, Party},
    columns::{self, int, number, text},
    trouble::Trouble,
};
use crate::store::{Appended, ConversationNo, StoredMessage, Thread};
use hongyan_wire::{AppId, ConversationType, GroupId, MessageId, Seq, UserId};
use rusqlite::{Connection, Row};
use std::sync::Arc;

/// Places between two marks.
pub(super) const MARK_EVERY: Seq = 64;

const COLUMNS: &str = "id, conversation, seq, prev, sender, timestamp, flags, content";

/// A stretch of one conversation, and a row at or above its end from which it can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    pub conversation: u64,
    /// Exclusive.
    pub above: Seq,
    /// Inclusive.
    pub up_to: Seq,
    /// A known row with seq ≥ `up_to`: (seq, row).
    pub from: (Seq, u64),
}

fn read(row: &Row<'_>) -> Result<(StoredMessage, u64), Trouble> {
    let message = StoredMessage {
        id: MessageId(number(row, 0)?),
        conversation: ConversationNo(number(row, 1)?),
        seq: number(row, 2)?,
        sender: columns::user(row, 4)?,
        timestamp: number(row, 5)?,
        disable_unread: row.get::<_, i64>(6)? & QUIET != 0,
        revoked: row.get::<_, i64>(6)? & REVOKED != 0,
        content: text(row, 7)?.into(),
    };
    Ok((message, number(row, 3)?))
}

/// The messages of a stretch, rising by seq.
pub(super) fn walk(sql: &Connection, stretch: Stretch) -> Result<Vec<StoredMessage>, Trouble> {
    let mut found = Vec::new();
    let mut next = start(sql, &stretch)?;
    let mut statement = sql.prepare_cached(&format!("SELECT {COLUMNS} FROM messages WHERE id = ?1"))?;
    while next != 0 {
        let mut rows = statement.query([int(next)])?;
        let row = rows.next()?.ok_or_else(|| missing(next))?;
        let seq = number(row, 2)?;
        if seq <= stretch.above {
            break;
        }
        next = number(row, 3)?;
        if seq <= stretch.up_to {
            found.push(read(row)?.0);
        }
    }
    found.reverse();
    Ok(found)
}

/// The mark nearest above the stretch, if it is nearer than the row that is known.
fn start(sql: &Connection, stretch: &Stretch) -> Result<u64, Trouble> {
    let (known_seq, known_row) = stretch.from;
    if known_seq < stretch.up_to + MARK_EVERY {
        return Ok(known_row);
    }
    let marked = columns::first(
        sql,
        "SELECT seq, id FROM marks WHERE conversation = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1",
        [int(stretch.conversation), int(stretch.up_to)],
        |row| Ok((number(row, 0)?, number(row, 1)?)),
    )?;
    Ok(marked.filter(|(seq, _)| *seq < known_seq).map_or(known_row, |(_, row)| row))
}

/// The greatest marked place above `above` whose message is surely older than the message number
/// `first_kept`.
pub(super) fn last_mark_before(
    sql: &Connection,
    conversation: u64,
    above: Seq,
    first_kept: u64,
) -> Result<Option<Seq>, Trouble> {
    // Numbers of messages rise with seq: the last mark before the border is the greatest one below it.
    let found = columns::first(
        sql,
        "SELECT max(seq) FROM marks WHERE conversation = ?1 AND seq > ?2 AND id < ?3",
        [int(conversation), int(above), int(first_kept)],
        |row| columns::number_maybe(row, 0),
    )?;
    Ok(found.flatten())
}

/// Counts of a stretch: messages that raise unread counts, and those of them by one user.
pub(super) fn count(sql: &Connection, stretch: Stretch, by: &UserId) -> Result<(u64, u64), Trouble> {
    let mut next = start(sql, &stretch)?;
    let mut counts = (0, 0);
    let query = "SELECT seq, prev, flags, sender FROM messages WHERE id = ?1";
    let mut statement = sql.prepare_cached(query)?;
    while next != 0 {
        let mut rows = statement.query([int(next)])?;
        let row = rows.next()?.ok_or_else(|| missing(next))?;
        let seq = number(row, 0)?;
        if seq <= stretch.above {
            break;
        }
        next = number(row, 1)?;
        if seq <= stretch.up_to && row.get::<_, i64>(2)? & QUIET == 0 {
            counts.0 += 1;
            counts.1 += u64::from(text(row, 3)? == by.as_str());
        }
    }
    Ok(counts)
}

fn missing(id: u64) -> Trouble {
    Trouble::Broken(format!("the row of message {id} is missing"))
}

/// One stored message.
pub(super) fn message(sql: &Connection, id: u64) -> Result<Option<StoredMessage>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM messages WHERE id = ?1");
    Ok(columns::first(sql, &query, [int(id)], read)?.map(|(message, _)| message))
}

/// One stored message with everything around it.
pub(super) fn appended(sql: &Connection, book: &Book, id: u64) -> Result<Option<Appended>, Trouble> {
    let Some(row) = raw(sql, id)? else { return Ok(None) };
    place(book, row).map(Some)
}

/// A message row before it has its conversation.
pub(super) struct RawRow {
    message: StoredMessage,
    device: hongyan_wire::DeviceId,
    local_id: String,
    intent: Option<crate::store::Intent>,
}

pub(super) fn raw(sql: &Connection, id: u64) -> Result<Option<RawRow>, Trouble> {
    let Some(message) = message(sql, id)? else { return Ok(None) };
    let query = "SELECT device, local_id FROM messages WHERE id = ?1";
    let rest = columns::first(sql, query, [int(id)], |row| {
        Ok((columns::device(row, 0)?, text(row, 1)?.to_owned()))
    })?;
    let (device, local_id) = rest.ok_or_else(|| missing(id))?;
    Ok(Some(RawRow { message, device, local_id, intent: super::intents::one(sql, id)? }))
}

/// Completes a row from the file alone, for tools that have no book.
pub(super) fn place_from_file(sql: &Connection, row: RawRow) -> Result<Appended, Trouble> {
    let no = int(row.message.conversation.0);
    let query = "SELECT app, kind, one, two FROM conversations WHERE no = ?1";
    let found = columns::first(sql, query, [no], |found| {
        let (one, two) = (text(found, 2)?.to_owned(), columns::text_maybe(found, 3)?.map(str::to_owned));
        Ok((number(found, 0)?, number(found, 1)?, one, two))
    })?;
    let (app, kind, one, two) =
        found.ok_or_else(|| Trouble::Broken(format!("conversation {no} is missing")))?;
    let thread = if kind == u64::from(ConversationType::Group.number()) {
        let query = "SELECT user FROM members WHERE conversation = ?1 AND visible_from < ?2
             AND (left_seq IS NULL OR left_seq >= ?2) ORDER BY place";
        let seq = int(row.message.seq);
        let present = columns::all(sql, query, [no, seq], |member| columns::user(member, 0))?;
        Thread::Group(GroupId::new(&one)?, present.into())
    } else {
        let (one, two) = (UserId::new(&one)?, UserId::new(&two.unwrap_or_default())?);
        let other = if one == row.message.sender { two } else { one };
        Thread::Peer(row.message.sender.clone(), other)
    };
    let RawRow { message, device, local_id, intent } = row;
    let app = AppId(u32::try_from(app).unwrap_or(u32::MAX));
    Ok(Appended { message, app, thread, sender_device: device, local_id, intent: intent.map(Arc::new) })
}

/// Completes a row by what the book knows: its app, and who could see it when it was stored.
pub(super) fn place(book: &Book, row: RawRow) -> Result<Appended, Trouble> {
    let RawRow { message, device, local_id, intent } = row;
    let no = message.conversation.0;
    let unknown = || Trouble::Broken(format!("conversation {no} is missing"));
    let conversation = book.conversation(no).ok_or_else(unknown)?;
    let thread = match &conversation.party {
        Party::Peer(members) => {
            let other =
                members.iter().find(|member| member.row.user != message.sender).ok_or_else(unknown)?;
            Thread::Peer(message.sender.clone(), other.row.user.clone())
        }
        Party::Group(group) => Thread::Group(group.id.clone(), group.present_at(message.seq)),
    };
    Ok(Appended {
        message,
        app: conversation.app,
        thread,
        sender_device: device,
        local_id,
        intent: intent.map(Arc::new),
    })
}
