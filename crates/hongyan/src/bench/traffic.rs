//! Crowds of senders and receivers, each connection with a task of its own.

use anyhow::{Context, bail};
use hongyan_client::load::{self, Arrivals, Histogram, Line, LoadError, SendPlan};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// How long the last deliveries may take after the last send.
const SETTLE_MAX: Duration = Duration::from_secs(30);

/// Lines that receive and acknowledge until this is dropped.
#[derive(Debug)]
pub struct Receivers {
    tasks: JoinSet<Result<(), LoadError>>,
    /// What they count.
    pub arrivals: Arc<Arrivals>,
}

impl Receivers {
    /// Lets these lines receive.
    pub fn start(lines: Vec<Line>, arrivals: Arc<Arrivals>) -> Self {
        let mut tasks = JoinSet::new();
        for mut line in lines {
            let arrivals = arrivals.clone();
            tasks.spawn(async move { load::receive(&mut line, &arrivals).await });
        }
        Self { tasks, arrivals }
    }

    /// Waits until so many messages came in all.
    ///
    /// # Errors
    /// When they do not come in 30 s, or a receiver has lost its connection: such figures are worth nothing.
    pub async fn settle(&mut self, goal: u64) -> anyhow::Result<()> {
        let all = self.arrivals.wait_for(goal, SETTLE_MAX).await;
        if let Some(ended) = self.tasks.try_join_next() {
            ended?.context("a receiver lost its connection")?;
        }
        if !all {
            bail!("{} of {goal} messages did not arrive", goal - self.arrivals.delivered());
        }
        Ok(())
    }
}

/// What a crowd of senders did.
#[derive(Debug)]
pub struct Crowd {
    /// From send to answer.
    pub ack: Histogram,
    /// From the first send to the last answer.
    pub took: Duration,
    /// The lines again.
    pub lines: Vec<Line>,
}

impl Crowd {
    /// Answers a second.
    pub fn per_s(&self) -> f64 {
        self.ack.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }
}

/// Lets every line send by the plan of its number.
pub async fn send_all(lines: Vec<Line>, plan: impl Fn(usize) -> SendPlan) -> anyhow::Result<Crowd> {
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for (number, mut line) in lines.into_iter().enumerate() {
        let plan = plan(number);
        senders.spawn(async move {
            let sent = load::send(&mut line, &plan).await?;
            Ok::<_, LoadError>((number, line, sent))
        });
    }
    let (mut ack, mut ended) = (Histogram::default(), Vec::new());
    while let Some(done) = senders.join_next().await {
        let (number, line, sent) = done??;
        ack.merge(&sent.ack);
        ended.push((number, line));
    }
    ended.sort_by_key(|(number, _)| *number);
    let lines = ended.into_iter().map(|(_, line)| line).collect();
    Ok(Crowd { ack, took: begun.elapsed(), lines })
}
