//! What the decision needs to know, fetched for one look: recipients, devices, sessions, cursors, settings.
//!
//! Reads store and hub, decides nothing itself: `decide` is asked once per device.

use super::{
    Reason,
    credentials::Credentials,
    decide::{Case, Device, Live, Person, Standing, Step, decide},
    pending::{Look, Scope, Waiting},
    standing::{push_targets, standing, why_unbound},
};
use crate::{
    clock::Clock,
    hub::{Hub, Seat},
    store::{
        AppSettings, CallRecord, ConversationNo, Intent, Membership, PushTarget, Recipients, Store,
        StoreError, Subject, Target, Thread,
    },
};
use hongyan_vendors::{StrategyOptions, VendorKind};
use hongyan_wire::{
    AppId, ConversationKey, ConversationType, DeviceId, Seq, UserId, call::CallUserState, client::AppPhase,
    conversation::NotificationStatus,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// Longest wait that an app may set, in ms; the default is 5 s.
const WAIT_MS_MAX: u64 = 60_000;
/// Clients need a little longer to come back after a restart than after a lost connection, in ms.
const RESTART_MARGIN_MS: u64 = 1_000;

/// Where facts come from.
pub(super) struct Sources {
    pub clock: Clock,
    pub store: Arc<dyn Store>,
    pub hub: Arc<Hub>,
    pub credentials: Arc<Credentials>,
    /// Unix time in ms.
    pub started_at: u64,
}

/// What was decided for one device.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub target: Target,
    pub step: Step,
    /// How it can be pushed, for those that are.
    pub via: Option<(VendorKind, u8)>,
}

/// Every decision of one look.
pub(super) struct Seen {
    /// Unix time in ms to which the decisions hold.
    pub now: u64,
    pub settled: Vec<Settled>,
    /// Options of the strategy that the sender named; meaningless when nothing is pushed.
    pub strategy: StrategyOptions,
}

/// What is the same for every recipient of a look.
struct Common<'a> {
    look: &'a Look,
    case: Case,
    call: Option<Option<CallRecord>>,
    strategy: Result<StrategyOptions, Reason>,
}

impl Common<'_> {
    fn intent(&self) -> &Intent {
        &self.look.intent
    }
}

/// A recipient with what is known of it.
struct Known {
    user: UserId,
    person: Person,
    targets: Vec<PushTarget>,
}

impl Sources {
    /// Decides for every device that a look is about.
    pub async fn see(&self, look: &Look) -> Result<Seen, StoreError> {
        let common = self.common(look).await?;
        let users = match &look.scope {
            Scope::Everybody => self.recipients(&look.intent).await?,
            Scope::Users(users) => users.iter().cloned().collect(),
        };
        let mut settled = Vec::new();
        let mut targets = push_targets(&*self.store, look.intent.app, &users).await?;
        let usable = self.usable(look.intent.app, &targets).await?;
        for user in users {
            let Some(person) = self.person(&common, &user).await? else { continue };
            let targets = targets.remove(&user).unwrap_or_default();
            let known = Known { user, person, targets };
            self.devices(&common, known, &usable, &mut settled).await?;
        }
        Ok(Seen { now: common.case.now, settled, strategy: common.strategy.unwrap_or_default() })
    }

    async fn common<'a>(&self, look: &'a Look) -> Result<Common<'a>, StoreError> {
        let intent = &look.intent;
        let settings = self.store.app(intent.app).await?.map(|app| app.settings).unwrap_or_default();
        let call = match intent.subject {
            Subject::Call { call, .. } => Some(self.store.call(call).await?),
            Subject::Message { .. } => None,
        };
        let strategy = self.strategy(intent).await?;
        Ok(Common { look, case: self.case(look, &settings), call, strategy })
    }

    fn case(&self, look: &Look, settings: &AppSettings) -> Case {
        let ack_deadline_ms = settings.ack_deadline_ms.min(WAIT_MS_MAX);
        let reconnect_grace_ms = settings.reconnect_grace_ms.min(WAIT_MS_MAX);
        let return_ms = (reconnect_grace_ms + RESTART_MARGIN_MS).min(ack_deadline_ms);
        let is_call = matches!(look.intent.subject, Subject::Call { .. });
        Case {
            is_call,
            created_at: look.intent.created_at,
            expires_at: look.intent.spec.expires_at,
            ack_deadline_ms,
            reconnect_grace_ms,
            not_before: if look.from_before && !is_call { self.started_at + return_ms } else { 0 },
            now: self.clock.now_ms(),
        }
    }

    async fn strategy(&self, intent: &Intent) -> Result<Result<StrategyOptions, Reason>, StoreError> {
        let name = &intent.spec.push.resources_id;
        if name.is_empty() {
            return Ok(Ok(StrategyOptions::default()));
        }
        let strategies = self.store.strategies(intent.app).await?;
        let found = strategies.iter().find(|strategy| strategy.resources_id == *name);
        let read = found.and_then(|strategy| serde_json::from_str(&strategy.options).ok());
        Ok(read.ok_or(Reason::UnknownStrategy))
    }

    /// Everybody an intent concerns, without its sender.
    async fn recipients(&self, intent: &Intent) -> Result<Vec<UserId>, StoreError> {
        let mut users = match &intent.spec.recipients {
            Recipients::Users(users) => users.clone(),
            Recipients::Others => self.members(intent).await?,
        };
        let mut seen = HashSet::new();
        users.retain(|user| *user != intent.spec.sender && seen.insert(user.clone()));
        Ok(users)
    }

    async fn members(&self, intent: &Intent) -> Result<Vec<UserId>, StoreError> {
        let Subject::Message { message, key, .. } = &intent.subject else { return Ok(Vec::new()) };
        if let ConversationKey::Group(id) = key
            && let Some(group) = self.store.group(intent.app, id).await?
        {
            return Ok(group.members.to_vec());
        }
        let Some(appended) = self.store.message(*message).await? else {
            tracing::error!(message.id = %message, "a push intent names a message that is not there");
            return Ok(Vec::new());
        };
        Ok(match appended.thread {
            Thread::Peer(one, other) => vec![one, other],
            Thread::Group(_, members) => members.to_vec(),
        })
    }

    /// What is known of a recipient; `None` when the message is none of its business.
    async fn person(&self, common: &Common<'_>, user: &UserId) -> Result<Option<Person>, StoreError> {
        let intent = common.intent();
        let Subject::Message { key, seq, .. } = &intent.subject else {
            let call = common.call.as_ref().and_then(Option::as_ref);
            return Ok(Some(Person { call: standing(call, user), ..Person::default() }));
        };
        let membership = self.store.membership(intent.app, user, key).await?;
        let first = common.look.scope == Scope::Everybody;
        Ok(match membership {
            // Who joined after the message never sees it.
            Some(membership) if membership.visible_from >= *seq && first => None,
            None if first && key.kind() == ConversationType::Group => None,
            membership => Some(member(intent, user, membership.as_ref(), key, *seq)),
        })
    }

    /// Whether pushes can go out with the credentials that these devices need.
    async fn usable(
        &self,
        app: AppId,
        targets: &HashMap<UserId, Vec<PushTarget>>,
    ) -> Result<HashMap<(VendorKind, u8), Result<(), Reason>>, StoreError> {
        let mut usable = HashMap::new();
        for target in targets.values().flatten() {
            let via = (target.vendor, target.app_type);
            if let std::collections::hash_map::Entry::Vacant(place) = usable.entry(via) {
                place.insert(self.credentials.find((app, via.0, via.1)).await?.map(|_| ()));
            }
        }
        Ok(usable)
    }

    /// Decides for every device of one recipient that has no verdict yet.
    async fn devices(
        &self,
        common: &Common<'_>,
        known: Known,
        usable: &HashMap<(VendorKind, u8), Result<(), Reason>>,
        settled: &mut Vec<Settled>,
    ) -> Result<(), StoreError> {
        let (app, user) = (common.intent().app, &known.user);
        let lives = lives(self.hub.seats_of(app, user));
        let waiting = common.look.waiting.iter().filter(|waiting| waiting.target.user == *user);
        let before: HashMap<&DeviceId, &Waiting> =
            waiting.filter_map(|waiting| Some((waiting.target.device.as_ref()?, waiting))).collect();
        let mut devices: BTreeMap<DeviceId, Option<&PushTarget>> = BTreeMap::new();
        devices.extend(lives.keys().chain(before.keys().copied()).map(|device| (device.clone(), None)));
        for target in &known.targets {
            let best = devices.entry(target.device.clone()).or_default();
            *best = better(*best, target, usable);
        }
        let decided = &common.look.decided;
        if devices.is_empty() {
            if !decided.iter().any(|(other, _)| other == user) {
                settled.push(without_device(common, &known));
            }
            return Ok(());
        }
        devices.retain(|device, _| {
            !decided.contains(&(user.clone(), Some(device.clone())))
                && !decided.contains(&(user.clone(), None))
        });
        for (id, target) in devices {
            let had = before.get(&id).and_then(|waiting| waiting.target.push_id.as_ref());
            let pushable = match (target, had) {
                (Some(target), _) => pushable(common, target, usable),
                (None, Some(push_id)) => Err(why_unbound(&*self.store, app, user, push_id).await?),
                (None, None) => Err(Reason::NotBound),
            };
            let device = Device {
                acked: self.acked(common, user, &id, lives.get(&id)),
                live: lives.get(&id).copied(),
                dropped_at: self.hub.dropped_at(app, user, &id),
                pushable,
            };
            let push_id = target.map(|target| target.push_id.clone()).or(had.cloned());
            settled.push(Settled {
                target: Target { user: user.clone(), device: Some(id), push_id },
                step: decide(&common.case, &known.person, &device),
                via: target.map(|target| (target.vendor, target.app_type)),
            });
        }
        Ok(())
    }

    fn acked(&self, common: &Common<'_>, user: &UserId, device: &DeviceId, live: Option<&Live>) -> bool {
        match &common.intent().subject {
            Subject::Message { conversation, seq, .. } => {
                self.store.acknowledged(device, ConversationNo(*conversation)) >= *seq
            }
            Subject::Call { .. } => {
                common.look.call_acks.contains(&(user.clone(), device.clone()))
                    || received(common.call.as_ref(), user, device, live)
            }
        }
    }
}

/// Whether the stored call says that this device has the invitation, or acted on it.
fn received(
    call: Option<&Option<CallRecord>>,
    user: &UserId,
    device: &DeviceId,
    live: Option<&Live>,
) -> bool {
    let record =
        call.and_then(Option::as_ref).and_then(|call| call.users.iter().find(|one| one.user == *user));
    let Some(record) = record else { return false };
    let has_it =
        matches!(record.state, CallUserState::Received | CallUserState::Accepted | CallUserState::Rejected);
    match &record.device {
        Some(by) => has_it && by == device.as_str(),
        // Some device has it, and only a live one can have got it.
        None => has_it && live.is_some(),
    }
}

fn member(
    intent: &Intent,
    user: &UserId,
    membership: Option<&Membership>,
    key: &ConversationKey,
    seq: Seq,
) -> Person {
    let is_group = key.kind() == ConversationType::Group;
    let spec = &intent.spec;
    Person {
        undisturbed: membership.is_some_and(|one| one.notification == NotificationStatus::DoNotDisturb),
        mentioned: is_group && spec.notify_mentioned && (spec.mention_all || spec.mentioned.contains(user)),
        has_read: membership.is_some_and(|one| one.read_seq >= seq),
        left: is_group && membership.is_none_or(|one| one.disabled || one.visible_from >= seq),
        call: Standing::Ringing,
    }
}

/// Sessions by device. Of two sessions of one device the one in front counts.
fn lives(seats: Vec<Arc<Seat>>) -> BTreeMap<DeviceId, Live> {
    let mut lives: BTreeMap<DeviceId, Live> = BTreeMap::new();
    for seat in seats {
        let live = Live { phase: seat.phase(), since: seat.since };
        let known = lives.entry(seat.device.clone()).or_insert(live);
        if known.phase == AppPhase::Background {
            *known = live;
        }
    }
    lives
}

/// Of several PushIDs of one device only one is used, so that nothing is shown twice: one that can be pushed
/// before one that cannot, then the lower name.
fn better<'a>(
    best: Option<&'a PushTarget>,
    other: &'a PushTarget,
    usable: &HashMap<(VendorKind, u8), Result<(), Reason>>,
) -> Option<&'a PushTarget> {
    let rank = |target: &'a PushTarget| {
        let can_push = usable.get(&(target.vendor, target.app_type)).is_some_and(Result::is_ok);
        (target.tombstone.is_some(), !can_push, &target.push_id)
    };
    match best {
        Some(best) if rank(best) <= rank(other) => Some(best),
        _ => Some(other),
    }
}

fn pushable(
    common: &Common<'_>,
    target: &PushTarget,
    usable: &HashMap<(VendorKind, u8), Result<(), Reason>>,
) -> Result<(), Reason> {
    if target.tombstone.is_some() {
        return Err(Reason::TokenGone);
    }
    let credential = usable.get(&(target.vendor, target.app_type)).copied();
    credential.unwrap_or(Err(Reason::NoCredential))?;
    common.strategy.as_ref().map(|_| ()).map_err(|reason| *reason)
}

fn without_device(common: &Common<'_>, known: &Known) -> Settled {
    let device = Device { acked: false, live: None, dropped_at: None, pushable: Err(Reason::NotBound) };
    let step = decide(&common.case, &known.person, &device);
    Settled { target: Target { user: known.user.clone(), device: None, push_id: None }, step, via: None }
}
