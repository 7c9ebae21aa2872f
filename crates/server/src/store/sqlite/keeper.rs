//! The thread beside the writer: brings the log into the database file, off the commit path, and reminds the
//! writer of what waits.

use super::{
    beside::{Beside, Stop},
    command::Command,
    writer::Shared,
};
use rusqlite::Connection;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::mpsc::WeakSender;

/// Time between two looks at the log. Short, so that what is copied at once is little: the disk flushes it before the
/// next commit has its turn.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Looks between two reminders of the writer.
const REMIND_EVERY: u32 = 5;
/// What the log may hold that is not in the database yet, before it is copied beside the writer.
const COPY_BYTES: u64 = 4 * 1024 * 1024;
/// Log size from which the writer is held up shortly so that the log can start over. The file keeps its size: a commit
/// into room that is there costs a third less than one that makes the file longer.
const RESTART_BYTES: u64 = 64 * 1024 * 1024;
/// What may be left to copy while the writer is held up, and how often it is tried to get there.
const REST_BYTES: u64 = 1024 * 1024;
const COPIES_MAX: u32 = 8;
/// File size that a long read led to, and that is given back.
const FILE_BYTES_MAX: u64 = 2 * RESTART_BYTES;
/// Bytes of a page and its frame in the log.
const FRAME_BYTES: u64 = 4096 + 24;

/// Starts the thread; `None` when there can be none.
pub(super) fn start(
    sql: Connection,
    wal: PathBuf,
    shared: Arc<Shared>,
    queue: WeakSender<Command>,
) -> Option<Beside> {
    let work = move |stop: &Stop| {
        let mut round = Round { sql, wal, shared, queue, looks: 0, failing: false };
        while !stop.wait(LOOK_EVERY) {
            round.look();
        }
    };
    let thread = Beside::start("store-keeper", work);
    if let Err(error) = &thread {
        tracing::error!(%error, "no thread for checkpoints: the log will grow");
    }
    thread.ok()
}

struct Round {
    sql: Connection,
    wal: PathBuf,
    shared: Arc<Shared>,
    queue: WeakSender<Command>,
    looks: u32,
    failing: bool,
}

impl Round {
    fn look(&mut self) {
        self.looks = (self.looks + 1) % REMIND_EVERY;
        // Also without work: it makes a writer with a full disk look again.
        if self.looks == 0
            && let Some(queue) = self.queue.upgrade()
        {
            // A full queue needs no reminder.
            let _ = queue.try_send(Command::Upkeep(None));
        }
        let ended = if self.shared.health.check().is_ok() {
            self.keep_short()
        } else if self.shared.health.is_waiting() {
            // The log holds old versions of pages: starting it over may make the room that is missing.
            self.run("PASSIVE").and_then(|_| self.run("TRUNCATE"))
        } else {
            return;
        };
        match ended {
            Ok(_) => self.failing = false,
            Err(error) if !self.failing => {
                tracing::warn!(%error, "a checkpoint failed; the log grows until one succeeds");
                self.failing = true;
            }
            Err(_) => {}
        }
    }

    /// Copies the log into the database when it holds much that is not there, and begins it anew when it is long.
    fn keep_short(&self) -> rusqlite::Result<Log> {
        let file = std::fs::metadata(&self.wal).map_or(0, |found| found.len());
        if file < COPY_BYTES {
            return Ok(Log::default());
        }
        let mut log = self.run("NOOP")?;
        let long = log.frames >= RESTART_BYTES / FRAME_BYTES;
        // What comes while it copies is copied again, until little is left for the time in which the writer waits.
        let (enough, copies) = if long { (REST_BYTES, COPIES_MAX) } else { (COPY_BYTES, 1) };
        for _ in 0..copies {
            if log.frames - log.copied < enough / FRAME_BYTES {
                break;
            }
            log = self.run("PASSIVE")?;
        }
        match long {
            true if file > FILE_BYTES_MAX => self.run("TRUNCATE"),
            true => self.run("RESTART"),
            false => Ok(log),
        }
    }

    /// A checkpoint that found readers or a writer in its way reports "busy", not an error: the next one
    /// goes on.
    fn run(&self, mode: &str) -> rusqlite::Result<Log> {
        self.sql.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
            // Minus one when there is no log.
            let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.max(0) as u64);
            Ok(Log { frames: count(1)?, copied: count(2)? })
        })
    }
}

/// Pages in the log, and how many of them are in the database too.
#[derive(Clone, Copy, Debug, Default)]
struct Log {
    frames: u64,
    copied: u64,
}
