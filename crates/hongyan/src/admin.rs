//! `hongyan admin …`: who may use the console. No password is typed here: links let people set their own.

use crate::tools::{self, Data};
use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use hongyan_server::{
    admin::invite,
    store::{
        Administrator, AdministratorChange, AdministratorChanged, AdministratorStore, AuditEntry,
        NewAdministrator, Role, sqlite::ToolStore,
    },
};
use hongyan_wire::AppId;
use serde_json::{Value, json};

/// Administrators of the console.
#[derive(Subcommand)]
pub enum Admin {
    /// List administrators.
    List(List),
    /// Make one; prints the one-time link by which it sets its password.
    Create(Create),
    /// Void a password and print a link for a new one; enables it again if it was disabled.
    Reset(Reset),
    /// Let one log in no more; its logins end at once.
    Disable(Disable),
}

/// `admin list`.
#[derive(Args)]
pub struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// `admin create`.
#[derive(Args)]
pub struct Create {
    /// Its name, for logging in.
    name: String,
    /// What it may do.
    #[arg(long, value_enum, default_value_t = RoleName::Owner)]
    role: RoleName,
    /// AppIDs that it may see; all when left out. Owners see all.
    #[arg(long = "app", value_name = "APPID")]
    apps: Vec<AppId>,
    #[command(flatten)]
    link: Where,
    #[command(flatten)]
    data: Data,
}

/// `admin reset`.
#[derive(Args)]
pub struct Reset {
    /// Its name.
    name: String,
    #[command(flatten)]
    link: Where,
    #[command(flatten)]
    data: Data,
}

/// `admin disable`.
#[derive(Args)]
pub struct Disable {
    /// Its name.
    name: String,
    #[command(flatten)]
    data: Data,
}

/// How the server is reached, for the printed link.
#[derive(Args)]
pub struct Where {
    /// The server's address as browsers reach it.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

/// A role on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Everything.
    Owner,
    /// Changes its apps.
    Operator,
    /// Reads its apps.
    Viewer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Owner => Role::Owner,
            RoleName::Operator => Role::Operator,
            RoleName::Viewer => Role::Viewer,
        }
    }
}

impl Admin {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(list) => list.run().await,
            Self::Create(create) => create.run().await,
            Self::Reset(reset) => reset.run().await,
            Self::Disable(disable) => disable.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let all = self.data.open()?.administrators().await?;
        if self.json {
            println!("{}", Value::from_iter(all.iter().map(shown)));
            return Ok(());
        }
        for one in &all {
            let apps = match &one.apps {
                None => "all apps".to_owned(),
                Some(apps) => {
                    format!("apps {}", apps.iter().map(AppId::to_string).collect::<Vec<_>>().join(" "))
                }
            };
            println!("{}  {}  {apps}  {}", one.name, one.role.as_str(), state(one));
        }
        if all.is_empty() {
            println!(
                "no administrators yet; hongyan admin create NAME, or use the link that the server prints"
            );
        }
        Ok(())
    }
}

fn state(one: &Administrator) -> &'static str {
    match (one.disabled, one.password.is_some()) {
        (true, _) => "disabled",
        (false, true) => "can log in",
        (false, false) => "has a link to use",
    }
}

fn shown(one: &Administrator) -> Value {
    json!({
        "id": one.id, "name": one.name, "role": one.role, "apps": one.apps, "disabled": one.disabled,
        "hasPassword": one.password.is_some(), "createdAt": one.created_at, "lastLoginAt": one.last_login_at,
    })
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            bail!("a name has 1 to 64 characters");
        }
        let apps = Some(self.apps).filter(|apps| !apps.is_empty());
        let new = NewAdministrator { name: name.clone(), role: self.role.into(), apps };
        let made = store.create_administrator(new, tools::now_ms()).await?;
        let made = made.with_context(|| format!("there is an administrator {name} already"))?;
        note(&store, "admin.create", &made.name).await?;
        print_link(&store, &made, &self.link.url).await
    }
}

async fn find(store: &ToolStore, name: &str) -> anyhow::Result<Administrator> {
    let found = store.administrators().await?.into_iter().find(|one| one.name == name);
    found.with_context(|| format!("there is no administrator {name}; hongyan admin list shows them"))
}

impl Reset {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let one = find(&store, &self.name).await?;
        let enable = AdministratorChange { disabled: Some(false), ..AdministratorChange::default() };
        store.change_administrator(one.id, enable).await?;
        store.set_password(one.id, None, None).await?;
        note(&store, "admin.reset", &one.name).await?;
        print_link(&store, &one, &self.link.url).await
    }
}

impl Disable {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let one = find(&store, &self.name).await?;
        let disable = AdministratorChange { disabled: Some(true), ..AdministratorChange::default() };
        match store.change_administrator(one.id, disable).await? {
            AdministratorChanged::Done(_) => {}
            AdministratorChanged::LastOwner => bail!("one owner who can log in must stay"),
            AdministratorChanged::NoSuch => bail!("there is no administrator {} any more", one.name),
        }
        note(&store, "admin.disable", &one.name).await?;
        println!("disabled: {}", one.name);
        Ok(())
    }
}

async fn print_link(store: &ToolStore, one: &Administrator, url: &str) -> anyhow::Result<()> {
    let link = invite(store, Some(one.id), tools::now_ms()).await?;
    println!("{} sets a password here, once, within a day:", one.name);
    println!("{}{}", url.trim_end_matches('/'), link.path());
    Ok(())
}

/// What is done here stands in the audit log too.
async fn note(store: &ToolStore, action: &str, target: &str) -> anyhow::Result<()> {
    let entry = AuditEntry {
        at: tools::now_ms(),
        by: "shell".to_owned(),
        address: "local".to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        ..AuditEntry::default()
    };
    Ok(store.note(entry).await?)
}
