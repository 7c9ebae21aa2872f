//! The one thread that writes. What queued up while the last commit ran is the next commit: one transaction,
//! one sync, then every caller is answered in order and the messages are announced. No timer.

use super::{
    append::{self, Desk},
    book::Book,
    bound::Bound,
    change::{Change, Draft},
    coalesced::Coalesced,
    command::{self, Command},
    health::Health,
    ids::Ids,
    options::StoreOptions,
    recall::{RecallCounts, Recalled},
    trouble::Trouble,
    upkeep::{Portion, Upkeep},
    waiting::Waiting,
    window::{Known, SendHash, Window},
};
use crate::{
    clock::Clock,
    store::{Announcement, StoreError},
};
use rusqlite::Connection;
use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

/// Time between two writes of what is coalesced, in ms.
const UPKEEP_EVERY_MS: u64 = 1_000;
/// How often a writer that waits for room among the announcements looks again.
const ROOM_LOOK: Duration = Duration::from_millis(1);
/// What a probe writes: more than one commit does.
const PROBE_BYTES: i32 = 512 * 1024;

/// What the writer shares with everybody else.
pub(super) struct Shared {
    pub book: RwLock<Book>,
    pub coalesced: Coalesced,
    pub bound: Bound,
    pub health: Health,
    pub ids: Ids,
    pub recall: RecallCounts,
    /// Somebody reads the announcements.
    pub announced: AtomicBool,
    pub closing: AtomicBool,
}

pub(super) struct Writer {
    pub sql: Connection,
    pub shared: Arc<Shared>,
    pub window: Window,
    pub waiting: Waiting,
    pub hash: SendHash,
    pub upkeep: Upkeep,
    pub queue: mpsc::Receiver<Command>,
    pub announcements: mpsc::Sender<Announcement>,
    pub options: StoreOptions,
    pub clock: Clock,
    pub upkeep_at: u64,
    pub pages: u32,
}

/// Says that the writer is gone, however it went.
struct Farewell(Arc<Shared>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let why =
            if std::thread::panicking() { "the writer broke down; restart" } else { "the store is closed" };
        self.0.health.stopped(why);
    }
}

impl Writer {
    /// Works until the store is closed or dropped.
    pub fn run(mut self) {
        let _farewell = Farewell(self.shared.clone());
        while let Some(first) = self.queue.blocking_recv() {
            let (group, last) = self.gather(first);
            self.turn(group);
            if last {
                break;
            }
        }
        self.finish();
    }

    /// The same as a task: commits happen between two turns of the runtime.
    pub async fn run_here(mut self) {
        let _farewell = Farewell(self.shared.clone());
        while let Some(first) = self.queue.recv().await {
            let (group, last) = self.gather(first);
            self.turn(group);
            if last {
                break;
            }
        }
        self.finish();
    }

    /// What is queued now, up to the limits of one commit; and whether the store is being closed.
    fn gather(&mut self, first: Command) -> (Vec<Command>, bool) {
        let mut group = Vec::with_capacity(64);
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(command) = next {
            bytes += command.weight();
            let last = matches!(command, Command::Close);
            group.push(command);
            if last {
                return (group, true);
            }
            let full = group.len() >= self.options.group_len_max || bytes >= self.options.group_bytes_max;
            next = if full { None } else { self.queue.try_recv().ok() };
        }
        (group, false)
    }

    /// One commit, and more of them when somebody waits for everything to be written.
    fn turn(&mut self, mut group: Vec<Command>) {
        let recalled = self.take_recalled(&mut group);
        self.probe_if_due();
        if let Err(why) = self.shared.health.check() {
            self.waiting.refuse_all(|| StoreError::Refusing(why.clone()));
            return answer(group, &Err(StoreError::Refusing(why)));
        }
        for released in self.release(recalled) {
            self.write(released);
        }
        let group = self.sift(group);
        self.write(group);
    }

    fn write(&mut self, group: Vec<Command>) {
        if let Err(why) = self.shared.health.check() {
            return answer(group, &Err(StoreError::Refusing(why)));
        }
        let everything = group.iter().any(|command| matches!(command, Command::Upkeep(Some(_))));
        let (waiting, group): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|command| matches!(command, Command::Upkeep(_)));
        let mut ended = self.commit(group, everything || !waiting.is_empty());
        while everything && ended.is_ok() && self.is_behind() {
            ended = self.commit(Vec::new(), true);
        }
        answer(waiting, &ended);
    }

    /// Takes older sends into the window; whether there were any.
    fn take_recalled(&mut self, group: &mut Vec<Command>) -> bool {
        let mut any = false;
        for command in group.extract_if(.., |command| matches!(command, Command::Recalled(_))) {
            let Command::Recalled(Recalled { part, sends, taken }) = command else { continue };
            any = true;
            // Whoever read them may be gone, because the store is being closed.
            let _ = taken.send(self.window.recall(part, sends));
        }
        any
    }

    /// The sends that need not wait any more, in portions for a commit each.
    fn release(&mut self, knows_more: bool) -> Vec<Vec<Command>> {
        if self.waiting.len() == 0 || !(self.waiting.refuse_overdue() || knows_more) {
            return Vec::new();
        }
        let book = self.shared.book.read().expect("only this thread writes the book");
        let released = self.waiting.release(&mut self.window, &book);
        drop(book);
        let (mut groups, mut bytes) = (vec![Vec::new()], 0);
        for command in released {
            let group = groups.last_mut().expect("there is one from the beginning");
            bytes += command.weight();
            group.push(command);
            if group.len() >= self.options.group_len_max || bytes >= self.options.group_bytes_max {
                groups.push(Vec::new());
                bytes = 0;
            }
        }
        groups
    }

    /// Keeps back the sends of a group that have to wait.
    fn sift(&mut self, group: Vec<Command>) -> Vec<Command> {
        if self.window.is_whole() && self.waiting.len() == 0 {
            self.shared.recall.now(true, 0);
            return group;
        }
        let book = self.shared.book.read().expect("only this thread writes the book");
        let group = self.waiting.sift(&mut self.window, &book, group);
        self.shared.recall.now(self.window.is_whole(), self.waiting.len());
        group
    }

    fn is_behind(&self) -> bool {
        self.upkeep.is_waiting() || self.shared.coalesced.is_waiting()
    }

    /// Writes a group in one transaction, then answers it. What failed was not stored, and was told so.
    fn commit(&mut self, mut group: Vec<Command>, upkeep: bool) -> Result<(), StoreError> {
        let portion = self.portion(upkeep);
        if group.is_empty() && portion.is_empty() {
            self.settle(portion, false);
            return Ok(());
        }
        match self.transact(&mut group, &portion) {
            Ok(changes) => {
                self.publish(portion, &changes);
                answer(group, &Ok(()));
                self.announce(changes);
                Ok(())
            }
            Err(trouble) => {
                self.roll_back();
                self.settle(portion, false);
                let refusal = self.shared.health.failed(&trouble, self.clock.now_ms());
                let ended = Err(refusal);
                answer(group, &ended);
                ended
            }
        }
    }

    /// The part of the upkeep that goes into this commit.
    fn portion(&mut self, asked: bool) -> Portion {
        let now_ms = self.clock.now_ms();
        if !asked && !self.upkeep.is_pressing() && now_ms < self.upkeep_at.saturating_add(UPKEEP_EVERY_MS) {
            return Portion::default();
        }
        self.upkeep_at = now_ms;
        let book = self.shared.book.read().expect("only this thread writes the book");
        self.upkeep.take(&book, &self.shared.coalesced)
    }

    fn settle(&mut self, portion: Portion, durable: bool) {
        let mut book = self.shared.book.write().expect("only this thread writes the book");
        self.upkeep.settle(portion, durable.then_some(&mut *book), &self.shared.coalesced);
    }

    fn transact(&mut self, group: &mut [Command], portion: &Portion) -> Result<Vec<Change>, Trouble> {
        self.apply_page_limit()?;
        self.sql.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let book = self.shared.book.read().expect("only this thread writes the book");
        let mut draft = Draft::new(&book);
        let desk = Desk { sql: &self.sql, window: &self.window, hash: &self.hash, ids: &self.shared.ids };
        for command in group {
            match command {
                Command::Append(appending) => append::append(&desk, &mut draft, appending)?,
                Command::Job(job) => command::run_job(&mut **job, &self.sql, &mut draft)?,
                Command::Upkeep(_) | Command::Recalled(_) | Command::Close => {}
            }
        }
        portion.write(&self.sql, &book)?;
        let changes = draft.into_changes();
        drop(book);
        if let Some(faults) = &self.options.faults {
            faults.before_commit()?;
        }
        self.sql.prepare_cached("COMMIT")?.execute([])?;
        Ok(changes)
    }

    fn roll_back(&self) {
        if self.sql.is_autocommit() {
            return;
        }
        if let Err(error) = self.sql.execute_batch("ROLLBACK") {
            tracing::error!(%error, "a failed commit could not be rolled back");
            self.shared.health.stopped("a failed commit could not be rolled back; restart");
        }
    }

    /// Shows readers what is durable now.
    fn publish(&mut self, portion: Portion, changes: &[Change]) {
        let mut book = self.shared.book.write().expect("only this thread writes the book");
        self.upkeep.settle(portion, Some(&mut book), &self.shared.coalesced);
        for change in changes {
            self.upkeep.apply(&mut book, change);
            match change {
                Change::Append { appended, key, body, .. } => {
                    self.window.insert(*key, Known { id: appended.message.id.0, body: *body });
                }
                Change::Bound { app, user } => self.shared.bound.forget(*app, user),
                _ => {}
            }
        }
        self.window.expire(book.last_at);
    }

    fn announce(&self, changes: Vec<Change>) {
        if !self.shared.announced.load(Ordering::Acquire) {
            return;
        }
        for change in changes {
            match change {
                Change::Append { appended, .. } => self.announce_one(Announcement::Message(appended)),
                Change::Revoke { revoked } => self.announce_one(Announcement::Revoked(revoked)),
                _ => {}
            }
        }
    }

    /// Waits for the reader, unless it is gone or the store is being closed: then the next sync of each
    /// device finds the message.
    fn announce_one(&self, mut announcement: Announcement) {
        while let Err(mpsc::error::TrySendError::Full(back)) = self.announcements.try_send(announcement) {
            if self.shared.closing.load(Ordering::Acquire) {
                return;
            }
            announcement = back;
            std::thread::park_timeout(ROOM_LOOK);
        }
    }

    /// Looks whether a full disk has room again, by writing more than a commit would and taking it back.
    fn probe_if_due(&mut self) {
        if !self.shared.health.is_probe_due(self.clock.now_ms()) {
            return;
        }
        match self.probe() {
            Ok(()) => self.shared.health.recovered(),
            Err(trouble) => {
                self.roll_back();
                self.shared.health.failed(&trouble, self.clock.now_ms());
            }
        }
    }

    fn probe(&mut self) -> Result<(), Trouble> {
        self.apply_page_limit()?;
        let insert = "INSERT OR REPLACE INTO meta (name, value) VALUES ('probe', zeroblob(?1))";
        self.sql.execute(insert, [PROBE_BYTES])?;
        self.sql.execute("DELETE FROM meta WHERE name = 'probe'", [])?;
        Ok(())
    }

    fn apply_page_limit(&mut self) -> Result<(), Trouble> {
        let Some(faults) = &self.options.faults else { return Ok(()) };
        let pages = faults.pages();
        if pages != self.pages {
            self.pages = pages;
            self.sql.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Refuses what came too late, and saves what makes the next start short.
    fn finish(mut self) {
        self.queue.close();
        self.waiting.refuse_all(|| StoreError::Closed);
        while let Ok(command) = self.queue.try_recv() {
            command.answer(&Err(StoreError::Closed));
        }
        if self.shared.health.check().is_err() {
            return;
        }
        if let Err(error) = self.save_everything() {
            tracing::warn!(%error, "the tails were not saved; the next start takes longer");
        }
    }

    fn save_everything(&mut self) -> Result<(), StoreError> {
        {
            let book = self.shared.book.read().expect("only this thread writes the book");
            self.upkeep.save_all(&book);
        }
        while self.is_behind() {
            self.commit(Vec::new(), true)?;
        }
        self.sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }
}

fn answer(group: Vec<Command>, ended: &Result<(), StoreError>) {
    group.into_iter().for_each(|command| command.answer(ended));
}
