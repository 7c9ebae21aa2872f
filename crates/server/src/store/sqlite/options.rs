//! Limits of the embedded store, and the switch by which tests make the disk fail.

use hongyan_vendors::Secret;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Limits. The defaults suit one machine; every figure is a bound, not a reservation.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Commands that may wait for the writer; callers beyond it wait for room, then get `Overloaded`.
    pub queue_len_max: usize,
    /// How long such a caller waits.
    pub room_wait_max: Duration,
    /// Commands in one commit.
    pub group_len_max: usize,
    /// Message bytes in one commit; beyond about 256 KiB a flush gets slow out of proportion.
    pub group_bytes_max: usize,
    /// Page cache of the writer's connection.
    pub cache_bytes: usize,
    /// Connections that read; as many reads run at once.
    pub readers: usize,
    /// Entries of the idempotency window: the newest so many sends are known, and none older than a day.
    pub window_len_max: usize,
    /// Newest messages kept in memory, over all conversations.
    pub recent_bytes_max: usize,
    /// Announcements that may wait for their reader.
    pub announcements_len_max: usize,
    /// Cursors of devices kept in memory; others are read from the file.
    pub cursors_len_max: usize,
    /// Users whose PushIDs are kept in memory; others are read from the file.
    pub bound_len_max: usize,
    /// Messages after which the tails are saved again: a restart replays at most about twice as many.
    pub tails_every: u64,
    /// Where the key is that push credentials are sealed with.
    pub key: KeySource,
    /// Makes the disk fail, in tests.
    #[doc(hidden)]
    pub faults: Option<Arc<Faults>>,
    /// Everything on the caller's runtime, without threads: for simulations, whose order must repeat.
    #[doc(hidden)]
    pub threadless: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            queue_len_max: 8_192,
            room_wait_max: Duration::from_secs(5),
            group_len_max: 512,
            group_bytes_max: 256 * 1024,
            cache_bytes: 16 * 1024 * 1024,
            readers: 4,
            window_len_max: 2_000_000,
            recent_bytes_max: 64 * 1024 * 1024,
            announcements_len_max: 8_192,
            cursors_len_max: 2_000_000,
            bound_len_max: 200_000,
            tails_every: 1_000_000,
            key: KeySource::Beside,
            faults: None,
            threadless: false,
        }
    }
}

/// Where the key is that push credentials are sealed with: 32 bytes in hex.
#[derive(Clone, Debug, Default)]
pub enum KeySource {
    /// `credentials.key` in the data directory, made when it is missing.
    #[default]
    Beside,
    /// This file, which must exist.
    File(PathBuf),
    /// The key itself.
    Given(Secret),
}

/// Faults on demand. A page limit gives SQLite's own "disk full"; a failed commit stands for a failed fsync.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Faults {
    page_limit: AtomicU32,
    fail_commit: AtomicBool,
    gate: Mutex<()>,
}

impl Faults {
    /// The file may not grow beyond this many pages (or its present size); 0 lifts the limit.
    pub fn limit_pages(&self, pages: u32) {
        self.page_limit.store(pages, Ordering::SeqCst);
    }

    /// The next commit fails as an fsync does.
    pub fn fail_next_commit(&self) {
        self.fail_commit.store(true, Ordering::SeqCst);
    }

    /// Holds the writer before its next commit for as long as the guard lives.
    pub fn hold_commits(&self) -> impl Drop + '_ {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// SQLite's greatest number when there is no limit.
    pub(super) fn pages(&self) -> u32 {
        match self.page_limit.load(Ordering::SeqCst) {
            0 => 4_294_967_294,
            pages => pages,
        }
    }

    pub(super) fn before_commit(&self) -> rusqlite::Result<()> {
        drop(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        if self.fail_commit.swap(false, Ordering::SeqCst) {
            let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
            return Err(rusqlite::Error::SqliteFailure(error, Some("injected".to_owned())));
        }
        Ok(())
    }
}
