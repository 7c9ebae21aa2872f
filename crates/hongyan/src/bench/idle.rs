//! `bench idle`: what a session costs that is logged in, sends heartbeats and says nothing, before and
//! after it once did. With `--in-memory` the sessions are in this process, on pipes instead of sockets.

use super::{
    Measure, Output, Stage, Target,
    hold::{HELD_MAX, Holder},
    in_memory,
    progress::Progress,
    report::Report,
    usage::{Usage, kernel_socket_bytes, kernel_source},
    warm,
};
use clap::Args;
use std::time::Duration;

/// `bench idle`.
#[derive(Args, Clone)]
pub struct Idle {
    /// Sessions. On sockets the server itself may have so many open files, less a few.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sessions: u32,
    /// Server and sessions in this process, on pipes in memory: as many as there is memory for.
    #[arg(long, conflicts_with = "url")]
    pub in_memory: bool,
    /// Messages that other users exchange before anything is measured, so that the server is warm.
    #[arg(long, default_value_t = warm::MESSAGES, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub warm: u64,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub output: Output,
}

/// The server's memory at the moments that count.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Warm, and everybody has gone.
    pub before: Usage,
    /// All have logged in just now.
    pub logged_in: Usage,
    /// All are idle.
    pub resting: Usage,
    /// All are idle again after each has sent and received a message.
    pub after: Usage,
}

impl Memory {
    /// Puts down what a session costs.
    pub fn report(&self, report: &mut Report, sessions: u32) {
        let each = |now: &Usage| (now.rss as f64 - self.before.rss as f64) / f64::from(sessions);
        report.put("rss_bytes_per_session", each(&self.resting).round());
        report.put("rss_bytes_per_session_after_traffic", each(&self.after).round());
        report.put("server_rss_bytes_before", self.before.rss);
        report.put("server_rss_bytes", self.after.rss);
        report.put("server_pss_bytes", self.after.pss);
    }
}

/// Logins a second.
pub fn put_logins(report: &mut Report, sessions: u32, took: Duration) {
    report.put("sessions", sessions);
    report.put("logins_per_s", (f64::from(sessions) / took.as_secs_f64().max(1e-9)).round());
}

impl Measure for Idle {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        match self.in_memory {
            true => in_memory::measure(self, progress).await,
            false => self.on_sockets(progress).await,
        }
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

impl Idle {
    async fn on_sockets(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("idle");
        let stage = self.target.stage(&self.output).await?;
        let prefix = stage.prefix();
        if stage.server().is_some() {
            let _phase = progress.phase("warming up", warm::ABOUT);
            warm::warm_up(&stage.place, &prefix, self.warm).await?;
        }
        let about = Duration::from_millis(10_000) + Duration::from_micros(200) * self.sessions;
        let _phase = progress.phase("sessions", about);
        let (before, kernel) = (calm(&stage).await?, kernel_socket_bytes());
        let (mut holders, login_took) = self.hold(&stage, &prefix).await?;
        let logged_in = stage.usage()?;
        let (resting, kernel_resting) = (calm(&stage).await?, kernel_socket_bytes());
        for holder in &mut holders {
            holder.traffic().await?;
        }
        let after = calm(&stage).await?;
        put_logins(&mut report, self.sessions, login_took);
        let each = |total: f64| total / f64::from(self.sessions);
        if let (Some(before), Some(logged_in), Some(resting), Some(after)) =
            (before, logged_in, resting, after)
        {
            Memory { before, logged_in, resting, after }.report(&mut report, self.sessions);
            report.number("login_cpu_us", each(logged_in.cpu_us - before.cpu_us));
        }
        let kernel = kernel_resting.saturating_sub(kernel) as f64 / 2.0;
        report.put("kernel_bytes_per_session", each(kernel).round());
        report.put("kernel_bytes_source", kernel_source());
        let load: f64 = holders.iter().map(Holder::cpu_us).sum::<anyhow::Result<f64>>()?;
        report.number("load_cpu_us_per_session", each(load));
        Ok(report)
    }

    /// Processes that hold the sessions, and how long the logins took.
    async fn hold(&self, stage: &Stage, prefix: &str) -> anyhow::Result<(Vec<Holder>, Duration)> {
        let (mut holders, mut login_took) = (Vec::new(), Duration::ZERO);
        for first in (0..self.sessions).step_by(HELD_MAX as usize) {
            let count = HELD_MAX.min(self.sessions - first);
            let (holder, took) = Holder::start(&stage.place, prefix, first, count).await?;
            login_took += took;
            holders.push(holder);
        }
        Ok((holders, login_took))
    }
}

/// What our own server uses once its memory stands still.
async fn calm(stage: &Stage) -> anyhow::Result<Option<Usage>> {
    let Some(server) = stage.server() else { return Ok(None) };
    let mut http = server.http().await?;
    let look = async || {
        http.get("/metrics").await?;
        server.usage()
    };
    warm::calm(look).await.map(Some)
}
