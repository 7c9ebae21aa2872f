//! `hongyan serve`: the server, until it is told to stop.

use crate::{console, logging};
use anyhow::Context;
use clap::Args;
use hongyan_server::{app::Server, clock::Clock, config::Config};
use std::{io::Write, net::SocketAddr, path::PathBuf};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the server. Needs no configuration: everything is in one data directory, on loopback.
#[derive(Args)]
pub struct Serve {
    /// Settings; see `hongyan config example`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory of the data, before the configuration.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port, before the configuration.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Certificate chain, PEM; read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Serve {
    /// Runs until SIGTERM or SIGINT, then drains.
    pub async fn run(self) -> anyhow::Result<()> {
        let config = self.settings()?;
        logging::start(&config.log)?;
        warn_when_open(&config);
        let stop = StopSignals::listen()?;
        let secure = config.tls.cert.is_some();
        let server = Server::start(config, Clock::system(), console::routes()).await?;
        tracing::info!(address = %server.local_addr(), "listening");
        if let Some(path) = server.setup_path().await? {
            let scheme = if secure { "https" } else { "http" };
            let say = "console: make the first administrator here, once, within a day:";
            // On standard output, for whoever started it; a closed one ends no server.
            if let Err(error) = writeln!(std::io::stdout(), "{say}\n{scheme}://{}{path}", server.local_addr())
            {
                tracing::warn!(%error, "the link for the first administrator could not be printed");
            }
        }
        stop.come().await;
        server.shutdown().await;
        Ok(())
    }

    fn settings(self) -> anyhow::Result<Config> {
        let name = self.config.as_ref().map_or("the configuration".into(), |path| path.display().to_string());
        let mut config = Config::load(self.config.as_deref()).with_context(|| name)?;
        config.server.data = self.data.unwrap_or(config.server.data);
        config.server.listen = self.listen.unwrap_or(config.server.listen);
        config.tls.cert = self.tls_cert.or(config.tls.cert);
        config.tls.key = self.tls_key.or(config.tls.key);
        Ok(config)
    }
}

fn warn_when_open(config: &Config) {
    if !config.server.listen.ip().is_loopback() && config.tls.cert.is_none() {
        tracing::warn!(
            address = %config.server.listen,
            "listening beyond loopback without TLS: messages and tokens can be read on the way; \
             use --tls-cert and --tls-key, or a proxy with TLS"
        );
    }
}

/// SIGTERM and SIGINT, listened for from the moment it is made: make it before telling anybody that the
/// program runs.
pub struct StopSignals {
    term: Signal,
    int: Signal,
}

impl StopSignals {
    /// Begins to listen.
    pub fn listen() -> anyhow::Result<Self> {
        let listen = |kind, name| signal(kind).with_context(|| format!("cannot listen for {name}"));
        Ok(Self {
            term: listen(SignalKind::terminate(), "SIGTERM")?,
            int: listen(SignalKind::interrupt(), "SIGINT")?,
        })
    }

    /// Waits for the first of them.
    pub async fn come(mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
