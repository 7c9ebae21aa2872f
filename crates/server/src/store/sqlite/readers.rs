//! Connections that read: a few, shared, each used by one blocking task at a time.

use super::{directory::Directory, schema, trouble::Trouble};
use crate::store::StoreError;
use rusqlite::Connection;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Longest wait for a free connection.
const WAIT_MAX: Duration = Duration::from_secs(10);
const READERS_MAX: usize = 64;

#[derive(Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
    count: u32,
    threadless: bool,
}

impl Readers {
    /// `threadless`: reads run where they are asked for.
    pub fn open(directory: &Directory, count: usize, threadless: bool) -> Result<Self, StoreError> {
        let count = count.clamp(1, READERS_MAX);
        let idle = (0..count).map(|_| schema::open_reading(directory)).collect::<Result<Vec<_>, _>>()?;
        let free = Arc::new(Semaphore::new(count));
        Ok(Self { idle: Arc::new(Mutex::new(idle)), free, count: count as u32, threadless })
    }

    /// Runs `look` in one read transaction, off the async threads.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let waited = tokio::time::timeout(WAIT_MAX, self.free.clone().acquire_owned()).await;
        let permit = waited.map_err(|_| StoreError::Overloaded)?.map_err(|_| StoreError::Closed)?;
        let idle = self.idle.clone();
        let seen = move || {
            let connection = take(&idle).ok_or(StoreError::Closed)?;
            let seen = in_transaction(&connection, look);
            put(&idle, connection);
            drop(permit);
            Ok(seen?)
        };
        if self.threadless {
            // A turn for others, as there would be.
            tokio::task::yield_now().await;
            return seen();
        }
        tokio::task::spawn_blocking(seen)
            .await
            .map_err(|error| StoreError::Backend(format!("a read was broken off: {error}")))?
    }

    /// Closes the connections after the reads under way; later reads get `Closed`.
    pub async fn close(&self) {
        let all = tokio::time::timeout(WAIT_MAX, self.free.acquire_many(self.count)).await;
        self.free.close();
        drop(all);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn in_transaction<T>(
    connection: &Connection,
    look: impl FnOnce(&Connection) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    let transaction = connection.unchecked_transaction()?;
    look(&transaction)
}

fn take(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn put(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
}
