//! `hongyan push …`: what an app may send with, and how.

use crate::{
    alarms::{Alarms, Resume},
    tools::{self, Data},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hongyan_server::{
    push::parse_credential,
    store::{AppStore, StoredCredential, StoredStrategy},
};
use hongyan_vendors::{StrategyOptions, VendorKind};
use hongyan_wire::{AppId, limits::RESOURCES_ID_CHARS_MAX};
use serde_json::json;
use std::path::PathBuf;

/// Push settings.
#[derive(Subcommand)]
pub enum Push {
    /// Credentials of vendors.
    #[command(subcommand)]
    Credential(Credential),
    /// List what an operator has to look at: paused credentials, missing rights, quotas.
    Alarms(Alarms),
    /// End a credential's alarms and use it again at once if it is paused.
    Resume(Resume),
    /// Strategies: named vendor options, chosen by resourcesID.
    #[command(subcommand)]
    Strategy(Strategy),
}

/// Credentials.
#[derive(Subcommand)]
pub enum Credential {
    /// Set or replace the credential of a vendor.
    Set(SetCredential),
    /// List the credentials of an app, without their secrets.
    List(OfApp),
}

/// `push credential set`.
#[derive(Args)]
pub struct SetCredential {
    /// Which vendor: harmony.
    vendor: VendorKind,
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// The vendor's file; for harmony the service-account JSON.
    #[arg(long)]
    file: PathBuf,
    /// Which of the app's two sets.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    app_type: u8,
    /// harmony: the app-level Client ID; without it notices cannot be taken back.
    #[arg(long)]
    client_id: Option<String>,
    /// Instead of the vendor's public address: an emulator or a proxy.
    #[arg(long)]
    base_url: Option<String>,
    #[command(flatten)]
    data: Data,
}

/// Strategies.
#[derive(Subcommand)]
pub enum Strategy {
    /// Set or replace a strategy.
    Set(SetStrategy),
    /// List the strategies of an app.
    List(OfApp),
    /// Remove a strategy.
    Remove(RemoveStrategy),
}

/// `push strategy set`.
#[derive(Args)]
pub struct SetStrategy {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// The resourcesID, at most 32 characters.
    #[arg(long)]
    name: String,
    /// Options as JSON, e.g. '{"harmony":{"push_type":6}}'.
    #[arg(long)]
    options: String,
    #[command(flatten)]
    data: Data,
}

/// `push strategy remove`.
#[derive(Args)]
pub struct RemoveStrategy {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// The resourcesID.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    data: Data,
}

/// Names an app.
#[derive(Args)]
pub struct OfApp {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

impl Push {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Credential(Credential::Set(set)) => set.run().await,
            Self::Credential(Credential::List(of)) => list_credentials(of).await,
            Self::Alarms(alarms) => alarms.run().await,
            Self::Resume(resume) => resume.run().await,
            Self::Strategy(Strategy::Set(set)) => set.run().await,
            Self::Strategy(Strategy::List(of)) => list_strategies(of).await,
            Self::Strategy(Strategy::Remove(remove)) => remove.run().await,
        }
    }
}

impl SetCredential {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        let file = std::fs::read_to_string(&self.file)
            .with_context(|| format!("cannot read {}", self.file.display()))?;
        let stored = StoredCredential {
            vendor: self.vendor,
            app_type: self.app_type,
            file: file.into(),
            client_id: self.client_id,
            base_url: self.base_url,
            updated_at: tools::now_ms(),
        };
        parse_credential(&stored).context("the credential was not stored")?;
        let warn = stored.client_id.is_none();
        store.put_credential(app.id, stored).await?;
        println!("stored: {} for app {} (appType {})", self.vendor, app.id, self.app_type);
        if warn {
            println!("without --client-id notices cannot be taken back");
        }
        Ok(())
    }
}

async fn list_credentials(of: OfApp) -> anyhow::Result<()> {
    let store = of.data.open()?;
    let app = tools::app(&store, of.app).await?;
    let all = store.credentials(app.id).await?;
    if of.json {
        let all = all.iter().map(|one| {
            json!({"vendor": one.vendor, "appType": one.app_type, "clientID": one.client_id,
                   "baseURL": one.base_url, "updatedAt": one.updated_at})
        });
        println!("{}", serde_json::Value::from_iter(all));
        return Ok(());
    }
    for one in &all {
        let revokes = if one.client_id.is_some() { "can take notices back" } else { "no Client ID" };
        let url = one.base_url.as_deref().unwrap_or("the vendor's own address");
        println!("{}  appType {}  {revokes}  {url}", one.vendor, one.app_type);
    }
    if all.is_empty() {
        println!("no credentials yet; see: hongyan push credential set --help");
    }
    Ok(())
}

impl SetStrategy {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > RESOURCES_ID_CHARS_MAX {
            bail!("a resourcesID has 1 to {RESOURCES_ID_CHARS_MAX} characters");
        }
        let options: StrategyOptions =
            serde_json::from_str(&self.options).context("--options is not a strategy")?;
        options.validate().context("--options is not a strategy")?;
        let strategy =
            StoredStrategy { resources_id: name.to_owned(), options: serde_json::to_string(&options)? };
        if !store.put_strategy(app.id, strategy).await? {
            bail!("app {} has its ten strategies; remove one first", app.id);
        }
        println!("set: {name}");
        Ok(())
    }
}

impl RemoveStrategy {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        if !store.remove_strategy(app.id, &self.name).await? {
            bail!("app {} has no strategy {:?}", app.id, self.name);
        }
        println!("removed: {}", self.name);
        Ok(())
    }
}

async fn list_strategies(of: OfApp) -> anyhow::Result<()> {
    let store = of.data.open()?;
    let app = tools::app(&store, of.app).await?;
    let all = store.strategies(app.id).await?;
    if of.json {
        let read = |options: &str| serde_json::from_str::<serde_json::Value>(options).unwrap_or_default();
        let all =
            all.iter().map(|one| json!({"resourcesID": one.resources_id, "options": read(&one.options)}));
        println!("{}", serde_json::Value::from_iter(all));
        return Ok(());
    }
    for one in &all {
        println!("{}  {}", one.resources_id, one.options);
    }
    if all.is_empty() {
        println!("no strategies yet; see: hongyan push strategy set --help");
    }
    Ok(())
}
