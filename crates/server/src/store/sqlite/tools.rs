//! The store as the command line uses it, beside a running server or without one: apps and what belongs to
//! them, traces, backups. Short transactions of its own; nothing is kept in memory.

use super::{
    alarms, apps, backup, calls, catalog::Catalog, directory::Directory, history, pushes, schema,
    trouble::Trouble,
};
use crate::{
    clock::Clock,
    store::{
        Alarm, AlarmStore, App, AppSettings, AppStore, Appended, CallRecord, NewApp, StoreError,
        StoredCredential, StoredStrategy, TraceRecord, TraceSource,
    },
};
use hongyan_vendors::VendorKind;
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
    sql: Arc<Mutex<Connection>>,
}

impl ToolStore {
    /// Opens the store in `dir`, which is made when it is missing. Brings an old file up to date when no
    /// server runs on it.
    ///
    /// # Errors
    /// `TooNew` for a newer program's file; `Backend` when a running server has another schema, or the file
    /// cannot be opened.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let directory = Directory::prepare(dir)?;
        let mut sql = schema::open_small(&directory)?;
        match directory.try_lock()? {
            Some(_lock) => schema::migrate(&mut sql, Clock::system().now_ms())?,
            None if schema::is_current(&sql)? => {}
            None => {
                return Err(StoreError::Backend(
                    "a server of another version runs on this directory; use that version's program"
                        .to_owned(),
                ));
            }
        }
        Ok(Self { directory, sql: Arc::new(Mutex::new(sql)) })
    }

    /// Copies the store into a new file while it is in use.
    ///
    /// # Errors
    /// `Backend` when the file exists or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let (directory, to) = (self.directory.clone(), to.to_owned());
        blocking(move || backup::copy(&directory, &to)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sql = self.sql.clone();
        blocking(move || Ok(look(&sql.lock().unwrap_or_else(PoisonError::into_inner))?)).await
    }

    async fn write<T: Send + 'static>(
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
        self.read(|sql| Ok(Catalog::read(sql)?.apps())).await
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        self.read(move |sql| Ok(Catalog::read(sql)?.app(id))).await
    }

    async fn set_app_settings(&self, id: AppId, settings: AppSettings) -> Result<bool, StoreError> {
        self.write(move |sql| apps::set_settings(sql, id, &settings)).await
    }

    async fn put_credential(&self, app: AppId, credential: StoredCredential) -> Result<(), StoreError> {
        self.write(move |sql| apps::put_credential(sql, app, &credential)).await
    }

    async fn credentials(&self, app: AppId) -> Result<Vec<StoredCredential>, StoreError> {
        self.read(move |sql| Ok(Catalog::read(sql)?.credentials(app))).await
    }

    async fn put_strategy(&self, app: AppId, strategy: StoredStrategy) -> Result<bool, StoreError> {
        self.write(move |sql| apps::put_strategy(sql, app, &strategy)).await
    }

    async fn strategies(&self, app: AppId) -> Result<Vec<StoredStrategy>, StoreError> {
        self.read(move |sql| Ok(Catalog::read(sql)?.strategies(app))).await
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
