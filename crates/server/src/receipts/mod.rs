//! Receipts: vendors report by HTTP what became of pushes; the trace and the PushIDs learn of it.
//!
//! `endpoint` is the address, `guard` says whom to believe, `effect` (pure) what a result changes, `counts`
//! what telemetry reads. Idempotent: a repeated batch changes nothing. Never logs tokens.

mod counts;
mod effect;
mod endpoint;
mod guard;

pub use counts::ReceiptCounts;

use crate::{clock::Clock, push::Alarms, store::Store};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Batches worked on at once.
const BATCHES_AT_ONCE_MAX: usize = 16;

/// Whom to believe.
#[derive(Clone, Debug)]
pub struct ReceiptPolicy {
    /// Takes receipts for credentials without callback secret from whoever sends them.
    pub unsigned: bool,
    /// How far the vendor's timestamp may be from now, either way.
    pub skew_max: Duration,
}

/// The endpoint of receipts. Cheap to clone.
#[derive(Clone)]
pub struct Receipts(Arc<Desk>);

/// What requests share.
struct Desk {
    clock: Clock,
    store: Arc<dyn Store>,
    policy: ReceiptPolicy,
    counts: Arc<ReceiptCounts>,
    alarms: Arc<Alarms>,
    places: Semaphore,
    /// Unix time in ms of the last warning.
    warned_at: AtomicU64,
}

impl Receipts {
    /// An endpoint over this store. What operators have to look at raises `alarms`.
    pub fn new(clock: Clock, store: Arc<dyn Store>, policy: ReceiptPolicy, alarms: Arc<Alarms>) -> Self {
        Self(Arc::new(Desk {
            clock,
            store,
            policy,
            counts: Arc::default(),
            alarms,
            places: Semaphore::new(BATCHES_AT_ONCE_MAX),
            warned_at: AtomicU64::new(0),
        }))
    }

    /// `POST /receipts/{vendor}/{app}` for appType 1, and `/receipts/{vendor}/{app}/{appType}`.
    pub fn routes(&self) -> axum::Router {
        endpoint::routes(self.0.clone())
    }

    /// Numbers for telemetry.
    pub fn counts(&self) -> Arc<ReceiptCounts> {
        self.0.counts.clone()
    }
}
