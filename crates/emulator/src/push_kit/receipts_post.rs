//! Carries receipt batches to their receivers: one worker, a few requests at a time, at most one per
//! receiver, a bounded number of attempts. Huawei documents neither attempts nor pauses, so both are
//! configuration.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::{BodyExt, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;

use super::receipts::{Batch, Receiver, body};
use crate::control::BadControl;
use crate::limits::{RECEIPT_ANSWER_MAX, RECEIPT_POSTS_MAX};
use crate::state::EmulatorState;

/// How often and how patiently a receipt batch is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReceiptPolicy {
    /// Attempts in all, 1..=20.
    pub attempts: u32,
    /// Pause before the second attempt in ms (emulator's clock), doubled each time; at most an hour.
    pub pause_ms: u64,
    /// Time for one attempt in ms, 1..=60000.
    pub timeout_ms: u64,
}

impl Default for ReceiptPolicy {
    fn default() -> ReceiptPolicy {
        ReceiptPolicy { attempts: 3, pause_ms: 1000, timeout_ms: 5000 }
    }
}

impl ReceiptPolicy {
    const PAUSE_MAX_MS: u64 = 3_600_000;

    pub(crate) fn check(&self) -> Result<(), BadControl> {
        let fine = (1..=20).contains(&self.attempts)
            && self.pause_ms <= ReceiptPolicy::PAUSE_MAX_MS
            && (1..=60_000).contains(&self.timeout_ms);
        if fine {
            Ok(())
        } else {
            Err(BadControl::new("attempts 1..=20, pauseMs 0..=3600000, timeoutMs 1..=60000"))
        }
    }

    fn pause(&self, attempts_done: u32) -> Duration {
        let doubled = self.pause_ms.saturating_mul(1_u64 << attempts_done.saturating_sub(1).min(30));
        Duration::from_millis(doubled.min(ReceiptPolicy::PAUSE_MAX_MS))
    }
}

type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

/// Runs until the emulator stops; then posts under way are abandoned.
pub(crate) async fn run(state: EmulatorState) {
    let client = client();
    let mut posts = JoinSet::new();
    loop {
        while posts.len() < RECEIPT_POSTS_MAX {
            let Some(batch) = state.world().office.outbox.take_batch() else { break };
            posts.spawn(post(state.clone(), client.clone(), batch));
        }
        tokio::select! {
            () = state.stopped() => return,
            () = state.receipts_waiting() => {}
            Some(done) = posts.join_next() => {
                if let Err(error) = done {
                    tracing::error!(%error, "a receipt post ended badly");
                }
            }
        }
    }
}

fn client() -> HttpClient {
    let provider = hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots();
    Client::builder(TokioExecutor::new()).build(provider.https_or_http().enable_http1().build())
}

async fn post(state: EmulatorState, client: HttpClient, batch: Batch) {
    let policy = state.receipt_policy();
    let text = body(&batch.rows);
    let mut delivered = false;
    for attempt in 1..=policy.attempts {
        let timeout = Duration::from_millis(policy.timeout_ms);
        let now_ms = state.clock().now_ms();
        let one = attempt_once(&client, &batch.receiver, text.clone(), now_ms);
        match tokio::time::timeout(timeout, one).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
        {
            Ok(()) => {
                delivered = true;
                break;
            }
            Err(why) => {
                tracing::debug!(attempt, why, receipts = batch.rows.len(), "a receipt batch was not taken")
            }
        }
        if attempt < policy.attempts {
            state.clock().sleep(policy.pause(attempt)).await;
        }
    }
    state.world().office.settle_receipts(&batch, delivered);
}

async fn attempt_once(
    client: &HttpClient,
    receiver: &Receiver,
    text: Vec<u8>,
    now_ms: u64,
) -> Result<(), String> {
    let mut request = Request::post(receiver.url.clone()).header(header::CONTENT_TYPE, "application/json");
    if let Some(callback) = receiver.callback_header(now_ms, &nonce()) {
        request = request.header("X-HUAWEI-CALLBACK-ID", callback);
    }
    let request = request.body(Body::from(text)).map_err(|error| error.to_string())?;
    let answer = client.request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let read = Limited::new(answer.into_body(), RECEIPT_ANSWER_MAX).collect().await;
    let answer = read.map_err(|error| error.to_string())?.to_bytes();
    let code = serde_json::from_slice::<Value>(&answer).ok().and_then(|json| json.get("code").cloned());
    // The documented success is code "0" as text; anything else is a failure.
    if status.is_success() && code.as_ref().and_then(Value::as_str) == Some("0") {
        return Ok(());
    }
    Err(format!("HTTP {status}, code {}", code.map_or_else(|| "none".to_owned(), |code| code.to_string())))
}

/// A random UUID (version 4).
fn nonce() -> String {
    let number = (rand::random::<u128>() & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
