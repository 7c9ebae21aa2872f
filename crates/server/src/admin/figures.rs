//! What series are made of: numbers sampled every ten seconds, written once a minute, never on anybody's way.

use crate::{clock::Clock, hub::Hub, push::Counters, session::Services, store::Figures};
use hongyan_wire::AppId;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Between two samples.
const EVERY: Duration = Duration::from_secs(10);
/// Samples from which rates are made: a minute and one more.
const SAMPLES_MAX: usize = 7;
/// How old a count of sessions may be, in ms. Counting a million takes milliseconds; not on every request.
const SESSIONS_MS: u64 = 2_000;
/// How long the last write may take when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

type PerApp = BTreeMap<AppId, Figures>;

/// What was sampled lately.
#[derive(Debug, Default)]
pub struct Sampled {
    sessions: Mutex<(u64, BTreeMap<AppId, u64>)>,
    samples: Mutex<VecDeque<(u64, PerApp)>>,
    /// What is counted and in no row yet.
    unwritten: Mutex<PerApp>,
}

/// Events a second.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Rates {
    pub messages: f64,
    pub pushed: f64,
    pub requests: f64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sampled {
    /// Sessions by app, counted anew when the last count is old.
    pub(super) fn sessions(&self, hub: &Hub, now_ms: u64) -> BTreeMap<AppId, u64> {
        let mut known = lock(&self.sessions);
        if now_ms >= known.0.saturating_add(SESSIONS_MS) || now_ms < known.0 {
            let mut counts = BTreeMap::new();
            hub.for_each(|seat| *counts.entry(seat.app).or_default() += 1);
            *known = (now_ms, counts);
        }
        known.1.clone()
    }

    pub(super) fn sessions_of(&self, hub: &Hub, app: AppId, now_ms: u64) -> u64 {
        self.sessions(hub, now_ms).get(&app).copied().unwrap_or(0)
    }

    /// Over the last minute or so, of these apps or of all.
    pub(super) fn rates(&self, apps: Option<&[AppId]>) -> Rates {
        let samples = lock(&self.samples);
        let (Some((from, first)), Some((to, last))) = (samples.front(), samples.back()) else {
            return Rates::default();
        };
        let seconds = to.saturating_sub(*from) as f64 / 1_000.0;
        if seconds <= 0.0 {
            return Rates::default();
        }
        let (first, last) = (sum(first, apps), sum(last, apps));
        let rate = |first: u64, last: u64| last.saturating_sub(first) as f64 / seconds;
        Rates {
            messages: rate(first.messages, last.messages),
            pushed: rate(first.pushed, last.pushed),
            requests: rate(first.requests, last.requests),
        }
    }

    /// What is in no row yet, of these apps or of all.
    pub(super) fn unwritten(&self, apps: Option<&[AppId]>) -> Figures {
        sum(&lock(&self.unwritten), apps)
    }

    fn keep(&self, now_ms: u64, figures: PerApp) {
        let mut samples = lock(&self.samples);
        samples.push_back((now_ms, figures));
        while samples.len() > SAMPLES_MAX {
            samples.pop_front();
        }
    }
}

fn sum(figures: &PerApp, apps: Option<&[AppId]>) -> Figures {
    let of = figures.iter().filter(|(app, _)| apps.is_none_or(|apps| apps.contains(app)));
    of.fold(Figures::default(), |sum, (_, figures)| sum.with(*figures))
}

/// The task that samples and writes. Dropping it stops it.
pub struct Recorder {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Recorder {
    /// Begins to sample.
    pub fn start(services: Arc<Services>, counters: Arc<Counters>, sampled: Arc<Sampled>) -> Self {
        let stop = CancellationToken::new();
        let now_ms = services.clock.now_ms();
        let written = cumulative(&services, &counters);
        sampled.keep(now_ms, written.clone());
        let round =
            Round { minute: now_ms / 60_000, services, counters, sampled, written, levels: PerApp::new() };
        let task = tokio::spawn(round.run(stop.clone()));
        Self { stop, task }
    }

    /// Writes what came together since the last minute, and stops.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_PATIENCE, &mut self.task).await.is_err() {
            tracing::warn!("figures of the last minute were not written in time");
        }
    }
}

/// Everything counted since the start, by app.
fn cumulative(services: &Services, counters: &Counters) -> PerApp {
    let mut all = counters.apps.all();
    for (app, messages) in services.counts.messages_by_app() {
        all.entry(app).or_default().messages = messages;
    }
    all
}

struct Round {
    services: Arc<Services>,
    counters: Arc<Counters>,
    sampled: Arc<Sampled>,
    /// Unix time in minutes that is being counted.
    minute: u64,
    /// What the rows have of everything counted.
    written: PerApp,
    /// Greatest levels of this minute.
    levels: PerApp,
}

impl Round {
    async fn run(mut self, stop: CancellationToken) {
        let clock: Clock = self.services.clock.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => {
                    self.sample().await;
                    return self.write().await;
                }
                () = clock.sleep(EVERY) => {}
            }
            self.sample().await;
            if clock.now_ms() / 60_000 != self.minute {
                self.write().await;
            }
        }
    }

    async fn sample(&mut self) {
        let now_ms = self.services.clock.now_ms();
        for (app, sessions) in self.sampled.sessions(&self.services.hub, now_ms) {
            let level = self.levels.entry(app).or_default();
            level.sessions = level.sessions.max(sessions);
        }
        match self.services.store.oldest_open().await {
            Ok(oldest) => {
                for (app, since) in oldest {
                    let level = self.levels.entry(app).or_default();
                    level.backlog_age_ms = level.backlog_age_ms.max(now_ms.saturating_sub(since));
                }
            }
            Err(error) => tracing::debug!(%error, "the age of the backlog was not read"),
        }
        let all = cumulative(&self.services, &self.counters);
        *lock(&self.sampled.unwritten) = self.since_written(&all);
        self.sampled.keep(now_ms, all);
    }

    fn since_written(&self, all: &PerApp) -> PerApp {
        let mut new = self.levels.clone();
        for (app, now) in all {
            let before = self.written.get(app).copied().unwrap_or_default();
            let grown = difference(now, &before);
            if grown != Figures::default() {
                let sum = new.entry(*app).or_default();
                *sum = sum.with(grown);
            }
        }
        new
    }

    /// Writes the minute that is over. What the store does not take is written with the next.
    async fn write(&mut self) {
        let all = cumulative(&self.services, &self.counters);
        let rows: Vec<(AppId, Figures)> = self.since_written(&all).into_iter().collect();
        if !rows.is_empty()
            && let Err(error) = self.services.store.add_figures(self.minute * 60, rows).await
        {
            return tracing::warn!(%error, "figures of a minute were not written; they go with the next");
        }
        self.written = all;
        self.levels.clear();
        lock(&self.sampled.unwritten).clear();
        self.minute = self.services.clock.now_ms() / 60_000;
    }
}

fn difference(now: &Figures, before: &Figures) -> Figures {
    Figures {
        messages: now.messages.saturating_sub(before.messages),
        pushed: now.pushed.saturating_sub(before.pushed),
        failed: now.failed.saturating_sub(before.failed),
        suppressed: now.suppressed.saturating_sub(before.suppressed),
        acked: now.acked.saturating_sub(before.acked),
        expired: now.expired.saturating_sub(before.expired),
        retracted: now.retracted.saturating_sub(before.retracted),
        requests: now.requests.saturating_sub(before.requests),
        errors: now.errors.saturating_sub(before.errors),
        answers: now.answers.saturating_sub(before.answers),
        answers_ms: now.answers_ms.saturating_sub(before.answers_ms),
        sessions: 0,
        backlog_age_ms: 0,
    }
}
