//! The program `hongyan`: one file a subcommand. What it decides is wiring; everything else is in the crates.

// The answers of a command line go to standard output.
#![allow(clippy::print_stdout)]

mod admin;
mod alarms;
mod app;
mod ask;
mod backup;
mod bench;
mod config;
mod console;
mod dev;
mod emulator;
mod explain;
mod logging;
mod pages;
mod push;
mod serve;
mod token;
mod tools;
mod trace;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Self-hosted instant messaging whose offline push can be trusted and explained.
#[derive(Parser)]
#[command(name = "hongyan", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Run server, emulated Push Kit and the demo page with virtual phones; nothing else needed.
    Dev(dev::Dev),
    /// Create, list, show and set apps.
    #[command(subcommand)]
    App(app::App),
    /// Who may use the console: list, create, reset, disable.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Make a login token (token04) for a user.
    Token(token::Token),
    /// Push credentials and strategies.
    #[command(subcommand)]
    Push(push::Push),
    /// Tell what happened to a message or call on its way to every device, and why.
    Trace(trace::Trace),
    /// Tell who would be pushed for a message now, who not, and why; nothing is sent. Asks a running server.
    Explain(explain::Explain),
    /// Copy the data into a new file, also while the server runs. To restore, start on the copy.
    Backup(backup::Backup),
    /// Run the emulated Push Kit alone.
    Emulator(emulator::Run),
    /// Check a configuration, or print the documented example.
    #[command(subcommand)]
    Config(config::Config),
    /// Measure a server on this machine.
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error).context("cannot start")),
    };
    let done = runtime.block_on(run(arguments.command));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Dev(dev) => dev.run().await,
        Command::App(app) => app.run().await,
        Command::Admin(admin) => admin.run().await,
        Command::Token(token) => token.run().await,
        Command::Push(push) => push.run().await,
        Command::Trace(trace) => trace.run().await,
        Command::Explain(explain) => explain.run().await,
        Command::Backup(backup) => backup.run().await,
        Command::Emulator(emulator) => emulator.run().await,
        Command::Config(config) => config.run(),
        Command::Bench(bench) => bench.run().await,
    }
}

/// One sentence on standard error: the cause after what was tried.
#[allow(clippy::print_stderr)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("hongyan: {error:#}");
    ExitCode::FAILURE
}
