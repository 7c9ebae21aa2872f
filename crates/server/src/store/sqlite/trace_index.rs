//! Which traces concern a user: an index that is written a little behind, in small portions, so that neither
//! senders nor the planner wait for it.
//!
//! The planner's transaction adds rows to a log, in order and without a search; the index moves on from there.

use super::{
    columns::{self, int, json, number},
    trouble::Trouble,
};
use crate::store::{Plan, Verdict};
use hongyan_wire::{AppId, UserId};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Devices of one row of the log: what one portion moves at most at once.
const PART: usize = 500;

/// Notes that a plan's verdicts are to be indexed. The verdicts were written just before.
pub(super) fn log(sql: &Connection, plan: &Plan) -> Result<(), Trouble> {
    let targets: usize = plan.verdicts.iter().map(|verdict| verdict.targets.len()).sum();
    for part in 0..targets.div_ceil(PART) {
        columns::run(
            sql,
            "INSERT INTO trace_log (intent, pass, part) SELECT ?1, max(pass), ?2 FROM verdicts WHERE intent = ?1",
            [int(plan.intent), int(part as u64)],
        )?;
    }
    Ok(())
}

/// Moves rows of the log until about `count` users are indexed.
pub(super) fn advance(sql: &Connection, count: usize) -> Result<usize, Trouble> {
    let query = "SELECT no, trace_log.intent, app, body, part FROM trace_log
         LEFT JOIN intents ON intents.id = trace_log.intent
         LEFT JOIN verdicts ON verdicts.intent = trace_log.intent AND verdicts.pass = trace_log.pass
         ORDER BY no LIMIT ?1";
    let rows = columns::all(sql, query, [int(count as u64)], |row| {
        let verdicts: Vec<Verdict> =
            if columns::text_maybe(row, 3)?.is_some() { json(row, 3)? } else { vec![] };
        Ok((number(row, 0)?, number(row, 1)?, number(row, 2).unwrap_or(0), verdicts, number(row, 4)?))
    })?;
    let mut moved = 0;
    for (no, intent, app, verdicts, part) in rows {
        if moved >= count {
            break;
        }
        let targets = verdicts.iter().flat_map(|verdict| &verdict.targets);
        let users: BTreeSet<&UserId> =
            targets.skip(part as usize * PART).take(PART).map(|target| &target.user).collect();
        for user in &users {
            let insert = "INSERT OR IGNORE INTO trace_users (app, user, intent) VALUES (?1, ?2, ?3)";
            columns::run(sql, insert, params![int(app), user.as_str(), int(intent)])?;
        }
        columns::run(sql, "DELETE FROM trace_log WHERE no = ?1", [int(no)])?;
        moved += users.len().max(1);
    }
    Ok(moved)
}

/// Intents that concern a user, newest first.
pub(super) fn of_user(
    sql: &Connection,
    app: AppId,
    user: &UserId,
    before: u64,
    count: usize,
) -> Result<Vec<u64>, Trouble> {
    let query = "SELECT intent FROM trace_users WHERE app = ?1 AND user = ?2 AND intent < ?3
         ORDER BY intent DESC LIMIT ?4";
    let params = params![app.0, user.as_str(), int(before), int(count as u64)];
    columns::all(sql, query, params, |row| number(row, 0))
}

/// Forgets up to `count` entries of intents that are gone.
pub(super) fn forget(sql: &Connection, before: u64, count: usize) -> Result<usize, Trouble> {
    let old = "SELECT app, user, intent FROM trace_users WHERE intent < ?1
         AND NOT EXISTS (SELECT 1 FROM intents WHERE id = intent) ORDER BY intent LIMIT ?2";
    let gone = columns::all(sql, old, [int(before), int(count as u64)], |row| {
        Ok((number(row, 0)?, columns::user(row, 1)?, number(row, 2)?))
    })?;
    for (app, user, intent) in &gone {
        let delete = "DELETE FROM trace_users WHERE app = ?1 AND user = ?2 AND intent = ?3";
        columns::run(sql, delete, params![int(*app), user.as_str(), int(*intent)])?;
    }
    Ok(gone.len())
}
