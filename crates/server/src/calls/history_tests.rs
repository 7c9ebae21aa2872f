//! The table under sequences of events at random: whatever happens, everybody ends in one final state, is
//! told to stop ringing exactly once, and nothing outlives its deadline.

use super::tests::{RING_MS, START_MS, act, invitation, received_by, user};
use super::*;
use hongyan_wire::call::CallUser;
use proptest::prelude::*;
use std::collections::HashMap;

const NAMES: [&str; 5] = ["ann", "bob", "carol", "dave", "zoe"];

#[derive(Clone, Debug)]
enum Op {
    /// Time goes by, and the timer is late.
    Wait(u64),
    Cancel(usize),
    Accept(usize),
    Reject(usize),
    Receive(usize),
    Widen,
    Fire,
    CallerGone,
}

fn op() -> impl Strategy<Value = Op> {
    let who = 0..NAMES.len();
    prop_oneof![
        3 => (0..RING_MS / 2).prop_map(Op::Wait),
        1 => who.clone().prop_map(Op::Cancel),
        3 => who.clone().prop_map(Op::Accept),
        2 => who.clone().prop_map(Op::Reject),
        3 => who.prop_map(Op::Receive),
        1 => Just(Op::Widen),
        1 => Just(Op::Fire),
        1 => Just(Op::CallerGone),
    ]
}

/// A call and everything that followed from what happened to it.
struct History {
    call: CallRecord,
    now_ms: u64,
    silenced: HashMap<UserId, u32>,
    /// Times a user's devices were told something by which they stop ringing.
    stopped: HashMap<UserId, u32>,
    ended: u32,
    cancelled: u32,
}

impl History {
    fn begin(invitees: &[&str]) -> Self {
        let change = step(None, invitation(invitees), START_MS).unwrap().unwrap();
        Self {
            call: change.call,
            now_ms: START_MS,
            silenced: HashMap::new(),
            stopped: HashMap::new(),
            ended: 0,
            cancelled: 0,
        }
    }

    fn play(&mut self, op: &Op) {
        let event = match op {
            Op::Wait(ms) => {
                self.now_ms += ms;
                return;
            }
            Op::Cancel(who) => Event::Cancel(act(NAMES[*who])),
            Op::Accept(who) => Event::Accept(act(NAMES[*who])),
            Op::Reject(who) => Event::Reject(act(NAMES[*who])),
            Op::Receive(who) => received_by(NAMES[*who]),
            Op::Widen => invitation(&["zoe"]),
            Op::Fire => Event::DeadlinePassed,
            Op::CallerGone => Event::CallerGone,
        };
        self.happen(event);
    }

    fn happen(&mut self, event: Event) {
        let answers = matches!(event, Event::Accept(_) | Event::Reject(_) | Event::Cancel(_));
        let Ok(Some(change)) = step(Some(&self.call), event, self.now_ms) else { return };
        assert!(!answers || self.now_ms < START_MS + RING_MS, "an action after the deadline");
        let before = std::mem::replace(&mut self.call, change.call);
        self.compare(&before);
        for effect in &change.effects {
            self.follow(&before, effect);
        }
    }

    /// What holds between a call and its next version.
    fn compare(&self, before: &CallRecord) {
        let after = &self.call;
        assert_eq!(before.state, CallState::Started, "something happened after the end");
        assert_eq!(after.version, before.version + 1);
        for (old, new) in before.users.iter().zip(&after.users).skip(1) {
            assert!(!old.state.is_final() || old == new, "{old:?} became {new:?}");
        }
        let rings = || after.users.iter().filter(|one| !one.state.is_final());
        assert_eq!(after.due_at, rings().map(|one| one.deadline_at).min());
        assert_eq!(after.state == CallState::Ended, rings().next().is_none());
        assert_eq!(after.ended_at.is_some(), after.state == CallState::Ended);
        assert!(after.ended_at.unwrap_or(0) <= START_MS + RING_MS, "it outlived its deadline");
    }

    fn follow(&mut self, before: &CallRecord, effect: &Effect) {
        match effect {
            Effect::Ring { .. } => panic!("it rings anew"),
            Effect::Silence(users) => {
                users.iter().for_each(|user| *self.silenced.entry(user.clone()).or_default() += 1);
            }
            Effect::Tell { users, what, .. } => {
                for user in users {
                    let one = before.users.iter().find(|one| one.user == *user).expect("an outsider is told");
                    assert!(listens(one), "{user} was done with the call and is told {}", what.method());
                    if stops(what, user) {
                        *self.stopped.entry(user.clone()).or_default() += 1;
                    }
                    self.ended +=
                        u32::from(*user == before.caller && matches!(what, Notification::CallEnded(_)));
                    self.cancelled +=
                        u32::from(*user == before.caller && matches!(what, Notification::CallCancelled(_)));
                }
            }
        }
    }

    /// Lets the last deadline pass and looks at how everybody ended.
    fn close(mut self) {
        self.now_ms = self.now_ms.max(START_MS + RING_MS);
        self.happen(Event::DeadlinePassed);
        assert_eq!((self.call.state, self.call.due_at), (CallState::Ended, None));
        for one in self.call.users.iter().skip(1) {
            assert!(one.state.is_final());
            assert_eq!(self.silenced.get(&one.user), Some(&1), "{one:?}");
            assert_eq!(self.stopped.get(&one.user), Some(&1), "{one:?}");
        }
        assert_eq!(self.silenced.len(), self.call.users.len() - 1);
        let cancelled = self.call.users[0].state == CallUserState::Cancelled;
        assert_eq!((self.ended, self.cancelled), if cancelled { (0, 1) } else { (1, 0) });
    }
}

/// Whether this ends the ringing on the devices of `user`.
fn stops(what: &Notification, user: &UserId) -> bool {
    let answered = |one: &CallUser| {
        one.user_id == *user && matches!(one.state, CallUserState::Accepted | CallUserState::Rejected)
    };
    match what {
        Notification::CallCancelled(_) | Notification::CallTimeout(_) => *user != self::user("ann"),
        Notification::CallUserState(changed) => changed.call_user_list.iter().any(answered),
        _ => false,
    }
}

proptest! {
    #[test]
    fn any_history_ends_well(
        invitees in proptest::sample::subsequence(vec!["bob", "carol", "dave"], 1..=3),
        ops in proptest::collection::vec(op(), 0..24),
    ) {
        let mut history = History::begin(&invitees);
        for op in &ops {
            history.play(op);
        }
        history.close();
    }
}
