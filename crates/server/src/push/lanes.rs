//! Dispatches in memory, in lanes: per credential one for calls and one for messages, each with its bounds.
//!
//! Pure: no task, no store, no clock. What does not fit stays in the store, and the lane remembers from where
//! to read it later. One credential's trouble fills its own lanes only.

use super::{credentials::CredentialKey, work::Work};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque},
};

/// A lane's name: credential, and whether it is for calls.
pub(super) type LaneKey = (CredentialKey, bool);

/// Bounds of the lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneLimits {
    pub dispatches_max: usize,
    pub devices_max: usize,
    /// Requests under way per credential.
    pub concurrency_max: usize,
    /// Requests under way altogether.
    pub in_flight_max: usize,
}

/// Where work comes from. The IDs of the two do not mix, so each has a range of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Era {
    /// Found in the store at the start.
    Before,
    /// Made by the planner since, in order of IDs.
    Since,
}

/// What of a lane is in the store only: IDs above `after`, up to `upto`. None of them is in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Behind {
    pub after: u64,
    pub upto: u64,
}

#[derive(Default)]
struct Lane {
    ready: VecDeque<Work>,
    /// Waits for its next try, by (due, ID).
    asleep: BTreeMap<(u64, u64), Work>,
    devices: usize,
    /// Under way; its devices are counted here still.
    away: usize,
    behind: [Option<Behind>; 2],
}

impl Lane {
    fn dispatches(&self) -> usize {
        self.ready.len() + self.asleep.len() + self.away
    }

    fn has_room(&self, limits: &LaneLimits, share: usize) -> bool {
        self.dispatches() < limits.dispatches_max / share && self.devices < limits.devices_max / share
    }
}

/// The two lanes of a credential.
#[derive(Default)]
struct Pair {
    calls: Lane,
    messages: Lane,
    in_flight: usize,
    messages_in_flight: usize,
    /// Stands in `Lanes::turns`.
    queued: bool,
}

impl Pair {
    fn lane(&mut self, is_call: bool) -> &mut Lane {
        if is_call { &mut self.calls } else { &mut self.messages }
    }

    fn is_idle(&self) -> bool {
        let idle = |lane: &Lane| lane.dispatches() == 0 && lane.behind == [None; 2];
        self.in_flight == 0 && idle(&self.calls) && idle(&self.messages)
    }

    /// The next piece of work that may go out now: calls first, and some places are never taken by messages.
    fn next(&mut self, limits: &LaneLimits) -> Option<Work> {
        if self.in_flight >= limits.concurrency_max {
            return None;
        }
        let kept_free = (limits.concurrency_max / 4).max(1).min(limits.concurrency_max - 1);
        let is_call = !self.calls.ready.is_empty();
        if !is_call && self.messages_in_flight >= limits.concurrency_max - kept_free {
            return None;
        }
        let lane = self.lane(is_call);
        let work = lane.ready.pop_front()?;
        lane.away += 1;
        self.in_flight += 1;
        self.messages_in_flight += usize::from(!is_call);
        Some(work)
    }
}

/// All lanes.
pub(super) struct Lanes {
    limits: LaneLimits,
    pairs: HashMap<CredentialKey, Pair>,
    /// Credentials that may have work to start, in turn.
    turns: VecDeque<CredentialKey>,
    /// Next wake-ups, earliest first; may name lanes that have nothing due.
    alarms: BinaryHeap<Reverse<(u64, CredentialKey)>>,
    behind: BTreeSet<(LaneKey, Era)>,
    fed_last: Option<(LaneKey, Era)>,
    in_flight: usize,
    dispatches: usize,
}

impl Lanes {
    pub fn new(limits: LaneLimits) -> Self {
        Self {
            limits,
            pairs: HashMap::new(),
            turns: VecDeque::new(),
            alarms: BinaryHeap::new(),
            behind: BTreeSet::new(),
            fed_last: None,
            in_flight: 0,
            dispatches: 0,
        }
    }

    /// Takes new work in, or notes that it has to be read from the store later. `false`: noted only.
    pub fn accept(&mut self, work: Work, era: Era) -> bool {
        let limits = self.limits;
        let (key, id) = (work.lane(), work.id());
        let lane = self.pairs.entry(key.0).or_default().lane(key.1);
        let has_room = lane.has_room(&limits, 1);
        match &mut lane.behind[era as usize] {
            Some(behind) => behind.upto = behind.upto.max(id),
            None if has_room => {
                self.put(work);
                return true;
            }
            behind => *behind = Some(Behind { after: id - 1, upto: id }),
        }
        self.behind.insert((key, era));
        false
    }

    /// Takes work that was read from the store for a lane that is behind, in order of IDs. `false`: it is
    /// full again. Work that is not in the range is in memory already, or was.
    pub fn accept_read(&mut self, work: Work, era: Era) -> bool {
        let limits = self.limits;
        let lane = self.pairs.entry(work.lane().0).or_default().lane(work.lane().1);
        let has_room = lane.has_room(&limits, 1);
        let Some(behind) = &mut lane.behind[era as usize] else { return false };
        if work.id() <= behind.after || work.id() > behind.upto {
            return true;
        }
        if has_room {
            behind.after = work.id();
            self.put(work);
        }
        has_room
    }

    /// The store has been read up to `id` for this lane.
    pub fn read_up_to(&mut self, key: LaneKey, era: Era, id: u64) {
        let Some(pair) = self.pairs.get_mut(&key.0) else { return };
        let range = &mut pair.lane(key.1).behind[era as usize];
        if let Some(behind) = range {
            behind.after = behind.after.max(id);
            if behind.after >= behind.upto {
                *range = None;
                self.behind.remove(&(key, era));
            }
        }
        self.tidy(key.0);
    }

    /// A lane that is behind and half empty, with the place from which to read; another one each time.
    pub fn hungry(&mut self) -> Option<(LaneKey, Era, Behind)> {
        let limits = self.limits;
        let after_last = self.behind.iter().skip_while(|entry| Some(**entry) <= self.fed_last);
        let hungry = after_last.chain(&self.behind).find_map(|(key, era)| {
            let pair = self.pairs.get(&key.0)?;
            let lane = if key.1 { &pair.calls } else { &pair.messages };
            lane.behind[*era as usize].filter(|_| lane.has_room(&limits, 2)).map(|range| (*key, *era, range))
        })?;
        self.fed_last = Some((hungry.0, hungry.1));
        Some(hungry)
    }

    /// The next piece of work to start, fair between credentials. The caller owes `done` for it.
    pub fn start(&mut self, now: u64) -> Option<Work> {
        self.wake(now);
        while self.in_flight < self.limits.in_flight_max {
            let key = self.turns.pop_front()?;
            let Some(pair) = self.pairs.get_mut(&key) else { continue };
            match pair.next(&self.limits) {
                Some(work) => {
                    self.turns.push_back(key);
                    self.in_flight += 1;
                    return Some(work);
                }
                None => pair.queued = false,
            }
        }
        None
    }

    /// A piece of work came back: over (`None`), or to be tried again at a time. `devices` is what it had
    /// when it was started.
    pub fn done(&mut self, key: LaneKey, devices: usize, again: Option<(Work, u64)>) {
        self.in_flight -= 1;
        self.dispatches -= 1;
        let pair = self.pairs.get_mut(&key.0).expect("a lane stays while its work is under way");
        pair.in_flight -= 1;
        pair.messages_in_flight -= usize::from(!key.1);
        let lane = pair.lane(key.1);
        lane.away -= 1;
        lane.devices -= devices;
        if let Some((work, at)) = again {
            lane.devices += work.devices();
            lane.asleep.insert((at, work.id()), work);
            self.dispatches += 1;
            self.alarms.push(Reverse((at, key.0)));
        }
        self.queue(key.0);
        self.tidy(key.0);
    }

    /// When `start` may give something that it does not give now, unless something else happens first.
    pub fn next_due(&self) -> Option<u64> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    /// Requests under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Dispatches in memory, those under way included.
    pub fn len(&self) -> usize {
        self.dispatches
    }

    fn put(&mut self, work: Work) {
        let (key, due) = (work.lane(), work.due_at());
        let lane = self.pairs.entry(key.0).or_default().lane(key.1);
        lane.devices += work.devices();
        self.dispatches += 1;
        lane.asleep.insert((due, work.id()), work);
        self.alarms.push(Reverse((due, key.0)));
    }

    /// Moves what is due by now from asleep to ready.
    fn wake(&mut self, now: u64) {
        while let Some(&Reverse((at, key))) = self.alarms.peek()
            && at <= now
        {
            self.alarms.pop();
            let Some(pair) = self.pairs.get_mut(&key) else { continue };
            for lane in [&mut pair.calls, &mut pair.messages] {
                while let Some(entry) = lane.asleep.first_entry().filter(|entry| entry.key().0 <= at) {
                    lane.ready.push_back(entry.remove());
                }
            }
            self.queue(key);
        }
    }

    fn queue(&mut self, key: CredentialKey) {
        if let Some(pair) = self.pairs.get_mut(&key)
            && !std::mem::replace(&mut pair.queued, true)
        {
            self.turns.push_back(key);
        }
    }

    /// Forgets a credential that has nothing to do.
    fn tidy(&mut self, key: CredentialKey) {
        if self.pairs.get(&key).is_some_and(Pair::is_idle) {
            self.pairs.remove(&key);
        }
    }
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
