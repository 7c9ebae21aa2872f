//! Counters and gauges for `/metrics`, in the Prometheus text format.
//!
//! The gateway counts here; what the other parts count is read from them when somebody asks.

use crate::{
    export::ExportCounts,
    push::{Circuit, Counters, LATENCY_BUCKETS_MS, Level},
    receipts::ReceiptCounts,
    session::Services,
};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text::encode},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};
use std::{fmt, sync::Arc};

/// What the program counts. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    gateway: GatewayCounts,
}

/// What the gateway counts by itself.
#[derive(Clone, Default)]
struct GatewayCounts {
    frames_in: Counter,
    frames_out: Counter,
    bytes_in: Counter,
    bytes_out: Counter,
    connections: Counter,
    panics: Counter,
    strangers: Gauge,
}

impl Metrics {
    /// Content type of `text`.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Metrics over these parts.
    pub fn new(
        services: Arc<Services>,
        push: Arc<Counters>,
        receipts: Arc<ReceiptCounts>,
        export: Arc<ExportCounts>,
    ) -> Self {
        let mut registry = Registry::with_prefix("hongyan");
        let gateway = GatewayCounts::default();
        let counts: [(&str, &str, &Counter); 6] = [
            ("frames_received", "Text frames from clients", &gateway.frames_in),
            ("frames_sent", "Text frames to clients", &gateway.frames_out),
            ("received_bytes", "Bytes from WebSocket clients", &gateway.bytes_in),
            ("sent_bytes", "Bytes to WebSocket clients", &gateway.bytes_out),
            ("connections", "WebSockets opened", &gateway.connections),
            ("panics", "Faults of the program itself, each confined to one connection", &gateway.panics),
        ];
        for (name, help, counter) in counts {
            registry.register(name, help, counter.clone());
        }
        let strangers = gateway.strangers.clone();
        registry.register("unauthenticated_connections", "Connections that have not logged in", strangers);
        registry.register_collector(Box::new(Levels { services, push, receipts, export }));
        Self { registry: Arc::new(registry), gateway }
    }

    /// All metrics as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(fmt::Error) => "# the metrics could not be written\n".to_owned(),
        }
    }

    /// A WebSocket was opened.
    pub fn connected(&self) {
        self.gateway.connections.inc();
    }

    /// Text frames and bytes came in.
    pub fn received(&self, frames: u64, bytes: u64) {
        self.gateway.frames_in.inc_by(frames);
        self.gateway.bytes_in.inc_by(bytes);
    }

    /// Text frames went out.
    pub fn sent(&self, frames: u64, bytes: u64) {
        self.gateway.frames_out.inc_by(frames);
        self.gateway.bytes_out.inc_by(bytes);
    }

    /// Connections that have not logged in now.
    pub fn strangers(&self, count: usize) {
        self.gateway.strangers.set(count as i64);
    }

    /// The program met a fault of its own.
    pub fn panicked(&self) {
        self.gateway.panics.inc();
    }
}

/// What is read from the parts when somebody asks.
struct Levels {
    services: Arc<Services>,
    push: Arc<Counters>,
    receipts: Arc<ReceiptCounts>,
    export: Arc<ExportCounts>,
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Levels")
    }
}

impl Collector for Levels {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        self.encode_sessions(&mut to)?;
        self.encode_push(&mut to)?;
        self.encode_credentials(&mut to)?;
        self.encode_alarms(&mut to)?;
        self.encode_reports(&mut to)?;
        self.encode_push_latency(&mut to)
    }
}

impl Levels {
    fn encode_sessions(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let services = &self.services;
        gauge(to, "sessions", "Logged-in sessions", services.hub.len() as i64)?;
        let healthy = i64::from(services.store.health().is_ok());
        gauge(to, "store_accepts_writes", "1 while the store accepts writes", healthy)?;
        let recall = services.store.recall_level();
        let help = "Whether all sends of the last day are known; 0 for some seconds after a start";
        gauge(to, "store_window_whole", help, recall.is_whole.into())?;
        let help = "Sends that wait until it is known whether they are repetitions";
        gauge(to, "store_waiting_sends", help, recall.waiting as i64)?;
        let help = "Reads of sends from before the start that failed and are repeated";
        counter(to, "store_recall_failures", help, recall.failures)?;
        counter(to, "messages", "Messages accepted from clients", services.counts.messages())?;
        let help = "Logins by result: accepted, or the code they were refused with";
        let mut logins = to.encode_descriptor("logins", help, None, MetricType::Counter)?;
        let accepted = [("result", "accepted".to_owned())];
        ConstCounter::new(services.counts.logins()).encode(logins.encode_family(&accepted)?)?;
        for (code, times) in services.counts.refused_logins() {
            let refused = [("result", code.0.to_string())];
            ConstCounter::new(times).encode(logins.encode_family(&refused)?)?;
        }
        Ok(())
    }

    fn encode_push(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let push = &self.push;
        for (name, help, value) in [
            ("push_intents", "Messages and calls taken up for push", &push.intents),
            ("push_acked_devices", "Devices that acknowledged in time", &push.acked),
            ("push_planned_devices", "Devices handed to the dispatcher", &push.planned),
            ("push_suppressed_devices", "Devices not pushed, with a reason", &push.suppressed),
            ("push_requests", "Requests to vendors", &push.dispatched),
            ("push_accepted_devices", "Devices accepted by a vendor", &push.accepted),
            ("push_failed_devices", "Devices that failed for good", &push.failed),
            ("push_dropped_devices", "Devices dropped before a request: too late or over", &push.dropped),
            ("push_retries", "Requests that have to be repeated", &push.retried),
            ("push_dead_tokens", "Tokens declared dead by a vendor", &push.tombstones),
            ("push_configuration_errors", "Refusals for an operator to look at", &push.configuration_errors),
            ("push_store_errors", "Transactions of push that failed and were repeated", &push.store_errors),
        ] {
            counter(to, name, help, value.get())?;
        }
        gauge(to, "push_waiting", "Intents that wait for devices", push.waiting.get() as i64)?;
        gauge(to, "push_backlog", "Dispatches that wait in memory", push.backlog.get() as i64)?;
        gauge(to, "push_in_flight", "Requests to vendors under way", push.in_flight.get() as i64)
    }

    /// How each push credential fares.
    fn encode_credentials(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let (levels, now_ms) = (self.push.credentials.all(), self.services.clock.now_ms());
        let help = "1 for the state that a credential is in: closed lets requests through";
        let mut circuits = to.encode_descriptor("push_circuit", help, None, MetricType::Gauge)?;
        for level in &levels {
            for state in Circuit::ALL {
                let [app, vendor, app_type] = of_credential(level);
                let labels = [app, vendor, app_type, ("state", state.as_str().to_owned())];
                let value = i64::from(level.circuit == state);
                ConstGauge::new(value).encode(circuits.encode_family(&labels)?)?;
            }
        }
        let concurrency = |level: &Level| Some(level.concurrency as i64);
        let help = "Requests that may be under way with a credential now";
        per_credential(to, "push_concurrency_limit", help, &levels, concurrency)?;
        let rate = |level: &Level| level.devices_per_s.map(|rate| rate as i64);
        let help = "Devices a second that flow control leaves to a credential";
        per_credential(to, "push_device_rate_limit", help, &levels, rate)?;
        let paused = |level: &Level| {
            Some(level.paused_since.map_or(0, |since| now_ms.saturating_sub(since) / 1_000) as i64)
        };
        let help = "How long a refused credential is paused already";
        per_credential(to, "push_paused_seconds", help, &levels, paused)
    }

    /// What operators have to look at.
    fn encode_alarms(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let alarms = self.push.alarms.lasting(None, self.services.clock.now_ms());
        let help = "1 for each kind of trouble that an operator has to look at";
        let mut family = to.encode_descriptor("push_alarm", help, None, MetricType::Gauge)?;
        for alarm in alarms {
            let labels = [
                ("app", alarm.app.to_string()),
                ("vendor", alarm.vendor.to_string()),
                ("app_type", alarm.app_type.to_string()),
                ("kind", alarm.kind),
            ];
            ConstGauge::new(1i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn encode_reports(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let receipts = &self.receipts;
        let help = "Receipts of vendors that were kept, by what they ask for";
        let mut kept = to.encode_descriptor("receipts", help, None, MetricType::Counter)?;
        for (verdict, count) in receipts.kept() {
            let label = [("verdict", verdict.name())];
            ConstCounter::new(count).encode(kept.encode_family(&label)?)?;
        }
        for (name, help, value) in [
            ("receipt_batches", "Batches of receipts taken", receipts.batches()),
            ("receipt_batches_refused", "Batches of receipts refused", receipts.refused()),
            ("receipts_repeated", "Receipts that were here already", receipts.repeated()),
            ("receipts_unknown", "Receipts of tokens or messages that are not known", receipts.unknown()),
            ("receipts_unreadable", "Receipts that could not be read", receipts.unreadable()),
            ("otlp_spans", "Spans that the collector took", self.export.spans()),
            ("otlp_dropped_spans", "Spans that the collector did not take", self.export.dropped_spans()),
            ("otlp_dropped_traces", "Traces that were not exported", self.export.dropped_traces()),
            ("otlp_failed_requests", "Failed requests to the collector", self.export.failed_requests()),
        ] {
            counter(to, name, help, value)?;
        }
        Ok(())
    }

    fn encode_push_latency(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let latency = &self.push.latency;
        let bounds = LATENCY_BUCKETS_MS.iter().map(|ms| *ms as f64 / 1e3).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(latency.buckets()).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let help = "From the decision to push until the vendor accepted";
        let seconds = prometheus_client::registry::Unit::Seconds;
        let mut histogram =
            to.encode_descriptor("push_latency", help, Some(&seconds), MetricType::Histogram)?;
        let sum_s = latency.sum_ms() as f64 / 1e3;
        histogram.encode_histogram::<NoLabelSet>(sum_s, count, &buckets, None)
    }
}

fn of_credential(level: &Level) -> [(&'static str, String); 3] {
    [
        ("app", level.app.to_string()),
        ("vendor", level.vendor.to_string()),
        ("app_type", level.app_type.to_string()),
    ]
}

/// A gauge with a value for each credential that has one.
fn per_credential(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    levels: &[Level],
    value: impl Fn(&Level) -> Option<i64>,
) -> Result<(), fmt::Error> {
    let mut family = to.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for level in levels {
        if let Some(value) = value(level) {
            ConstGauge::new(value).encode(family.encode_family(&of_credential(level))?)?;
        }
    }
    Ok(())
}

fn gauge(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> Result<(), fmt::Error> {
    ConstGauge::new(value).encode(to.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

fn counter(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> Result<(), fmt::Error> {
    ConstCounter::new(value).encode(to.encode_descriptor(name, help, None, MetricType::Counter)?)
}
