//! What users do with calls: requests checked, handed to the table, answered.

use super::{
    Calls,
    change::Say,
    notices,
    table::{Act, Event, Invitation, step},
};
use crate::{
    chat::{Actor, unavailable},
    push::Signal,
    store::{CallRecord, IntentKind, NewIntent, Recipients},
};
use hongyan_wire::{
    AppId, Code, Refusal, UserId,
    call::{CallMode, CallUserState},
    client::{
        CallAnswer, CallCancel, CallCancelResult, CallInvite, CallInviteResult, CallList, CallPage, CallRef,
    },
    group::UserError,
    limits,
    message::PushConfig,
};
use std::collections::HashSet;

/// Calls of one caller that may ring at once; nobody dials more, and a flood of them would fill mailboxes.
const CALLS_OF_CALLER_MAX: usize = 32;

impl Calls {
    /// `call.invite`: begins a call in general mode.
    ///
    /// # Errors
    /// 6000001 for bad parameters, 6000272 above nine invitees, 6000281 when none is registered, 6000005 when
    /// too many calls of the caller ring.
    pub async fn invite(&self, who: &Actor, invite: CallInvite) -> Result<CallInviteResult, Refusal> {
        let timeout_s = invite.check()?;
        check_people(who, &invite)?;
        let (invitees, error_user_list) = self.reachable(who, &invite.invitees).await?;
        self.check_rate(who).await?;
        let now_ms = self.clock.now_ms();
        let invitation = Invitation {
            id: self.store.next_call_id(now_ms),
            app: who.app,
            mode: invite.mode,
            by: who.user.clone(),
            device: who.device.clone(),
            invitees: invitees.clone(),
            timeout_s,
            extended_data: invite.extended_data,
        };
        let change = step(None, Event::Invite(invitation), now_ms)?.ok_or(Code::CALL_FAILED)?;
        let call_id = change.call.id;
        let intent = invite.push_config.map(|push| ring_intent(&change.call, invitees, push));
        self.begin(change, intent).await?;
        Ok(CallInviteResult { call_id, timeout: timeout_s, error_user_list })
    }

    /// `call.cancel`: takes the invitation back from everybody who has not answered.
    ///
    /// # Errors
    /// 6000271 once somebody accepted, 6000273 for others than the inviter, 6000276 when there is none or it
    /// is over.
    pub async fn cancel(&self, who: &Actor, cancel: CallCancel) -> Result<CallCancelResult, Refusal> {
        cancel.check()?;
        if cancel.invitees.len() > limits::CALL_INVITEES_MAX {
            return Err(Refusal::parameter("invitees may name at most 9 users"));
        }
        let event = Event::Cancel(act(who, cancel.extended_data));
        let life_ms = u64::from(who.settings.push_ttl_s) * 1_000;
        let say = cancel.push_config.map(|push| Say { sender: who.user.clone(), push, life_ms });
        let call = self.change_and_say(Some(who.app), cancel.call_id, event, say).await?;
        let users = call.map_or_else(Vec::new, |call| call.users);
        let cancelled = |user: &UserId| {
            users.iter().any(|one| one.user == *user && one.state == CallUserState::BeCancelled)
        };
        let error_invitees = cancel.invitees.into_iter().filter(|user| !cancelled(user)).collect();
        Ok(CallCancelResult { call_id: cancel.call_id, error_invitees })
    }

    /// `call.accept`.
    ///
    /// # Errors
    /// 6000274 for who is not invited or answered already, 6000276 when there is no such call or it is over.
    pub async fn accept(&self, who: &Actor, answer: CallAnswer) -> Result<CallRef, Refusal> {
        answer.check()?;
        let event = Event::Accept(act(who, answer.extended_data));
        self.change(Some(who.app), answer.call_id, event).await?;
        Ok(CallRef { call_id: answer.call_id })
    }

    /// `call.reject`.
    ///
    /// # Errors
    /// As [`Calls::accept`].
    pub async fn reject(&self, who: &Actor, answer: CallAnswer) -> Result<CallRef, Refusal> {
        answer.check()?;
        let event = Event::Reject(act(who, answer.extended_data));
        self.change(Some(who.app), answer.call_id, event).await?;
        Ok(CallRef { call_id: answer.call_id })
    }

    /// `call.list`: the user's calls, newest first, living and over.
    ///
    /// # Errors
    /// 6000001 when `count` is not 1..=100.
    pub async fn list(&self, who: &Actor, asked: CallList) -> Result<CallPage, Refusal> {
        if asked.count == 0 || asked.count > limits::CALL_PAGE_MAX {
            return Err(Refusal::parameter("count must be 1 to 100"));
        }
        let count = asked.count as usize;
        let found = self.store.calls_of(who.app, &who.user, asked.before, count + 1).await;
        let mut found = found.map_err(unavailable)?;
        let more = found.len() > count;
        found.truncate(count);
        let next = found.last().filter(|_| more).map(|last| last.id);
        Ok(CallPage { call_list: found.iter().map(notices::listed).collect(), next })
    }

    /// `call.ack`: this device shows the invitation. Repeated and late ones are harmless.
    ///
    /// # Errors
    /// 6000274 for who is not invited, 6000276 when there is no such call.
    pub async fn acknowledge(&self, who: &Actor, call: CallRef) -> Result<(), Refusal> {
        let event = Event::Received { by: who.user.clone(), device: who.device.clone() };
        self.change(Some(who.app), call.call_id, event).await?;
        self.push.send(Signal::CallAcked {
            call: call.call_id,
            user: who.user.clone(),
            device: who.device.clone(),
        });
        Ok(())
    }

    /// A user is gone for good: calls of this caller that nobody accepted yet are cancelled. What the store
    /// refuses now ends by its deadline.
    pub async fn caller_left(&self, app: AppId, user: &UserId) {
        let calls = match self.store.live_calls_of(app, user).await {
            Ok(calls) => calls,
            Err(error) => {
                return tracing::error!(app.id = %app, user.id = %user, %error, "calls of a caller who left");
            }
        };
        for call in calls.iter().filter(|call| call.caller == *user) {
            if let Err(refusal) = self.change(Some(app), call.id, Event::CallerGone).await {
                tracing::warn!(call.id = %call.id, %refusal, "a call rings on although its caller left");
            }
        }
    }

    /// Splits invitees into those that can be called, and those that do not exist or have blocked the caller.
    async fn reachable(
        &self,
        who: &Actor,
        named: &[UserId],
    ) -> Result<(Vec<UserId>, Vec<UserError>), Refusal> {
        let found = self.store.users(who.app, named).await.map_err(unavailable)?;
        let found: HashSet<&UserId> = found.iter().map(|user| &user.id).collect();
        let (mut reachable, mut errors) = (Vec::new(), Vec::new());
        for user in named {
            let reason = match found.contains(user) {
                false => Code::NO_SUCH_USER,
                true if self.store.is_blocked(who.app, user, &who.user) => Code::BLOCKED,
                true => {
                    reachable.push(user.clone());
                    continue;
                }
            };
            errors.push(UserError { user_id: user.as_str().to_owned(), reason });
        }
        match reachable.is_empty() {
            true if errors.iter().any(|error| error.reason == Code::BLOCKED) => Err(Code::BLOCKED.into()),
            true => Err(Code::CALL_NOBODY.into()),
            false => Ok((reachable, errors)),
        }
    }

    /// Calls of one connection may be begun at the same moment, so the bound is approximate.
    async fn check_rate(&self, who: &Actor) -> Result<(), Refusal> {
        let living = self.store.live_calls_of(who.app, &who.user).await.map_err(unavailable)?;
        match living.iter().filter(|call| call.caller == who.user).count() < CALLS_OF_CALLER_MAX {
            true => Ok(()),
            false => Err(Refusal::new(
                Code::RATE_LIMITED,
                format!("{CALLS_OF_CALLER_MAX} calls of this user ring already; cancel one or wait"),
            )),
        }
    }
}

fn check_people(who: &Actor, invite: &CallInvite) -> Result<(), Refusal> {
    if invite.mode != CallMode::General {
        return Err(Refusal::parameter("mode must be 0 (general); calls of advanced mode are not offered"));
    }
    if invite.invitees.contains(&who.user) {
        return Err(Refusal::parameter("invitees must not name the caller"));
    }
    let mut seen = HashSet::new();
    match invite.invitees.iter().all(|user| seen.insert(user)) {
        true => Ok(()),
        false => Err(Refusal::parameter("invitees must name every user once")),
    }
}

fn act(who: &Actor, extended_data: String) -> Act {
    Act { by: who.user.clone(), device: who.device.clone(), extended_data }
}

/// The wish to ring those who are away, as long as it rings.
fn ring_intent(call: &CallRecord, users: Vec<UserId>, push: PushConfig) -> NewIntent {
    NewIntent {
        sender: call.caller.clone(),
        recipients: Recipients::Users(users),
        push,
        mentioned: Vec::new(),
        mention_all: false,
        notify_mentioned: false,
        call: Some((call.id, call.mode)),
        kind: IntentKind::Delivery,
        expires_at: call.due_at.unwrap_or(call.created_at),
    }
}
