//! From intents to verdicts and dispatches: one task that hears signals, looks at what is ready or due,
//! decides, and writes what it decided in groups.
//!
//! The store has every intent: what does not fit into memory, and what a lost hint was about, is read there.

use super::{
    Counters, Signal,
    dispatcher::Orders,
    gather::{Prepared, Seen, Sources},
    pending::{Admitted, Look, Pending, Scope},
    plan::{Pass, pass},
    signal::{Overflow, Wake},
};
use crate::store::{Decision, Intent, NewDispatch, Plan, StoreError, Subject};
use futures_util::{FutureExt, StreamExt, stream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Signals heard before the next pass.
const SIGNALS_PER_ROUND: usize = 4_096;
/// Intents read from the store at a time.
const PAGE_MAX: usize = 512;
/// Looks that are prepared at the same time.
const PREPARING_MAX: usize = 16;
/// Recipients decided in one go and written in one transaction, unless a single intent has more.
const WRITE_SIZE_MAX: usize = 4_096;
/// Pause after the store failed, in ms.
const STORE_PAUSE_MS: u64 = 500;

/// What waits, shared with whoever explains it. Locked for a few lines only.
pub(super) type SharedPending = Arc<Mutex<Pending>>;

pub(super) fn lock(pending: &SharedPending) -> MutexGuard<'_, Pending> {
    pending.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The planner's task.
pub(super) struct Planner {
    pub sources: Arc<Sources>,
    pub pending: SharedPending,
    pub orders: Orders,
    pub counters: Arc<Counters>,
    pub signals: mpsc::Receiver<Signal>,
    pub overflow: Arc<Overflow>,
    pub wake: Arc<Wake>,
    pub batch_max: usize,
    pub reading: Reading,
}

/// Where reading intents from the store has come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    /// Everything pending up to here is in memory; `None`: everything pending is.
    after: Option<u64>,
    /// Memory was full when it read last: messages wait their turn in the store, so that older ones go first.
    blocked: bool,
    /// Not before this Unix time in ms, after a failure.
    not_before: u64,
    /// The greatest ID that was ever read.
    read_max: u64,
}

impl Reading {
    /// Everything is still to be read.
    pub fn start() -> Self {
        Self { after: Some(0), blocked: false, not_before: 0, read_max: 0 }
    }

    /// This intent is in the store and not in memory. It was committed before anybody could speak of it, so
    /// the next page that is read can have it.
    fn left_behind(&mut self, id: u64) {
        let before = id.saturating_sub(1);
        self.after = Some(self.after.map_or(before, |after| after.min(before)));
    }
}

impl Planner {
    /// Runs until it is stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        let clock = self.sources.clock.clone();
        let overflow = self.overflow.clone();
        let mut open = true;
        while !stop.is_cancelled() {
            self.hear_waiting_signals();
            if overflow.taken().now_or_never().is_some() {
                self.reading.left_behind(0);
                self.wake.ring();
            }
            self.read_more().await;
            let looks = lock(&self.pending).take(clock.now_ms(), self.batch_max);
            self.counters.waiting.set(lock(&self.pending).len());
            if !looks.is_empty() {
                self.look_at(looks).await;
                continue;
            }
            let due = self.next_due();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                signal = self.signals.recv(), if open => match signal {
                    Some(signal) => self.hear(signal),
                    None => open = false,
                },
                () = overflow.taken() => {
                    self.reading.left_behind(0);
                    self.wake.ring();
                }
                () = clock.sleep_until(due.unwrap_or(u64::MAX)), if due.is_some() => {}
            }
        }
    }

    fn next_due(&self) -> Option<u64> {
        let pending = lock(&self.pending);
        let read = self.reading.after.filter(|_| pending.has_room(self.reading.blocked));
        pending.next_due().into_iter().chain(read.map(|_| self.reading.not_before)).min()
    }

    fn hear_waiting_signals(&mut self) {
        for _ in 0..SIGNALS_PER_ROUND {
            match self.signals.try_recv() {
                Ok(signal) => self.hear(signal),
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, signal: Signal) {
        let mut pending = lock(&self.pending);
        match signal {
            Signal::Intent(intent) => {
                let (id, is_call) = (intent.id, matches!(intent.subject, Subject::Call { .. }));
                // What was read from the store may be settled already: its signal comes late.
                let reload = id <= self.reading.read_max;
                let admitted = match self.reading.blocked && !is_call {
                    true => Admitted::Full,
                    false => pending.admit(intent, false, reload),
                };
                match admitted {
                    Admitted::Yes => self.counters.intents.add(1),
                    Admitted::Known => {}
                    Admitted::Full => {
                        self.reading.left_behind(id);
                        self.reading.blocked |= !is_call;
                    }
                }
            }
            Signal::Acked { app, user, device, conversation, seq } => {
                pending.hear_ack(app, &user, &device, conversation, seq);
            }
            Signal::CallAcked { call, user, device } => pending.hear_call_ack(call, &user, &device),
            Signal::UserChanged { app, user } => pending.hear_change(app, &user),
            Signal::CallOver { call, users } => pending.hear_call_over(call, &users),
            Signal::Retraction => self.wake.ring(),
            Signal::Badge { app, user, badge } => {
                if !self.wake.wish(app, user, badge) {
                    tracing::warn!(app.id = %app, "too many badges are asked for at once; one was not set");
                }
            }
        }
    }

    /// Reads one page of pending intents when there are some in the store only and there is room.
    async fn read_more(&mut self) {
        let Some(after) = self.reading.after else { return };
        let now = self.sources.clock.now_ms();
        if now < self.reading.not_before || !lock(&self.pending).has_room(self.reading.blocked) {
            return;
        }
        match self.sources.store.pending_intents(after, PAGE_MAX).await {
            Ok(page) => self.take_page(page),
            Err(error) => {
                tracing::warn!(%error, "pending push intents cannot be read");
                self.counters.store_errors.add(1);
                self.reading.not_before = now + STORE_PAUSE_MS;
            }
        }
    }

    fn take_page(&mut self, page: Vec<Intent>) {
        let more = page.len() >= PAGE_MAX;
        for intent in page {
            let id = intent.id;
            let from_before = intent.created_at < self.sources.started_at;
            match lock(&self.pending).admit(Arc::new(intent), from_before, true) {
                Admitted::Yes => self.counters.intents.add(1),
                Admitted::Known => {}
                // The rest of the page is read again when there is room.
                Admitted::Full => {
                    self.reading.blocked = true;
                    return;
                }
            }
            self.reading.read_max = self.reading.read_max.max(id);
            self.reading.after = Some(id);
        }
        self.reading.blocked = false;
        if !more {
            self.reading.after = None;
        }
    }

    /// Prepares several looks at a time, and decides and writes as soon as enough has come together.
    async fn look_at(&mut self, looks: Vec<Look>) {
        let sources = self.sources.clone();
        let looks = self.reloaded(looks).await;
        let (simple, looks): (Vec<Look>, Vec<Look>) = looks.into_iter().partition(only_acknowledgements);
        let mut prepared =
            stream::iter(looks).map(|look| sources.prepare(look)).buffer_unordered(PREPARING_MAX);
        let mut passes: Vec<Pass> = simple.into_iter().map(|look| self.decide(look, None)).collect();
        let (mut chunk, mut size) = (Vec::new(), 0);
        while let Some(one) = prepared.next().await {
            match one {
                Ok(one) => {
                    size += 1 + one.users.len();
                    chunk.push(one);
                }
                Err((look, error)) => self.put_off(vec![look], &error),
            }
            if size >= WRITE_SIZE_MAX {
                self.see_all(std::mem::take(&mut chunk), std::mem::take(&mut passes)).await;
                size = 0;
            }
        }
        self.see_all(chunk, passes).await;
    }

    /// Looks whose intents' earlier verdicts are known; those that cannot be read are put off.
    async fn reloaded(&self, mut looks: Vec<Look>) -> Vec<Look> {
        if let Err(error) = self.sources.reload(&mut looks).await {
            let (stale, known) = looks.into_iter().partition(|look| look.reload);
            self.put_off(stale, &error);
            return known;
        }
        looks
    }

    /// Decides a chunk and writes it together with passes that are decided already.
    async fn see_all(&mut self, chunk: Vec<Prepared>, mut passes: Vec<Pass>) {
        let sources = self.sources.clone();
        match sources.share(&chunk).await {
            Ok(shared) => {
                for one in chunk {
                    match sources.see(&one, &shared).await {
                        Ok(seen) => passes.push(self.decide(one.look, Some(seen))),
                        Err(error) => self.put_off(vec![one.look], &error),
                    }
                }
            }
            Err(error) => self.put_off(chunk.into_iter().map(|one| one.look).collect(), &error),
        }
        self.write(passes).await;
    }

    fn decide(&self, look: Look, seen: Option<Seen>) -> Pass {
        let (store, now) = (&self.sources.store, self.sources.clock.now_ms());
        pass(look, seen, now, || store.next_dispatch_id(now))
    }

    /// Writes passes in one transaction, then hands their dispatches on.
    async fn write(&mut self, passes: Vec<Pass>) {
        if passes.is_empty() {
            return;
        }
        match self.persist(&passes).await {
            Ok(()) => self.settle(passes).await,
            // One row that the store cannot take shall hold up no other.
            Err(StoreError::Backend(_)) if passes.len() > 1 => {
                for pass in passes {
                    match self.persist(std::slice::from_ref(&pass)).await {
                        Ok(()) => self.settle(vec![pass]).await,
                        Err(error) => self.put_off(vec![pass.look], &error),
                    }
                }
            }
            Err(error) => self.put_off(passes.into_iter().map(|pass| pass.look).collect(), &error),
        }
    }

    async fn persist(&self, passes: &[Pass]) -> Result<(), StoreError> {
        let worth = passes.iter().filter(|pass| pass.is_worth_writing());
        let plans: Vec<Plan> = worth.map(|pass| pass.plan.clone()).collect();
        if plans.is_empty() { Ok(()) } else { self.sources.store.write_plans(plans).await }
    }

    /// Takes over what is on stable storage now.
    async fn settle(&mut self, passes: Vec<Pass>) {
        let mut orders: Vec<NewDispatch> = Vec::new();
        for pass in passes {
            self.count(&pass.plan);
            self.counters.apps.decided(pass.look.intent.app, &pass.plan.verdicts);
            lock(&self.pending).finish(&pass.look, pass.waiting, pass.decided);
            orders.extend(pass.plan.dispatches);
        }
        if !orders.is_empty() && self.orders.send(orders).await.is_err() {
            tracing::warn!("the dispatcher has stopped; new pushes go out at the next start");
        }
    }

    fn put_off(&self, looks: Vec<Look>, error: &StoreError) {
        tracing::warn!(%error, intents = looks.len(), "push decisions wait for the store");
        self.counters.store_errors.add(1);
        let at = self.sources.clock.now_ms() + STORE_PAUSE_MS;
        let mut pending = lock(&self.pending);
        looks.into_iter().for_each(|look| pending.fail(look, at));
    }

    fn count(&self, plan: &Plan) {
        for verdict in &plan.verdicts {
            let count = match verdict.decision {
                Decision::Acked => &self.counters.acked,
                Decision::Pushed { .. } => &self.counters.planned,
                Decision::Suppressed { .. } => &self.counters.suppressed,
            };
            count.add(verdict.targets.len());
        }
    }
}

/// Whether a look has nothing to find out, only to write.
fn only_acknowledgements(look: &Look) -> bool {
    !look.reload && matches!(&look.scope, Scope::Users(users) if users.is_empty())
}
