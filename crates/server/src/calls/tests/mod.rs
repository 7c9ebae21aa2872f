//! Calls over the real store, a hub, and a clock moved by hand. Nothing sleeps; every wait is bounded.

mod actions;
mod advanced;
mod deadlines;
mod order;

use super::{Calls, Deadlines};
use crate::{
    chat::Actor,
    clock::{Clock, TimeHand},
    hub::{Arrival, Hub, Seating, SessionId},
    push::{Signal, Signals},
    store::{
        AppSettings, CallRecord, CallStore, LoginRecord, Store, UserStore,
        sqlite::{SqliteStore, StoreOptions},
    },
};
use hongyan_wire::{
    AppId, CallId, Code, DeviceId, Refusal, UserId,
    call::CallUserState,
    client::{AppPhase, CallAnswer, CallInvite, CallRef},
    frame::FromServer,
    server::Notification,
};
use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::sync::mpsc;

const APP: AppId = AppId(7);
const START_MS: u64 = 1_800_000_000_000;
/// Longest real time a test waits for what must come.
const WAIT: Duration = Duration::from_secs(20);

/// A store with five registered users, and the rules over it.
struct World {
    calls: Calls,
    deadlines: Option<Deadlines>,
    store: Arc<SqliteStore>,
    hub: Arc<Hub>,
    signals: mpsc::Receiver<Signal>,
    clock: Clock,
    hand: TimeHand,
    options: StoreOptions,
    dir: TempDir,
}

impl World {
    async fn start() -> Self {
        Self::start_with(StoreOptions::default()).await
    }

    async fn start_with(options: StoreOptions) -> Self {
        let (clock, hand) = Clock::manual(START_MS);
        let world = Self::open(options, clock, hand, TempDir::new().unwrap());
        for name in ["ann", "bob", "carol", "dave", "erin"] {
            let login = LoginRecord {
                app: APP,
                user: user(name),
                name: None,
                device: device(name),
                platform: 10,
                now_ms: START_MS,
            };
            world.store.sign_in(login).await.unwrap();
        }
        world
    }

    fn open(options: StoreOptions, clock: Clock, hand: TimeHand, dir: TempDir) -> Self {
        let store = SqliteStore::open(dir.path(), options.clone(), clock.clone()).unwrap();
        let hub = Hub::new();
        let (push, signals, _) = Signals::channel();
        let calls = Calls::new(clock.clone(), store.clone(), hub.clone(), push);
        let deadlines = Some(calls.start_deadlines());
        Self { calls, deadlines, store, hub, signals, clock, hand, options, dir }
    }

    /// Stops everything; `away` later another process opens the same data.
    async fn restart(mut self, away: Duration) -> Self {
        self.deadlines = None;
        self.store.close().await;
        self.hand.advance(away);
        Self::open(self.options, self.clock, self.hand, self.dir)
    }

    /// A live session of a user, on the user's own device or on `other`.
    fn seat(&self, name: &str, other: Option<&str>) -> Ear {
        let seating = self.hub.arrive(Arrival {
            session_id: SessionId::random(),
            app: APP,
            user: user(name),
            device: other.map_or_else(|| device(name), device),
            platform: 10,
            phase: AppPhase::Foreground,
            silence_ms: 35_000,
            now_ms: self.clock.now_ms(),
        });
        Ear { seating, heard: VecDeque::new() }
    }

    async fn invite(&self, invitees: &[&str], timeout: u32) -> Result<CallId, Refusal> {
        let result = self.calls.invite(&who("ann"), invitation(invitees, timeout)).await;
        result.map(|result| result.call_id)
    }

    async fn call(&self, id: CallId) -> CallRecord {
        self.store.call(id).await.unwrap().unwrap()
    }

    async fn state(&self, id: CallId, name: &str) -> CallUserState {
        self.call(id).await.users.iter().find(|one| one.user == user(name)).unwrap().state
    }

    /// Signals of push so far.
    fn signals(&mut self) -> Vec<Signal> {
        std::iter::from_fn(|| self.signals.try_recv().ok()).collect()
    }
}

/// What a device hears.
struct Ear {
    seating: Seating,
    heard: VecDeque<Notification>,
}

impl Ear {
    /// The next thing this device is told.
    async fn next(&mut self) -> Notification {
        while self.heard.is_empty() {
            let taken = tokio::time::timeout(WAIT, self.seating.seat().mailbox.take()).await;
            self.keep(taken.expect("nothing was told").0);
        }
        self.heard.pop_front().unwrap()
    }

    /// Names of everything that was told and not looked at.
    fn rest(&mut self) -> Vec<&'static str> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if let std::task::Poll::Ready((frames, _)) = self.seating.seat().mailbox.poll_take(&mut context) {
            self.keep(frames);
        }
        self.heard.drain(..).map(|told| told.method()).collect()
    }

    fn keep(&mut self, frames: VecDeque<bytes::Bytes>) {
        for frame in frames {
            let read = serde_json::from_slice::<FromServer<'_>>(&frame).unwrap();
            self.heard.push_back(Notification::read(&read).unwrap().unwrap());
        }
    }
}

/// Forgets what these devices were told so far.
fn hush<const N: usize>(ears: [&mut Ear; N]) {
    ears.into_iter().for_each(|ear| drop(ear.rest()));
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(&format!("device-of-{name}")).unwrap()
}

fn who(name: &str) -> Actor {
    Actor { app: APP, user: user(name), device: device(name), settings: Arc::new(AppSettings::default()) }
}

fn invitation(invitees: &[&str], timeout: u32) -> CallInvite {
    CallInvite {
        invitees: invitees.iter().map(|name| user(name)).collect(),
        timeout,
        mode: hongyan_wire::call::CallMode::General,
        enable_not_received_check: false,
        extended_data: "a call".into(),
        push_config: None,
    }
}

fn answer(call_id: CallId) -> CallAnswer {
    CallAnswer { call_id, extended_data: String::new() }
}

fn cancel(call_id: CallId) -> hongyan_wire::client::CallCancel {
    hongyan_wire::client::CallCancel {
        call_id,
        invitees: Vec::new(),
        extended_data: String::new(),
        push_config: None,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Code {
    result.unwrap_err().code
}

/// Waits for something that must come true.
async fn until<F: Future<Output = bool>>(what: &str, mut come: impl FnMut() -> F) {
    let started = std::time::Instant::now();
    while !come().await {
        assert!(started.elapsed() < WAIT, "waited in vain for {what}");
        tokio::task::yield_now().await;
    }
}
