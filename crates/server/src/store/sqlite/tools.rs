//! The store as the command line uses it, beside a running server or without one: apps and what belongs to
//! them, traces, backups. Short transactions of its own; nothing is kept in memory.

use super::{
    alarms, apps, backup, calls,
    catalog::Catalog,
    directory::Directory,
    history, keys,
    options::KeySource,
    pushes, schema,
    seal::{self, Sealer},
    trouble::Trouble,
};
use crate::{
    clock::Clock,
    store::{
        Alarm, AlarmStore, App, AppChange, AppChanged, AppKey, AppSettings, AppStore, Appended, CallRecord,
        NewApp, StoreError, StoredCredential, StoredStrategy, TraceRecord, TraceSource,
    },
};
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::{AppId, CallId, MessageId};
use rusqlite::{Connection, TransactionBehavior};
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// A connection to a data directory that may have a server.
#[derive(Clone)]
pub struct ToolStore {
    directory: Directory,
    sealer: Sealer,
    sql: Arc<Mutex<Connection>>,
}

impl ToolStore {
    /// Opens the store in `dir`, which is made when it is missing. Brings an old file up to date when no
    /// server runs on it.
    ///
    /// # Errors
    /// `TooNew` for a newer program's file; `Backend` when a running server has another schema, or the file
    /// cannot be opened, or the key cannot be read.
    pub fn open(dir: &Path, key: &KeySource) -> Result<Self, StoreError> {
        let directory = Directory::prepare(dir)?;
        let mut sql = schema::open_small(&directory)?;
        let sealer = Sealer::load(&directory, key)?;
        match directory.try_lock()? {
            Some(_lock) => {
                schema::migrate(&mut sql, Clock::system().now_ms())?;
                if let Err(error) = seal::adopt(&mut sql, &sealer) {
                    // Setting or removing that credential is how it ends.
                    tracing::warn!(%error, "a push credential cannot be opened");
                }
            }
            None if schema::is_current(&sql)? => {}
            None => {
                return Err(StoreError::Backend(
                    "a server of another version runs on this directory; use that version's program"
                        .to_owned(),
                ));
            }
        }
        Ok(Self { directory, sealer, sql: Arc::new(Mutex::new(sql)) })
    }

    /// Copies the store into a new file while it is in use.
    ///
    /// # Errors
    /// `Backend` when the file exists or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (directory, to) = (self.directory.clone(), to.to_owned());
        blocking(move || backup::copy(&directory, &to)).await
    }

    async fn catalog(&self) -> Result<Catalog, StoreError> {
        let sealer = self.sealer.clone();
        self.read(move |sql| Catalog::read(sql, &sealer)).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sql = self.sql.clone();
        blocking(move || Ok(look(&sql.lock().unwrap_or_else(PoisonError::into_inner))?)).await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sql = self.sql.clone();
        blocking(move || {
            let mut sql = sql.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let changed = change(&transaction)?;
            transaction.commit()?;
            Ok(changed)
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Backend(format!("the work was broken off: {error}")))?
}

#[async_trait::async_trait]
impl AppStore for ToolStore {
    async fn create_app(&self, app: NewApp, now_ms: u64) -> Result<Option<App>, StoreError> {
        self.write(move |sql| apps::create(sql, &app, now_ms)).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        Ok(self.catalog().await?.apps())
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(self.catalog().await?.app(id))
    }

    async fn set_app_settings(&self, id: AppId, settings: AppSettings) -> Result<bool, StoreError> {
        self.write(move |sql| apps::set_settings(sql, id, &settings)).await
    }

    async fn change_app(&self, id: AppId, change: AppChange) -> Result<AppChanged, StoreError> {
        self.write(move |sql| apps::change(sql, id, &change)).await
    }

    async fn rotate_key(
        &self,
        id: AppId,
        key: AppKey,
        keep_until_ms: Option<u64>,
        now_ms: u64,
    ) -> Result<Option<Secret>, StoreError> {
        self.write(move |sql| keys::rotate(sql, id, key, keep_until_ms, now_ms)).await
    }

    async fn retire_key(&self, id: AppId, key: AppKey) -> Result<bool, StoreError> {
        self.write(move |sql| keys::retire(sql, id, key)).await
    }

    async fn put_credential(&self, app: AppId, credential: StoredCredential) -> Result<(), StoreError> {
        let sealer = self.sealer.clone();
        self.write(move |sql| apps::put_credential(sql, &sealer, app, &credential)).await
    }

    async fn credentials(&self, app: AppId) -> Result<Vec<StoredCredential>, StoreError> {
        Ok(self.catalog().await?.credentials(app))
    }

    async fn remove_credential(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
    ) -> Result<bool, StoreError> {
        self.write(move |sql| apps::remove_credential(sql, app, vendor, app_type)).await
    }

    async fn put_strategy(&self, app: AppId, strategy: StoredStrategy) -> Result<bool, StoreError> {
        self.write(move |sql| apps::put_strategy(sql, app, &strategy)).await
    }

    async fn strategies(&self, app: AppId) -> Result<Vec<StoredStrategy>, StoreError> {
        Ok(self.catalog().await?.strategies(app))
    }

    async fn remove_strategy(&self, app: AppId, resources_id: &str) -> Result<bool, StoreError> {
        let resources_id = resources_id.to_owned();
        self.write(move |sql| apps::remove_strategy(sql, app, &resources_id)).await
    }
}

#[async_trait::async_trait]
impl AlarmStore for ToolStore {
    async fn alarms(&self) -> Result<Vec<Alarm>, StoreError> {
        self.read(alarms::all).await
    }

    async fn put_alarms(&self, alarms: Vec<Alarm>) -> Result<(), StoreError> {
        self.write(move |sql| alarms.iter().try_for_each(|alarm| alarms::put(sql, alarm))).await
    }

    async fn clear_alarms(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
        now_ms: u64,
    ) -> Result<usize, StoreError> {
        self.write(move |sql| alarms::clear(sql, (app, vendor, app_type), now_ms)).await
    }
}

#[async_trait::async_trait]
impl TraceSource for ToolStore {
    async fn records(&self, subject: u64) -> Result<Vec<TraceRecord>, StoreError> {
        self.read(move |sql| pushes::trace(sql, subject)).await
    }

    async fn traced_message(&self, id: MessageId) -> Result<Option<Appended>, StoreError> {
        self.read(move |sql| {
            history::raw(sql, id.0)?.map(|row| history::place_from_file(sql, row)).transpose()
        })
        .await
    }

    async fn traced_call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        self.read(move |sql| calls::one(sql, id)).await
    }
}
