//! What has to be looked at anew before each request: is the PushID still this user's, does the call still
//! ring, which token has the device now.

use super::{Reason, decide::Standing};
use crate::store::{
    CallRecord, ConversationNo, NewDispatch, PushTarget, Store, StoreError, Subject, Target, TargetEnd,
};
use hongyan_vendors::Route;
use hongyan_wire::{
    AppId, CallId, PushId, UserId,
    call::{CallState, CallUserState},
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Users asked for in one question to the store.
pub(super) const USERS_ASKED_MAX: usize = 500;

/// Where a user stands in a call. A call that is not there is over.
pub(super) fn standing(call: Option<&CallRecord>, user: &UserId) -> Standing {
    let Some(call) = call else { return Standing::Over };
    let Some(record) = call.users.iter().find(|record| record.user == *user) else { return Standing::Over };
    match record.state {
        CallUserState::Accepted | CallUserState::Rejected => Standing::Answered,
        _ if call.state == CallState::Ended || record.state.is_final() => Standing::Over,
        _ => Standing::Ringing,
    }
}

/// PushIDs of these users, asked for in bounded portions.
pub(super) async fn push_targets(
    store: &dyn Store,
    app: AppId,
    users: &[UserId],
) -> Result<HashMap<UserId, Arc<[PushTarget]>>, StoreError> {
    let mut found = HashMap::new();
    for users in users.chunks(USERS_ASKED_MAX) {
        found.extend(store.push_targets(app, users).await?);
    }
    Ok(found)
}

/// Why a PushID that was this user's is no longer.
pub(super) async fn why_unbound(
    store: &dyn Store,
    app: AppId,
    user: &UserId,
    push_id: &PushId,
) -> Result<Reason, StoreError> {
    Ok(match store.push_target(app, push_id).await? {
        Some(target) if target.user != *user => Reason::MovedToOtherUser,
        _ => Reason::LoggedOut,
    })
}

/// Devices of a dispatch that still get it, each with its token now.
pub(super) type Wanted = Vec<(Target, String)>;

/// Sorts the devices of a dispatch: those that still get it, and those that do not any more.
///
/// `fresh`: it was planned a moment ago, so what was decided then holds.
pub(super) async fn still_wanted(
    store: &dyn Store,
    request: &NewDispatch,
    fresh: bool,
) -> Result<(Wanted, Vec<(Target, TargetEnd)>), StoreError> {
    if request.purpose.takes_back() {
        return still_there(store, request).await;
    }
    let users: HashSet<&UserId> = request.targets.iter().map(|target| &target.user).collect();
    let users: Vec<UserId> = users.into_iter().cloned().collect();
    let bound = push_targets(store, request.app, &users).await?;
    let call = match call_of(request).filter(|_| request.purpose.is_notice()) {
        Some(id) => Some(store.call(id).await?),
        None => None,
    };
    let subject = if fresh { None } else { message_of(store, request).await? };
    let mut wanted = Vec::with_capacity(request.targets.len());
    let mut dropped = Vec::new();
    for target in &request.targets {
        if let Some(subject) = &subject
            && let Some(reason) = taken_back(store, request.app, subject, &target.user).await?
        {
            dropped.push((target.clone(), TargetEnd::Retracted { reason: reason.code().into() }));
            continue;
        }
        let standing = call.as_ref().map_or(Standing::Ringing, |call| standing(call.as_ref(), &target.user));
        let reason = match (standing, find(&bound, target)) {
            (Standing::Answered, _) => Reason::CallAnswered,
            (Standing::Over, _) => Reason::CallOver,
            (Standing::Ringing, Some(found)) => match (&found.tombstone, &found.suspension) {
                (None, None) => {
                    wanted.push((target.clone(), found.token.clone()));
                    continue;
                }
                (Some(_), _) => Reason::TokenGone,
                (None, Some(why)) => Reason::of_suspension(why),
            },
            (Standing::Ringing, None) => match &target.push_id {
                Some(push_id) => why_unbound(store, request.app, &target.user, push_id).await?,
                None => Reason::NotBound,
            },
        };
        dropped.push((target.clone(), TargetEnd::Suppressed { reason: reason.code().into() }));
    }
    Ok((wanted, dropped))
}

/// Devices from which a notice can be taken back: it lies there whoever is logged in now.
async fn still_there(
    store: &dyn Store,
    request: &NewDispatch,
) -> Result<(Wanted, Vec<(Target, TargetEnd)>), StoreError> {
    let (mut there, mut gone) = (Vec::new(), Vec::new());
    for target in &request.targets {
        let token = match &target.push_id {
            Some(push_id) => store.push_token(request.app, push_id).await?,
            None => None,
        };
        match token {
            Some(token) => there.push((target.clone(), token)),
            None => {
                let reason = Reason::TokenGone.code().into();
                gone.push((target.clone(), TargetEnd::Suppressed { reason }));
            }
        }
    }
    Ok((there, gone))
}

/// The message that a notice brings, for the look at whether it still should.
async fn message_of(store: &dyn Store, request: &NewDispatch) -> Result<Option<Subject>, StoreError> {
    if !request.purpose.is_notice() || call_of(request).is_some() {
        return Ok(None);
    }
    let intent = store.intent(request.intent).await?;
    Ok(intent.filter(|intent| intent.spec.kind.is_delivery()).map(|intent| intent.subject))
}

/// Why this user no longer needs the notice of a message.
async fn taken_back(
    store: &dyn Store,
    app: AppId,
    subject: &Subject,
    user: &UserId,
) -> Result<Option<Reason>, StoreError> {
    let Subject::Message { conversation, key, seq, .. } = subject else { return Ok(None) };
    if store.is_revoked(ConversationNo(*conversation), *seq) {
        return Ok(Some(Reason::Revoked));
    }
    let membership = store.membership(app, user, key).await?;
    let read = membership.is_some_and(|membership| membership.read_seq >= *seq);
    Ok(read.then_some(Reason::ReadElsewhere))
}

fn find<'a>(bound: &'a HashMap<UserId, Arc<[PushTarget]>>, target: &Target) -> Option<&'a PushTarget> {
    let push_id = target.push_id.as_ref()?;
    bound.get(&target.user)?.iter().find(|found| found.push_id == *push_id)
}

/// The call that a dispatch announces.
fn call_of(request: &NewDispatch) -> Option<CallId> {
    match &request.notice.route {
        Route::Call { call_id, .. } if request.is_call => call_id.parse().ok(),
        _ => None,
    }
}
