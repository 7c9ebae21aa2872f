//! What a device that comes is told about the calls of its user.

use super::{Calls, notices, table::rings_for};
use crate::{
    chat::Actor,
    hub::Seat,
    store::{CallRecord, CallUserRecord},
};
use bytes::Bytes;
use hongyan_wire::{
    UserId,
    call::{CallState, CallUserState},
    server::Notification,
};
use std::sync::Arc;

/// Living calls a device is told about when it comes: the newest so many. A mailbox holds many times this.
const CALLS_TOLD_MAX: usize = 64;

impl Calls {
    /// Lets a device that just logged in ring for every call that still rings for its user, and tells what
    /// others did meanwhile in calls the user is part of. A call that begins just now may be told twice.
    pub async fn ring_again(&self, who: &Actor, seat: &Arc<Seat>) {
        let calls = match self.store.live_calls_of(who.app, &who.user).await {
            Ok(calls) => calls,
            Err(error) => {
                return tracing::error!(app.id = %who.app, user.id = %who.user, %error,
                    "a device that came cannot be told about its calls");
            }
        };
        for call in &calls[calls.len().saturating_sub(CALLS_TOLD_MAX)..] {
            // In the call's turn: no "stop ringing" can slip in between the look and the ringing.
            let _turn = self.turns.take(call.id).await;
            match self.store.call(call.id).await {
                Ok(Some(call)) => {
                    if let Some(news) = news_for(&call, &who.user, self.clock.now_ms()) {
                        seat.mailbox.push(Bytes::from(news.to_frame()));
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(call.id = %call.id, %error, "a device that came is not told of a call");
                }
            }
        }
    }
}

/// What a user who was away has to know of a call, if anything.
fn news_for(call: &CallRecord, user: &UserId, now_ms: u64) -> Option<Notification> {
    let own = call.users.iter().find(|one| one.user == *user)?;
    if rings_for(call, user, now_ms) {
        return Some(notices::received(call, &own.inviter));
    }
    if call.state == CallState::Ended || own.state != CallUserState::Accepted {
        return None;
    }
    let other = |one: &CallUserRecord| one.user != *user && one.user != call.caller;
    let told = |one: &CallUserRecord| other(one) && one.state != CallUserState::Inviting;
    call.users.iter().any(told).then(|| notices::user_states(call, told))
}
