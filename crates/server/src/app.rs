//! Builds the parts of a server from a configuration and stops them in order.
//!
//! Order of stopping: nobody new, what is under way finishes, sockets close with "reconnect", the pipeline
//! stops, the store writes what it kept in memory. Each wait is bounded.

use crate::{
    admin::{self, Admin, AdminSettings, OperatorKey, Recorder, Sampled},
    calls::{Calls, Deadlines},
    chat::{Chat, Fanout},
    clock::Clock,
    config::Config,
    export::{Export, ExportCounts, ExportParts, ExportSettings},
    gateway::{self, Gateway, GatewayConfig, GatewayParts},
    hub::Hub,
    push::{PaceLimits, Push, PushLimits, PushParts, QuotaLimits, RetryPolicy, Signals, TraceView},
    receipts::{ReceiptPolicy, Receipts},
    session::{Counts, LOOKS_AT_ONCE, Services, SessionLimits, sweep_sessions},
    store::{
        Alarm, Store,
        sqlite::{KeySource, SqliteStore, StoreOptions},
    },
    telemetry::Metrics,
};
use anyhow::Context;
use hongyan_vendors::{Carrier, Secret};
use hongyan_wire::AppId;
use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    task::JoinHandle,
};

/// A running server. Dropping it stops its tasks at once; `shutdown` stops it in order.
pub struct Server {
    gateway: Gateway,
    metrics: Metrics,
    core: Core,
    export: Option<Export>,
    recorder: Recorder,
}

/// Everything of a server but its door. Dropping it stops its tasks at once.
pub(crate) struct Core {
    pub services: Arc<Services>,
    pub push: Push,
    fanout: Fanout,
    deadlines: Deadlines,
    sweep: Sweep,
}

/// The task that looks over all sessions. Dropping it stops it.
struct Sweep(JoinHandle<()>);

impl Drop for Sweep {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Server {
    /// Opens the data, starts every part and listens. `extra` are further HTTP routes (the demo's).
    pub async fn start(config: Config, clock: Clock, extra: axum::Router) -> anyhow::Result<Self> {
        let data = &config.server.data;
        let store: Arc<dyn Store> = SqliteStore::open(data, store_options(&config), clock.clone())
            .with_context(|| format!("cannot open the data in {}", data.display()))?;
        Self::start_on(store, config, clock, extra).await
    }

    /// The same on a store that is open already.
    pub async fn start_on(
        store: Arc<dyn Store>,
        config: Config,
        clock: Clock,
        extra: axum::Router,
    ) -> anyhow::Result<Self> {
        let limits = SessionLimits { login_deadline_ms: config.limits.login_deadline_ms };
        // Before push, so that it hears of everything that ends.
        let counts = Arc::new(ExportCounts::default());
        let export = export_settings(&config).map(|settings| {
            let (clock, store, counts) = (clock.clone(), store.clone(), counts.clone());
            Export::start(ExportParts { clock, store, settings, counts })
        });
        let core = Core::start(store, clock, push_limits(&config), limits, None)?;
        let services = core.services.clone();
        let key = OperatorKey::of(&config.server.data).context("the operator's key in the data directory")?;
        let sampled = Arc::new(Sampled::default());
        let recorder = Recorder::start(services.clone(), core.push.counters().clone(), sampled.clone());
        let admin =
            Admin::new(services.clone(), core.push.explainer(), key, admin_settings(&config), sampled);
        let policy = receipt_policy(&config);
        let alarms = core.push.counters().alarms.clone();
        let receipts = Receipts::new(services.clock.clone(), services.store.clone(), policy, alarms);
        let extra = extra.merge(admin::routes(admin)).merge(receipts.routes());
        let metrics = Metrics::new(services.clone(), core.push.counters().clone(), receipts.counts(), counts);
        let parts =
            GatewayParts { services, metrics: metrics.clone(), extra, config: gateway_config(&config) };
        let gateway = gateway::serve(parts).await.context("cannot listen")?;
        Ok(Self { gateway, metrics, core, export, recorder })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.gateway.local_addr()
    }

    /// Serves a connection that did not come through the listener; see `Gateway::serve_stream`.
    pub fn serve_stream<S>(&self, stream: S, from: IpAddr) -> Option<impl Future<Output = ()> + Send + use<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.gateway.serve_stream(stream, from)
    }

    /// The store, for tools in the same process and for tests.
    pub fn store(&self) -> Arc<dyn Store> {
        self.core.services.store.clone()
    }

    /// Who is connected, for tests.
    pub fn hub(&self) -> Arc<Hub> {
        self.core.services.hub.clone()
    }

    /// Everything known about a message or call on its way out.
    pub async fn trace(&self, id: u64) -> anyhow::Result<Option<TraceView>> {
        Ok(self.core.push.trace(None, id).await?)
    }

    /// What operators have to look at, of one app or of all.
    pub fn alarms(&self, app: Option<AppId>) -> Vec<Alarm> {
        self.core.push.alarms(app)
    }

    /// A one-time link for the first administrator, as a path of this server; `None` when there is one already.
    pub async fn setup_path(&self) -> anyhow::Result<Option<String>> {
        let services = &self.core.services;
        let link = admin::first_link(&*services.store, services.clock.now_ms()).await?;
        Ok(link.map(|link| link.path()))
    }

    /// All metrics as `/metrics` shows them.
    pub fn metrics(&self) -> String {
        self.metrics.text()
    }

    /// Drains: see the head of this file.
    pub async fn shutdown(self) {
        tracing::info!("draining: no new logins, clients are told to reconnect");
        let Self { gateway, core, export, recorder, .. } = self;
        gateway.drain().await;
        let Core { services, push, fanout, deadlines, sweep } = core;
        drop((sweep, deadlines, fanout));
        push.stop().await;
        recorder.stop().await;
        if let Some(export) = export {
            export.stop().await;
        }
        services.store.close().await;
        tracing::info!("stopped");
    }
}

impl Core {
    /// Starts every part behind the door. `carrier` takes requests to vendors in a simulation.
    pub fn start(
        store: Arc<dyn Store>,
        clock: Clock,
        push_limits: PushLimits,
        limits: SessionLimits,
        carrier: Option<Arc<dyn Carrier>>,
    ) -> anyhow::Result<Self> {
        let hub = Hub::new();
        let (signals, receiver, overflow) = Signals::channel();
        let announcements = store.announcements().context("the store is used by another server")?;
        let chat = Chat::new(clock.clone(), store.clone(), hub.clone(), signals.clone());
        let calls = Calls::new(clock.clone(), store.clone(), hub.clone(), signals.clone());
        let push = Push::start(PushParts {
            clock: clock.clone(),
            store: store.clone(),
            hub: hub.clone(),
            signals: receiver,
            overflow,
            limits: push_limits,
            carrier,
        });
        let fanout = Fanout::start(chat.clone(), announcements);
        let deadlines = calls.start_deadlines();
        let services = Arc::new(Services {
            clock,
            store,
            hub,
            chat,
            calls,
            push: signals,
            limits,
            counts: Counts::default(),
            looks: Arc::new(Semaphore::new(LOOKS_AT_ONCE)),
            draining: AtomicBool::new(false),
        });
        let sweep = Sweep(tokio::spawn(sweep_sessions(services.clone())));
        Ok(Self { services, push, fanout, deadlines, sweep })
    }
}

fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        cache_bytes: config.store.cache_mib * 1024 * 1024,
        readers: config.store.readers,
        key: match (&config.store.key, &config.store.key_file) {
            (Some(key), _) => KeySource::Given(Secret::new(key.expose())),
            (None, Some(path)) => KeySource::File(path.clone()),
            (None, None) => KeySource::Beside,
        },
        ..StoreOptions::default()
    }
}

fn push_limits(config: &Config) -> PushLimits {
    let push = &config.push;
    PushLimits {
        waiting_max: push.waiting_max,
        pace: PaceLimits {
            concurrency_max: push.concurrency_max,
            open_longest: Duration::from_secs(push.circuit_longest_s),
            pause_first: Duration::from_secs(push.pause_first_s),
            pause_longest: Duration::from_secs(push.pause_longest_s.max(push.pause_first_s)),
            ..PaceLimits::default()
        },
        in_flight_max: push.in_flight_max,
        connect_timeout: Duration::from_millis(push.connect_timeout_ms),
        request_timeout: Duration::from_millis(push.request_timeout_ms),
        retry: RetryPolicy {
            base: Duration::from_millis(push.retry_first_ms),
            cap: Duration::from_secs(push.retry_longest_s),
            tries_max: push.tries_max,
        },
        quotas: QuotaLimits {
            marketing_per_day: push.marketing_per_day,
            background_per_hour: push.background_per_hour,
            test_per_day: push.test_per_day,
        },
        retention: Duration::from_secs(push.retention_days * 86_400),
        ..PushLimits::default()
    }
}

fn admin_settings(config: &Config) -> AdminSettings {
    AdminSettings {
        session: Duration::from_secs(config.console.session_hours * 3_600),
        secure: config.console.secure_cookies || config.tls.cert.is_some(),
        forwarded: config.console.forwarded,
    }
}

fn receipt_policy(config: &Config) -> ReceiptPolicy {
    ReceiptPolicy {
        unsigned: config.receipts.unsigned,
        skew_max: Duration::from_secs(config.receipts.skew_s),
    }
}

fn export_settings(config: &Config) -> Option<ExportSettings> {
    let telemetry = &config.telemetry;
    let secret = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned().into());
    Some(ExportSettings {
        endpoint: telemetry.otlp_endpoint.clone()?,
        headers: telemetry.otlp_headers.pairs().map(secret).collect(),
        service_name: telemetry.service_name.clone(),
        sample_ratio: telemetry.sample_ratio,
    })
}

fn gateway_config(config: &Config) -> GatewayConfig {
    GatewayConfig {
        listen: config.server.listen,
        tls: config.tls.cert.clone().zip(config.tls.key.clone()),
        connections_max: config.limits.connections_max,
        unauthenticated_max: config.limits.unauthenticated_max,
        unauthenticated_per_ip_max: config.limits.unauthenticated_per_ip_max,
        origins: config.limits.origins.clone(),
        drain: Duration::from_secs(config.server.drain_s),
    }
}
