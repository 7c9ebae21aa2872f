//! `bench call`: from an invitation to the ring of a phone that is away.

use super::{
    Measure, Output,
    ground::Ground,
    progress::Progress,
    push_kit::{PushKit, RINGING, app_state, event, report_call},
    report::{Report, fine},
};
use anyhow::Context;
use clap::Args;
use hongyan_client::load::{Histogram, Line};
use hongyan_wire::{
    UserId,
    call::CallMode,
    client::{CallCancel, CallInvite, CallInviteResult},
    frame,
    message::PushConfig,
};
use std::time::{Duration, Instant};

/// Phones called in turn.
const PHONES: usize = 16;
/// How often the emulator's own delay is measured.
const PROBES: usize = 100;

/// `bench call`.
#[derive(Args, Clone)]
pub struct Call {
    /// Calls, one after the other.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub calls: u32,
    #[command(flatten)]
    pub output: Output,
}

impl Measure for Call {
    async fn measure(&self, progress: &Progress) -> anyhow::Result<Report> {
        let mut report = Report::new("call");
        let ground = Ground::prepare(&self.output.dir).await?;
        let _phase = progress.phase("calls", Duration::from_millis(u64::from(self.calls) * 5 + 1_500));
        let mut kit = PushKit::start().await?;
        let users: Vec<String> = (0..PHONES).map(|number| format!("phone-{number}")).collect();
        let phones = kit.phones(&users).await?;
        ground.plant(async |store| kit.plant(&ground, &store, &phones).await).await?;
        let stage = ground.serve().await?;
        let mut sockets = Vec::new();
        for user in &users {
            sockets.push(kit.socket(user).await?);
        }
        let emulator = emulator_delay(&mut kit, &users[0], &mut sockets[0]).await?;
        let mut caller = stage.place.log_in("caller").await?;
        let server = stage.usage()?;
        let mut rings = Histogram::default();
        for number in 0..self.calls as usize {
            let turn = number % PHONES;
            let took = call(&mut caller, 10 + 2 * number as u64, &users[turn], &mut sockets[turn]).await?;
            rings.record(took);
        }
        let own = emulator.percentile_ms(0.5);
        report.put("calls", self.calls);
        for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let ms = (rings.percentile_ms(share) - own).max(0.0);
            report.put(&format!("invite_to_ring_{name}_ms"), fine(ms));
        }
        report.put("invite_to_ring_max_ms", fine((rings.max_ms() - own).max(0.0)));
        report.put("emulator_p50_ms", fine(own));
        if let (Some(before), Some(after)) = (server, stage.usage()?) {
            report.number("server_cpu_us_per_call", (after.cpu_us - before.cpu_us) / f64::from(self.calls));
            let written = (after.written - before.written) as f64 / f64::from(self.calls);
            report.number("written_bytes_per_call", written);
            report.put("server_rss_bytes", after.rss);
            report.put("server_pss_bytes", after.pss);
        }
        Ok(report)
    }

    fn output(&self) -> &Output {
        &self.output
    }
}

/// From an order over HTTP to the event it causes on the phone's socket: the emulator's part of a ring.
async fn emulator_delay(kit: &mut PushKit, user: &str, socket: &mut Line) -> anyhow::Result<Histogram> {
    let mut delays = Histogram::default();
    for number in 0..PROBES {
        let state = app_state(if number % 2 == 0 { "foreground" } else { "killed" });
        let begun = Instant::now();
        let (told, ordered) = tokio::join!(event(socket, "app.state"), kit.order(user, "app.state", state));
        told?;
        delays.record(begun.elapsed());
        ordered?;
    }
    Ok(delays)
}

/// One call to a phone, taken back once it rang; how long until then.
async fn call(caller: &mut Line, id: u64, user: &str, phone: &mut Line) -> anyhow::Result<Duration> {
    let push = PushConfig {
        title: "bench".into(),
        content: "a call".into(),
        resources_id: RINGING.to_owned(),
        ..PushConfig::default()
    };
    let invite = CallInvite {
        invitees: vec![UserId::new(user)?],
        timeout: 30,
        mode: CallMode::General,
        enable_not_received_check: false,
        extended_data: String::new(),
        push_config: Some(push),
    };
    let begun = Instant::now();
    caller.put(&frame::request(id, "call.invite", &invite));
    caller.flush().await?;
    let wake = event(phone, "call.wake").await.context("the phone did not ring")?;
    let took = begun.elapsed();
    report_call(phone, &wake);
    phone.flush().await?;
    let invited: CallInviteResult = serde_json::from_str(&caller.answer(id).await?)?;
    let cancel = CallCancel {
        call_id: invited.call_id,
        invitees: vec![UserId::new(user)?],
        extended_data: String::new(),
        push_config: None,
    };
    caller.put(&frame::request(id + 1, "call.cancel", &cancel));
    caller.answer(id + 1).await?;
    Ok(took)
}
