//! Stored calls as they are told and shown on the wire.

use crate::store::{CallRecord, CallUserRecord};
use hongyan_wire::{
    UserId,
    call::{Call, CallUser},
    server::{
        CallCancelled, CallCreated, CallEnded, CallReceived, CallTimeout, CallUserStateChanged, Notification,
    },
};

/// `call.created`.
pub fn created(call: &CallRecord) -> Notification {
    Notification::CallCreated(CallCreated {
        call_id: call.id,
        mode: call.mode,
        caller: call.caller.clone(),
        extended_data: call.extended_data.clone(),
        timeout: call.timeout_s,
        create_time: call.created_at,
        call_user_list: users(call),
    })
}

/// `call.received`, for those whom `inviter` invited; the states are those of now.
pub fn received(call: &CallRecord, inviter: &UserId) -> Notification {
    Notification::CallReceived(CallReceived {
        call_id: call.id,
        mode: call.mode,
        caller: call.caller.clone(),
        inviter: inviter.clone(),
        extended_data: call.extended_data.clone(),
        timeout: call.timeout_s,
        create_time: call.created_at,
        call_user_list: users(call),
    })
}

/// `call.cancelled`.
pub fn cancelled(call: &CallRecord, inviter: &UserId, extended_data: &str) -> Notification {
    Notification::CallCancelled(CallCancelled {
        call_id: call.id,
        mode: call.mode,
        inviter: inviter.clone(),
        extended_data: extended_data.to_owned(),
    })
}

/// `call.timeout`.
pub fn timeout(call: &CallRecord) -> Notification {
    Notification::CallTimeout(CallTimeout { call_id: call.id, mode: call.mode })
}

/// `call.userStateChanged` with the states of those whom `which` names.
pub fn user_states(call: &CallRecord, which: impl Fn(&CallUserRecord) -> bool) -> Notification {
    let changed = call.users.iter().filter(|one| which(one)).map(user).collect();
    Notification::CallUserState(CallUserStateChanged { call_id: call.id, call_user_list: changed })
}

/// `call.ended`. In general mode nobody ends a call, so nobody sends any extended data along.
pub fn ended(call: &CallRecord, by: &UserId, extended_data: &str, end_time: u64) -> Notification {
    Notification::CallEnded(CallEnded {
        call_id: call.id,
        mode: call.mode,
        caller: call.caller.clone(),
        operated_user_id: by.clone(),
        extended_data: extended_data.to_owned(),
        end_time,
    })
}

/// A call as `call.list` shows it to one of its users.
pub fn listed(call: &CallRecord, user: &UserId) -> Call {
    let own = call.users.iter().find(|one| one.user == *user);
    Call {
        inviter: own.map_or(&call.caller, |own| &own.inviter).clone(),
        call_id: call.id,
        mode: call.mode,
        caller: call.caller.clone(),
        extended_data: call.extended_data.clone(),
        state: call.state,
        timeout: call.timeout_s,
        create_time: call.created_at,
        end_time: call.ended_at.unwrap_or(0),
        call_user_list: users(call),
    }
}

/// Everybody, the caller first.
pub fn users(call: &CallRecord) -> Vec<CallUser> {
    call.users.iter().map(user).collect()
}

fn user(one: &CallUserRecord) -> CallUser {
    CallUser { user_id: one.user.clone(), state: one.state, extended_data: one.extended_data.clone() }
}
