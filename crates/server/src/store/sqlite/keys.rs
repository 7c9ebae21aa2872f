//! An app's keys: made, replaced, and for a while kept beside the new one.

use super::{apps, columns, trouble::Trouble};
use crate::store::{AppKey, AppKeys, KeyHistory};
use hongyan_vendors::Secret;
use hongyan_wire::AppId;
use rand::{Rng, RngCore, distr::Alphanumeric};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key's history as it is stored, by the key's public name.
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    rotated_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old: Option<(String, u64)>,
}

type All = BTreeMap<String, Stored>;

/// A key that nobody can guess: 64 hex digits for AppSign, 32 letters and digits for the others.
pub(super) fn fresh(key: AppKey) -> Secret {
    Secret::new(match key {
        AppKey::AppSign => hex_64(),
        AppKey::ServerSecret | AppKey::CallbackSecret => letters_32(),
    })
}

fn hex_64() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn letters_32() -> String {
    rand::rng().sample_iter(Alphanumeric).take(32).map(char::from).collect()
}

/// Reads what is stored of all three.
pub(super) fn read(text: &str) -> Result<AppKeys, Trouble> {
    let mut all: All = serde_json::from_str(text)?;
    let mut history = |key: AppKey| {
        let stored = all.remove(key.as_str());
        stored.map_or_else(KeyHistory::default, |stored| KeyHistory {
            rotated_at: Some(stored.rotated_at),
            old: stored.old.map(|(old, until)| (Secret::new(old), until)),
        })
    };
    Ok(AppKeys {
        app_sign: history(AppKey::AppSign),
        server_secret: history(AppKey::ServerSecret),
        callback_secret: history(AppKey::CallbackSecret),
    })
}

fn column(key: AppKey) -> &'static str {
    match key {
        AppKey::AppSign => "app_sign",
        AppKey::ServerSecret => "server_secret",
        AppKey::CallbackSecret => "callback_secret",
    }
}

fn stored(sql: &Connection, id: AppId, key: AppKey) -> Result<Option<(String, All)>, Trouble> {
    let query = format!("SELECT {}, keys FROM apps WHERE id = ?1", column(key));
    columns::first(sql, &query, [id.0], |row| Ok((row.get(0)?, columns::json(row, 1)?)))
}

pub(super) fn rotate(
    sql: &Connection,
    id: AppId,
    key: AppKey,
    keep_until_ms: Option<u64>,
    now_ms: u64,
) -> Result<Option<Secret>, Trouble> {
    let Some((before, mut all)) = stored(sql, id, key)? else { return Ok(None) };
    let old = keep_until_ms.map(|until| (before, until));
    all.insert(key.as_str().to_owned(), Stored { rotated_at: now_ms, old });
    let new = fresh(key);
    let update = format!("UPDATE apps SET {} = ?2, keys = ?3 WHERE id = ?1", column(key));
    columns::run(sql, &update, params![id.0, new.expose(), serde_json::to_string(&all)?])?;
    apps::touch(sql)?;
    Ok(Some(new))
}

pub(super) fn retire(sql: &Connection, id: AppId, key: AppKey) -> Result<bool, Trouble> {
    let Some((_, mut all)) = stored(sql, id, key)? else { return Ok(false) };
    let Some(_) = all.get_mut(key.as_str()).and_then(|stored| stored.old.take()) else { return Ok(false) };
    let update = "UPDATE apps SET keys = ?2 WHERE id = ?1";
    columns::run(sql, update, params![id.0, serde_json::to_string(&all)?])?;
    apps::touch(sql)?;
    Ok(true)
}
