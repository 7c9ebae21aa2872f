//! `hongyan bench …`: measures a server on this machine and prints figures with their conditions.
//!
//! Every bench prepares data of its own, runs the server in a process of its own, loads it over real
//! sockets from this one, and leaves nothing behind, also when it is stopped. What the figures mean:
//! docs/benchmarks.md.

mod all;
mod call;
mod fanout;
mod fill;
mod ground;
mod growth;
mod hold;
mod http;
mod idle;
mod in_memory;
mod multitude;
mod offline;
mod own_server;
mod page;
mod peer;
mod pipe;
mod plot;
mod progress;
mod push;
mod push_kit;
mod report;
mod restart;
mod traffic;

mod usage;
mod warm;

use crate::serve::StopSignals;
use anyhow::bail;
use clap::{Args, Subcommand};
use ground::{Ground, Stage};
use hongyan_client::load::Place;
use hongyan_wire::AppId;
use progress::Progress;
use report::Report;
use std::path::PathBuf;

/// Benches.
#[derive(Subcommand)]
pub enum Bench {
    /// Durable 1:1 sends carrying a pushConfig, receivers online, both acknowledged.
    Peer(peer::Peer),
    /// The same to receivers that are away, who then all log in.
    Offline(offline::Offline),
    /// Sessions that log in, send heartbeats and are otherwise idle.
    Idle(idle::Idle),
    /// One group message to many members, beside other traffic.
    Fanout(fanout::Fanout),
    /// Pushes to phones that are away, through the emulated Push Kit in a process of its own.
    Push(push::Push),
    /// From an invitation to the ring of a phone that is away.
    Call(call::Call),
    /// kill -9 and start, with many messages stored.
    Restart(restart::Restart),
    /// What a send costs as stored messages and members become more.
    Growth(growth::Growth),
    /// All of them with moderate sizes; writes the page and the plot.
    All(all::All),
    #[command(hide = true)]
    Hold(hold::Hold),
    #[command(hide = true)]
    Fill(fill::Fill),
}

/// How figures are printed, and where data is put meanwhile.
#[derive(Args, Clone, Default)]
pub struct Output {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Directory in which the bench makes one for its data, on the disk to be measured.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// Which server is measured.
#[derive(Args, Clone, Default)]
pub struct Target {
    /// A running server, as ws://ADDRESS:PORT/ws; figures that need its process are then absent.
    #[arg(long, requires = "app", requires = "app_sign")]
    url: Option<String>,
    /// The app, with a high `messages_per_s`.
    #[arg(long, requires = "url")]
    app: Option<AppId>,
    /// Its AppSign.
    #[arg(long, requires = "url", env = "HONGYAN_BENCH_APP_SIGN", hide_env_values = true)]
    app_sign: Option<String>,
}

impl Target {
    /// The named server, or one of our own on fresh data.
    async fn stage(&self, output: &Output) -> anyhow::Result<Stage> {
        self.stage_with(output, &[]).await
    }

    /// The same, with these users registered and away.
    async fn stage_with(&self, output: &Output, users: &[String]) -> anyhow::Result<Stage> {
        if let (Some(url), Some(app), Some(app_sign)) = (&self.url, self.app, &self.app_sign) {
            let place = Place { url: url.clone(), app, app_sign: app_sign.clone() };
            place.log_in_all(users.iter().cloned()).await?;
            return Ok(Stage::of(place));
        }
        let ground = Ground::prepare(&output.dir).await?;
        ground.plant(async |store| ground.register(&store, users).await).await?;
        ground.serve().await
    }
}

/// One bench: it runs once and reports.
trait Measure {
    /// Measures, bounded in time, and leaves nothing behind.
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report>;

    /// How the report is printed.
    fn output(&self) -> &Output;
}

impl Bench {
    /// Runs it, or ends early and tidily when it is told to stop.
    pub async fn run(self) -> anyhow::Result<()> {
        let stop = StopSignals::listen()?;
        tokio::select! {
            done = self.go() => done,
            () = stop.come() => bail!("stopped before it had figures"),
        }
    }

    async fn go(self) -> anyhow::Result<()> {
        match self {
            Self::Peer(bench) => run(&bench).await,
            Self::Offline(bench) => run(&bench).await,
            Self::Idle(bench) => run(&bench).await,
            Self::Fanout(bench) => run(&bench).await,
            Self::Push(bench) => run(&bench).await,
            Self::Call(bench) => run(&bench).await,
            Self::Restart(bench) => run(&bench).await,
            Self::Growth(bench) => run(&bench).await,
            Self::All(all) => all.run().await,
            Self::Hold(hold) => hold.run().await,
            Self::Fill(fill) => fill.run().await,
        }
    }
}

async fn run(bench: &impl Measure) -> anyhow::Result<()> {
    let report = bench.measure(&Progress::of_terminal()).await?;
    report.print(bench.output().json);
    Ok(())
}
