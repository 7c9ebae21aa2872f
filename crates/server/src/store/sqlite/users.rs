//! Users, devices, PushIDs and their bindings.

use super::{
    SqliteStore,
    bound::Targets,
    change::Change,
    columns::{self, int, number, number_maybe, text, text_maybe, user},
    command::Work,
    devices,
    trouble::Trouble,
};
use crate::store::{
    DeviceRecord, LoginRecord, NewPush, PushRecord, PushTarget, ReceiptBatch, SignedIn, StoreError,
    Suspension, Tombstone, User, UserStore,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hongyan_wire::{AppId, DeviceId, PushId, UserId, client::PushRule};
use rand::RngCore;
use rusqlite::{Connection, Params, Row, params};
use std::{collections::HashMap, str::FromStr, sync::Arc};

/// Whether this user ever logged in.
pub(super) fn exists(sql: &Connection, app: AppId, id: &UserId) -> Result<bool, Trouble> {
    let query = "SELECT 1 FROM users WHERE app = ?1 AND id = ?2";
    Ok(columns::first(sql, query, params![app.0, id.as_str()], |_| Ok(()))?.is_some())
}

fn find(sql: &Connection, app: AppId, id: &UserId) -> Result<Option<User>, Trouble> {
    let query = "SELECT id, name, avatar_url, created_at FROM users WHERE app = ?1 AND id = ?2";
    columns::first(sql, query, params![app.0, id.as_str()], |row| {
        Ok(User {
            id: user(row, 0)?,
            name: text(row, 1)?.to_owned(),
            avatar_url: text(row, 2)?.to_owned(),
            created_at: number(row, 3)?,
        })
    })
}

/// Registers the user or takes over its new name. `true` when it is new.
fn put_user(sql: &Connection, login: &LoginRecord) -> Result<(User, bool), Trouble> {
    let (app, now) = (login.app.0, int(login.now_ms));
    if let Some(mut found) = find(sql, login.app, &login.user)? {
        if let Some(name) = login.name.as_ref().filter(|name| **name != found.name) {
            let update = "UPDATE users SET name = ?3 WHERE app = ?1 AND id = ?2";
            columns::run(sql, update, params![app, login.user.as_str(), name])?;
            found.name.clone_from(name);
        }
        return Ok((found, false));
    }
    let name = login.name.clone().unwrap_or_default();
    columns::run(
        sql,
        "INSERT INTO users (app, id, name, avatar_url, created_at) VALUES (?1, ?2, ?3, '', ?4)",
        params![app, login.user.as_str(), name, now],
    )?;
    let new = User { id: login.user.clone(), name, avatar_url: String::new(), created_at: login.now_ms };
    Ok((new, true))
}

/// What is known of a device at a login.
struct Standing {
    /// `false`: only the time of the login is new, which need not be written now.
    written: bool,
    last_login_at: u64,
    since: u64,
}

/// Notes whose device it is now.
fn put_device(sql: &Connection, login: &LoginRecord) -> Result<Standing, Trouble> {
    let key = params![login.app.0, login.device.as_str()];
    let query = "SELECT user, platform, last_login_at, since FROM devices WHERE app = ?1 AND id = ?2";
    let before = columns::first(sql, query, key, |row| {
        Ok((columns::user_maybe(row, 0)?, row.get::<_, u8>(1)?, number(row, 2)?, number(row, 3)?))
    })?;
    let same_user = before.as_ref().filter(|before| before.0.as_ref() == Some(&login.user));
    let last_login_at = same_user.map_or(0, |before| before.2);
    let since = same_user.map_or(login.now_ms, |before| before.3);
    if same_user.is_some_and(|before| before.1 == login.platform) {
        return Ok(Standing { written: false, last_login_at, since });
    }
    columns::run(
        sql,
        "INSERT INTO devices (app, id, user, platform, last_login_at, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET user = excluded.user, platform = excluded.platform,
             last_login_at = excluded.last_login_at, since = excluded.since",
        params![
            login.app.0,
            login.device.as_str(),
            login.user.as_str(),
            login.platform,
            int(login.now_ms),
            int(since),
        ],
    )?;
    Ok(Standing { written: true, last_login_at, since })
}

/// Says that what can be pushed to a user changes with this commit.
fn note_bound<'a>(work: &mut Work<'_, '_>, app: AppId, users: impl IntoIterator<Item = &'a UserId>) {
    work.changes.extend(users.into_iter().map(|user| Change::Bound { app, user: user.clone() }));
}

/// A PushID of a device that logs in.
struct Own {
    user: Option<UserId>,
    alive: bool,
    suspended: bool,
}

/// Binds the device's PushIDs; whether one of them is alive. Most logins find them bound, and write nothing.
fn bind_device(work: &mut Work<'_, '_>, login: &LoginRecord) -> Result<bool, Trouble> {
    let (app, user) = (login.app, &login.user);
    let query = "SELECT user, dead_at IS NULL, suspended_at IS NOT NULL FROM push_ids
         WHERE app = ?1 AND device = ?2";
    let own = columns::all(work.sql, query, params![app.0, login.device.as_str()], |row| {
        Ok(Own { user: columns::user_maybe(row, 0)?, alive: row.get(1)?, suspended: row.get(2)? })
    })?;
    if own.iter().any(|one| one.suspended || one.user.as_ref() != Some(user)) {
        columns::run(
            work.sql,
            "UPDATE push_ids SET user = ?3, suspended_code = NULL, suspended_at = NULL
             WHERE app = ?1 AND device = ?2 AND (user IS NOT ?3 OR suspended_at IS NOT NULL)",
            params![app.0, login.device.as_str(), user.as_str()],
        )?;
        note_bound(work, app, own.iter().filter_map(|one| one.user.as_ref()));
        note_bound(work, app, [user]);
    }
    Ok(own.iter().any(|one| one.alive))
}

fn sign_in(work: &mut Work<'_, '_>, login: &LoginRecord) -> Result<(SignedIn, bool), Trouble> {
    let (user, created) = put_user(work.sql, login)?;
    let Standing { written, last_login_at, since } = put_device(work.sql, login)?;
    if written {
        // Its platform may be another.
        note_bound(work, login.app, [&login.user]);
    }
    let push_bound = bind_device(work, login)?;
    Ok((SignedIn { user, created, push_bound, last_login_at, since }, written))
}

fn sign_out(work: &mut Work<'_, '_>, app: AppId, user: &UserId, device: &DeviceId) -> Result<(), Trouble> {
    let key = params![app.0, device.as_str(), user.as_str()];
    let unbind = "UPDATE push_ids SET user = NULL WHERE app = ?1 AND device = ?2 AND user = ?3";
    columns::run(work.sql, unbind, key)?;
    let leave = "UPDATE devices SET user = NULL WHERE app = ?1 AND id = ?2 AND user = ?3";
    columns::run(work.sql, leave, key)?;
    note_bound(work, app, [user]);
    Ok(())
}

/// A PushID that nobody can guess and that says nothing: 128 random bits in 22 letters.
fn fresh_push_id() -> Result<PushId, Trouble> {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    Ok(PushId::new(&URL_SAFE_NO_PAD.encode(bytes))?)
}

/// A registered token before the registration at hand.
struct Known {
    id: PushId,
    device: DeviceId,
    user: Option<UserId>,
}

fn known_token(sql: &Connection, push: &NewPush) -> Result<Option<Known>, Trouble> {
    columns::first(
        sql,
        "SELECT id, device, user FROM push_ids WHERE app = ?1 AND vendor = ?2 AND app_type = ?3 AND token
             = ?4",
        params![push.app.0, push.vendor.as_str(), push.app_type, push.token],
        |row| {
            let (id, device) = (columns::push_id(row, 0)?, columns::device(row, 1)?);
            Ok(Known { id, device, user: columns::user_maybe(row, 2)? })
        },
    )
}

/// Removes what the device had under another token; the user that was bound to it.
fn replace_old(sql: &Connection, push: &NewPush) -> Result<Option<UserId>, Trouble> {
    let old = columns::all(
        sql,
        "DELETE FROM push_ids WHERE app = ?1 AND device = ?2 AND vendor = ?3 AND app_type = ?4 AND token <> ?5
         RETURNING user",
        params![push.app.0, push.device.as_str(), push.vendor.as_str(), push.app_type, push.token],
        |row| columns::user_maybe(row, 0),
    )?;
    Ok(old.into_iter().flatten().next())
}

fn register(work: &mut Work<'_, '_>, push: &NewPush) -> Result<PushId, Trouble> {
    let sql = work.sql;
    let inherited = replace_old(sql, push)?;
    let known = known_token(sql, push)?;
    note_bound(work, push.app, &inherited);
    note_bound(work, push.app, known.as_ref().and_then(|known| known.user.as_ref()));
    let user = push.user.clone().or_else(|| match &known {
        Some(known) if known.device == push.device => known.user.clone(),
        // The token came from another device: who was logged in there is not logged in here.
        _ => inherited,
    });
    note_bound(work, push.app, &user);
    let id = known.map_or_else(fresh_push_id, |known| Ok(known.id))?;
    columns::run(
        sql,
        "INSERT INTO push_ids (id, app, device, user, vendor, app_type, token, locale, registered_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET device = excluded.device, user = excluded.user,
             locale = excluded.locale, registered_at = excluded.registered_at, dead_code = NULL,
             dead_at = NULL, suspended_code = NULL, suspended_at = NULL",
        params![
            id.as_str(),
            push.app.0,
            push.device.as_str(),
            user.as_ref().map(UserId::as_str),
            push.vendor.as_str(),
            push.app_type,
            push.token,
            push.locale,
            int(push.now_ms),
        ],
    )?;
    Ok(id)
}

/// Marks a token as dead, unless the device registered it anew after the request was sent.
pub(super) fn bury(
    work: &mut Work<'_, '_>,
    id: &PushId,
    code: &str,
    sent_at: u64,
    now_ms: u64,
) -> Result<(), Trouble> {
    let update = "UPDATE push_ids SET dead_code = ?2, dead_at = ?4
         WHERE id = ?1 AND dead_at IS NULL AND registered_at <= ?3 RETURNING app, user";
    change_one(work, update, params![id.as_str(), code, int(sent_at), int(now_ms)])
}

/// Changes a PushID at most, by a statement that returns its app and its user.
fn change_one(work: &mut Work<'_, '_>, update: &str, params: impl Params) -> Result<(), Trouble> {
    let changed =
        columns::all(work.sql, update, params, |row| Ok((AppId(row.get(0)?), columns::user_maybe(row, 1)?)))?;
    changed.iter().for_each(|(app, user)| note_bound(work, *app, user));
    Ok(())
}

/// When a receipt may change a PushID: nothing newer than its request is known of the device.
#[derive(Clone, Copy)]
pub(super) struct Condition {
    /// Unix time in ms at which the request was sent.
    pub sent_at: u64,
    /// A login that is not written yet, or 0.
    pub login_at: u64,
}

/// The rest of a statement that changes a PushID on the word of a receipt: ?1 is its ID, ?2 `sent_at`, ?3
/// `login_at`.
const UNLESS_SEEN_SINCE: &str = "WHERE id = ?1 AND registered_at <= ?2 AND ?3 <= ?2 AND NOT EXISTS
     (SELECT 1 FROM devices WHERE devices.app = push_ids.app AND devices.id = push_ids.device
         AND last_login_at > ?2)";

/// Keeps a living token from being pushed until the device shows up again.
pub(super) fn suspend(
    work: &mut Work<'_, '_>,
    id: &PushId,
    reason: &str,
    since: Condition,
    now_ms: u64,
) -> Result<(), Trouble> {
    let update = format!(
        "UPDATE push_ids SET suspended_code = ?4, suspended_at = ?5 {UNLESS_SEEN_SINCE}
             AND dead_at IS NULL AND suspended_at IS NULL RETURNING app, user"
    );
    let (sent_at, login_at) = (int(since.sent_at), int(since.login_at));
    change_one(work, &update, params![id.as_str(), sent_at, login_at, reason, int(now_ms)])
}

/// Takes a PushID from the user it was bound to when the request was sent.
pub(super) fn unbind(
    work: &mut Work<'_, '_>,
    id: &PushId,
    user: &UserId,
    since: Condition,
) -> Result<(), Trouble> {
    let update =
        format!("UPDATE push_ids SET user = NULL {UNLESS_SEEN_SINCE} AND user = ?4 RETURNING app, ?4");
    let (sent_at, login_at) = (int(since.sent_at), int(since.login_at));
    change_one(work, &update, params![id.as_str(), sent_at, login_at, user.as_str()])
}

/// The PushID that has this token with the credential that these receipts belong to.
pub(super) fn push_id_of(
    sql: &Connection,
    batch: &ReceiptBatch,
    token: &str,
) -> Result<Option<PushId>, Trouble> {
    columns::first(
        sql,
        "SELECT id FROM push_ids WHERE app = ?1 AND vendor = ?2 AND app_type = ?3 AND token = ?4",
        params![batch.app.0, batch.vendor.as_str(), batch.app_type, token],
        |row| columns::push_id(row, 0),
    )
}

fn unregister(
    work: &mut Work<'_, '_>,
    app: AppId,
    device: &DeviceId,
    push_id: Option<&PushId>,
) -> Result<usize, Trouble> {
    let delete = "DELETE FROM push_ids WHERE app = ?1 AND device = ?2 AND (?3 IS NULL OR id = ?3)
         RETURNING user";
    let key = params![app.0, device.as_str(), push_id.map(PushId::as_str)];
    let gone = columns::all(work.sql, delete, key, |row| columns::user_maybe(row, 0))?;
    note_bound(work, app, gone.iter().flatten());
    Ok(gone.len())
}

const TARGET: &str = "SELECT push_ids.id, push_ids.device, push_ids.user, vendor, token, app_type, platform,
    dead_code, dead_at, suspended_code, suspended_at
    FROM push_ids LEFT JOIN devices ON devices.app = push_ids.app AND devices.id = device";

/// A bound PushID; `None` when nobody is bound to it.
fn target(row: &Row<'_>) -> Result<Option<PushTarget>, Trouble> {
    let Some(user) = columns::user_maybe(row, 2)? else { return Ok(None) };
    let vendor = hongyan_vendors::VendorKind::from_str(text(row, 3)?)
        .map_err(|error| Trouble::Broken(error.to_string()))?;
    let tombstone = match (text_maybe(row, 7)?, number_maybe(row, 8)?) {
        (Some(code), Some(at)) => Some(Tombstone { code: code.to_owned(), at }),
        _ => None,
    };
    let suspension = match (text_maybe(row, 9)?, number_maybe(row, 10)?) {
        (Some(reason), Some(at)) => Some(Suspension { reason: reason.to_owned(), at }),
        _ => None,
    };
    Ok(Some(PushTarget {
        push_id: columns::push_id(row, 0)?,
        device: columns::device(row, 1)?,
        user,
        vendor,
        token: text(row, 4)?.to_owned(),
        app_type: row.get(5)?,
        platform: row.get::<_, Option<u8>>(6)?.unwrap_or(0),
        tombstone,
        suspension,
    }))
}

fn targets_of(sql: &Connection, app: AppId, user: &UserId) -> Result<Targets, Trouble> {
    let query = format!("{TARGET} WHERE push_ids.app = ?1 AND push_ids.user = ?2 ORDER BY push_ids.id");
    let found = columns::all(sql, &query, params![app.0, user.as_str()], target)?;
    Ok(found.into_iter().flatten().collect())
}

/// One PushID that somebody is bound to.
pub(super) fn push_target(sql: &Connection, app: AppId, id: &PushId) -> Result<Option<PushTarget>, Trouble> {
    let query = format!("{TARGET} WHERE push_ids.id = ?1 AND push_ids.app = ?2");
    let found = columns::first(sql, &query, params![id.as_str(), app.0], target)?;
    Ok(found.flatten())
}

#[async_trait::async_trait]
impl UserStore for SqliteStore {
    async fn sign_in(&self, login: LoginRecord) -> Result<SignedIn, StoreError> {
        let (app, device, now_ms) = (login.app, login.device.clone(), login.now_ms);
        let (signed_in, written) = self.queue.run(move |work| sign_in(work, &login)).await?;
        if !written {
            self.shared.coalesced.logged_in(app, &device, now_ms);
        }
        Ok(signed_in)
    }

    async fn sign_out(&self, app: AppId, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
        let (user, device) = (user.clone(), device.clone());
        self.queue.run(move |work| sign_out(work, app, &user, &device)).await
    }

    async fn users(&self, app: AppId, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.to_vec();
        self.readers
            .read(move |sql| {
                let found = ids.iter().map(|id| find(sql, app, id)).collect::<Result<Vec<_>, _>>()?;
                Ok(found.into_iter().flatten().collect())
            })
            .await
    }

    async fn register_push(&self, push: NewPush) -> Result<PushId, StoreError> {
        self.queue.run(move |work| register(work, &push)).await
    }

    async fn unregister_push(
        &self,
        app: AppId,
        device: &DeviceId,
        push_id: Option<&PushId>,
    ) -> Result<usize, StoreError> {
        let (device, push_id) = (device.clone(), push_id.cloned());
        self.queue.run(move |work| unregister(work, app, &device, push_id.as_ref())).await
    }

    async fn push_targets(
        &self,
        app: AppId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, Arc<[PushTarget]>>, StoreError> {
        let (mut found, mut unknown) = (HashMap::with_capacity(users.len()), Vec::new());
        for user in users {
            match self.shared.bound.get(app, user) {
                Ok(targets) => drop(found.insert(user.clone(), targets)),
                Err(version) => unknown.push((user.clone(), version)),
            }
        }
        if !unknown.is_empty() {
            let look = move |sql: &Connection| {
                let read = |(user, version)| Ok((targets_of(sql, app, &user)?, user, version));
                unknown.into_iter().map(read).collect::<Result<Vec<(Targets, _, _)>, Trouble>>()
            };
            for (targets, user, version) in self.readers.read(look).await? {
                self.shared.bound.put(app, &user, version, targets.clone());
                found.insert(user, targets);
            }
        }
        found.retain(|_, targets| !targets.is_empty());
        Ok(found)
    }

    async fn push_token(&self, app: AppId, push_id: &PushId) -> Result<Option<String>, StoreError> {
        let id = push_id.clone();
        let query = "SELECT token FROM push_ids WHERE id = ?1 AND app = ?2 AND dead_at IS NULL";
        let read = move |sql: &Connection| {
            columns::first(sql, query, params![id.as_str(), app.0], |row| Ok(text(row, 0)?.to_owned()))
        };
        self.readers.read(read).await
    }

    async fn push_rule(&self, app: AppId, user: &UserId) -> Result<PushRule, StoreError> {
        let user = user.clone();
        let query = "SELECT push_rule FROM users WHERE app = ?1 AND id = ?2 AND push_rule IS NOT NULL";
        let read = move |sql: &Connection| {
            columns::first(sql, query, params![app.0, user.as_str()], |row| columns::json(row, 0))
        };
        Ok(self.readers.read(read).await?.unwrap_or_default())
    }

    async fn set_push_rule(&self, app: AppId, user: &UserId, rule: PushRule) -> Result<(), StoreError> {
        let user = user.clone();
        self.queue
            .run(move |work| {
                let update = "UPDATE users SET push_rule = ?3 WHERE app = ?1 AND id = ?2";
                let text = serde_json::to_string(&rule)?;
                columns::run(work.sql, update, params![app.0, user.as_str(), text])?;
                Ok(())
            })
            .await
    }

    async fn push_target(&self, app: AppId, push_id: &PushId) -> Result<Option<PushTarget>, StoreError> {
        let id = push_id.clone();
        self.readers.read(move |sql| push_target(sql, app, &id)).await
    }

    async fn users_page(
        &self,
        app: AppId,
        prefix: &str,
        after: Option<&UserId>,
        count: usize,
    ) -> Result<Vec<User>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.map(UserId::to_string).unwrap_or_default());
        self.read(move |sql| devices::page(sql, app, &prefix, &after, count)).await
    }

    async fn devices_of(&self, app: AppId, user: &UserId) -> Result<Vec<DeviceRecord>, StoreError> {
        let user = user.clone();
        let mut found = self.read(move |sql| devices::of_user(sql, app, &user)).await?;
        for one in &mut found {
            // Logins are written a second behind.
            let waiting = self.shared.coalesced.login_of(app, &one.device);
            one.last_login_at = one.last_login_at.max(waiting.unwrap_or(0));
        }
        Ok(found)
    }

    async fn push_record(&self, app: AppId, push_id: &PushId) -> Result<Option<PushRecord>, StoreError> {
        let id = push_id.clone();
        self.read(move |sql| devices::record(sql, app, &id)).await
    }

    async fn unbind_push(&self, app: AppId, push_id: &PushId) -> Result<Option<UserId>, StoreError> {
        let id = push_id.clone();
        self.queue.run(move |work| devices::unbind(work, app, &id)).await
    }
}
