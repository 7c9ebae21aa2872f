//! Dispatches in memory, in lanes: per credential one for calls and one for messages, each with its bounds.
//!
//! Pure: no task, no store, no clock. What does not fit stays in the store, and the lane remembers from where
//! to read it later. One credential's trouble fills its own lanes only, and its pace says what may start.

use super::{
    credentials::CredentialKey,
    levels::Levels,
    pace::{Gate, Pace, PaceLimits, Pass, Report, Why},
    ready::ReadyWork,
    work::Work,
};
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
    /// Requests under way per credential, and when it is left alone.
    pub pace: PaceLimits,
    /// Requests under way altogether.
    pub in_flight_max: usize,
}

/// Work that goes out.
#[derive(Debug)]
pub(super) struct Start {
    pub work: Work,
    /// As what its requests are admitted. `None`: its time is over, and it may make none.
    pub pass: Option<Pass>,
}

/// What the lanes have to know again of work that comes back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Away {
    pub lane: LaneKey,
    /// What it had when it was started.
    pub devices: usize,
    pub dispatch: u64,
    pub pass: Option<Pass>,
}

impl Start {
    /// The note to keep while it is away.
    pub fn away(&self) -> Away {
        let Self { work, pass } = self;
        Away { lane: work.lane(), devices: work.devices(), dispatch: work.id(), pass: *pass }
    }
}

/// How work comes back.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// To be tried again at this time; `None`: over.
    pub again: Option<(Work, u64)>,
    /// What its requests told about the credential.
    pub reports: Vec<Report>,
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
    ready: ReadyWork,
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
    /// An entry of `Lanes::alarms` for the gate.
    alarm_at: Option<u64>,
}

/// Why a credential starts nothing.
enum Rest {
    /// Nothing before this time.
    Until(u64),
    /// Nothing before something ends or comes.
    Idle,
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
    fn next(&mut self, pace: &mut Pace, now: u64) -> Result<Start, Rest> {
        if self.calls.ready.is_empty() && self.messages.ready.is_empty() {
            return Err(Rest::Idle);
        }
        if let Some(start) = self.expired(pace.concurrency_max(), now) {
            return Ok(start);
        }
        let pass = match pace.gate(now) {
            Gate::Open(pass) => pass,
            Gate::Until(at) => {
                return Err(Rest::Until(self.next_expiry().map_or(at, |expiry| expiry.min(at))));
            }
            Gate::Busy => return Err(self.next_expiry().map_or(Rest::Idle, Rest::Until)),
        };
        let limit = pace.limit();
        let kept_free = (limit / 4).max(1).min(limit - 1);
        let is_call = !self.calls.ready.is_empty();
        if !is_call && self.messages_in_flight >= limit - kept_free {
            return Err(self.next_expiry().map_or(Rest::Idle, Rest::Until));
        }
        let Some(work) = self.lane(is_call).ready.pop() else { return Err(Rest::Idle) };
        pace.started(pass, work.devices(), now);
        Ok(self.started(work, Some(pass)))
    }

    /// Something whose time is over: it goes out to get its end, whatever its credential may do.
    fn expired(&mut self, away_max: usize, now: u64) -> Option<Start> {
        if self.in_flight >= away_max {
            return None;
        }
        let work = self.calls.ready.pop_expired(now).or_else(|| self.messages.ready.pop_expired(now))?;
        Some(self.started(work, None))
    }

    fn started(&mut self, work: Work, pass: Option<Pass>) -> Start {
        let is_call = work.lane().1;
        self.lane(is_call).away += 1;
        self.in_flight += 1;
        self.messages_in_flight += usize::from(!is_call);
        Start { work, pass }
    }

    fn next_expiry(&self) -> Option<u64> {
        self.calls.ready.next_expiry().into_iter().chain(self.messages.ready.next_expiry()).min()
    }
}

/// All lanes.
pub(super) struct Lanes {
    limits: LaneLimits,
    pairs: HashMap<CredentialKey, Pair>,
    /// Of every credential that was used, as many as apps have.
    paces: HashMap<CredentialKey, Pace>,
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
            paces: HashMap::new(),
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
    pub fn start(&mut self, now: u64) -> Option<Start> {
        self.wake(now);
        while self.in_flight < self.limits.in_flight_max {
            let key = self.turns.pop_front()?;
            let Some(pair) = self.pairs.get_mut(&key) else { continue };
            let pace = self.paces.entry(key).or_insert_with(|| Pace::new(self.limits.pace));
            match pair.next(pace, now) {
                Ok(start) => {
                    self.turns.push_back(key);
                    self.in_flight += 1;
                    return Some(start);
                }
                Err(Rest::Until(at)) => {
                    pair.queued = false;
                    if pair.alarm_at.is_none_or(|known| at < known) {
                        pair.alarm_at = Some(at);
                        self.alarms.push(Reverse((at, key)));
                    }
                }
                Err(Rest::Idle) => pair.queued = false,
            }
        }
        None
    }

    /// A piece of work came back. `roll` is a random number in 0.0..1.0.
    pub fn done(&mut self, away: Away, ended: Ended, now: u64, roll: f64) {
        let key = away.lane;
        self.in_flight -= 1;
        self.dispatches -= 1;
        let pair = self.pairs.get_mut(&key.0).expect("a lane stays while its work is under way");
        pair.in_flight -= 1;
        pair.messages_in_flight -= usize::from(!key.1);
        let lane = pair.lane(key.1);
        lane.away -= 1;
        lane.devices -= away.devices;
        if let Some((work, at)) = ended.again {
            lane.devices += work.devices();
            lane.asleep.insert((at, work.id()), work);
            self.dispatches += 1;
            self.alarms.push(Reverse((at, key.0)));
        }
        if let (Some(pass), Some(pace)) = (away.pass, self.paces.get_mut(&key.0)) {
            pace.ended(pass, &ended.reports, now, roll);
        }
        self.queue(key.0);
        self.tidy(key.0);
    }

    /// Leaves a credential alone that the vendor refused before the program started.
    pub fn pause(&mut self, key: CredentialKey, since: u64, stamp: u64, now: u64) {
        let pace = self.paces.entry(key).or_insert_with(|| Pace::new(self.limits.pace));
        pace.refused_before(since, stamp, now);
    }

    /// Uses a paused credential again; `false` when it was not paused.
    pub fn resume(&mut self, key: CredentialKey) -> bool {
        let resumed = self.paces.get_mut(&key).is_some_and(Pace::resume);
        self.queue(key);
        resumed
    }

    /// Paused credentials, each with the time at which its refused form was stored.
    pub fn paused(&self) -> impl Iterator<Item = (CredentialKey, u64)> {
        self.paces.iter().filter_map(|(key, pace)| match pace.shut() {
            Some((Why::Refused { stamp, .. }, ..)) => Some((*key, stamp)),
            _ => None,
        })
    }

    /// Shows how a credential fares.
    pub fn show(&self, key: CredentialKey, levels: &Levels, now: u64) {
        if let Some(pace) = self.paces.get(&key) {
            levels.show(key, pace, now);
        }
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
            pair.alarm_at = pair.alarm_at.filter(|due| *due > at);
            for lane in [&mut pair.calls, &mut pair.messages] {
                while let Some(entry) = lane.asleep.first_entry().filter(|entry| entry.key().0 <= at) {
                    lane.ready.push(entry.remove());
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
