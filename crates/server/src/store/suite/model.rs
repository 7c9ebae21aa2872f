//! Random histories against a model so simple that it must be right: lists of messages, counted each time.

use super::world::*;
use crate::store::*;
use hongyan_wire::{Seq, conversation::NotificationStatus};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The people of a history. The last one never logs in.
pub const NAMES: [&str; 4] = ["ann", "bob", "cat", "zoe"];
const GROUPS: [&str; 2] = ["g", "h"];

/// Something that happens. Numbers choose among `NAMES` and `GROUPS`.
#[derive(Clone, Debug)]
pub enum Step {
    Send { from: usize, to: usize, quiet: bool },
    SendToGroup { from: usize, group: usize, quiet: bool },
    Repeat,
    Found { group: usize, owner: usize },
    Add { group: usize, by: usize, who: usize },
    Remove { group: usize, by: usize, who: usize },
    Read { who: usize, of: usize, up_to: Option<Seq> },
    ReadGroup { who: usize, group: usize, up_to: Option<Seq> },
    Disturb { who: usize, of: usize, quiet: bool },
    Acknowledge { who: usize, of: usize, seq: Seq },
    Pause { seconds: u64 },
    Restart,
    Crash,
}

/// Histories of up to `len` steps, mostly sends.
pub fn history(len: usize) -> impl Strategy<Value = Vec<Step>> {
    let name = 0..NAMES.len();
    let group = 0..GROUPS.len();
    let up_to = proptest::option::of(0..40_u64);
    let step = prop_oneof![
        8 => (name.clone(), name.clone(), any::<bool>())
            .prop_map(|(from, to, quiet)| Step::Send { from, to, quiet }),
        8 => (name.clone(), group.clone(), any::<bool>())
            .prop_map(|(from, group, quiet)| Step::SendToGroup { from, group, quiet }),
        1 => Just(Step::Repeat),
        2 => (group.clone(), name.clone()).prop_map(|(group, owner)| Step::Found { group, owner }),
        3 => (group.clone(), name.clone(), name.clone())
            .prop_map(|(group, by, who)| Step::Add { group, by, who }),
        2 => (group.clone(), name.clone(), name.clone())
            .prop_map(|(group, by, who)| Step::Remove { group, by, who }),
        3 => (name.clone(), name.clone(), up_to.clone())
            .prop_map(|(who, of, up_to)| Step::Read { who, of, up_to }),
        3 => (name.clone(), group, up_to)
            .prop_map(|(who, group, up_to)| Step::ReadGroup { who, group, up_to }),
        1 => (name.clone(), name.clone(), any::<bool>())
            .prop_map(|(who, of, quiet)| Step::Disturb { who, of, quiet }),
        2 => (name.clone(), name, 0..40_u64).prop_map(|(who, of, seq)| Step::Acknowledge { who, of, seq }),
        1 => (1..90_000_u64).prop_map(|seconds| Step::Pause { seconds }),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ];
    proptest::collection::vec(step, 1..len)
}

/// A conversation as plain lists.
#[derive(Default)]
struct Log {
    /// Sender, and whether it counts.
    messages: Vec<(usize, bool)>,
    members: BTreeMap<usize, Member>,
    dismissed: bool,
}

#[derive(Clone, Default)]
struct Member {
    /// Rank by joining, over all groups.
    rank: u64,
    role: u8,
    from: Seq,
    left: Option<Seq>,
    read: Seq,
    /// Unknown after a crash: cursors may be lost then.
    received: Option<Seq>,
    quiet: bool,
}

const OWNER: u8 = 1;
const MEMBER: u8 = 3;

impl Log {
    fn tail(&self) -> Seq {
        self.messages.len() as u64
    }

    fn end(&self, who: usize) -> Seq {
        self.members[&who].left.unwrap_or(self.tail())
    }

    fn unread(&self, who: usize) -> u64 {
        let (read, end) = (self.members[&who].read, self.end(who));
        let above = &self.messages[read.min(end) as usize..end as usize];
        above.iter().filter(|(sender, counts)| *counts && *sender != who).count() as u64
    }

    fn is_in(&self, who: usize) -> bool {
        !self.dismissed && self.members.get(&who).is_some_and(|member| member.left.is_none())
    }

    fn join(&mut self, who: usize, rank: u64, role: u8) {
        let tail = self.tail();
        let before = self.members.get(&who).cloned().unwrap_or_default();
        let received = before.received.map_or(Some(tail), |received| Some(received.max(tail)));
        let member = Member { rank, role, from: tail, left: None, read: tail, received, quiet: before.quiet };
        self.members.insert(who, member);
    }

    fn first(&self) -> Option<usize> {
        let present = self.members.iter().filter(|(_, member)| member.left.is_none());
        present.min_by_key(|(_, member)| member.rank).map(|(who, _)| *who)
    }
}

/// The model.
#[derive(Default)]
struct Model {
    peers: BTreeMap<(usize, usize), Log>,
    groups: BTreeMap<usize, Log>,
    joins: u64,
    last: Option<NewMessage>,
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// Whether this one ever logged in.
fn is_here(who: usize) -> bool {
    who < NAMES.len() - 1
}

/// Plays a history in the world and in the model, comparing every answer and, at the end, everything.
pub async fn play<P: Place>(world: &mut World<P>, steps: Vec<Step>) {
    world.login_all(&NAMES[..NAMES.len() - 1]).await;
    let mut model = Model::default();
    for step in steps {
        model.step(world, step).await;
    }
    model.compare(world).await;
}

impl Model {
    async fn step<P: Place>(&mut self, world: &mut World<P>, step: Step) {
        match step {
            Step::Send { from, to, quiet } if is_here(from) => self.send(world, from, to, quiet).await,
            Step::SendToGroup { from, group, quiet } if is_here(from) => {
                self.send_to_group(world, from, group, quiet).await;
            }
            Step::Repeat => self.repeat(world).await,
            Step::Found { group, owner } if is_here(owner) => self.found(world, group, owner).await,
            Step::Add { group, by, who } => self.add(world, group, by, who).await,
            Step::Remove { group, by, who } => self.remove(world, group, by, who).await,
            Step::Read { who, of, up_to } => {
                let log = self.peers.get_mut(&pair(who, of)).filter(|_| who != of);
                read(world, log, who, peer(NAMES[of]), up_to).await;
            }
            Step::ReadGroup { who, group: id, up_to } => {
                let log = self.groups.get_mut(&id).filter(|log| log.members.contains_key(&who));
                read(world, log, who, group(GROUPS[id]), up_to).await;
            }
            Step::Disturb { who, of, quiet } if is_here(who) => self.disturb(world, who, of, quiet).await,
            Step::Acknowledge { who, of, seq } if is_here(who) => self.acknowledge(world, who, of, seq),
            Step::Pause { seconds } => {
                world.later(seconds);
                // A repeated send is promised to be known for a day.
                self.last = None;
            }
            Step::Restart => world.restart().await,
            Step::Crash => {
                world.die().await;
                let logs = self.peers.values_mut().chain(self.groups.values_mut());
                logs.flat_map(|log| log.members.values_mut()).for_each(|member| member.received = None);
            }
            _ => {}
        }
    }

    /// The log of two users, made when it is missing.
    fn open_peer(&mut self, a: usize, b: usize) -> &mut Log {
        self.peers.entry(pair(a, b)).or_insert_with(|| {
            let mut log = Log::default();
            [a, b].into_iter().for_each(|who| log.join(who, 0, MEMBER));
            log
        })
    }

    async fn send<P: Place>(&mut self, world: &mut World<P>, from: usize, to: usize, quiet: bool) {
        let message = NewMessage { disable_unread: quiet, ..world.message(NAMES[from], peer(NAMES[to])) };
        let outcome = world.append(message.clone()).await;
        if from == to || !is_here(to) {
            assert!(matches!(outcome, Append::NoSuchUser), "{outcome:?}");
            return;
        }
        let log = self.open_peer(from, to);
        log.messages.push((from, !quiet));
        assert_eq!(stored(outcome).message.seq, log.tail());
        self.last = Some(message);
    }

    async fn send_to_group<P: Place>(&mut self, world: &mut World<P>, from: usize, id: usize, quiet: bool) {
        let message = NewMessage { disable_unread: quiet, ..world.message(NAMES[from], group(GROUPS[id])) };
        let outcome = world.append(message.clone()).await;
        match self.groups.get_mut(&id).filter(|log| !log.dismissed) {
            None => assert!(matches!(outcome, Append::NoSuchGroup), "{outcome:?}"),
            Some(log) if !log.is_in(from) => assert!(matches!(outcome, Append::NotMember), "{outcome:?}"),
            Some(log) => {
                log.messages.push((from, !quiet));
                assert_eq!(stored(outcome).message.seq, log.tail());
                self.last = Some(message);
            }
        }
    }

    async fn repeat<P: Place>(&mut self, world: &mut World<P>) {
        let Some(message) = self.last.clone() else { return };
        let outcome = world.append(message).await;
        assert!(matches!(outcome, Append::Duplicate(_)), "{outcome:?}");
    }

    async fn found<P: Place>(&mut self, world: &mut World<P>, id: usize, owner: usize) {
        let outcome = world.try_found(GROUPS[id], NAMES[owner], &[], 100).await;
        let Some(log) = self.groups.get(&id) else {
            assert!(matches!(outcome, GroupOutcome::Done(_)), "{outcome:?}");
            self.joins += 1;
            self.groups.entry(id).or_default().join(owner, self.joins, OWNER);
            return;
        };
        assert_eq!(outcome, if log.dismissed { GroupOutcome::Used } else { GroupOutcome::Exists });
    }

    async fn add<P: Place>(&mut self, world: &mut World<P>, id: usize, by: usize, who: usize) {
        let outcome = world.add(GROUPS[id], NAMES[by], &[NAMES[who]]).await;
        let Some(log) = self.groups.get_mut(&id).filter(|log| !log.dismissed) else {
            assert_eq!(outcome, GroupOutcome::NoSuchGroup);
            return;
        };
        match (log.is_in(by), by == who) {
            (true, true) => assert_eq!(outcome, GroupOutcome::AlreadyMember),
            (false, false) => assert_eq!(outcome, GroupOutcome::NotMember),
            _ => {
                assert!(matches!(outcome, GroupOutcome::Done(_)), "{outcome:?}");
                if is_here(who) && !log.is_in(who) {
                    self.joins += 1;
                    log.join(who, self.joins, MEMBER);
                }
            }
        }
    }

    async fn remove<P: Place>(&mut self, world: &mut World<P>, id: usize, by: usize, who: usize) {
        let outcome = world.remove(GROUPS[id], NAMES[by], &[NAMES[who]]).await;
        let Some(log) = self.groups.get_mut(&id).filter(|log| !log.dismissed) else {
            assert_eq!(outcome, GroupOutcome::NoSuchGroup);
            return;
        };
        if !log.is_in(by) {
            assert_eq!(outcome, GroupOutcome::NotMember);
            return;
        }
        let role = log.members[&by].role;
        if role == MEMBER && by != who {
            assert_eq!(outcome, GroupOutcome::NoRight);
            return;
        }
        assert!(matches!(outcome, GroupOutcome::Done(_)), "{outcome:?}");
        let tail = log.tail();
        if let Some(member) = log.members.get_mut(&who).filter(|member| member.left.is_none()) {
            member.left = Some(tail);
            let was_owner = std::mem::replace(&mut member.role, MEMBER) == OWNER;
            match log.first() {
                Some(heir) if was_owner => log.members.get_mut(&heir).unwrap().role = OWNER,
                Some(_) => {}
                None => log.dismissed = true,
            }
        }
    }

    async fn disturb<P: Place>(&mut self, world: &mut World<P>, who: usize, of: usize, quiet: bool) {
        let status = if quiet { NotificationStatus::DoNotDisturb } else { NotificationStatus::Notify };
        let key = peer(NAMES[of]);
        let set = world.store.set_notification(APP, &user(NAMES[who]), &key, status).await.unwrap();
        let possible = who != of && is_here(of);
        assert_eq!(set.is_some(), possible);
        if possible {
            self.open_peer(who, of).members.entry(who).and_modify(|member| member.quiet = quiet);
        }
    }

    fn acknowledge<P: Place>(&mut self, world: &World<P>, who: usize, of: usize, seq: Seq) {
        let answer = world.acknowledge(NAMES[who], &peer(NAMES[of]), seq);
        let log = self.peers.get_mut(&pair(who, of)).filter(|log| who != of && seq <= log.tail());
        assert_eq!(answer.is_some(), log.is_some());
        if let Some(member) = log.and_then(|log| log.members.get_mut(&who)) {
            member.received = member.received.map(|received| received.max(seq));
        }
    }

    async fn compare<P: Place>(&self, world: &World<P>) {
        for (who, name) in NAMES.iter().enumerate() {
            let mut found = world.store.memberships(APP, &user(name)).await.unwrap();
            found.sort_by(|a, b| a.key.cmp(&b.key));
            let peers = self.peers.iter().filter(|((a, b), _)| *a == who || *b == who);
            let peers = peers.map(|((a, b), log)| (peer(NAMES[if *a == who { *b } else { *a }]), log));
            let groups = self.groups.iter().filter(|(_, log)| log.members.contains_key(&who));
            let mut expected: Vec<_> =
                peers.chain(groups.map(|(id, log)| (group(GROUPS[*id]), log))).collect();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(found.len(), expected.len(), "{name}");
            let mut total = 0;
            for (membership, (key, log)) in found.iter().zip(expected) {
                assert_eq!(membership.key, key);
                compare_one(membership, log, who);
                let counts = !membership.disabled && !log.members[&who].quiet;
                total += if counts { log.unread(who) } else { 0 };
            }
            assert_eq!(world.store.total_unread(APP, &user(name)).await.unwrap(), total, "{name}");
        }
    }
}

fn compare_one(found: &Membership, log: &Log, who: usize) {
    let member = &log.members[&who];
    let name = (NAMES[who], &found.key);
    assert_eq!((found.last_seq, found.unread), (log.end(who), log.unread(who)), "{name:?}");
    assert_eq!((found.visible_from, found.read_seq), (member.from, member.read), "{name:?}");
    assert_eq!(found.disabled, log.dismissed || member.left.is_some(), "{name:?}");
    assert_eq!(found.notification == NotificationStatus::DoNotDisturb, member.quiet, "{name:?}");
    if let Some(received) = member.received {
        assert_eq!(found.received_seq, received, "{name:?}");
    }
}

async fn read<P: Place>(
    world: &World<P>,
    log: Option<&mut Log>,
    who: usize,
    key: hongyan_wire::ConversationKey,
    up_to: Option<Seq>,
) {
    let mark = world.store.mark_read(APP, &user(NAMES[who]), None, &key, up_to).await.unwrap();
    assert_eq!(mark.is_some(), log.is_some());
    let (Some(mark), Some(log)) = (mark, log) else { return };
    assert_eq!(mark.unread_before, log.unread(who));
    let end = log.end(who);
    let member = log.members.get_mut(&who).unwrap();
    member.read = member.read.max(up_to.unwrap_or(end).min(end));
    assert_eq!(mark.membership.unread, log.unread(who));
}
