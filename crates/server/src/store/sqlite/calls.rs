//! Calls: one row each, saved whole against its version; one small row a user for finding them.

use super::{
    SqliteStore,
    columns::{self, int, json, number, number_maybe, text, user},
    command::Work,
    intents, retractions,
    trouble::Trouble,
};
use crate::store::{
    CallIntent, CallRecord, CallSaved, CallStore, Intent, NewIntent, Retraction, StoreError, Subject,
};
use hongyan_wire::{
    AppId, CallId, UserId,
    call::{CallMode, CallState},
};
use rusqlite::{Connection, Row, params};
use std::sync::Arc;

/// Calls of one page, whatever is asked.
const PAGE_MAX: usize = 1_000;

const COLUMNS: &str = "calls.id, calls.app, mode, state, caller, extended_data, timeout_s, created_at, \
     due_at, ended_at, users, version, checks, ends_at";

fn read(row: &Row<'_>) -> Result<CallRecord, Trouble> {
    let unknown = |what: &str, found: i64| Trouble::Broken(format!("a call has {what} {found}"));
    Ok(CallRecord {
        id: CallId(number(row, 0)?),
        app: AppId(row.get(1)?),
        mode: CallMode::try_from(row.get::<_, i64>(2)?).map_err(|found| unknown("mode", found))?,
        state: CallState::try_from(row.get::<_, i64>(3)?).map_err(|found| unknown("state", found))?,
        caller: user(row, 4)?,
        extended_data: text(row, 5)?.to_owned(),
        timeout_s: row.get(6)?,
        created_at: number(row, 7)?,
        due_at: number_maybe(row, 8)?,
        ended_at: number_maybe(row, 9)?,
        users: json(row, 10)?,
        version: number(row, 11)?,
        checks: row.get(12)?,
        ends_at: number_maybe(row, 13)?,
    })
}

fn insert(sql: &Connection, call: &CallRecord) -> Result<(), Trouble> {
    columns::run(
        sql,
        "INSERT INTO calls (id, app, mode, state, caller, extended_data, timeout_s, created_at, due_at,
             ended_at, users, version, checks, ends_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            int(call.id.0),
            call.app.0,
            call.mode as i64,
            call.state as i64,
            call.caller.as_str(),
            call.extended_data,
            call.timeout_s,
            int(call.created_at),
            call.due_at.map(int),
            call.ended_at.map(int),
            serde_json::to_string(&call.users)?,
            int(call.version),
            call.checks,
            call.ends_at.map(int),
        ],
    )?;
    put_users(sql, call)
}

/// Replaces the row of the version before; `false` when it has another version.
fn update(sql: &Connection, call: &CallRecord) -> Result<bool, Trouble> {
    let Some(before) = call.version.checked_sub(1) else { return Ok(false) };
    let changed = columns::run(
        sql,
        "UPDATE calls SET mode = ?3, state = ?4, extended_data = ?5, timeout_s = ?6, due_at = ?7,
             ended_at = ?8, users = ?9, version = version + 1
         WHERE id = ?1 AND version = ?2",
        params![
            int(call.id.0),
            int(before),
            call.mode as i64,
            call.state as i64,
            call.extended_data,
            call.timeout_s,
            call.due_at.map(int),
            call.ended_at.map(int),
            serde_json::to_string(&call.users)?,
        ],
    )?;
    if changed == 1 {
        put_users(sql, call)?;
    }
    Ok(changed == 1)
}

fn put_users(sql: &Connection, call: &CallRecord) -> Result<(), Trouble> {
    for one in &call.users {
        columns::run(
            sql,
            "INSERT INTO call_users (app, user, call, live) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET live = excluded.live WHERE live <> excluded.live",
            params![call.app.0, one.user.as_str(), int(call.id.0), call.ended_at.is_none()],
        )?;
    }
    Ok(())
}

fn put_intent(
    work: &Work<'_, '_>,
    call: &CallRecord,
    id: u64,
    now_ms: u64,
    spec: NewIntent,
) -> Result<Intent, Trouble> {
    let text = serde_json::to_string(&spec)?;
    let subject = Subject::Call { call: call.id, mode: call.mode };
    let intent = Intent { id, app: call.app, subject, spec, created_at: now_ms, due_at: now_ms };
    intents::put(work.sql, &intent, &text)?;
    Ok(intent)
}

/// One call.
pub(super) fn one(sql: &Connection, id: CallId) -> Result<Option<CallRecord>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM calls WHERE id = ?1");
    columns::first(sql, &query, [int(id.0)], read)
}

#[async_trait::async_trait]
impl CallStore for SqliteStore {
    fn next_call_id(&self, now_ms: u64) -> CallId {
        CallId(self.shared.ids.next(now_ms))
    }

    async fn create_call(
        &self,
        call: CallRecord,
        intent: Option<NewIntent>,
    ) -> Result<Option<Arc<Intent>>, StoreError> {
        self.queue
            .run(move |work| {
                insert(work.sql, &call)?;
                let stored = |spec| put_intent(work, &call, call.id.0, call.created_at, spec).map(Arc::new);
                intent.map(stored).transpose()
            })
            .await
    }

    async fn save_call(
        &self,
        call: CallRecord,
        intents: Vec<CallIntent>,
        retraction: Option<Retraction>,
    ) -> Result<CallSaved, StoreError> {
        let now_ms = self.clock.now_ms();
        let retraction = retraction.map(|what| (self.shared.ids.next(now_ms), what));
        self.queue
            .run(move |work| {
                if !update(work.sql, &call)? {
                    return Ok(CallSaved::Stale);
                }
                let stored =
                    |one: CallIntent| put_intent(work, &call, one.id, now_ms, one.spec).map(Arc::new);
                let intents = intents.into_iter().map(stored).collect::<Result<_, _>>()?;
                if let Some((id, what)) = retraction {
                    retractions::put(work.sql, id, call.app, &what, now_ms)?;
                }
                Ok(CallSaved::Saved(intents))
            })
            .await
    }

    async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        self.readers.read(move |sql| one(sql, id)).await
    }

    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError> {
        let query = format!("SELECT {COLUMNS} FROM calls WHERE ended_at IS NULL ORDER BY id");
        self.readers.read(move |sql| columns::all(sql, &query, [], read)).await
    }

    async fn live_calls_of(&self, app: AppId, user: &UserId) -> Result<Vec<CallRecord>, StoreError> {
        let user = user.clone();
        let query = format!(
            "SELECT {COLUMNS} FROM call_users JOIN calls ON calls.id = call
             WHERE call_users.app = ?1 AND user = ?2 AND live = 1 ORDER BY call"
        );
        self.readers.read(move |sql| columns::all(sql, &query, params![app.0, user.as_str()], read)).await
    }

    async fn calls_of(
        &self,
        app: AppId,
        user: &UserId,
        before: Option<CallId>,
        count: usize,
    ) -> Result<Vec<CallRecord>, StoreError> {
        let user = user.clone();
        let before = before.map_or(i64::MAX, |before| int(before.0));
        let count = count.min(PAGE_MAX) as i64;
        let query = format!(
            "SELECT {COLUMNS} FROM call_users JOIN calls ON calls.id = call
             WHERE call_users.app = ?1 AND user = ?2 AND call < ?3 ORDER BY call DESC LIMIT ?4"
        );
        self.readers
            .read(move |sql| columns::all(sql, &query, params![app.0, user.as_str(), before, count], read))
            .await
    }
}
