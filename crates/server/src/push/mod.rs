//! From intent to notice: who is pushed, when, why not; requests to vendors; the trace of all of it.
//!
//! `decide` and `retry` are pure. `planner` turns intents into verdicts and dispatches, `dispatcher` turns
//! dispatches into vendor requests and ends. Chat and calls only wake it with a [`Signal`]; a lost signal
//! costs time, never a push: the store has the intent. Nothing here is on a sender's way to its answer.

mod alarms;
mod attempt;
pub mod counters;
mod credentials;
pub mod decide;
mod dispatcher;
mod dry_run;
mod exchange;
mod gather;
mod heads;
mod health;
mod lanes;
mod levels;
mod limits;
mod notice;
mod pace;
mod pending;
mod plan;
mod planner;
mod preview;
mod quotas;
mod ready;
mod reasons;
mod recorder;
mod retention;
mod retract;
mod retry;
pub mod signal;
mod standing;
mod tallies;
#[cfg(test)]
mod tests;
pub mod trace;
mod trace_events;
mod trace_lines;
mod trace_pauses;
mod trace_receipts;
mod trace_text;
mod trial;
mod watch;
mod work;

pub use alarms::{AlarmKind, Alarms, lasts};
pub use counters::{Counters, LATENCY_BUCKETS_MS};
pub use credentials::parse_credential;
pub use dry_run::{Foreseen, ForeseenDevice, ForeseenHeader, ForeseenRequest, Supposed};
pub use levels::{Circuit, Level, Levels};
pub use limits::PushLimits;
pub use notice::{intent_of, notice};
pub use pace::PaceLimits;
pub use preview::Sample;
pub use quotas::QuotaLimits;
pub use reasons::Reason;
pub use retry::{Next, RetryPolicy};
pub use signal::{Overflow, Signal, Signals};
pub use tallies::Tallies;
pub use trace::TraceView;
pub use trace_events::Words;
pub use trace_lines::{TraceLine, TraceLines};
pub use trace_pauses::pause_words;
pub use trace_receipts::{ReceiptView, receipt_name};
pub use trial::{Trial, TrialVerdict};

use crate::{
    clock::Clock,
    hub::Hub,
    store::{Alarm, Store, StoreError, TraceHead},
};
use attempt::Outbound;
use credentials::Credentials;
use dispatcher::Dispatcher;
use gather::Sources;
use hongyan_vendors::{Carrier, VendorKind};
use hongyan_wire::{AppId, DeviceId, UserId};
use pending::Pending;
use planner::{Planner, Reading, SharedPending};
use retract::Retractor;
use signal::Wake;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// What the pipeline is built from. `signals` and `overflow` come from [`Signals::channel`].
pub struct PushParts {
    /// Where time comes from.
    pub clock: Clock,
    /// Intents, dispatches, users, devices.
    pub store: Arc<dyn Store>,
    /// Who is connected.
    pub hub: Arc<Hub>,
    /// Hints of chat, calls and session.
    pub signals: mpsc::Receiver<Signal>,
    /// Set when a hint did not fit.
    pub overflow: Arc<Overflow>,
    /// Bounds.
    pub limits: PushLimits,
    /// Takes requests to vendors instead of the network, in simulations.
    pub carrier: Option<Arc<dyn Carrier>>,
}

/// Answers "why?": what happened to messages and calls, and what would happen to one that is not sent.
pub struct Explainer {
    clock: Clock,
    store: Arc<dyn Store>,
    pending: SharedPending,
    sources: Arc<Sources>,
    alarms: Arc<Alarms>,
    counters: Arc<Counters>,
}

impl Explainer {
    /// What happened to a message or call and why; `None` when there is no such ID in this app (or at all).
    pub async fn trace(&self, app: Option<AppId>, id: u64) -> Result<Option<TraceView>, StoreError> {
        let waiting = |intent| planner::lock(&self.pending).waiting_of(intent).unwrap_or_default();
        let now_ms = self.clock.now_ms();
        let mut view = TraceView::load_with(&*self.store, app, id, now_ms, waiting).await?;
        if let Some(view) = &mut view {
            view.note_pauses(&self.alarms(Some(view.app_id)), now_ms);
        }
        Ok(view)
    }

    /// What operators have to look at, of one app or of all.
    pub fn alarms(&self, app: Option<AppId>) -> Vec<Alarm> {
        self.alarms.lasting(app, self.clock.now_ms())
    }

    /// What became of the newest messages and calls of a user (on one of its devices, if named), of IDs below
    /// `before`: about `count` of them.
    pub async fn traces_of(
        &self,
        app: AppId,
        user: &UserId,
        device: Option<&DeviceId>,
        before: u64,
        count: usize,
    ) -> Result<TraceLines, StoreError> {
        trace_lines::load(&*self.store, app, user, device, before, count).await
    }

    /// What would become of a message that is not sent. `None`: the sender has no such conversation.
    pub async fn foresee(&self, app: AppId, supposed: Supposed) -> Result<Option<Foreseen>, StoreError> {
        dry_run::foresee(&self.sources, app, supposed).await
    }

    /// The exact request that a notice would become. `None`: the app has no usable credential for it.
    pub async fn preview(&self, sample: Sample) -> Result<Option<ForeseenRequest>, StoreError> {
        preview::show(&self.sources.credentials, &self.clock, sample).await
    }

    /// Asks the vendor once whether it takes a credential, with this token or one that no device has. `None`: there
    /// is no usable credential.
    pub async fn try_credential(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
        token: Option<&str>,
    ) -> Result<Option<Trial>, StoreError> {
        trial::run(&self.sources.credentials, &self.clock, (app, vendor, app_type), token).await
    }

    /// The head of a message's or call's trace as it is now; `None` when nothing was to be pushed.
    pub async fn head(&self, id: u64) -> Result<Option<TraceHead>, StoreError> {
        let outline = self.store.outlines(vec![id]).await?;
        Ok(outline.first().and_then(|records| heads::head_of(id, records)))
    }

    /// Ends whatever lasts of a credential, as an operator who has looked at it.
    pub fn resume(&self, app: AppId, vendor: VendorKind, app_type: u8) {
        self.alarms.resume((app, vendor, app_type), self.clock.now_ms());
    }

    /// What the pipeline counts.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }
}

/// The running pipeline. Dropping it stops every task at once; what was under way is found in the store.
pub struct Push {
    counters: Arc<Counters>,
    explainer: Arc<Explainer>,
    stop: CancellationToken,
    planner: JoinHandle<()>,
    retention: JoinHandle<()>,
    heads: JoinHandle<()>,
    retractor: JoinHandle<()>,
    dispatcher: Option<Dispatcher>,
    patience: Duration,
}

impl Push {
    /// Starts planner, dispatcher and retention. Needs a tokio runtime.
    pub fn start(parts: PushParts) -> Self {
        let PushParts { clock, store, hub, signals, overflow, limits, carrier } = parts;
        let counters = Arc::new(Counters::default());
        let credentials = Arc::new(Credentials::new(store.clone(), limits.clone(), carrier));
        let pending = Arc::new(Mutex::new(Pending::new(limits.waiting_max)));
        let stop = CancellationToken::new();
        let (dispatcher, orders) = Dispatcher::start(Arc::new(Outbound {
            clock: clock.clone(),
            store: store.clone(),
            credentials: credentials.clone(),
            counters: counters.clone(),
            health: Default::default(),
            quotas: quotas::Quotas::new(limits.quotas),
            alarms: counters.alarms.clone(),
            limits: limits.clone(),
        }));
        let started_at = clock.now_ms();
        let wake = Arc::new(Wake::default());
        let retractor = Retractor {
            clock: clock.clone(),
            store: store.clone(),
            hub: hub.clone(),
            orders: orders.clone(),
            counters: counters.clone(),
            wake: wake.clone(),
            started_at,
        };
        let retractor = tokio::spawn(retractor.run(stop.clone()));
        let sources = Sources { clock: clock.clone(), store: store.clone(), hub, credentials, started_at };
        let sources = Arc::new(sources);
        let explainer = Arc::new(Explainer {
            alarms: counters.alarms.clone(),
            counters: counters.clone(),
            clock: clock.clone(),
            store: store.clone(),
            pending: pending.clone(),
            sources: sources.clone(),
        });
        let planner = Planner {
            sources,
            pending,
            orders,
            counters: counters.clone(),
            signals,
            overflow,
            wake,
            batch_max: limits.batch_intents_max,
            reading: Reading::start(),
        };
        let planner = tokio::spawn(planner.run(stop.clone()));
        let patience = limits.stop_patience;
        let heads = tokio::spawn(heads::run(store.clone(), clock.clone(), counters.clone(), stop.clone()));
        let retention = tokio::spawn(retention::run(store.clone(), clock.clone(), limits, stop.clone()));
        Self {
            counters,
            explainer,
            stop,
            planner,
            retention,
            heads,
            retractor,
            dispatcher: Some(dispatcher),
            patience,
        }
    }

    /// Answers questions; lives as long as it is wanted.
    pub fn explainer(&self) -> Arc<Explainer> {
        self.explainer.clone()
    }

    /// What operators have to look at; as [`Explainer::alarms`].
    pub fn alarms(&self, app: Option<AppId>) -> Vec<Alarm> {
        self.explainer.alarms(app)
    }

    /// What happened to a message or call and why; as [`Explainer::trace`].
    pub async fn trace(&self, app: Option<AppId>, id: u64) -> Result<Option<TraceView>, StoreError> {
        self.explainer.trace(app, id).await
    }

    /// Numbers for telemetry.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Stops in order: no more decisions, no more requests; requests under way end within the configured
    /// patience and are written. What is left is found in the store by the next start.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let planned = tokio::time::timeout(self.patience, async {
            let planner = (&mut self.planner).await;
            let others = (&mut self.retention).await.and((&mut self.heads).await);
            planner.and(others).and((&mut self.retractor).await)
        });
        match planned.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "a task of push failed"),
            Err(_) => tracing::warn!("push decisions under way were given up until the next start"),
        }
        if let Some(dispatcher) = self.dispatcher.take() {
            dispatcher.stop(self.patience).await;
        }
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.planner.abort();
        self.retention.abort();
        self.heads.abort();
        self.retractor.abort();
    }
}
