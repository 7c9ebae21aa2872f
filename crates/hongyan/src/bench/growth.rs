//! `bench growth`: what a send costs the server as stored messages become more, and as the group gets larger.

use super::{
    Measure, Output,
    fill::filled,
    ground::{Ground, Stage},
    peer::{Pairs, at},
    progress::Progress,
    report::{Report, rounded},
    traffic::send_all,
};
use crate::tools;
use anyhow::{Context, bail};
use clap::Args;
use hongyan_client::load::{Marks, Pace, SendPlan, Until};
use hongyan_server::store::{GroupOutcome, GroupStore, NewGroup, sqlite::SqliteStore};
use hongyan_wire::{ConversationKey, GroupId, UserId, group::GroupProfile};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Pairs that send while a level is measured.
const PAIRS: usize = 200;

/// `bench growth`.
#[derive(Args, Clone)]
pub struct Growth {
    /// Stored messages at which sends are measured, rising.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 300_000])]
    pub messages: Vec<u64>,
    /// Members of the groups in which sends are measured, rising; all of them are away.
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000])]
    pub groups: Vec<u32>,
    /// Milliseconds of each measurement.
    #[arg(long, default_value_t = 1_500, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub step_ms: u64,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Growth {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("growth");
        let most = self.messages.iter().max().copied().unwrap_or_default();
        let steps = self.messages.len() + self.groups.len();
        let about =
            Duration::from_millis(self.step_ms + 500) * steps as u32 + Duration::from_micros(5 * most);
        let _phase = progress.phase("growing", about);
        let mut ground = Ground::prepare(&self.output.dir).await?;
        let (mut levels, mut present) = (Vec::new(), 0);
        for target in &self.messages {
            let Some(more) = target.checked_sub(present).filter(|more| *more > 0) else {
                bail!("--messages must rise");
            };
            let data = ground.data.path().to_str().context("the directory's name is no text")?;
            filled(data, ground.app.id, more, present).await?;
            present = *target;
            let stage = ground.serve().await?;
            levels.push(self.level(&stage, *target).await?);
            ground = stage.end().await?;
        }
        let groups = self.groups(ground).await?;
        report.put("step_ms", self.step_ms);
        report.put("growth_ratio", ratio(&levels));
        report.put("group_growth_ratio", ratio(&groups));
        report.put("levels", levels);
        report.put("groups", groups);
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

impl Growth {
    async fn level(&self, stage: &Stage, messages: u64) -> anyhow::Result<Value> {
        let span = Duration::from_millis(self.step_ms);
        stage.at_rest().await?;
        let figures = Pairs { pairs: PAIRS, window: 4, rate: None, span }.run(stage).await?;
        let cpu_us = figures.server_cpu_us().context("this bench has a server of its own")?;
        Ok(json!({
            "messages": messages,
            "msgs_per_s": figures.per_s.round(),
            "server_cpu_us_per_msg": rounded(cpu_us),
            "ack_p50_ms": at(&figures.ack, 0.5),
            "ack_p99_ms": at(&figures.ack, 0.99),
        }))
    }

    async fn groups(&self, ground: Ground) -> anyhow::Result<Vec<Value>> {
        let most = self.groups.iter().max().copied().unwrap_or_default();
        let names: Vec<String> = (0..most).map(|number| format!("member-{number}")).collect();
        ground
            .plant(async |store| {
                ground.register(&store, &names).await?;
                ground.register(&store, &["owner".to_owned()]).await?;
                for members in &self.groups {
                    plant_group(&ground, &store, &names[..*members as usize]).await?;
                }
                Ok(())
            })
            .await?;
        let stage = ground.serve().await?;
        // One count for all groups: the owner's messages must not repeat a number.
        let (marks, mut all) = (Marks::new(Instant::now(), 0), Vec::new());
        for members in &self.groups {
            all.push(self.group(&stage, *members, &marks).await?);
        }
        Ok(all)
    }

    async fn group(&self, stage: &Stage, members: u32, marks: &Arc<Marks>) -> anyhow::Result<Value> {
        let line = stage.place.log_in("owner").await?;
        stage.at_rest().await?;
        let before = stage.usage()?.context("this bench has a server of its own")?;
        let begun = Instant::now();
        let plan = SendPlan {
            to: vec![ConversationKey::Group(group_id(members as usize)?)],
            push: false,
            window: 16,
            pace: Pace::Full,
            until: Until::At(begun + Duration::from_millis(self.step_ms)),
            marks: marks.clone(),
        };
        let crowd = send_all(vec![line], |_| plan.clone()).await?;
        let after = stage.usage()?.context("this bench has a server of its own")?;
        let cpu_us = (after.cpu_us - before.cpu_us) / crowd.ack.len().max(1) as f64;
        Ok(json!({
            "members": members,
            "msgs_per_s": crowd.per_s().round(),
            "server_cpu_us_per_msg": rounded(cpu_us),
            "ack_p50_ms": at(&crowd.ack, 0.5),
            "ack_p99_ms": at(&crowd.ack, 0.99),
        }))
    }
}

fn group_id(members: usize) -> anyhow::Result<GroupId> {
    Ok(GroupId::new(&format!("group-of-{members}"))?)
}

async fn plant_group(ground: &Ground, store: &Arc<SqliteStore>, names: &[String]) -> anyhow::Result<()> {
    let members = names.iter().map(|name| UserId::new(name)).collect::<Result<Vec<_>, _>>()?;
    let id = group_id(members.len())?.to_string();
    let profile = GroupProfile { group_id: id, group_name: "bench".into(), ..GroupProfile::default() };
    let group = NewGroup {
        app: ground.app.id,
        profile,
        owner: UserId::new("owner")?,
        members,
        now_ms: tools::now_ms(),
    };
    match store.create_group(group, 1_000_000).await? {
        GroupOutcome::Done(_) => Ok(()),
        other => bail!("a group of the bench was not made: {other:?}"),
    }
}

/// CPU time of a send at the last level over that at the first.
fn ratio(levels: &[Value]) -> f64 {
    let cost = |level: Option<&Value>| level.and_then(|level| level["server_cpu_us_per_msg"].as_f64());
    match (cost(levels.first()), cost(levels.last())) {
        (Some(first), Some(last)) if first > 0.0 => rounded(last / first),
        _ => 0.0,
    }
}
