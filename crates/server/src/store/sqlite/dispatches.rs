//! Vendor requests and their attempts, as rows.

use super::{
    columns::{self, int, json, number, text, text_maybe},
    command::Work,
    trouble::Trouble,
    users,
};
use crate::store::{Attempt, AttemptEnd, Dispatch, DispatchState, NewDispatch, Purpose, Target, TargetEnd};
use hongyan_vendors::VendorKind;
use hongyan_wire::AppId;
use rusqlite::{Connection, Row, params};
use std::{collections::HashSet, str::FromStr};

const COLUMNS: &str = "id, app, intent, vendor, app_type, is_call, notice, targets, due_at, expires_at, \
     attempts, settled, ended, purpose";

fn read(row: &Row<'_>) -> Result<Dispatch, Trouble> {
    let vendor = VendorKind::from_str(text(row, 3)?).map_err(|error| Trouble::Broken(error.to_string()))?;
    let request = NewDispatch {
        id: number(row, 0)?,
        app: AppId(row.get(1)?),
        intent: number(row, 2)?,
        vendor,
        app_type: row.get(4)?,
        is_call: row.get(5)?,
        notice: json(row, 6)?,
        targets: json(row, 7)?,
        due_at: number(row, 8)?,
        expires_at: number(row, 9)?,
        purpose: match text_maybe(row, 13)? {
            Some(_) => json(row, 13)?,
            None => Purpose::Notice,
        },
    };
    let state = if row.get(11)? { DispatchState::Settled } else { DispatchState::Pending };
    Ok(Dispatch { request, attempts: row.get(10)?, state, ended: json(row, 12)? })
}

pub(super) fn put(sql: &Connection, new: &NewDispatch) -> Result<(), Trouble> {
    if new.targets.is_empty() {
        return Err(Trouble::Broken(format!("dispatch {} has no target", new.id)));
    }
    let purpose = match new.purpose.is_notice() {
        true => None,
        false => Some(serde_json::to_string(&new.purpose)?),
    };
    columns::run(
        sql,
        "INSERT INTO dispatches (id, app, intent, vendor, app_type, is_call, notice, targets, ended, due_at,
             expires_at, attempts, settled, purpose)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '[]', ?9, ?10, 0, 0, ?11)",
        params![
            int(new.id),
            new.app.0,
            int(new.intent),
            new.vendor.as_str(),
            new.app_type,
            new.is_call,
            serde_json::to_string(&new.notice)?,
            serde_json::to_string(&new.targets)?,
            int(new.due_at),
            int(new.expires_at),
            purpose,
        ],
    )?;
    Ok(())
}

pub(super) fn pending(sql: &Connection, after: u64, count: usize) -> Result<Vec<Dispatch>, Trouble> {
    let query =
        format!("SELECT {COLUMNS} FROM dispatches WHERE settled = 0 AND id > ?1 ORDER BY id LIMIT ?2");
    columns::all(sql, &query, [int(after), int(count as u64)], read)
}

pub(super) fn of_intent(sql: &Connection, intent: u64) -> Result<Vec<Dispatch>, Trouble> {
    let query = format!("SELECT {COLUMNS} FROM dispatches WHERE intent = ?1 ORDER BY id");
    columns::all(sql, &query, [int(intent)], read)
}

pub(super) fn attempts(sql: &Connection, dispatch: u64) -> Result<Vec<Attempt>, Trouble> {
    let query = "SELECT body FROM attempts WHERE dispatch = ?1 ORDER BY number";
    columns::all(sql, query, [int(dispatch)], |row| json(row, 0))
}

/// Writes what an attempt led to. A second write of the same changes nothing; an end, once given, stays. The
/// intent, when every target of the dispatch has its end.
pub(super) fn end(work: &mut Work<'_, '_>, end: &AttemptEnd) -> Result<Option<u64>, Trouble> {
    let sql = work.sql;
    let query = format!("SELECT {COLUMNS} FROM dispatches WHERE id = ?1");
    let found = columns::first(sql, &query, [int(end.dispatch)], read)?;
    let Some(mut dispatch) = found else {
        return Err(Trouble::Broken(format!("there is no dispatch {}", end.dispatch)));
    };
    let sent_at = end.attempt.as_ref().map_or(end.now_ms, |attempt| attempt.at);
    for (id, code) in &end.dead {
        users::bury(work, id, code, sent_at, end.now_ms)?;
    }
    if let Some(attempt) = &end.attempt {
        dispatch.attempts = dispatch.attempts.max(attempt.number);
        let insert = "INSERT OR IGNORE INTO attempts (dispatch, number, body) VALUES (?1, ?2, ?3)";
        let body = serde_json::to_string(attempt)?;
        columns::run(sql, insert, params![int(end.dispatch), attempt.number, body])?;
    }
    give_ends(&mut dispatch, &end.ended);
    save(sql, &dispatch, end.retry_at)?;
    Ok(dispatch.request.targets.is_empty().then_some(dispatch.request.intent))
}

/// Moves targets with an end from the one list to the other.
fn give_ends(dispatch: &mut Dispatch, ends: &[(Target, TargetEnd)]) {
    let open: HashSet<Target> = dispatch.request.targets.iter().cloned().collect();
    let ending: HashSet<&Target> = ends.iter().map(|(target, _)| target).collect();
    dispatch.request.targets.retain(|target| !ending.contains(target));
    let mut given = HashSet::new();
    let new = ends.iter().filter(|(target, _)| open.contains(target) && given.insert(target));
    dispatch.ended.extend(new.cloned());
}

fn save(sql: &Connection, dispatch: &Dispatch, retry_at: Option<u64>) -> Result<(), Trouble> {
    let settled = dispatch.request.targets.is_empty();
    if !settled && retry_at.is_none() {
        return Err(Trouble::Broken(format!(
            "dispatch {} has {} targets without an end and no next try",
            dispatch.request.id,
            dispatch.request.targets.len()
        )));
    }
    columns::run(
        sql,
        "UPDATE dispatches SET targets = ?2, ended = ?3, due_at = coalesce(?4, due_at), attempts = ?5,
             settled = ?6
         WHERE id = ?1",
        params![
            int(dispatch.request.id),
            serde_json::to_string(&dispatch.request.targets)?,
            serde_json::to_string(&dispatch.ended)?,
            retry_at.map(int),
            dispatch.attempts,
            settled,
        ],
    )?;
    Ok(())
}
