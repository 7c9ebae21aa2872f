//! What the cloud keeps for a phone it cannot reach: messages until their ttl, the newest 120 per app, the
//! newest one per collapseKey, and revocations of what the phone already shows. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use super::message::Message;
use super::receipts::Parcel;

/// Messages kept for one app of an unreachable phone; the newest win.
pub(crate) const KEPT_MAX: usize = 120;
/// Revocations kept for one phone; the newest win.
const REVOCATIONS_MAX: usize = 1000;

/// Something for a phone, in the order it came.
#[derive(Debug)]
pub(crate) enum Waiting {
    Message(Parcel),
    Revocation { bundle: Arc<str>, notify_id: u32 },
}

/// Everything that waits for one phone.
#[derive(Debug, Default)]
pub(crate) struct OfflineQueue {
    waiting: VecDeque<Waiting>,
}

impl OfflineQueue {
    /// Keeps a message. Gives back those it pushed out: collapsed, or the oldest over 120 of its app.
    pub(crate) fn keep(&mut self, parcel: Parcel, now_ms: u64) -> Vec<Parcel> {
        self.drop_expired(now_ms);
        let mut out = Vec::new();
        if let Some(key) = parcel.message.collapse_key {
            let same = |old: &Parcel| old.bundle == parcel.bundle && old.message.collapse_key == Some(key);
            out.extend(self.take_where(same));
        }
        let kept = self.parcels().filter(|old| old.bundle == parcel.bundle).count();
        if kept >= KEPT_MAX {
            let oldest =
                self.parcels().find(|old| old.bundle == parcel.bundle).map(|old| Arc::as_ptr(&old.message));
            out.extend(
                self.take_where(|old| {
                    old.bundle == parcel.bundle && Some(Arc::as_ptr(&old.message)) == oldest
                }),
            );
        }
        self.waiting.push_back(Waiting::Message(parcel));
        out
    }

    /// Takes back what waits with this notifyId, and remembers to take it off the screen as well.
    pub(crate) fn revoke(&mut self, bundle: &Arc<str>, notify_id: u32) {
        let revoked = |message: &Message| message.alert().is_some_and(|alert| alert.notify_id == notify_id);
        self.take_where(|old| old.bundle == *bundle && revoked(&old.message));
        let same = |item: &Waiting| match item {
            Waiting::Revocation { bundle: of, notify_id: number } => of == bundle && *number == notify_id,
            Waiting::Message(_) => false,
        };
        self.waiting.retain(|item| !same(item));
        let is_revocation = |item: &Waiting| matches!(item, Waiting::Revocation { .. });
        if self.waiting.iter().filter(|item| is_revocation(item)).count() >= REVOCATIONS_MAX {
            let oldest = self.waiting.iter().position(is_revocation);
            oldest.and_then(|at| self.waiting.remove(at));
        }
        self.waiting.push_back(Waiting::Revocation { bundle: bundle.clone(), notify_id });
    }

    /// Hands out, in order, what may travel now; the expired are gone. Revocations always may.
    pub(crate) fn take(&mut self, now_ms: u64, may_travel: impl Fn(&Parcel) -> bool) -> Vec<Waiting> {
        self.drop_expired(now_ms);
        let travels = |item: &Waiting| match item {
            Waiting::Message(parcel) => may_travel(parcel),
            Waiting::Revocation { .. } => true,
        };
        let (going, staying): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(travels);
        self.waiting = staying.into();
        going
    }

    /// Messages waiting.
    pub(crate) fn len(&self) -> usize {
        self.parcels().count()
    }

    fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.waiting.iter().filter_map(|item| match item {
            Waiting::Message(parcel) => Some(parcel),
            Waiting::Revocation { .. } => None,
        })
    }

    fn drop_expired(&mut self, now_ms: u64) {
        self.take_where(|parcel| parcel.message.expires_at_ms <= now_ms);
    }

    fn take_where(&mut self, wanted: impl Fn(&Parcel) -> bool) -> Vec<Parcel> {
        let mut out = Vec::new();
        // Most calls find nothing: then the queue is left alone.
        if !self.parcels().any(&wanted) {
            return out;
        }
        for item in std::mem::take(&mut self.waiting) {
            match item {
                Waiting::Message(parcel) if wanted(&parcel) => out.push(parcel),
                other => self.waiting.push_back(other),
            }
        }
        out
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
