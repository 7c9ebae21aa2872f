//! Notices that have to go: ordered with what caused it, removed with the requests that carry it out.

use super::{
    SqliteStore,
    columns::{self, int, json, number},
    dispatches,
    trouble::Trouble,
};
use crate::store::{NewDispatch, PendingRetraction, Retraction, RetractionStore, StoreError};
use hongyan_wire::{AppId, UserId};
use rusqlite::{Connection, params};

pub(super) fn put(
    sql: &Connection,
    id: u64,
    app: AppId,
    what: &Retraction,
    now_ms: u64,
) -> Result<(), Trouble> {
    let insert = "INSERT INTO retractions (id, app, body, due_at) VALUES (?1, ?2, ?3, ?4)";
    columns::run(sql, insert, params![int(id), app.0, serde_json::to_string(what)?, int(now_ms)])?;
    Ok(())
}

/// Orders of one page, whatever is asked.
const PAGE_MAX: usize = 1_000;

/// Whether a notice could be on a device of this user at all.
pub(super) fn may_concern(sql: &Connection, app: AppId, user: &UserId) -> Result<bool, Trouble> {
    let query = "SELECT 1 FROM push_ids WHERE app = ?1 AND user = ?2 LIMIT 1";
    Ok(columns::first(sql, query, params![app.0, user.as_str()], |_| Ok(()))?.is_some())
}

pub(super) fn pending(sql: &Connection, after: u64, count: usize) -> Result<Vec<PendingRetraction>, Trouble> {
    let query = "SELECT id, app, body, due_at FROM retractions WHERE id > ?1 ORDER BY id LIMIT ?2";
    columns::all(sql, query, [int(after), int(count as u64)], |row| {
        Ok(PendingRetraction {
            id: number(row, 0)?,
            app: AppId(row.get(1)?),
            what: json(row, 2)?,
            due_at: number(row, 3)?,
        })
    })
}

/// Moves a retraction on. `false` when it is done already.
pub(super) fn advance(
    sql: &Connection,
    id: u64,
    requests: &[NewDispatch],
    next_due: Option<u64>,
) -> Result<bool, Trouble> {
    let changed = match next_due {
        Some(due) => {
            columns::run(sql, "UPDATE retractions SET due_at = ?2 WHERE id = ?1", [int(id), int(due)])?
        }
        None => columns::run(sql, "DELETE FROM retractions WHERE id = ?1", [int(id)])?,
    };
    if changed == 1 {
        requests.iter().try_for_each(|request| dispatches::put(sql, request))?;
    }
    Ok(changed == 1)
}

#[async_trait::async_trait]
impl RetractionStore for SqliteStore {
    async fn pending_retractions(
        &self,
        after: u64,
        count: usize,
    ) -> Result<Vec<PendingRetraction>, StoreError> {
        self.readers.read(move |sql| self::pending(sql, after, count.min(PAGE_MAX))).await
    }

    async fn advance_retraction(
        &self,
        id: u64,
        requests: Vec<NewDispatch>,
        next_due: Option<u64>,
    ) -> Result<bool, StoreError> {
        self.queue.run(move |work| self::advance(work.sql, id, &requests, next_due)).await
    }

    async fn put_dispatches(&self, requests: Vec<NewDispatch>) -> Result<(), StoreError> {
        self.queue
            .run(move |work| requests.iter().try_for_each(|request| dispatches::put(work.sql, request)))
            .await
    }
}
