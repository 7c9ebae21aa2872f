//! One change of a call: load, decide by the table, save against the version, then let the effects happen.
//!
//! A call's changes take turns in this process, so what is told comes in the order of what was saved; the
//! version guards against everybody else. A change once begun is carried through in a task of its own: a
//! connection that goes away meanwhile cannot leave a call saved but not told. Such a task ends with the
//! store's answer, at most `TRIES_MAX` of them.

use super::{
    Calls,
    table::{Change, Effect, Event, is_overdue, step},
};
use crate::{
    chat::unavailable,
    push::{Reason, Signal},
    store::{CallRecord, CallSaved, CallUserRecord, Intent, IntentKind, NewIntent, Recipients, Retraction},
};
use bytes::Bytes;
use hongyan_wire::{AppId, CallId, Code, Refusal, UserId, call::CallUserState, message::PushConfig};
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
    /// Lets an event happen to a call and gives what it is now; `None`: the event was harmless. Without `app`
    /// the call may be of any.
    ///
    /// # Errors
    /// What the table refuses; 6000276 for a call of another app; `SERVICE` when the store cannot.
    pub(super) async fn change(
        &self,
        app: Option<AppId>,
        id: CallId,
        event: Event,
    ) -> Result<Option<CallRecord>, Refusal> {
        self.change_and_say(app, id, event, None).await
    }

    /// The same, with a notice for those for whom it stops ringing.
    pub(super) async fn change_and_say(
        &self,
        app: Option<AppId>,
        id: CallId,
        event: Event,
        say: Option<Say>,
    ) -> Result<Option<CallRecord>, Refusal> {
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
            let Change { call, effects } = change;
            let intent = this.store.create_call(call.clone(), intent).await.map_err(unavailable)?;
            this.follow(&call, effects, intent);
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
    ) -> Result<Option<CallRecord>, Refusal> {
        for _ in 0..TRIES_MAX {
            let before = self.load(app, id).await?;
            let now_ms = self.clock.now_ms();
            let late = is_overdue(&before, now_ms);
            let event = if late { Event::DeadlinePassed } else { event.clone() };
            let Some(Change { call, effects }) = step(Some(&before), event, now_ms)? else {
                self.schedule.set(id, before.due_at);
                return Ok(None);
            };
            let silent = silenced(&effects);
            let intent = say.as_ref().filter(|_| !late).and_then(|say| say.intent(&call, &silent));
            let saved = self.store.save_call(call.clone(), intent, retraction(&call, silent)).await;
            if let CallSaved::Saved(intent) = saved.map_err(unavailable)? {
                self.follow(&call, effects, None);
                if let Some(intent) = intent {
                    self.push.send(Signal::Intent(intent));
                }
                if !late {
                    return Ok(Some(call));
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
    fn follow(&self, call: &CallRecord, effects: Vec<Effect>, intent: Option<Arc<Intent>>) {
        self.schedule.set(call.id, call.due_at);
        for effect in effects {
            match effect {
                Effect::Tell { users, except, what } => {
                    let frame = Bytes::from(what.to_frame());
                    for user in &users {
                        self.hub.deliver(call.app, user, except.as_ref(), &frame);
                    }
                }
                // The intent is the wish to ring those who are away; without one nobody asked for it.
                Effect::Ring { .. } => {
                    if let Some(intent) = &intent {
                        self.push.send(Signal::Intent(intent.clone()));
                    }
                }
                Effect::Silence(users) => {
                    self.push.send(Signal::CallOver { call: call.id, users });
                    self.push.send(Signal::Retraction);
                }
            }
        }
    }
}

/// A notice for those who were called and are not any more.
#[derive(Clone, Debug)]
pub(super) struct Say {
    pub sender: UserId,
    pub push: PushConfig,
    /// How long it is worth sending, in ms.
    pub life_ms: u64,
}

impl Say {
    fn intent(&self, call: &CallRecord, users: &[UserId]) -> Option<NewIntent> {
        let ended_at = call.ended_at.unwrap_or(call.created_at);
        (!users.is_empty()).then(|| NewIntent {
            sender: self.sender.clone(),
            recipients: Recipients::Users(users.to_vec()),
            push: self.push.clone(),
            mentioned: Vec::new(),
            mention_all: false,
            notify_mentioned: false,
            call: Some((call.id, call.mode)),
            kind: IntentKind::MissedCall,
            expires_at: ended_at + self.life_ms,
        })
    }
}

/// Everybody for whom it stops ringing.
fn silenced(effects: &[Effect]) -> Vec<UserId> {
    let silent = effects.iter().filter_map(|effect| match effect {
        Effect::Silence(users) => Some(users),
        _ => None,
    });
    silent.flatten().cloned().collect()
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
