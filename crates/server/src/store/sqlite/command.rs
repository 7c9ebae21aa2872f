//! What the writer is asked to do, and the bounded queue in front of it.

use super::{
    change::{Change, Draft},
    recall::Recalled,
    trouble::{Reach, Trouble},
    window::SendKey,
};
use crate::store::{Append, NewMessage, StoreError};
use rusqlite::Connection;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What a rare command counts as in a commit's bytes.
const JOB_BYTES: usize = 512;

pub(super) enum Command {
    Append(Box<Appending>),
    Job(Box<dyn Job>),
    /// Writes what is coalesced; everything of it when somebody waits.
    Upkeep(Option<oneshot::Sender<Result<(), StoreError>>>),
    /// A portion of the sends from before the start.
    Recalled(Recalled),
    Close,
}

/// A message on its way into the log.
pub(super) struct Appending {
    pub message: NewMessage,
    /// `message.intent` as JSON, made before the queue so that the writer need not.
    pub spec: Option<String>,
    pub key: SendKey,
    /// Hash of content and flags.
    pub content: u64,
    pub outcome: Option<Append>,
    pub answer: oneshot::Sender<Result<Append, StoreError>>,
}

impl Command {
    /// Bytes it adds to a commit, roughly.
    pub fn weight(&self) -> usize {
        match self {
            Self::Append(appending) => {
                appending.message.content.len() + appending.spec.as_ref().map_or(0, String::len) + 128
            }
            Self::Job(_) => JOB_BYTES,
            Self::Upkeep(_) | Self::Recalled(_) | Self::Close => 0,
        }
    }

    /// Answers after the commit.
    pub fn answer(self, committed: &Result<(), StoreError>) {
        // A caller that is gone needs no answer: what it asked for is done all the same.
        match self {
            Self::Append(appending) => {
                let outcome = appending.outcome.ok_or(StoreError::Closed);
                let _ = appending.answer.send(copy(committed).and(outcome));
            }
            Self::Job(job) => job.answer(copy(committed)),
            Self::Upkeep(Some(answer)) => {
                let _ = answer.send(copy(committed));
            }
            Self::Upkeep(None) | Self::Recalled(_) | Self::Close => {}
        }
    }
}

/// The same answer for one more caller.
fn copy(committed: &Result<(), StoreError>) -> Result<(), StoreError> {
    match committed {
        Ok(()) => Ok(()),
        Err(StoreError::Refusing(why)) => Err(StoreError::Refusing(why.clone())),
        Err(StoreError::Overloaded) => Err(StoreError::Overloaded),
        Err(StoreError::Closed) => Err(StoreError::Closed),
        Err(StoreError::TooNew { found, known }) => Err(StoreError::TooNew { found: *found, known: *known }),
        Err(StoreError::Backend(why)) => Err(StoreError::Backend(why.clone())),
    }
}

/// What a rare command works with: the open transaction, and the book as this commit leaves it.
pub(super) struct Work<'a, 'b> {
    pub sql: &'a Connection,
    pub draft: &'a Draft<'b>,
    /// Taken into the draft when the command succeeded.
    pub changes: Vec<Change>,
}

/// A rare command. Runs in a savepoint of its own: its failure undoes nothing else.
pub(super) trait Job: Send {
    /// Runs once, inside a savepoint.
    fn run(&mut self, work: &mut Work<'_, '_>) -> Result<(), Trouble>;
    /// Keeps a failure that concerns this command alone.
    fn fail(&mut self, trouble: Trouble);
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Task<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Work<'_, '_>) -> Result<T, Trouble> + Send,
{
    fn run(&mut self, work: &mut Work<'_, '_>) -> Result<(), Trouble> {
        let Some(task) = self.work.take() else { return Ok(()) };
        self.outcome = Some(Ok(task(work)?));
        Ok(())
    }

    fn fail(&mut self, trouble: Trouble) {
        self.outcome = Some(Err(trouble.into()));
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let outcome = self.outcome.unwrap_or(Err(StoreError::Closed));
        let _ = self.answer.send(committed.and(outcome));
    }
}

/// Runs a job in a savepoint. An error means that the whole commit is lost; one of the job alone is kept in
/// it.
pub(super) fn run_job(job: &mut dyn Job, sql: &Connection, draft: &mut Draft<'_>) -> Result<(), Trouble> {
    sql.prepare_cached("SAVEPOINT job")?.execute([])?;
    let mut work = Work { sql, draft, changes: Vec::new() };
    let ended = job.run(&mut work);
    let changes = work.changes;
    match ended {
        Ok(()) => {
            sql.prepare_cached("RELEASE job")?.execute([])?;
            changes.into_iter().for_each(|change| draft.note(change));
            Ok(())
        }
        Err(trouble) if trouble.reach() == Reach::Command && !sql.is_autocommit() => {
            sql.prepare_cached("ROLLBACK TO job")?.execute([])?;
            sql.prepare_cached("RELEASE job")?.execute([])?;
            job.fail(trouble);
            Ok(())
        }
        Err(trouble) => Err(trouble),
    }
}

/// The way to the writer.
#[derive(Clone)]
pub(super) struct Queue {
    sender: mpsc::Sender<Command>,
    room_wait_max: Duration,
}

impl Queue {
    pub fn new(len_max: usize, room_wait_max: Duration) -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(len_max.max(1));
        (Self { sender, room_wait_max }, receiver)
    }

    /// Puts a command into the queue: at once when there is room, so that callers keep the order in which
    /// they were first polled; else waits a while, in that order too.
    pub async fn put(&self, command: Command) -> Result<(), StoreError> {
        let command = match self.sender.try_send(command) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(StoreError::Closed),
            Err(mpsc::error::TrySendError::Full(command)) => command,
        };
        match tokio::time::timeout(self.room_wait_max, self.sender.send(command)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(StoreError::Overloaded),
        }
    }

    /// Runs a rare command in the writer, and returns when its commit is durable.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Work<'_, '_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.put(Command::Job(Box::new(Task { work: Some(work), outcome: None, answer }))).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// A way that does not keep the writer alive.
    pub fn weak(&self) -> mpsc::WeakSender<Command> {
        self.sender.downgrade()
    }
}
