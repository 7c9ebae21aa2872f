//! Log lines on standard error: text for people or JSON for machines.

use anyhow::Context;
use hongyan_server::config::{LogFormat, LogSection};
use std::{
    io::{self, IsTerminal},
    panic,
};
use tracing_subscriber::EnvFilter;

/// Reads `log.filter`.
pub fn filter(log: &LogSection) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(&log.filter)
        .with_context(|| format!("log.filter {:?} must be a level or a list of module=level", log.filter))
}

/// Starts logging once per process.
pub fn start(log: &LogSection) -> anyhow::Result<()> {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter(log)?)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started before: {error}"))?;
    panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// Where the program met a fault of its own. Not what it says: the text of a panic may quote a message.
fn tell_panic(panic: &panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let backtrace = std::backtrace::Backtrace::capture();
    let thread = std::thread::current();
    tracing::error!(
        place,
        thread = thread.name(),
        backtrace = (backtrace.status() == std::backtrace::BacktraceStatus::Captured)
            .then(|| tracing::field::display(&backtrace)),
        "the program met a fault of its own; please report it"
    );
}
