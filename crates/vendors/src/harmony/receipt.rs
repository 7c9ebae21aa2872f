//! Receipts: what became of a push on the device, as Push Kit reports it (format V2). The pure part: check
//! the caller, read the batch, classify each result. The endpoint belongs to the server.
//!
//! The vendor documents neither retries nor their timing: handle receipts idempotently by (request ID,
//! token).

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

/// What a result asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptVerdict {
    /// It reached the device.
    Delivered,
    /// The token is dead: drop it.
    TokenGone,
    /// Notifications are off or the device sleeps for weeks: send nothing until the device shows up again.
    Suspended,
    /// A quota or frequency limit dropped it: slow down, tell the operator.
    Throttled,
    /// The account is not bound on the device: drop the binding of account and device.
    AccountUnbound,
    /// Huawei refused the content: tell the operator.
    ContentRefused,
    /// The app, the strategy or the project is set up wrongly: tell the operator.
    Misconfigured,
    /// It waits on the device or in the cloud until the app runs or the user is there.
    Held,
    /// A newer notice took its place.
    Superseded,
    /// It did not arrive or was not shown, and nothing follows from that.
    Failed,
    /// A number that is not documented.
    Unknown,
}

impl ReceiptVerdict {
    /// What Push Kit's result number asks for.
    pub fn of(result: u32) -> Self {
        match result {
            0 => Self::Delivered,
            2 | 5 => Self::TokenGone,
            6 | 10 => Self::Suspended,
            102 | 256 => Self::Throttled,
            144 => Self::AccountUnbound,
            259 => Self::ContentRefused,
            31 | 261 | 262 | 264 | 265 | 268 | 269 => Self::Misconfigured,
            22 | 27 | 51 => Self::Held,
            15 => Self::Superseded,
            14 | 151 | 155 | 156 | 158 | 188 | 191 => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

impl Receipt {
    /// What the result asks for.
    pub fn verdict(&self) -> ReceiptVerdict {
        ReceiptVerdict::of(self.result)
    }

    /// Whether the push reached the device: `None` where the result does not tell.
    pub fn arrived(&self) -> Option<bool> {
        match self.result {
            0 | 6 | 22 | 27 | 31 | 51 | 144 | 151 | 188 | 191 => Some(true),
            2 | 5 | 10 | 14 | 15 | 102 | 256 | 259 | 264 => Some(false),
            _ => None,
        }
    }

    /// Whether a notice was shown: `None` where the result does not tell. A delivered notice need not be
    /// shown (the app was in front), so 0 is shown only for all we know.
    pub fn shown(&self) -> Option<bool> {
        match (self.result, self.arrived()) {
            (31, _) => Some(true),
            (_, Some(false)) | (6 | 22 | 27 | 144 | 151 | 188, _) => Some(false),
            _ => None,
        }
    }

    /// A sentence for the trace.
    pub fn sentence(&self) -> &'static str {
        match self.result {
            0 => "Delivered to the device.",
            2 => "The app is not installed on the device any more.",
            5 => "The token does not belong to the app on this device any more.",
            6 => "Not shown: notifications of the app or of its channel are switched off.",
            10 => "Not sent: the device had no network for 30 days.",
            14 => "Not delivered: network error.",
            15 => "Not delivered: replaced by a newer one, or more than 120 were waiting for the device.",
            22 => "Held: another user of the device is active.",
            27 => "Held: the app is not running; it gets the background message at its next start.",
            31 => "Shown, but the page the tap should open does not exist.",
            51 => "Held: the device was started and not unlocked yet.",
            102 => "Dropped by frequency control.",
            144 => "Not shown: the account is not bound on the device.",
            151 => "Not shown by the device.",
            155 | 156 | 158 => "The live view could not be updated.",
            188 => "The app could not be started.",
            191 => "The badge could not be changed.",
            256 => "Dropped: the daily or hourly limit of this kind of message is used up.",
            259 => "Refused: Huawei objects to the content or to a URL in it.",
            261 => "The widget does not exist.",
            262 => "The limit of widget updates is reached.",
            264 => "Not sent: the user has not subscribed.",
            265 | 268 | 269 => "The live view is blocked, has no status, or was created twice.",
            _ => "A result that is not documented.",
        }
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

/// Checks the header [`CALLBACK_HEADER`] of a callback, in constant time, with both ways to make the key.
///
/// The age of the timestamp is not judged: how long the vendor repeats a receipt is not documented, and a
/// replayed receipt changes nothing because receipts are handled idempotently.
pub fn verify_callback(
    header: Option<&str>,
    user_name: &str,
    secret: &Secret,
) -> Result<CallbackKey, CallbackError> {
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
    let signed = format!("{timestamp}{nonce}{user_name}");
    let fits = |key: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    };
    let secret = secret.expose();
    match decode(secret) {
        Some(key) if !key.is_empty() && fits(&key) => Ok(CallbackKey::Decoded),
        _ if !secret.is_empty() && fits(secret.as_bytes()) => Ok(CallbackKey::Raw),
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
