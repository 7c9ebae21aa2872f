//! One history: a call of a cast, with things at random happening to it, until it is over.

use crate::call_histories::{cast::Cast, device::Device, pause};
use hongyan_client::CallError;
use hongyan_wire::{
    CallId, Code, UserId,
    call::{Call, CallMode, CallState, CallUserState},
    client::{CallCancel, CallInvite, CallLeave, CallingInvite},
    message::PushConfig,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A call is over within its ring, two restarts and some time to spare.
const OVER_WITHIN: Duration = Duration::from_secs(90);
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// Waits for a connection at a moment when the server may be starting.
const CONNECTION: Duration = Duration::from_secs(40);

/// What the app may answer to an action that comes too late, too early or from the wrong one.
const DOCUMENTED: [Code; 10] = [
    Code::CALL_FAILED,
    Code::CALL_CANCEL_FAILED,
    Code::CALL_LIMIT,
    Code::CALL_NOT_INVITER,
    Code::CALL_NOT_INVITEE,
    Code::CALL_GONE,
    Code::CALL_NOBODY,
    Code::CALL_IN_ALREADY,
    Code::CALL_MODE,
    Code::SERVICE,
];

/// What a history was, for the figures and the checks.
pub struct Played {
    pub call: CallId,
    pub pushes: bool,
    pub last: Call,
}

/// Plays one history to its end.
pub async fn play(cast: &Cast, seed: u64) -> Played {
    let mut dice = SmallRng::seed_from_u64(seed);
    let mode = if dice.random_bool(0.5) { CallMode::General } else { CallMode::Advanced };
    cast.caller.want(true);
    for device in &cast.others {
        device.want(dice.random_bool(0.5));
    }
    let pushes = dice.random_bool(0.8);
    let call = invite(cast, &mut dice, mode, pushes).await;
    for _ in 0..dice.random_range(0..8) {
        pause(Duration::from_millis(dice.random_range(0..120))).await;
        happen(cast, &mut dice, call).await;
    }
    let last = come_to_an_end(cast, call, mode).await;
    Played { call, pushes, last }
}

async fn invite(cast: &Cast, dice: &mut SmallRng, mode: CallMode, pushes: bool) -> CallId {
    let mut invitees = vec![cast.callee()];
    if dice.random_bool(0.6) {
        invitees.push(cast.third());
    }
    let params = CallInvite {
        invitees,
        timeout: dice.random_range(1..=2),
        mode,
        enable_not_received_check: dice.random_bool(0.3),
        extended_data: String::new(),
        push_config: pushes.then(|| push(dice)),
    };
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < CONNECTION, "{} cannot invite", cast.caller.user);
        let Some(client) = cast.caller.client(CONNECTION).await else { continue };
        match client.call_invite(&params).await {
            Ok(invited) => return invited.call_id,
            Err(error) => tolerate(&error),
        }
    }
}

/// Half of them ring like a call, the others are notices.
fn push(dice: &mut SmallRng) -> PushConfig {
    let resources_id = if dice.random_bool(0.5) { "call" } else { "" };
    PushConfig {
        title: "Ann".into(),
        content: "calls".into(),
        resources_id: resources_id.into(),
        ..PushConfig::default()
    }
}

/// Cut off, or refused by a number that the protocol names: part of life. Anything else is a fault.
fn tolerate(error: &CallError) {
    if let CallError::Refused(refusal) = error {
        assert!(DOCUMENTED.contains(&refusal.code), "refused with {refusal}");
    }
}

async fn happen(cast: &Cast, dice: &mut SmallRng, call: CallId) {
    let devices = cast.devices();
    let device = devices[dice.random_range(0..devices.len())].clone();
    let done = match dice.random_range(0..12) {
        0..=2 => device.enter(call, false).await,
        3 => device.enter(call, true).await,
        4 | 5 => reject(&device, call).await,
        6 => cancel(&device, call, cast, dice).await,
        7 => calling_invite(&device, call, cast, dice).await,
        8 => leave(&device, call, false, dice).await,
        9 => leave(&device, call, true, dice).await,
        10 => {
            device.want(false);
            Ok(())
        }
        _ => {
            device.want(true);
            Ok(())
        }
    };
    if let Err(error) = done {
        tolerate(&error);
    }
}

async fn reject(device: &Device, call: CallId) -> Result<(), CallError> {
    let Some(client) = device.client(Duration::ZERO).await else { return Ok(()) };
    client.call_reject(call, "").await?;
    device.leave(call);
    Ok(())
}

async fn cancel(device: &Device, call_id: CallId, cast: &Cast, dice: &mut SmallRng) -> Result<(), CallError> {
    let Some(client) = device.client(Duration::ZERO).await else { return Ok(()) };
    let some = dice.random_bool(0.5);
    let params = CallCancel {
        call_id,
        invitees: if some { vec![cast.callee()] } else { Vec::new() },
        extended_data: String::new(),
        push_config: dice.random_bool(0.5).then(|| push(dice)),
    };
    client.call_cancel(&params).await.map(drop)
}

async fn calling_invite(
    device: &Device,
    call_id: CallId,
    cast: &Cast,
    dice: &mut SmallRng,
) -> Result<(), CallError> {
    let Some(client) = device.client(Duration::ZERO).await else { return Ok(()) };
    let me = UserId::new(&device.user).unwrap();
    let invitees = [cast.callee(), cast.third()].into_iter().filter(|user| *user != me).collect();
    let push_config = dice.random_bool(0.8).then(|| push(dice));
    client.calling_invite(&CallingInvite { call_id, invitees, push_config }).await.map(drop)
}

async fn leave(device: &Device, call_id: CallId, ends: bool, dice: &mut SmallRng) -> Result<(), CallError> {
    let Some(client) = device.client(Duration::ZERO).await else { return Ok(()) };
    let push_config = dice.random_bool(0.5).then(|| push(dice));
    let params = CallLeave { call_id, extended_data: String::new(), push_config };
    match ends {
        true => client.call_end(&params).await.map(drop)?,
        false => client.call_quit(&params).await.map(drop)?,
    }
    device.leave(call_id);
    Ok(())
}

/// Waits until the call is over, or for what nobody ended, ends it as an app would.
async fn come_to_an_end(cast: &Cast, call: CallId, mode: CallMode) -> Call {
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < OVER_WITHIN, "call {call} is not over");
        let Some(found) = cast.look(call).await else { continue };
        if found.state == CallState::Ended {
            return found;
        }
        let rings = found.call_user_list.iter().any(|one| one.state.rings());
        let inside = found.call_user_list.iter().find(|one| one.state == CallUserState::Accepted);
        if mode == CallMode::Advanced
            && !rings
            && let Some(inside) = inside
        {
            end(&cast.any_device_of(inside.user_id.as_str()), call).await;
        }
        pause(LOOK_EVERY).await;
    }
}

async fn end(device: &Arc<Device>, call_id: CallId) {
    device.want(true);
    let Some(client) = device.client(CONNECTION).await else { return };
    let params = CallLeave { call_id, extended_data: String::new(), push_config: None };
    match client.call_end(&params).await {
        Ok(_) => device.leave(call_id),
        Err(error) => tolerate(&error),
    }
}
