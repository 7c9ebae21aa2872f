//! Log lines on standard error: text for people or JSON for machines.

use anyhow::Context;
use hongyan_server::config::{LogFormat, LogSection};
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;

/// Starts logging once per process.
pub fn start(log: &LogSection) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&log.filter)
        .with_context(|| format!("log.filter {:?} must be a level or a list of module=level", log.filter))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started before: {error}"))
}
