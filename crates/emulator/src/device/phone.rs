//! One phone: its switches, apps, shade, calls and listeners, and how the cloud reaches it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::apps::{AppOnPhone, not_installed};
use super::calls::WaitingCall;
use super::events::{PhoneEvent, PhoneEvents, Suppressed};
use super::requests::PhoneError;
use super::shade::Notice;
use crate::limits::{COUNTERS_MAX, EVENTS_WAITING_MAX, LISTENERS_MAX, PHONE_NAME_MAX};
use crate::push_kit::queue::{OfflineQueue, Waiting};
use crate::push_kit::quotas::PhoneCounters;
use crate::push_kit::receipts::{Outcome, Parcel};
use crate::world::{Office, World};

/// A phone without network for this long gets nothing any more, not even queued.
const INACTIVE_AFTER_MS: u64 = 30 * 86_400_000;

pub(crate) struct PhoneState {
    pub(super) id: Arc<str>,
    pub(super) name: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) online: bool,
    pub(super) locked: bool,
    /// The learned sleep time: only what is urgent comes through.
    pub(super) sleeping: bool,
    offline_since_ms: Option<u64>,
    pub(super) apps: BTreeMap<Arc<str>, AppOnPhone>,
    /// Oldest first.
    pub(super) notices: Vec<Arc<Notice>>,
    pub(super) calls: Vec<WaitingCall>,
    pub(super) queue: OfflineQueue,
    /// Of every app that was ever sent to, installed or not: a reinstall resets no quota.
    counters: BTreeMap<Arc<str>, PhoneCounters>,
    pub(super) tokens_made: u32,
    listeners: Vec<mpsc::Sender<Arc<PhoneEvent>>>,
}

impl World {
    /// The phone, which must have been opened.
    pub(crate) fn phone(&mut self, device: &str) -> Result<&mut PhoneState, PhoneError> {
        self.phones.get_mut(device).ok_or_else(|| PhoneError::new("no such phone; device.open comes first"))
    }

    /// Flight mode on or off. Back online, what waited in the cloud arrives.
    pub(crate) fn set_online(&mut self, device: &str, online: bool) -> Result<(), PhoneError> {
        let World { phones, office, now_ms, .. } = self;
        let phone = phones.get_mut(device).ok_or_else(|| PhoneError::new("no such phone"))?;
        if phone.online != online {
            phone.online = online;
            phone.offline_since_ms = (!online).then_some(*now_ms);
            phone.flush(office, *now_ms);
        }
        Ok(())
    }

    /// Sleep control on or off. Awake, what was held arrives.
    pub(crate) fn set_sleeping(&mut self, device: &str, sleeping: bool) -> Result<(), PhoneError> {
        let World { phones, office, now_ms, .. } = self;
        let phone = phones.get_mut(device).ok_or_else(|| PhoneError::new("no such phone"))?;
        phone.sleeping = sleeping;
        phone.flush(office, *now_ms);
        Ok(())
    }
}

impl PhoneState {
    pub(super) fn new(id: Arc<str>) -> PhoneState {
        PhoneState {
            id,
            name: None,
            locale: None,
            online: true,
            locked: false,
            sleeping: false,
            offline_since_ms: None,
            apps: BTreeMap::new(),
            notices: Vec::new(),
            calls: Vec::new(),
            queue: OfflineQueue::default(),
            counters: BTreeMap::new(),
            tokens_made: 0,
            listeners: Vec::new(),
        }
    }

    pub(crate) fn introduce(
        &mut self,
        name: Option<String>,
        locale: Option<String>,
    ) -> Result<(), PhoneError> {
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > PHONE_NAME_MAX);
        if long(&name) || long(&locale) {
            return Err(PhoneError::new(format!("name and locale may have {PHONE_NAME_MAX} bytes")));
        }
        self.name = name.or(self.name.take());
        self.locale = locale.or(self.locale.take());
        Ok(())
    }

    pub(crate) fn lock(&mut self, locked: bool) {
        self.locked = locked;
    }

    pub(super) fn app(&mut self, bundle: &str) -> Result<&mut AppOnPhone, PhoneError> {
        self.apps.get_mut(bundle).ok_or_else(|| not_installed(bundle))
    }

    /// The quota counters of an app.
    pub(crate) fn counters(&mut self, bundle: &Arc<str>) -> &mut PhoneCounters {
        if self.counters.len() >= COUNTERS_MAX && !self.counters.contains_key(bundle) {
            let apps = &self.apps;
            self.counters.retain(|name, _| apps.contains_key(name));
        }
        self.counters.entry(bundle.clone()).or_default()
    }

    /// A message of the cloud for this phone: now, later, or never.
    pub(crate) fn accept(&mut self, office: &mut Office, parcel: Parcel, now_ms: u64) {
        if self.offline_since_ms.is_some_and(|since_ms| now_ms >= since_ms + INACTIVE_AFTER_MS) {
            office.receipt(&parcel, Outcome::INACTIVE, now_ms);
        } else if self.reachable(&parcel) {
            self.arrive(office, &parcel, now_ms);
        } else {
            for pushed_out in self.queue.keep(parcel, now_ms) {
                office.receipt(&pushed_out, Outcome::OFFLINE_CONTROL, now_ms);
            }
        }
    }

    /// A message that is not to reach the phone.
    pub(crate) fn withhold(
        &mut self,
        office: &mut Office,
        parcel: &Parcel,
        outcome: Outcome,
        reason: Suppressed,
        now_ms: u64,
    ) {
        office.receipt(parcel, outcome, now_ms);
        self.emit(PhoneEvent::NoticeSuppressed { bundle_name: parcel.bundle.clone(), reason });
    }

    /// A revocation from the cloud: queued messages at once, shown ones as soon as the phone is reached.
    pub(crate) fn revoke(&mut self, bundle: &Arc<str>, notify_id: u32) {
        self.queue.revoke(bundle, notify_id);
        if self.online {
            for waiting in self.queue.take(0, |_| false) {
                self.take_back(&waiting);
            }
        }
    }

    fn reachable(&self, parcel: &Parcel) -> bool {
        self.online && (!self.sleeping || parcel.urgent())
    }

    fn flush(&mut self, office: &mut Office, now_ms: u64) {
        if !self.online {
            return;
        }
        let sleeping = self.sleeping;
        for waiting in self.queue.take(now_ms, |parcel| !sleeping || parcel.urgent()) {
            match waiting {
                Waiting::Message(parcel) => self.arrive(office, &parcel, now_ms),
                revocation => self.take_back(&revocation),
            }
        }
    }

    fn take_back(&mut self, waiting: &Waiting) {
        if let Waiting::Revocation { bundle, notify_id } = waiting {
            self.revoke_shown(bundle, *notify_id);
        }
    }

    /// Starts listening. A listener that falls too far behind is cut off.
    pub(crate) fn listen(&mut self) -> Result<PhoneEvents, PhoneError> {
        self.listeners.retain(|listener| !listener.is_closed());
        if self.listeners.len() >= LISTENERS_MAX {
            return Err(PhoneError::new(format!("the phone has {LISTENERS_MAX} listeners already")));
        }
        let (sender, receiver) = mpsc::channel(EVENTS_WAITING_MAX);
        self.listeners.push(sender);
        Ok(PhoneEvents::new(receiver))
    }

    /// Tells every listener; one whose queue is full, or who left, is cut off.
    pub(super) fn emit(&mut self, event: PhoneEvent) {
        if self.listeners.is_empty() {
            return;
        }
        let event = Arc::new(event);
        self.listeners.retain(|listener| listener.try_send(event.clone()).is_ok());
    }
}
