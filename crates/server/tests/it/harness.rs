//! A whole server for a test: real sockets on loopback, the real store, a clock moved by hand, and an emulated
//! Push Kit when asked for. Nothing sleeps; every wait is for something and bounded.

use crate::push_kit::PushKit;
use hongyan_client::{AckPolicy, CallError, Client, ClientOptions, LoginOptions};
use hongyan_server::{
    app::Server,
    clock::{Clock, TimeHand},
    config::Config,
    push::TraceView,
    store::{App, NewApp, Store, StoredCredential, StoredStrategy},
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{
    CallId, ConversationKey, DeviceId, GroupId, PushId, UserId,
    call::CallMode,
    client::{CallCancel, CallCancelResult, CallInvite, CallInviteResult, GroupChange, PushRegister},
    group::GroupProfile,
    message::PushConfig,
    server::{Messages, Notification},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;

/// Longest real time a test waits for something that must come.
pub const WAIT: Duration = Duration::from_secs(20);
/// Real time after which something that must not come is taken not to come.
pub const QUIET: Duration = Duration::from_millis(150);

pub struct World {
    pub server: Server,
    pub app: App,
    pub kit: Option<PushKit>,
    pub clock: Clock,
    hand: TimeHand,
    dir: TempDir,
}

impl World {
    /// A server with one app and no vendor.
    pub async fn start() -> Self {
        Self::build(None, |_| {}).await
    }

    /// A server with one app, its credential, the strategies `silent` and `call`, and an emulated Push Kit.
    pub async fn with_push() -> Self {
        Self::with_push_and(|_| {}).await
    }

    /// The same with some settings changed; a restart has the usual ones.
    pub async fn with_push_and(change: impl FnOnce(&mut Config)) -> Self {
        let world = Self::build(Some(PushKit::start().await), change).await;
        let store = world.store();
        let kit = world.kit.as_ref().unwrap();
        let credential = StoredCredential {
            rights: Default::default(),
            vendor: VendorKind::Harmony,
            app_type: 1,
            file: kit.account.clone().into(),
            client_id: Some(crate::push_kit::CLIENT_ID.into()),
            callback: None,
            base_url: Some(kit.emulator.base_url()),
            updated_at: world.clock.now_ms(),
        };
        store.put_credential(world.app.id, credential).await.unwrap();
        for (name, push_type) in [("silent", 6), ("call", 10)] {
            let options = format!("{{\"harmony\":{{\"push_type\":{push_type}}}}}");
            let strategy = StoredStrategy { resources_id: name.into(), options };
            assert!(store.put_strategy(world.app.id, strategy).await.unwrap());
        }
        world
    }

    async fn build(kit: Option<PushKit>, change: impl FnOnce(&mut Config)) -> Self {
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let (clock, hand) = Clock::manual(now_ms);
        let dir = TempDir::new().unwrap();
        let mut config = config(&dir);
        change(&mut config);
        let server = Server::start(config, clock.clone(), axum::Router::new()).await.unwrap();
        let new = NewApp { name: "test".into(), id: None };
        let app = server.store().create_app(new, now_ms).await.unwrap().unwrap();
        Self { server, app, kit, clock, hand, dir }
    }

    /// Stops the server in order and starts another on the same data.
    pub async fn restart(self) -> Self {
        let Self { server, app, kit, clock, hand, dir } = self;
        server.shutdown().await;
        let server = Server::start(config(&dir), clock.clone(), axum::Router::new()).await.unwrap();
        Self { server, app, kit, clock, hand, dir }
    }

    pub fn store(&self) -> Arc<dyn Store> {
        self.server.store()
    }

    /// The data directory.
    pub fn data(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Moves the time of server and Push Kit.
    pub fn advance(&self, span: Duration) {
        if let Some(kit) = &self.kit {
            kit.emulator.clock().advance(span);
        }
        self.hand.advance(span);
    }

    pub fn url(&self) -> String {
        format!("ws://{}/ws", self.server.local_addr())
    }

    /// A login of this user by AppSign; its device is named after the user.
    pub fn login(&self, user: &str) -> LoginOptions {
        let login = LoginOptions::with_app_sign(self.app.id, self.app.app_sign.expose(), user).unwrap();
        login.device(device(user)).name(&user.to_uppercase())
    }

    /// A connection that has not logged in.
    pub async fn raw(&self) -> Client {
        self.raw_with(AckPolicy::Auto).await
    }

    pub async fn raw_with(&self, ack: AckPolicy) -> Client {
        // Heartbeats follow the real clock, and the server's is moved by hand.
        let options = ClientOptions { ack, heartbeat: false, ..ClientOptions::default() };
        Client::connect_with(&self.url(), options).await.unwrap()
    }

    /// A logged-in client that acknowledges what it gets.
    pub async fn client(&self, user: &str) -> Client {
        self.client_with(user, AckPolicy::Auto).await
    }

    /// The sync of the login is over when this returns: what comes from then on is live.
    pub async fn client_with(&self, user: &str, ack: AckPolicy) -> Client {
        let client = self.raw_with(ack).await;
        client.login(self.login(user)).await.unwrap();
        let (hub, user) = (self.server.hub(), user_id(user));
        until("the sync", || hub.seats_of(self.app.id, &user).iter().all(|seat| !seat.is_syncing())).await;
        client
    }

    /// Registers users by letting each log in and go.
    pub async fn register(&self, users: &[&str]) {
        for user in users {
            self.client(user).await.logout().await.unwrap();
        }
    }

    /// A phone of the emulated Push Kit whose token is registered for the user's device, bound by a login.
    pub async fn phone(&self, user: &str) -> hongyan_emulator::Phone {
        let (phone, token) = self.kit.as_ref().unwrap().phone(&format!("phone-of-{user}"));
        let client = self.client(user).await;
        register(&client, user, &token).await;
        client.abort();
        self.gone(user).await;
        phone
    }

    /// Requests that the vendor got so far.
    pub fn requests(&self) -> usize {
        self.kit.as_ref().unwrap().emulator.requests(0).requests.len()
    }

    /// Waits until the server knows that no session of this user is left, then lets the reconnect grace pass.
    pub async fn gone(&self, user: &str) {
        let user = user_id(user);
        let hub = self.server.hub();
        until("the session to be gone", || hub.seats_of(self.app.id, &user).is_empty()).await;
        self.advance(Duration::from_secs(3));
    }

    /// The trace of a message or call once every device has its final state.
    pub async fn settled_trace(&self, id: u64) -> TraceView {
        let started = std::time::Instant::now();
        loop {
            let trace = self.server.trace(id).await.unwrap();
            match trace {
                Some(trace) if trace.settled => return trace,
                trace => assert!(started.elapsed() < WAIT, "not settled in time: {trace:#?}"),
            }
            tokio::task::yield_now().await;
        }
    }
}

fn config(dir: &TempDir) -> Config {
    let mut config = Config::default();
    config.server.data = dir.path().to_owned();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config
}

/// Waits for a condition, yielding; fails the test when it does not come.
pub async fn until(what: &str, mut come: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !come() {
        assert!(started.elapsed() < WAIT, "waited in vain for {what}");
        tokio::task::yield_now().await;
    }
}

pub fn user_id(user: &str) -> UserId {
    UserId::new(user).unwrap()
}

pub fn device(user: &str) -> DeviceId {
    DeviceId::new(&format!("device-of-{user}")).unwrap()
}

pub fn peer(user: &str) -> ConversationKey {
    ConversationKey::Peer(user_id(user))
}

pub fn group(id: &str) -> ConversationKey {
    ConversationKey::Group(GroupId::new(id).unwrap())
}

/// The next messages a client gets.
pub async fn messages(client: &Client) -> Messages {
    let found = client.expect(|told| matches!(told, Notification::Messages(_)), WAIT).await;
    match found {
        Some(Notification::Messages(messages)) => messages,
        _ => panic!("no messages came; the connection is open: {}", client.is_open()),
    }
}

/// Registers a HarmonyOS token as the logged-in user of the device named after it.
pub async fn register(client: &Client, user: &str, token: &str) -> PushId {
    let push = PushRegister {
        app_id: None,
        app_sign: None,
        device_id: device(user),
        vendor: "harmony".into(),
        token: token.to_owned(),
        app_type: 1,
        locale: "zh-CN".into(),
    };
    client.push_register(&push).await.unwrap()
}

/// Creates a group with this groupID; empty lets the server choose.
pub async fn create_group(client: &Client, id: &str, users: Vec<UserId>) -> Result<GroupChange, CallError> {
    let group_info = GroupProfile { group_id: id.into(), group_name: "Geese".into(), ..Default::default() };
    client.group_create(group_info, users).await
}

/// Invites users to a call of general mode.
pub async fn invite(
    client: &Client,
    invitees: Vec<UserId>,
    timeout: u32,
    push_config: Option<PushConfig>,
) -> Result<CallInviteResult, CallError> {
    let extended_data = "video".into();
    let params = CallInvite {
        invitees,
        timeout,
        mode: CallMode::General,
        enable_not_received_check: false,
        extended_data,
        push_config,
    };
    client.call_invite(&params).await
}

/// Cancels a call.
pub async fn cancel(client: &Client, call_id: CallId) -> Result<CallCancelResult, CallError> {
    let (invitees, extended_data) = (Vec::new(), String::new());
    client.call_cancel(&CallCancel { call_id, invitees, extended_data, push_config: None }).await
}

/// What a message of text says.
pub fn text(message: &hongyan_wire::message::Message) -> String {
    message.content().unwrap().message
}
