//! The embedded store: one SQLite file, one writer, the rest in memory. Nothing to install, nothing to tune.
//!
//! A command goes through `command`'s queue to `writer`, which commits in groups and publishes to `book` what
//! is durable. Reads are answered from the book, or by `readers` from the file. `keeper` does checkpoints,
//! `upkeep` what is written in portions, `load` the start, and `recall` what of it can wait. Why it is laid out so:
//! docs/decisions/0002 and 0010.

mod administering;
mod administrators;
mod alarms;
mod append;
mod apps;
mod backup;
mod beside;
mod blocks;
mod book;
mod bound;
mod calls;
mod catalog;
mod change;
mod coalesced;
mod columns;
mod command;
mod conversations;
mod devices;
mod directory;
mod dispatches;
mod finished;
mod groups;
mod heads;
mod health;
mod history;
mod ids;
mod intents;
mod keeper;
mod keys;
mod load;
#[cfg(test)]
pub(crate) mod many;
mod members;
mod messages;
mod options;
mod pushes;
mod readers;
mod recall;
mod receipts;
mod recent;
mod retractions;
mod revoke;
mod schema;
mod seal;
mod series;
mod shards;
mod tail;
#[cfg(test)]
mod tests;
mod tools;
mod traces;
mod trouble;
mod upkeep;
mod users;
mod waiting;
mod window;
mod writer;

#[doc(hidden)]
pub use options::Faults;
pub use options::{KeySource, StoreOptions};
pub use tools::ToolStore;

use crate::{
    clock::Clock,
    store::{Announcement, Store, StoreError},
};
use beside::Beside;
use book::Book;
use bound::Bound;
use catalog::Shown;
use coalesced::Coalesced;
use command::{Command, Queue};
use directory::Directory;
use finished::Finishers;
use health::Health;
use ids::Ids;
use readers::Readers;
use recall::{Asked, RecallCounts, Recaller, Unread};
use rusqlite::Connection;
use seal::Sealer;
use std::{
    fs::File,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    thread::JoinHandle,
};
use tokio::sync::{mpsc, oneshot};
use waiting::Waiting;
use window::SendHash;
use writer::{Shared, Writer};

/// The least row number that can be given out at this time.
pub(super) fn first_at(ms: u64) -> u64 {
    ids::first_at(ms)
}

/// Unix time in ms at which a row number was given out.
pub(super) fn time_of(id: u64) -> u64 {
    ids::time_of(id)
}

/// The embedded store. Dropping it without `close` loses nothing that was acknowledged; the next start takes
/// longer.
pub struct SqliteStore {
    clock: Clock,
    directory: Directory,
    shared: Arc<Shared>,
    queue: Queue,
    readers: Readers,
    hash: SendHash,
    catalog: Shown,
    sealer: Sealer,
    announcements: Mutex<Option<mpsc::Receiver<Announcement>>>,
    finishers: Finishers,
    /// For looks into the file that cannot wait for a reader.
    side: Mutex<Option<Connection>>,
    /// What ends with the store.
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    writer: Writing,
    keeper: Option<Beside>,
    recall: Option<Beside>,
    /// Freed last.
    lock: Arc<File>,
}

impl SqliteStore {
    /// Opens the store in `dir`, which is made when it is missing, and starts its threads. One process at a
    /// time.
    ///
    /// # Errors
    /// `TooNew` for a newer program's file; `Backend` when another server runs on the directory, the file
    /// cannot be opened, or its rows contradict each other.
    pub fn open(dir: &Path, options: StoreOptions, clock: Clock) -> Result<Arc<Self>, StoreError> {
        let directory = Directory::prepare(dir)?;
        let lock = Arc::new(directory.try_lock()?.ok_or_else(|| directory.taken())?);
        let mut sql = schema::open_writing(&directory, options.cache_bytes)?;
        schema::migrate(&mut sql, clock.now_ms())?;
        let sealer = Sealer::load(&directory, &options.key)?;
        seal::adopt(&mut sql, &sealer)?;
        let hash = SendHash::default();
        let loaded = load::load(&sql, &options, &hash, clock.now_ms())?;
        let shared = Arc::new(Shared {
            book: RwLock::new(loaded.book),
            coalesced: Coalesced::new(options.cursors_len_max),
            bound: Bound::new(options.bound_len_max),
            health: Health::default(),
            ids: Ids::above(loaded.last_id),
            recall: RecallCounts::new(loaded.window.is_whole()),
            announced: AtomicBool::new(false),
            closing: AtomicBool::new(false),
        });
        let readers = Readers::open(&directory, options.readers, options.threadless)?;
        let side = schema::open_reading(&directory)?;
        let (queue, commands) = Queue::new(options.queue_len_max, options.room_wait_max);
        let (asking, recaller) = recaller(&directory, &shared, &queue, &hash, loaded.unread, &options)?;
        let (announce, announcements) = mpsc::channel(options.announcements_len_max.max(1));
        let writer = Writer {
            sql,
            shared: shared.clone(),
            window: loaded.window,
            waiting: Waiting::new(asking, options.queue_len_max, options.room_wait_max),
            hash: hash.clone(),
            upkeep: loaded.upkeep,
            queue: commands,
            announcements: announce,
            options,
            clock: clock.clone(),
            upkeep_at: clock.now_ms(),
            pages: 0,
        };
        let running = start(writer, &directory, &queue, lock, recaller)?;
        Ok(Arc::new(Self {
            clock,
            directory,
            shared,
            queue,
            readers,
            hash,
            catalog: Shown::default(),
            sealer,
            announcements: Mutex::new(Some(announcements)),
            finishers: Finishers::default(),
            side: Mutex::new(Some(side)),
            running: tokio::sync::Mutex::new(Some(running)),
        }))
    }

    /// Opens what the command line needs of the store in `dir`, also while a server runs on it.
    ///
    /// # Errors
    /// As `ToolStore::open`.
    pub fn open_for_tools(dir: &Path, key: &KeySource) -> Result<ToolStore, StoreError> {
        ToolStore::open(dir, key)
    }

    /// Conversations and users in memory, for metrics.
    pub fn sizes(&self) -> (u64, usize) {
        let book = self.book();
        (book.conversations_len(), book.users_len())
    }

    /// Writes everything that is coalesced (cursors, marks), durable before it returns.
    ///
    /// # Errors
    /// `Refusing` and `Closed` as for any write.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.queue.put(Command::Upkeep(Some(answer))).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// What is committed. Held for a few lines, never across a wait.
    fn book(&self) -> RwLockReadGuard<'_, Book> {
        self.shared.book.read().expect("the writer does not panic while it publishes")
    }
}

/// Where the writer works.
enum Writing {
    Thread(JoinHandle<()>),
    Task(tokio::task::JoinHandle<()>),
}

/// What reads the older sends, when there are any, and the way to ask it for some of them first.
fn recaller(
    directory: &Directory,
    shared: &Arc<Shared>,
    queue: &Queue,
    hash: &SendHash,
    unread: Option<Unread>,
    options: &StoreOptions,
) -> Result<(SyncSender<Asked>, Option<Recaller>), StoreError> {
    let (asking, asked) = std::sync::mpsc::sync_channel(options.queue_len_max.max(1));
    let Some(unread) = unread else { return Ok((asking, None)) };
    let recaller = Recaller {
        sql: schema::open_reading(directory)?,
        shared: shared.clone(),
        queue: queue.weak(),
        hash: hash.clone(),
        unread,
        asked,
        rows_max: options.recall_rows.max(1),
        faults: options.faults.clone(),
    };
    Ok((asking, Some(recaller)))
}

/// Starts the threads, or one task in their place.
fn start(
    writer: Writer,
    directory: &Directory,
    queue: &Queue,
    lock: Arc<File>,
    recaller: Option<Recaller>,
) -> Result<Running, StoreError> {
    if writer.options.threadless {
        let held = lock.clone();
        let writer = Writing::Task(tokio::spawn(async move {
            writer.run_here().await;
            drop(held);
        }));
        return Ok(Running { writer, keeper: None, recall: None, lock });
    }
    let beside = schema::open_small(directory)?;
    let keeper = keeper::start(beside, directory.wal(), writer.shared.clone(), queue.weak());
    let recall = recaller.map(recall::start).transpose()?;
    let held = lock.clone();
    let work = move || {
        writer.run();
        drop(held);
    };
    let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(work);
    let writer = thread.map_err(|error| StoreError::Backend(format!("no thread for the writer: {error}")))?;
    Ok(Running { writer: Writing::Thread(writer), keeper, recall, lock })
}

#[async_trait::async_trait]
impl Store for SqliteStore {
    fn health(&self) -> Result<(), String> {
        self.shared.health.check()
    }

    async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        // Cursors in memory belong to the copy. A store that does not write can be copied all the same.
        if self.shared.health.check().is_ok() {
            self.flush().await?;
        }
        let (directory, to) = (self.directory.clone(), to.to_owned());
        let copied = tokio::task::spawn_blocking(move || backup::copy(&directory, &to)).await;
        copied.map_err(|error| StoreError::Backend(format!("the copy was broken off: {error}")))?
    }

    async fn close(&self) {
        let mut running = self.running.lock().await;
        let Some(Running { writer, keeper, recall, lock }) = running.take() else { return };
        self.shared.closing.store(true, Ordering::Release);
        // These first: their connections must not stand in the way of the last checkpoint.
        for (what, thread) in [("recall", recall), ("keeper", keeper)] {
            if let Some(thread) = thread {
                join(what, move || thread.stop()).await;
            }
        }
        self.readers.close().await;
        self.side.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Err(error) = self.queue.put(Command::Close).await {
            tracing::warn!(%error, "the writer was gone before it was closed");
        }
        let broke_down = || tracing::error!("the writer broke down");
        match writer {
            Writing::Thread(writer) => {
                join("writer", move || writer.join().unwrap_or_else(|_| broke_down())).await;
            }
            Writing::Task(writer) => writer.await.unwrap_or_else(|_| broke_down()),
        }
        drop(lock);
    }
}

async fn join(what: &'static str, wait: impl FnOnce() + Send + 'static) {
    if tokio::task::spawn_blocking(wait).await.is_err() {
        tracing::error!(thread = what, "a thread of the store could not be waited for");
    }
}
