//! Taking notices back: one path for a revoked message, a conversation read elsewhere, a call that is over.
//!
//! The order is a stored row, written with what caused it. Carried out here: what the vendor accepted for a
//! device becomes a request to take it back; what is still on its way is waited for, since the dispatcher drops it
//! at its next try or its end is known soon. A device whose notice carried a badge gets its number set right.

use super::{
    Counters, Reason,
    dispatcher::Orders,
    notice::{badge_number, notify_id},
    signal::Wake,
};
use crate::{
    clock::Clock,
    hub::Hub,
    store::{
        Attempt, ConversationNo, Dispatch, DispatchState, NewDispatch, PendingRetraction, Purpose,
        Retraction, Store, StoreError, Target, TargetEnd, TraceRecord,
    },
};
use hongyan_vendors::{Badge, Category, Notice, NoticeKind, Route};
use hongyan_wire::{AppId, UserId, client::AppPhase};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Orders read at a time.
const PAGE_MAX: usize = 256;
/// Messages of one reading whose notices are looked for, newest first: a device keeps no more notices
/// (Push Kit: 120 while it is offline).
const MESSAGES_MAX: usize = 120;
/// Pause before a look at what was on its way, in ms; doubles up to the most.
const LOOK_AGAIN_MS: u64 = 500;
const LOOK_AGAIN_MS_MAX: u64 = 60_000;
/// A notice is taken back, and a badge set, within this time or not at all, in ms.
const LIFE_MS: u64 = 3_600_000;
/// An order that cannot be finished in this time is given up: nothing that it waits for is that slow, in ms.
const PATIENCE_MS: u64 = 24 * 3_600_000;
/// Pause after the store could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The retractor's task.
pub(super) struct Retractor {
    pub clock: Clock,
    pub store: Arc<dyn Store>,
    pub hub: Arc<Hub>,
    pub orders: Orders,
    pub counters: Arc<Counters>,
    pub wake: Arc<Wake>,
    /// Unix time in ms; what was planned before may have been sent by a process that died.
    pub started_at: u64,
}

/// What one look at an order led to.
#[derive(Default)]
struct Found {
    requests: Vec<NewDispatch>,
    /// Something is still on its way, and has to be looked at again.
    unfinished: bool,
}

impl Retractor {
    /// Runs until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let due = match self.carry_out().await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(%error, "notices cannot be taken back now; trying again");
                    self.counters.store_errors.add(1);
                    Some(self.clock.now_ms() + STORE_PAUSE.as_millis() as u64)
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                wish = self.wake.heard() => self.set_badges(wish).await,
                () = self.clock.sleep_until(due.unwrap_or(u64::MAX)), if due.is_some() => {}
            }
        }
    }

    /// Looks at every order that is due; when the next one is.
    async fn carry_out(&self) -> Result<Option<u64>, StoreError> {
        let (mut after, mut next) = (0, None);
        loop {
            let page = self.store.pending_retractions(after, PAGE_MAX).await?;
            let Some(last) = page.last().map(|order| order.id) else { return Ok(next) };
            after = last;
            for order in page {
                let now = self.clock.now_ms();
                let due =
                    if order.due_at <= now { self.look(&order, now).await? } else { Some(order.due_at) };
                next = due.into_iter().chain(next).min();
            }
        }
    }

    async fn look(&self, order: &PendingRetraction, now: u64) -> Result<Option<u64>, StoreError> {
        let found = self.find(order, now).await?;
        let ordered_at = crate::store::time_of_id(order.id);
        let waited = now.saturating_sub(ordered_at);
        let again_at = (found.unfinished && waited < PATIENCE_MS)
            .then(|| now + waited.clamp(LOOK_AGAIN_MS, LOOK_AGAIN_MS_MAX));
        let requests = found.requests.clone();
        let known = self.store.advance_retraction(order.id, found.requests, again_at).await?;
        if known && !requests.is_empty() {
            self.counters.taken_back.add(requests.iter().filter(|one| one.purpose.takes_back()).count());
            self.hand_on(requests).await;
        }
        Ok(again_at)
    }

    async fn hand_on(&self, requests: Vec<NewDispatch>) {
        if self.orders.send(requests).await.is_err() {
            tracing::warn!("the dispatcher has stopped; notices are taken back at the next start");
        }
    }

    async fn find(&self, order: &PendingRetraction, now: u64) -> Result<Found, StoreError> {
        let mut found = Found::default();
        match &order.what {
            Retraction::Revoked { message } => {
                let records = self.store.trace(message.0).await?;
                self.collect(&records, &Reason::Revoked, |_| true, now, &mut found).await?;
            }
            Retraction::Read { user, device, conversation, above, up_to } => {
                let page = self.store.messages_before(
                    ConversationNo(*conversation),
                    up_to + 1,
                    *above,
                    MESSAGES_MAX,
                );
                let concerned =
                    |target: &Target| target.user == *user && (device.is_none() || target.device != *device);
                for message in page.await?.messages.iter().filter(|message| message.sender != *user) {
                    let records = self.store.trace(message.id.0).await?;
                    self.collect(&records, &Reason::ReadElsewhere, concerned, now, &mut found).await?;
                }
            }
            Retraction::CallOver { call, users, reason } => {
                let reason = Reason::from_code(reason).unwrap_or(Reason::CallOver);
                // The device that answered too: nobody promised that its app clears the shade.
                let concerned = |target: &Target| users.contains(&target.user);
                let mut records = self.store.trace(call.0).await?;
                // Who was called anew since keeps the new notice.
                records.retain(|record| record.intent.id < order.id);
                self.collect(&records, &reason, concerned, now, &mut found).await?;
            }
        }
        Ok(found)
    }

    /// Looks for notices of these intents on the devices concerned.
    async fn collect(
        &self,
        records: &[TraceRecord],
        reason: &Reason,
        concerned: impl Fn(&Target) -> bool,
        now: u64,
        found: &mut Found,
    ) -> Result<(), StoreError> {
        for record in records.iter().filter(|record| record.intent.spec.kind.is_delivery()) {
            if !record.settled {
                found.unfinished = true;
            }
            let mut badges = Vec::new();
            let notices = record.dispatches.iter().filter(|(one, _)| one.request.purpose.is_notice());
            for (dispatch, attempts) in notices {
                if dispatch.state == DispatchState::Pending && dispatch.request.targets.iter().any(&concerned)
                {
                    found.unfinished = true;
                }
                let from_before = crate::store::time_of_id(dispatch.request.id) < self.started_at;
                let shown = shown(dispatch, attempts, record, from_before, &concerned);
                if shown.is_empty() || leaves_nothing(&dispatch.request) {
                    continue;
                }
                if dispatch.request.notice.badge.is_some() {
                    badges.push((dispatch, shown.clone()));
                }
                let purpose =
                    Purpose::TakeBack { dispatch: dispatch.request.id, reason: reason.code().to_owned() };
                let mut request = self.request(&dispatch.request, purpose, shown, now);
                if may_have_fallen_back(&dispatch.request, attempts) {
                    request.notice = request.notice.as_alert();
                }
                found.requests.push(request);
            }
            for (dispatch, targets) in badges {
                found.requests.extend(self.corrections(&dispatch.request, targets, now).await?);
            }
        }
        Ok(())
    }

    fn request(&self, of: &NewDispatch, purpose: Purpose, targets: Vec<Target>, now: u64) -> NewDispatch {
        NewDispatch {
            id: self.store.next_dispatch_id(now),
            targets,
            due_at: now,
            expires_at: now + LIFE_MS,
            purpose,
            ..of.clone()
        }
    }

    /// Requests that set the number on the icon to what is unread now, one for each number.
    async fn corrections(
        &self,
        of: &NewDispatch,
        targets: Vec<Target>,
        now: u64,
    ) -> Result<Vec<NewDispatch>, StoreError> {
        let mut by_number: BTreeMap<u8, Vec<Target>> = BTreeMap::new();
        for target in targets {
            let unread = self.store.total_unread(of.app, &target.user).await?;
            by_number.entry(badge_number(unread)).or_default().push(target);
        }
        let corrections = by_number.into_iter().map(|(number, targets)| {
            let mut request = self.request(of, Purpose::Badge, targets, now);
            request.notice = badge_notice(request.id, number, request.expires_at, &of.notice.route);
            request
        });
        Ok(corrections.collect())
    }

    /// Sets the number a user asked for on the user's own phones that are not here.
    async fn set_badges(&self, wishes: Vec<(AppId, UserId, u32)>) {
        let mut requests = Vec::new();
        for (app, user, number) in wishes {
            match self.badge_requests(app, &user, number).await {
                Ok(made) => requests.extend(made),
                Err(error) => {
                    tracing::warn!(app.id = %app, user.id = %user, %error, "a badge was not set");
                    self.counters.store_errors.add(1);
                }
            }
        }
        if requests.is_empty() {
            return;
        }
        match self.store.put_dispatches(requests.clone()).await {
            Ok(()) => self.hand_on(requests).await,
            Err(error) => {
                tracing::warn!(%error, "badges were not set");
                self.counters.store_errors.add(1);
            }
        }
    }

    async fn badge_requests(
        &self,
        app: AppId,
        user: &UserId,
        number: u32,
    ) -> Result<Vec<NewDispatch>, StoreError> {
        let now = self.clock.now_ms();
        let seats = self.hub.seats_of(app, user);
        let here: HashSet<_> = seats
            .iter()
            .filter(|seat| seat.phase() == AppPhase::Foreground)
            .map(|seat| &seat.device)
            .collect();
        let found = self.store.push_targets(app, std::slice::from_ref(user)).await?;
        let away = found
            .values()
            .flat_map(|targets| targets.iter())
            .filter(|target| target.tombstone.is_none() && !here.contains(&target.device));
        let number = badge_number(number.into());
        let requests = away.map(|target| {
            let id = self.store.next_dispatch_id(now);
            let route = Route::Conversation {
                conversation_id: String::new(),
                conversation_type: 0,
                sender_id: user.to_string(),
                message_id: String::new(),
            };
            let expires_at = now + LIFE_MS;
            NewDispatch {
                id,
                app,
                intent: id,
                vendor: target.vendor,
                app_type: target.app_type,
                is_call: false,
                notice: badge_notice(id, number, expires_at, &route),
                targets: vec![Target {
                    user: user.clone(),
                    device: Some(target.device.clone()),
                    push_id: Some(target.push_id.clone()),
                }],
                due_at: now,
                expires_at,
                purpose: Purpose::Badge,
            }
        });
        Ok(requests.collect())
    }
}

/// Devices on which the vendor put this notice, or may have put it, and from which nobody took it back yet. A process
/// that died may have sent a request and not have written it down: what came to no answer since is in doubt too.
fn shown(
    dispatch: &Dispatch,
    attempts: &[Attempt],
    record: &TraceRecord,
    from_before: bool,
    concerned: impl Fn(&Target) -> bool,
) -> Vec<Target> {
    let taken: HashSet<&Target> = record
        .dispatches
        .iter()
        .filter(|(one, _)| {
            matches!(&one.request.purpose, Purpose::TakeBack { dispatch: of, .. } if *of == dispatch.request.id)
        })
        .flat_map(|(one, _)| one.request.targets.iter().chain(one.ended.iter().map(|(target, _)| target)))
        .collect();
    // Taking back what never came does no harm; leaving what came does.
    let in_doubt = attempts.iter().any(may_have_arrived);
    let there = dispatch.ended.iter().filter(|(_, end)| match end {
        TargetEnd::Accepted => true,
        TargetEnd::Failed { .. } => in_doubt,
        _ => in_doubt || from_before,
    });
    let there = there.map(|(target, _)| target);
    there.filter(|target| concerned(target) && !taken.contains(target)).cloned().collect()
}

/// Whether a request may have been carried out although its answer does not say so: it was lost, or the vendor
/// broke down over it.
fn may_have_arrived(attempt: &Attempt) -> bool {
    match attempt.status {
        0 => !matches!(attempt.code.as_str(), "connect" | "busy" | "unsendable"),
        status => matches!(status, 500 | 502 | 504),
    }
}

/// A call that the vendor had no right for was shown as an alert at a later try, and only that can be taken back.
/// Taking back an alert that never was does no harm.
fn may_have_fallen_back(request: &NewDispatch, attempts: &[Attempt]) -> bool {
    attempts.len() > 1 && request.notice.strategy.kind(request.vendor) == Some(NoticeKind::Call)
}

/// A silent notice shows nothing that could be taken back.
fn leaves_nothing(request: &NewDispatch) -> bool {
    let kind = request.notice.strategy.kind(request.vendor).unwrap_or(request.notice.kind);
    matches!(kind, NoticeKind::Silent | NoticeKind::BadgeOnly)
}

fn badge_notice(id: u64, number: u8, expires_at_ms: u64, route: &Route) -> Notice {
    Notice {
        kind: NoticeKind::BadgeOnly,
        title: String::new(),
        body: String::new(),
        payload: None,
        route: route.clone(),
        notify_id: notify_id(id),
        app_message_id: format!("b{id}"),
        badge: Some(Badge::Set(number)),
        collapse_key: None,
        expires_at_ms,
        category_hint: Category::Message,
        strategy: Default::default(),
    }
}
