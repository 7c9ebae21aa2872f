//! One life of the server in a simulation: from its start to a stop or a crash.

use super::kit::{CLIENT_ID, Kit};
use crate::{
    app::Core,
    clock::Clock,
    push::PushLimits,
    session::SessionLimits,
    store::{
        App, DevicePolicy, NewApp, Store, StoredCredential,
        sqlite::{Faults, SqliteStore, StoreOptions},
    },
};
use hongyan_vendors::VendorKind;
use std::{path::Path, sync::Arc};
use tokio::runtime::{Builder, Runtime};

/// A running server and what it runs on. Dropping the runtime is the crash.
pub struct Life {
    pub runtime: Runtime,
    pub core: Core,
    pub disk: Arc<Faults>,
}

impl Life {
    pub fn begin(dir: &Path, clock: &Clock, kit: &Kit) -> Self {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let disk = Arc::new(Faults::default());
        let options = StoreOptions {
            faults: Some(disk.clone()),
            threadless: true,
            readers: 2,
            cache_bytes: 1024 * 1024,
            tails_every: 20,
            ..StoreOptions::default()
        };
        let core = runtime.block_on(async {
            let store: Arc<dyn Store> = SqliteStore::open(dir, options, clock.clone()).unwrap();
            let limits = PushLimits { waiting_max: 40, ..PushLimits::default() };
            Core::start(store, clock.clone(), limits, SessionLimits::default(), Some(kit.line())).unwrap()
        });
        Self { runtime, core, disk }
    }

    /// The app with its credential, in the first life.
    pub fn found(&self, clock: &Clock, kit: &Kit) -> App {
        let store = &self.core.services.store;
        self.runtime.block_on(async {
            let new = NewApp { name: "sim".into(), id: None };
            let mut app = store.create_app(new, clock.now_ms()).await.unwrap().unwrap();
            let settings = Arc::make_mut(&mut app.settings);
            settings.devices = DevicePolicy::Multi;
            settings.messages_per_s = 1_000;
            store.set_app_settings(app.id, settings.clone()).await.unwrap();
            let credential = StoredCredential {
                rights: Default::default(),
                vendor: VendorKind::Harmony,
                app_type: 1,
                file: kit.account.clone().into(),
                client_id: Some(CLIENT_ID.into()),
                callback: None,
                base_url: Some("http://127.0.0.1:9".into()),
                updated_at: clock.now_ms(),
            };
            store.put_credential(app.id, credential).await.unwrap();
            app
        })
    }

    /// Lets everything run until nothing can go on without time or a client. With paused time the runtime moves
    /// on to the next timer only when every task waits.
    pub fn settle(&self) {
        self.runtime.block_on(async {
            for _ in 0..3 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        });
    }

    /// Lets tasks take so many turns, and stops wherever they are then.
    pub fn turns(&self, count: u32) {
        self.runtime.block_on(async {
            for _ in 0..count {
                tokio::task::yield_now().await;
            }
        });
    }
}
