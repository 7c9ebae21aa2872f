//! Data as many messages leave them, made by SQLite itself, for tests that look for something among them; and that
//! no search looks at every row.

use super::{directory::Directory, first_at, heads, schema};
use crate::store::{HeadFilter, TraceMark};
use std::path::Path;

/// Conversations of two; each has its share of the messages.
pub(crate) const PAIRS: u64 = 1_000;
/// Between two messages, in ms.
pub(crate) const STEP_MS: u64 = 100;
/// The first message.
pub(crate) const START_MS: u64 = 1_800_000_000_000;

/// One statement a table, made by SQLite itself: messages in `PAIRS` conversations, each with a settled intent, its
/// verdict, and (seven in eight) a dispatch with its attempt. One in 1 000 failed; every tenth is of another app.
const FILL: &[&str] = &[
    "INSERT INTO apps (id, name, app_sign, server_secret, callback_secret, enabled, settings, created_at)
     VALUES (1, 'shop', 'a', 'b', 'c', 1, '{}', 0), (2, 'game', 'a', 'b', 'c', 1, '{}', 0)",
    "CREATE TEMP TABLE n (n INTEGER PRIMARY KEY, id INTEGER, no INTEGER, seq INTEGER, app INTEGER, at INTEGER)",
    "INSERT INTO n WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < :traces)
     SELECT n, :first + n * :step * 4194304, n % :pairs + 1, n / :pairs + 1, (n % :pairs % 10 = 9) + 1,
         :start + n * :step FROM c",
    "INSERT INTO users (app, id, name, avatar_url, created_at)
     SELECT DISTINCT app, 'u' || no, '', '', 0 FROM n WHERE n < :pairs",
    "INSERT INTO users (app, id, name, avatar_url, created_at)
     SELECT DISTINCT app, 'v' || no, '', '', 0 FROM n WHERE n < :pairs",
    "INSERT INTO conversations SELECT no, app, 0, 'u' || no, 'v' || no, :start FROM n WHERE n < :pairs ORDER BY no",
    "INSERT INTO members (conversation, user, place, role, joined_at, visible_from, read_seq, read_total, read_own,
         notification) SELECT no, 'u' || no, 1, 3, :start, 0, 0, 0, 0, 1 FROM n WHERE n < :pairs",
    "INSERT INTO members (conversation, user, place, role, joined_at, visible_from, read_seq, read_total, read_own,
         notification) SELECT no, 'v' || no, 2, 3, :start, 0, 0, 0, 0, 1 FROM n WHERE n < :pairs",
    "INSERT INTO messages SELECT id, no, seq,
         CASE WHEN n < :pairs THEN 0 ELSE id - :pairs * :step * 4194304 END,
         'u' || no, 'device-1', at, 'l' || n, 0, '{\"type\":1,\"message\":\"a message of usual length, some words\"}'
         FROM n",
    "INSERT INTO marks SELECT no, seq, id FROM n WHERE seq % 64 = 0",
    "INSERT INTO tails SELECT no, max(seq), max(id), max(at), max(seq) FROM n GROUP BY no",
    "INSERT INTO meta (name, value) SELECT 'tails_upto', max(id) FROM n",
    "INSERT INTO intents (id, app, subject, spec, created_at, due_at, settled) SELECT id, app,
         '{\"Message\":{\"message\":\"' || id || '\",\"conversation\":' || no || ',\"key\":\"p:u' || no ||
         '\",\"seq\":' || seq || '}}',
         '{\"sender\":\"u' || no || '\",\"recipients\":{\"Users\":[\"v' || no ||
         '\"]},\"push\":{\"title\":\"a title\",\"content\":\"some words of a notice\"},\"expires_at\":' ||
         (at + 86400000) || '}', at, at, 1 FROM n",
    "INSERT INTO verdicts SELECT id, 1, CASE WHEN n % 8 = 7
         THEN '[{\"decision\":\"acked\",\"targets\":[{\"user\":\"v' || no || '\",\"device\":\"device-' || no ||
             '\"}],\"at\":' || at || '}]'
         ELSE '[{\"decision\":{\"pushed\":{\"dispatch\":' || (id + 1) || ',\"cause\":\"no_session\"}},\"targets\":[{' ||
             '\"user\":\"v' || no || '\",\"device\":\"device-' || no || '\",\"push_id\":\"push-id-' || no ||
             '\"}],\"at\":' || at || '}]' END FROM n",
    "INSERT INTO dispatches (id, app, intent, vendor, app_type, is_call, notice, targets, ended, due_at, expires_at,
         attempts, settled) SELECT id + 1, app, id, 'harmony', 1, 0, :notice, '[]',
         '[[{\"user\":\"v' || no || '\",\"device\":\"device-' || no || '\",\"push_id\":\"push-id-' || no || '\"},' ||
         CASE WHEN n % 1000 = 500 THEN '{\"failed\":{\"reason\":\"vendor_rejected\"}}' ELSE '\"accepted\"' END ||
         ']]', at, at, 1, 1 FROM n WHERE n % 8 <> 7",
    "INSERT INTO attempts SELECT id + 1, 1, '{\"number\":1,\"at\":' || at ||
         ',\"took_ms\":30,\"targets\":1,\"status\":200,\"code\":\"80000000\",\"message\":\"Success\"}'
         FROM n WHERE n % 8 <> 7",
    "INSERT INTO trace_heads SELECT app, id, 'u' || no, 1, '{\"conversation\":[\"u' || no ||
         '\",0],\"accepted_at\":' || at || ',\"counts\":{\"pending\":0,\"acked\":' || (n % 8 = 7) ||
         ',\"pushed\":' || (n % 8 <> 7 AND n % 1000 <> 500) || ',\"suppressed\":0,\"expired\":0,' ||
         '\"retracted\":0,\"failed\":' || (n % 1000 = 500) || '}}' FROM n WHERE n < :headed",
    "INSERT INTO trace_marks SELECT app, CASE WHEN n % 8 = 7 THEN 1 WHEN n % 1000 = 500 THEN 6 ELSE 2 END, id
         FROM n WHERE n < :headed",
    "INSERT INTO meta (name, value) SELECT 'heads_upto', coalesce(max(id), 0) FROM n WHERE n < :headed",
    "DROP TABLE n",
];

/// Makes a data directory with so many traces, the oldest `headed` of them with heads. `notice` is one as it is
/// stored.
pub(crate) fn fill(dir: &Path, traces: u64, headed: u64, notice: &str) {
    let directory = Directory::prepare(dir).unwrap();
    let mut sql = schema::open_writing(&directory, 256 * 1024 * 1024).unwrap();
    schema::migrate(&mut sql, START_MS).unwrap();
    let numbers: [(&str, i64); 6] = [
        (":headed", headed as i64),
        (":traces", traces as i64),
        (":pairs", PAIRS as i64),
        (":step", STEP_MS as i64),
        (":first", first_at(START_MS) as i64),
        (":start", START_MS as i64),
    ];
    for statement in FILL {
        let transaction = sql.transaction().unwrap();
        let mut prepared = transaction.prepare(statement).unwrap();
        for (name, value) in numbers {
            if let Some(place) = prepared.parameter_index(name).unwrap() {
                prepared.raw_bind_parameter(place, value).unwrap();
            }
        }
        if let Some(place) = prepared.parameter_index(":notice").unwrap() {
            prepared.raw_bind_parameter(place, notice).unwrap();
        }
        prepared.raw_execute().unwrap();
        drop(prepared);
        transaction.commit().unwrap();
    }
    sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

#[test]
fn no_plan_looks_at_every_row() {
    let dir = tempfile::tempdir().unwrap();
    let directory = Directory::prepare(dir.path()).unwrap();
    let mut sql = schema::open_writing(&directory, 1024 * 1024).unwrap();
    schema::migrate(&mut sql, START_MS).unwrap();
    let outcomes = [None, Some(TraceMark::Failed)];
    let kinds = [None, Some(true), Some(false)];
    for (outcome, is_call) in outcomes.into_iter().flat_map(|outcome| kinds.map(|kind| (outcome, kind))) {
        let filter = HeadFilter { outcome, is_call, ..HeadFilter::default() };
        let query = format!("EXPLAIN QUERY PLAN {}", heads::page_query(&filter));
        let mut prepared = sql.prepare(&query).unwrap();
        let mut rows = prepared.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        let scans = steps.iter().any(|step| step.starts_with("SCAN"));
        assert!(!scans && !sorted && !steps.is_empty(), "{filter:?}: {steps:?}");
    }
}
