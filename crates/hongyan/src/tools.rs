//! What the tools share: opening the data beside a running server, and reading what was typed.

use anyhow::{Context, bail};
use clap::Args;
use hongyan_server::{
    clock::Clock,
    store::{
        App, AppStore,
        sqlite::{KeySource, ToolStore},
    },
};
use hongyan_vendors::Secret;
use hongyan_wire::AppId;
use std::path::PathBuf;

/// Where the data is.
#[derive(Args)]
pub struct Data {
    /// Directory of the data.
    #[arg(long, value_name = "DIR", default_value = "hongyan-data", env = "HONGYAN_SERVER_DATA")]
    pub data: PathBuf,
    /// File with the key that push credentials are sealed with, if the server was given one; or the key itself in
    /// HONGYAN_STORE_KEY.
    #[arg(long, value_name = "FILE", env = "HONGYAN_STORE_KEY_FILE")]
    pub key_file: Option<PathBuf>,
}

impl Data {
    /// Opens the data beside a server that may be running on it.
    pub fn open(&self) -> anyhow::Result<ToolStore> {
        ToolStore::open(&self.data, &self.key())
            .with_context(|| format!("cannot open the data in {}", self.data.display()))
    }
}

impl Data {
    fn key(&self) -> KeySource {
        match (&self.key_file, std::env::var("HONGYAN_STORE_KEY")) {
            (Some(path), _) => KeySource::File(path.clone()),
            (None, Ok(key)) => KeySource::Given(Secret::new(key)),
            (None, Err(_)) => KeySource::Beside,
        }
    }
}

/// The app of this ID, or a sentence that says how to find one.
pub async fn app(store: &ToolStore, id: AppId) -> anyhow::Result<App> {
    match store.app(id).await? {
        Some(app) => Ok(app),
        None => bail!("there is no app {id}; `hongyan app list` shows those that exist"),
    }
}

/// Unix time in ms.
pub fn now_ms() -> u64 {
    Clock::system().now_ms()
}
