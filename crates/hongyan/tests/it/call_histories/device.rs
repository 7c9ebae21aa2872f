//! A device of a user: an app that comes back whenever it is wanted, and a screen that shows which calls ring.

use crate::{call_histories::pause, program::Program};
use hongyan_client::{AckPolicy, CallBook, CallError, Client, ClientOptions, Delivery, LoginOptions, Place};
use hongyan_wire::{
    AppId, CallId, DeviceId, UserId,
    call::{Call, CallMode},
    server::Notification,
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

/// Between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(30);

/// The screen of a device and what it must never have shown.
struct Screen {
    book: CallBook,
    /// Calls of general mode that were over here: they never ring again.
    over: Vec<CallId>,
    faults: Vec<String>,
}

pub struct Device {
    pub user: String,
    id: DeviceId,
    platform: u8,
    url: String,
    app: AppId,
    app_sign: String,
    screen: Mutex<Screen>,
    wanted: watch::Sender<bool>,
    client: watch::Sender<Option<Arc<Client>>>,
}

/// The device's life; dropping it ends it.
pub struct Life(JoinHandle<()>);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Device {
    pub fn start(program: &Program, user: &str, kind: &str, platform: u8) -> (Arc<Self>, Life) {
        let user_id = UserId::new(user).unwrap();
        let screen = Screen { book: CallBook::new(user_id), over: Vec::new(), faults: Vec::new() };
        let device = Arc::new(Self {
            user: user.to_owned(),
            id: DeviceId::new(&format!("{kind}-of-{user}")).unwrap(),
            platform,
            url: program.ws(),
            app: program.app,
            app_sign: program.app_sign.clone(),
            screen: Mutex::new(screen),
            wanted: watch::Sender::new(false),
            client: watch::Sender::new(None),
        });
        let life = Life(tokio::spawn(device.clone().live()));
        (device, life)
    }

    /// Whether the app shall be connected.
    pub fn want(&self, online: bool) {
        self.wanted.send_replace(online);
        if !online && let Some(client) = self.client.send_replace(None) {
            client.abort();
        }
    }

    /// The connection, once there is one; `None` when there is none within `wait`.
    pub async fn client(&self, wait: Duration) -> Option<Arc<Client>> {
        let mut changes = self.client.subscribe();
        let found = tokio::time::timeout(wait, changes.wait_for(Option::is_some)).await.ok()?;
        found.ok()?.clone()
    }

    pub fn place(&self, call: CallId) -> Place {
        self.screen.lock().unwrap().book.place(call)
    }

    pub fn rings(&self) -> bool {
        self.screen.lock().unwrap().book.ringing().next().is_some()
    }

    pub fn faults(&self) -> Vec<String> {
        self.screen.lock().unwrap().faults.clone()
    }

    /// Accepts or joins, as an app does: what it asks for is marked before.
    pub async fn enter(&self, call: CallId, joins: bool) -> Result<(), CallError> {
        let Some(client) = self.client(Duration::ZERO).await else { return Ok(()) };
        self.screen.lock().unwrap().book.asks(call);
        let answer = match joins {
            true => client.call_join(call, "").await.map(drop),
            false => client.call_accept(call, "").await,
        };
        let mut screen = self.screen.lock().unwrap();
        match &answer {
            Ok(()) => screen.book.enters(call),
            Err(CallError::Refused(_)) if screen.book.place(call) == Place::Asks => screen.book.leaves(call),
            // Cut off: the next login tells what became of it.
            Err(_) => {}
        }
        answer
    }

    /// This device rejected, quit or ended.
    pub fn leave(&self, call: CallId) {
        self.screen.lock().unwrap().book.leaves(call);
    }

    async fn live(self: Arc<Self>) {
        let mut wanted = self.wanted.subscribe();
        loop {
            // The sender lives as long as this device.
            wanted.wait_for(|wanted| *wanted).await.unwrap();
            if let Some(client) = self.connect().await {
                let _ = client.closing(Duration::from_secs(3_600)).await;
                self.client.send_replace(None);
            }
            pause(AGAIN).await;
        }
    }

    async fn connect(self: &Arc<Self>) -> Option<Arc<Client>> {
        let screen = self.clone();
        let listener = move |told: &Notification| screen.hear(told);
        let options = ClientOptions {
            ack: AckPolicy::Auto,
            delivery: Delivery::Listener(Arc::new(listener)),
            ..ClientOptions::default()
        };
        let client = Arc::new(Client::connect_with(&self.url, options).await.ok()?);
        let login = LoginOptions::with_app_sign(self.app, &self.app_sign, &self.user).unwrap();
        client.login(login.device(self.id.clone()).platform(self.platform)).await.ok()?;
        if self.screen.lock().unwrap().book.is_open() {
            let newest = client.call_list(100, None).await.ok()?.call_list;
            self.screen.lock().unwrap().catch_up(&newest);
        }
        let wanted = *self.wanted.borrow();
        if !wanted {
            return None;
        }
        self.client.send_replace(Some(client.clone()));
        Some(client)
    }

    fn hear(&self, told: &Notification) {
        let mut screen = self.screen.lock().unwrap();
        if let Notification::CallReceived(call) = told
            && screen.over.contains(&call.call_id)
        {
            let fault = format!("{} rang again after it was over: {}", self.id, call.call_id);
            screen.faults.push(fault);
        }
        screen.book.hear(told);
        if let Notification::CallEnded(ended) = told
            && ended.mode == CallMode::General
        {
            screen.over.push(ended.call_id);
        }
        if let Notification::CallTimeout(timeout) = told
            && timeout.mode == CallMode::General
        {
            screen.over.push(timeout.call_id);
        }
        if let Notification::CallCancelled(cancelled) = told
            && cancelled.mode == CallMode::General
        {
            screen.over.push(cancelled.call_id);
        }
    }
}

impl Screen {
    fn catch_up(&mut self, newest: &[Call]) {
        self.book.catch_up(newest);
    }
}
