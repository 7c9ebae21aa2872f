//! Apps, credentials and strategies in memory. Another process may change the rows: looked at once a second.

use super::{
    columns::{self, number, text, text_maybe},
    keys,
    seal::{Place, Sealer},
    trouble::Trouble,
};
use crate::store::{App, StoredCallback, StoredCredential, StoredStrategy};
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::AppId;
use rusqlite::{Connection, Row};
use std::{
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How old what is in memory may be, in ms.
const LOOK_EVERY_MS: u64 = 1_000;

/// The rows as they were at one moment.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    apps: BTreeMap<AppId, App>,
    credentials: HashMap<AppId, Vec<StoredCredential>>,
    strategies: HashMap<AppId, Vec<StoredStrategy>>,
}

impl Catalog {
    pub fn apps(&self) -> Vec<App> {
        self.apps.values().cloned().collect()
    }

    pub fn app(&self, id: AppId) -> Option<App> {
        self.apps.get(&id).cloned()
    }

    pub fn credentials(&self, app: AppId) -> Vec<StoredCredential> {
        self.credentials.get(&app).cloned().unwrap_or_default()
    }

    pub fn strategies(&self, app: AppId) -> Vec<StoredStrategy> {
        self.strategies.get(&app).cloned().unwrap_or_default()
    }

    /// Reads all rows.
    pub fn read(sql: &Connection, sealer: &Sealer) -> Result<Self, Trouble> {
        let mut catalog = Self::default();
        let apps = "SELECT id, name, app_sign, server_secret, callback_secret, enabled, settings,
             created_at, active, keys FROM apps";
        for app in columns::all(sql, apps, [], app)? {
            catalog.apps.insert(app.id, app);
        }
        let credentials =
            "SELECT app, vendor, app_type, file, client_id, base_url, updated_at, callback_user,
             callback_secret, rights FROM credentials ORDER BY app, vendor, app_type";
        for (app, credential) in columns::all(sql, credentials, [], |row| credential(row, sealer))? {
            catalog.credentials.entry(app).or_default().push(credential);
        }
        let strategies = "SELECT app, resources_id, options FROM strategies ORDER BY app, resources_id";
        for (app, strategy) in columns::all(sql, strategies, [], strategy)? {
            catalog.strategies.entry(app).or_default().push(strategy);
        }
        Ok(catalog)
    }
}

fn secret(row: &Row<'_>, column: usize) -> Result<Secret, Trouble> {
    Ok(Secret::new(text(row, column)?))
}

fn app(row: &Row<'_>) -> Result<App, Trouble> {
    Ok(App {
        id: AppId(row.get(0)?),
        name: text(row, 1)?.to_owned(),
        app_sign: secret(row, 2)?,
        server_secret: secret(row, 3)?,
        callback_secret: secret(row, 4)?,
        enabled: row.get(5)?,
        settings: columns::json(row, 6)?,
        created_at: number(row, 7)?,
        active: row.get(8)?,
        keys: keys::read(text(row, 9)?)?,
    })
}

fn credential(row: &Row<'_>, sealer: &Sealer) -> Result<(AppId, StoredCredential), Trouble> {
    let vendor = VendorKind::from_str(text(row, 1)?).map_err(|error| Trouble::Broken(error.to_string()))?;
    let (app, app_type) = (AppId(row.get(0)?), row.get(2)?);
    let open = |column, sealed: &str| {
        let opened = sealer.open(&Place::of_credential(app.0, vendor.as_str(), app_type, column), sealed);
        Secret::new(opened.unwrap_or_else(|| {
            tracing::error!(app.id = %app, %vendor, app_type, column, "a credential was sealed with another key");
            String::new()
        }))
    };
    let callback = match (text_maybe(row, 7)?, text_maybe(row, 8)?) {
        (Some(user), Some(secret)) => {
            Some(StoredCallback { user: user.to_owned(), secret: open("callback", secret) })
        }
        _ => None,
    };
    let credential = StoredCredential {
        vendor,
        app_type,
        file: open("file", text(row, 3)?),
        client_id: row.get(4)?,
        base_url: row.get(5)?,
        rights: columns::json(row, 9)?,
        callback,
        updated_at: number(row, 6)?,
    };
    Ok((app, credential))
}

fn strategy(row: &Row<'_>) -> Result<(AppId, StoredStrategy), Trouble> {
    Ok((AppId(row.get(0)?), StoredStrategy { resources_id: row.get(1)?, options: row.get(2)? }))
}

/// The catalog that everybody shares, and when it was looked at.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    catalog: Option<Arc<Catalog>>,
    looked_at: u64,
    /// SQLite's count of other connections' commits; the rows' own count of changes.
    versions: (i64, i64),
}

impl Shown {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in memory, if it is new enough; else what a short look into the file finds.
    pub fn current(&self, sql: &Connection, sealer: &Sealer, now_ms: u64) -> Result<Arc<Catalog>, Trouble> {
        let mut state = self.state();
        let fresh = state.looked_at <= now_ms && now_ms < state.looked_at + LOOK_EVERY_MS;
        if let Some(catalog) = state.catalog.as_ref().filter(|_| fresh) {
            return Ok(catalog.clone());
        }
        let commits = columns::first(sql, "PRAGMA data_version", [], |row| Ok(row.get(0)?))?.unwrap_or(0);
        let mut changes = state.versions.1;
        if state.catalog.is_none() || commits != state.versions.0 {
            let query = "SELECT value FROM meta WHERE name = 'apps_version'";
            changes = columns::first(sql, query, [], |row| Ok(row.get(0)?))?.unwrap_or(0);
        }
        let catalog = match state.catalog.take() {
            Some(catalog) if changes == state.versions.1 => catalog,
            _ => Arc::new(Catalog::read(sql, sealer)?),
        };
        *state = State { catalog: Some(catalog.clone()), looked_at: now_ms, versions: (commits, changes) };
        Ok(catalog)
    }

    /// The next look reads the rows again.
    pub fn forget(&self) {
        self.state().catalog = None;
    }
}
