//! The table under sequences of events at random, in both modes, with two devices a user: whatever happens,
//! everybody ends in one final state, every device that rings is told to stop, nothing outlives its deadline,
//! and nobody hears what is none of its business.

use super::tests::{
    CHECK_MS, RING_MS, START_MS, advanced_invitation, cancel, further, gone, invitation, user,
};
use super::*;
use hongyan_wire::call::CallUser;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 6] = ["ann", "bob", "carol", "dave", "erin", "zoe"];
const PEOPLE: u32 = 4;

/// Somebody on one of two devices.
type Who = (usize, bool);

#[derive(Clone, Debug)]
enum Op {
    /// Time goes by, and the timer is late.
    Wait(u64),
    Cancel(Who, Vec<usize>),
    Accept(Who),
    Reject(Who),
    Receive(Who),
    CallingInvite(usize, Vec<usize>),
    Join(Who),
    Quit(Who),
    End(Who),
    Fire,
    Gone(usize, Vec<usize>),
}

fn op() -> impl Strategy<Value = Op> {
    let one = || 0..NAMES.len();
    let some = || proptest::collection::vec(one(), 0..3);
    let who = || (one(), any::<bool>());
    prop_oneof![
        4 => (0..RING_MS / 2).prop_map(Op::Wait),
        1 => Just(Op::Wait(CHECK_MS)),
        2 => (who(), some()).prop_map(|(who, only)| Op::Cancel(who, only)),
        4 => who().prop_map(Op::Accept),
        2 => who().prop_map(Op::Reject),
        3 => who().prop_map(Op::Receive),
        3 => (one(), some()).prop_map(|(by, more)| Op::CallingInvite(by, more)),
        2 => who().prop_map(Op::Join),
        2 => who().prop_map(Op::Quit),
        1 => who().prop_map(Op::End),
        2 => Just(Op::Fire),
        1 => (one(), some()).prop_map(|(by, here)| Op::Gone(by, here)),
    ]
}

fn device((who, second): Who) -> DeviceId {
    let kind = if second { "tablet" } else { "device" };
    DeviceId::new(&format!("{kind}-of-{}", NAMES[who])).unwrap()
}

fn names(which: &[usize]) -> Vec<&'static str> {
    let once: BTreeSet<usize> = which.iter().copied().collect();
    once.into_iter().map(|one| NAMES[one]).collect()
}

fn act(who: Who) -> Act {
    Act { by: user(NAMES[who.0]), device: device(who), extended_data: String::new() }
}

/// A call and everything that followed from what happened to it.
struct History {
    call: CallRecord,
    now_ms: u64,
    /// Devices that ring.
    ringing: BTreeSet<DeviceId>,
    /// Rings of each user that were begun, and ended by "silence".
    rings: BTreeMap<UserId, (u32, u32)>,
    /// Devices of the caller that were told the end, by `call.ended` or `call.cancelled`.
    caller_heard_end: u32,
}

impl History {
    fn begin(event: Event) -> Self {
        let change = step(None, event, START_MS).unwrap().unwrap();
        let mut history = Self {
            call: change.call.clone(),
            now_ms: START_MS,
            ringing: BTreeSet::new(),
            rings: BTreeMap::new(),
            caller_heard_end: 0,
        };
        history.follow(&change.call, &change);
        history
    }

    fn play(&mut self, op: &Op) {
        let event = match op {
            Op::Wait(ms) => {
                self.now_ms += ms;
                return;
            }
            Op::Cancel(who, only) => {
                let Event::Cancel(_, only) = cancel("ann", &names(only)) else { unreachable!() };
                Event::Cancel(act(*who), only)
            }
            Op::Accept(who) => Event::Accept(act(*who)),
            Op::Reject(who) => Event::Reject(act(*who)),
            Op::Receive(who) => Event::Received { by: user(NAMES[who.0]), device: device(*who) },
            Op::CallingInvite(by, more) => further(NAMES[*by], &names(more)),
            Op::Join(who) => Event::Join(act(*who), People(PEOPLE)),
            Op::Quit(who) => Event::Quit(act(*who)),
            Op::End(who) => Event::End(act(*who)),
            Op::Fire => Event::DeadlinePassed,
            Op::Gone(by, here) => gone(NAMES[*by], &names(here)),
        };
        let event = match event {
            Event::CallingInvite(more) => {
                Event::CallingInvite(FurtherPeople { people: People(PEOPLE), ..more })
            }
            event => event,
        };
        self.happen(event);
    }

    fn happen(&mut self, event: Event) {
        // As the server does: what is due comes first.
        if is_overdue(&self.call, self.now_ms) && event != Event::DeadlinePassed {
            self.happen(Event::DeadlinePassed);
        }
        let before = self.call.clone();
        match step(Some(&before), event.clone(), self.now_ms) {
            Ok(Some(change)) => {
                self.call = change.call.clone();
                self.compare(&before, &event);
                self.follow(&before, &change);
            }
            Ok(None) => {}
            Err(code) => {
                let documented = [
                    Code::CALL_FAILED,
                    Code::CALL_CANCEL_FAILED,
                    Code::CALL_LIMIT,
                    Code::CALL_NOT_INVITER,
                    Code::CALL_NOT_INVITEE,
                    Code::CALL_GONE,
                    Code::CALL_IN_ALREADY,
                    Code::CALL_MODE,
                ];
                assert!(documented.contains(&code), "{event:?}: {code}");
            }
        }
    }

    /// What holds between a call and its next version.
    fn compare(&self, before: &CallRecord, event: &Event) {
        let after = &self.call;
        assert_eq!(before.state, CallState::Started, "something happened after the end");
        assert_eq!(after.version, before.version + 1);
        assert!(after.users.len() >= before.users.len(), "nobody is forgotten");
        let again = matches!(event, Event::CallingInvite(_) | Event::Join(..));
        for (old, new) in before.users.iter().zip(&after.users) {
            assert_eq!(old.user, new.user);
            let done = !old.state.rings() && !is_in(old);
            assert!(!done || again || old == new, "{old:?} became {new:?}");
        }
        let listening = after.users.iter().filter(|one| listens(one)).count();
        let over = after.state == CallState::Ended;
        assert!(listening <= PEOPLE as usize || over, "too many people");
        assert!(!over || !after.users.iter().any(|one| one.state.rings()), "it rings in a call that is over");
        assert_eq!(after.ended_at.is_some(), over);
        assert_eq!(over, after.due_at.is_none(), "what lives has an end");
        let last = after.users.iter().map(|one| one.deadline_at).chain(after.ends_at).max();
        assert!(after.ended_at <= last && after.due_at <= last, "it outlives its deadline");
    }

    fn follow(&mut self, before: &CallRecord, change: &Change) {
        for effect in &change.effects {
            match effect {
                Effect::Ring { users, until } => {
                    assert_eq!(*until, self.now_ms + RING_MS);
                    users.iter().for_each(|user| self.rings.entry(user.clone()).or_default().0 += 1);
                }
                Effect::Silence(users) => {
                    users.iter().for_each(|user| self.rings.entry(user.clone()).or_default().1 += 1);
                }
                Effect::Tell { ears, what } => {
                    ears.iter().for_each(|ear| self.hear(before, change, ear, what));
                }
            }
        }
    }

    fn hear(&mut self, before: &CallRecord, change: &Change, ear: &Ear, what: &Notification) {
        let was = user_of(before, &ear.user);
        let is = user_of(&change.call, &ear.user).expect("an outsider is told");
        // Who has left can still take back an invitation of its own.
        let own = matches!(what, Notification::CallCancelled(told) if told.inviter == ear.user);
        assert!(own || was.is_some_and(listens) || listens(is), "{} is told {}", ear.user, what.method());
        self.look_at_main_device(change, ear, is, what);
        for second in [false, true] {
            let who = NAMES.iter().position(|name| *name == ear.user.as_str()).unwrap();
            let device = device((who, second));
            let heard = match &ear.devices {
                Devices::All => true,
                Devices::Only(only) => *only == device,
                Devices::AllBut(but) => *but != device,
            };
            if heard {
                self.device_hears(&device, &ear.user, what);
            }
        }
    }

    /// Whoever is in hears of others on the main device alone.
    fn look_at_main_device(&self, change: &Change, ear: &Ear, is: &CallUserRecord, what: &Notification) {
        let Some(main) = main_device(&change.call, is) else { return };
        let own = match what {
            Notification::CallUserState(changed) => {
                changed.call_user_list.iter().any(|one| one.user_id == is.user)
            }
            Notification::CallCreated(_) | Notification::CallCancelled(_) => true,
            _ => false,
        };
        let only_main = matches!(&ear.devices, Devices::Only(device) if device.as_str() == main);
        assert!(own || only_main, "{ear:?} is told {} beside {main}", what.method());
    }

    fn device_hears(&mut self, device: &DeviceId, user: &UserId, what: &Notification) {
        match what {
            Notification::CallReceived(_) => drop(self.ringing.insert(device.clone())),
            what if stops(what, user) => drop(self.ringing.remove(device)),
            _ => {}
        }
        let is_end = matches!(what, Notification::CallEnded(_) | Notification::CallCancelled(_));
        let is_caller = *user == self.call.caller && self.call.state == CallState::Ended;
        self.caller_heard_end += u32::from(is_end && is_caller);
    }

    /// What holds after every step.
    fn look(&self) {
        for one in &self.call.users {
            let who = NAMES.iter().position(|name| *name == one.user.as_str()).unwrap();
            let on_some = [false, true].iter().any(|second| self.ringing.contains(&device((who, *second))));
            assert_eq!(on_some, one.state.rings(), "{one:?}");
            let (begun, over) = self.rings.get(&one.user).copied().unwrap_or_default();
            assert_eq!(begun - over, u32::from(one.state.rings()), "{one:?} is silenced once a ring");
        }
    }

    /// Lets everything that is due happen and looks at how everybody ended.
    fn close(mut self) {
        while let Some(due_at) = self.call.due_at {
            self.now_ms = self.now_ms.max(due_at);
            self.happen(Event::DeadlinePassed);
            self.look();
        }
        assert_eq!(self.call.state, CallState::Ended);
        assert!(self.ringing.is_empty(), "{:?} ring for ever", self.ringing);
        let general = self.call.mode == CallMode::General;
        for one in &self.call.users {
            assert!(!one.state.rings());
            assert!(general || !is_in(one), "{one:?} is in a call that is over");
        }
        let heard_nothing_more = !general && self.call.users[0].state != CallUserState::Ended;
        assert!(self.caller_heard_end > 0 || heard_nothing_more, "the caller was not told");
    }
}

/// Whether this ends the ringing on a device of `user`.
fn stops(what: &Notification, user: &UserId) -> bool {
    let settled = |one: &CallUser| one.user_id == *user && !one.state.rings();
    match what {
        Notification::CallCancelled(_) | Notification::CallTimeout(_) | Notification::CallEnded(_) => true,
        Notification::CallUserState(changed) => changed.call_user_list.iter().any(settled),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn any_history_ends_well(
        advanced in any::<bool>(),
        invitees in proptest::sample::subsequence(vec!["bob", "carol", "dave"], 1..=3),
        ops in proptest::collection::vec(op(), 0..32),
    ) {
        let event = if advanced { advanced_invitation(&invitees) } else { invitation(&invitees) };
        let mut history = History::begin(event);
        for op in &ops {
            history.play(op);
            history.look();
        }
        history.close();
    }
}
