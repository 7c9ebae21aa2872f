//! The thread beside the writer: brings the log into the database file, off the commit path, and reminds the
//! writer of what waits.

use super::{command::Command, writer::Shared};
use rusqlite::Connection;
use std::{
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::mpsc::WeakSender;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Log size from which its pages are copied beside the writer.
const CHECKPOINT_BYTES: u64 = 4 * 1024 * 1024;
/// Log size from which the writer is held up shortly so that the log can start over.
const TRUNCATE_BYTES: u64 = 64 * 1024 * 1024;

/// The running thread. Dropping it stops it.
pub(super) struct Keeper {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// How a thread beside the writer is told to end.
#[derive(Default)]
pub(super) struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub fn is_asked(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a while; `true` when it is time to stop.
    pub fn wait(&self, span: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(asked, span, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Keeper {
    pub fn start(sql: Connection, wal: PathBuf, shared: Arc<Shared>, queue: WeakSender<Command>) -> Self {
        let stop = Arc::new(Stop::default());
        let watched = stop.clone();
        let work = move || {
            let mut round = Round { sql, wal, shared, queue, failing: false };
            while !watched.wait(LOOK_EVERY) {
                round.look();
            }
        };
        let thread = std::thread::Builder::new().name("store-keeper".to_owned()).spawn(work);
        if let Err(error) = &thread {
            tracing::error!(%error, "no thread for checkpoints: the log will grow");
        }
        Self { stop, thread: thread.ok() }
    }

    /// Stops, and waits for it: a checkpoint at most.
    pub fn stop(mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for checkpoints broke down");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.ask();
    }
}

struct Round {
    sql: Connection,
    wal: PathBuf,
    shared: Arc<Shared>,
    queue: WeakSender<Command>,
    failing: bool,
}

impl Round {
    fn look(&mut self) {
        // Also without work: it makes a writer with a full disk look again.
        if let Some(queue) = self.queue.upgrade() {
            // A full queue needs no reminder.
            let _ = queue.try_send(Command::Upkeep(None));
        }
        if self.shared.health.check().is_ok() {
            self.checkpoint(CHECKPOINT_BYTES, TRUNCATE_BYTES);
        } else if self.shared.health.is_waiting() {
            // The log holds old versions of pages: starting it over may make the room that is missing.
            self.checkpoint(1, 1);
        }
    }

    /// Copies a log of `from` bytes or more into the database, and begins it anew from `anew` bytes on.
    fn checkpoint(&mut self, from: u64, anew: u64) {
        let size = std::fs::metadata(&self.wal).map_or(0, |found| found.len());
        if size < from {
            return;
        }
        let mut ended = self.run("PRAGMA wal_checkpoint(PASSIVE)");
        if ended.is_ok() && size >= anew {
            // After the passive one little is left to copy while the writer waits.
            ended = self.run("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        match ended {
            Ok(()) => self.failing = false,
            Err(error) if !self.failing => {
                tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                self.failing = true;
            }
            Err(_) => {}
        }
    }

    /// A checkpoint that found readers or a writer in its way reports "busy", not an error: the next one
    /// goes on.
    fn run(&self, pragma: &str) -> rusqlite::Result<()> {
        self.sql.query_row(pragma, [], |_| Ok(()))
    }
}
