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
    /// Newest messages that a start brings into memory before the store is open; of older ones, the sends of the
    /// idempotency window follow while it is open.
    pub start_rows: usize,
    /// Messages in one portion of these: the writer takes one in between two commits.
    pub recall_rows: usize,
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
            start_rows: 20_000,
            recall_rows: 2_000,
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
    fail_recalls: AtomicU32,
    recalls: Mutex<Option<RecallsLeft>>,
    gate: Mutex<()>,
}

/// Portions of older sends that may still be read: along conversations, and of the log.
#[derive(Clone, Copy, Debug)]
struct RecallsLeft {
    conversations: u64,
    log: u64,
}

impl Faults {
    /// Older sends are read back in so many more portions, along conversations that are asked for and of the log,
    /// and then no further.
    pub fn limit_recalls(&self, conversations: u64, log: u64) {
        *self.recalls.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(RecallsLeft { conversations, log });
    }

    /// They are read back as fast as it goes again.
    pub fn free_recalls(&self) {
        *self.recalls.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The next so many reads of older sends fail as those of a broken disk do.
    pub fn fail_recalls(&self, count: u32) {
        self.fail_recalls.store(count, Ordering::SeqCst);
    }

    pub(super) fn may_follow(&self) -> bool {
        self.take_recall(|left| &mut left.conversations)
    }

    pub(super) fn may_read_on(&self) -> bool {
        self.take_recall(|left| &mut left.log)
    }

    fn take_recall(&self, count: impl Fn(&mut RecallsLeft) -> &mut u64) -> bool {
        let mut left = self.recalls.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = left.as_mut() else { return true };
        let count = count(left);
        let may = *count > 0;
        *count = count.saturating_sub(1);
        may
    }

    pub(super) fn before_recall(&self) -> rusqlite::Result<()> {
        let take = |count: u32| count.checked_sub(1);
        if self.fail_recalls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_err() {
            return Ok(());
        }
        let error = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ);
        Err(rusqlite::Error::SqliteFailure(error, Some("injected".to_owned())))
    }

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
