//! `hongyan config …`.

use crate::logging;
use anyhow::Context;
use clap::{Args, Subcommand};
use hongyan_server::config::{self as settings, Config as Settings};
use std::path::PathBuf;

/// Configuration.
#[derive(Subcommand)]
pub enum Config {
    /// Check a file together with the environment.
    Check(Check),
    /// Print the documented example.
    Example,
}

/// `config check`.
#[derive(Args)]
pub struct Check {
    /// The file; without one only the environment is checked.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Config {
    /// Does it.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Example => print!("{}", settings::example()),
            Self::Check(check) => {
                let name =
                    check.config.as_ref().map_or("the environment".into(), |path| path.display().to_string());
                let settings = Settings::load(check.config.as_deref()).with_context(|| name.clone())?;
                logging::filter(&settings.log).with_context(|| name.clone())?;
                println!("{name}: good");
            }
        }
        Ok(())
    }
}
