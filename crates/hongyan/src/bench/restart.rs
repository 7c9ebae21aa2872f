//! `bench restart`: kill -9 of a process that holds many messages, and how soon the next one is ready.

use super::{
    Measure, Output,
    fill::filling,
    ground::Ground,
    own_server::OwnServer,
    progress::Progress,
    report::{Report, rounded},
};
use anyhow::Context;
use clap::Args;
use std::time::{Duration, Instant};

/// `bench restart`.
#[derive(Args, Clone)]
pub struct Restart {
    /// Messages stored before.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub messages: u64,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Restart {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("restart");
        let ground = Ground::prepare(&self.output.dir).await?;
        let data = ground.data.path().to_str().context("the data directory's name is no text")?.to_owned();
        let phase = progress.phase("filling", Duration::from_micros(5 * self.messages));
        let begun = Instant::now();
        let mut process = filling(&data, ground.app.id, self.messages, 0).await?;
        let filled = begun.elapsed();
        process.kill().await?;
        drop(phase);
        let _phase = progress.phase("starting", Duration::from_secs(2));
        let server = OwnServer::start(ground.data.path()).await?;
        let (crashed, at_ready) = (server.ready_after, server.usage()?);
        let (whole, then) = (server.window_whole().await?, server.usage()?);
        server.kill().await?;
        let again = OwnServer::start(ground.data.path()).await?;
        let size = std::fs::metadata(ground.data.path().join("hongyan.db"))?.len();
        report.put("messages", self.messages);
        report.put("ready_ms", rounded(crashed.as_secs_f64() * 1e3));
        report.put("ready_again_ms", rounded(again.ready_after.as_secs_f64() * 1e3));
        report.put("ready_cpu_ms", rounded(at_ready.cpu_us / 1e3));
        report.put("window_whole_ms", rounded(whole.as_secs_f64() * 1e3));
        report.put("window_whole_cpu_ms", rounded(then.cpu_us / 1e3));
        report.put("server_rss_bytes", then.rss);
        report.put("server_pss_bytes", then.pss);
        report.put("filled_per_s", (self.messages as f64 / filled.as_secs_f64()).round());
        report.put("stored_bytes_per_msg", rounded(size as f64 / self.messages as f64));
        again.kill().await?;
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}
