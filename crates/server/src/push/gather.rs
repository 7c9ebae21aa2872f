//! What the decision needs to know: recipients, devices, sessions, cursors, settings.
//!
//! Reads store and hub, decides nothing itself: `decide` is asked once per device. What looks have in common
//! (PushIDs, credentials) is fetched once for many: a read of the file costs more than a decision.

use super::{
    Reason,
    credentials::{CredentialKey, Credentials},
    decide::{Case, Device, Live, Person, Rule, Standing, Step, ack_by, decide},
    notice::badge_number,
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
    AppId, ConversationKey, ConversationType, DeviceId, Seq, UserId, call::CallUserState, client::PushRule,
    conversation::NotificationStatus,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
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
    /// The number its icon shall show, if the sender wants one.
    pub badge: Option<u8>,
}

/// Every decision of one look.
#[derive(Debug)]
pub(super) struct Seen {
    /// Unix time in ms to which the decisions hold.
    pub now: u64,
    pub settled: Vec<Settled>,
    /// Options of the strategy that the sender named; meaningless when nothing is pushed.
    pub strategy: StrategyOptions,
}

/// A look with its recipients and what is the same for all of them.
pub(super) struct Prepared {
    pub look: Look,
    pub users: Vec<UserId>,
    settings: Arc<AppSettings>,
    pub call: Option<CallRecord>,
    strategy: Result<StrategyOptions, Reason>,
}

/// What devices of several looks have in common.
#[derive(Default)]
pub(super) struct Shared {
    targets: HashMap<AppId, HashMap<UserId, Arc<[PushTarget]>>>,
    /// Whether pushes can go out with a credential.
    usable: HashMap<CredentialKey, Result<(), Reason>>,
}

impl Shared {
    fn of(&self, app: AppId, user: &UserId) -> &[PushTarget] {
        self.targets.get(&app).and_then(|users| users.get(user)).map_or(&[], |targets| targets)
    }

    fn usable(&self, app: AppId, target: &PushTarget) -> Result<(), Reason> {
        let found = self.usable.get(&(app, target.vendor, target.app_type));
        found.copied().unwrap_or(Err(Reason::NoCredential))
    }
}

impl Sources {
    /// Looks up what was decided already, for all looks that need it in one read: a planner that fell behind has
    /// thousands of them.
    pub async fn reload(&self, looks: &mut [Look]) -> Result<(), StoreError> {
        let stale: Vec<&mut Look> = looks.iter_mut().filter(|look| look.reload).collect();
        if stale.is_empty() {
            return Ok(());
        }
        let asked = stale.iter().map(|look| look.intent.id).collect();
        for (look, verdicts) in stale.into_iter().zip(self.store.verdicts(asked).await?) {
            let targets = verdicts.into_iter().flat_map(|verdict| verdict.targets);
            let written: HashSet<_> = targets.map(|target| (target.user, target.device)).collect();
            look.acked.retain(|target| !written.contains(&(target.user.clone(), target.device.clone())));
            look.decided.extend(written);
        }
        Ok(())
    }

    /// Finds out whom a look is about. Gives the look back with the error.
    pub async fn prepare(&self, look: Look) -> Result<Prepared, (Look, StoreError)> {
        match self.common(&look).await {
            Ok((users, settings, call, strategy)) => Ok(Prepared { look, users, settings, call, strategy }),
            Err(error) => Err((look, error)),
        }
    }

    #[allow(clippy::type_complexity)] // the fields of `Prepared`, unnamed for the length of one call
    async fn common(
        &self,
        look: &Look,
    ) -> Result<
        (Vec<UserId>, Arc<AppSettings>, Option<CallRecord>, Result<StrategyOptions, Reason>),
        StoreError,
    > {
        let users = match &look.scope {
            Scope::Everybody => self.recipients(&look.intent).await?,
            Scope::Users(users) => users.iter().cloned().collect(),
        };
        let settings = self.store.app(look.intent.app).await?.map(|app| app.settings).unwrap_or_default();
        let call = match look.intent.subject {
            Subject::Call { call, .. } => self.store.call(call).await?,
            Subject::Message { .. } => None,
        };
        Ok((users, settings, call, self.strategy(&look.intent).await?))
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
    pub async fn recipients(&self, intent: &Intent) -> Result<Vec<UserId>, StoreError> {
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

    /// Fetches the PushIDs of all these recipients, and whether their credentials are usable.
    pub async fn share(&self, prepared: &[Prepared]) -> Result<Shared, StoreError> {
        let mut users: BTreeMap<AppId, BTreeSet<&UserId>> = BTreeMap::new();
        for one in prepared {
            users.entry(one.look.intent.app).or_default().extend(&one.users);
        }
        let mut shared = Shared::default();
        for (app, users) in users {
            let users: Vec<UserId> = users.into_iter().cloned().collect();
            let targets = push_targets(&*self.store, app, &users).await?;
            for target in targets.values().flat_map(|targets| targets.iter()) {
                let key = (app, target.vendor, target.app_type);
                if let Entry::Vacant(place) = shared.usable.entry(key) {
                    place.insert(self.credentials.find(key).await?.map(|_| ()));
                }
            }
            shared.targets.insert(app, targets);
        }
        Ok(shared)
    }

    /// Decides for every device that a look is about.
    pub async fn see(&self, prepared: &Prepared, shared: &Shared) -> Result<Seen, StoreError> {
        let case = self.case(prepared);
        let view = View { sources: self, prepared, shared, case };
        let mut settled = Vec::new();
        for user in &prepared.users {
            if let Some(person) = view.person(user).await? {
                view.devices(user, &person, &mut settled).await?;
            }
        }
        let strategy = prepared.strategy.clone().unwrap_or_default();
        Ok(Seen { now: case.now, settled, strategy })
    }

    fn case(&self, Prepared { look, settings, .. }: &Prepared) -> Case {
        let ack_deadline_ms = settings.ack_deadline_ms.min(WAIT_MS_MAX);
        let reconnect_grace_ms = settings.reconnect_grace_ms.min(WAIT_MS_MAX);
        let return_ms = (reconnect_grace_ms + RESTART_MARGIN_MS).min(ack_deadline_ms);
        let news = !look.intent.spec.kind.is_delivery();
        // News of a call can wait like a message: nothing rings.
        let is_call = matches!(look.intent.subject, Subject::Call { .. }) && !news;
        Case {
            is_call,
            is_news: news,
            created_at: look.intent.created_at,
            expires_at: look.intent.spec.expires_at,
            ack_deadline_ms,
            reconnect_grace_ms,
            not_before: if look.from_before && !is_call { self.started_at + return_ms } else { 0 },
            now: self.clock.now_ms(),
        }
    }
}

/// One look with everything that is known for it.
struct View<'a> {
    sources: &'a Sources,
    prepared: &'a Prepared,
    shared: &'a Shared,
    case: Case,
}

impl View<'_> {
    fn look(&self) -> &Look {
        &self.prepared.look
    }

    fn intent(&self) -> &Intent {
        &self.prepared.look.intent
    }

    /// What is known of a recipient; `None` when the message is none of its business.
    async fn person(&self, user: &UserId) -> Result<Option<Person>, StoreError> {
        let intent = self.intent();
        let Subject::Message { key, seq, .. } = &intent.subject else {
            let call = standing(self.prepared.call.as_ref(), user, intent.id);
            return Ok(Some(Person { call, blocked: self.blocked(user), ..Person::default() }));
        };
        let membership = self.sources.store.membership(intent.app, user, key).await?;
        let first = self.look().scope == Scope::Everybody;
        Ok(match membership {
            // Who joined after the message never sees it.
            Some(membership) if membership.visible_from >= *seq && first => None,
            None if first && key.kind() == ConversationType::Group => None,
            membership => {
                let person = member(intent, user, membership.as_ref(), key, *seq);
                let conversation = intent.subject.conversation();
                let revoked = conversation.is_some_and(|no| self.sources.store.is_revoked(no, *seq));
                let blocked = key.kind() == ConversationType::Peer && self.blocked(user);
                Some(Person { revoked, blocked, ..person })
            }
        })
    }

    fn blocked(&self, user: &UserId) -> bool {
        let intent = self.intent();
        self.sources.store.is_blocked(intent.app, user, &intent.spec.sender)
    }

    /// The number for the icon, if the sender asked for one without saying by how much it rises.
    async fn badge(&self, user: &UserId) -> Result<Option<u8>, StoreError> {
        let push = &self.intent().spec.push;
        if !push.enable_badge || push.badge_increment > 0 {
            return Ok(None);
        }
        let unread = self.sources.store.total_unread(self.intent().app, user).await?;
        Ok(Some(badge_number(unread)))
    }

    /// What the user's rule says for a device of this platform.
    fn rule(&self, rule: &PushRule, platform: u8, others: &[(u8, Live, bool)]) -> Rule {
        if !rule.not_to_receive_offline_push_platforms.contains(&platform) {
            return Rule::Idle;
        }
        let here = others.iter().filter(|(other, live, _)| {
            *other != platform && !live.is_away() && rule.online_platforms.contains(other)
        });
        here.fold(Rule::Idle, |so_far, (_, live, acked)| match (so_far, acked) {
            (Rule::Holds, _) | (_, true) => Rule::Holds,
            _ => Rule::Until(ack_by(&self.case, live)),
        })
    }

    /// Decides for every device of one recipient that has no verdict yet.
    async fn devices(
        &self,
        user: &UserId,
        person: &Person,
        settled: &mut Vec<Settled>,
    ) -> Result<(), StoreError> {
        let app = self.intent().app;
        let (lives, platforms) = lives(self.sources.hub.seats_of(app, user));
        let waiting = self.look().waiting.iter().filter(|waiting| waiting.target.user == *user);
        let before: HashMap<&DeviceId, &Waiting> =
            waiting.filter_map(|waiting| Some((waiting.target.device.as_ref()?, waiting))).collect();
        let mut devices: BTreeMap<&DeviceId, Option<&PushTarget>> = BTreeMap::new();
        devices.extend(lives.keys().chain(before.keys().copied()).map(|device| (device, None)));
        for target in self.shared.of(app, user) {
            let best = devices.entry(&target.device).or_default();
            *best = self.better(*best, target);
        }
        let decided =
            |device: Option<&DeviceId>| self.look().decided.contains(&(user.clone(), device.cloned()));
        if devices.is_empty() {
            if !self.look().decided.iter().any(|(other, _)| other == user) {
                settled.push(self.without_device(user, person));
            }
            return Ok(());
        }
        let rule = match devices.len() {
            0 | 1 => PushRule::default(),
            _ => self.sources.store.push_rule(app, user).await?,
        };
        let others: Vec<(u8, Live, bool)> = match rule.is_idle() {
            true => Vec::new(),
            false => lives
                .iter()
                .map(|(id, live)| {
                    let acked = self.acked(user, id, Some(live)) || self.look().has_acked(user, id);
                    (platforms.get(id).copied().unwrap_or(0), *live, acked)
                })
                .collect(),
        };
        let badge = self.badge(user).await?;
        for (id, target) in devices {
            if decided(Some(id)) || decided(None) {
                continue;
            }
            let platform = platforms.get(id).copied().or(target.map(|target| target.platform)).unwrap_or(0);
            let had = before.get(id).and_then(|waiting| waiting.target.push_id.as_ref());
            let device = Device {
                acked: self.acked(user, id, lives.get(id)),
                live: lives.get(id).copied(),
                dropped_at: self.sources.hub.dropped_at(app, user, id),
                pushable: self.pushable(user, target, had).await?,
                rule: self.rule(&rule, platform, &others),
            };
            let push_id = target.map(|target| target.push_id.clone()).or(had.cloned());
            settled.push(Settled {
                target: Target { user: user.clone(), device: Some(id.clone()), push_id },
                step: decide(&self.case, person, &device),
                via: target.map(|target| (target.vendor, target.app_type)),
                badge,
            });
        }
        Ok(())
    }

    fn without_device(&self, user: &UserId, person: &Person) -> Settled {
        let device = Device {
            acked: false,
            live: None,
            dropped_at: None,
            pushable: Err(Reason::NotBound),
            rule: Rule::Idle,
        };
        let step = decide(&self.case, person, &device);
        Settled {
            target: Target { user: user.clone(), device: None, push_id: None },
            step,
            via: None,
            badge: None,
        }
    }

    /// Of several PushIDs of one device only one is used, so that nothing is shown twice: one that can be
    /// pushed before one that cannot, then the lower name.
    fn better<'a>(&self, best: Option<&'a PushTarget>, other: &'a PushTarget) -> Option<&'a PushTarget> {
        let app = self.intent().app;
        let rank = |target: &'a PushTarget| {
            let mute = target.tombstone.is_some() || target.suspension.is_some();
            (mute, self.shared.usable(app, target).is_err(), &target.push_id)
        };
        match best {
            Some(best) if rank(best) <= rank(other) => Some(best),
            _ => Some(other),
        }
    }

    /// Whether a push could go out to this device; `had` is the PushID it had when it was seen last.
    async fn pushable(
        &self,
        user: &UserId,
        target: Option<&PushTarget>,
        had: Option<&hongyan_wire::PushId>,
    ) -> Result<Result<(), Reason>, StoreError> {
        let app = self.intent().app;
        Ok(match (target, had) {
            (None, None) => Err(Reason::NotBound),
            (None, Some(push_id)) => Err(why_unbound(&*self.sources.store, app, user, push_id).await?),
            (Some(target), _) if target.tombstone.is_some() => Err(Reason::TokenGone),
            (Some(PushTarget { suspension: Some(why), .. }), _) => Err(Reason::of_suspension(why)),
            (Some(target), _) => {
                let strategy = self.prepared.strategy.as_ref().map(|_| ()).map_err(|reason| *reason);
                self.shared.usable(app, target).and(strategy)
            }
        })
    }

    fn acked(&self, user: &UserId, device: &DeviceId, live: Option<&Live>) -> bool {
        match &self.intent().subject {
            Subject::Message { conversation, seq, .. } => {
                self.sources.store.acknowledged(device, ConversationNo(*conversation)) >= *seq
            }
            Subject::Call { .. } => {
                self.look().call_acks.contains(&(user.clone(), device.clone()))
                    || received(self.prepared.call.as_ref(), user, device, live)
            }
        }
    }
}

/// Whether the stored call says that this device has the invitation, or acted on it.
fn received(call: Option<&CallRecord>, user: &UserId, device: &DeviceId, live: Option<&Live>) -> bool {
    let Some(record) = call.and_then(|call| call.users.iter().find(|one| one.user == *user)) else {
        return false;
    };
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
        revoked: false,
        blocked: false,
        has_read: membership.is_some_and(|one| one.read_seq >= seq),
        left: is_group && membership.is_none_or(|one| one.disabled || one.visible_from >= seq),
        call: Standing::Ringing,
    }
}

/// Sessions by device, and each device's platform. Of two sessions of one device the one in front counts.
fn lives(seats: Vec<Arc<Seat>>) -> (BTreeMap<DeviceId, Live>, HashMap<DeviceId, u8>) {
    let mut lives: BTreeMap<DeviceId, Live> = BTreeMap::new();
    let mut platforms = HashMap::new();
    for seat in seats {
        let live = Live { away_since: seat.away_since(), since: seat.since };
        platforms.insert(seat.device.clone(), seat.platform);
        let known = lives.entry(seat.device.clone()).or_insert(live);
        if known.is_away() {
            *known = live;
        }
    }
    (lives, platforms)
}
