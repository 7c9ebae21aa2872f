//! Apps, credentials and strategies: rows that people change, read on every login and push.

use super::{
    SqliteStore, catalog,
    columns::{self, int},
    keys,
    seal::{Place, Sealer},
    trouble::Trouble,
};
use crate::store::{
    App, AppChange, AppChanged, AppKey, AppKeys, AppSettings, AppStore, NewApp, StoreError, StoredCredential,
    StoredStrategy,
};
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::AppId;
use rand::Rng;
use rusqlite::{Connection, params};

/// Strategies of one app.
const STRATEGIES_MAX: i64 = 10;
/// Chosen AppIDs have seven to ten digits.
const ID_MIN: u32 = 1_000_000;
const ID_TRIES_MAX: usize = 100;

/// Tells every process that keeps these rows in memory that they changed.
pub(super) fn touch(sql: &Connection) -> Result<(), Trouble> {
    columns::run(
        sql,
        "INSERT INTO meta (name, value) VALUES ('apps_version', 1)
         ON CONFLICT DO UPDATE SET value = value + 1",
        [],
    )?;
    Ok(())
}

pub(super) fn create(sql: &Connection, new: &NewApp, now_ms: u64) -> Result<Option<App>, Trouble> {
    let id = match new.id {
        Some(id) => id,
        None => free_id(sql)?,
    };
    let app = App {
        id,
        name: new.name.clone(),
        app_sign: keys::fresh(AppKey::AppSign),
        server_secret: keys::fresh(AppKey::ServerSecret),
        callback_secret: keys::fresh(AppKey::CallbackSecret),
        enabled: true,
        active: true,
        keys: AppKeys::default(),
        settings: Default::default(),
        created_at: now_ms,
    };
    let created = columns::run(
        sql,
        "INSERT INTO apps (id, name, app_sign, server_secret, callback_secret, enabled, settings, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![
            app.id.0,
            app.name,
            app.app_sign.expose(),
            app.server_secret.expose(),
            app.callback_secret.expose(),
            app.enabled,
            serde_json::to_string(&app.settings)?,
            int(now_ms),
        ],
    )?;
    touch(sql)?;
    Ok((created == 1).then_some(app))
}

fn free_id(sql: &Connection) -> Result<AppId, Trouble> {
    for _ in 0..ID_TRIES_MAX {
        let id = rand::rng().random_range(ID_MIN..=u32::MAX);
        if columns::first(sql, "SELECT 1 FROM apps WHERE id = ?1", [id], |_| Ok(()))?.is_none() {
            return Ok(AppId(id));
        }
    }
    Err(Trouble::Broken("no free AppID was found".to_owned()))
}

pub(super) fn set_settings(sql: &Connection, id: AppId, settings: &AppSettings) -> Result<bool, Trouble> {
    let text = serde_json::to_string(settings)?;
    let changed = columns::run(sql, "UPDATE apps SET settings = ?2 WHERE id = ?1", params![id.0, text])?;
    touch(sql)?;
    Ok(changed == 1)
}

/// Changes what is named; a name that another app has changes nothing.
pub(super) fn change(sql: &Connection, id: AppId, change: &AppChange) -> Result<AppChanged, Trouble> {
    if columns::first(sql, "SELECT 1 FROM apps WHERE id = ?1", [id.0], |_| Ok(()))?.is_none() {
        return Ok(AppChanged::NoSuchApp);
    }
    if let Some(name) = &change.name {
        let query = "SELECT 1 FROM apps WHERE name = ?1 AND id <> ?2";
        if columns::first(sql, query, params![name, id.0], |_| Ok(()))?.is_some() {
            return Ok(AppChanged::NameTaken);
        }
    }
    columns::run(
        sql,
        "UPDATE apps SET name = coalesce(?2, name), enabled = coalesce(?3, enabled), active = coalesce(?4, active)
         WHERE id = ?1",
        params![id.0, change.name, change.enabled, change.active],
    )?;
    touch(sql)?;
    Ok(AppChanged::Done)
}

pub(super) fn put_credential(
    sql: &Connection,
    sealer: &Sealer,
    app: AppId,
    new: &StoredCredential,
) -> Result<(), Trouble> {
    let place = |column| Place::of_credential(app.0, new.vendor.as_str(), new.app_type, column);
    let seal_callback = |secret: &Secret| sealer.seal(&place("callback"), secret.expose());
    columns::run(
        sql,
        "INSERT INTO credentials (app, vendor, app_type, file, client_id, base_url, updated_at,
             callback_user, callback_secret, rights)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET file = excluded.file, client_id = excluded.client_id,
             base_url = excluded.base_url, updated_at = excluded.updated_at,
             callback_user = excluded.callback_user, callback_secret = excluded.callback_secret,
             rights = excluded.rights",
        params![
            app.0,
            new.vendor.as_str(),
            new.app_type,
            sealer.seal(&place("file"), new.file.expose())?,
            new.client_id,
            new.base_url,
            int(new.updated_at),
            new.callback.as_ref().map(|callback| callback.user.as_str()),
            new.callback.as_ref().map(|callback| seal_callback(&callback.secret)).transpose()?,
            serde_json::to_string(&new.rights)?,
        ],
    )?;
    touch(sql)
}

pub(super) fn remove_credential(
    sql: &Connection,
    app: AppId,
    vendor: VendorKind,
    app_type: u8,
) -> Result<bool, Trouble> {
    let delete = "DELETE FROM credentials WHERE app = ?1 AND vendor = ?2 AND app_type = ?3";
    let removed = columns::run(sql, delete, params![app.0, vendor.as_str(), app_type])?;
    touch(sql)?;
    Ok(removed == 1)
}

pub(super) fn put_strategy(sql: &Connection, app: AppId, new: &StoredStrategy) -> Result<bool, Trouble> {
    let query = "SELECT count(*) FROM strategies WHERE app = ?1 AND resources_id <> ?2";
    let key = params![app.0, new.resources_id];
    let others: i64 = columns::first(sql, query, key, |row| Ok(row.get(0)?))?.unwrap_or(0);
    if others >= STRATEGIES_MAX {
        return Ok(false);
    }
    columns::run(
        sql,
        "INSERT OR REPLACE INTO strategies (app, resources_id, options) VALUES (?1, ?2, ?3)",
        params![app.0, new.resources_id, new.options],
    )?;
    touch(sql)?;
    Ok(true)
}

pub(super) fn remove_strategy(sql: &Connection, app: AppId, resources_id: &str) -> Result<bool, Trouble> {
    let delete = "DELETE FROM strategies WHERE app = ?1 AND resources_id = ?2";
    let removed = columns::run(sql, delete, params![app.0, resources_id])?;
    touch(sql)?;
    Ok(removed == 1)
}

impl SqliteStore {
    /// A change of these rows: the next look reads them again.
    async fn change_catalog<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let changed = self.queue.run(move |work| change(work.sql)).await;
        self.catalog.forget();
        changed
    }

    fn catalog(&self) -> Result<std::sync::Arc<catalog::Catalog>, StoreError> {
        let side = self.side.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let sql = side.as_ref().ok_or(StoreError::Closed)?;
        Ok(self.catalog.current(sql, &self.sealer, self.clock.now_ms())?)
    }
}

#[async_trait::async_trait]
impl AppStore for SqliteStore {
    async fn create_app(&self, app: NewApp, now_ms: u64) -> Result<Option<App>, StoreError> {
        self.change_catalog(move |sql| create(sql, &app, now_ms)).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        Ok(self.catalog()?.apps())
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(self.catalog()?.app(id))
    }

    async fn set_app_settings(&self, id: AppId, settings: AppSettings) -> Result<bool, StoreError> {
        self.change_catalog(move |sql| set_settings(sql, id, &settings)).await
    }

    async fn change_app(&self, id: AppId, asked: AppChange) -> Result<AppChanged, StoreError> {
        self.change_catalog(move |sql| change(sql, id, &asked)).await
    }

    async fn rotate_key(
        &self,
        id: AppId,
        key: AppKey,
        keep_until_ms: Option<u64>,
        now_ms: u64,
    ) -> Result<Option<Secret>, StoreError> {
        self.change_catalog(move |sql| keys::rotate(sql, id, key, keep_until_ms, now_ms)).await
    }

    async fn retire_key(&self, id: AppId, key: AppKey) -> Result<bool, StoreError> {
        self.change_catalog(move |sql| keys::retire(sql, id, key)).await
    }

    async fn put_credential(&self, app: AppId, credential: StoredCredential) -> Result<(), StoreError> {
        let sealer = self.sealer.clone();
        self.change_catalog(move |sql| put_credential(sql, &sealer, app, &credential)).await
    }

    async fn credentials(&self, app: AppId) -> Result<Vec<StoredCredential>, StoreError> {
        Ok(self.catalog()?.credentials(app))
    }

    async fn remove_credential(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
    ) -> Result<bool, StoreError> {
        self.change_catalog(move |sql| remove_credential(sql, app, vendor, app_type)).await
    }

    async fn put_strategy(&self, app: AppId, strategy: StoredStrategy) -> Result<bool, StoreError> {
        self.change_catalog(move |sql| put_strategy(sql, app, &strategy)).await
    }

    async fn strategies(&self, app: AppId) -> Result<Vec<StoredStrategy>, StoreError> {
        Ok(self.catalog()?.strategies(app))
    }

    async fn remove_strategy(&self, app: AppId, resources_id: &str) -> Result<bool, StoreError> {
        let resources_id = resources_id.to_owned();
        self.change_catalog(move |sql| remove_strategy(sql, app, &resources_id)).await
    }
}
