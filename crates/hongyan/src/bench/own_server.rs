//! Processes that a bench starts and ends: the server, and other subcommands of this program.

use super::{http::Http, usage::Usage};
use anyhow::{Context, bail};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// How long a process may take to become ready. Ten million messages take two seconds.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long a started server may take until its idempotency window is whole.
const WHOLE_WITHIN: Duration = Duration::from_secs(120);
/// Looks at a killed process until it is gone, 10 ms apart.
const GONE_LOOKS_MAX: u32 = 300;

/// A process of this program. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct Own {
    child: Child,
}

impl Own {
    /// Starts `hongyan` with these arguments, its standard input and output piped when asked for.
    pub fn start(arguments: &[&str], piped: bool) -> anyhow::Result<Self> {
        let stdio = || if piped { Stdio::piped() } else { Stdio::null() };
        let child = Command::new(std::env::current_exe()?)
            .args(arguments)
            // A bench opens and closes connections faster than an honest address does.
            .env("HONGYAN_LIMITS_UNAUTHENTICATED_PER_IP_MAX", "1000000")
            .env("HONGYAN_LIMITS_UNAUTHENTICATED_MAX", "1000000")
            .env("HONGYAN_LOG_FILTER", "error")
            .stdin(stdio())
            .stdout(stdio())
            .kill_on_drop(true)
            .spawn()
            .context("a process of the bench could not be started")?;
        Ok(Self { child })
    }

    /// The process, to talk with it.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// What it has used so far.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        Usage::of(self.child.id().context("a process of the bench has ended by itself")?)
    }

    /// kill -9, and wait for its end.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("a process of the bench could not be ended")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.child.start_kill().is_err() {
            return; // It has ended already.
        }
        for _ in 0..GONE_LOOKS_MAX {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A server process on a data directory.
#[derive(Debug)]
pub struct OwnServer {
    own: Own,
    address: SocketAddr,
    begun: Instant,
    /// From the start of the process until it said that it is ready.
    pub ready_after: Duration,
}

impl OwnServer {
    /// Starts it and waits until it is ready.
    pub async fn start(data: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let data = data.to_str().context("the data directory has a name that is no text")?;
        let begun = Instant::now();
        let mut own = Own::start(&["serve", "--listen", &address.to_string(), "--data", data], false)?;
        until_answered(&mut own, address, "/readyz").await?;
        Ok(Self { own, address, begun, ready_after: begun.elapsed() })
    }

    /// Where clients connect.
    pub fn ws(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    /// What its process has used so far.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        self.own.usage()
    }

    /// A connection for its metrics.
    pub async fn http(&self) -> anyhow::Result<Http> {
        Http::connect(self.address).await
    }

    /// Waits until all sends of the last day are known again; how long after the start of the process.
    pub async fn window_whole(&self) -> anyhow::Result<Duration> {
        let mut http = self.http().await?;
        while http.metric("hongyan_store_window_whole").await? == 0 {
            if self.begun.elapsed() > WHOLE_WITHIN {
                bail!("the idempotency window is not whole {WHOLE_WITHIN:?} after a start");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(self.begun.elapsed())
    }

    /// kill -9.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.own.kill().await
    }
}

/// A loopback address that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits until `path` is answered with 200.
pub async fn until_answered(own: &mut Own, address: SocketAddr, path: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < READY_WITHIN {
        if let Ok(mut http) = Http::connect(address).await
            && http.get(path).await.is_ok()
        {
            return Ok(());
        }
        if let Some(status) = own.child.try_wait()? {
            bail!("a process of the bench ended at its start: {status}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("a process of the bench did not become ready in {READY_WITHIN:?}")
}
