//! Carries batches of spans to the collector: a few tries each, then they are dropped and counted.

use super::{
    ExportCounts, ExportSettings,
    limits::{
        ANSWER_BYTES_MAX, CONNECT_WITHIN, REQUEST_WITHIN, RETRY_AFTER_S_MAX, RETRY_FIRST, TRIES_MAX,
        WARN_EVERY_MS,
    },
    otlp,
    spans::Span,
};
use crate::clock::Clock;
use hongyan_vendors::{RawAnswer, Transport, TransportConfig, VendorRequest};
use std::{sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(super) struct Poster {
    transport: Transport,
    url: String,
    service_name: String,
    clock: Clock,
    counts: Arc<ExportCounts>,
    stop: CancellationToken,
    warned_at: Option<u64>,
}

/// What one try led to.
enum Tried {
    Taken {
        rejected: usize,
    },
    /// Worth another try, not before this.
    Later {
        why: String,
        asked: Option<Duration>,
    },
    Refused {
        why: String,
    },
}

impl Poster {
    pub fn new(
        settings: &ExportSettings,
        clock: Clock,
        counts: Arc<ExportCounts>,
        stop: CancellationToken,
    ) -> Self {
        let transport = Transport::new(TransportConfig {
            connect_timeout: CONNECT_WITHIN,
            request_timeout: REQUEST_WITHIN,
            answer_bytes_max: ANSWER_BYTES_MAX,
            in_flight_max: 1,
            idle_per_host_max: 1,
            // A collector in one's own network seldom has a certificate, and spans hold no secrets.
            plain_http: true,
            headers: settings.headers.clone(),
            ..TransportConfig::default()
        });
        let url = format!("{}/v1/traces", settings.endpoint.trim_end_matches('/'));
        let service_name = settings.service_name.clone();
        Self { transport, url, service_name, clock, counts, stop, warned_at: None }
    }

    /// Runs until no batch can come any more.
    pub async fn run(mut self, mut batches: mpsc::Receiver<Vec<Span>>) {
        while let Some(batch) = batches.recv().await {
            self.post(&batch).await;
        }
    }

    async fn post(&mut self, batch: &[Span]) {
        let body = otlp::body(&self.service_name, batch);
        let request = VendorRequest {
            method: axum::http::Method::POST,
            url: self.url.clone(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        };
        for number in 1..=TRIES_MAX {
            let (why, asked, last) = match self.attempt(&request).await {
                Tried::Taken { rejected } => {
                    let rejected = rejected.min(batch.len());
                    self.counts.exported(batch.len() - rejected);
                    self.counts.dropped(rejected);
                    return;
                }
                Tried::Later { why, asked } => (why, asked, number == TRIES_MAX),
                Tried::Refused { why } => (why, None, true),
            };
            self.counts.failed_request();
            if last || !self.pause(number, asked).await {
                self.counts.dropped(batch.len());
                self.warn(batch.len(), &why);
                return;
            }
        }
    }

    async fn attempt(&self, request: &VendorRequest) -> Tried {
        match self.transport.send(request).await {
            Ok(answer) => judge(&answer),
            Err(error) => Tried::Later { why: error.to_string(), asked: None },
        }
    }

    /// Waits before the next try; `false` when the program stops meanwhile.
    async fn pause(&self, tries: u32, asked: Option<Duration>) -> bool {
        let span = (RETRY_FIRST * 2u32.pow(tries - 1)).max(asked.unwrap_or_default());
        tokio::select! {
            () = self.stop.cancelled() => false,
            () = self.clock.sleep(span) => true,
        }
    }

    fn warn(&mut self, spans: usize, why: &str) {
        let now = self.clock.now_ms();
        if self.warned_at.is_none_or(|last| now >= last.saturating_add(WARN_EVERY_MS)) {
            self.warned_at = Some(now);
            tracing::warn!(spans, why, "the collector of traces did not take spans; they are dropped");
        }
    }
}

/// The specification names the statuses that are worth another try.
fn judge(answer: &RawAnswer) -> Tried {
    let why = || format!("HTTP {}", answer.status);
    match answer.status {
        200..=299 => Tried::Taken { rejected: otlp::rejected(&answer.body) },
        429 | 502 | 503 | 504 => {
            let asked = answer.retry_after_s.map(|s| Duration::from_secs(s.min(RETRY_AFTER_S_MAX).into()));
            Tried::Later { why: why(), asked }
        }
        _ => Tried::Refused { why: why() },
    }
}
