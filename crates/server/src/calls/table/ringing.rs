//! Invitations: they begin, are received, answered, taken back, and time out.

use super::{
    Act, Change, Devices, Ear, FurtherPeople, Invitation,
    draft::{Draft, Themselves},
    fits, invitees, is_in, user_of, was_taken_up,
};
use crate::{
    calls::notices,
    store::{CallRecord, CallUserRecord},
};
use hongyan_wire::{
    Code, DeviceId, UserId,
    call::{CallMode, CallState, CallUserState},
};

pub(super) fn begin(invitation: Invitation, now_ms: u64) -> Change {
    let Invitation { by, device, invitees, timeout_s, .. } = invitation;
    let until = now_ms + u64::from(timeout_s) * 1_000;
    let caller = CallUserRecord {
        state: CallUserState::Accepted,
        deadline_at: 0,
        device: Some(device.as_str().to_owned()),
        accepted_at: now_ms,
        ..invited(&by, &by, 0, 0)
    };
    let check_at = invitation.check_after_ms.map_or(0, |after_ms| now_ms + after_ms);
    let others = invitees.iter().map(|user| invited(user, &by, until, check_at));
    let advanced = invitation.mode == CallMode::Advanced;
    let mut draft = Draft::begin(CallRecord {
        id: invitation.id,
        app: invitation.app,
        mode: invitation.mode,
        state: CallState::Started,
        caller: by.clone(),
        extended_data: invitation.extended_data,
        timeout_s,
        checks: invitation.check_after_ms.is_some(),
        created_at: now_ms,
        due_at: None,
        ends_at: advanced.then(|| now_ms + invitation.life_ms),
        ended_at: None,
        users: std::iter::once(caller).chain(others).collect(),
        version: 1,
    });
    draft.tell(std::slice::from_ref(&by), notices::created(&draft.call));
    draft.tell(&invitees, notices::received(&draft.call, &by));
    draft.ring(invitees, until);
    draft.done()
}

fn invited(user: &UserId, inviter: &UserId, until: u64, check_at: u64) -> CallUserRecord {
    CallUserRecord {
        user: user.clone(),
        inviter: inviter.clone(),
        state: CallUserState::Inviting,
        extended_data: String::new(),
        deadline_at: until,
        device: None,
        accepted_at: 0,
        check_at,
        notice: 0,
    }
}

/// Somebody who is in calls further people; who was called before and left can be called again.
pub(super) fn widen(call: &CallRecord, further: FurtherPeople, now_ms: u64) -> Result<Change, Code> {
    must_be_in(call, &further.by)?;
    let there = |user: &UserId| user_of(call, user).is_some_and(super::listens);
    let fresh: Vec<UserId> = further.invitees.into_iter().filter(|user| !there(user)).collect();
    if fresh.is_empty() {
        return Err(Code::CALL_IN_ALREADY);
    }
    let strangers = fresh.iter().filter(|user| user_of(call, user).is_none()).count();
    fits(call, fresh.len(), strangers, further.people)?;
    let until = now_ms + u64::from(call.timeout_s) * 1_000;
    let check_at = if call.checks { now_ms + further.check_after_ms } else { 0 };
    let mut draft = Draft::of(call);
    for user in &fresh {
        let record = invited(user, &further.by, until, check_at);
        match draft.find(user) {
            Some(one) => *one = record,
            None => draft.call.users.push(record),
        }
    }
    draft.tell(&fresh, notices::received(&draft.call, &further.by));
    draft.tell_state_of(&fresh, Themselves::Not);
    draft.ring(fresh, until);
    Ok(draft.done())
}

/// Who is not in can do nothing but answer or join.
pub(super) fn must_be_in(call: &CallRecord, by: &UserId) -> Result<(), Code> {
    match user_of(call, by) {
        Some(one) if is_in(one) => Ok(()),
        Some(_) => Err(Code::CALL_FAILED),
        None => Err(Code::CALL_NOT_INVITEE),
    }
}

fn is_invited_by(one: &CallUserRecord, inviter: &UserId) -> bool {
    one.inviter == *inviter && one.user != *inviter
}

pub(super) fn cancel(call: &CallRecord, act: Act, only: &[UserId], now_ms: u64) -> Result<Change, Code> {
    if call.mode == CallMode::Advanced && !only.is_empty() {
        return cancel_some(call, act, only, now_ms);
    }
    if !call.users.iter().any(|one| is_invited_by(one, &act.by)) {
        return Err(Code::CALL_NOT_INVITER);
    }
    // Who was called and calls others has accepted.
    if invitees(call).any(is_in) || act.by != call.caller {
        return Err(Code::CALL_CANCEL_FAILED);
    }
    if call.users.iter().any(|one| one.state.rings() && one.deadline_at <= now_ms) {
        return Err(Code::CALL_GONE);
    }
    Ok(take_back(call, act.extended_data, Some(act.device), now_ms))
}

/// The invitation is void for everybody it still rings for, and with it the call.
pub(super) fn take_back(
    call: &CallRecord,
    extended_data: String,
    knows: Option<DeviceId>,
    now_ms: u64,
) -> Change {
    let mut draft = Draft::of(call);
    let what = notices::cancelled(call, &call.caller, &extended_data);
    let silent = draft.settle(CallUserState::BeCancelled, |one| one.state.rings());
    draft.tell(&silent, what.clone());
    draft.tell_ears(vec![others_of(&call.caller, knows)], what);
    draft.silence(silent);
    void(&mut draft, extended_data, now_ms);
    draft.done()
}

fn others_of(user: &UserId, knows: Option<DeviceId>) -> Ear {
    Ear { user: user.clone(), devices: knows.map_or(Devices::All, Devices::AllBut) }
}

fn void(draft: &mut Draft, extended_data: String, now_ms: u64) {
    let caller = draft.call.caller.clone();
    if let Some(caller) = draft.find(&caller) {
        caller.state = CallUserState::Cancelled;
        caller.extended_data = extended_data;
    }
    draft.end(now_ms);
}

/// Advanced mode: some invitations are taken back. With the last one of a call that nobody took up, the call is.
fn cancel_some(call: &CallRecord, act: Act, only: &[UserId], now_ms: u64) -> Result<Change, Code> {
    let named: Vec<&CallUserRecord> = only.iter().filter_map(|user| user_of(call, user)).collect();
    let mine: Vec<_> = named.into_iter().filter(|one| is_invited_by(one, &act.by)).collect();
    if mine.is_empty() {
        return Err(Code::CALL_NOT_INVITER);
    }
    let open = mine.iter().filter(|one| one.state.rings() && one.deadline_at > now_ms);
    let chosen: Vec<UserId> = open.map(|one| one.user.clone()).collect();
    if chosen.is_empty() {
        let accepted = mine.iter().any(|one| is_in(one));
        return Err(if accepted { Code::CALL_CANCEL_FAILED } else { Code::CALL_GONE });
    }
    let mut draft = Draft::of(call);
    draft.settle(CallUserState::BeCancelled, |one| chosen.contains(&one.user));
    let what = notices::cancelled(call, &act.by, &act.extended_data);
    draft.tell(&chosen, what.clone());
    draft.tell_ears(vec![others_of(&act.by, Some(act.device))], what);
    let others = draft.call.users.iter().any(|one| one.user != call.caller && super::listens(one));
    let is_void = act.by == call.caller && !others && !was_taken_up(call);
    if !is_void {
        draft.tell_state_of(&chosen, Themselves::Not);
    }
    draft.silence(chosen);
    if is_void {
        void(&mut draft, act.extended_data, now_ms);
    }
    Ok(draft.done())
}

pub(super) fn answer(call: &CallRecord, act: Act, state: CallUserState, now_ms: u64) -> Result<Change, Code> {
    may_answer(call, &act.by, now_ms)?;
    let mut draft = Draft::of(call);
    let by = act.by.clone();
    if let Some(one) = draft.find(&by) {
        one.state = state;
        one.extended_data = act.extended_data;
        one.device = Some(act.device.as_str().to_owned());
        one.accepted_at = if state == CallUserState::Accepted { now_ms } else { 0 };
    }
    draft.tell_state_of(std::slice::from_ref(&by), Themselves::Everywhere);
    draft.silence(vec![by.clone()]);
    draft.end_if_answered(&by, now_ms);
    Ok(draft.done())
}

fn may_answer(call: &CallRecord, by: &UserId, now_ms: u64) -> Result<(), Code> {
    let one = user_of(call, by).ok_or(Code::CALL_NOT_INVITEE)?;
    match one.state {
        state if state.rings() && one.deadline_at > now_ms => Ok(()),
        CallUserState::Accepted | CallUserState::Rejected | CallUserState::Quit => {
            Err(Code::CALL_NOT_INVITEE)
        }
        _ => Err(Code::CALL_GONE),
    }
}

pub(super) fn received(
    call: &CallRecord,
    by: &UserId,
    device: &DeviceId,
    now_ms: u64,
) -> Result<Option<Change>, Code> {
    let called = |one: &&CallUserRecord| one.user != call.caller || one.inviter != call.caller;
    let one = user_of(call, by).filter(called).ok_or(Code::CALL_NOT_INVITEE)?;
    if one.state == CallUserState::Received || !super::rings_for(call, by, now_ms) {
        return Ok(None);
    }
    let mut draft = Draft::of(call);
    if let Some(one) = draft.find(by) {
        one.state = CallUserState::Received;
        one.device = Some(device.as_str().to_owned());
    }
    draft.tell_state_of(std::slice::from_ref(by), Themselves::Everywhere);
    Ok(Some(draft.done()))
}

/// What was due by now: rings end, nobody has received it, the longest life of a call is over.
pub(super) fn time_out(call: &CallRecord, now_ms: u64) -> Option<Change> {
    if !super::is_overdue(call, now_ms) {
        return None;
    }
    let mut draft = Draft::of(call);
    let silent = draft.settle(CallUserState::Timeout, |one| one.state.rings() && one.deadline_at <= now_ms);
    draft.tell(&silent, notices::timeout(call));
    let unseen = |one: &CallUserRecord| one.state == CallUserState::Inviting && one.check_at > 0;
    let unseen = draft.settle(CallUserState::NotYetReceived, |one| unseen(one) && one.check_at <= now_ms);
    draft.tell_state_of(&[&silent[..], &unseen[..]].concat(), Themselves::AsListeners);
    // Kept late, after a restart, a ring has still ended when it was due.
    let rang_until = call.users.iter().filter(|one| silent.contains(&one.user)).map(|one| one.deadline_at);
    let rang_until = rang_until.max().unwrap_or(now_ms);
    draft.silence(silent);
    draft.end_if_answered(&call.caller, rang_until);
    if let Some(ends_at) = call.ends_at
        && ends_at <= now_ms
    {
        draft.end_for_all(&call.caller, "", ends_at);
    }
    Some(draft.done())
}
