//! `hongyan push …`: what an app may send with, and how.

use crate::{
    alarms::{Alarms, Resume},
    tools::{self, Data},
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hongyan_server::{
    push::parse_credential,
    store::{AppStore, StoredCallback, StoredCredential, StoredStrategy},
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
    /// Remove a credential.
    Remove(RemoveCredential),
}

/// `push credential remove`.
#[derive(Args)]
pub struct RemoveCredential {
    /// Which vendor: harmony.
    vendor: VendorKind,
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// Which of the app's two sets.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    app_type: u8,
    #[command(flatten)]
    data: Data,
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
    callback: Callback,
    #[command(flatten)]
    data: Data,
}

/// Who signs the vendor's receipts. Left out, what was set before stays.
#[derive(Args)]
pub struct Callback {
    /// Callback user name, as entered in the vendor's console.
    #[arg(long, value_name = "NAME")]
    callback_user: Option<String>,
    /// Callback secret, as entered there; whoever lists processes can read it, so rather use a file.
    #[arg(long, value_name = "SECRET", requires = "callback_user")]
    callback_secret: Option<String>,
    /// A file with nothing but the callback secret.
    #[arg(long, value_name = "FILE", requires = "callback_user", conflicts_with = "callback_secret")]
    callback_secret_file: Option<PathBuf>,
    /// Forget the callback user name and secret.
    #[arg(long, conflicts_with = "callback_user")]
    no_callback: bool,
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
            Self::Credential(Credential::Remove(remove)) => remove.run().await,
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
        let before = store.credentials(app.id).await?.into_iter();
        let mut before = before.filter(|one| (one.vendor, one.app_type) == (self.vendor, self.app_type));
        let before = before.next();
        let rights = before.as_ref().map(|one| one.rights.clone()).unwrap_or_default();
        let callback = self.callback.read(before.and_then(|one| one.callback))?;
        let stored = StoredCredential {
            vendor: self.vendor,
            app_type: self.app_type,
            rights,
            callback,
            file: file.into(),
            client_id: self.client_id,
            base_url: self.base_url,
            updated_at: tools::now_ms(),
        };
        parse_credential(&stored).context("the credential was not stored")?;
        let warn = stored.client_id.is_none();
        let signed = stored.callback.is_some();
        store.put_credential(app.id, stored).await?;
        println!("stored: {} for app {} (appType {})", self.vendor, app.id, self.app_type);
        if warn {
            println!("without --client-id notices cannot be taken back");
        }
        match (signed, self.app_type) {
            (false, _) => println!("without --callback-user and --callback-secret receipts are not taken"),
            (true, 1) => println!("receipts: have them posted to /receipts/{}/{}", self.vendor, app.id),
            (true, set) => {
                println!("receipts: have them posted to /receipts/{}/{}/{set}", self.vendor, app.id)
            }
        }
        Ok(())
    }
}

impl Callback {
    /// What is set now, given what was set before.
    fn read(self, before: Option<StoredCallback>) -> anyhow::Result<Option<StoredCallback>> {
        if self.no_callback {
            return Ok(None);
        }
        let Some(user) = self.callback_user else { return Ok(before) };
        let secret = match (self.callback_secret, self.callback_secret_file) {
            (Some(secret), _) => secret,
            (None, Some(path)) => {
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
            (None, None) => bail!("--callback-user needs --callback-secret or --callback-secret-file"),
        };
        let (user, secret) = (user.trim().to_owned(), secret.trim().to_owned());
        if user.is_empty() || secret.is_empty() {
            bail!("callback user name and secret must not be empty");
        }
        Ok(Some(StoredCallback { user, secret: secret.into() }))
    }
}

impl RemoveCredential {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        if !store.remove_credential(app.id, self.vendor, self.app_type).await? {
            bail!("app {} has no {} credential of appType {}", app.id, self.vendor, self.app_type);
        }
        println!("removed: {} of app {} (appType {})", self.vendor, app.id, self.app_type);
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
                   "baseURL": one.base_url, "updatedAt": one.updated_at,
                   "callbackUser": one.callback.as_ref().map(|callback| &callback.user)})
        });
        println!("{}", serde_json::Value::from_iter(all));
        return Ok(());
    }
    for one in &all {
        let revokes = if one.client_id.is_some() { "can take notices back" } else { "no Client ID" };
        let url = one.base_url.as_deref().unwrap_or("the vendor's own address");
        let receipts = if one.callback.is_some() { "signed receipts" } else { "no receipts" };
        println!("{}  appType {}  {revokes}  {receipts}  {url}", one.vendor, one.app_type);
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
