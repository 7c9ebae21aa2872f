//! What a bench of our own starts from: a scratch directory, an app, and whatever is planted in the store
//! before the server runs.

use super::{own_server::OwnServer, usage::Usage};
use crate::tools;
use anyhow::{Context, bail};
use hongyan_client::load::Place;
use hongyan_server::{
    clock::Clock,
    store::{
        App, AppSettings, AppStore, LoginRecord, MessageStore, NewApp, Store, UserStore,
        sqlite::{SqliteStore, StoreOptions},
    },
};
use hongyan_wire::{DeviceId, UserId};
use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Store commands under way while planting.
const PLANTING_AT_ONCE: usize = 1_024;
/// Attempts to remove the scratch directory while a killed process lets go of it.
const REMOVALS_MAX: u32 = 50;
/// A server is at rest when it uses less than this share of a processor …
const REST_SHARE: f64 = 0.05;
/// … over this time, so often in a row.
const REST_SPAN: Duration = Duration::from_millis(250);
const REST_LOOKS: u32 = 4;
/// How long a server may take for what was before.
const REST_WITHIN: Duration = Duration::from_secs(180);

/// A directory that is removed at the end.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    fn make(below: &Path) -> anyhow::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let below = below.canonicalize().with_context(|| format!("no directory {}", below.display()))?;
        let path = below.join(format!("hongyan-bench-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for _ in 0..REMOVALS_MAX {
            match std::fs::remove_dir_all(&self.0) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                _ => return,
            }
        }
        tracing::warn!(path = %self.0.display(), "the data of a bench could not be removed");
    }
}

/// Data without a server.
#[derive(Debug)]
pub struct Ground {
    /// The data directory.
    pub data: Scratch,
    /// The one app in it.
    pub app: App,
}

impl Ground {
    /// Fresh data with an app whose clients are not slowed down.
    pub async fn prepare(below: &Path) -> anyhow::Result<Self> {
        let data = Scratch::make(below)?;
        let now_ms = tools::now_ms();
        let app = with_store(data.path(), async |store| {
            let new = NewApp { name: "bench".into(), id: None };
            let app = store.create_app(new, now_ms).await?.context("the app of the bench was not made")?;
            let settings = AppSettings {
                ack_deadline_ms: 60_000,
                messages_per_s: 1_000_000,
                group_members_max: 100_000,
                ..AppSettings::default()
            };
            store.set_app_settings(app.id, settings).await?;
            Ok(app)
        })
        .await?;
        Ok(Self { data, app })
    }

    /// Works on the store while no server runs on it.
    pub async fn plant<T>(
        &self,
        work: impl AsyncFnOnce(Arc<SqliteStore>) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        with_store(self.data.path(), work).await
    }

    /// Registers users on a device each, as if they had logged in once.
    pub async fn register(&self, store: &Arc<SqliteStore>, names: &[String]) -> anyhow::Result<()> {
        let (app, now_ms) = (self.app.id, tools::now_ms());
        let logins = names.iter().map(|name| {
            let (store, name) = (store.clone(), name.clone());
            async move {
                let (user, device) = (UserId::new(&name)?, DeviceId::new(&format!("device-{name}"))?);
                let login = LoginRecord { app, user, name: None, device, platform: 10, now_ms };
                store.sign_in(login).await?;
                Ok(())
            }
        });
        in_parallel(logins).await
    }

    /// Starts a server on it.
    pub async fn serve(self) -> anyhow::Result<Stage> {
        let server = OwnServer::start(self.data.path()).await?;
        let place = self.place(&server);
        Ok(Stage { place, server: Some(server), ground: Some(self) })
    }

    /// How clients reach a server that runs on it.
    pub fn place(&self, server: &OwnServer) -> Place {
        Place { url: server.ws(), app: self.app.id, app_sign: self.app.app_sign.expose().to_owned() }
    }
}

/// Opens the store, works, closes it, whatever came of the work.
pub async fn with_store<T>(
    dir: &Path,
    work: impl AsyncFnOnce(Arc<SqliteStore>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let store = SqliteStore::open(dir, StoreOptions::default(), Clock::system())?;
    // Nobody listens to what is committed here, and a full announcement queue would stop the writer.
    let mut announcements = store.announcements();
    let drain = tokio::spawn(async move {
        while let Some(announcements) = &mut announcements {
            if announcements.recv().await.is_none() {
                return;
            }
        }
    });
    let done = work(store.clone()).await;
    store.close().await;
    drain.abort();
    done
}

/// Runs all of them, many at once; the first error ends it.
pub async fn in_parallel<F>(works: impl Iterator<Item = F>) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for work in works {
        running.spawn(work);
        if running.len() >= PLANTING_AT_ONCE
            && let Some(done) = running.join_next().await
        {
            done??;
        }
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

/// A running server: ours, with its data, or somebody's.
#[derive(Debug)]
pub struct Stage {
    /// Where clients connect.
    pub place: Place,
    // In this order: the process ends before its data goes.
    server: Option<OwnServer>,
    ground: Option<Ground>,
}

impl Stage {
    /// Somebody's server.
    pub fn of(place: Place) -> Self {
        Self { place, server: None, ground: None }
    }

    /// Our own server, if it is.
    pub fn server(&self) -> Option<&OwnServer> {
        self.server.as_ref()
    }

    /// What its process has used so far; `None` for somebody's server.
    pub fn usage(&self) -> anyhow::Result<Option<Usage>> {
        self.server.as_ref().map(OwnServer::usage).transpose()
    }

    /// Waits until our own server has nothing left to do for what was before: it then uses next to no processor.
    pub async fn at_rest(&self) -> anyhow::Result<()> {
        let (begun, mut quiet) = (Instant::now(), 0);
        while quiet < REST_LOOKS {
            if begun.elapsed() > REST_WITHIN {
                bail!("the server has not come to rest in {REST_WITHIN:?}");
            }
            let Some(before) = self.usage()? else { return Ok(()) };
            tokio::time::sleep(REST_SPAN).await;
            let used_us = self.usage()?.map_or(0.0, |after| after.cpu_us - before.cpu_us);
            let resting = used_us < REST_SHARE * REST_SPAN.as_micros() as f64;
            quiet = if resting { quiet + 1 } else { 0 };
        }
        Ok(())
    }

    /// Ends our own server with kill -9 and gives the data back.
    pub async fn end(self) -> anyhow::Result<Ground> {
        if let Some(server) = self.server {
            server.kill().await?;
        }
        self.ground.context("somebody's server has no data of ours")
    }

    /// Names of users that no run before had, for servers that remember: a prefix.
    pub fn prefix(&self) -> String {
        format!("{:x}-", tools::now_ms() & 0xff_ffff_ffff)
    }
}
