//! Receipts: what became of a push on the device, as Push Kit reports it (format V2). The pure part: check
//! the caller, read the batch, classify each result. The endpoint belongs to the server.
//!
//! The vendor documents neither retries nor their timing: handle receipts idempotently by (request ID,
//! token).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::Value;

pub use super::results::{ReceiptMeaning, ReceiptVerdict, meaning};
use crate::secret::Secret;

/// Most receipts in one batch.
pub const BATCH_LEN_MAX: usize = 100;
/// Largest batch that is read, in bytes: five times what 100 receipts need.
pub const BATCH_BYTES_MAX: usize = 256 * 1024;
/// The header that proves who calls.
pub const CALLBACK_HEADER: &str = "x-huawei-callback-id";
/// The answer Push Kit takes for success.
pub const SUCCESS_ANSWER: &str = r#"{"code":"0","message":"success"}"#;

/// One receipt. `Debug` does not show the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The token it is about.
    pub token: Secret,
    /// The push type of the send.
    pub push_type: u8,
    /// The app's bundle name.
    pub package: String,
    /// What the send named in `biTag` (the notice's `app_message_id`); `None` when it named nothing.
    pub bi_tag: Option<String>,
    /// The request ID of the send's answer.
    pub request_id: String,
    /// Push Kit's result number; see [`ReceiptVerdict::of`].
    pub result: u32,
    /// When it happened, Unix time in milliseconds.
    pub at_ms: Option<u64>,
}

/// A batch, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptBatch {
    /// The receipts that could be read, in the vendor's order.
    pub receipts: Vec<Receipt>,
    /// How many could not; the others count all the same.
    pub unreadable: usize,
}

/// Why a batch was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Larger than [`BATCH_BYTES_MAX`].
    #[error("the receipt batch has {bytes} bytes; at most {BATCH_BYTES_MAX} are read")]
    TooLarge {
        /// Size of the batch.
        bytes: usize,
    },
    /// More than [`BATCH_LEN_MAX`] receipts.
    #[error("the batch has {count} receipts; at most {BATCH_LEN_MAX} are allowed")]
    TooMany {
        /// How many there were.
        count: usize,
    },
    /// Not a JSON object with an array `statuses`.
    #[error("the batch is not a JSON object with an array \"statuses\"")]
    Unreadable,
}

/// Reads a batch of receipts.
pub fn parse(body: &[u8]) -> Result<ReceiptBatch, ReceiptError> {
    #[derive(Deserialize)]
    struct Batch {
        statuses: Vec<Value>,
    }
    if body.len() > BATCH_BYTES_MAX {
        return Err(ReceiptError::TooLarge { bytes: body.len() });
    }
    let batch: Batch = serde_json::from_slice(body).map_err(|_| ReceiptError::Unreadable)?;
    let count = batch.statuses.len();
    if count > BATCH_LEN_MAX {
        return Err(ReceiptError::TooMany { count });
    }
    let receipts: Vec<Receipt> = batch.statuses.into_iter().filter_map(read_one).collect();
    Ok(ReceiptBatch { unreadable: count - receipts.len(), receipts })
}

fn read_one(status: Value) -> Option<Receipt> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Status {
        token: String,
        push_type: u8,
        #[serde(default)]
        app_package_name: String,
        bi_tag: Option<String>,
        request_id: String,
        delivery_status: Option<Happened>,
        /// Widgets report here instead.
        form_status: Option<Happened>,
    }
    #[derive(Deserialize)]
    struct Happened {
        result: u32,
        timestamp: Option<u64>,
    }
    let status: Status = serde_json::from_value(status).ok()?;
    let happened = status.delivery_status.or(status.form_status)?;
    Some(Receipt {
        token: status.token.into(),
        push_type: status.push_type,
        package: status.app_package_name,
        bi_tag: status.bi_tag.filter(|tag| !tag.is_empty()),
        request_id: status.request_id,
        result: happened.result,
        at_ms: happened.timestamp,
    })
}

impl Receipt {
    /// What the result asks for.
    pub fn verdict(&self) -> ReceiptVerdict {
        self.meaning().verdict
    }

    /// What the result means.
    pub fn meaning(&self) -> &'static ReceiptMeaning {
        meaning(self.result)
    }
}

/// Why a callback is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The header is absent, although user name and secret are configured.
    #[error("the header X-HUAWEI-CALLBACK-ID is missing")]
    Missing,
    /// The header has no timestamp, nonce or value.
    #[error("the header X-HUAWEI-CALLBACK-ID has not the form timestamp=…; nonce=…; value=…")]
    Malformed,
    /// The value fits neither form of the secret.
    #[error("the signature in X-HUAWEI-CALLBACK-ID does not fit the configured user name and secret")]
    Mismatch,
}

/// How the vendor made the key from the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackKey {
    /// Configurations made recently: the secret is base64 of the key.
    Decoded,
    /// Older configurations: the secret's own bytes are the key.
    Raw,
}

/// A callback that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callback {
    /// Which form of the key fitted.
    pub key: CallbackKey,
    /// When the vendor signed it, Unix time in milliseconds.
    pub signed_at_ms: u64,
}

/// Below this a timestamp counts seconds: as milliseconds it would be a time before 1974.
const SECONDS_BELOW: u64 = 100_000_000_000;

/// Checks the header [`CALLBACK_HEADER`] of a callback, in constant time, with both ways to make the key.
///
/// The signature covers timestamp, nonce and user name, not the body. How old a callback may be is the
/// caller's to judge.
pub fn verify_callback(
    header: Option<&str>,
    user_name: &str,
    secret: &Secret,
) -> Result<Callback, CallbackError> {
    let header = header.ok_or(CallbackError::Missing)?;
    // The value's base64 may hold '=', so each part is split at its first one only.
    let part = |name: &str| {
        let parts = header.split(';').filter_map(|part| part.trim().split_once('='));
        parts
            .into_iter()
            .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    let (Some(timestamp), Some(nonce), Some(value)) = (part("timestamp"), part("nonce"), part("value"))
    else {
        return Err(CallbackError::Malformed);
    };
    let Some(signature) = decode(value) else { return Err(CallbackError::Malformed) };
    let Ok(signed_at) = timestamp.parse::<u64>() else { return Err(CallbackError::Malformed) };
    let signed_at_ms = if signed_at < SECONDS_BELOW { signed_at * 1_000 } else { signed_at };
    let signed = format!("{timestamp}{nonce}{user_name}");
    let fits = |key: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    };
    let secret = secret.expose();
    match decode(secret) {
        Some(key) if !key.is_empty() && fits(&key) => {
            Ok(Callback { key: CallbackKey::Decoded, signed_at_ms })
        }
        _ if !secret.is_empty() && fits(secret.as_bytes()) => {
            Ok(Callback { key: CallbackKey::Raw, signed_at_ms })
        }
        _ => Err(CallbackError::Mismatch),
    }
}

/// Base64 with or without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
