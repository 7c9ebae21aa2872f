//! Who is in a call: they come in, leave, end it, and vanish.

use super::{
    Act, Change, Devices, Ear, People,
    draft::{Draft, Themselves},
    fits, is_in,
    ringing::{must_be_in, take_back},
    user_of, was_taken_up,
};
use crate::{
    calls::notices,
    store::{CallRecord, CallUserRecord},
};
use hongyan_wire::{
    Code, DeviceId, UserId,
    call::{CallMode, CallState, CallUserState},
};

pub(super) fn join(call: &CallRecord, act: Act, people: People, now_ms: u64) -> Result<Change, Code> {
    match user_of(call, &act.by) {
        Some(one) if is_in(one) => take_over(call, one, act),
        known => {
            let more = usize::from(known.is_none_or(|one| !one.state.rings()));
            fits(call, more, usize::from(known.is_none()), people)?;
            Ok(come_in(call, act, now_ms))
        }
    }
}

/// Another device of somebody who is in becomes the main one. Nobody else notices.
fn take_over(call: &CallRecord, one: &CallUserRecord, act: Act) -> Result<Change, Code> {
    if one.device.as_deref() == Some(act.device.as_str()) {
        return Err(Code::CALL_IN_ALREADY);
    }
    let mut draft = Draft::of(call);
    if let Some(one) = draft.find(&act.by) {
        one.device = Some(act.device.as_str().to_owned());
    }
    let what = notices::user_states(&draft.call, |one| one.user == act.by);
    draft.tell_ears(vec![Ear { user: act.by, devices: Devices::AllBut(act.device) }], what);
    Ok(draft.done())
}

fn come_in(call: &CallRecord, act: Act, now_ms: u64) -> Change {
    let mut draft = Draft::of(call);
    let rang = user_of(call, &act.by).is_some_and(|one| one.state.rings());
    let known = user_of(call, &act.by).cloned();
    let record = CallUserRecord {
        user: act.by.clone(),
        inviter: known.map_or_else(|| act.by.clone(), |one| one.inviter),
        state: CallUserState::Accepted,
        extended_data: act.extended_data,
        deadline_at: 0,
        device: Some(act.device.as_str().to_owned()),
        accepted_at: now_ms,
        check_at: 0,
        notice: 0,
    };
    match draft.find(&act.by) {
        Some(one) => *one = record,
        None => draft.call.users.push(record),
    }
    draft.tell_state_of(std::slice::from_ref(&act.by), Themselves::Everywhere);
    draft.silence(if rang { vec![act.by] } else { Vec::new() });
    draft.done()
}

pub(super) fn quit(call: &CallRecord, act: Act, now_ms: u64) -> Result<Change, Code> {
    must_be_in(call, &act.by)?;
    Ok(leave(call, &act.by, Some(act.device), act.extended_data, now_ms))
}

/// Somebody leaves. The device that acts hears of it, and the main one if it is another.
fn leave(
    call: &CallRecord,
    by: &UserId,
    device: Option<DeviceId>,
    extended_data: String,
    now_ms: u64,
) -> Change {
    let mut draft = Draft::of(call);
    let main = user_of(call, by).and_then(|one| one.device.as_deref()).map(DeviceId::new);
    if let Some(one) = draft.find(by) {
        one.state = CallUserState::Quit;
        one.extended_data = extended_data;
    }
    draft.tell_state_of(std::slice::from_ref(by), Themselves::Not);
    let mut own: Vec<DeviceId> = device.into_iter().chain(main.and_then(Result::ok)).collect();
    own.dedup();
    let own = own.into_iter().map(|device| Ear { user: by.clone(), devices: Devices::Only(device) });
    let what = notices::user_states(&draft.call, |one| one.user == *by);
    draft.tell_ears(own.collect(), what);
    draft.end_if_deserted(by, now_ms);
    draft.done()
}

pub(super) fn end(call: &CallRecord, act: Act, now_ms: u64) -> Result<Change, Code> {
    must_be_in(call, &act.by)?;
    let mut draft = Draft::of(call);
    draft.end_for_all(&act.by, &act.extended_data, now_ms);
    if let Some(one) = draft.find(&act.by) {
        one.extended_data = act.extended_data;
    }
    Ok(draft.done())
}

/// A caller who vanishes before anybody accepted takes the call along. So does, in advanced mode, the last one
/// who was here of those who are in: nobody is left in it.
pub(super) fn gone(call: &CallRecord, by: &UserId, here: &[UserId], now_ms: u64) -> Option<Change> {
    let one = user_of(call, by).filter(|one| is_in(one))?;
    if call.state == CallState::Ended || super::is_overdue(call, now_ms) {
        return None;
    }
    if one.user == call.caller && !was_taken_up(call) {
        return Some(take_back(call, String::new(), None, now_ms));
    }
    let others = || call.users.iter().filter(|one| one.user != *by && is_in(one));
    if call.mode == CallMode::General || others().any(|one| here.contains(&one.user)) {
        return None;
    }
    if others().next().is_none() {
        return Some(leave(call, by, None, String::new(), now_ms));
    }
    let mut draft = Draft::of(call);
    draft.end_for_all(by, "", now_ms);
    Some(draft.done())
}
