//! One try of a dispatch: who still gets it, the requests, what their answers mean for each device.
//!
//! Advice of the vendor is followed at once, each piece once. Every request is recorded with what it led to.
//! When the credential itself is refused, nothing fails: the work waits until it is used again.

use super::{
    Counters, PushLimits, Reason,
    alarms::{AlarmKind, Alarms},
    credentials::{Credentials, Ready},
    exchange::{Exchange, Fate},
    health::Health,
    lanes::{Ended, Start},
    pace::{Pass, Report},
    quotas::{Quota, Quotas, Room},
    recorder::Records,
    retry::{LIFE_MIN_MS, Next},
    standing::{Wanted, still_wanted},
    work::Work,
};
use crate::{
    clock::Clock,
    store::{Attempt, AttemptEnd, Store, StoreError, Target, TargetEnd},
};
use hongyan_vendors::Advice;
use hongyan_wire::PushId;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Pause after the store could not be read.
const STORE_PAUSE_MS: u64 = 1_000;
/// What was decided this short a time ago is not looked at anew, in ms. Whatever is taken back meanwhile is found
/// by its retraction.
const FRESH_MS: u64 = 500;

/// What every try needs. Shared by all of them.
pub(super) struct Outbound {
    pub clock: Clock,
    pub store: Arc<dyn Store>,
    pub credentials: Arc<Credentials>,
    pub counters: Arc<Counters>,
    pub health: Health,
    pub quotas: Quotas,
    pub alarms: Arc<Alarms>,
    pub limits: PushLimits,
}

impl Outbound {
    /// Makes one try; gives the work back with the time of the next one if something is left.
    pub async fn run(&self, start: Start, records: &Records) -> Ended {
        let Start { work, pass } = start;
        let mut this = Try {
            outbound: self,
            records,
            work,
            pass,
            queue: VecDeque::new(),
            asked: None,
            reports: Vec::new(),
            refused: false,
            said: String::new(),
            roomless: HashMap::new(),
        };
        let again = this.run().await.unwrap_or_else(|error| {
            tracing::warn!(dispatch.id = this.work.id(), %error, "a push waits for the store");
            self.counters.store_errors.add(1);
            Some(self.clock.now_ms() + STORE_PAUSE_MS)
        });
        let Try { mut work, reports, .. } = this;
        let again = again.map(|at| {
            work.put_off(at);
            (work, at)
        });
        Ended { again, reports }
    }
}

/// One try under way.
struct Try<'a> {
    outbound: &'a Outbound,
    records: &'a Records,
    work: Work,
    /// As what it was admitted; without a pass its time is over.
    pass: Option<Pass>,
    /// Groups of devices that still have their request before them in this try.
    queue: VecDeque<Vec<Target>>,
    /// The longest wish of the vendor not to be asked again before.
    asked: Option<Duration>,
    /// What the requests told about the credential.
    reports: Vec<Report>,
    /// The credential was refused: the rest waits for it.
    refused: bool,
    /// The vendor's last code and words.
    said: String,
    /// Devices whose quota is used up, and from when each has room.
    roomless: HashMap<Target, u64>,
}

/// What an exchange led to, for the record.
#[derive(Default)]
struct Ends {
    ended: Vec<(Target, TargetEnd)>,
    dead: Vec<(PushId, String)>,
}

impl Ends {
    fn fail(&mut self, target: Target, reason: Reason) {
        self.ended.push((target, TargetEnd::Failed { reason: reason.code().into() }));
    }
}

impl Try<'_> {
    async fn run(&mut self) -> Result<Option<u64>, StoreError> {
        let now = self.outbound.clock.now_ms();
        if self.pass.is_none() || now + LIFE_MIN_MS > self.work.request().expires_at {
            self.end_all(&TargetEnd::Expired).await;
            return Ok(None);
        }
        let (wanted, dropped) =
            still_wanted(&*self.outbound.store, self.work.request(), self.is_fresh(now)).await?;
        if !dropped.is_empty() {
            let left = (!wanted.is_empty()).then_some(now);
            self.record(None, Ends { ended: dropped, dead: Vec::new() }, left).await;
        }
        if wanted.is_empty() {
            return Ok(None);
        }
        let wanted = self.with_room(wanted, now).await;
        if wanted.is_empty() {
            return Ok(self.wait_for_room().await);
        }
        let ready = match self.outbound.credentials.find(self.work.lane().0).await? {
            Ok(ready) => ready,
            Err(Reason::BadCredential) => return self.unusable(now).await.map(Some),
            Err(reason) => {
                self.end_all(&TargetEnd::Failed { reason: reason.code().into() }).await;
                return Ok(None);
            }
        };
        self.queue = self.work.split(wanted.iter().map(|(target, _)| target.clone()).collect()).into();
        let tokens: HashMap<Target, String> = wanted.into_iter().collect();
        Ok(self.exchange_all(&ready, &tokens).await)
    }

    /// What this push counts as, if the vendor limits it.
    fn quota(&self) -> Option<Quota> {
        let request = self.work.request();
        Quota::of(&request.notice, request.vendor).filter(|_| request.purpose.is_notice())
    }

    /// Those that may get one more. Others wait, or end when waiting is of no use.
    async fn with_room(&mut self, wanted: Wanted, now: u64) -> Wanted {
        let Some(quota) = self.quota() else { return wanted };
        let (key, expires_at) = (self.work.lane().0, self.work.request().expires_at);
        let (mut free, mut ends) = (Vec::with_capacity(wanted.len()), Ends::default());
        for (target, token) in wanted {
            let room = target.push_id.as_ref().map(|id| self.outbound.quotas.room(key, id, quota, now));
            match room {
                Some(Room::From(at)) if quota.waits() && at + LIFE_MIN_MS <= expires_at => {
                    self.roomless.insert(target, at);
                }
                Some(Room::From(_)) => {
                    let reason = quota.reason().code().into();
                    ends.ended.push((target, TargetEnd::Suppressed { reason }));
                }
                Some(Room::Free) | None => free.push((target, token)),
            }
        }
        if !ends.ended.is_empty() {
            let reason = quota.reason();
            self.outbound.alarms.raise(key, AlarmKind::Quota, reason.code(), reason.en(), now);
            let left = (ends.ended.len() < self.work.devices()).then_some(now);
            self.record(None, ends, left).await;
        }
        free
    }

    /// Nothing is sent now; `None` when nothing is left that could wait.
    async fn wait_for_room(&mut self) -> Option<u64> {
        let at = self.roomless.values().copied().min()?;
        self.record(None, Ends::default(), Some(at)).await;
        Some(at)
    }

    /// Notes what the vendor accepted.
    fn take_room(&self, exchange: &Exchange) {
        let Some(quota) = self.quota().filter(|_| exchange.accepted() > 0) else { return };
        let (key, now, quotas) = (self.work.lane().0, self.outbound.clock.now_ms(), &self.outbound.quotas);
        if quota == Quota::Test {
            quotas.take_test(key, now);
        }
        let accepted = exchange.fates.iter().filter(|(_, fate)| *fate == Fate::Accepted);
        let accepted = accepted.filter_map(|(target, _)| target.push_id.as_ref());
        accepted.for_each(|id| quotas.take(key, id, quota, now));
    }

    /// Whether it was planned a moment ago and this is its first try.
    fn is_fresh(&self, now: u64) -> bool {
        self.work.tries() == 0 && now < crate::store::time_of_id(self.work.id()) + FRESH_MS
    }

    /// The credential cannot even be read: as if the vendor refused it.
    async fn unusable(&mut self, now: u64) -> Result<u64, StoreError> {
        let key = self.work.lane().0;
        let stamp = self.outbound.credentials.stamp(key).await?.unwrap_or(0);
        self.reports.push(Report::Refused { stamp });
        let code = Reason::BadCredential.code();
        self.outbound.alarms.raise(key, AlarmKind::CredentialRefused, code, Reason::BadCredential.en(), now);
        Ok(now)
    }

    /// Makes requests until nothing is left to be done at once.
    async fn exchange_all(&mut self, ready: &Ready, tokens: &HashMap<Target, String>) -> Option<u64> {
        while let Some(group) = self.queue.pop_front() {
            let aims = group.into_iter().filter_map(|target| {
                let token = tokens.get(&target)?.as_str();
                Some((target, token))
            });
            let exchange = Exchange::make(&mut self.work, ready, aims.collect(), &self.outbound.clock).await;
            let again = self.digest(ready, exchange).await;
            if self.queue.is_empty() {
                return again;
            }
        }
        None
    }

    /// Takes one exchange in: follows advice, ends devices, records. Gives the time of the next try.
    async fn digest(&mut self, ready: &Ready, exchange: Exchange) -> Option<u64> {
        self.count(&exchange);
        self.take_room(&exchange);
        let (code, message) = exchange.words();
        self.said = format!("{code} {message}");
        let at_once = self.follow(ready, &exchange);
        if at_once.is_empty() {
            self.reports.extend(exchange.report(ready.stamp));
            self.refused = exchange.refuses_credential();
            if self.refused || exchange.is_hopeless() {
                // The other groups would meet the same trouble now; they are part of the next try.
                self.queue.clear();
            }
        }
        self.alarm(&exchange, at_once.is_empty());
        let may_bury = !self.refused && self.may_bury(&exchange);
        let mut ends = Ends::default();
        for (target, fate) in exchange.fates {
            if !at_once.contains(&target) {
                self.judge(target, fate, may_bury, &mut ends);
            }
        }
        for group in self.work.split(at_once).into_iter().rev() {
            self.queue.push_front(group);
        }
        self.work.end(&ends.ended);
        let next = self.next_try(&mut ends);
        self.record(exchange.attempt, ends, next).await;
        next
    }

    /// Devices to be asked for again at once, because the vendor's advice can be followed.
    fn follow(&mut self, ready: &Ready, exchange: &Exchange) -> Vec<Target> {
        if !self.work.follow(exchange.advice) {
            return Vec::new();
        }
        if let (Advice::ResignJwt, Some(bearer)) = (exchange.advice, &exchange.bearer) {
            ready.bearer.invalidate_if(bearer);
        }
        let advised = exchange.advised.iter().filter_map(|place| exchange.fates.get(*place));
        advised
            .filter(|(_, fate)| !matches!(fate, Fate::Accepted | Fate::Dead(_)))
            .map(|(target, _)| target.clone())
            .collect()
    }

    fn may_bury(&self, exchange: &Exchange) -> bool {
        let key = self.work.lane().0;
        let dead = exchange.fates.iter().filter(|(_, fate)| matches!(fate, Fate::Dead(_))).count();
        match exchange.accepted() {
            0 if dead == 0 || self.outbound.health.may_bury(key, dead) => true,
            0 => {
                let (code, message) = exchange.words();
                let now = self.outbound.clock.now_ms();
                self.outbound.alarms.raise(key, AlarmKind::MassDeath, code, message, now);
                false
            }
            _ => {
                self.outbound.health.accepted(key);
                true
            }
        }
    }

    fn judge(&mut self, target: Target, fate: Fate, may_bury: bool, ends: &mut Ends) {
        match fate {
            Fate::Accepted => ends.ended.push((target, TargetEnd::Accepted)),
            Fate::Expired => ends.ended.push((target, TargetEnd::Expired)),
            Fate::Later(asked) => self.asked = self.asked.max(asked),
            // The devices have no part in it: they wait.
            Fate::Failed(Reason::VendorConfiguration | Reason::BadCredential) | Fate::Dead(_)
                if self.refused => {}
            Fate::Dead(code) if may_bury => {
                ends.dead.extend(target.push_id.clone().map(|push_id| (push_id, code)));
                ends.fail(target, Reason::TokenGone);
            }
            Fate::Dead(_) => ends.fail(target, Reason::VendorConfiguration),
            Fate::Failed(reason) => ends.fail(target, reason),
        }
    }

    /// When the rest is tried next. Ends it instead when there is no next try.
    fn next_try(&mut self, ends: &mut Ends) -> Option<u64> {
        let now = self.outbound.clock.now_ms();
        if !self.queue.is_empty() {
            return Some(now);
        }
        if self.work.devices() == 0 {
            return None;
        }
        if self.refused {
            return Some(now);
        }
        // Those that wait for room were not tried.
        if self.work.request().targets.iter().all(|target| self.roomless.contains_key(target)) {
            return self.roomless.values().copied().min();
        }
        // Probes are bounded by their pauses and by the life of the notice.
        if self.pass != Some(Pass::Probe) {
            self.work.tried();
        }
        let expires_at = self.work.request().expires_at;
        let policy = &self.outbound.limits.retry;
        let tries = self.work.tries().max(1);
        let end = match policy.next(tries, self.asked, now, expires_at, rand::random()) {
            Next::At(at) => {
                self.outbound.counters.retried.add(1);
                return Some(at);
            }
            Next::Exhausted => {
                let (key, code) = (self.work.lane().0, Reason::RetriesExhausted.code());
                self.outbound.alarms.raise(key, AlarmKind::VendorTrouble, code, &self.said, now);
                TargetEnd::Failed { reason: code.into() }
            }
            Next::TooLate => TargetEnd::Expired,
        };
        let rest = self.work.request().targets.iter().map(|target| (target.clone(), end.clone()));
        ends.ended.extend(rest);
        self.work.end(&ends.ended);
        None
    }

    /// Ends every device without a request.
    async fn end_all(&mut self, end: &TargetEnd) {
        let targets = self.work.request().targets.iter();
        let ended = targets.map(|target| (target.clone(), end.clone())).collect();
        self.record(None, Ends { ended, dead: Vec::new() }, None).await;
    }

    async fn record(&mut self, attempt: Option<Attempt>, ends: Ends, retry_at: Option<u64>) {
        let now_ms = self.outbound.clock.now_ms();
        self.count_ends(&ends, attempt.is_some());
        if self.work.request().purpose.is_notice() {
            let app = self.work.request().app;
            self.outbound.counters.apps.ended(app, ends.ended.iter().map(|(_, end)| end));
        }
        self.work.end(&ends.ended);
        let Ends { ended, dead } = ends;
        let end = AttemptEnd { dispatch: self.work.id(), attempt, ended, dead, retry_at, now_ms };
        if self.records.send(end).await.is_err() {
            tracing::warn!(
                dispatch.id = self.work.id(),
                "the store is closed; this push is looked at again later"
            );
        }
    }

    fn count(&self, exchange: &Exchange) {
        let counters = &self.outbound.counters;
        counters.dispatched.add(usize::from(exchange.attempt.is_some()));
        if let Some(attempt) = &exchange.attempt {
            let took_ms = (attempt.status > 0).then_some(attempt.took_ms);
            counters.apps.asked(self.work.request().app, took_ms, exchange.is_hopeless());
        }
        let accepted = exchange.accepted();
        counters.accepted.add(accepted);
        if accepted > 0 {
            counters.latency.note(self.outbound.clock.now_ms().saturating_sub(self.work.ready_at()));
        }
    }

    fn count_ends(&self, ends: &Ends, by_request: bool) {
        let counters = &self.outbound.counters;
        counters.tombstones.add(ends.dead.len());
        let failed = ends.ended.iter().filter(|(_, end)| matches!(end, TargetEnd::Failed { .. })).count();
        counters.failed.add(failed);
        if !by_request {
            counters.dropped.add(ends.ended.len() - failed);
        }
    }

    /// Tells the operator of trouble that only an operator can end. `last`: no advice is left to follow.
    fn alarm(&self, exchange: &Exchange, last: bool) {
        let (key, now) = (self.work.lane().0, self.outbound.clock.now_ms());
        let alarms = &self.outbound.alarms;
        match self.reports.last().filter(|_| last && self.pass == Some(Pass::Probe)) {
            Some(Report::Fine { .. }) => alarms.clear(key, &AlarmKind::ENDED_BY_A_PROBE, now),
            Some(Report::Trouble { .. } | Report::Flow { .. }) => {
                let (code, message) = exchange.words();
                alarms.raise(key, AlarmKind::VendorTrouble, code, message, now);
            }
            _ => {}
        }
        if exchange.accepted() > 0 {
            alarms.clear(key, &AlarmKind::ENDED_BY_SUCCESS, now);
        }
        for kind in AlarmKind::ALL {
            if exchange.raises(kind, last) {
                let (code, message) = exchange.words();
                self.outbound.counters.configuration_errors.add(1);
                alarms.raise(key, kind, code, message, now);
            }
        }
    }
}
