//! `hongyan push alarms` and `hongyan push resume`: what an operator has to look at, and the way to end it.

use crate::tools::{self, Data};
use anyhow::bail;
use clap::Args;
use hongyan_server::{
    push::{AlarmKind, lasts},
    store::{Alarm, AlarmStore},
};
use hongyan_vendors::VendorKind;
use hongyan_wire::AppId;

/// `push alarms`.
#[derive(Args)]
pub struct Alarms {
    /// Only those of this AppID.
    #[arg(long)]
    app: Option<AppId>,
    /// Also alarms that are over.
    #[arg(long)]
    all: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// `push resume`.
#[derive(Args)]
pub struct Resume {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// Which vendor.
    #[arg(long, default_value = "harmony")]
    vendor: VendorKind,
    /// Which of the app's two sets.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    app_type: u8,
    #[command(flatten)]
    data: Data,
}

impl Alarms {
    /// Prints them.
    pub async fn run(self) -> anyhow::Result<()> {
        let (store, now_ms) = (self.data.open()?, tools::now_ms());
        let mut alarms = store.alarms().await?;
        alarms.retain(|alarm| self.app.is_none_or(|app| app == alarm.app));
        alarms.retain(|alarm| self.all || lasts(alarm, now_ms));
        if self.json {
            println!("{}", serde_json::to_string(&alarms)?);
            return Ok(());
        }
        alarms.iter().for_each(|alarm| print(alarm, now_ms));
        if alarms.is_empty() {
            println!("no alarms");
        }
        Ok(())
    }
}

fn print(alarm: &Alarm, now_ms: u64) {
    let Alarm { app, vendor, app_type, kind, code, message, count, .. } = alarm;
    let minutes = |at: u64| now_ms.saturating_sub(at) / 60_000;
    let state = match alarm.cleared_at {
        Some(at) => format!("over for {} min", minutes(at)),
        None => format!("for {} min", minutes(alarm.since)),
    };
    println!(
        "app {app}  {vendor}  appType {app_type}  {kind}  {state}, seen {count} times, last said {code} {message}"
    );
    if let Some(kind) = AlarmKind::from_code(kind).filter(|_| lasts(alarm, now_ms)) {
        println!("    {}", kind.advice());
    }
}

impl Resume {
    /// Ends them; a running server notices within a few seconds.
    pub async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        let (vendor, app_type) = (self.vendor, self.app_type);
        match store.clear_alarms(app.id, vendor, app_type, tools::now_ms()).await? {
            0 => bail!("app {} has no alarm for {vendor} appType {app_type}", app.id),
            count => println!("ended: {count}; a running server goes on within a few seconds"),
        }
        Ok(())
    }
}
