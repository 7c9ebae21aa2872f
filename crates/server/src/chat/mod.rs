//! Rules of messaging: who may send what to whom, what a device gets when it comes, conversations and groups.
//!
//! Called by session with requests that were already read; works on the store (truth) and the hub (hint), and
//! wakes push. Knows no frames but the ones it tells others, and no sockets. Calls are next door.

mod blocks;
mod conversations;
mod fanout;
mod groups;
mod revoke;
mod send;
mod sync;
mod users;
mod view;

pub use fanout::Fanout;

use crate::{
    clock::Clock,
    hub::Hub,
    push::Signals,
    store::{AppSettings, Store, StoreError},
};
use bytes::Bytes;
use hongyan_wire::{AppId, Code, DeviceId, Refusal, UserId, client::Cursor, server::Notification};
use std::sync::Arc;

/// The rules of messaging. Cheap to clone.
#[derive(Clone)]
pub struct Chat {
    clock: Clock,
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    push: Signals,
}

/// Who asks: a user on a device, inside an app.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Where.
    pub app: AppId,
    /// Who.
    pub user: UserId,
    /// From which device.
    pub device: DeviceId,
    /// The app's policies at login.
    pub settings: Arc<AppSettings>,
}

/// What a device that logs in has already.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How far it has come, as it says itself.
    pub cursors: Vec<Cursor>,
    /// Unix time in ms of its login before; 0 when there was none.
    pub last_login_at: u64,
    /// Unix time in ms since which it is this user's.
    pub since: u64,
}

impl Chat {
    /// The rules over these parts.
    pub fn new(clock: Clock, store: Arc<dyn Store>, hub: Arc<Hub>, push: Signals) -> Self {
        Self { clock, store, hub, push }
    }

    /// Tells all live sessions of a user, or all but the device `except`.
    fn tell(&self, app: AppId, user: &UserId, except: Option<&DeviceId>, what: &Notification) {
        self.hub.deliver(app, user, except, &Bytes::from(what.to_frame()));
    }
}

/// The world's fault, as a device sees it: try again. The cause is logged where it is handled: here.
pub(crate) fn unavailable(error: StoreError) -> Refusal {
    tracing::error!(%error, "the store refused a request");
    Refusal::new(Code::SERVICE, format!("nothing was changed: {error}"))
}
