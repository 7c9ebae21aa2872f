//! `hongyan trace`: what happened to a message or call, and why; or to the newest of one user or PushID.

use crate::tools::{self, Data};
use anyhow::bail;
use clap::Args;
use hongyan_server::{
    push::{TraceLine, TraceView},
    store::{TraceSource, sqlite::ToolStore},
};
use hongyan_wire::{AppId, PushId, UserId};

/// Prints a trace.
#[derive(Args)]
pub struct Trace {
    /// messageID or callID.
    #[arg(required_unless_present_any = ["user", "push_id"])]
    id: Option<String>,
    /// Instead: the newest messages and calls of this user.
    #[arg(long, value_name = "USERID", requires = "app", conflicts_with_all = ["id", "push_id"])]
    user: Option<String>,
    /// Instead: the newest of the device that has this PushID.
    #[arg(long, value_name = "PUSHID", requires = "app", conflicts_with = "id")]
    push_id: Option<String>,
    /// AppID, for --user and --push-id.
    #[arg(long)]
    app: Option<AppId>,
    /// Lines, for --user and --push-id.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

impl Trace {
    /// Prints it.
    pub async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        match (&self.id, &self.user, &self.push_id, self.app) {
            (Some(id), ..) => self.one(&store, id).await,
            (None, Some(user), _, Some(app)) => {
                tools::app(&store, app).await?;
                let user = UserId::new(user).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
                let lines = TraceLine::load(&store, app, &user, None, u64::MAX, self.count.into()).await?;
                self.print(&lines)
            }
            (None, None, Some(id), Some(app)) => self.of_push_id(&store, app, id).await,
            _ => bail!("name a messageID or callID, or --user or --push-id with --app"),
        }
    }

    async fn one(&self, store: &ToolStore, id: &str) -> anyhow::Result<()> {
        let Ok(number) = id.parse::<u64>() else {
            bail!("{id:?} is no ID; a messageID or callID is a decimal number");
        };
        match TraceView::load(store, None, number).await? {
            Some(trace) if self.json => println!("{}", serde_json::to_string(&trace)?),
            Some(trace) => println!("{}", trace.to_text()),
            None => bail!("there is no message or call {id}, or its trace is older than the retention"),
        }
        Ok(())
    }

    async fn of_push_id(&self, store: &ToolStore, app: AppId, id: &str) -> anyhow::Result<()> {
        tools::app(store, app).await?;
        let id = PushId::new(id).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
        let Some(found) = store.traced_push_id(app, &id).await? else {
            bail!("nobody is bound to this PushID: it was never registered here, or its user logged out");
        };
        if !self.json {
            let state = match &found.tombstone {
                Some(stone) => format!("dead since {} (the vendor said {})", stone.at, stone.code),
                None => "alive".to_owned(),
            };
            println!("{} on {}, appType {}: {state}", found.user, found.device, found.app_type);
        }
        let device = Some(&found.device);
        let lines = TraceLine::load(store, app, &found.user, device, u64::MAX, self.count.into()).await?;
        self.print(&lines)
    }

    fn print(&self, lines: &[TraceLine]) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(lines)?);
        } else if lines.is_empty() {
            println!("nothing that carried a pushConfig within the retention");
        } else {
            lines.iter().for_each(|line| println!("{}", line.to_text()));
        }
        Ok(())
    }
}
