//! Heads of traces as rows: by app and ID, and by what can be asked for.

use super::{
    SqliteStore,
    columns::{self, int, number},
    ids, pushes,
    trouble::Trouble,
};
use crate::store::{
    HeadFilter, HeadPage, HeadStore, Headless, Outcomes, StoreError, TraceHead, TraceMark, TraceRecord,
};
use hongyan_wire::{AppId, UserId};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

/// Heads of one page, whatever is asked.
const PAGE_MAX: usize = 1_000;
/// Intents above the watermark that are looked through at once for those of one app.
const FRESH_MAX: usize = 20_000;

/// The part of a head that is only shown.
#[derive(Serialize, Deserialize)]
struct Shown {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_call: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipient: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<(String, u8)>,
    accepted_at: u64,
    counts: Outcomes,
}

fn read(row: &Row<'_>) -> Result<TraceHead, Trouble> {
    let shown: Shown = columns::json(row, 4)?;
    Ok(TraceHead {
        app: AppId(row.get(0)?),
        id: number(row, 1)?,
        sender: columns::user(row, 2)?,
        settled: row.get(3)?,
        is_call: shown.is_call,
        recipient: shown.recipient,
        conversation: shown.conversation,
        accepted_at: shown.accepted_at,
        counts: shown.counts,
    })
}

const COLUMNS: &str = "h.app, h.id, h.sender, h.settled, h.head";

fn put(sql: &Connection, head: &TraceHead) -> Result<(), Trouble> {
    let (app, id) = (head.app.0, int(head.id));
    let known = "SELECT 1 FROM trace_heads WHERE app = ?1 AND id = ?2";
    if columns::first(sql, known, params![app, id], |_| Ok(()))?.is_some() {
        forget_marks(sql, head.app, head.id)?;
    }
    let shown = Shown {
        is_call: head.is_call,
        recipient: head.recipient.clone(),
        conversation: head.conversation.clone(),
        accepted_at: head.accepted_at,
        counts: head.counts,
    };
    let insert =
        "INSERT OR REPLACE INTO trace_heads (app, id, sender, settled, head) VALUES (?1, ?2, ?3, ?4, ?5)";
    let text = serde_json::to_string(&shown)?;
    columns::run(sql, insert, params![app, id, head.sender.as_str(), head.settled, text])?;
    for mark in TraceMark::ALL.into_iter().filter(|mark| head.has(*mark)) {
        let insert = "INSERT OR IGNORE INTO trace_marks (app, mark, id) VALUES (?1, ?2, ?3)";
        columns::run(sql, insert, params![app, mark as i64, id])?;
    }
    Ok(())
}

fn forget_marks(sql: &Connection, app: AppId, id: u64) -> Result<(), Trouble> {
    for mark in TraceMark::ALL {
        let delete = "DELETE FROM trace_marks WHERE app = ?1 AND mark = ?2 AND id = ?3";
        columns::run(sql, delete, params![app.0, mark as i64, int(id)])?;
    }
    Ok(())
}

/// Removes a head, if it is there.
pub(super) fn forget(sql: &Connection, app: AppId, id: u64) -> Result<(), Trouble> {
    let delete = "DELETE FROM trace_heads WHERE app = ?1 AND id = ?2";
    if columns::run(sql, delete, params![app.0, int(id)])? > 0 {
        forget_marks(sql, app, id)?;
    }
    Ok(())
}

fn watermark(sql: &Connection) -> Result<u64, Trouble> {
    let query = "SELECT value FROM meta WHERE name = 'heads_upto'";
    Ok(columns::first(sql, query, [], |row| number(row, 0))?.unwrap_or(0))
}

fn headless(sql: &Connection, before_ms: u64, count: usize) -> Result<Headless, Trouble> {
    let from = watermark(sql)?;
    let query = "SELECT id, coalesce(call, id) FROM intents WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3";
    let asked = [int(from), int(ids::first_at(before_ms)), int(count as u64)];
    let found = columns::all(sql, query, asked, |row| Ok((number(row, 0)?, number(row, 1)?)))?;
    let mut subjects: Vec<u64> = found.iter().map(|(_, subject)| *subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    Ok(Headless { subjects, upto: found.last().map_or(from, |(id, _)| *id), more: found.len() == count })
}

/// The statement that finds a page; its parameters are app, least, before, count and, with an outcome, its mark.
pub(super) fn page_query(filter: &HeadFilter) -> String {
    let calls = format!(
        "(SELECT 1 FROM trace_marks AS c WHERE c.app = ?1 AND c.mark = {} AND c.id = m.id)",
        TraceMark::Call as i64
    );
    let marked = |also: &str| {
        format!(
            "SELECT {COLUMNS} FROM trace_marks AS m JOIN trace_heads AS h ON h.app = ?1 AND h.id = m.id
             WHERE m.app = ?1 AND m.mark = ?5 AND m.id >= ?2 AND m.id < ?3{also} ORDER BY m.id DESC LIMIT ?4"
        )
    };
    match (filter.outcome, filter.is_call) {
        (Some(_), Some(true)) => marked(&format!(" AND EXISTS {calls}")),
        (Some(_), Some(false)) => marked(&format!(" AND NOT EXISTS {calls}")),
        (Some(_), None) | (None, Some(true)) => marked(""),
        (None, is_call) => {
            let calls = calls.replace("m.id", "h.id");
            let also = if is_call.is_some() { format!(" AND NOT EXISTS {calls}") } else { String::new() };
            format!(
                "SELECT {COLUMNS} FROM trace_heads AS h
                 WHERE h.app = ?1 AND h.id >= ?2 AND h.id < ?3{also} ORDER BY h.id DESC LIMIT ?4"
            )
        }
    }
}

fn page(
    sql: &Connection,
    app: AppId,
    filter: &HeadFilter,
    before: u64,
    count: usize,
) -> Result<HeadPage, Trouble> {
    let least = filter.from_ms.map_or(0, ids::first_at);
    let above = filter.to_ms.map_or(u64::MAX, |ms| ids::first_at(ms.saturating_add(1)));
    let (query, range) = (page_query(filter), [int(least), int(before.min(above)), int(count as u64 + 1)]);
    let [least, before, limit] = range;
    let mark = filter.outcome.or(filter.is_call.filter(|call| *call).map(|_| TraceMark::Call));
    let mut heads = match mark {
        Some(mark) => columns::all(sql, &query, params![app.0, least, before, limit, mark as i64], read)?,
        None => columns::all(sql, &query, params![app.0, least, before, limit], read)?,
    };
    let more = heads.len() > count;
    heads.truncate(count);
    let next = heads.last().filter(|_| more).map(|head| head.id);
    Ok(HeadPage { heads, next })
}

fn newest(
    sql: &Connection,
    app: AppId,
    before: u64,
    count: usize,
) -> Result<(Vec<u64>, Option<u64>), Trouble> {
    let query =
        "SELECT id, app FROM intents WHERE id > ?1 AND id < ?2 AND call IS NULL ORDER BY id DESC LIMIT ?3";
    let asked = params![int(watermark(sql)?), int(before), FRESH_MAX as i64];
    let looked_at = columns::all(sql, query, asked, |row| Ok((number(row, 0)?, AppId(row.get(1)?))))?;
    let mut found = Vec::new();
    for (id, of) in &looked_at {
        if *of == app {
            found.push(*id);
            if found.len() == count {
                return Ok((found, Some(*id)));
            }
        }
    }
    let next = looked_at.last().filter(|_| looked_at.len() == FRESH_MAX).map(|(id, _)| *id);
    Ok((found, next))
}

#[async_trait::async_trait]
impl HeadStore for SqliteStore {
    async fn headless(&self, before_ms: u64, count: usize) -> Result<Headless, StoreError> {
        self.read(move |sql| headless(sql, before_ms, count.clamp(1, PAGE_MAX))).await
    }

    async fn outlines(&self, ids: Vec<u64>) -> Result<Vec<Vec<TraceRecord>>, StoreError> {
        self.read(move |sql| ids.iter().map(|id| pushes::outline(sql, *id)).collect()).await
    }

    async fn open_heads(&self, after: u64, count: usize) -> Result<Vec<u64>, StoreError> {
        let query = "SELECT id FROM trace_heads WHERE settled = 0 AND id > ?1 ORDER BY id LIMIT ?2";
        let asked = [int(after), int(count as u64)];
        self.read(move |sql| columns::all(sql, query, asked, |row| number(row, 0))).await
    }

    async fn put_heads(
        &self,
        heads: Vec<TraceHead>,
        gone: Vec<u64>,
        upto: Option<u64>,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            heads.iter().try_for_each(|head| put(sql, head))?;
            for id in gone {
                let query = "SELECT app FROM trace_heads WHERE settled = 0 AND id = ?1";
                let apps = columns::all(sql, query, [int(id)], |row| Ok(AppId(row.get(0)?)))?;
                apps.into_iter().try_for_each(|app| forget(sql, app, id))?;
            }
            if let Some(upto) = upto {
                let put = "INSERT OR REPLACE INTO meta (name, value) VALUES ('heads_upto', ?1)";
                columns::run(sql, put, [int(upto)])?;
            }
            Ok(())
        })
        .await
    }

    async fn heads(
        &self,
        app: AppId,
        filter: HeadFilter,
        before: u64,
        count: usize,
    ) -> Result<HeadPage, StoreError> {
        self.read(move |sql| page(sql, app, &filter, before, count.clamp(1, PAGE_MAX))).await
    }

    async fn heads_of(&self, app: AppId, ids: Vec<u64>) -> Result<Vec<TraceHead>, StoreError> {
        self.read(move |sql| {
            let query = format!("SELECT {COLUMNS} FROM trace_heads AS h WHERE h.app = ?1 AND h.id = ?2");
            let find = |id: &u64| columns::first(sql, &query, params![app.0, int(*id)], read);
            let found = ids.iter().map(find).collect::<Result<Vec<_>, _>>()?;
            Ok(found.into_iter().flatten().collect())
        })
        .await
    }

    async fn newest_subjects(
        &self,
        app: AppId,
        before: u64,
        count: usize,
    ) -> Result<(Vec<u64>, Option<u64>), StoreError> {
        self.read(move |sql| newest(sql, app, before, count)).await
    }

    async fn subjects_of(
        &self,
        app: AppId,
        user: &UserId,
        before: u64,
        count: usize,
    ) -> Result<Vec<u64>, StoreError> {
        self.subjects_of_user(app, user, before, count.clamp(1, PAGE_MAX)).await
    }
}
