//! `hongyan bench …`: measures a server of its own on this machine and prints figures with their conditions.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use hongyan_client::load::{Histogram, PeerFigures, PeerLoad};
use hongyan_wire::AppId;
use serde_json::{Value, json};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

/// Benches.
#[derive(Subcommand)]
pub enum Bench {
    /// Durable 1:1 sends carrying a pushConfig, receivers online, both acknowledged.
    Peer(Peer),
}

/// `bench peer`.
#[derive(Args)]
pub struct Peer {
    /// Senders, each with a receiver of its own.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=4000))]
    senders: u16,
    /// Unanswered messages of one sender.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    window: u16,
    /// Seconds to send.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Bench {
    /// Runs it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Peer(peer) => peer.run().await,
        }
    }
}

impl Peer {
    async fn run(self) -> anyhow::Result<()> {
        let own = OwnServer::start().await?;
        let before = own.usage()?;
        let load = PeerLoad {
            url: format!("ws://{}/ws", own.address),
            app: own.app,
            app_sign: own.app_sign.clone(),
            senders: self.senders.into(),
            window: self.window.into(),
            span: Duration::from_secs(self.seconds),
        };
        let figures = load.run().await?;
        let after = own.usage()?;
        let figures = self.figures(&figures, &before, &after);
        own.stop().await?;
        match self.json {
            true => println!("{figures}"),
            false => {
                for (name, value) in figures.as_object().into_iter().flatten() {
                    println!("{name:<24} {value}");
                }
            }
        }
        Ok(())
    }

    fn figures(&self, load: &PeerFigures, before: &Usage, after: &Usage) -> Value {
        let per_message = |total: f64| rounded(total / load.accepted.max(1) as f64);
        let percentile = |latencies: &Histogram, share| rounded(latencies.percentile_ms(share));
        json!({
            "bench": "peer",
            "senders": self.senders,
            "window": self.window,
            "seconds": self.seconds,
            "messages": load.accepted,
            "delivered": load.delivered,
            "msgs_per_s": (load.accepted as f64 / load.took.as_secs_f64()).round(),
            "ack_p50_ms": percentile(&load.ack, 0.5),
            "ack_p99_ms": percentile(&load.ack, 0.99),
            "ack_p999_ms": percentile(&load.ack, 0.999),
            "ack_max_ms": rounded(load.ack.max_ms()),
            "e2e_p50_ms": percentile(&load.end_to_end, 0.5),
            "e2e_p99_ms": percentile(&load.end_to_end, 0.99),
            "server_cpu_us_per_msg": per_message(1e6 * (after.cpu_s - before.cpu_s)),
            "written_bytes_per_msg": per_message((after.written - before.written) as f64),
            "server_rss_mib": rounded(after.rss_kib as f64 / 1024.0),
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        })
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A server process of this bench, with one app whose clients are not slowed down.
struct OwnServer {
    child: Child,
    address: SocketAddr,
    app: AppId,
    app_sign: String,
    /// Goes with the bench.
    _data: Scratch,
}

/// What the kernel says about the server process.
struct Usage {
    cpu_s: f64,
    written: u64,
    rss_kib: u64,
}

/// A directory that is removed at the end.
struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the data of a bench could not be removed");
        }
    }
}

impl OwnServer {
    async fn start() -> anyhow::Result<Self> {
        let path = std::env::current_dir()?.join(format!("bench-data-{}", std::process::id()));
        let data = Scratch(path);
        let app = tool(&data.0, &["app", "create", "bench", "--json"]).await?;
        let app: Value = serde_json::from_str(&app)?;
        let id = app["appID"].to_string();
        tool(&data.0, &["app", "set", &id, "messages_per_s=1000000", "ack_deadline_ms=60000"]).await?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = program()?
            .args(["serve", "--listen", &address.to_string(), "--data"])
            .arg(&data.0)
            .env("HONGYAN_LIMITS_UNAUTHENTICATED_PER_IP_MAX", "100000")
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let app_sign = app["appSign"].as_str().context("app create prints the AppSign")?.to_owned();
        let own = Self { child, address, app: id.parse()?, app_sign, _data: data };
        own.wait_until_it_listens().await?;
        Ok(own)
    }

    async fn wait_until_it_listens(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            if started.elapsed() > Duration::from_secs(30) {
                bail!("the server of the bench does not listen");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Reads `/proc` of the server process.
    fn usage(&self) -> anyhow::Result<Usage> {
        let pid = self.child.id().context("the server of the bench has ended")?;
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}"));
        let number = |text: &str, key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
        };
        let stat = read("stat")?;
        let after_name = stat.rsplit(") ").next().unwrap_or_default();
        let fields: Vec<&str> = after_name.split(' ').collect();
        let ticks: u64 =
            fields.get(11..13).into_iter().flatten().filter_map(|text| text.parse::<u64>().ok()).sum();
        Ok(Usage {
            cpu_s: ticks as f64 / 100.0,
            written: number(&read("io")?, "write_bytes:"),
            rss_kib: number(&read("status")?, "VmRSS:"),
        })
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the server of the bench could not be ended")
    }
}

fn program() -> anyhow::Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

async fn tool(data: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = program()?.args(arguments).arg("--data").arg(data).output().await?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}
