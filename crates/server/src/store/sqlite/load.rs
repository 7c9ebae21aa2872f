//! The start: the book, rebuilt from saved tails and the rows newer than these, and the newest sends of the
//! idempotency window. Older ones come later (`recall`).

use super::{
    append::{QUIET, REVOKED},
    book::{Book, Gone, Group, Member, Party},
    columns::{self, group, int, number, text, text_maybe, user},
    history::MARK_EVERY,
    ids, members,
    options::StoreOptions,
    recall::{self, Unread},
    tail::{Counted, Tail},
    trouble::Trouble,
    upkeep::Upkeep,
    window::{SendHash, WINDOW_MS, Window},
};
use crate::store::{ConversationNo, StoredMessage};
use hongyan_wire::{AppId, MessageId, group::GroupProfile};
use rusqlite::{Connection, Row};
use std::{collections::HashMap, sync::Arc};

/// What the writer starts with.
pub(super) struct Loaded {
    pub book: Book,
    pub window: Window,
    /// What the window lacks.
    pub unread: Option<Unread>,
    pub upkeep: Upkeep,
    /// Greatest number that was ever stored.
    pub last_id: u64,
}

/// Reads what is kept in memory, but for the older sends. Cost: about a microsecond for each conversation, member,
/// cursor, and message newer than the saved tails.
pub(super) fn load(
    sql: &Connection,
    options: &StoreOptions,
    hash: &SendHash,
    now_ms: u64,
) -> Result<Loaded, Trouble> {
    let mut loaded = Loaded {
        book: Book::new(options.recent_bytes_max),
        window: Window::new(options.window_len_max),
        unread: None,
        upkeep: Upkeep::new(options.tails_every),
        last_id: last_id(sql)?,
    };
    conversations(sql, &mut loaded.book)?;
    tails(sql, &mut loaded.book)?;
    cursors(sql, &loaded.book)?;
    revocations(sql, &mut loaded.book)?;
    blocks(sql, &mut loaded.book)?;
    let first_kept = ids::first_at(now_ms.saturating_sub(WINDOW_MS));
    let newest = Newest { above: row_before_newest(sql, options.start_rows as u64)?, first_kept, hash };
    replay(sql, &newest, &mut loaded)?;
    if newest.above >= first_kept.max(1) {
        loaded.window.lacks_older(first_kept);
    }
    if !loaded.window.is_whole() {
        let unread = Unread { below: newest.above + 1, first_kept };
        if options.threadless {
            let app = |no| loaded.book.conversation(no).map(|found| found.app);
            recall::everything(sql, hash, unread, app, &mut loaded.window)?;
        } else {
            loaded.unread = Some(unread);
        }
    }
    Ok(loaded)
}

fn revocations(sql: &Connection, book: &mut Book) -> Result<(), Trouble> {
    let query = "SELECT conversation, seq, message, sender, counts, at FROM revocations";
    let mut statement = sql.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let gone = Gone {
            seq: number(row, 1)?,
            message: number(row, 2)?,
            sender: user(row, 3)?,
            counts: row.get(4)?,
            at: number(row, 5)?,
        };
        book.note_gone(number(row, 0)?, gone);
    }
    Ok(())
}

fn blocks(sql: &Connection, book: &mut Book) -> Result<(), Trouble> {
    let mut statement = sql.prepare("SELECT app, user, blocked FROM blocks")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        book.block(AppId(row.get(0)?), &user(row, 1)?, &user(row, 2)?, true);
    }
    Ok(())
}

fn last_id(sql: &Connection) -> Result<u64, Trouble> {
    let query =
        "SELECT max(coalesce((SELECT max(id) FROM messages), 0), coalesce((SELECT max(id) FROM intents), 0),
         coalesce((SELECT max(id) FROM dispatches), 0), coalesce((SELECT max(id) FROM calls), 0),
         coalesce((SELECT max(id) FROM retractions), 0))";
    Ok(columns::first(sql, query, [], |row| number(row, 0))?.unwrap_or(0))
}

fn conversations(sql: &Connection, book: &mut Book) -> Result<(), Trouble> {
    let mut all = sql.prepare(
        "SELECT no, app, kind, one, two, created_at, name, avatar_url, notice, dismissed_at
         FROM conversations LEFT JOIN groups ON conversation = no ORDER BY no",
    )?;
    let mut members =
        sql.prepare(&format!("SELECT {} FROM members ORDER BY conversation, place", members::COLUMNS))?;
    let mut member_rows = members.query([])?;
    let mut waiting = next_member(&mut member_rows)?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let no = number(row, 0)?;
        if no != book.conversations_len() + 1 {
            return Err(Trouble::Broken(format!("the conversation before number {no} is missing")));
        }
        let mut found = Vec::new();
        while let Some((_, member)) = waiting.take_if(|(of, _)| *of == no) {
            found.push(member);
            waiting = next_member(&mut member_rows)?;
        }
        open(book, no, row, found)?;
    }
    Ok(())
}

fn next_member(rows: &mut rusqlite::Rows<'_>) -> Result<Option<(u64, Member)>, Trouble> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let member = Member::new(members::read(row)?, number(row, 13)?);
    Ok(Some((number(row, 14)?, member)))
}

fn open(book: &mut Book, no: u64, row: &Row<'_>, members: Vec<Member>) -> Result<(), Trouble> {
    let app = AppId(row.get(1)?);
    if row.get::<_, i64>(2)? == 0 {
        let pair: [Member; 2] = members
            .try_into()
            .map_err(|_| Trouble::Broken(format!("conversation {no} does not have two members")))?;
        book.open(no, app, Party::Peer(Box::new(pair)));
        return Ok(());
    }
    let id = group(row, 3)?;
    let dismissed = columns::number_maybe(row, 9)?.is_some();
    let present = members.iter().filter(|member| !dismissed && member.row.left.is_none());
    let present = present.map(|member| member.row.user.clone()).collect();
    let shown = |column| Ok::<_, Trouble>(text_maybe(row, column)?.unwrap_or_default().to_owned());
    let profile = GroupProfile {
        group_id: id.as_str().to_owned(),
        group_name: shown(6)?,
        group_avatar_url: shown(7)?,
        group_notice: shown(8)?,
    };
    let group = Group {
        id,
        profile,
        created_at: number(row, 5)?,
        dismissed,
        members: members.into_iter().map(|member| (member.row.user.clone(), member)).collect(),
        present,
    };
    book.open(no, app, Party::Group(Box::new(group)));
    Ok(())
}

fn tails(sql: &Connection, book: &mut Book) -> Result<(), Trouble> {
    let mut statement = sql.prepare("SELECT conversation, seq, last, at, total FROM tails")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let tail =
            Tail { seq: number(row, 1)?, last: number(row, 2)?, at: number(row, 3)?, total: number(row, 4)? };
        book.last_at = book.last_at.max(tail.at);
        book.last_id = book.last_id.max(tail.last);
        if let Some(conversation) = book.conversation_mut(number(row, 0)?) {
            conversation.tail = tail;
        }
    }
    Ok(())
}

fn cursors(sql: &Connection, book: &Book) -> Result<(), Trouble> {
    let mut statement = sql.prepare("SELECT conversation, user, seq FROM device_cursors")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let member =
            book.conversation(number(row, 0)?).and_then(|found| found.member_by_name(text(row, 1).ok()?));
        if let Some(member) = member {
            member.receive(number(row, 2)?);
        }
    }
    Ok(())
}

/// The row that is `count` rows before the newest, or 0.
fn row_before_newest(sql: &Connection, count: u64) -> Result<u64, Trouble> {
    let query = "SELECT id FROM messages ORDER BY id DESC LIMIT 1 OFFSET ?1";
    Ok(columns::first(sql, query, [int(count)], |row| number(row, 0))?.unwrap_or(0))
}

/// The rows that are wanted whole: for the newest messages in memory, and the window.
struct Newest<'a> {
    /// They are those above this one.
    above: u64,
    /// The window knows none below this one.
    first_kept: u64,
    hash: &'a SendHash,
}

/// Runs through the newest rows once, oldest first, for all that they are needed for.
fn replay(sql: &Connection, newest: &Newest<'_>, loaded: &mut Loaded) -> Result<(), Trouble> {
    let saved =
        columns::first(sql, "SELECT value FROM meta WHERE name = 'tails_upto'", [], |row| number(row, 0))?;
    let saved = saved.unwrap_or(0);
    count(sql, saved, newest.above, loaded)?;
    let mut names = HashMap::new();
    let mut whole = sql.prepare(
        "SELECT id, conversation, seq, prev, sender, timestamp, flags, content, local_id FROM messages
         WHERE id > ?1 ORDER BY id",
    )?;
    let mut rows = whole.query([int(newest.above)])?;
    while let Some(row) = rows.next()? {
        let message = replayed(row, &mut names)?;
        if message.id.0 >= newest.first_kept {
            remember(row, newest.hash, &message, loaded)?;
        }
        loaded.book.recent.push(message.clone(), number(row, 3)?);
        if message.id.0 > saved {
            grow(&Counted::of(&message), loaded)?;
        }
    }
    Ok(())
}

/// Counts messages that are newer than the saved tails and not wanted whole: there may be a million.
fn count(sql: &Connection, above: u64, up_to: u64, loaded: &mut Loaded) -> Result<(), Trouble> {
    let mut statement = sql.prepare(
        "SELECT conversation, seq, id, timestamp, sender, flags FROM messages
         WHERE id > ?1 AND id <= ?2 ORDER BY id",
    )?;
    let mut rows = statement.query([above, up_to].map(int))?;
    while let Some(row) = rows.next()? {
        let one = Counted {
            conversation: number(row, 0)?,
            seq: number(row, 1)?,
            id: number(row, 2)?,
            at: number(row, 3)?,
            sender: text(row, 4)?,
            counts: row.get::<_, i64>(5)? & QUIET == 0,
        };
        grow(&one, loaded)?;
    }
    Ok(())
}

/// Names that were seen lately, so that messages share them.
type Names = HashMap<String, hongyan_wire::UserId>;
const NAMES_MAX: usize = 100_000;

fn replayed(row: &Row<'_>, names: &mut Names) -> Result<StoredMessage, Trouble> {
    let sender = match names.get(text(row, 4)?) {
        Some(name) => name.clone(),
        None => {
            if names.len() >= NAMES_MAX {
                names.clear();
            }
            let name = user(row, 4)?;
            names.insert(name.as_str().to_owned(), name.clone());
            name
        }
    };
    Ok(StoredMessage {
        id: MessageId(number(row, 0)?),
        conversation: ConversationNo(number(row, 1)?),
        seq: number(row, 2)?,
        sender,
        timestamp: number(row, 5)?,
        disable_unread: row.get::<_, i64>(6)? & QUIET != 0,
        revoked: row.get::<_, i64>(6)? & REVOKED != 0,
        content: Arc::from(text(row, 7)?),
    })
}

fn remember(
    row: &Row<'_>,
    hash: &SendHash,
    message: &StoredMessage,
    loaded: &mut Loaded,
) -> Result<(), Trouble> {
    let no = message.conversation.0;
    let app = conversation(&loaded.book, no)?.app;
    let known = hash.stored(message.id.0, no, &message.content, row.get(6)?);
    loaded.window.insert(hash.key(app, message.sender.as_str(), text(row, 8)?), known);
    Ok(())
}

/// Counts a message that the saved tails may not know.
fn grow(one: &Counted<'_>, loaded: &mut Loaded) -> Result<(), Trouble> {
    let no = one.conversation;
    if one.seq.is_multiple_of(MARK_EVERY) {
        // Its mark may have been lost; writing it twice is harmless.
        loaded.upkeep.marked(no, one.seq, one.id);
    }
    let tail = conversation(&loaded.book, no)?.tail;
    if one.id <= tail.last {
        return Ok(());
    }
    if one.seq != tail.seq + 1 {
        return Err(Trouble::Broken(format!(
            "conversation {no} has message {} after {}: a row is missing",
            one.seq, tail.seq
        )));
    }
    let newly_unsaved = loaded.book.grow(one);
    loaded.upkeep.grown(no, newly_unsaved);
    Ok(())
}

fn conversation(book: &Book, no: u64) -> Result<&super::book::Conversation, Trouble> {
    book.conversation(no).ok_or_else(|| Trouble::Broken(format!("conversation {no} is missing")))
}
