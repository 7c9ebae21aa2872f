//! `bench offline`: sends to receivers that are away, who then all log in and get what they missed.

use super::{
    Measure, Output, Target,
    progress::Progress,
    report::Report,
    traffic::{Receivers, send_all},
    usage::Usage,
};
use clap::Args;
use hongyan_client::load::{Arrivals, Marks, Pace, SendPlan, Until};
use hongyan_wire::{ConversationKey, UserId, frame};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// `bench offline`.
#[derive(Args, Clone)]
pub struct Offline {
    /// Senders, each with a receiver of its own.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=9000))]
    pub senders: u16,
    /// Unanswered messages of one sender.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub window: u16,
    /// Seconds to send.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Offline {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("offline");
        let stage = self.target.stage(&self.output).await?;
        let prefix = stage.prefix();
        let count = usize::from(self.senders);
        let receivers: Vec<String> = (0..count).map(|number| format!("{prefix}to{number}")).collect();
        // Registered, and away since.
        for line in &mut stage.place.log_in_all(receivers.iter().cloned()).await? {
            line.put(&frame::request(2, "session.logout", &json!({})));
            line.answer(2).await?;
        }
        let senders = (0..count).map(|number| format!("{prefix}from{number}"));
        let senders = stage.place.log_in_all(senders).await?;
        let to = receivers.iter().map(|name| UserId::new(name)).collect::<Result<Vec<_>, _>>()?;
        let span = Duration::from_secs(self.seconds);
        let phase = progress.phase("messages to the absent", span);
        let begun = Instant::now();
        let marks = Marks::new(begun, 0);
        let (server, load) = (stage.usage()?, Usage::of_load()?);
        let crowd = send_all(senders, |number| SendPlan {
            to: vec![ConversationKey::Peer(to[number].clone())],
            push: true,
            window: self.window.into(),
            pace: Pace::Full,
            until: Until::At(begun + span),
            marks: marks.clone(),
        });
        let crowd = crowd.await?;
        let (sent, loaded) = (stage.usage()?, Usage::of_load()?);
        drop(phase);
        let _phase = progress.phase("everybody comes", span);
        let drain_begun = Instant::now();
        let lines = stage.place.log_in_all(receivers.into_iter()).await?;
        let mut receivers = Receivers::start(lines, Arc::new(Arrivals::new(begun)));
        receivers.settle(crowd.ack.len()).await?;
        let drained = drain_begun.elapsed();
        let per_message = |total: f64| total / crowd.ack.len().max(1) as f64;
        report.put("senders", self.senders);
        report.put("window", self.window);
        report.put("seconds", self.seconds);
        report.put("messages", crowd.ack.len());
        report.put("accepted_per_s", crowd.per_s().round());
        report.put("drain_per_s", (crowd.ack.len() as f64 / drained.as_secs_f64()).round());
        report.latencies("ack", &crowd.ack);
        if let (Some(before), Some(between), Some(after)) = (server, sent, stage.usage()?) {
            let written = between.written - before.written;
            report.number("server_cpu_us_per_msg", per_message(between.cpu_us - before.cpu_us));
            report.number("server_cpu_us_per_drained", per_message(after.cpu_us - between.cpu_us));
            report.number("written_bytes_per_msg", per_message(written as f64));
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        report.number("load_cpu_us_per_msg", per_message(loaded.cpu_us - load.cpu_us));
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}
