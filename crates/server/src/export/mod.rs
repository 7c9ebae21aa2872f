//! Traces for others: what was decided, sent and reported about a message becomes OpenTelemetry spans, posted
//! as OTLP/HTTP JSON. Off unless an endpoint is configured.
//!
//! `queue` (pure) decides when a trace is due, `spans` (pure) makes spans of it, `otlp` writes them, `post`
//! carries them. Best effort: nothing of a message waits for a collector, what does not fit is counted. No
//! bodies, payloads, tokens or user IDs leave here.

mod counts;
mod limits;
mod otlp;
mod post;
mod queue;
mod spans;
#[cfg(test)]
mod tests;
mod worker;

pub use counts::ExportCounts;

use crate::{clock::Clock, store::Store};
use hongyan_vendors::Secret;
use limits::{BATCHES_WAITING_MAX, HINTS_WAITING_MAX, STOP_WITHIN};
use post::Poster;
use std::sync::Arc;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use worker::Worker;

/// Where spans go.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// Base of the collector's address, as in `http://localhost:4318`; spans go to `/v1/traces` below it.
    pub endpoint: String,
    /// Headers of every request.
    pub headers: Vec<(String, Secret)>,
    /// The resource's `service.name`.
    pub service_name: String,
    /// Share of the traces that is exported, 0.0..=1.0.
    pub sample_ratio: f64,
}

/// What the exporter is built from.
pub struct ExportParts {
    /// Where time comes from.
    pub clock: Clock,
    /// Traces.
    pub store: Arc<dyn Store>,
    /// Where to.
    pub settings: ExportSettings,
    /// What is counted; the caller keeps a share of it.
    pub counts: Arc<ExportCounts>,
}

/// The running exporter. Dropping it stops it at once; `stop` lets it say what it has.
pub struct Export {
    stop: CancellationToken,
    worker: JoinHandle<()>,
    poster: JoinHandle<()>,
}

impl Export {
    /// Starts it. Needs a tokio runtime.
    pub fn start(parts: ExportParts) -> Self {
        let ExportParts { clock, store, settings, counts } = parts;
        let stop = CancellationToken::new();
        let (batches, waiting) = mpsc::channel(BATCHES_WAITING_MAX);
        let finished = store.finished(HINTS_WAITING_MAX);
        let poster = Poster::new(&settings, clock.clone(), counts.clone(), stop.clone());
        let worker =
            Worker::new(store, clock, settings.sample_ratio, counts, batches).run(finished, stop.clone());
        Self { stop, worker: tokio::spawn(worker), poster: tokio::spawn(poster.run(waiting)) }
    }

    /// Exports what is complete and ends; a collector that does not answer is given up after a few seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let both = async {
            let worker = (&mut self.worker).await;
            worker.and((&mut self.poster).await)
        };
        match tokio::time::timeout(STOP_WITHIN, both).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the export of traces failed"),
            Err(_) => tracing::warn!("the collector of traces did not answer; what was left is lost"),
        }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        self.worker.abort();
        self.poster.abort();
    }
}
