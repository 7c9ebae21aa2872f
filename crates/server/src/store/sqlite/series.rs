//! Series as rows: one per app and span, added to as long as the span lasts.

use super::{
    SqliteStore,
    columns::{self, int, number},
    ids,
    trouble::Trouble,
};
use crate::store::{Figures, SeriesStore, Span, StoreError};
use hongyan_wire::AppId;
use rusqlite::{Connection, params};

/// Rows of one answer.
const ROWS_MAX: i64 = 5_000;

fn add(sql: &Connection, span: Span, at_s: u64, app: AppId, new: &Figures) -> Result<(), Trouble> {
    let at = at_s - at_s % span.seconds();
    columns::run(
        sql,
        "INSERT INTO series (app, span, at, messages, pushed, failed, suppressed, acked, expired, retracted,
             requests, errors, answers, answers_ms, sessions, backlog_age_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT DO UPDATE SET messages = messages + excluded.messages, pushed = pushed + excluded.pushed,
             failed = failed + excluded.failed, suppressed = suppressed + excluded.suppressed,
             acked = acked + excluded.acked, expired = expired + excluded.expired,
             retracted = retracted + excluded.retracted, requests = requests + excluded.requests,
             errors = errors + excluded.errors, answers = answers + excluded.answers,
             answers_ms = answers_ms + excluded.answers_ms, sessions = max(sessions, excluded.sessions),
             backlog_age_ms = max(backlog_age_ms, excluded.backlog_age_ms)",
        params![
            app.0,
            int(span.seconds()),
            int(at),
            int(new.messages),
            int(new.pushed),
            int(new.failed),
            int(new.suppressed),
            int(new.acked),
            int(new.expired),
            int(new.retracted),
            int(new.requests),
            int(new.errors),
            int(new.answers),
            int(new.answers_ms),
            int(new.sessions),
            int(new.backlog_age_ms),
        ],
    )?;
    Ok(())
}

/// A few at a time: a long pause leaves many behind.
fn forget(sql: &Connection, app: AppId, now_s: u64) -> Result<(), Trouble> {
    for span in [Span::Minute, Span::Hour] {
        let delete = "DELETE FROM series WHERE app = ?1 AND span = ?2 AND at IN (SELECT at FROM series
             WHERE app = ?1 AND span = ?2 AND at < ?3 ORDER BY at LIMIT 100)";
        let border = now_s.saturating_sub(span.kept_s());
        columns::run(sql, delete, params![app.0, int(span.seconds()), int(border)])?;
    }
    Ok(())
}

fn of(
    sql: &Connection,
    app: AppId,
    span: Span,
    (from_s, to_s): (u64, u64),
) -> Result<Vec<(u64, Figures)>, Trouble> {
    let query =
        "SELECT at, messages, pushed, failed, suppressed, acked, expired, retracted, requests, errors,
             answers, answers_ms, sessions, backlog_age_ms
         FROM series WHERE app = ?1 AND span = ?2 AND at BETWEEN ?3 AND ?4 ORDER BY at LIMIT ?5";
    let asked = params![app.0, int(span.seconds()), int(from_s), int(to_s), ROWS_MAX];
    columns::all(sql, query, asked, |row| {
        let figures = Figures {
            messages: number(row, 1)?,
            pushed: number(row, 2)?,
            failed: number(row, 3)?,
            suppressed: number(row, 4)?,
            acked: number(row, 5)?,
            expired: number(row, 6)?,
            retracted: number(row, 7)?,
            requests: number(row, 8)?,
            errors: number(row, 9)?,
            answers: number(row, 10)?,
            answers_ms: number(row, 11)?,
            sessions: number(row, 12)?,
            backlog_age_ms: number(row, 13)?,
        };
        Ok((number(row, 0)?, figures))
    })
}

fn oldest_open(sql: &Connection) -> Result<Vec<(AppId, u64)>, Trouble> {
    let query = "SELECT app, min(id) FROM (
             SELECT app, id FROM (SELECT app, id FROM intents WHERE settled = 0 ORDER BY id LIMIT 10000)
             UNION ALL
             SELECT app, id FROM (SELECT app, id FROM dispatches WHERE settled = 0 ORDER BY id LIMIT 10000)
         ) GROUP BY app";
    columns::all(sql, query, [], |row| Ok((AppId(row.get(0)?), ids::time_of(number(row, 1)?))))
}

#[async_trait::async_trait]
impl SeriesStore for SqliteStore {
    async fn add_figures(&self, at_s: u64, figures: Vec<(AppId, Figures)>) -> Result<(), StoreError> {
        self.write(move |sql| {
            for (app, new) in &figures {
                add(sql, Span::Minute, at_s, *app, new)?;
                add(sql, Span::Hour, at_s, *app, new)?;
                forget(sql, *app, at_s)?;
            }
            Ok(())
        })
        .await
    }

    async fn figures(
        &self,
        apps: Option<Vec<AppId>>,
        span: Span,
        from_s: u64,
        to_s: u64,
    ) -> Result<Vec<(u64, Figures)>, StoreError> {
        self.read(move |sql| {
            let apps = match apps {
                Some(apps) => apps,
                None => {
                    columns::all(sql, "SELECT id FROM apps ORDER BY id", [], |row| Ok(AppId(row.get(0)?)))?
                }
            };
            let mut all = std::collections::BTreeMap::<u64, Figures>::new();
            for app in apps {
                for (at, figures) in of(sql, app, span, (from_s, to_s))? {
                    let sum = all.entry(at).or_default();
                    let sessions = sum.sessions + figures.sessions;
                    *sum = Figures { sessions, ..sum.with(figures) };
                }
            }
            Ok(all.into_iter().collect())
        })
        .await
    }

    async fn oldest_open(&self) -> Result<Vec<(AppId, u64)>, StoreError> {
        self.read(oldest_open).await
    }
}
