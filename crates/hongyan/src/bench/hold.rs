//! `bench hold`, hidden: a process that holds sessions, since one may not open enough files for all of them.
//!
//! It reads one JSON line that says what to hold and answers `ready`; a line `traffic` lets every session
//! send one message to the next and receive one, and is answered by `done`. When its input ends, it ends.

use super::{own_server::Own, report::rounded};
use anyhow::{Context, bail};
use clap::Args;
use hongyan_client::load::{Arrivals, Line, LoadError, Marks, Pace, Place, SendPlan, Until, receive};
use hongyan_wire::{ConversationKey, UserId, frame};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdin, ChildStdout},
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval_at, timeout},
};

/// Sessions of one process.
pub const HELD_MAX: u32 = 9_000;
/// How often each session sends a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a process may take for what it was told.
const PATIENCE: Duration = Duration::from_secs(120);
/// Senders at once while there is traffic.
const TRAFFIC_WITHIN: Duration = Duration::from_secs(60);

/// `bench hold`.
#[derive(Args)]
pub struct Hold {}

impl Hold {
    /// Holds until its input ends.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        let order: Value = serde_json::from_str(&next_line(&mut orders).await?)?;
        let text = |key: &str| order[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
        let number = |key: &str| order[key].as_u64().with_context(|| format!("no {key}"));
        let place = Place {
            url: text("url")?,
            app: number("app")?.to_string().parse()?,
            app_sign: text("app_sign")?,
        };
        let (prefix, first, count) = (text("prefix")?, number("first")?, number("count")?);
        let begun = Instant::now();
        let names: Vec<String> = (first..first + count).map(|number| format!("{prefix}i{number}")).collect();
        let lines = place.log_in_all(names.iter().cloned()).await?;
        let took_us = begun.elapsed().as_micros();
        let mut held = Held::start(lines, &names)?;
        println!("ready {took_us}");
        while let Some(order) = orders.next_line().await? {
            match order.as_str() {
                "traffic" => {
                    held.traffic(count).await?;
                    println!("done");
                }
                other => bail!("{other:?} is no order"),
            }
        }
        Ok(())
    }
}

async fn next_line<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>) -> anyhow::Result<String> {
    let line = timeout(PATIENCE, lines.next_line()).await.context("nothing was said in time")??;
    line.context("the other side has ended")
}

/// The sessions of this process.
struct Held {
    sessions: JoinSet<Result<(), LoadError>>,
    rounds: watch::Sender<u32>,
    arrivals: Arc<Arrivals>,
}

impl Held {
    fn start(lines: Vec<Line>, names: &[String]) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let (arrivals, marks) = (Arc::new(Arrivals::new(begun)), Marks::new(begun, 0));
        let (rounds, told) = watch::channel(0);
        let (mut sessions, all) = (JoinSet::new(), lines.len());
        for (number, line) in lines.into_iter().enumerate() {
            let plan = SendPlan {
                to: vec![ConversationKey::Peer(UserId::new(&names[(number + 1) % all])?)],
                push: false,
                window: 1,
                pace: Pace::Full,
                until: Until::Count(1),
                marks: marks.clone(),
            };
            // Spread, as the heartbeats of people are.
            let first = HEARTBEAT.mul_f64(number as f64 / all as f64);
            sessions.spawn(session(line, plan, first, told.clone(), arrivals.clone()));
        }
        Ok(Self { sessions, rounds, arrivals })
    }

    /// One message from each to the next.
    async fn traffic(&mut self, sessions: u64) -> anyhow::Result<()> {
        let goal = self.arrivals.delivered() + sessions;
        self.rounds.send_modify(|round| *round += 1);
        let all = self.arrivals.wait_for(goal, TRAFFIC_WITHIN).await;
        if let Some(ended) = self.sessions.try_join_next() {
            ended?.context("a session ended")?;
        }
        if !all {
            bail!("{} messages of idle sessions did not arrive", goal - self.arrivals.delivered());
        }
        Ok(())
    }
}

/// One session: receives, sends heartbeats, and one message when there is traffic.
async fn session(
    mut line: Line,
    plan: SendPlan,
    first: Duration,
    mut rounds: watch::Receiver<u32>,
    arrivals: Arc<Arrivals>,
) -> Result<(), LoadError> {
    let mut heartbeats = interval_at((Instant::now() + first).into(), HEARTBEAT);
    heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            ended = receive(&mut line, &arrivals) => return ended,
            _ = heartbeats.tick() => {
                line.put(&frame::request(3, "session.heartbeat", &json!({})));
                line.flush().await?;
            }
            round = rounds.changed() => {
                if round.is_err() {
                    return Ok(());
                }
                // Not waiting for the answer here, because what comes meanwhile has to be received.
                line.put(&plan.one().unwrap_or_default());
                line.flush().await?;
            }
        }
    }
}

/// A process that holds sessions for us.
pub struct Holder {
    own: Own,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Holder {
    /// Starts it and waits until all its sessions are logged in; how long that took them.
    pub async fn start(
        place: &Place,
        prefix: &str,
        first: u32,
        count: u32,
    ) -> anyhow::Result<(Self, Duration)> {
        let mut own = Own::start(&["bench", "hold"], true)?;
        let mut orders = own.child().stdin.take().context("the input was asked for")?;
        let answers = own.child().stdout.take().context("the output was asked for")?;
        let order = json!({
            "url": place.url, "app": place.app, "app_sign": place.app_sign,
            "prefix": prefix, "first": first, "count": count,
        });
        orders.write_all(format!("{order}\n").as_bytes()).await?;
        let mut holder = Self { own, orders, answers: BufReader::new(answers).lines() };
        let ready = next_line(&mut holder.answers).await?;
        let took_us = ready.strip_prefix("ready ").and_then(|us| us.parse().ok());
        Ok((holder, Duration::from_micros(took_us.context("a process that holds sessions failed")?)))
    }

    /// Every session sends and receives one message.
    pub async fn traffic(&mut self) -> anyhow::Result<()> {
        self.orders.write_all(b"traffic\n").await?;
        match next_line(&mut self.answers).await?.as_str() {
            "done" => Ok(()),
            other => bail!("a process that holds sessions said {other:?}"),
        }
    }

    /// CPU time of the process so far, in µs.
    pub fn cpu_us(&self) -> anyhow::Result<f64> {
        Ok(rounded(self.own.usage()?.cpu_us))
    }
}
