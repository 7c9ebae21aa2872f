//! Push intents and what was decided for them: rows of the pipeline before anything is sent.

use super::{
    columns::{self, int, json, number},
    trouble::Trouble,
};
use crate::store::{Intent, Plan, Subject, Verdict};
use hongyan_wire::AppId;
use rusqlite::{Connection, Row, params};

const COLUMNS: &str = "id, app, subject, spec, created_at, due_at";

fn read(row: &Row<'_>) -> Result<Intent, Trouble> {
    Ok(Intent {
        id: number(row, 0)?,
        app: AppId(row.get(1)?),
        subject: json(row, 2)?,
        spec: json(row, 3)?,
        created_at: number(row, 4)?,
        due_at: number(row, 5)?,
    })
}

/// Writes a new intent; `spec` is `intent.spec` as JSON.
pub(super) fn put(sql: &Connection, intent: &Intent, spec: &str) -> Result<(), Trouble> {
    // Where it is not the intent's own number: the column is named after calls, which had such intents first.
    let call = match &intent.subject {
        Subject::Call { call, .. } => Some(int(call.0)),
        Subject::Message { message, .. } if message.0 != intent.id => Some(int(message.0)),
        Subject::Message { .. } => None,
    };
    columns::run(
        sql,
        "INSERT INTO intents (id, app, subject, call, spec, created_at, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            int(intent.id),
            intent.app.0,
            serde_json::to_string(&intent.subject)?,
            call,
            spec,
            int(intent.created_at),
            int(intent.due_at),
        ],
    )?;
    Ok(())
}

pub(super) fn one(sql: &Connection, id: u64) -> Result<Option<Intent>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM intents WHERE id = ?1");
    columns::first(sql, &query, [int(id)], read)
}

pub(super) fn pending(sql: &Connection, after: u64, count: usize) -> Result<Vec<Intent>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM intents WHERE settled = 0 AND id > ?1 ORDER BY id LIMIT ?2");
    columns::all(sql, &query, [int(after), int(count as u64)], read)
}

/// Intents about a message or call, oldest first, and whether each is settled.
pub(super) fn about(sql: &Connection, subject: u64) -> Result<Vec<(Intent, bool)>, Trouble> {
    // A call's first intent has the call's number, so both halves may name it; a union names it once.
    let query = format!(
        "SELECT {COLUMNS}, settled FROM intents
         WHERE id IN (SELECT ?1 UNION SELECT id FROM intents WHERE call = ?1) ORDER BY id"
    );
    columns::all(sql, &query, [int(subject)], |row| Ok((read(row)?, row.get(6)?)))
}

pub(super) fn verdicts(sql: &Connection, intent: u64) -> Result<Vec<Verdict>, Trouble> {
    let query = "SELECT body FROM verdicts WHERE intent = ?1 ORDER BY pass";
    let passes = columns::all(sql, query, [int(intent)], |row| json::<Vec<Verdict>>(row, 0))?;
    Ok(passes.into_iter().flatten().collect())
}

/// Moves an intent on by one pass. `false` when it is settled already or unknown: then nothing changed.
pub(super) fn advance(sql: &Connection, plan: &Plan) -> Result<bool, Trouble> {
    let pending = columns::run(
        sql,
        "UPDATE intents SET due_at = coalesce(?2, due_at), settled = ?2 IS NULL
         WHERE id = ?1 AND settled = 0",
        params![int(plan.intent), plan.next_due.map(int)],
    )?;
    if pending == 0 {
        return Ok(false);
    }
    if !plan.verdicts.is_empty() {
        columns::run(
            sql,
            "INSERT INTO verdicts (intent, pass, body)
             SELECT ?1, coalesce(max(pass), 0) + 1, ?2 FROM verdicts WHERE intent = ?1",
            params![int(plan.intent), serde_json::to_string(&plan.verdicts)?],
        )?;
    }
    Ok(true)
}
