//! Counters and gauges for `/metrics`, in the Prometheus text format.

use crate::{hub::Hub, push::Counters, store::Store};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, text::encode},
    metrics::{
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
    pub fn new(store: Arc<dyn Store>, hub: Arc<Hub>, push: Arc<Counters>) -> Self {
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
        registry.register_collector(Box::new(Levels { store, hub, push }));
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
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    push: Arc<Counters>,
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Levels")
    }
}

impl Collector for Levels {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        gauge(&mut to, "sessions", "Logged-in sessions", self.hub.len() as i64)?;
        let healthy = i64::from(self.store.health().is_ok());
        gauge(&mut to, "store_accepts_writes", "1 while the store accepts writes", healthy)?;
        let push = &self.push;
        let counters = [
            ("push_intents", "Messages and calls taken up for push", push.intents.get()),
            ("push_acked_devices", "Devices that acknowledged in time", push.acked.get()),
            ("push_planned_devices", "Devices handed to the dispatcher", push.planned.get()),
            ("push_suppressed_devices", "Devices not pushed, with a reason", push.suppressed.get()),
            ("push_requests", "Requests to vendors", push.dispatched.get()),
            ("push_accepted_devices", "Devices accepted by a vendor", push.accepted.get()),
            ("push_failed_devices", "Devices that failed for good", push.failed.get()),
            ("push_retries", "Requests that have to be repeated", push.retried.get()),
            ("push_dead_tokens", "Tokens declared dead by a vendor", push.tombstones.get()),
            (
                "push_configuration_errors",
                "Refusals for an operator to look at",
                push.configuration_errors.get(),
            ),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            let kind = prometheus_client::metrics::MetricType::Counter;
            counter.encode(to.encode_descriptor(name, help, None, kind)?)?;
        }
        gauge(&mut to, "push_waiting", "Intents that wait for devices", push.waiting.get() as i64)?;
        gauge(&mut to, "push_backlog", "Dispatches that wait in memory", push.backlog.get() as i64)?;
        gauge(&mut to, "push_in_flight", "Requests to vendors under way", push.in_flight.get() as i64)
    }
}

fn gauge(to: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> Result<(), fmt::Error> {
    let kind = prometheus_client::metrics::MetricType::Gauge;
    ConstGauge::new(value).encode(to.encode_descriptor(name, help, None, kind)?)
}
