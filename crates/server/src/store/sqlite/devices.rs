//! Users, devices and PushIDs as people look at them: pages, and rows that nobody is bound to.

use super::{
    change::Change,
    columns::{self, int, number, number_maybe, text, text_maybe},
    command::Work,
    trouble::Trouble,
};
use crate::store::{DeviceRecord, PushRecord, Suspension, Tombstone, User};
use hongyan_vendors::VendorKind;
use hongyan_wire::{AppId, PushId, UserId};
use rusqlite::{Connection, Row, params};
use std::str::FromStr;

/// Devices of a user that are shown.
const DEVICES_MAX: i64 = 100;

pub(super) fn page(
    sql: &Connection,
    app: AppId,
    prefix: &str,
    after: &str,
    count: usize,
) -> Result<Vec<User>, Trouble> {
    // A prefix is a range of IDs: no pattern, whose letters IDs may have too.
    let end = format!("{prefix}\u{10ffff}");
    let query = "SELECT id, name, avatar_url, created_at FROM users
         WHERE app = ?1 AND id > ?2 AND id >= ?3 AND id < ?4 ORDER BY id LIMIT ?5";
    columns::all(sql, query, params![app.0, after, prefix, end, int(count as u64)], |row| {
        Ok(User {
            id: columns::user(row, 0)?,
            name: text(row, 1)?.to_owned(),
            avatar_url: text(row, 2)?.to_owned(),
            created_at: number(row, 3)?,
        })
    })
}

pub(super) fn of_user(sql: &Connection, app: AppId, user: &UserId) -> Result<Vec<DeviceRecord>, Trouble> {
    let query = "SELECT id, user, platform, last_login_at FROM devices
         WHERE app = ?1 AND user = ?2 ORDER BY last_login_at DESC LIMIT ?3";
    columns::all(sql, query, params![app.0, user.as_str(), DEVICES_MAX], |row| {
        Ok(DeviceRecord {
            device: columns::device(row, 0)?,
            user: columns::user_maybe(row, 1)?,
            platform: row.get(2)?,
            last_login_at: number(row, 3)?,
        })
    })
}

const RECORD: &str = "SELECT push_ids.id, push_ids.device, push_ids.user, vendor, app_type, platform,
    dead_code, dead_at, suspended_code, suspended_at
    FROM push_ids LEFT JOIN devices ON devices.app = push_ids.app AND devices.id = device
    WHERE push_ids.id = ?1 AND push_ids.app = ?2";

fn read(row: &Row<'_>) -> Result<PushRecord, Trouble> {
    let vendor = VendorKind::from_str(text(row, 3)?).map_err(|error| Trouble::Broken(error.to_string()))?;
    let noted = |code, at| -> Result<Option<(String, u64)>, Trouble> {
        Ok(text_maybe(row, code)?.map(str::to_owned).zip(number_maybe(row, at)?))
    };
    Ok(PushRecord {
        push_id: columns::push_id(row, 0)?,
        device: columns::device(row, 1)?,
        user: columns::user_maybe(row, 2)?,
        vendor,
        app_type: row.get(4)?,
        platform: row.get::<_, Option<u8>>(5)?.unwrap_or(0),
        tombstone: noted(6, 7)?.map(|(code, at)| Tombstone { code, at }),
        suspension: noted(8, 9)?.map(|(reason, at)| Suspension { reason, at }),
    })
}

pub(super) fn record(sql: &Connection, app: AppId, id: &PushId) -> Result<Option<PushRecord>, Trouble> {
    columns::first(sql, RECORD, params![id.as_str(), app.0], read)
}

pub(super) fn unbind(work: &mut Work<'_, '_>, app: AppId, id: &PushId) -> Result<Option<UserId>, Trouble> {
    let sql = work.sql;
    let Some(user) = record(sql, app, id)?.and_then(|record| record.user) else { return Ok(None) };
    work.changes.push(Change::Bound { app, user: user.clone() });
    columns::run(
        sql,
        "UPDATE push_ids SET user = NULL WHERE id = ?1 AND app = ?2",
        params![id.as_str(), app.0],
    )?;
    Ok(Some(user))
}
