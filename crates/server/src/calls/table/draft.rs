//! The next version of a call in the making, and what follows from it.

use super::{Change, Devices, Ear, Effect, is_in, listens, main_device};
use crate::{
    calls::notices,
    store::{CallRecord, CallUserRecord},
};
use hongyan_wire::{
    DeviceId, UserId,
    call::{CallMode, CallState, CallUserState},
    server::Notification,
};

pub(super) struct Draft {
    pub call: CallRecord,
    effects: Vec<Effect>,
}

impl Draft {
    pub fn of(call: &CallRecord) -> Self {
        Self::begin(CallRecord { version: call.version + 1, ..call.clone() })
    }

    /// The first version.
    pub fn begin(call: CallRecord) -> Self {
        Self { call, effects: Vec::new() }
    }

    pub fn find(&mut self, user: &UserId) -> Option<&mut CallUserRecord> {
        self.call.users.iter_mut().find(|one| one.user == *user)
    }

    /// Gives a state to everybody concerned; who that was.
    pub fn settle(
        &mut self,
        state: CallUserState,
        concerned: impl Fn(&CallUserRecord) -> bool,
    ) -> Vec<UserId> {
        let mut settled = Vec::new();
        for one in self.call.users.iter_mut().filter(|one| concerned(one)) {
            one.state = state;
            settled.push(one.user.clone());
        }
        settled
    }

    /// All devices of these users are told.
    pub fn tell(&mut self, users: &[UserId], what: Notification) {
        let ear = |user: &UserId| Ear { user: user.clone(), devices: Devices::All };
        self.tell_ears(users.iter().map(ear).collect(), what);
    }

    pub fn tell_ears(&mut self, ears: Vec<Ear>, what: Notification) {
        if !ears.is_empty() {
            self.effects.push(Effect::Tell { ears, what });
        }
    }

    /// Tells the listeners what became of these users. The users themselves hear of it as `themselves` says:
    /// on all devices, on those of a listener, or not at all.
    pub fn tell_state_of(&mut self, changed: &[UserId], themselves: Themselves) {
        if changed.is_empty() {
            return;
        }
        let ears = self.call.users.iter().filter_map(|one| match changed.contains(&one.user) {
            true => match &themselves {
                Themselves::Everywhere => Some(Ear { user: one.user.clone(), devices: Devices::All }),
                Themselves::AsListeners => self.ear_of(one),
                Themselves::Not => None,
            },
            false => self.ear_of(one),
        });
        let ears = ears.collect();
        let what = notices::user_states(&self.call, |one| changed.contains(&one.user));
        self.tell_ears(ears, what);
    }

    /// Where a listener hears of others: on every device while it rings, then on the main device.
    pub fn ear_of(&self, one: &CallUserRecord) -> Option<Ear> {
        let devices = match main_device(&self.call, one).map(DeviceId::new) {
            Some(Ok(device)) => Devices::Only(device),
            _ => Devices::All,
        };
        listens(one).then(|| Ear { user: one.user.clone(), devices })
    }

    /// It rings no longer for these users.
    pub fn silence(&mut self, users: Vec<UserId>) {
        if !users.is_empty() {
            self.effects.push(Effect::Silence(users));
        }
    }

    pub fn ring(&mut self, users: Vec<UserId>, until: u64) {
        if !users.is_empty() {
            self.effects.push(Effect::Ring { users, until });
        }
    }

    /// General mode: when nobody is left to answer, the call is over. `by` is named as having ended it.
    pub fn end_if_answered(&mut self, by: &UserId, now_ms: u64) {
        let open = self.call.users.iter().any(|one| one.state.rings());
        if self.call.mode == CallMode::General && !open {
            let ears = self.call.users.iter().filter_map(|one| self.ear_of(one)).collect();
            self.end(now_ms);
            self.tell_ears(ears, notices::ended(&self.call, by, "", now_ms));
        }
    }

    /// Advanced mode: when nobody is in, the call is over for those whom it still rings for.
    pub fn end_if_deserted(&mut self, by: &UserId, now_ms: u64) {
        if !self.call.users.iter().any(is_in) {
            self.end_for_all(by, "", now_ms);
        }
    }

    /// The call is over for everybody who is in or whom it rings for.
    pub fn end_for_all(&mut self, by: &UserId, extended_data: &str, now_ms: u64) {
        let ears: Vec<Ear> = self.call.users.iter().filter_map(|one| self.ear_of(one)).collect();
        let rang = self.call.users.iter().filter(|one| one.state.rings());
        let rang = rang.map(|one| one.user.clone()).collect();
        self.settle(CallUserState::Ended, listens);
        self.end(now_ms);
        self.tell_ears(ears, notices::ended(&self.call, by, extended_data, now_ms));
        self.silence(rang);
    }

    pub fn end(&mut self, now_ms: u64) {
        self.call.state = CallState::Ended;
        self.call.ended_at = Some(now_ms);
    }

    pub fn done(mut self) -> Change {
        self.call.due_at = match self.call.state {
            CallState::Ended => None,
            CallState::Started => self.call.users.iter().filter_map(due).chain(self.call.ends_at).min(),
        };
        Change { call: self.call, effects: self.effects }
    }
}

/// Who of the users that change hears of it.
pub(super) enum Themselves {
    /// They do, on all their devices.
    Everywhere,
    /// They do where they would hear of others.
    AsListeners,
    /// They are told otherwise.
    Not,
}

/// When something happens to a user by itself: the ring ends, or nobody has received it.
fn due(one: &CallUserRecord) -> Option<u64> {
    let check = (one.state == CallUserState::Inviting && one.check_at > 0).then_some(one.check_at);
    one.state.rings().then_some(one.deadline_at).into_iter().chain(check).min()
}
