//! One change of a call: load, decide by the table, save against the version, then let the effects happen.
//!
//! A call's changes take turns in this process, so what is told comes in the order of what was saved; the
//! version guards against everybody else. A change once begun is carried through in a task of its own: a
//! connection that goes away meanwhile cannot leave a call saved but not told. Such a task ends with the
//! store's answer, at most `TRIES_MAX` of them.

use super::{
    Calls,
    news::{Say, silenced},
    table::{Change, Devices, Ear, Effect, Event, is_overdue, step},
};
use crate::{
    chat::unavailable,
    push::{Reason, Signal},
    store::{CallRecord, CallSaved, CallUserRecord, Intent, NewIntent, Retraction},
};
use bytes::Bytes;
use hongyan_wire::{AppId, CallId, Code, Refusal, UserId, call::CallUserState};
use std::{future::Future, sync::Arc};
use tokio::sync::{Mutex, MutexGuard};

/// Times a change is decided anew because the call changed in between, or a deadline had to be kept first.
const TRIES_MAX: u32 = 8;
/// Calls that may change at once, more or less: two calls with the same place here wait for each other.
const TURNS: usize = 1 << TURNS_BITS;
const TURNS_BITS: u32 = 10;

/// Whose turn it is, for each call. Held from before a change is decided until it is told.
pub(super) struct Turns(Box<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    pub async fn take(&self, call: CallId) -> MutexGuard<'_, ()> {
        // Multiplied by 2^64 / φ: numbers of calls differ in their middle bits, places by the highest.
        let place = call.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - TURNS_BITS);
        self.0[place as usize].lock().await
    }
}

impl Calls {
    /// Lets an event happen to a call and gives what it led to; `None`: the event was harmless. Without `app`
    /// the call may be of any.
    ///
    /// # Errors
    /// What the table refuses; 6000276 for a call of another app; `SERVICE` when the store cannot.
    pub(super) async fn change(
        &self,
        app: Option<AppId>,
        id: CallId,
        event: Event,
        say: Option<Say>,
    ) -> Result<Option<Change>, Refusal> {
        let this = self.clone();
        carry_through(async move {
            let _turn = this.turns.take(id).await;
            this.decide(app, id, event, say).await
        })
        .await
    }

    /// Stores and announces a call that begins, with its push intent in the same transaction.
    pub(super) async fn begin(&self, change: Change, intent: Option<NewIntent>) -> Result<(), Refusal> {
        let this = self.clone();
        carry_through(async move {
            let _turn = this.turns.take(change.call.id).await;
            let intent = this.store.create_call(change.call.clone(), intent).await.map_err(unavailable)?;
            this.follow(&change, intent.into_iter().collect());
            Ok(())
        })
        .await
    }

    async fn decide(
        &self,
        app: Option<AppId>,
        id: CallId,
        event: Event,
        say: Option<Say>,
    ) -> Result<Option<Change>, Refusal> {
        for _ in 0..TRIES_MAX {
            let before = self.load(app, id).await?;
            let now_ms = self.clock.now_ms();
            let late = is_overdue(&before, now_ms);
            let event = if late { Event::DeadlinePassed } else { event.clone() };
            let Some(mut change) = step(Some(&before), event, now_ms)? else {
                self.schedule.set(id, before.due_at);
                return Ok(None);
            };
            let say = say.as_ref().filter(|_| !late);
            let intents = self.intents(&before, &mut change, say, now_ms).await.map_err(unavailable)?;
            let order = retraction(&change.call, silenced(&change.effects));
            let saved = self.store.save_call(change.call.clone(), intents, order).await;
            if let CallSaved::Saved(intents) = saved.map_err(unavailable)? {
                self.follow(&change, intents);
                if !late {
                    return Ok(Some(change));
                }
            }
        }
        tracing::warn!(call.id = %id, "a call changed too often at the same moment");
        Err(Refusal::new(Code::SERVICE, "the call changes too fast; nothing was changed, try again"))
    }

    async fn load(&self, app: Option<AppId>, id: CallId) -> Result<CallRecord, Refusal> {
        let call = self.store.call(id).await.map_err(unavailable)?;
        Ok(call.filter(|call| app.is_none_or(|app| app == call.app)).ok_or(Code::CALL_GONE)?)
    }

    /// Everything that follows from a saved change.
    fn follow(&self, change: &Change, intents: Vec<Arc<Intent>>) {
        let call = &change.call;
        self.schedule.set(call.id, call.due_at);
        for effect in &change.effects {
            match effect {
                Effect::Tell { ears, what } => {
                    let frame = Bytes::from(what.to_frame());
                    ears.iter().for_each(|ear| self.tell(call.app, ear, &frame));
                }
                // The intents below are the wish to ring those who are away; without one nobody asked for it.
                Effect::Ring { .. } => {}
                Effect::Silence(users) => {
                    self.push.send(Signal::CallOver { call: call.id, users: users.clone() });
                    self.push.send(Signal::Retraction);
                }
            }
        }
        intents.into_iter().for_each(|intent| self.push.send(Signal::Intent(intent)));
    }

    fn tell(&self, app: AppId, ear: &Ear, frame: &Bytes) {
        match &ear.devices {
            Devices::All => drop(self.hub.deliver(app, &ear.user, None, frame)),
            Devices::AllBut(device) => drop(self.hub.deliver(app, &ear.user, Some(device), frame)),
            Devices::Only(device) => {
                let seats = self.hub.seats_of(app, &ear.user);
                for seat in seats.iter().filter(|seat| seat.device == *device) {
                    seat.mailbox.push(frame.clone());
                }
            }
        }
    }
}

/// The order to take their notices back. Somebody who answered has its own reason.
fn retraction(call: &CallRecord, users: Vec<UserId>) -> Option<Retraction> {
    let answered = |one: &CallUserRecord| {
        matches!(one.state, CallUserState::Accepted | CallUserState::Rejected) && users.contains(&one.user)
    };
    let reason = if call.users.iter().any(answered) { Reason::CallAnswered } else { Reason::CallOver };
    let reason = reason.code().to_owned();
    (!users.is_empty()).then_some(Retraction::CallOver { call: call.id, users, reason })
}

/// Runs to the end whatever becomes of who asked.
async fn carry_through<T: Send + 'static>(
    work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => {
            tracing::error!(%error, "a change of a call broke off");
            Err(Refusal::new(Code::SERVICE, "the server met a fault of its own; ask call.list what holds"))
        }
    }
}
