//! Sends from before the start, read back into the idempotency window while the store is open already.
//!
//! A thread of its own reads the log newest first, in short statements, and hands what it finds to the writer in
//! portions, each taken before the next is read. In between it looks along the conversations that the writer asks
//! for: those in which somebody sends now. It ends when the window is whole. Why so: docs/decisions/0010.

mod rows;
#[cfg(test)]
mod tests;

use super::{
    beside::{Beside, Stop},
    command::Command,
    options::Faults,
    trouble::Trouble,
    window::{Known, SendHash, SendKey, Window},
    writer::Shared,
};
use crate::store::{RecallLevel, StoreError};
use hongyan_wire::AppId;
use rows::{Chain, Rows};
use rusqlite::Connection;
use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc::WeakSender, oneshot};

/// First and longest wait after a read that failed.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(10);
/// Rows found along conversations that the writer keeps; further conversations wait until the window is whole.
const CHAIN_ROWS_MAX: usize = 200_000;

/// A conversation in which somebody sends: whether it is a repetition shows in the rows from `row` on, back along
/// the pointers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    pub conversation: u64,
    pub app: AppId,
    pub row: u64,
}

/// A portion of what was read, for the writer.
pub(super) struct Recalled {
    pub part: Part,
    /// Newest first.
    pub sends: Vec<(SendKey, Known)>,
    /// Told whether the window is whole, when the portion is in it.
    pub taken: oneshot::Sender<bool>,
}

/// How far it is, for whoever asks.
#[derive(Debug)]
pub(super) struct RecallCounts {
    is_whole: AtomicBool,
    waiting: AtomicUsize,
    failures: AtomicU64,
}

impl RecallCounts {
    pub fn new(is_whole: bool) -> Self {
        let (waiting, failures) = Default::default();
        Self { is_whole: AtomicBool::new(is_whole), waiting, failures }
    }

    /// Whether the window is whole, and how many sends wait for that.
    pub fn now(&self, is_whole: bool, waiting: usize) {
        self.is_whole.store(is_whole, Ordering::Relaxed);
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    pub fn level(&self) -> RecallLevel {
        RecallLevel {
            is_whole: self.is_whole.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }

    fn failed(&self, error: &dyn fmt::Display, what: &'static str) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "{what}");
    }
}

/// What a portion is a portion of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Of the log, each following the one before it; `ends`: the last one.
    Log { ends: bool },
    /// Of conversations that were asked for; these are read to their end now.
    Conversations(Vec<u64>),
}

/// Where the log is still unread: from `below` (exclusive) down to `first_kept`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unread {
    pub below: u64,
    pub first_kept: u64,
}

/// What the thread is given.
pub(super) struct Recaller {
    pub sql: Connection,
    pub shared: Arc<Shared>,
    pub queue: WeakSender<Command>,
    pub hash: SendHash,
    pub unread: Unread,
    pub asked: mpsc::Receiver<Asked>,
    /// Rows read for one portion.
    pub rows_max: usize,
    pub faults: Option<Arc<Faults>>,
}

/// Starts the thread.
pub(super) fn start(recaller: Recaller) -> Result<Beside, StoreError> {
    let (chains, begun) = (VecDeque::new(), Instant::now());
    let work = move |stop: &Stop| Round { recaller, stop, chains, chain_rows: 0, log_rows: 0, begun }.run();
    Beside::start("store-recall", work)
        .map_err(|error| StoreError::Backend(format!("no thread for the sends of before: {error}")))
}

/// Reads everything at once, for a store without threads.
pub(super) fn everything(
    sql: &Connection,
    hash: &SendHash,
    mut unread: Unread,
    app: impl Fn(u64) -> Option<AppId>,
    window: &mut Window,
) -> Result<(), Trouble> {
    let rows = Rows { sql, hash, app: &app, rows_max: usize::MAX };
    let (sends, ends) = rows.log(&mut unread)?;
    window.recall(Part::Log { ends }, sends);
    Ok(())
}

/// How far a step got.
enum Step {
    More,
    /// The window is whole.
    Whole,
    /// The store is closed.
    Gone,
}

/// Says that the thread broke down, if it did.
struct Farewell(Arc<Shared>);

impl Drop for Farewell {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let why = "sends whose conversations were not read yet are refused until a restart";
            self.0.recall.failed(&"the thread broke down", why);
        }
    }
}

struct Round<'a> {
    recaller: Recaller,
    stop: &'a Stop,
    /// Conversations that were asked for; one that is long goes to the back after each portion.
    chains: VecDeque<Chain>,
    chain_rows: usize,
    log_rows: usize,
    begun: Instant,
}

impl Round<'_> {
    fn run(mut self) {
        let _farewell = Farewell(self.recaller.shared.clone());
        let mut wait = RETRY_FIRST;
        loop {
            match self.step() {
                Ok(Step::More) if self.stop.is_asked() => return,
                Ok(Step::More) => wait = RETRY_FIRST,
                Ok(Step::Gone) => return,
                Ok(Step::Whole) => return self.whole(),
                Err(trouble) => {
                    self.failed(&trouble, "sends from before the start could not be read; trying again");
                    if self.stop.wait(wait) {
                        return;
                    }
                    wait = (wait * 2).min(RETRY_LONGEST);
                }
            }
        }
    }

    fn whole(&self) {
        let ms = self.begun.elapsed().as_millis() as u64;
        let (rows, asked_rows) = (self.log_rows, self.chain_rows);
        tracing::info!(rows, asked_rows, duration_ms = ms, "the idempotency window is whole");
    }

    fn failed(&self, trouble: &Trouble, what: &'static str) {
        self.recaller.shared.recall.failed(trouble, what);
    }

    /// A portion along the conversations that were asked for, and one of the log: neither waits for all of the
    /// other.
    fn step(&mut self) -> Result<Step, Trouble> {
        self.chains.extend(self.recaller.asked.try_iter().map(Chain::of));
        if self.chain_rows >= CHAIN_ROWS_MAX {
            self.chains.clear();
        }
        if !self.chains.is_empty() && self.may_read(Faults::may_follow) {
            let (sends, ended) = self.follow();
            self.chain_rows += sends.len();
            match self.hand_over(Part::Conversations(ended), sends) {
                Step::More => {}
                over => return Ok(over),
            }
        }
        if !self.may_read(Faults::may_read_on) {
            self.stop.wait(Duration::from_millis(1));
            return Ok(Step::More);
        }
        let (sends, ends) = self.read_on()?;
        self.log_rows += sends.len();
        Ok(self.hand_over(Part::Log { ends }, sends))
    }

    /// Tests may hold the thread back.
    fn may_read(&self, allowed: impl Fn(&Faults) -> bool) -> bool {
        self.recaller.faults.as_deref().is_none_or(allowed)
    }

    /// One that cannot be read is given up: the log is read all the same, and who waits for it waits for that.
    fn follow(&mut self) -> (Vec<(SendKey, Known)>, Vec<u64>) {
        let mut left = self.recaller.rows_max;
        let (mut sends, mut ended) = (Vec::new(), Vec::new());
        while left > 0
            && let Some(mut chain) = self.chains.pop_front()
        {
            match self.recaller.follow(&mut chain, &mut left, &mut sends) {
                Ok(true) => ended.push(chain.conversation),
                Ok(false) => self.chains.push_back(chain),
                Err(trouble) => self.failed(&trouble, "a conversation's older messages could not be read"),
            }
        }
        (sends, ended)
    }

    fn read_on(&mut self) -> Result<(Vec<(SendKey, Known)>, bool), Trouble> {
        self.recaller.fail_if_asked()?;
        let mut unread = self.recaller.unread;
        let read = self.recaller.with_rows(|rows, _| rows.log(&mut unread))?;
        self.recaller.unread = unread;
        Ok(read)
    }

    /// Waits until the writer has it: there is never more than one portion on the way.
    fn hand_over(&self, part: Part, sends: Vec<(SendKey, Known)>) -> Step {
        let (taken, told) = oneshot::channel();
        let Some(queue) = self.recaller.queue.upgrade() else { return Step::Gone };
        let recalled = Recalled { part, sends, taken };
        if queue.blocking_send(Command::Recalled(recalled)).is_err() {
            return Step::Gone;
        }
        // The writer must be able to end meanwhile.
        drop(queue);
        match told.blocking_recv() {
            Ok(true) => Step::Whole,
            Ok(false) => Step::More,
            Err(_) => Step::Gone,
        }
    }
}

impl Recaller {
    fn with_rows<T>(&self, read: impl FnOnce(&Rows<'_>, Unread) -> T) -> T {
        // Held for a look only: the writer publishes between two of them.
        let app = |no| self.shared.book.read().ok()?.conversation(no).map(|found| found.app);
        let rows = Rows { sql: &self.sql, hash: &self.hash, app: &app, rows_max: self.rows_max };
        read(&rows, self.unread)
    }

    fn follow(
        &self,
        chain: &mut Chain,
        left: &mut usize,
        sends: &mut Vec<(SendKey, Known)>,
    ) -> Result<bool, Trouble> {
        self.fail_if_asked()?;
        self.with_rows(|rows, unread| rows.chain(chain, unread, left, sends))
    }

    fn fail_if_asked(&self) -> rusqlite::Result<()> {
        self.faults.as_deref().map_or(Ok(()), Faults::before_recall)
    }
}
