//! `bench all`: every bench with the sizes of the targets, and the page and plot made of what they found.

use super::{
    Measure, Output, Target,
    call::Call,
    fanout::Fanout,
    growth::Growth,
    idle::Idle,
    in_memory::Apart,
    offline::Offline,
    page::{self, Goal},
    peer::Peer,
    plot,
    progress::Progress,
    push::Push,
    report::Report,
    restart::Restart,
    warm,
};
use anyhow::{Context, bail};
use clap::Args;
use std::path::PathBuf;

/// `bench all`.
#[derive(Args)]
pub struct All {
    /// The sizes of the targets: ten million messages before a restart, twenty million of growth, a million sessions.
    /// Takes long.
    #[arg(long)]
    full: bool,
    /// Where the page goes.
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    page: PathBuf,
    /// Where the plot goes.
    #[arg(long, value_name = "FILE", default_value = "docs/images/benchmarks.svg")]
    plot: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// A bench that was run and the targets it has.
pub struct Found {
    /// How it is called on a command line.
    pub command: &'static str,
    /// What it found, or why it found nothing.
    pub report: Result<Report, String>,
    /// What it should have found.
    pub goals: &'static [Goal],
}

impl All {
    /// Runs all and writes.
    pub async fn run(self) -> anyhow::Result<()> {
        let found = self.measure().await;
        let write = |path: &PathBuf, text: String| {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        write(&self.page, page::page(&found))?;
        write(&self.plot, plot::plot(&page::outcomes(&found)))?;
        if let Some(failed) = found.iter().find(|one| one.report.is_err()) {
            bail!("bench {} failed; the page says why", failed.command);
        }
        println!("written: {} and {}", self.page.display(), self.plot.display());
        Ok(())
    }

    async fn measure(&self) -> Vec<Found> {
        let (output, target) = (self.output.clone(), Target::default());
        let peer = |window, rate| Peer {
            senders: 1_000,
            window,
            rate,
            seconds: 5,
            target: target.clone(),
            output: output.clone(),
        };
        let offline =
            Offline { senders: 1_000, window: 1, seconds: 5, target: target.clone(), output: output.clone() };
        let idle = |sessions, in_memory| Idle {
            sessions,
            in_memory,
            warm: warm::MESSAGES,
            target: target.clone(),
            output: output.clone(),
        };
        let fanout = Fanout { members: 10_000, seconds: 5, target: target.clone(), output: output.clone() };
        let push = Push { receivers: 200, members: 1_000, pace: 100, step_ms: 2_000, output: output.clone() };
        let call = Call { calls: 1_000, output: output.clone() };
        let restart =
            Restart { messages: if self.full { 10_000_000 } else { 2_000_000 }, output: output.clone() };
        let most = if self.full { 20_000_000 } else { 2_000_000 };
        let growth = Growth {
            messages: vec![10_000, most / 2, most],
            groups: vec![10, 1_000, 100_000],
            step_ms: 3_000,
            output: output.clone(),
        };
        let mut all = Vec::new();
        let senders = "peer --senders 1000";
        run(&mut all, senders, &peer(1, None), page::PEER).await;
        run(&mut all, "peer --senders 1000 --rate 20000", &peer(64, Some(20_000)), page::PEER_PACED).await;
        run(&mut all, "peer --senders 1000 --window 32", &peer(32, None), page::PEER_WINDOW).await;
        run(&mut all, "offline --senders 1000", &offline, page::OFFLINE).await;
        run(&mut all, "idle --sessions 1000", &idle(1_000, false), &[]).await;
        run(&mut all, "idle --sessions 18000", &idle(18_000, false), page::IDLE).await;
        let (in_memory, goals) = (Apart(idle(100_000, true)), page::IDLE_IN_MEMORY);
        run(&mut all, "idle --in-memory --sessions 100000", &in_memory, goals).await;
        if self.full {
            let in_memory = Apart(idle(1_000_000, true));
            run(&mut all, "idle --in-memory --sessions 1000000", &in_memory, page::IDLE_MILLION).await;
        }
        run(&mut all, "fanout --members 10000", &fanout, page::FANOUT).await;
        run(&mut all, "push", &push, page::PUSH).await;
        run(&mut all, "call", &call, page::CALL).await;
        run(&mut all, "restart", &restart, page::RESTART).await;
        run(&mut all, "growth", &growth, page::GROWTH).await;
        all
    }
}

async fn run(all: &mut Vec<Found>, command: &'static str, bench: &impl Measure, goals: &'static [Goal]) {
    println!("== {command}");
    // One bench that fails must not cost the figures of all others: the page says that it failed.
    let report = match bench.measure(&Progress::of_terminal()).await {
        Ok(report) => {
            report.print(bench.output().json);
            Ok(report)
        }
        Err(error) => {
            println!("failed: {error:#}");
            Err(format!("{error:#}"))
        }
    };
    all.push(Found { command, report, goals });
}
