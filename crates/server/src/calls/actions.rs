//! What users do with invitations: requests checked, handed to the table, answered.

use super::{
    Calls,
    news::{Say, ring_intent, rung},
    notices,
    table::{Act, Event, FurtherPeople, Invitation, People, step},
};
use crate::{
    chat::{Actor, unavailable},
    push::Signal,
};
use hongyan_wire::{
    Code, Refusal, UserId,
    call::CallUserState,
    client::{
        CallAnswer, CallCancel, CallCancelResult, CallInvite, CallInviteResult, CallList, CallPage, CallRef,
        CallingInvite, CallingInviteResult,
    },
    group::UserError,
    limits,
    message::PushConfig,
};
use std::collections::HashSet;

/// Calls of one caller that may live at once; nobody dials more, and a flood of them would fill mailboxes.
const CALLS_OF_CALLER_MAX: usize = 32;

impl Calls {
    /// `call.invite`: begins a call.
    ///
    /// # Errors
    /// 6000001 for bad parameters, 6000272 above the app's limits, 6000281 when none is registered, 6000005
    /// when too many calls of the caller live.
    pub async fn invite(&self, who: &Actor, invite: CallInvite) -> Result<CallInviteResult, Refusal> {
        let timeout_s = invite.check()?;
        check_people(who, &invite.invitees)?;
        let (invitees, error_user_list) = self.reachable(who, &invite.invitees).await?;
        if invitees.len() >= who.settings.call_people_max as usize {
            return Err(Code::CALL_LIMIT.into());
        }
        self.check_rate(who).await?;
        let now_ms = self.clock.now_ms();
        let check = invite.enable_not_received_check.then_some(who.settings.call_not_received_ms);
        let invitation = Invitation {
            id: self.store.next_call_id(now_ms),
            app: who.app,
            mode: invite.mode,
            by: who.user.clone(),
            device: who.device.clone(),
            invitees: invitees.clone(),
            timeout_s,
            extended_data: invite.extended_data,
            check_after_ms: check,
            life_ms: u64::from(who.settings.call_life_s) * 1_000,
        };
        let mut change = step(None, Event::Invite(invitation), now_ms)?.ok_or(Code::CALL_GONE)?;
        let call_id = change.call.id;
        let intent = invite.push_config.map(|push| {
            change.call.users.iter_mut().skip(1).for_each(|one| one.notice = call_id.0);
            let until = now_ms + u64::from(timeout_s) * 1_000;
            ring_intent(&change.call, &who.user, invitees, push, until)
        });
        self.begin(change, intent).await?;
        Ok(CallInviteResult { call_id, timeout: timeout_s, error_user_list })
    }

    /// `call.callingInvite`: further people for a call of advanced mode, by somebody who is in.
    ///
    /// # Errors
    /// 6000272 above the app's limits, 6000283 when all are in or called already, 6000286 in general mode.
    pub async fn calling_invite(
        &self,
        who: &Actor,
        further: CallingInvite,
    ) -> Result<CallingInviteResult, Refusal> {
        further.check()?;
        check_people(who, &further.invitees)?;
        let (invitees, mut error_user_list) = self.reachable(who, &further.invitees).await?;
        let event = Event::CallingInvite(FurtherPeople {
            by: who.user.clone(),
            invitees: invitees.clone(),
            people: People(who.settings.call_people_max),
            check_after_ms: who.settings.call_not_received_ms,
        });
        let say = says(who, further.push_config);
        let change = self.change(Some(who.app), further.call_id, event, say).await?;
        let called = change.and_then(|change| rung(&change.effects)).map_or_else(Vec::new, |rung| rung.0);
        let there = invitees.iter().filter(|user| !called.contains(user));
        error_user_list.extend(
            there.map(|user| UserError { user_id: user.as_str().to_owned(), reason: Code::CALL_IN_ALREADY }),
        );
        Ok(CallingInviteResult { call_id: further.call_id, error_user_list })
    }

    /// `call.cancel`: takes invitations back from those who have not answered.
    ///
    /// # Errors
    /// 6000271 once somebody accepted, 6000273 for others than the inviter, 6000276 when there is none or it
    /// is over.
    pub async fn cancel(&self, who: &Actor, cancel: CallCancel) -> Result<CallCancelResult, Refusal> {
        cancel.check()?;
        if cancel.invitees.len() > limits::CALL_INVITEES_MOST {
            return Err(Refusal::parameter("invitees may name at most 99 users"));
        }
        let event = Event::Cancel(act(who, cancel.extended_data), cancel.invitees.clone());
        let say = says(who, cancel.push_config);
        let change = self.change(Some(who.app), cancel.call_id, event, say).await?;
        let users = change.map_or_else(Vec::new, |change| change.call.users);
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
        self.change(Some(who.app), answer.call_id, event, None).await?;
        Ok(CallRef { call_id: answer.call_id })
    }

    /// `call.reject`.
    ///
    /// # Errors
    /// As [`Calls::accept`].
    pub async fn reject(&self, who: &Actor, answer: CallAnswer) -> Result<CallRef, Refusal> {
        answer.check()?;
        let event = Event::Reject(act(who, answer.extended_data));
        self.change(Some(who.app), answer.call_id, event, None).await?;
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
        let shown = found.iter().map(|call| notices::listed(call, &who.user));
        Ok(CallPage { call_list: shown.collect(), next })
    }

    /// `call.ack`: this device shows the invitation. Repeated and late ones are harmless.
    ///
    /// # Errors
    /// 6000274 for who is not invited, 6000276 when there is no such call.
    pub async fn acknowledge(&self, who: &Actor, call: CallRef) -> Result<(), Refusal> {
        let event = Event::Received { by: who.user.clone(), device: who.device.clone() };
        self.change(Some(who.app), call.call_id, event, None).await?;
        self.push.send(Signal::CallAcked {
            call: call.call_id,
            user: who.user.clone(),
            device: who.device.clone(),
        });
        Ok(())
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
                format!("{CALLS_OF_CALLER_MAX} calls of this user live already; cancel or end one, or wait"),
            )),
        }
    }
}

fn check_people(who: &Actor, invitees: &[UserId]) -> Result<(), Refusal> {
    let most = who.settings.call_invitees_max;
    if invitees.len() > most as usize {
        return Err(Refusal::new(Code::CALL_LIMIT, format!("at most {most} users are invited at once")));
    }
    if invitees.contains(&who.user) {
        return Err(Refusal::parameter("invitees must not name the caller"));
    }
    let mut seen = HashSet::new();
    match invitees.iter().all(|user| seen.insert(user)) {
        true => Ok(()),
        false => Err(Refusal::parameter("invitees must name every user once")),
    }
}

pub(super) fn act(who: &Actor, extended_data: String) -> Act {
    Act { by: who.user.clone(), device: who.device.clone(), extended_data }
}

/// What the user who acts wants pushed.
pub(super) fn says(who: &Actor, push: Option<PushConfig>) -> Option<Say> {
    let life_ms = u64::from(who.settings.push_ttl_s) * 1_000;
    push.map(|push| Say { sender: who.user.clone(), push, life_ms })
}
