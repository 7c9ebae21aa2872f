//! Sends: one task that owns the lanes, a task per try under way, a recorder that writes what came of them.
//!
//! Memory is bounded per lane; what does not fit is in the store and is read when there is room. No vendor
//! and no credential waits for another.

use super::{
    alarms::AlarmKind,
    attempt::Outbound,
    credentials::CredentialKey,
    lanes::{Away, Behind, Ended, Era, LaneKey, LaneLimits, Lanes},
    recorder::{self, Records},
    watch::{self, Watched},
    work::Work,
};
use crate::store::{Dispatch, NewDispatch, StoreError};
use futures_util::future::BoxFuture;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// Groups of new dispatches that may wait for the dispatcher; beyond it the planner waits.
const QUEUE_MAX: usize = 256;
/// Stored dispatches read at a time.
const PAGE_MAX: usize = 256;
/// Pause after the store could not be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// While a credential is paused or an alarm lasts: how often it is looked whether somebody has acted, in ms.
const WATCH_EVERY_MS: u64 = 2_000;

/// The planner's way in.
pub(super) type Orders = mpsc::Sender<Vec<NewDispatch>>;

/// The running dispatcher. Dropping it stops all its tasks at once.
pub(super) struct Dispatcher {
    stop: CancellationToken,
    actor: JoinHandle<()>,
    recorder: JoinHandle<()>,
    alarms: JoinHandle<()>,
}

impl Dispatcher {
    /// Starts sending what the store has pending and what comes through the orders.
    pub fn start(outbound: Arc<Outbound>) -> (Self, Orders) {
        let (orders, incoming) = mpsc::channel(QUEUE_MAX);
        let (records, written) = recorder::channel();
        let recorder = tokio::spawn(recorder::run(
            outbound.store.clone(),
            outbound.clock.clone(),
            outbound.counters.clone(),
            written,
        ));
        let stop = CancellationToken::new();
        let board = outbound.alarms.clone();
        let alarms = board.run(outbound.store.clone(), outbound.clock.clone(), stop.clone());
        let alarms = tokio::spawn(alarms);
        let actor = Actor::new(outbound, records, incoming);
        let actor = tokio::spawn(actor.run(stop.clone()));
        (Self { stop, actor, recorder, alarms }, orders)
    }

    /// Starts nothing more, lets requests under way end within `patience`, writes what came of them.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.cancel();
        let ended = tokio::time::timeout(patience, async {
            let actor = (&mut self.actor).await;
            let recorder = (&mut self.recorder).await;
            actor.and(recorder).and((&mut self.alarms).await)
        });
        match ended.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a task of the dispatcher failed"),
            Err(_) => {
                tracing::warn!("requests to vendors were given up; they are made again at the next start")
            }
        }
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.actor.abort();
        self.recorder.abort();
        self.alarms.abort();
    }
}

/// What a page was read for.
#[derive(Clone, Copy)]
enum Reading {
    /// Everything that was pending at the start, above this ID.
    Start(u64),
    /// A lane that was full: what of it was in the store only when the reading began.
    Lane(LaneKey, Era, Behind),
}

type PageRead = (Reading, Result<Vec<Dispatch>, StoreError>);

struct Actor {
    outbound: Arc<Outbound>,
    records: Records,
    incoming: mpsc::Receiver<Vec<NewDispatch>>,
    lanes: Lanes,
    running: JoinSet<Ended>,
    away: HashMap<Id, Away>,
    /// Where reading what was pending at the start has come to; `None` when it is through.
    start_after: Option<u64>,
    /// IDs below are from before the start.
    first_own: u64,
    page: Option<BoxFuture<'static, PageRead>>,
    /// Whether a lane has the next turn to read, or the start.
    lanes_turn: bool,
    watching: Option<BoxFuture<'static, Watched>>,
    /// When to look next whether people have acted.
    watch_at: u64,
}

impl Actor {
    fn new(outbound: Arc<Outbound>, records: Records, incoming: mpsc::Receiver<Vec<NewDispatch>>) -> Self {
        let limits = LaneLimits {
            dispatches_max: outbound.limits.lane_dispatches_max,
            devices_max: outbound.limits.lane_devices_max,
            pace: outbound.limits.pace,
            in_flight_max: outbound.limits.in_flight_max,
        };
        let first_own = outbound.store.next_dispatch_id(outbound.clock.now_ms());
        Self {
            outbound,
            records,
            incoming,
            lanes: Lanes::new(limits),
            running: JoinSet::new(),
            away: HashMap::new(),
            start_after: Some(0),
            first_own,
            page: None,
            lanes_turn: false,
            watching: None,
            watch_at: 0,
        }
    }

    async fn run(mut self, stop: CancellationToken) {
        let clock = self.outbound.clock.clone();
        let mut open = true;
        if !self.take_pauses_up(&stop).await {
            return;
        }
        loop {
            self.start_due();
            self.start_reading();
            self.start_watching();
            self.show_levels();
            let due = self.lanes.next_due().into_iter().chain(self.next_watch()).min();
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                Some(ended) = self.running.join_next_with_id() => self.take_back(ended),
                orders = self.incoming.recv(), if open => match orders {
                    Some(orders) => self.accept(orders),
                    None => open = false,
                },
                watched = found(&mut self.watching) => {
                    self.watching = None;
                    self.take_watched(watched);
                }
                read = found(&mut self.page) => {
                    self.page = None;
                    self.take_page(read);
                }
                () = clock.sleep_until(due.unwrap_or(u64::MAX)), if due.is_some() => {}
            }
        }
        // Requests under way end by themselves; whoever stops us limits the wait.
        while let Some(ended) = self.running.join_next_with_id().await {
            self.take_back(ended);
        }
    }

    fn start_due(&mut self) {
        let now = self.outbound.clock.now_ms();
        while let Some(start) = self.lanes.start(now) {
            let away = start.away();
            let (outbound, records) = (self.outbound.clone(), self.records.clone());
            let task = self.running.spawn(async move { outbound.run(start, &records).await });
            self.away.insert(task.id(), away);
            self.lanes.show(away.lane.0, &self.outbound.counters.credentials, now);
        }
    }

    fn take_back(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, ended) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                // Our own fault, and nothing of it is lost: the store has the dispatch for the next start.
                tracing::error!(%error, "a push failed inside");
                (error.id(), Ended::default())
            }
        };
        let away = self.away.remove(&id).expect("every task was noted when it began");
        tracing::trace!(dispatch.id = away.dispatch, again = ended.again.is_some(), "a try ended");
        let now = self.outbound.clock.now_ms();
        self.lanes.done(away, ended, now, rand::random());
        self.lanes.show(away.lane.0, &self.outbound.counters.credentials, now);
    }

    fn accept(&mut self, orders: Vec<NewDispatch>) {
        for order in orders {
            self.lanes.accept(Work::new(order), Era::Since);
        }
    }

    /// Begins to read a page of what is in the store only. One page at a time; lanes and start take turns.
    fn start_reading(&mut self) {
        if self.page.is_some() {
            return;
        }
        let start = self.start_after.map(Reading::Start);
        let lane = self.lanes.hungry().map(|(lane, era, behind)| Reading::Lane(lane, era, behind));
        self.lanes_turn = !self.lanes_turn;
        let reading = if self.lanes_turn { lane.or(start) } else { start.or(lane) };
        if let Some(reading) = reading {
            self.read(reading, Duration::ZERO);
        }
    }

    fn read(&mut self, reading: Reading, pause: Duration) {
        let outbound = self.outbound.clone();
        let (Reading::Start(after) | Reading::Lane(_, _, Behind { after, .. })) = reading;
        self.page = Some(Box::pin(async move {
            outbound.clock.sleep(pause).await;
            (reading, outbound.store.pending_dispatches(after, PAGE_MAX).await)
        }));
    }

    fn take_page(&mut self, (reading, page): PageRead) {
        match (reading, page) {
            (_, Err(error)) => {
                tracing::warn!(%error, "pending pushes cannot be read");
                self.outbound.counters.store_errors.add(1);
                self.read(reading, STORE_PAUSE);
            }
            (Reading::Start(_), Ok(page)) => self.take_start(page),
            (Reading::Lane(lane, era, range), Ok(page)) => self.take_lane(lane, era, range, page),
        }
    }

    /// What was pending before the start goes into every lane that has room.
    fn take_start(&mut self, page: Vec<Dispatch>) {
        let last = page.last().map_or(u64::MAX, |dispatch| dispatch.request.id);
        let more = page.len() == PAGE_MAX && last < self.first_own;
        self.start_after = more.then_some(last);
        for dispatch in page.into_iter().filter(|dispatch| dispatch.request.id < self.first_own) {
            self.lanes.accept(Work::resumed(dispatch), Era::Before);
        }
    }

    /// What was noted after the reading began is not in the page for sure: it is read the next time.
    fn take_lane(&mut self, lane: LaneKey, era: Era, range: Behind, page: Vec<Dispatch>) {
        let mut read_up_to = if page.len() < PAGE_MAX { range.upto } else { range.after };
        for dispatch in page {
            let id = dispatch.request.id;
            if id > range.upto {
                read_up_to = range.upto;
                break;
            }
            let work = Work::resumed(dispatch);
            if work.lane() == lane && !self.lanes.accept_read(work, era) {
                read_up_to = id - 1;
                break;
            }
            read_up_to = read_up_to.max(id);
        }
        self.lanes.read_up_to(lane, era, read_up_to);
    }

    /// Credentials that were paused when the program ended are so still, unless they were replaced meanwhile.
    /// `false`: stopped before that was known.
    async fn take_pauses_up(&mut self, stop: &CancellationToken) -> bool {
        let outbound = self.outbound.clone();
        loop {
            let error = match watch::paused_before(&outbound).await {
                Ok(paused) => {
                    let now = outbound.clock.now_ms();
                    for (key, since, stamp) in paused {
                        self.lanes.pause(key, since, stamp, now);
                        self.lanes.show(key, &outbound.counters.credentials, now);
                    }
                    return true;
                }
                Err(error) => error,
            };
            tracing::warn!(%error, "paused push credentials cannot be read");
            outbound.counters.store_errors.add(1);
            tokio::select! {
                () = stop.cancelled() => return false,
                () = outbound.clock.sleep(STORE_PAUSE) => {}
            }
        }
    }

    /// When it is to be looked whether people have acted; `None` while there is nothing they could act on.
    fn next_watch(&self) -> Option<u64> {
        let wanted =
            self.watching.is_none() && (self.outbound.alarms.any() || self.lanes.paused().next().is_some());
        wanted.then_some(self.watch_at)
    }

    fn start_watching(&mut self) {
        let now = self.outbound.clock.now_ms();
        if self.next_watch().is_none_or(|at| at > now) {
            return;
        }
        self.watch_at = now + WATCH_EVERY_MS;
        let outbound = self.outbound.clone();
        let paused: Vec<CredentialKey> = self.lanes.paused().map(|(key, _)| key).collect();
        self.watching = Some(Box::pin(async move { watch::look(&outbound, paused).await }));
    }

    /// Uses credentials again that were replaced, or whose alarm was ended by hand.
    fn take_watched(&mut self, watched: Watched) {
        let Outbound { alarms, counters, clock, .. } = &*self.outbound;
        let now = clock.now_ms();
        let stamps = match watched {
            Ok(stamps) => stamps,
            Err(error) => {
                tracing::warn!(%error, "alarms of push cannot be read");
                counters.store_errors.add(1);
                return;
            }
        };
        let refused: HashMap<CredentialKey, u64> = self.lanes.paused().collect();
        for (key, stamp) in stamps {
            let replaced = refused.get(&key).is_some_and(|refused| stamp != Some(*refused));
            if replaced || alarms.pause_of(key).is_none() {
                alarms.clear(key, &AlarmKind::ENDED_BY_REPLACING, now);
                self.lanes.resume(key);
                self.lanes.show(key, &counters.credentials, now);
            }
        }
    }

    fn show_levels(&self) {
        self.outbound.counters.backlog.set(self.lanes.len());
        self.outbound.counters.in_flight.set(self.lanes.in_flight());
    }
}

/// Waits for what is being read; for ever when nothing is.
async fn found<T>(reading: &mut Option<BoxFuture<'static, T>>) -> T {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}
