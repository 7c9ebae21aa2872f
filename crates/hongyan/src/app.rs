//! `hongyan app …`: tenants, their keys and their settings.

use crate::tools::{self, Data};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hongyan_server::store::{self, AppSettings, AppStore, NewApp};
use hongyan_wire::AppId;
use serde_json::{Value, json};

/// Apps.
#[derive(Subcommand)]
pub enum App {
    /// Create an app; prints its keys.
    Create(Create),
    /// List the apps.
    List(List),
    /// Show one app with its keys and settings.
    Show(Show),
    /// Change settings, e.g. `ack_deadline_ms=3000 messages_per_s=20`.
    Set(Set),
}

/// `app create`.
#[derive(Args)]
pub struct Create {
    /// A name for people, 1 to 64 characters.
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// `app list`.
#[derive(Args)]
pub struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// `app show`.
#[derive(Args)]
pub struct Show {
    /// AppID.
    id: AppId,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// `app set`.
#[derive(Args)]
pub struct Set {
    /// AppID.
    id: AppId,
    /// Settings as key=value.
    #[arg(required = true, value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    data: Data,
}

impl App {
    /// Does it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List(list) => list.run().await,
            Self::Show(show) => show.run().await,
            Self::Set(set) => set.run().await,
        }
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > 64 {
            bail!("an app's name has 1 to 64 characters");
        }
        let store = self.data.open()?;
        let new = NewApp { name: name.to_owned(), id: None };
        match store.create_app(new, tools::now_ms()).await? {
            Some(app) => print(&app, self.json),
            None => bail!("there is an app named {name:?} already; choose another name"),
        }
        Ok(())
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let apps = self.data.open()?.apps().await?;
        if self.json {
            let all: Vec<Value> = apps.iter().map(public).collect();
            println!("{}", Value::from(all));
        } else if apps.is_empty() {
            println!("no apps yet; make one with: hongyan app create NAME");
        } else {
            for app in &apps {
                println!("{:>10}  {}{}", app.id, app.name, if app.enabled { "" } else { "  (switched off)" });
            }
        }
        Ok(())
    }
}

impl Show {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        print(&tools::app(&store, self.id).await?, self.json);
        Ok(())
    }
}

impl Set {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.id).await?;
        let settings = changed(&app.settings, &self.settings)?;
        store.set_app_settings(app.id, settings).await?;
        println!("set; a running server takes it up within a second, for sessions that log in from then on");
        Ok(())
    }
}

/// Settings with these changes, each checked against its bounds.
fn changed(settings: &AppSettings, changes: &[String]) -> anyhow::Result<AppSettings> {
    let mut all = serde_json::to_value(settings)?;
    for change in changes {
        let Some((key, value)) = change.split_once('=') else { bail!("{change:?} must be KEY=VALUE") };
        match all.get_mut(key) {
            Some(old) => *old = typed(key, old, value)?,
            None => bail!("there is no setting {key:?}; there are: {}", keys(&all).join(", ")),
        }
    }
    let settings: AppSettings = serde_json::from_value(all).context("a value is not possible here")?;
    settings.check().map_err(|sentence| anyhow::anyhow!(sentence))?;
    Ok(settings)
}

/// A value of the same kind as the one it replaces.
fn typed(key: &str, old: &Value, text: &str) -> anyhow::Result<Value> {
    Ok(match old {
        Value::Bool(_) => {
            text.parse::<bool>().with_context(|| format!("{key} must be true or false"))?.into()
        }
        Value::String(_) => text.into(),
        _ => text.parse::<u64>().with_context(|| format!("{key} must be a whole number"))?.into(),
    })
}

fn keys(settings: &Value) -> Vec<&str> {
    settings.as_object().map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn public(app: &store::App) -> Value {
    json!({"appID": app.id, "name": app.name, "enabled": app.enabled, "createdAt": app.created_at})
}

fn print(app: &store::App, as_json: bool) {
    let (sign, secret) = (app.app_sign.expose(), app.server_secret.expose());
    let callback = app.callback_secret.expose();
    if as_json {
        let mut all = public(app);
        all["appSign"] = sign.into();
        all["serverSecret"] = secret.into();
        all["callbackSecret"] = callback.into();
        all["settings"] = json!(app.settings);
        println!("{all}");
        return;
    }
    println!("name            {}", app.name);
    println!("AppID           {}", app.id);
    println!("AppSign         {sign}");
    println!("ServerSecret    {secret}");
    println!("CallbackSecret  {callback}");
    println!("settings        {}", json!(app.settings));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_one_by_one_and_within_bounds() {
        let before = AppSettings::default();
        let after = changed(&before, &["ack_deadline_ms=3000".into()]).unwrap();
        assert_eq!((after.ack_deadline_ms, after.messages_per_s), (3_000, before.messages_per_s));
        let several = changed(&before, &["devices=multi".into(), "one_phone=true".into()]).unwrap();
        assert!(several.one_phone && several.devices == hongyan_server::store::DevicePolicy::Multi);
        for bad in [
            "devices=many",
            "one_phone=1",
            "ack_deadline_ms",
            "ack_deadline_ms=soon",
            "no_such=1",
            "messages_per_s=0",
        ] {
            assert!(changed(&before, &[bad.into()]).is_err(), "{bad}");
        }
    }
}
