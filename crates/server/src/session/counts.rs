//! What sessions count: plain numbers, read by telemetry.

use hongyan_wire::{AppId, Code};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Numbers since the start.
#[derive(Debug, Default)]
pub struct Counts {
    logins: AtomicU64,
    messages: AtomicU64,
    /// Per app, shared with its sessions.
    apps: Mutex<BTreeMap<AppId, Arc<AtomicU64>>>,
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

    /// The same by app.
    pub fn messages_by_app(&self) -> BTreeMap<AppId, u64> {
        let apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.iter().map(|(app, count)| (*app, count.load(Ordering::Relaxed))).collect()
    }

    /// Where a session of this app counts its messages, looked up once.
    pub(super) fn of_app(&self, app: AppId) -> Arc<AtomicU64> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner).entry(app).or_default().clone()
    }

    pub(super) fn sent(&self, of_app: &AtomicU64) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        of_app.fetch_add(1, Ordering::Relaxed);
    }
}
