//! `bench fanout`: one group message after the other to many members, first alone, then beside other traffic.

use super::{
    Measure, Output, Target,
    ground::Stage,
    peer::{PairFigures, Pairs, at},
    progress::Progress,
    report::{Report, rounded},
    traffic::{Receivers, send_all},
    usage::Usage,
};
use clap::Args;
use hongyan_client::load::{Arrivals, Histogram, Line, Marks, Pace, Place, SendPlan, Until};
use hongyan_wire::{
    ConversationKey, GroupId, UserId,
    client::{GroupCreate, GroupUsers},
    frame,
    group::GroupProfile,
    limits::GROUP_USERS_PER_REQUEST_MAX,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Pairs of the other traffic, and their messages a second in all.
const PAIRS: (usize, u32) = (50, 500);

/// `bench fanout`.
#[derive(Args, Clone)]
pub struct Fanout {
    /// Members of the group besides the sender, all online.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=18_000))]
    pub members: u16,
    /// Seconds to send alone, and beside other traffic.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Fanout {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("fanout");
        let names: Vec<String> = (0..self.members).map(|number| format!("member-{number}")).collect();
        let stage = self.target.stage_with(&self.output, &names).await?;
        let span = Duration::from_secs(self.seconds);
        let _phase = progress.phase("group messages", span * 3 + Duration::from_secs(1));
        let mut group = Group::gather(&stage, &names).await?;
        let (server, load) = (stage.usage()?, Usage::of_load()?);
        let alone = group.rounds(span).await?;
        let (after, loaded) = (stage.usage()?, Usage::of_load()?);
        let pairs = Pairs { pairs: PAIRS.0, window: 8, rate: Some(PAIRS.1), span };
        let before = pairs.run(&stage).await?;
        let (beside, during) = beside(&mut group, &pairs, &stage, span).await?;
        let recipients = alone.len() as f64 * f64::from(self.members);
        let took_s: f64 = alone.mean_ms() * alone.len() as f64 / 1e3;
        report.put("members", self.members);
        report.put("seconds", self.seconds);
        report.put("messages", alone.len());
        report.put("recipients_per_s", (recipients / took_s.max(1e-9)).round());
        report.latencies("last_recipient", &alone);
        report.put("last_recipient_p50_beside_traffic_ms", at(&beside, 0.5));
        report.put("other_ack_p99_before_ms", at(&before.ack, 0.99));
        report.put("other_ack_p99_during_ms", at(&during.ack, 0.99));
        if let (Some(before), Some(after)) = (server, after) {
            report.number("server_cpu_us_per_recipient", (after.cpu_us - before.cpu_us) / recipients);
            report.number(
                "written_bytes_per_msg",
                (after.written - before.written) as f64 / alone.len() as f64,
            );
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        report.put("load_cpu_us_per_recipient", rounded((loaded.cpu_us - load.cpu_us) / recipients));
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

/// Group messages and pairs at the same time.
async fn beside(
    group: &mut Group,
    pairs: &Pairs,
    stage: &Stage,
    span: Duration,
) -> anyhow::Result<(Histogram, PairFigures)> {
    tokio::try_join!(group.rounds(span), pairs.run(stage))
}

/// A group whose members are all online, and its owner, who sends.
struct Group {
    key: ConversationKey,
    owner: Option<Line>,
    members: Receivers,
    size: u64,
    marks: Arc<Marks>,
}

impl Group {
    /// Makes the group while its members are away, which spares them a notice for each that comes, and logs them
    /// in.
    async fn gather(stage: &Stage, names: &[String]) -> anyhow::Result<Self> {
        let prefix = stage.prefix();
        let mut owner = stage.place.log_in(&format!("{prefix}owner")).await?;
        let id = GroupId::new(&format!("{prefix}group"))?;
        let users = names.iter().map(|name| UserId::new(name)).collect::<Result<Vec<_>, _>>()?;
        let group_info =
            GroupProfile { group_id: id.to_string(), group_name: "bench".into(), ..GroupProfile::default() };
        let mut parts = users.chunks(GROUP_USERS_PER_REQUEST_MAX);
        let first = parts.next().unwrap_or_default().to_vec();
        owner.put(&frame::request(2, "group.create", &GroupCreate { group_info, user_ids: first }));
        owner.answer(2).await?;
        for (number, part) in parts.enumerate() {
            let request = 3 + number as u64;
            let users = GroupUsers { group_id: id.clone(), user_ids: part.to_vec() };
            owner.put(&frame::request(request, "group.invite", &users));
            owner.answer(request).await?;
        }
        let lines = log_in(&stage.place, names).await?;
        let begun = Instant::now();
        Ok(Self {
            key: ConversationKey::Group(id),
            owner: Some(owner),
            members: Receivers::start(lines, Arc::new(Arrivals::new(begun))),
            size: names.len() as u64,
            marks: Marks::new(begun, 0),
        })
    }

    /// One message after the other, each when the last member has the one before; from send to last arrival.
    async fn rounds(&mut self, span: Duration) -> anyhow::Result<Histogram> {
        let mut last = Histogram::default();
        let begun = Instant::now();
        while last.is_empty() || begun.elapsed() < span {
            let goal = self.members.arrivals.delivered() + self.size;
            let plan = SendPlan {
                to: vec![self.key.clone()],
                push: true,
                window: 1,
                pace: Pace::Full,
                until: Until::Count(1),
                marks: self.marks.clone(),
            };
            let sent = Instant::now();
            let owner = self.owner.take().into_iter().collect();
            let (crowd, ()) = tokio::try_join!(send_all(owner, |_| plan.clone()), self.members.settle(goal))?;
            last.record(sent.elapsed());
            self.owner = crowd.lines.into_iter().next();
        }
        Ok(last)
    }
}

async fn log_in(place: &Place, names: &[String]) -> anyhow::Result<Vec<Line>> {
    let mut parts = JoinSet::new();
    // Two halves, since one task would be the limit.
    for (number, part) in names.chunks(names.len().div_ceil(2)).enumerate() {
        let (place, part) = (place.clone(), part.to_vec());
        parts.spawn(async move { (number, place.log_in_all(part.into_iter()).await) });
    }
    let mut halves = Vec::new();
    while let Some(done) = parts.join_next().await {
        let (number, lines) = done?;
        halves.push((number, lines?));
    }
    halves.sort_by_key(|(number, _)| *number);
    Ok(halves.into_iter().flat_map(|(_, lines)| lines).collect())
}
