//! What the tests of the pipeline start from: an app with a credential, users on phones, time in the hand.

use crate::{
    clock::{Clock, TimeHand},
    hub::{Arrival, Hub, Seating, SessionId},
    push::{
        Push, PushLimits, PushParts, Signal, Signals,
        trace::{DeviceState, TraceView},
    },
    store::{
        AppStore, Append, Appended, CallRecord, CallStore, CallUserRecord, CursorMove, GroupOutcome,
        GroupStore, LoginRecord, MessageStore, NewApp, NewGroup, NewIntent, NewMessage, NewPush, Recipients,
        Retraction, Store, StoredCredential, UserStore,
        sqlite::{Faults, SqliteStore, StoreOptions},
    },
};
use hongyan_emulator::{
    AppSpec, Emulator, EmulatorConfig, FaultAction, FaultSpec, KeyBits, LoggedRequest, Phone, ProjectSpec,
    Right,
};
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::{
    AppId, CallId, ConversationKey, DeviceId, GroupId, MessageId, PushId, UserId,
    call::{CallMode, CallState, CallUserState},
    client::AppPhase,
    group::GroupProfile,
    message::PushConfig,
};
use std::{future::Future, sync::Arc, time::Duration};

pub const PROJECT: &str = "101";
pub const BUNDLE: &str = "com.example.chat";
/// Long enough for a slow machine, short enough to end a broken test.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Bench {
    dir: tempfile::TempDir,
    pub store: Arc<SqliteStore>,
    pub hub: Arc<Hub>,
    pub clock: Clock,
    hand: TimeHand,
    pub emulator: Emulator,
    pub push: Option<Push>,
    pub signals: Signals,
    pub limits: PushLimits,
    pub app: AppId,
    /// Makes the disk fail.
    pub disk: Arc<Faults>,
    sent: u64,
}

/// A user's device with its phone.
pub struct Member {
    pub user: UserId,
    pub device: DeviceId,
    pub phone: Phone,
    pub push_id: PushId,
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn device_of(name: &str) -> DeviceId {
    DeviceId::new(&format!("device-{name}")).unwrap()
}

pub fn peer(name: &str) -> ConversationKey {
    ConversationKey::Peer(user(name))
}

pub fn push_config() -> PushConfig {
    PushConfig { title: "Ann".into(), content: "hello".into(), ..PushConfig::default() }
}

const CLIENT_ID: &str = "900001";

fn app_spec() -> AppSpec {
    AppSpec {
        rights: [Right::Im, Right::Voip, Right::MissCall].into(),
        ..AppSpec::for_chat(BUNDLE, CLIENT_ID)
    }
}

impl Bench {
    /// Users "ann" and "bob" on a phone each, the pipeline running.
    pub async fn new() -> Self {
        Self::with(PushLimits::default()).await
    }

    pub async fn with(limits: PushLimits) -> Self {
        let start_ms = Clock::system().now_ms();
        let (clock, hand) = Clock::manual(start_ms);
        let config = EmulatorConfig {
            clock: hongyan_emulator::Clock::manual(start_ms),
            seed: Some(1),
            ..EmulatorConfig::default()
        };
        let emulator = Emulator::start(config).await.unwrap();
        let account = emulator.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
        let project =
            ProjectSpec { project_id: PROJECT.into(), apps: vec![app_spec()], ..ProjectSpec::default() };
        emulator.register_project(&project).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let disk = Arc::new(Faults::default());
        let options = StoreOptions { faults: Some(disk.clone()), ..StoreOptions::default() };
        let store = SqliteStore::open(dir.path(), options, clock.clone()).unwrap();
        let new_app = NewApp { name: "demo".into(), id: None };
        let app = store.create_app(new_app, start_ms).await.unwrap().unwrap().id;
        let hub = Hub::new();
        let (push, signals) = start(&clock, &store, &hub, &limits);
        let push = Some(push);
        let mut bench =
            Self { dir, store, hub, clock, hand, emulator, push, signals, limits, app, disk, sent: 0 };
        bench.put_credential(&account).await;
        bench.member("ann").await;
        bench
    }

    pub async fn put_credential(&mut self, file: &str) {
        let credential = StoredCredential {
            rights: Default::default(),
            vendor: VendorKind::Harmony,
            app_type: 1,
            file: Secret::from(file.to_owned()),
            client_id: Some(CLIENT_ID.into()),
            callback: None,
            base_url: Some(self.emulator.base_url()),
            updated_at: self.clock.now_ms() + self.sent,
        };
        self.sent += 1;
        self.store.put_credential(self.app, credential).await.unwrap();
    }

    /// Kills the pipeline where it stands, the store and everything in memory with it, and starts anew.
    pub async fn restart(&mut self) {
        drop(self.push.take());
        self.hub = Hub::new();
        self.store.close().await;
        let other = tempfile::tempdir().unwrap();
        // The old store may still be held by a task that is being dropped: go on with what is on the disk.
        for entry in std::fs::read_dir(self.dir.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), other.path().join(entry.file_name())).unwrap();
        }
        self.store = SqliteStore::open(other.path(), StoreOptions::default(), self.clock.clone()).unwrap();
        self.dir = other;
        let (push, signals) = start(&self.clock, &self.store, &self.hub, &self.limits);
        (self.push, self.signals) = (Some(push), signals);
    }

    pub fn advance(&self, ms: u64) {
        let span = Duration::from_millis(ms);
        self.emulator.clock().advance(span);
        self.hand.advance(span);
    }

    /// A user that logged in on a phone of its own once, registered for push, and is away now.
    pub async fn member(&self, name: &str) -> Member {
        self.other_device(name, name).await
    }

    /// One more phone of a user.
    pub async fn other_device(&self, name: &str, device: &str) -> Member {
        let (user, device) = (user(name), device_of(device));
        self.sign_in(&user, &device).await;
        let phone = self.emulator.phone(device.as_str()).unwrap();
        let token = phone.ready(BUNDLE, PROJECT).unwrap();
        let push_id = self.register(&user, &device, &token).await;
        Member { user, device, phone, push_id }
    }

    pub async fn sign_in(&self, user: &UserId, device: &DeviceId) {
        let login = LoginRecord {
            app: self.app,
            user: user.clone(),
            name: None,
            device: device.clone(),
            platform: 10,
            now_ms: self.clock.now_ms(),
        };
        self.store.sign_in(login).await.unwrap();
    }

    pub async fn register(&self, user: &UserId, device: &DeviceId, token: &str) -> PushId {
        let push = NewPush {
            app: self.app,
            device: device.clone(),
            user: Some(user.clone()),
            vendor: VendorKind::Harmony,
            token: token.into(),
            app_type: 1,
            locale: "zh-CN".into(),
            now_ms: self.clock.now_ms(),
        };
        self.store.register_push(push).await.unwrap()
    }

    /// Seats a session of the member's device.
    pub fn connect(&self, member: &Member, phase: AppPhase) -> Seating {
        let arrival = Arrival {
            session_id: SessionId::random(),
            app: self.app,
            user: member.user.clone(),
            device: member.device.clone(),
            platform: 10,
            phase,
            silence_ms: 35_000,
            now_ms: self.clock.now_ms(),
        };
        let seating = self.hub.arrive(arrival);
        self.changed(member);
        seating
    }

    pub fn changed(&self, member: &Member) {
        self.signals.send(Signal::UserChanged { app: self.app, user: member.user.clone() });
    }

    pub fn intent(&self, push: PushConfig) -> NewIntent {
        NewIntent {
            kind: crate::store::IntentKind::Delivery,
            sender: user("ann"),
            recipients: Recipients::Others,
            push,
            mentioned: Vec::new(),
            mention_all: false,
            notify_mentioned: false,
            call: None,
            expires_at: self.clock.now_ms() + 86_400_000,
        }
    }

    /// Ann sends a message that may be pushed.
    pub async fn send(&mut self, to: ConversationKey) -> MessageId {
        let intent = self.intent(push_config());
        self.send_with(to, Some(intent)).await
    }

    pub async fn send_with(&mut self, to: ConversationKey, intent: Option<NewIntent>) -> MessageId {
        let appended = self.append(to, intent).await;
        if let Some(intent) = &appended.intent {
            self.signals.send(Signal::Intent(intent.clone()));
        }
        appended.message.id
    }

    /// Stores a message without waking the pipeline.
    pub async fn append(&mut self, to: ConversationKey, intent: Option<NewIntent>) -> Arc<Appended> {
        self.sent += 1;
        let message = NewMessage {
            app: self.app,
            sender: user("ann"),
            sender_device: device_of("ann"),
            to,
            local_id: format!("local-{}", self.sent),
            content: "{}".into(),
            disable_unread: false,
            intent,
            now_ms: self.clock.now_ms(),
        };
        match self.store.append_message(message).await.unwrap() {
            Append::Stored(appended) => appended,
            other => panic!("{other:?}"),
        }
    }

    /// Lets the disk be full: writes until the store refuses.
    pub async fn fill_disk(&mut self) {
        self.sign_in(&user("writer"), &device_of("writer")).await;
        self.disk.limit_pages(1);
        while self.store.health().is_ok() {
            self.sent += 1;
            let message = NewMessage {
                app: self.app,
                sender: user("ann"),
                sender_device: device_of("ann"),
                to: peer("writer"),
                local_id: format!("local-{}", self.sent),
                content: format!("{{\"text\":\"{}\"}}", "x".repeat(2_000)).into(),
                disable_unread: false,
                intent: None,
                now_ms: self.clock.now_ms(),
            };
            // What becomes of it says the store's health.
            let _ = self.store.append_message(message).await;
        }
    }

    /// A device acknowledges what is in its conversation with Ann up to `seq`.
    pub fn ack(&self, member: &Member, key: ConversationKey, seq: u64) {
        let moved =
            CursorMove { app: self.app, user: member.user.clone(), device: member.device.clone(), key, seq };
        let conversation = self.acknowledge(moved);
        let (app, user, device) = (self.app, member.user.clone(), member.device.clone());
        self.signals.send(Signal::Acked { app, user, device, conversation, seq });
    }

    fn acknowledge(&self, moved: CursorMove) -> crate::store::ConversationNo {
        crate::store::ConversationStore::acknowledge(&*self.store, moved).expect("the conversation is there")
    }

    pub async fn group(&self, members: &[&str]) -> ConversationKey {
        let group = NewGroup {
            app: self.app,
            profile: GroupProfile { group_id: "geese".into(), ..GroupProfile::default() },
            owner: user("ann"),
            members: members.iter().map(|name| user(name)).collect(),
            now_ms: self.clock.now_ms(),
        };
        let made = self.store.create_group(group, 100).await.unwrap();
        assert!(matches!(made, GroupOutcome::Done(_)), "{made:?}");
        ConversationKey::Group(GroupId::new("geese").unwrap())
    }

    /// Ann calls these users for a time.
    pub async fn call(&self, users: &[&str], ring_ms: u64) -> CallRecord {
        self.call_with(users, ring_ms, push_config()).await
    }

    /// The same with another wish for a push.
    pub async fn call_with(&self, users: &[&str], ring_ms: u64, push: PushConfig) -> CallRecord {
        let now = self.clock.now_ms();
        let id = self.store.next_call_id(now);
        let record = |name: &str, state, deadline_at| CallUserRecord {
            user: user(name),
            inviter: user("ann"),
            state,
            extended_data: String::new(),
            deadline_at,
            device: None,
            accepted_at: 0,
            check_at: 0,
            notice: 0,
        };
        let callees = users.iter().map(|name| record(name, CallUserState::Inviting, now + ring_ms));
        let call = CallRecord {
            id,
            app: self.app,
            mode: CallMode::General,
            state: CallState::Started,
            caller: user("ann"),
            extended_data: String::new(),
            timeout_s: (ring_ms / 1_000) as u32,
            checks: false,
            ends_at: None,
            created_at: now,
            due_at: Some(now + ring_ms),
            ended_at: None,
            users: std::iter::once(record("ann", CallUserState::Accepted, 0)).chain(callees).collect(),
            version: 1,
        };
        let intent = NewIntent {
            recipients: Recipients::Users(users.iter().map(|name| user(name)).collect()),
            call: Some((id, CallMode::General)),
            expires_at: now + ring_ms,
            ..self.intent(push)
        };
        self.store.create_call(call.clone(), Some(intent)).await.unwrap();
        let intent = self.store_intent(id).await;
        self.signals.send(Signal::Intent(Arc::new(intent)));
        call
    }

    async fn store_intent(&self, id: CallId) -> crate::store::Intent {
        use crate::store::PushStore;
        let pending = self.store.pending_intents(id.0 - 1, 1).await.unwrap();
        pending.into_iter().next().expect("the intent was stored with the call")
    }

    /// Ends a call for one user, as calls would: with the order to take notices back.
    pub async fn end_call(&self, call: &mut CallRecord, name: &str, state: CallUserState) {
        let record = call.users.iter_mut().find(|record| record.user == user(name)).unwrap();
        record.state = state;
        call.version += 1;
        let users = vec![user(name)];
        let order = Retraction::CallOver { call: call.id, users, reason: "call_over".into() };
        self.store.save_call(call.clone(), vec![], Some(order)).await.unwrap();
        self.signals.send(Signal::Retraction);
    }

    /// Moves one user of a call to a state, as calls would.
    pub async fn move_call(&self, call: &mut CallRecord, name: &str, state: CallUserState) {
        let record = call.users.iter_mut().find(|record| record.user == user(name)).unwrap();
        record.state = state;
        call.version += 1;
        self.store.save_call(call.clone(), vec![], None).await.unwrap();
    }

    pub async fn trace(&self, id: u64) -> TraceView {
        let push = self.push.as_ref().expect("the pipeline runs");
        push.trace(Some(self.app), id).await.unwrap().expect("it has a trace")
    }

    /// Waits until every device has its end.
    pub async fn settled(&self, id: u64) -> TraceView {
        self.until(id, |trace| trace.settled).await
    }

    /// Waits until the trace is so.
    pub async fn until(&self, id: u64, is_so: impl Fn(&TraceView) -> bool) -> TraceView {
        eventually(async || Some(self.trace(id).await).filter(|trace| is_so(trace))).await
    }

    /// Waits until the planner has looked and waits for this many devices.
    pub async fn waits_for(&self, id: u64, devices: usize) -> TraceView {
        let pending = |trace: &TraceView| {
            let waits = |device: &&crate::push::trace::DeviceView| {
                device.state == DeviceState::Pending && device.dispatch_id.is_none()
            };
            trace.devices.iter().filter(waits).count() == devices
        };
        self.until(id, pending).await
    }

    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.emulator.requests(0).requests
    }

    /// The next so many requests meet this.
    pub fn fault(&self, next: u64, action: FaultAction) {
        let spec = FaultSpec { next: Some(next), action, ..FaultSpec::default() };
        self.emulator.add_fault(spec).unwrap();
    }
}

fn start(clock: &Clock, store: &Arc<SqliteStore>, hub: &Arc<Hub>, limits: &PushLimits) -> (Push, Signals) {
    let (sender, signals, overflow) = Signals::channel();
    let parts = PushParts {
        carrier: None,
        clock: clock.clone(),
        store: store.clone(),
        hub: hub.clone(),
        signals,
        overflow,
        limits: limits.clone(),
    };
    (Push::start(parts), sender)
}

/// Asks until there is an answer, for a bounded time.
pub async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let asked = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it happens in time")
}

/// State and reason of each device, by user.
pub fn states(trace: &TraceView) -> Vec<(String, DeviceState, Option<String>)> {
    let mut states: Vec<_> = trace
        .devices
        .iter()
        .map(|device| (device.user_id.to_string(), device.state, device.reason.clone()))
        .collect();
    states.sort_by(|one, other| one.0.cmp(&other.0));
    states
}

/// What one device of a trace came to.
#[track_caller]
pub fn only(trace: &TraceView) -> (DeviceState, Option<&str>) {
    let [device] = trace.devices.as_slice() else { panic!("{:#?}", trace.devices) };
    (device.state, device.reason.as_deref())
}
