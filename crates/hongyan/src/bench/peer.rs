//! `bench peer`: durable 1:1 sends carrying a pushConfig, receivers online, both acknowledged.

use super::{
    Measure, Output, Target,
    ground::Stage,
    progress::Progress,
    report::{Report, fine},
    traffic::{Receivers, send_all},
    usage::Usage,
};
use clap::Args;
use hongyan_client::load::{Arrivals, Histogram, Marks, Pace, SendPlan, Until};
use hongyan_wire::{ConversationKey, UserId};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// `bench peer`.
#[derive(Args, Clone)]
pub struct Peer {
    /// Senders, each with a receiver of its own.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=9000))]
    pub senders: u16,
    /// Unanswered messages of one sender.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub window: u16,
    /// Messages a second over all senders; without it as many as the window lets through.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Seconds to send.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub output: Output,
}

/// What pairs did.
pub struct PairFigures {
    /// Messages answered.
    pub messages: u64,
    /// A second.
    pub per_s: f64,
    /// From send to answer.
    pub ack: Histogram,
    /// From send to arrival.
    pub end_to_end: Histogram,
    /// What the server used; `None` for somebody's.
    pub server: Option<(Usage, Usage)>,
    /// CPU time of this process, in µs.
    pub load_cpu_us: f64,
}

/// Pairs of a sender and a receiver.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// How many.
    pub pairs: usize,
    /// Unanswered messages of one sender.
    pub window: usize,
    /// Messages a second over all.
    pub rate: Option<u32>,
    /// How long.
    pub span: Duration,
}

impl Pairs {
    /// Logs everybody in, sends, waits for the last deliveries.
    pub async fn run(&self, stage: &Stage) -> anyhow::Result<PairFigures> {
        let prefix = stage.prefix();
        let name = |role: &str, number: usize| format!("{prefix}{role}{number}");
        let receivers = stage.place.log_in_all((0..self.pairs).map(|number| name("to", number))).await?;
        let senders = stage.place.log_in_all((0..self.pairs).map(|number| name("from", number))).await?;
        let to = (0..self.pairs).map(|number| UserId::new(&name("to", number)));
        let to = to.collect::<Result<Vec<_>, _>>()?;
        let begun = Instant::now();
        let mut receivers = Receivers::start(receivers, Arc::new(Arrivals::new(begun)));
        let marks = Marks::new(begun, 0);
        let (server, load) = (stage.usage()?, Usage::of_load()?);
        let until = Instant::now() + self.span;
        let crowd = send_all(senders, |number| SendPlan {
            to: vec![ConversationKey::Peer(to[number].clone())],
            push: true,
            window: self.window,
            pace: Pace::share(self.rate, number, self.pairs),
            until: Until::At(until),
            marks: marks.clone(),
        });
        let crowd = crowd.await?;
        receivers.settle(crowd.ack.len()).await?;
        Ok(PairFigures {
            messages: crowd.ack.len(),
            per_s: crowd.per_s(),
            end_to_end: receivers.arrivals.latencies(),
            server: server.zip(stage.usage()?),
            load_cpu_us: Usage::of_load()?.cpu_us - load.cpu_us,
            ack: crowd.ack,
        })
    }
}

impl PairFigures {
    /// CPU time of the server a message, in µs; `None` for somebody's.
    pub fn server_cpu_us(&self) -> Option<f64> {
        let (before, after) = self.server?;
        Some((after.cpu_us - before.cpu_us) / self.messages.max(1) as f64)
    }

    /// Puts the figures of a process into a report, a message each.
    pub fn put_usage(&self, report: &mut Report) {
        let per_message = |total: f64| total / self.messages.max(1) as f64;
        if let (Some(cpu_us), Some((before, after))) = (self.server_cpu_us(), self.server) {
            report.number("server_cpu_us_per_msg", cpu_us);
            report.number("written_bytes_per_msg", per_message((after.written - before.written) as f64));
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        report.number("load_cpu_us_per_msg", per_message(self.load_cpu_us));
    }
}

impl Measure for Peer {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("peer");
        let stage = self.target.stage(&self.output).await?;
        let span = Duration::from_secs(self.seconds);
        let _phase = progress.phase("1:1 messages", span + Duration::from_secs(1));
        let pairs = Pairs { pairs: self.senders.into(), window: self.window.into(), rate: self.rate, span };
        let figures = pairs.run(&stage).await?;
        report.put("senders", self.senders);
        report.put("window", self.window);
        report.put("rate", self.rate);
        report.put("seconds", self.seconds);
        report.put("messages", figures.messages);
        report.put("msgs_per_s", figures.per_s.round());
        report.latencies("ack", &figures.ack);
        report.latencies("e2e", &figures.end_to_end);
        figures.put_usage(&mut report);
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

/// A latency of a histogram, in ms to the microsecond.
pub fn at(latencies: &Histogram, share: f64) -> f64 {
    fine(latencies.percentile_ms(share))
}
