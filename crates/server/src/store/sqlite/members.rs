//! Rows of members: written when somebody joins, goes, reads or sets something.

use super::{
    book::{Read, notification_of, role_of},
    change::MemberRow,
    columns::{self, int, number, number_maybe},
    tail::Tail,
    trouble::Trouble,
};
use hongyan_wire::UserId;
use rusqlite::{Connection, Row, params};

/// Columns of a member row, in the order in which `read` takes them.
pub(super) const COLUMNS: &str = "user, place, role, joined_at, visible_from, read_seq, read_total, \
     read_own, notification, left_seq, left_last, left_at, left_total, own, conversation";

pub(super) fn read(row: &Row<'_>) -> Result<MemberRow, Trouble> {
    let left = match number_maybe(row, 9)? {
        Some(seq) => {
            Some(Tail { seq, last: number(row, 10)?, at: number(row, 11)?, total: number(row, 12)? })
        }
        None => None,
    };
    Ok(MemberRow {
        user: columns::user(row, 0)?,
        place: number(row, 1)?,
        role: role_of(row.get(2)?),
        joined_at: number(row, 3)?,
        visible_from: number(row, 4)?,
        read: Read { seq: number(row, 5)?, total: number(row, 6)?, own: number(row, 7)? },
        notification: notification_of(row.get(8)?),
        left,
    })
}

/// Everybody who is or was in a conversation.
pub(super) fn of(sql: &Connection, conversation: u64) -> Result<Vec<MemberRow>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM members WHERE conversation = ?1 ORDER BY place");
    columns::all(sql, &query, [int(conversation)], read)
}

pub(super) fn one(sql: &Connection, conversation: u64, user: &UserId) -> Result<Option<MemberRow>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM members WHERE conversation = ?1 AND user = ?2");
    columns::first(sql, &query, params![int(conversation), user.as_str()], read)
}

/// Adds or replaces a row. `own` is not touched: it belongs to the saved tail.
pub(super) fn put(sql: &Connection, conversation: u64, row: &MemberRow) -> Result<(), Trouble> {
    let left = row.left.as_ref();
    columns::run(
        sql,
        "INSERT INTO members (conversation, user, place, role, joined_at, visible_from, read_seq, read_total,
             read_own, notification, left_seq, left_last, left_at, left_total)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT DO UPDATE SET place = excluded.place, role = excluded.role,
             joined_at = excluded.joined_at, visible_from = excluded.visible_from,
             read_seq = excluded.read_seq, read_total = excluded.read_total, read_own = excluded.read_own,
             notification = excluded.notification, left_seq = excluded.left_seq,
             left_last = excluded.left_last, left_at = excluded.left_at, left_total = excluded.left_total",
        params![
            int(conversation),
            row.user.as_str(),
            int(row.place),
            row.role as i64,
            int(row.joined_at),
            int(row.visible_from),
            int(row.read.seq),
            int(row.read.total),
            int(row.read.own),
            row.notification as i64,
            left.map(|tail| int(tail.seq)),
            left.map(|tail| int(tail.last)),
            left.map(|tail| int(tail.at)),
            left.map(|tail| int(tail.total)),
        ],
    )?;
    Ok(())
}
