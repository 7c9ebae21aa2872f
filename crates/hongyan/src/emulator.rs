//! `hongyan emulator`: the emulated Push Kit alone, as a test bench for anybody's sender.

use crate::{logging, serve::StopSignals};
use clap::Args;
use hongyan_emulator::{Emulator, EmulatorConfig};
use hongyan_server::config::LogSection;
use std::net::SocketAddr;

/// Runs the emulator.
#[derive(Args)]
pub struct Run {
    /// Address and port. Its control is open to whoever reaches it: keep it on loopback.
    #[arg(long, default_value = "127.0.0.1:7801")]
    listen: SocketAddr,
}

impl Run {
    /// Runs until it is told to stop.
    pub async fn run(self) -> anyhow::Result<()> {
        logging::start(&LogSection::default())?;
        let stop = StopSignals::listen()?;
        let emulator =
            Emulator::start(EmulatorConfig { listen: self.listen, ..EmulatorConfig::default() }).await?;
        println!("Push Kit    {}", emulator.base_url());
        println!("control     {}/control/projects  (docs/emulator.md)", emulator.base_url());
        println!("phones      ws://{}/device", emulator.addr());
        stop.come().await;
        emulator.shutdown().await;
        Ok(())
    }
}
