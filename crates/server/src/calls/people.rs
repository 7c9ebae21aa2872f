//! Users who come and go: what a device that comes is told, and what becomes of calls whose people vanish.

use super::{
    Calls, notices,
    table::{Event, main_device, rings_for},
};
use crate::{
    chat::Actor,
    hub::Seat,
    store::{CallRecord, CallUserRecord},
};
use bytes::Bytes;
use hongyan_wire::{
    AppId, UserId,
    call::{CallState, CallUserState},
    server::Notification,
};
use std::{collections::HashSet, sync::Arc};

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
                    if let Some(news) = news_for(&call, who, self.clock.now_ms()) {
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

    /// A user is gone for good: calls that nobody took up, and those in which nobody is left who is here, are
    /// over. What the store refuses now ends by its deadline.
    pub async fn user_left(&self, app: AppId, user: &UserId) {
        let calls = match self.store.live_calls_of(app, user).await {
            Ok(calls) => calls,
            Err(error) => {
                return tracing::error!(app.id = %app, user.id = %user, %error, "calls of a user who left");
            }
        };
        for call in calls.iter().filter(|call| is_in(call, user)) {
            let event = Event::Gone { by: user.clone(), here: self.here(call) };
            if let Err(refusal) = self.change(Some(app), call.id, event, None).await {
                tracing::warn!(call.id = %call.id, %refusal, "a call goes on although its user left");
            }
        }
    }

    /// After a restart: users who are in a call and did not come back are gone.
    pub async fn look_for_vanished(&self) {
        let calls = match self.store.live_calls().await {
            Ok(calls) => calls,
            Err(error) => return tracing::error!(%error, "calls whose people vanished cannot be found"),
        };
        let mut vanished = HashSet::new();
        for call in &calls {
            let absent = call.users.iter().filter(|one| is_in(call, &one.user));
            let absent = absent.filter(|one| self.hub.seats_of(call.app, &one.user).is_empty());
            vanished.extend(absent.map(|one| (call.app, one.user.clone())));
        }
        for (app, user) in vanished {
            self.user_left(app, &user).await;
        }
    }

    fn here(&self, call: &CallRecord) -> Vec<UserId> {
        let here = call.users.iter().filter(|one| !self.hub.seats_of(call.app, &one.user).is_empty());
        here.map(|one| one.user.clone()).collect()
    }
}

fn is_in(call: &CallRecord, user: &UserId) -> bool {
    call.users.iter().any(|one| one.user == *user && one.state == CallUserState::Accepted)
}

/// What a user who was away has to know of a call on this device, if anything.
fn news_for(call: &CallRecord, who: &Actor, now_ms: u64) -> Option<Notification> {
    let own = call.users.iter().find(|one| one.user == who.user)?;
    if rings_for(call, &who.user, now_ms) {
        return Some(notices::received(call, &own.inviter));
    }
    let elsewhere = |main: &str| main != who.device.as_str();
    let is_over = call.state == CallState::Ended || own.state != CallUserState::Accepted;
    if is_over || main_device(call, own).is_some_and(elsewhere) {
        return None;
    }
    let other = |one: &CallUserRecord| one.user != who.user && one.user != call.caller;
    let told = |one: &CallUserRecord| other(one) && one.state != CallUserState::Inviting;
    call.users.iter().any(told).then(|| notices::user_states(call, told))
}
