//! The address that vendors post receipts to: checks the caller first, then reads a bounded body, keeps what
//! it says, and answers what the vendor takes for success.

use super::{
    Desk, effect,
    guard::{self, Distrust},
};
use crate::{
    push::intent_of,
    store::{NewReceipt, ReceiptBatch, ReceiptFate, StoreError, StoredCallback},
};
use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use hongyan_vendors::{
    VendorKind,
    harmony::receipt::{
        BATCH_BYTES_MAX, CALLBACK_HEADER, Receipt, ReceiptError, ReceiptVerdict, SUCCESS_ANSWER, meaning,
        parse,
    },
};
use hongyan_wire::AppId;
use serde_json::json;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How long a believed caller may take for its body.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// How long a batch waits for a place.
const PLACE_WITHIN: Duration = Duration::from_secs(5);
/// Between two warnings of the same endpoint, in ms.
const WARN_EVERY_MS: u64 = 60_000;
/// Longest name of a request that is kept, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Which credential a batch belongs to.
#[derive(Clone, Copy)]
struct Address {
    app: AppId,
    vendor: VendorKind,
    app_type: u8,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("there is no credential at this address; it is /receipts/VENDOR/APP-ID or …/APP-ID/APP-TYPE")]
    Nowhere,
    #[error(transparent)]
    Distrust(#[from] Distrust),
    #[error("the body is larger than {BATCH_BYTES_MAX} bytes, broke off, or took too long")]
    Body,
    #[error(transparent)]
    Batch(#[from] ReceiptError),
    #[error("too many batches at once; post it again")]
    Busy,
    #[error("the receipts could not be kept; post them again")]
    Store(#[from] StoreError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Nowhere => StatusCode::NOT_FOUND,
            Self::Distrust(_) => StatusCode::UNAUTHORIZED,
            Self::Body | Self::Batch(ReceiptError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Batch(_) => StatusCode::BAD_REQUEST,
            Self::Busy | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/receipts/{vendor}/{app}", post(first_set))
        .route("/receipts/{vendor}/{app}/{app_type}", post(named_set))
        .with_state(desk)
}

async fn first_set(
    State(desk): State<Arc<Desk>>,
    Path((vendor, app)): Path<(String, String)>,
    request: Request,
) -> Response {
    answer(&desk, address(&vendor, &app, "1"), request).await
}

async fn named_set(
    State(desk): State<Arc<Desk>>,
    Path((vendor, app, app_type)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    answer(&desk, address(&vendor, &app, &app_type), request).await
}

fn address(vendor: &str, app: &str, app_type: &str) -> Option<Address> {
    let app_type = app_type.parse().ok().filter(|app_type| (1..=2).contains(app_type))?;
    Some(Address { vendor: vendor.parse().ok()?, app: app.parse().ok()?, app_type })
}

async fn answer(desk: &Desk, address: Option<Address>, request: Request) -> Response {
    let taken = match address {
        Some(address) => take(desk, address, request).await,
        None => Err(Refusal::Nowhere),
    };
    match taken {
        Ok(()) => ([(header::CONTENT_TYPE, "application/json")], SUCCESS_ANSWER).into_response(),
        Err(refusal) => {
            desk.counts.count_refused();
            desk.refused(address, &refusal);
            refusal.into_response()
        }
    }
}

/// Takes one batch. The signature does not cover the body, so the caller is judged before it is read.
async fn take(desk: &Desk, address: Address, request: Request) -> Result<(), Refusal> {
    let callback = callback_of(desk, address).await?;
    let now_ms = desk.clock.now_ms();
    guard::check(&desk.policy, callback.as_ref(), signature(request.headers()), now_ms)?;
    let place = tokio::time::timeout(PLACE_WITHIN, desk.places.acquire()).await;
    let _place = place.map_err(|_| Refusal::Busy)?.expect("the semaphore is never closed");
    let body = read(request.into_body()).await?;
    let batch = parse(&body)?;
    desk.counts.count_batch(batch.unreadable);
    keep(desk, address, &batch.receipts, now_ms).await
}

/// The callback settings of the credential at this address.
async fn callback_of(desk: &Desk, address: Address) -> Result<Option<StoredCallback>, Refusal> {
    let credentials = desk.store.credentials(address.app).await?;
    let mut own = credentials
        .into_iter()
        .filter(|one| (one.vendor, one.app_type) == (address.vendor, address.app_type));
    Ok(own.next().ok_or(Refusal::Nowhere)?.callback)
}

fn signature(headers: &HeaderMap) -> Option<&str> {
    headers.get(CALLBACK_HEADER).and_then(|value| value.to_str().ok())
}

async fn read(body: Body) -> Result<axum::body::Bytes, Refusal> {
    let read = tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, BATCH_BYTES_MAX)).await;
    read.map_err(|_| Refusal::Body)?.map_err(|_| Refusal::Body)
}

async fn keep(desk: &Desk, address: Address, receipts: &[Receipt], now_ms: u64) -> Result<(), Refusal> {
    let mut known = Vec::with_capacity(receipts.len());
    let mut results = Vec::with_capacity(receipts.len());
    for receipt in receipts {
        match new_receipt(receipt, now_ms) {
            Some(new) => {
                results.push(receipt.result);
                known.push(new);
            }
            None => desk.counts.count_unknown(),
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    let Address { app, vendor, app_type } = address;
    let batch = ReceiptBatch { app, vendor, app_type, receipts: known, now_ms };
    let fates = desk.store.write_receipts(batch).await?;
    desk.count(address, fates.into_iter().zip(results));
    Ok(())
}

/// The receipt for the store; `None` when it names no notice of ours.
fn new_receipt(receipt: &Receipt, now_ms: u64) -> Option<NewReceipt> {
    if receipt.request_id.len() > REQUEST_ID_BYTES_MAX {
        return None;
    }
    Some(NewReceipt {
        intent: intent_of(receipt.bi_tag.as_deref()?)?,
        token: receipt.token.clone(),
        request_id: receipt.request_id.clone(),
        result: receipt.result,
        at: receipt.at_ms.map_or(now_ms, |at| at.min(now_ms)),
        effect: effect::of_harmony(receipt.result),
    })
}

impl Desk {
    fn count(&self, address: Address, fates: impl Iterator<Item = (ReceiptFate, u32)>) {
        let mut troubles = BTreeSet::new();
        for (fate, result) in fates {
            match fate {
                ReceiptFate::Kept => self.counts.count_kept(ReceiptVerdict::of(result)),
                ReceiptFate::Repeated => self.counts.count_repeated(),
                ReceiptFate::UnknownToken | ReceiptFate::UnknownMessage => self.counts.count_unknown(),
            }
            if fate == ReceiptFate::Kept {
                troubles.insert(result);
            }
        }
        let (key, now_ms) = ((address.app, address.vendor, address.app_type), self.clock.now_ms());
        for result in troubles {
            let found = meaning(result);
            if let Some(kind) = effect::alarm_of(found.verdict) {
                self.alarms.raise(key, kind, &format!("receipt {result}"), found.en, now_ms);
            }
        }
    }

    fn refused(&self, address: Option<Address>, refusal: &Refusal) {
        // Strangers may knock as they like; what is said of a known credential is for its operator.
        match (address, refusal) {
            (Some(address), Refusal::Distrust(_) | Refusal::Batch(_) | Refusal::Store(_))
                if self.may_warn() =>
            {
                tracing::warn!(
                    app.id = %address.app, vendor = %address.vendor, app_type = address.app_type, %refusal,
                    "receipts were not taken"
                );
            }
            _ => tracing::debug!(%refusal, "receipts were not taken"),
        }
    }

    /// Whether a warning is due; at most one a minute.
    fn may_warn(&self) -> bool {
        let now = self.clock.now_ms();
        let last = self.warned_at.load(Ordering::Relaxed);
        let due = last == 0 || now >= last.saturating_add(WARN_EVERY_MS);
        due && self.warned_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
