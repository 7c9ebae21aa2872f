//! What sessions count: plain numbers, read by telemetry.

use hongyan_wire::Code;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers since the start.
#[derive(Debug, Default)]
pub struct Counts {
    logins: AtomicU64,
    messages: AtomicU64,
    /// By what the login was refused with; as many entries as there are codes.
    refused_logins: Mutex<BTreeMap<Code, u64>>,
}

impl Counts {
    /// Logins that were accepted.
    pub fn logins(&self) -> u64 {
        self.logins.load(Ordering::Relaxed)
    }

    /// Messages that were accepted from clients, command messages and repeated sends included.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Logins that were refused, by the code they were refused with.
    pub fn refused_logins(&self) -> BTreeMap<Code, u64> {
        self.refused_logins.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn logged_in(&self) {
        self.logins.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn login_refused(&self, code: Code) {
        *self.refused_logins.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
    }

    pub(super) fn sent(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }
}
