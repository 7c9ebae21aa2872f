//! What a device shows of its user's calls: which ring, which it is in. Pure: notifications in, state out.
//!
//! A connection that broke may have missed how a call ended. After each login a program asks `call.list` while
//! [`CallBook::is_open`], and hands the page to [`CallBook::catch_up`].

use hongyan_wire::{
    CallId, UserId,
    call::{Call, CallMode, CallState, CallUser, CallUserState},
    server::Notification,
};
use std::collections::BTreeMap;

/// Calls remembered; the oldest are forgotten first.
const CALLS_MAX: usize = 1_000;

/// The calls of one user on one device.
#[derive(Clone, Debug)]
pub struct CallBook {
    user: UserId,
    calls: BTreeMap<CallId, Place>,
}

/// What one call is on this device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It rings.
    Rings,
    /// This device is about to come in: what the server tells of it is not another device's.
    Asks,
    /// This device is in.
    In,
    /// Nothing any more.
    Over,
}

impl CallBook {
    /// The book of a device of this user.
    pub fn new(user: UserId) -> Self {
        Self { user, calls: BTreeMap::new() }
    }

    /// What a call is here.
    pub fn place(&self, call: CallId) -> Place {
        self.calls.get(&call).copied().unwrap_or(Place::Over)
    }

    /// Calls that ring here.
    pub fn ringing(&self) -> impl Iterator<Item = CallId> {
        self.calls.iter().filter(|(_, place)| **place == Place::Rings).map(|(call, _)| *call)
    }

    /// Whether anything rings here or is gone on with.
    pub fn is_open(&self) -> bool {
        self.calls.values().any(|place| *place != Place::Over)
    }

    /// This device is about to accept or join.
    pub fn asks(&mut self, call: CallId) {
        self.put(call, Place::Asks);
    }

    /// The server let this device in; whatever ended the call since then stands.
    pub fn enters(&mut self, call: CallId) {
        if self.place(call) == Place::Asks || !self.calls.contains_key(&call) {
            self.put(call, Place::In);
        }
    }

    /// This device has nothing more to do with the call.
    pub fn leaves(&mut self, call: CallId) {
        self.put(call, Place::Over);
    }

    /// Takes in what the server tells.
    pub fn hear(&mut self, told: &Notification) {
        match told {
            // The caller's own devices; the one that invited is the one that is in.
            Notification::CallCreated(call) => self.enters(call.call_id),
            Notification::CallReceived(call) => self.hear_ring(call.call_id),
            Notification::CallCancelled(call) => {
                let still_in = call.mode == CallMode::Advanced && self.place(call.call_id) == Place::In;
                if !still_in {
                    self.leaves(call.call_id);
                }
            }
            Notification::CallTimeout(call) => self.leaves(call.call_id),
            Notification::CallEnded(call) => self.hear_end(call.call_id, call.mode),
            Notification::CallUserState(changed) => {
                let own = changed.call_user_list.iter().find(|one| one.user_id == self.user);
                if let Some(own) = own {
                    self.hear_own(changed.call_id, own);
                }
            }
            _ => {}
        }
    }

    /// A login at the very moment of the invitation may bring it twice.
    fn hear_ring(&mut self, call: CallId) {
        if !matches!(self.place(call), Place::Asks | Place::In) {
            self.put(call, Place::Rings);
        }
    }

    /// In general mode the end of the invitation is not the end of the talk.
    fn hear_end(&mut self, call: CallId, mode: CallMode) {
        if mode == CallMode::Advanced || self.place(call) == Place::Rings {
            self.leaves(call);
        }
    }

    fn hear_own(&mut self, call: CallId, own: &CallUser) {
        match (own.state, self.place(call)) {
            (state, _) if state.rings() => {}
            (CallUserState::Accepted, Place::Asks) => self.enters(call),
            _ => self.leaves(call),
        }
    }

    /// Compares with the user's newest calls, after a login. What is not among them is long over.
    pub fn catch_up(&mut self, newest: &[Call]) {
        let open: Vec<CallId> =
            self.calls.iter().filter(|(_, place)| **place != Place::Over).map(|(call, _)| *call).collect();
        for id in open {
            let Some(call) = newest.iter().find(|call| call.call_id == id) else {
                self.leaves(id);
                continue;
            };
            let own = call.call_user_list.iter().find(|one| one.user_id == self.user);
            let state = own.map_or(CallUserState::Ended, |own| own.state);
            let over = call.state == CallState::Ended;
            match self.place(id) {
                Place::Rings if state.rings() && !over => {}
                Place::In | Place::Asks if state == CallUserState::Accepted && !over => {}
                Place::In if call.mode == CallMode::General && state == CallUserState::Accepted => {}
                Place::Asks if state.rings() && !over => self.put(id, Place::Rings),
                _ => self.leaves(id),
            }
        }
    }

    fn put(&mut self, call: CallId, place: Place) {
        self.calls.insert(call, place);
        while self.calls.len() > CALLS_MAX {
            self.calls.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    // A test's unwrap is its assertion.
    #![allow(clippy::unwrap_used)]

    use super::*;
    use hongyan_wire::server::{CallCancelled, CallEnded, CallReceived, CallTimeout, CallUserStateChanged};

    const CALL: CallId = CallId(7);

    fn user(name: &str) -> UserId {
        UserId::new(name).unwrap()
    }

    fn rings(mode: CallMode) -> Notification {
        Notification::CallReceived(CallReceived {
            call_id: CALL,
            mode,
            caller: user("ann"),
            inviter: user("ann"),
            extended_data: String::new(),
            timeout: 30,
            create_time: 1,
            call_user_list: vec![],
        })
    }

    fn own(state: CallUserState) -> Notification {
        let one = CallUser { user_id: user("bob"), state, extended_data: String::new() };
        Notification::CallUserState(CallUserStateChanged { call_id: CALL, call_user_list: vec![one] })
    }

    fn cancelled(mode: CallMode) -> Notification {
        let extended_data = String::new();
        Notification::CallCancelled(CallCancelled {
            call_id: CALL,
            mode,
            inviter: user("ann"),
            extended_data,
        })
    }

    fn ended(mode: CallMode) -> Notification {
        Notification::CallEnded(CallEnded {
            call_id: CALL,
            mode,
            caller: user("ann"),
            operated_user_id: user("ann"),
            extended_data: String::new(),
            end_time: 2,
        })
    }

    fn book(told: &[Notification]) -> CallBook {
        let mut book = CallBook::new(user("bob"));
        told.iter().for_each(|one| book.hear(one));
        book
    }

    #[test]
    fn a_ring_is_stopped_by_whatever_ends_it() {
        let (general, advanced) = (CallMode::General, CallMode::Advanced);
        let ends = [
            cancelled(general),
            cancelled(advanced),
            ended(general),
            ended(advanced),
            Notification::CallTimeout(CallTimeout { call_id: CALL, mode: general }),
            own(CallUserState::Accepted),
            own(CallUserState::Rejected),
            own(CallUserState::Ended),
        ];
        for end in ends {
            assert_eq!(book(&[rings(general)]).place(CALL), Place::Rings);
            let book = book(&[rings(general), end.clone()]);
            assert_eq!((book.place(CALL), book.is_open()), (Place::Over, false), "{end:?}");
        }
        assert_eq!(book(&[rings(general), own(CallUserState::Received)]).ringing().count(), 1);
    }

    #[test]
    fn a_device_that_is_in_stays_until_the_call_is_over_or_taken_over() {
        for (mode, end, place) in [
            (CallMode::General, ended(CallMode::General), Place::In),
            (CallMode::Advanced, ended(CallMode::Advanced), Place::Over),
            (CallMode::Advanced, cancelled(CallMode::Advanced), Place::In),
            (CallMode::Advanced, own(CallUserState::Accepted), Place::Over),
            (CallMode::Advanced, own(CallUserState::Quit), Place::Over),
        ] {
            let mut book = book(&[rings(mode)]);
            book.asks(CALL);
            book.hear(&own(CallUserState::Accepted));
            assert_eq!(book.place(CALL), Place::In);
            book.hear(&end);
            assert_eq!(book.place(CALL), place, "{end:?}");
        }
    }

    #[test]
    fn what_was_missed_is_made_up_for() {
        let call = |mode, state, own_state| Call {
            call_id: CALL,
            mode,
            caller: user("ann"),
            inviter: user("ann"),
            extended_data: String::new(),
            state,
            timeout: 30,
            create_time: 1,
            end_time: 0,
            call_user_list: vec![CallUser {
                user_id: user("bob"),
                state: own_state,
                extended_data: String::new(),
            }],
        };
        use CallMode::{Advanced, General};
        for (mode, state, own_state, was, place) in [
            (General, CallState::Started, CallUserState::Received, Place::Rings, Place::Rings),
            (General, CallState::Started, CallUserState::Accepted, Place::Rings, Place::Over),
            (General, CallState::Ended, CallUserState::Timeout, Place::Rings, Place::Over),
            (General, CallState::Ended, CallUserState::Accepted, Place::In, Place::In),
            (Advanced, CallState::Started, CallUserState::Accepted, Place::In, Place::In),
            (Advanced, CallState::Ended, CallUserState::Ended, Place::In, Place::Over),
            (Advanced, CallState::Started, CallUserState::Received, Place::Asks, Place::Rings),
        ] {
            let mut book = book(&[]);
            book.put(CALL, was);
            book.catch_up(&[call(mode, state, own_state)]);
            assert_eq!(book.place(CALL), place, "{was:?}, now {own_state:?}");
        }
        let mut forgotten = book(&[rings(General)]);
        forgotten.catch_up(&[]);
        assert!(!forgotten.is_open());
    }
}
