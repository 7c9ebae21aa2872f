//! Alarms: a row per credential and kind.

use super::{
    SqliteStore,
    columns::{self, int},
    trouble::Trouble,
};
use crate::store::{Alarm, AlarmStore, StoreError};
use hongyan_vendors::VendorKind;
use hongyan_wire::AppId;
use rusqlite::{Connection, Row, params};

pub(super) fn all(sql: &Connection) -> Result<Vec<Alarm>, Trouble> {
    let query = "SELECT app, vendor, app_type, kind, code, message, since, last_at, count, cleared_at
         FROM alarms ORDER BY app, vendor, app_type, kind";
    columns::all(sql, query, [], read)
}

fn read(row: &Row<'_>) -> Result<Alarm, Trouble> {
    let vendor = columns::text(row, 1)?;
    Ok(Alarm {
        app: AppId(row.get(0)?),
        vendor: vendor.parse().map_err(|error| Trouble::Broken(format!("an alarm: {error}")))?,
        app_type: row.get(2)?,
        kind: columns::text(row, 3)?.to_owned(),
        code: columns::text(row, 4)?.to_owned(),
        message: columns::text(row, 5)?.to_owned(),
        since: columns::number(row, 6)?,
        last_at: columns::number(row, 7)?,
        count: columns::number(row, 8)?,
        cleared_at: columns::number_maybe(row, 9)?,
    })
}

/// An end that another process has written in the same episode is kept.
pub(super) fn put(sql: &Connection, alarm: &Alarm) -> Result<(), Trouble> {
    columns::run(
        sql,
        "INSERT INTO alarms (app, vendor, app_type, kind, code, message, since, last_at, count, cleared_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET code = excluded.code, message = excluded.message,
             since = excluded.since, last_at = excluded.last_at, count = excluded.count,
             cleared_at = CASE WHEN since = excluded.since THEN coalesce(cleared_at, excluded.cleared_at)
                 ELSE excluded.cleared_at END",
        params![
            alarm.app.0,
            alarm.vendor.as_str(),
            alarm.app_type,
            alarm.kind,
            alarm.code,
            alarm.message,
            int(alarm.since),
            int(alarm.last_at),
            int(alarm.count),
            alarm.cleared_at.map(int),
        ],
    )?;
    Ok(())
}

pub(super) fn clear(
    sql: &Connection,
    (app, vendor, app_type): (AppId, VendorKind, u8),
    now_ms: u64,
) -> Result<usize, Trouble> {
    let update = "UPDATE alarms SET cleared_at = ?4
         WHERE app = ?1 AND vendor = ?2 AND app_type = ?3 AND cleared_at IS NULL";
    columns::run(sql, update, params![app.0, vendor.as_str(), app_type, int(now_ms)])
}

#[async_trait::async_trait]
impl AlarmStore for SqliteStore {
    async fn alarms(&self) -> Result<Vec<Alarm>, StoreError> {
        self.readers.read(all).await
    }

    async fn put_alarms(&self, alarms: Vec<Alarm>) -> Result<(), StoreError> {
        self.queue.run(move |work| alarms.iter().try_for_each(|alarm| put(work.sql, alarm))).await
    }

    async fn clear_alarms(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
        now_ms: u64,
    ) -> Result<usize, StoreError> {
        self.queue.run(move |work| clear(work.sql, (app, vendor, app_type), now_ms)).await
    }
}
