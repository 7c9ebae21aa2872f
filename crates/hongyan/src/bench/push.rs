//! `bench push`: single pushes at a pace and as many as the pipeline keeps up with, then one message for a
//! group, to phones that are away.
//!
//! Commit to accept is measured at this process: from the arrival of the answer to a send, which follows
//! its commit, to the arrival of the phone's event, which the emulator sends when it accepts. Both travel
//! one socket.

use super::{
    Measure, Output,
    ground::{Ground, Stage},
    http::Http,
    peer::at,
    progress::Progress,
    push_kit::PushKit,
    report::Report,
    traffic::{Crowd, send_all},
};
use crate::tools;
use anyhow::{Context, bail};
use clap::Args;
use hongyan_client::load::{Histogram, Line, LoadError, Marks, Pace, SendPlan, Until};
use hongyan_server::store::{GroupOutcome, GroupStore, NewGroup, sqlite::SqliteStore};
use hongyan_wire::{ConversationKey, GroupId, UserId, group::GroupProfile};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const SENDERS: usize = 32;
const GROUP: &str = "everybody";
const ACCEPTED: &str = "hongyan_push_accepted_devices_total";
/// A rate is kept when the pipeline is done so soon after the last send …
const LAG_MAX: Duration = Duration::from_millis(250);
/// … and senders got this share of it through.
const KEPT_SHARE: f64 = 0.95;
/// Rates between a kept and a lost one that are tried.
const BISECTIONS: u32 = 3;
const RATE_MAX: u32 = 200_000;
/// Pushes go out for so long before anything is measured.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long the pipeline may take for what is under way.
const DRAIN_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// `bench push`.
#[derive(Args, Clone)]
pub struct Push {
    /// Users on a phone each that get single pushes.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub receivers: u16,
    /// Members of the group whose notices travel together.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub members: u16,
    /// Lower of the two paces, in messages a second; the higher is ten times as much.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pace: u32,
    /// Milliseconds of each step.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub step_ms: u64,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Push {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("push");
        let _phase = progress.phase("pushes", Duration::from_millis(self.step_ms * 14 + 3_000));
        let mut kit = PushKit::start().await?;
        let ground = Ground::prepare(&self.output.dir).await?;
        let receivers: Vec<String> = (0..self.receivers).map(|number| format!("single-{number}")).collect();
        let members: Vec<String> = (0..self.members).map(|number| format!("member-{number}")).collect();
        let phones = kit.phones(&[&receivers[..], &members].concat()).await?;
        ground
            .plant(async |store| {
                kit.plant(&ground, &store, &phones).await?;
                let senders: Vec<String> = (0..SENDERS).map(sender).collect();
                ground.register(&store, &senders).await?;
                plant_group(&ground, &store, &members).await
            })
            .await?;
        let mut bench = Pipeline::start(ground.serve().await?, kit, &receivers).await?;
        let step = Duration::from_millis(self.step_ms);
        report.put("receivers", self.receivers);
        report.put("members", self.members);
        // The first push signs a token and opens connections; the second finds that done.
        bench.step(self.pace, WARM_UP).await?;
        for rate in [self.pace, self.pace * 10] {
            let latencies = bench.paced(rate, step * 2, &receivers).await?;
            let suffix = format!("_at_{rate}_per_s");
            report.put(&format!("commit_to_accept_p50_ms{suffix}"), at(&latencies, 0.5));
            report.put(&format!("commit_to_accept_p99_ms{suffix}"), at(&latencies, 0.99));
            if rate != self.pace {
                report.latencies("commit_to_accept", &latencies);
            }
        }
        bench.highest(step, &mut report).await?;
        bench.coalesced(step * 2, self.members.into(), &mut report).await?;
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

fn sender(number: usize) -> String {
    format!("sender-{number}")
}

async fn plant_group(ground: &Ground, store: &Arc<SqliteStore>, members: &[String]) -> anyhow::Result<()> {
    let members = members.iter().map(|name| UserId::new(name)).collect::<Result<Vec<_>, _>>()?;
    let profile =
        GroupProfile { group_id: GROUP.into(), group_name: "bench".into(), ..GroupProfile::default() };
    let owner = UserId::new(&sender(0))?;
    let group = NewGroup { app: ground.app.id, profile, owner, members, now_ms: tools::now_ms() };
    match store.create_group(group, 100_000).await? {
        GroupOutcome::Done(_) => Ok(()),
        other => bail!("the group of the bench was not made: {other:?}"),
    }
}

/// A server with an emulated vendor, and the senders.
struct Pipeline {
    stage: Stage,
    kit: PushKit,
    http: Http,
    senders: Vec<Line>,
    to: Vec<ConversationKey>,
    begun: Instant,
    /// Numbers messages over all phases, so that a phone never sees one twice.
    marks: Arc<Marks>,
}

/// What came of one rate.
struct Step {
    pushed_per_s: f64,
    kept: bool,
    pushes: u64,
    ack: Histogram,
}

impl Pipeline {
    async fn start(stage: Stage, kit: PushKit, receivers: &[String]) -> anyhow::Result<Self> {
        let http = stage.server().context("this bench has a server of its own")?.http().await?;
        let senders = stage.place.log_in_all((0..SENDERS).map(sender)).await?;
        let to = receivers.iter().map(|name| Ok(ConversationKey::Peer(UserId::new(name)?)));
        let to = to.collect::<anyhow::Result<Vec<_>>>()?;
        let begun = Instant::now();
        // Enough for the paced phases, in which latencies are looked at.
        let marks = Marks::new(begun, 1_000_000);
        Ok(Self { stage, kit, http, senders, to, begun, marks })
    }

    /// Sends at this pace; gives the latencies from commit to accept.
    async fn paced(&mut self, rate: u32, span: Duration, receivers: &[String]) -> anyhow::Result<Histogram> {
        let mut phones = JoinSet::new();
        let shown: Arc<Mutex<Vec<(u64, Instant)>>> = Arc::default();
        for user in receivers {
            phones.spawn(watch(self.kit.socket(user).await?, shown.clone()));
        }
        let step = self.step(rate, span).await?;
        let all = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latencies = Histogram::default();
        for (number, at) in all.iter() {
            if let Some(answered) = self.marks.answered(*number) {
                latencies.record(at.saturating_duration_since(answered));
            }
        }
        // What was accepted last may not have been shown yet; but nearly all must have been.
        if (latencies.len() as f64) < 0.9 * step.pushes as f64 {
            bail!("phones showed {} of {} notices", latencies.len(), step.pushes);
        }
        Ok(latencies)
    }

    /// Sends at this rate and waits until everything was accepted.
    async fn step(&mut self, rate: u32, span: Duration) -> anyhow::Result<Step> {
        let (to, marks) = (self.to.clone(), self.marks.clone());
        let begun = Instant::now();
        let plan = |number: usize| {
            let mut to = to.clone();
            let places = to.len();
            to.rotate_left(number * places / SENDERS % places);
            let until = Until::At(begun + span);
            SendPlan {
                to,
                push: true,
                window: 64,
                pace: Pace::share(Some(rate), number, SENDERS),
                until,
                marks: marks.clone(),
            }
        };
        let before = self.http.metric(ACCEPTED).await?;
        let crowd = send_all(std::mem::take(&mut self.senders), plan).await?;
        let pushes = crowd.ack.len();
        let lag = self.drained(before + pushes).await?;
        let kept = lag < LAG_MAX && pushes as f64 >= KEPT_SHARE * f64::from(rate) * span.as_secs_f64();
        let pushed_per_s = pushes as f64 / (crowd.took + lag).as_secs_f64();
        let Crowd { ack, lines, .. } = crowd;
        self.senders = lines;
        Ok(Step { pushed_per_s, kept, pushes, ack })
    }

    /// Waits until so many devices were accepted in all; how long that took.
    async fn drained(&mut self, goal: u64) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        loop {
            let accepted = self.http.metric(ACCEPTED).await?;
            if accepted >= goal {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > DRAIN_MAX {
                bail!("{} pushes were not accepted in {DRAIN_MAX:?}", goal - accepted);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Finds the highest rate that is kept up with: doubles until one is lost, then halves the gap.
    async fn highest(&mut self, step: Duration, report: &mut Report) -> anyhow::Result<()> {
        let (mut kept_rate, mut lost_rate) = (0, None);
        let mut best: Option<Step> = None;
        let (server, kit) = (self.stage.usage()?, self.kit.usage()?);
        let (mut rate, mut pushes, mut halvings) = (1_000, 0, 0);
        while halvings < BISECTIONS && rate < RATE_MAX {
            let done = self.step(rate, step).await?;
            pushes += done.pushes;
            if done.kept {
                kept_rate = rate;
                best = Some(done);
            } else {
                lost_rate = Some(rate);
                best.get_or_insert(done);
            }
            rate = match lost_rate {
                Some(lost) => {
                    halvings += 1;
                    kept_rate.midpoint(lost)
                }
                None => rate * 2,
            };
        }
        let best = best.context("no rate was tried")?;
        report.put("dispatches_per_s", best.pushed_per_s.round());
        report.put("highest_kept_rate_per_s", kept_rate);
        report.put("ack_p99_ms_at_highest", at(&best.ack, 0.99));
        let each = |total: f64| total / pushes.max(1) as f64;
        if let (Some(before), Some(after)) = (server, self.stage.usage()?) {
            report.number("server_cpu_us_per_dispatch", each(after.cpu_us - before.cpu_us));
            report.number("written_bytes_per_dispatch", each((after.written - before.written) as f64));
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        report.number("emulator_cpu_us_per_dispatch", each(self.kit.usage()?.cpu_us - kit.cpu_us));
        Ok(())
    }

    /// Messages to the group, whose members all get a notice.
    async fn coalesced(&mut self, span: Duration, members: u64, report: &mut Report) -> anyhow::Result<()> {
        let plan = SendPlan {
            to: vec![ConversationKey::Group(GroupId::new(GROUP)?)],
            push: true,
            window: 4,
            pace: Pace::Full,
            until: Until::At(Instant::now() + span),
            marks: self.marks.clone(),
        };
        let (server, kit) = (self.stage.usage()?, self.kit.usage()?);
        let before = self.http.metric(ACCEPTED).await?;
        self.senders.truncate(1);
        // Sends are answered long before their notices are out: the window is of messages, one batch at a
        // time.
        let begun = Instant::now();
        let (mut notices, mut messages) = (0, 0);
        while begun.elapsed() < span {
            let part = SendPlan { until: Until::Count(16), ..plan.clone() };
            let crowd = send_all(std::mem::take(&mut self.senders), |_| part.clone()).await?;
            self.senders = crowd.lines;
            messages += crowd.ack.len();
            notices += crowd.ack.len() * members;
            self.drained(before + notices).await?;
        }
        let took = begun.elapsed();
        report.put("notices_per_s", (notices as f64 / took.as_secs_f64()).round());
        report.put("group_messages", messages);
        if let (Some(before), Some(after)) = (server, self.stage.usage()?) {
            let each = |total: f64| total / notices.max(1) as f64;
            report.number("server_cpu_us_per_notice", each(after.cpu_us - before.cpu_us));
        }
        let emulator = self.kit.usage()?.cpu_us - kit.cpu_us;
        report.number("emulator_cpu_us_per_notice", emulator / notices.max(1) as f64);
        report.number("seconds_in_all", self.begun.elapsed().as_secs_f64());
        Ok(())
    }
}

/// Notes the number and time of every notice that a phone shows, until it is dropped.
async fn watch(mut line: Line, shown: Arc<Mutex<Vec<(u64, Instant)>>>) -> Result<(), LoadError> {
    loop {
        line.fill().await?;
        let now = Instant::now();
        while let Some(text) = line.take()? {
            let told: Value =
                serde_json::from_str(text).map_err(|error| LoadError::Unreadable(error.to_string()))?;
            let number = told["data"]["notice"]["body"].as_str().and_then(|body| body.parse().ok());
            if let (true, Some(number)) = (told["event"] == "notice.shown", number) {
                shown.lock().unwrap_or_else(PoisonError::into_inner).push((number, now));
            }
        }
        line.flush().await?;
    }
}
