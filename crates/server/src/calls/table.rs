//! The rules of calls as one table: state × event → new state and effects. Pure: no store, clock or sockets.
//!
//! The state is a `CallRecord`. [`step`] gives what it becomes and who is told; a refused event changes
//! nothing. General mode is complete. Advanced mode will add events and branch where a call ends
//! (`end_if_answered`), where further people are invited (`widen`) and where some are cancelled (`cancel`);
//! all rules go by the users' own inviters and deadlines already.
//! docs/calls.md shows the table as it is here; a test keeps it so.

use super::notices;
use crate::store::{CallRecord, CallUserRecord};
use hongyan_wire::{
    AppId, CallId, Code, DeviceId, UserId,
    call::{CallMode, CallState, CallUserState},
    server::Notification,
};

/// Something that happens to a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Begins a call. On a living call: further people, which only advanced mode has.
    Invite(Invitation),
    /// The inviter takes the invitation back.
    Cancel(Act),
    /// An invitee says yes.
    Accept(Act),
    /// An invitee says no.
    Reject(Act),
    /// A device of an invitee shows the invitation.
    Received {
        /// The invitee.
        by: UserId,
        /// The device.
        device: DeviceId,
    },
    /// Time went by: whoever's ring has ended by now has not answered.
    DeadlinePassed,
    /// The caller is gone for good: logged out, or silent for too long.
    CallerGone,
}

/// Who calls whom. Limits were checked before, every invitee is registered and named once.
#[derive(Clone, PartialEq, Debug)]
pub struct Invitation {
    /// The call.
    pub id: CallId,
    /// Where.
    pub app: AppId,
    /// General or advanced.
    pub mode: CallMode,
    /// The caller.
    pub by: UserId,
    /// The caller's device.
    pub device: DeviceId,
    /// 1..=9 users, not the caller.
    pub invitees: Vec<UserId>,
    /// Seconds it rings.
    pub timeout_s: u32,
    /// ≤ 2 KB.
    pub extended_data: String,
}

/// A user's action on a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Act {
    /// Who.
    pub by: UserId,
    /// On which device.
    pub device: DeviceId,
    /// ≤ 2 KB.
    pub extended_data: String,
}

/// What an event leads to. The deadline to wait for next is `call.due_at`.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// The call as it is to be saved, with its new version.
    pub call: CallRecord,
    /// What follows once it is saved, in this order.
    pub effects: Vec<Effect>,
}

/// What follows from a change.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// These users' live sessions are told, all but those of one device.
    Tell {
        /// Whom.
        users: Vec<UserId>,
        /// The device that knows already.
        except: Option<DeviceId>,
        /// What.
        what: Notification,
    },
    /// It rings for these users: who is away is pushed, if the inviter asked for it, until the ring ends.
    Ring {
        /// Whom.
        users: Vec<UserId>,
        /// Unix time in ms.
        until: u64,
    },
    /// It rings no longer for these users: notices that wait for them are dropped. Once for each.
    Silence(Vec<UserId>),
}

/// Decides one event at `now_ms`. `Ok(None)`: harmless, nothing changes.
///
/// # Errors
/// The documented number for what is not allowed in this state; nothing changes.
pub fn step(call: Option<&CallRecord>, event: Event, now_ms: u64) -> Result<Option<Change>, Code> {
    let Some(call) = call else {
        return match event {
            Event::Invite(invitation) => Ok(Some(begin(invitation, now_ms))),
            _ => Err(Code::CALL_GONE),
        };
    };
    match event {
        Event::Invite(_) => Err(widen(call)),
        Event::Cancel(act) => cancel(call, act, now_ms).map(Some),
        Event::Accept(act) => answer(call, act, CallUserState::Accepted, now_ms).map(Some),
        Event::Reject(act) => answer(call, act, CallUserState::Rejected, now_ms).map(Some),
        Event::Received { by, device } => received(call, &by, &device, now_ms),
        Event::DeadlinePassed => Ok(time_out(call, now_ms)),
        Event::CallerGone => Ok(caller_gone(call, now_ms)),
    }
}

/// Whether somebody's ring has ended by now without an answer: `DeadlinePassed` comes before any other event.
pub fn is_overdue(call: &CallRecord, now_ms: u64) -> bool {
    call.due_at.is_some_and(|due_at| due_at <= now_ms)
}

/// Whether it still rings for this user at `now_ms`.
pub fn rings_for(call: &CallRecord, user: &UserId, now_ms: u64) -> bool {
    let invitee = call.users.iter().find(|one| one.user == *user);
    call.state == CallState::Started && invitee.is_some_and(|one| rings(one) && one.deadline_at > now_ms)
}

/// Whether this user is told what others do: states Inviting, Received, NotYetReceived and Accepted.
fn listens(one: &CallUserRecord) -> bool {
    rings(one) || one.state == CallUserState::Accepted
}

fn begin(invitation: Invitation, now_ms: u64) -> Change {
    let Invitation { id, app, mode, by, device, invitees, timeout_s, extended_data } = invitation;
    let until = now_ms + u64::from(timeout_s) * 1_000;
    let caller = CallUserRecord {
        user: by.clone(),
        inviter: by.clone(),
        state: CallUserState::Accepted,
        extended_data: String::new(),
        deadline_at: 0,
        device: Some(device.as_str().to_owned()),
    };
    let invited = |user: &UserId| CallUserRecord {
        user: user.clone(),
        inviter: by.clone(),
        state: CallUserState::Inviting,
        extended_data: String::new(),
        deadline_at: until,
        device: None,
    };
    let call = CallRecord {
        id,
        app,
        mode,
        state: CallState::Started,
        caller: by.clone(),
        extended_data,
        timeout_s,
        created_at: now_ms,
        due_at: Some(until),
        ended_at: None,
        users: std::iter::once(caller).chain(invitees.iter().map(invited)).collect(),
        version: 1,
    };
    let effects = vec![
        tell(vec![by.clone()], notices::created(&call)),
        tell(invitees.clone(), notices::received(&call, &by)),
        Effect::Ring { users: invitees, until },
    ];
    Change { call, effects }
}

/// Further people in a call that exists.
fn widen(call: &CallRecord) -> Code {
    match call.state {
        CallState::Ended => Code::CALL_GONE,
        CallState::Started => Code::CALL_MODE,
    }
}

fn cancel(call: &CallRecord, act: Act, now_ms: u64) -> Result<Change, Code> {
    if call.state == CallState::Ended {
        return Err(Code::CALL_GONE);
    }
    if !invitees(call).any(|one| one.inviter == act.by) {
        return Err(Code::CALL_NOT_INVITER);
    }
    if invitees(call).any(|one| one.state == CallUserState::Accepted) {
        return Err(Code::CALL_CANCEL_FAILED);
    }
    if is_overdue(call, now_ms) {
        return Err(Code::CALL_GONE);
    }
    Ok(take_back(call, act.extended_data, Some(act.device), now_ms))
}

fn caller_gone(call: &CallRecord, now_ms: u64) -> Option<Change> {
    let taken_up = invitees(call).any(|one| one.state == CallUserState::Accepted);
    let over = call.state == CallState::Ended || is_overdue(call, now_ms);
    (!taken_up && !over).then(|| take_back(call, String::new(), None, now_ms))
}

/// The caller's invitation is void for everybody it still rings for, and with it the call.
fn take_back(call: &CallRecord, extended_data: String, knows: Option<DeviceId>, now_ms: u64) -> Change {
    let mut draft = Draft::of(call);
    let what = notices::cancelled(call, &call.caller, &extended_data);
    let silent = draft.settle(CallUserState::BeCancelled, rings);
    if let Some(caller) = draft.find(&call.caller) {
        caller.state = CallUserState::Cancelled;
        caller.extended_data = extended_data;
    }
    draft.effects.push(tell(silent.clone(), what.clone()));
    draft.effects.push(Effect::Tell { users: vec![call.caller.clone()], except: knows, what });
    draft.effects.push(Effect::Silence(silent));
    draft.end(now_ms);
    draft.done()
}

fn answer(call: &CallRecord, act: Act, state: CallUserState, now_ms: u64) -> Result<Change, Code> {
    may_answer(call, &act.by, now_ms)?;
    let mut draft = Draft::of(call);
    let by = act.by.clone();
    if let Some(one) = draft.find(&by) {
        one.state = state;
        one.extended_data = act.extended_data;
        one.device = Some(act.device.as_str().to_owned());
    }
    draft.tell_state_of(std::slice::from_ref(&by), true);
    draft.effects.push(Effect::Silence(vec![by.clone()]));
    draft.end_if_answered(&by, now_ms);
    Ok(draft.done())
}

fn may_answer(call: &CallRecord, by: &UserId, now_ms: u64) -> Result<(), Code> {
    if call.state == CallState::Ended {
        return Err(Code::CALL_GONE);
    }
    let one = invitees(call).find(|one| one.user == *by).ok_or(Code::CALL_NOT_INVITEE)?;
    match one.state {
        _ if rings(one) && one.deadline_at > now_ms => Ok(()),
        CallUserState::Accepted | CallUserState::Rejected => Err(Code::CALL_NOT_INVITEE),
        _ => Err(Code::CALL_GONE),
    }
}

fn received(call: &CallRecord, by: &UserId, device: &DeviceId, now_ms: u64) -> Result<Option<Change>, Code> {
    let one = invitees(call).find(|one| one.user == *by).ok_or(Code::CALL_NOT_INVITEE)?;
    if one.state == CallUserState::Received || !rings_for(call, by, now_ms) {
        return Ok(None);
    }
    let mut draft = Draft::of(call);
    if let Some(one) = draft.find(by) {
        one.state = CallUserState::Received;
        one.device = Some(device.as_str().to_owned());
    }
    draft.tell_state_of(std::slice::from_ref(by), true);
    Ok(Some(draft.done()))
}

fn time_out(call: &CallRecord, now_ms: u64) -> Option<Change> {
    if !is_overdue(call, now_ms) {
        return None;
    }
    let mut draft = Draft::of(call);
    let silent = draft.settle(CallUserState::Timeout, |one| rings(one) && one.deadline_at <= now_ms);
    draft.effects.push(tell(silent.clone(), notices::timeout(call)));
    draft.tell_state_of(&silent, false);
    draft.effects.push(Effect::Silence(silent));
    // Kept late, after a restart, a ring has still ended when it was due.
    let rang_until = draft.call.users.iter().map(|one| one.deadline_at).filter(|at| *at <= now_ms).max();
    draft.end_if_answered(&call.caller, rang_until.unwrap_or(now_ms));
    Some(draft.done())
}

fn invitees(call: &CallRecord) -> impl Iterator<Item = &CallUserRecord> {
    call.users.iter().filter(|one| one.user != call.caller)
}

fn rings(one: &CallUserRecord) -> bool {
    !one.state.is_final()
}

fn tell(users: Vec<UserId>, what: Notification) -> Effect {
    Effect::Tell { users, except: None, what }
}

/// The next version of a call in the making.
struct Draft {
    call: CallRecord,
    effects: Vec<Effect>,
}

impl Draft {
    fn of(call: &CallRecord) -> Self {
        Self { call: CallRecord { version: call.version + 1, ..call.clone() }, effects: Vec::new() }
    }

    fn find(&mut self, user: &UserId) -> Option<&mut CallUserRecord> {
        self.call.users.iter_mut().find(|one| one.user == *user)
    }

    /// Gives a state to everybody concerned; who that was.
    fn settle(&mut self, state: CallUserState, concerned: impl Fn(&CallUserRecord) -> bool) -> Vec<UserId> {
        let mut settled = Vec::new();
        for one in self.call.users.iter_mut().filter(|one| concerned(one)) {
            one.state = state;
            settled.push(one.user.clone());
        }
        settled
    }

    /// Tells the listeners what became of these users, and the users themselves (all devices) if `also_them`.
    fn tell_state_of(&mut self, changed: &[UserId], also_them: bool) {
        let hears = |one: &&CallUserRecord| listens(one) || (also_them && changed.contains(&one.user));
        let users = self.call.users.iter().filter(hears).map(|one| one.user.clone()).collect();
        let what = notices::user_states(&self.call, |one| changed.contains(&one.user));
        self.effects.push(tell(users, what));
    }

    /// General mode: when nobody is left to answer, the call is over. `by` is named as having ended it.
    fn end_if_answered(&mut self, by: &UserId, now_ms: u64) {
        if self.call.mode != CallMode::General || self.call.users.iter().any(rings) {
            return;
        }
        let users = self.call.users.iter().filter(|one| listens(one)).map(|one| one.user.clone()).collect();
        self.end(now_ms);
        self.effects.push(tell(users, notices::ended(&self.call, by, now_ms)));
    }

    fn end(&mut self, now_ms: u64) {
        self.call.state = CallState::Ended;
        self.call.ended_at = Some(now_ms);
    }

    fn done(mut self) -> Change {
        let rings = self.call.users.iter().filter(|one| rings(one));
        self.call.due_at = rings.map(|one| one.deadline_at).min();
        self.effects.retain(|effect| !effect.concerns_nobody());
        Change { call: self.call, effects: self.effects }
    }
}

impl Effect {
    fn concerns_nobody(&self) -> bool {
        match self {
            Self::Tell { users, .. } | Self::Ring { users, .. } | Self::Silence(users) => users.is_empty(),
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "history_tests.rs"]
mod history_tests;

#[cfg(test)]
#[path = "docs_tests.rs"]
mod docs_tests;
