//! Between SQLite's columns and the types of the store. SQLite counts to 2^63 - 1; what is greater is cut
//! there.

use super::trouble::Trouble;
use hongyan_wire::{DeviceId, GroupId, PushId, UserId};
use rusqlite::{Connection, Params, Row};
use serde::de::DeserializeOwned;

/// A number as SQLite keeps it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number; a negative one is nobody's.
pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, Trouble> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A stored number or NULL.
pub(super) fn number_maybe(row: &Row<'_>, column: usize) -> Result<Option<u64>, Trouble> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|number| u64::try_from(number).unwrap_or(0)))
}

pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Trouble> {
    row.get_ref(column)?.as_str().map_err(|error| Trouble::Broken(format!("column {column}: {error}")))
}

pub(super) fn text_maybe<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a str>, Trouble> {
    let value = row.get_ref(column)?;
    value.as_str_or_null().map_err(|error| Trouble::Broken(format!("column {column}: {error}")))
}

pub(super) fn user(row: &Row<'_>, column: usize) -> Result<UserId, Trouble> {
    Ok(UserId::new(text(row, column)?)?)
}

pub(super) fn user_maybe(row: &Row<'_>, column: usize) -> Result<Option<UserId>, Trouble> {
    Ok(text_maybe(row, column)?.map(UserId::new).transpose()?)
}

pub(super) fn device(row: &Row<'_>, column: usize) -> Result<DeviceId, Trouble> {
    Ok(DeviceId::new(text(row, column)?)?)
}

pub(super) fn group(row: &Row<'_>, column: usize) -> Result<GroupId, Trouble> {
    Ok(GroupId::new(text(row, column)?)?)
}

pub(super) fn push_id(row: &Row<'_>, column: usize) -> Result<PushId, Trouble> {
    Ok(PushId::new(text(row, column)?)?)
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Trouble> {
    Ok(serde_json::from_str(text(row, column)?)?)
}

/// Every row of a query.
pub(super) fn all<T>(
    sql: &Connection,
    query: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, Trouble>,
) -> Result<Vec<T>, Trouble> {
    let mut statement = sql.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The first row of a query.
pub(super) fn first<T>(
    sql: &Connection,
    query: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, Trouble>,
) -> Result<Option<T>, Trouble> {
    let mut statement = sql.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Runs a statement; the number of rows it changed.
pub(super) fn run(sql: &Connection, statement: &str, params: impl Params) -> Result<usize, Trouble> {
    Ok(sql.prepare_cached(statement)?.execute(params)?)
}
