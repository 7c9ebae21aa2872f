//! The rules of calls as one table: state × event → new state and effects. Pure: no store, clock or sockets.
//!
//! The state is a `CallRecord`. [`step`] gives what it becomes and who is told; a refused event changes
//! nothing. `ringing` has the rules of invitations, `talking` those of who is in; both modes share all of them
//! and part only where a rule asks for the mode. docs/calls.md shows the table as it is; a test keeps it so.

mod draft;
mod ringing;
mod talking;

use crate::store::{CallRecord, CallUserRecord};
use hongyan_wire::{
    AppId, CallId, Code, DeviceId, UserId,
    call::{CallMode, CallState, CallUserState},
    server::Notification,
};

/// People that one call remembers, those who left included.
const PEOPLE_REMEMBERED_MAX: usize = 256;

/// Something that happens to a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// Begins a call.
    Invite(Invitation),
    /// Somebody who is in calls further people. Advanced mode.
    CallingInvite(FurtherPeople),
    /// The inviter takes invitations back: of those named (advanced mode), or all.
    Cancel(Act, Vec<UserId>),
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
    /// Somebody comes in without being called, or on another device. Advanced mode.
    Join(Act, People),
    /// Somebody leaves. Advanced mode.
    Quit(Act),
    /// Somebody ends the call for everybody. Advanced mode.
    End(Act),
    /// Time went by: whatever was due by now happens.
    DeadlinePassed,
    /// A user is gone for good: logged out, or silent for too long.
    Gone {
        /// Who.
        by: UserId,
        /// Who of the call is still connected.
        here: Vec<UserId>,
    },
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
    /// Users, not the caller.
    pub invitees: Vec<UserId>,
    /// Seconds it rings.
    pub timeout_s: u32,
    /// ≤ 2 KB.
    pub extended_data: String,
    /// Whoever has not received it after this long is told to be NotYetReceived, in ms.
    pub check_after_ms: Option<u64>,
    /// A call of advanced mode ends by itself after this long, in ms.
    pub life_ms: u64,
}

/// Whom somebody who is in calls further. Checked as in [`Invitation`].
#[derive(Clone, PartialEq, Debug)]
pub struct FurtherPeople {
    /// Who calls.
    pub by: UserId,
    /// Users; those who are in or whom it rings for already are passed over.
    pub invitees: Vec<UserId>,
    /// The limit of the app.
    pub people: People,
    /// As in [`Invitation`], for calls that check.
    pub check_after_ms: u64,
}

/// People that may be in a call, invited ones included.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct People(pub u32);

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
    /// Live sessions of these users are told.
    Tell {
        /// Whom, and on which devices.
        ears: Vec<Ear>,
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
    /// It rings no longer for these users: notices of theirs are dropped and taken back. Once a ring.
    Silence(Vec<UserId>),
}

/// A user who is told something.
#[derive(Clone, PartialEq, Debug)]
pub struct Ear {
    /// Who.
    pub user: UserId,
    /// Where.
    pub devices: Devices,
}

/// Which devices of a user.
#[derive(Clone, PartialEq, Debug)]
pub enum Devices {
    /// All that are here.
    All,
    /// The one.
    Only(DeviceId),
    /// All but the one that knows already.
    AllBut(DeviceId),
}

/// Decides one event at `now_ms`. `Ok(None)`: harmless, nothing changes.
///
/// # Errors
/// The documented number for what is not allowed in this state; nothing changes.
pub fn step(call: Option<&CallRecord>, event: Event, now_ms: u64) -> Result<Option<Change>, Code> {
    let call = match (call, event) {
        (None, Event::Invite(invitation)) => return Ok(Some(ringing::begin(invitation, now_ms))),
        (None, _) => return Err(Code::CALL_GONE),
        (Some(_), Event::Invite(_)) => return Err(Code::CALL_EXISTS),
        (Some(call), event) => (call, event),
    };
    match call {
        (call, Event::Received { by, device }) => ringing::received(call, &by, &device, now_ms),
        (call, Event::DeadlinePassed) => Ok(ringing::time_out(call, now_ms)),
        (call, Event::Gone { by, here }) => Ok(talking::gone(call, &by, &here, now_ms)),
        (call, _) if call.state == CallState::Ended => Err(Code::CALL_GONE),
        (call, Event::Cancel(act, only)) => ringing::cancel(call, act, &only, now_ms).map(Some),
        (call, Event::Accept(act)) => ringing::answer(call, act, CallUserState::Accepted, now_ms).map(Some),
        (call, Event::Reject(act)) => ringing::answer(call, act, CallUserState::Rejected, now_ms).map(Some),
        (call, _) if call.mode != CallMode::Advanced => Err(Code::CALL_MODE),
        (call, Event::CallingInvite(further)) => ringing::widen(call, further, now_ms).map(Some),
        (call, Event::Join(act, people)) => talking::join(call, act, people, now_ms).map(Some),
        (call, Event::Quit(act)) => talking::quit(call, act, now_ms).map(Some),
        (call, Event::End(act)) => talking::end(call, act, now_ms).map(Some),
        (_, Event::Invite(_)) => Err(Code::CALL_EXISTS),
    }
}

/// Whether something was due by now: `DeadlinePassed` comes before any other event.
pub fn is_overdue(call: &CallRecord, now_ms: u64) -> bool {
    call.due_at.is_some_and(|due_at| due_at <= now_ms)
}

/// Whether it still rings for this user at `now_ms`.
pub fn rings_for(call: &CallRecord, user: &UserId, now_ms: u64) -> bool {
    let invitee = call.users.iter().find(|one| one.user == *user);
    call.state == CallState::Started
        && invitee.is_some_and(|one| one.state.rings() && one.deadline_at > now_ms)
}

/// The device that alone is told of a call of advanced mode, for who is in.
pub fn main_device<'a>(call: &CallRecord, one: &'a CallUserRecord) -> Option<&'a str> {
    let is_bound = call.mode == CallMode::Advanced && one.state == CallUserState::Accepted;
    one.device.as_deref().filter(|_| is_bound)
}

fn is_in(one: &CallUserRecord) -> bool {
    one.state == CallUserState::Accepted
}

/// Whether this user is told what others do: states Inviting, Received, NotYetReceived and Accepted.
fn listens(one: &CallUserRecord) -> bool {
    one.state.rings() || is_in(one)
}

fn user_of<'a>(call: &'a CallRecord, user: &UserId) -> Option<&'a CallUserRecord> {
    call.users.iter().find(|one| one.user == *user)
}

/// Everybody but the caller.
fn invitees(call: &CallRecord) -> impl Iterator<Item = &CallUserRecord> {
    call.users.iter().filter(|one| one.user != call.caller)
}

/// Whether anybody but the caller is in, or was.
fn was_taken_up(call: &CallRecord) -> bool {
    invitees(call).any(|one| matches!(one.state, CallUserState::Accepted | CallUserState::Quit))
}

/// Whether so many more people fit into the call.
fn fits(call: &CallRecord, more: usize, strangers: usize, people: People) -> Result<(), Code> {
    let now = call.users.iter().filter(|one| listens(one)).count();
    let remembered = call.users.len() + strangers;
    match now + more <= people.0 as usize && remembered <= PEOPLE_REMEMBERED_MAX {
        true => Ok(()),
        false => Err(Code::CALL_LIMIT),
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod advanced_tests;

#[cfg(test)]
mod history_tests;

#[cfg(test)]
mod docs_tests;
