//! Intents in memory and the devices they wait for. Pure: no task, no store, no clock.
//!
//! Bounded by weight (an intent, or a device that is waited for, weighs one). What does not fit stays in the
//! store. Acknowledgements settle what waits for them at once, found by (user, conversation, seq).

use super::decide::Awaited;
use crate::store::{ConversationNo, Intent, Subject, Target};
use hongyan_wire::{AppId, CallId, DeviceId, Seq, UserId};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// A device that is waited for.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Waiting {
    pub target: Target,
    /// Unix time in ms.
    pub until: u64,
    pub awaited: Awaited,
}

/// A device that has its verdict; `None` when the user had no device at all.
pub(super) type Decided = HashSet<(UserId, Option<DeviceId>)>;

/// Whom a look is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Scope {
    /// Every recipient: the first look.
    Everybody,
    /// Recipients with devices that wait.
    Users(BTreeSet<UserId>),
}

impl Scope {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Users(users) if users.is_empty())
    }

    fn add(&mut self, user: UserId) {
        if let Self::Users(users) = self {
            users.insert(user);
        }
    }

    fn covers(&self, user: &UserId) -> bool {
        match self {
            Self::Everybody => true,
            Self::Users(users) => users.contains(user),
        }
    }
}

/// A look to be taken at an intent.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub intent: Arc<Intent>,
    pub scope: Scope,
    /// It was there before the start of this process.
    pub from_before: bool,
    /// What was decided is to be read from the store first.
    pub reload: bool,
    /// Devices that acknowledged since the last look.
    pub acked: Vec<Target>,
    pub decided: Decided,
    /// Devices of the scope that wait.
    pub waiting: Vec<Waiting>,
    /// Devices that acknowledged the call.
    pub call_acks: HashSet<(UserId, DeviceId)>,
    /// Earliest end of a wait outside of the scope.
    pub other_due: Option<u64>,
}

impl Look {
    /// Whether this device acknowledged, now or before.
    pub fn has_acked(&self, user: &UserId, device: &DeviceId) -> bool {
        let same = |target: &Target| target.user == *user && target.device.as_ref() == Some(device);
        self.acked.iter().any(same) || self.call_acks.contains(&(user.clone(), device.clone()))
    }
}

/// What became of an intent that was handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Admitted {
    Yes,
    /// It is in memory already.
    Known,
    /// There is no room: it stays in the store.
    Full,
}

/// Who waits: user and device. Ordered, so that a user's devices stand together.
type WaitKey = (UserId, Option<DeviceId>);

struct Entry {
    intent: Arc<Intent>,
    scope: Scope,
    from_before: bool,
    reload: bool,
    acked: Vec<Target>,
    decided: Decided,
    waiting: BTreeMap<WaitKey, Waiting>,
    call_acks: HashSet<(UserId, DeviceId)>,
    /// Stands in one of the ready queues.
    ready: bool,
    /// After a failure: not before this Unix time in ms.
    not_before: u64,
}

impl Entry {
    fn has_work(&self) -> bool {
        !self.scope.is_empty() || !self.acked.is_empty()
    }

    /// The earliest end of a wait from `at` on.
    fn due_from(&self, at: u64) -> Option<u64> {
        self.waiting.values().map(|waiting| waiting.until).filter(|until| *until >= at).min()
    }

    fn waits_for(&self, user: &UserId) -> bool {
        let mut from_here = self.waiting.range((user.clone(), None)..);
        from_here.next().is_some_and(|((first, _), _)| first == user)
    }

    fn users(&self) -> BTreeSet<&UserId> {
        self.waiting.keys().map(|(user, _)| user).collect()
    }
}

/// Where a user waits: conversation (`None` for calls), place in it or call, intent.
type Place = (Option<ConversationNo>, u64, u64);

fn place(intent: &Intent) -> Place {
    match &intent.subject {
        Subject::Message { conversation, seq, .. } => (Some(ConversationNo(*conversation)), *seq, intent.id),
        Subject::Call { call, .. } => (None, call.0, intent.id),
    }
}

fn call_of(intent: &Intent) -> Option<CallId> {
    match intent.subject {
        Subject::Call { call, .. } => Some(call),
        Subject::Message { .. } => None,
    }
}

/// Everything that waits in memory.
pub(super) struct Pending {
    weight_max: usize,
    weight: usize,
    entries: HashMap<u64, Entry>,
    users: HashMap<(AppId, UserId), BTreeSet<Place>>,
    calls: HashMap<CallId, Vec<u64>>,
    ready_calls: VecDeque<u64>,
    ready_messages: VecDeque<u64>,
    alarms: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Pending {
    pub fn new(weight_max: usize) -> Self {
        Self {
            weight_max,
            weight: 0,
            entries: HashMap::new(),
            users: HashMap::new(),
            calls: HashMap::new(),
            ready_calls: VecDeque::new(),
            ready_messages: VecDeque::new(),
            alarms: BinaryHeap::new(),
        }
    }

    /// Intents in memory.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is room for a message; `plenty`: for a good many. Calls have a quarter more, so that a
    /// flood of messages does not keep them out.
    pub fn has_room(&self, plenty: bool) -> bool {
        self.weight < if plenty { (self.weight_max / 4 * 3).max(1) } else { self.weight_max }
    }

    /// Takes an intent in, to be looked at as soon as possible.
    pub fn admit(&mut self, intent: Arc<Intent>, from_before: bool, reload: bool) -> Admitted {
        let call = call_of(&intent);
        let weight_max = self.weight_max + call.map_or(0, |_| self.weight_max / 4);
        if self.entries.contains_key(&intent.id) {
            return Admitted::Known;
        }
        if self.weight >= weight_max {
            return Admitted::Full;
        }
        if let Some(call) = call {
            self.calls.entry(call).or_default().push(intent.id);
        }
        let id = intent.id;
        let entry = Entry {
            intent,
            scope: Scope::Everybody,
            from_before,
            reload,
            acked: Vec::new(),
            decided: HashSet::new(),
            waiting: BTreeMap::new(),
            call_acks: HashSet::new(),
            ready: false,
            not_before: 0,
        };
        self.entries.insert(id, entry);
        self.weight += 1;
        self.make_ready(id, 0);
        Admitted::Yes
    }

    /// A device acknowledged a conversation up to `seq`.
    pub fn hear_ack(
        &mut self,
        app: AppId,
        user: &UserId,
        device: &DeviceId,
        conversation: ConversationNo,
        seq: Seq,
    ) {
        let conversation = Some(conversation);
        let Some(places) = self.users.get(&(app, user.clone())) else { return };
        let range = (conversation, 0, 0)..=(conversation, seq, u64::MAX);
        let ids: Vec<u64> = places.range(range).map(|place| place.2).collect();
        for id in ids {
            self.settle(id, user, device);
        }
    }

    /// A device acknowledged an invitation.
    pub fn hear_call_ack(&mut self, call: CallId, user: &UserId, device: &DeviceId) {
        for id in self.calls.get(&call).cloned().unwrap_or_default() {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.call_acks.insert((user.clone(), device.clone()));
                self.settle(id, user, device);
            }
        }
    }

    /// Something about a user changed: look again at what waits for it.
    pub fn hear_change(&mut self, app: AppId, user: &UserId) {
        let ids: Vec<u64> = match self.users.get(&(app, user.clone())) {
            Some(places) => places.iter().map(|place| place.2).collect(),
            None => return,
        };
        for id in ids {
            self.touch(id, user);
        }
    }

    /// A call ended for these users, or for everybody when none is named.
    pub fn hear_call_over(&mut self, call: CallId, users: &[UserId]) {
        for id in self.calls.get(&call).cloned().unwrap_or_default() {
            let Some(entry) = self.entries.get(&id) else { continue };
            let concerned = |user: &UserId| users.is_empty() || users.contains(user);
            let waiting: Vec<UserId> =
                entry.users().into_iter().filter(|user| concerned(user)).cloned().collect();
            for user in waiting {
                self.touch(id, &user);
            }
        }
    }

    /// Up to `count` looks to take now, calls first. The caller owes `finish` or `fail` for each.
    pub fn take(&mut self, now: u64, count: usize) -> Vec<Look> {
        self.wake(now);
        let mut looks = Vec::new();
        while looks.len() < count {
            let Some(id) = self.ready_calls.pop_front().or_else(|| self.ready_messages.pop_front()) else {
                break;
            };
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            entry.ready = false;
            if entry.has_work() {
                looks.push(look(entry));
            }
        }
        looks
    }

    /// A look is written: these devices of its scope wait, the others have their verdict.
    pub fn finish(&mut self, look: &Look, waiting: Vec<Waiting>, decided: Decided) {
        let id = look.intent.id;
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.reload = false;
        // What a reload found in the store is not asked for again.
        entry.decided.extend(look.decided.iter().cloned());
        if !look.scope.is_empty() {
            self.replace(id, &look.scope, waiting, decided);
        }
        if self.entries.get(&id).is_some_and(|entry| entry.waiting.is_empty() && !entry.has_work()) {
            self.forget(id);
        }
    }

    fn replace(&mut self, id: u64, scope: &Scope, waiting: Vec<Waiting>, decided: Decided) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let before: BTreeSet<UserId> = entry.users().into_iter().cloned().collect();
        self.weight -= entry.waiting.len();
        entry.waiting.retain(|(user, _), _| !scope.covers(user));
        for one in waiting {
            entry.waiting.insert((one.target.user.clone(), one.target.device.clone()), one);
        }
        self.weight += entry.waiting.len();
        let after: BTreeSet<UserId> = entry.users().into_iter().cloned().collect();
        // Only users who wait are looked at again; of the others nothing needs to be known.
        entry.decided.extend(decided);
        entry.decided.retain(|(user, _)| after.contains(user));
        let (place, app) = (place(&entry.intent), entry.intent.app);
        // Time went on since the decision: what became due meanwhile needs its alarm all the same.
        if let Some(due) = entry.due_from(0) {
            self.alarms.push(Reverse((due, id)));
        }
        for user in after.difference(&before) {
            self.users.entry((app, user.clone())).or_default().insert(place);
        }
        for user in before.difference(&after) {
            self.unlist(app, user, place);
        }
    }

    /// A look failed: it is taken again from `at`, with what the store knows then.
    pub fn fail(&mut self, look: Look, at: u64) {
        let Some(entry) = self.entries.get_mut(&look.intent.id) else { return };
        match (&mut entry.scope, look.scope) {
            (Scope::Users(users), Scope::Users(more)) => users.extend(more),
            (scope, Scope::Everybody) => *scope = Scope::Everybody,
            (Scope::Everybody, _) => {}
        }
        entry.acked.extend(look.acked);
        entry.reload = true;
        entry.not_before = at;
        self.alarms.push(Reverse((at, look.intent.id)));
    }

    /// When `take` may give something that it does not give now.
    pub fn next_due(&self) -> Option<u64> {
        self.alarms.peek().map(|Reverse((at, _))| *at)
    }

    /// Devices that an intent waits for; `None` when it is not in memory.
    pub fn waiting_of(&self, intent: u64) -> Option<Vec<Waiting>> {
        self.entries.get(&intent).map(|entry| entry.waiting.values().cloned().collect())
    }

    fn wake(&mut self, now: u64) {
        while let Some(&Reverse((at, id))) = self.alarms.peek()
            && at <= now
        {
            self.alarms.pop();
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            for waiting in entry.waiting.values().filter(|waiting| waiting.until <= now) {
                entry.scope.add(waiting.target.user.clone());
            }
            if let Some(due) = entry.due_from(now + 1) {
                self.alarms.push(Reverse((due, id)));
            }
            if entry.has_work() {
                self.make_ready(id, now);
            }
        }
    }

    /// Ends the wait for a device that acknowledged.
    fn settle(&mut self, id: u64, user: &UserId, device: &DeviceId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let key = (user.clone(), Some(device.clone()));
        let Some(waiting) = entry.waiting.remove(&key) else { return };
        entry.acked.push(waiting.target);
        entry.decided.insert(key);
        let (place, app, waits) = (place(&entry.intent), entry.intent.app, entry.waits_for(user));
        self.weight -= 1;
        if !waits {
            self.unlist(app, user, place);
        }
        self.make_ready(id, 0);
    }

    fn touch(&mut self, id: u64, user: &UserId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.scope.add(user.clone());
            self.make_ready(id, 0);
        }
    }

    fn make_ready(&mut self, id: u64, now: u64) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        // After a failure the alarm brings it back.
        if entry.ready || entry.not_before > now {
            return;
        }
        entry.ready = true;
        entry.not_before = 0;
        match call_of(&entry.intent) {
            Some(_) => self.ready_calls.push_back(id),
            None => self.ready_messages.push_back(id),
        }
    }

    fn unlist(&mut self, app: AppId, user: &UserId, place: Place) {
        let key = (app, user.clone());
        if let Some(places) = self.users.get_mut(&key) {
            places.remove(&place);
            if places.is_empty() {
                self.users.remove(&key);
            }
        }
    }

    fn forget(&mut self, id: u64) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.weight -= 1 + entry.waiting.len();
        if let Some(call) = call_of(&entry.intent)
            && let Some(ids) = self.calls.get_mut(&call)
        {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.calls.remove(&call);
            }
        }
    }
}

fn look(entry: &mut Entry) -> Look {
    let scope = std::mem::replace(&mut entry.scope, Scope::Users(BTreeSet::new()));
    let inside = entry.waiting.values().filter(|waiting| scope.covers(&waiting.target.user));
    let outside = entry.waiting.values().filter(|waiting| !scope.covers(&waiting.target.user));
    // A look that only writes acknowledgements needs to know nothing.
    let gathers = !scope.is_empty();
    Look {
        intent: entry.intent.clone(),
        from_before: entry.from_before,
        reload: entry.reload,
        acked: std::mem::take(&mut entry.acked),
        decided: if gathers { entry.decided.clone() } else { Decided::new() },
        waiting: inside.cloned().collect(),
        call_acks: if gathers { entry.call_acks.clone() } else { HashSet::new() },
        other_due: outside.map(|waiting| waiting.until).min(),
        scope,
    }
}

#[cfg(test)]
#[path = "pending_tests.rs"]
mod tests;
