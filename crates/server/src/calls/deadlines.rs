//! The one timer of all calls: it sleeps until the earliest deadline. Deadlines are part of the stored
//! calls; what stands here is a copy of them that a restart reads again.

use super::{Calls, table::Event};
use futures_util::{StreamExt, stream};
use hongyan_wire::{CallId, Code};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::{sync::Notify, task::JoinHandle};

/// Deadlines kept at once; the store commits them together.
const FIRING_MAX: usize = 64;
/// Pause after the store refused, in ms.
const RETRY_MS: u64 = 1_000;

/// The timer's task. Dropping it stops it; deadlines are then kept by the next start.
#[must_use = "dropping it stops the timer"]
pub struct Deadlines(JoinHandle<()>);

impl Drop for Deadlines {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// When which call is due. As many entries as calls ring.
#[derive(Default)]
pub(super) struct Schedule {
    due: Mutex<Due>,
    changed: Notify,
}

#[derive(Default)]
struct Due {
    by_time: BTreeSet<(u64, CallId)>,
    by_call: HashMap<CallId, u64>,
}

impl Schedule {
    /// Sets or clears when a call is due, in Unix ms.
    pub fn set(&self, call: CallId, due_at: Option<u64>) {
        let mut due = self.lock();
        if let Some(before) = due.by_call.remove(&call) {
            due.by_time.remove(&(before, call));
        }
        let Some(at) = due_at else { return };
        due.by_call.insert(call, at);
        due.by_time.insert((at, call));
        if due.by_time.first() == Some(&(at, call)) {
            self.changed.notify_one();
        }
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<u64> {
        self.lock().by_time.first().map(|(at, _)| *at)
    }

    /// Takes calls out whose deadline has passed.
    fn take(&self, now_ms: u64, count: usize) -> Vec<CallId> {
        let mut due = self.lock();
        let mut taken = Vec::new();
        while taken.len() < count
            && let Some(&(at, call)) = due.by_time.first()
            && at <= now_ms
        {
            due.by_time.pop_first();
            due.by_call.remove(&call);
            taken.push(call);
        }
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Due> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    /// Starts the timer: loads the deadlines of all living calls, those that passed meanwhile fire at once.
    pub fn start_deadlines(&self) -> Deadlines {
        Deadlines(tokio::spawn(self.clone().keep_deadlines()))
    }

    async fn keep_deadlines(self) {
        self.load_deadlines().await;
        loop {
            let due = self.schedule.take(self.clock.now_ms(), FIRING_MAX);
            if due.is_empty() {
                self.wait_for_next().await;
            } else {
                stream::iter(due).for_each_concurrent(FIRING_MAX, |call| self.pass_deadline(call)).await;
            }
        }
    }

    async fn load_deadlines(&self) {
        loop {
            match self.store.live_calls().await {
                Ok(calls) => {
                    tracing::debug!(calls.len = calls.len(), "calls that lived before the start");
                    return calls.iter().for_each(|call| self.schedule.set(call.id, call.due_at));
                }
                Err(error) => tracing::error!(%error, "deadlines of calls cannot be read; trying again"),
            }
            self.clock.sleep_until(self.clock.now_ms() + RETRY_MS).await;
        }
    }

    async fn wait_for_next(&self) {
        let changed = self.schedule.changed.notified();
        match self.schedule.next() {
            Some(at) => tokio::select! {
                () = changed => {}
                () = self.clock.sleep_until(at) => {}
            },
            None => changed.await,
        }
    }

    async fn pass_deadline(&self, call: CallId) {
        match self.change(None, call, Event::DeadlinePassed, None).await {
            Err(refusal) if refusal.code != Code::CALL_GONE => {
                tracing::warn!(call.id = %call, %refusal, "a call could not time out; trying again");
                self.schedule.set(call, Some(self.clock.now_ms() + RETRY_MS));
            }
            _ => {}
        }
    }
}
