//! `bench idle`: what a session costs that is logged in, sends heartbeats and says nothing, before and
//! after it once did.

use super::{
    Measure, Output, Target,
    hold::{HELD_MAX, Holder},
    progress::Progress,
    report::Report,
    usage::{Usage, kernel_socket_bytes, kernel_source},
};
use clap::Args;
use std::time::Duration;

/// Memory is read after the server had this long to calm down.
const CALM: Duration = Duration::from_millis(1_500);

/// `bench idle`.
#[derive(Args, Clone)]
pub struct Idle {
    /// Sessions. The server itself may have so many open files, less a few.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub sessions: u32,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Idle {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("idle");
        let stage = self.target.stage(&self.output).await?;
        let about = Duration::from_millis(3_500) + Duration::from_micros(200) * self.sessions;
        let _phase = progress.phase("sessions", about);
        let (server, kernel) = (stage.usage()?, kernel_socket_bytes());
        let (mut holders, mut login_took) = (Vec::new(), Duration::ZERO);
        let prefix = stage.prefix();
        for first in (0..self.sessions).step_by(HELD_MAX as usize) {
            let count = HELD_MAX.min(self.sessions - first);
            let (holder, took) = Holder::start(&stage.place, &prefix, first, count).await?;
            login_took += took;
            holders.push(holder);
        }
        let logged_in = stage.usage()?;
        tokio::time::sleep(CALM).await;
        let (resting, kernel_resting) = (stage.usage()?, kernel_socket_bytes());
        for holder in &mut holders {
            holder.traffic().await?;
        }
        tokio::time::sleep(CALM).await;
        let after = stage.usage()?;
        let each = |total: f64| total / f64::from(self.sessions);
        let load: f64 = holders.iter().map(Holder::cpu_us).sum::<anyhow::Result<f64>>()?;
        report.put("sessions", self.sessions);
        report.put("logins_per_s", (f64::from(self.sessions) / login_took.as_secs_f64()).round());
        if let (Some(before), Some(logged_in), Some(resting), Some(after)) =
            (server, logged_in, resting, after)
        {
            let grown = |now: &Usage| now.rss.saturating_sub(before.rss) as f64;
            report.put("rss_bytes_per_session", each(grown(&resting)).round());
            report.put("rss_bytes_per_session_after_traffic", each(grown(&after)).round());
            report.number("login_cpu_us", each(logged_in.cpu_us - before.cpu_us));
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        let kernel = kernel_resting.saturating_sub(kernel) as f64 / 2.0;
        report.put("kernel_bytes_per_session", each(kernel).round());
        report.put("kernel_bytes_source", kernel_source());
        report.number("load_cpu_us_per_session", each(load));
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}
