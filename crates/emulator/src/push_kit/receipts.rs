//! Receipts in the V2 format: what became of a message on a phone, gathered per receiver into batches of at
//! most 100, and the callback header in either key mode. Posting them is `receipts_post.rs`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::{Category, Message, PushType};
use crate::control::BadControl;
use crate::limits::RECEIPTS_WAITING_MAX;

/// Entries of one receipt request.
pub(crate) const BATCH_MAX: usize = 100;

/// The `result` of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Outcome(pub(crate) i32);

impl Outcome {
    pub(crate) const DELIVERED: Outcome = Outcome(0);
    pub(crate) const APP_UNINSTALLED: Outcome = Outcome(2);
    pub(crate) const TOKEN_MISMATCH: Outcome = Outcome(5);
    pub(crate) const SWITCHED_OFF: Outcome = Outcome(6);
    pub(crate) const INACTIVE: Outcome = Outcome(10);
    pub(crate) const OFFLINE_CONTROL: Outcome = Outcome(15);
    pub(crate) const BACKGROUND_CACHED: Outcome = Outcome(27);
    pub(crate) const FREQUENCY_DROPPED: Outcome = Outcome(102);
    pub(crate) const PROFILE_NOT_BOUND: Outcome = Outcome(144);
    pub(crate) const NOT_SHOWN: Outcome = Outcome(151);
    pub(crate) const APP_NOT_STARTED: Outcome = Outcome(188);
    pub(crate) const FREQUENCY_LIMIT: Outcome = Outcome(256);
}

/// A message on its way to one app of one phone.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) token: Arc<str>,
    pub(crate) bundle: Arc<str>,
    pub(crate) message: Arc<Message>,
    /// The category after rights were looked at.
    pub(crate) category: Category,
    /// `backgroundMode` 1 with its right: reaches the app even when it is not in front.
    pub(crate) wakes: bool,
    /// Who is told what became of it; nobody: no receipt.
    pub(crate) receiver: Option<Arc<Receiver>>,
}

impl Parcel {
    /// Comes through even while the phone sleeps.
    pub(crate) fn urgent(&self) -> bool {
        self.message.push_type == PushType::Call || self.category == Category::Voip
    }
}

/// How the callback secret becomes the key of the HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyMode {
    /// Configurations made nowadays: the secret is Base64 and is decoded.
    #[default]
    Base64,
    /// Old configurations: the bytes of the text as they are.
    Raw,
}

/// A callback secret; its Debug shows dots.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("•••")
    }
}

/// Where receipts are posted, and how the request shows who sends it.
pub(crate) struct Receiver {
    id: u64,
    pub(crate) url: Uri,
    callback: Option<Callback>,
}

struct Callback {
    user: String,
    key: hmac::Key,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Receiver {} at {}", self.id, self.url)
    }
}

impl Receiver {
    pub(crate) fn new(
        id: u64,
        url: &str,
        user: Option<&str>,
        secret: Option<&Secret>,
        mode: KeyMode,
    ) -> Result<Receiver, BadControl> {
        let bad_url = || BadControl::new("the receipt URL must be http://… or https://… with a host");
        let url: Uri = url.parse().map_err(|_| bad_url())?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
            return Err(bad_url());
        }
        let callback = match (user, secret) {
            (Some(user), Some(secret)) => Some(Callback { user: user.to_owned(), key: key(secret, mode)? }),
            _ => None,
        };
        Ok(Receiver { id, url, callback })
    }

    /// `X-HUAWEI-CALLBACK-ID`; none unless both user and secret are configured.
    pub(crate) fn callback_header(&self, now_ms: u64, nonce: &str) -> Option<String> {
        let callback = self.callback.as_ref()?;
        let text = format!("{now_ms}{nonce}{}", callback.user);
        let value = STANDARD.encode(hmac::sign(&callback.key, text.as_bytes()));
        Some(format!("timestamp={now_ms}; nonce={nonce}; value={value}"))
    }
}

fn key(Secret(secret): &Secret, mode: KeyMode) -> Result<hmac::Key, BadControl> {
    let bytes = match mode {
        KeyMode::Raw => secret.as_bytes().to_vec(),
        KeyMode::Base64 => STANDARD
            .decode(secret)
            .map_err(|_| BadControl::new("the receipt secret is not Base64; use it so, or key mode raw"))?,
    };
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

/// One finished message on one phone.
pub(crate) struct Row {
    token: Arc<str>,
    bundle: Arc<str>,
    message: Arc<Message>,
    outcome: Outcome,
    at_ms: u64,
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "token": self.token,
            "pushType": self.message.push_type.number(),
            "appPackageName": self.bundle,
            "biTag": self.message.bi_tag.as_deref().unwrap_or(""),
            "requestId": self.message.request_id,
            "deliveryStatus": { "result": self.outcome, "timestamp": self.at_ms },
        })
    }
}

/// The body of a receipt request.
pub(crate) fn body(rows: &[Row]) -> Vec<u8> {
    json!({ "statuses": rows.iter().map(Row::json).collect::<Vec<_>>() }).to_string().into_bytes()
}

/// What became of the receipts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReceiptCounts {
    /// Waiting or on their way.
    pub waiting: usize,
    /// Answered with code "0".
    pub delivered: u64,
    /// Given up after the last attempt.
    pub failed: u64,
    /// Not even queued, because too many were waiting.
    pub dropped: u64,
}

/// Receipts waiting for their receivers.
#[derive(Default)]
pub(crate) struct Outbox {
    lanes: BTreeMap<u64, Lane>,
    counts: ReceiptCounts,
}

struct Lane {
    receiver: Arc<Receiver>,
    rows: VecDeque<Row>,
    /// A batch is on its way; the next one waits for it.
    busy: bool,
}

/// Up to 100 receipts for one receiver.
pub(crate) struct Batch {
    pub(crate) receiver: Arc<Receiver>,
    pub(crate) rows: Vec<Row>,
}

impl Outbox {
    /// Queues a receipt if anybody wants it. Says whether the poster has something new to do.
    pub(crate) fn add(&mut self, parcel: &Parcel, outcome: Outcome, at_ms: u64) -> bool {
        let Some(receiver) = &parcel.receiver else { return false };
        if self.counts.waiting >= RECEIPTS_WAITING_MAX {
            self.counts.dropped += 1;
            return false;
        }
        self.counts.waiting += 1;
        let Parcel { token, bundle, message, .. } = parcel.clone();
        let new = || Lane { receiver: receiver.clone(), rows: VecDeque::new(), busy: false };
        let lane = self.lanes.entry(receiver.id).or_insert_with(new);
        lane.rows.push_back(Row { token, bundle, message, outcome, at_ms });
        !lane.busy
    }

    /// The next batch of a receiver that has none on its way.
    pub(crate) fn take_batch(&mut self) -> Option<Batch> {
        let lane = self.lanes.values_mut().find(|lane| !lane.busy && !lane.rows.is_empty())?;
        lane.busy = true;
        let rows = lane.rows.drain(..lane.rows.len().min(BATCH_MAX)).collect();
        Some(Batch { receiver: lane.receiver.clone(), rows })
    }

    /// A batch is done with, one way or the other. Says whether nothing is waiting any more.
    pub(crate) fn settle(&mut self, receiver: &Receiver, rows: usize, delivered: bool) -> bool {
        self.counts.waiting = self.counts.waiting.saturating_sub(rows);
        let done = if delivered { &mut self.counts.delivered } else { &mut self.counts.failed };
        *done += rows as u64;
        if let Some(lane) = self.lanes.get_mut(&receiver.id) {
            lane.busy = false;
            if lane.rows.is_empty() {
                self.lanes.remove(&receiver.id);
            }
        }
        self.counts.waiting == 0
    }

    pub(crate) fn counts(&self) -> ReceiptCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_header_is_an_hmac_over_timestamp_nonce_and_user_in_either_key_mode() {
        let secret = STANDARD.encode(b"key bytes");
        for (mode, key_bytes) in
            [(KeyMode::Base64, b"key bytes".as_slice()), (KeyMode::Raw, secret.as_bytes())]
        {
            let receiver =
                Receiver::new(1, "http://localhost/r", Some("ann"), Some(&secret.as_str().into()), mode)
                    .unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, key_bytes);
            let value = STANDARD.encode(hmac::sign(&key, b"1700000000000n-1ann"));
            let wanted = format!("timestamp=1700000000000; nonce=n-1; value={value}");
            assert_eq!(receiver.callback_header(1_700_000_000_000, "n-1"), Some(wanted));
        }
    }

    #[test]
    fn no_callback_header_without_both_user_and_secret() {
        let secret = Secret::from("c2VjcmV0");
        for (user, secret) in [(None, Some(&secret)), (Some("ann"), None), (None, None)] {
            let receiver = Receiver::new(1, "https://localhost/r", user, secret, KeyMode::Base64).unwrap();
            assert_eq!(receiver.callback_header(1, "n"), None);
        }
    }

    #[test]
    fn bad_receivers_are_refused() {
        assert!(Receiver::new(1, "ftp://localhost/", None, None, KeyMode::Raw).is_err());
        assert!(Receiver::new(1, "not a url", None, None, KeyMode::Raw).is_err());
        assert!(
            Receiver::new(1, "http://localhost/", Some("u"), Some(&"%%".into()), KeyMode::Base64).is_err()
        );
    }
}
