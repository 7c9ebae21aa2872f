//! `bench idle --in-memory`: the server as a library, a real store, the listener for the warm-up, and the measured
//! sessions on pipes in memory through the same door. A million sessions fit into one process this way.

use super::{
    Ground, Measure, Output,
    idle::{Idle, Memory, put_logins},
    multitude::Multitude,
    own_server::Own,
    pipe::PIPE_BYTES,
    progress::Progress,
    report::Report,
    usage::Usage,
    warm,
};
use anyhow::{Context, bail};
use hongyan_client::load::Place;
use hongyan_server::{app::Server, clock::Clock, config::Config};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};
use tokio::io::AsyncReadExt;

/// Memory that is never gone beyond: others work on the machine.
const RSS_BYTES_MAX: u64 = 10 * 1024 * 1024 * 1024;
/// Places for connections beside the measured ones.
const OTHERS: usize = 10_000;

/// Measures in this process, which should have done nothing else before.
pub async fn measure(idle: &Idle, progress: &Progress) -> anyhow::Result<Report> {
    let mut report = Report::new("idle");
    let ground = Ground::prepare(&idle.output.dir).await?;
    let server = Server::start(config(&ground, idle.sessions), Clock::system(), axum::Router::new()).await?;
    let url = format!("ws://{}/ws", server.local_addr());
    let place = Place { url, app: ground.app.id, app_sign: ground.app.app_sign.expose().to_owned() };
    {
        let _phase = progress.phase("warming up", warm::ABOUT);
        warm::warm_up(&place, "", idle.warm).await?;
    }
    let mut multitude = Multitude::new(place, idle.sessions);
    let (memory, took) = sit(idle, &server, &mut multitude, progress).await?;
    put_logins(&mut report, idle.sessions, took);
    report.put("in_memory", true);
    memory.report(&mut report, idle.sessions);
    let login_cpu_us = memory.logged_in.cpu_us - memory.before.cpu_us;
    report.number("login_cpu_us_of_both_ends", login_cpu_us / f64::from(idle.sessions));
    report.put("transport_bytes_per_session", PIPE_BYTES);
    multitude.end().await;
    server.shutdown().await;
    drop(ground);
    Ok(report)
}

/// Lets them log in, rest, and talk once; the memory meanwhile, and how long the logins took.
async fn sit(
    idle: &Idle,
    server: &Server,
    multitude: &mut Multitude,
    progress: &Progress,
) -> anyhow::Result<(Memory, Duration)> {
    let about = Duration::from_millis(10_000) + Duration::from_micros(500) * idle.sessions;
    let _phase = progress.phase("sessions in memory", about);
    let before = calm(server).await?;
    let begun = Instant::now();
    multitude.log_in(server, bounded).await?;
    let (took, logged_in) = (begun.elapsed(), Usage::of_load()?);
    let resting = calm(server).await?;
    multitude.traffic(bounded).await?;
    let after = calm(server).await?;
    Ok((Memory { before, logged_in, resting, after }, took))
}

async fn calm(server: &Server) -> anyhow::Result<Usage> {
    let look = async || {
        drop(server.metrics());
        Usage::of_load()
    };
    warm::calm(look).await
}

/// Ends it when it takes too much.
fn bounded(session: u32) -> anyhow::Result<()> {
    let rss = Usage::of_load()?.rss;
    if rss > RSS_BYTES_MAX {
        bail!(
            "{rss} bytes are used at session {session}, and {RSS_BYTES_MAX} are allowed; take fewer --sessions"
        );
    }
    Ok(())
}

fn config(ground: &Ground, sessions: u32) -> Config {
    let mut config = Config::default();
    config.server.data = ground.data.path().to_owned();
    config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.limits.connections_max = sessions as usize + OTHERS;
    config.limits.unauthenticated_max = OTHERS;
    config.limits.unauthenticated_per_ip_max = OTHERS;
    config
}

/// The same in a process of its own, for whoever has done other things before.
pub struct Apart(pub Idle);

impl Measure for Apart {
    async fn measure(&self, _: &Progress) -> anyhow::Result<Report> {
        let (sessions, warm) = (self.0.sessions.to_string(), self.0.warm.to_string());
        let dir = self.0.output.dir.to_str().context("the directory has a name that is no text")?;
        let arguments =
            ["bench", "idle", "--in-memory", "--sessions", &sessions, "--warm", &warm, "--dir", dir];
        // It shows its progress by itself.
        let mut own = Own::start(&arguments, true)?;
        let mut figures = String::new();
        let mut said = own.child().stdout.take().context("the output was asked for")?;
        said.read_to_string(&mut figures).await?;
        if !own.child().wait().await?.success() {
            bail!("the process with the sessions in memory failed; it said why above");
        }
        Ok(Report::read(&figures))
    }

    fn output(&self) -> &Output {
        &self.0.output
    }
}
