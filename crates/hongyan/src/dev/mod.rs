//! `hongyan dev`: server, emulated Push Kit, a seeded app and the demo page, from one command.

mod pages;
mod seed;

use crate::{logging, serve::StopSignals};
use anyhow::Context;
use clap::Args;
use hongyan_emulator::{Emulator, EmulatorConfig};
use hongyan_server::{
    app::Server,
    clock::Clock,
    config::{Config, LogSection},
    store::sqlite::SqliteStore,
};
use std::{net::SocketAddr, path::PathBuf, sync::Arc};

/// Runs everything for trying out. Listens on loopback only.
#[derive(Args)]
pub struct Dev {
    /// Port of the server and its pages; 0 takes a free one.
    #[arg(long, default_value_t = 7800)]
    port: u16,
    /// Directory of the data.
    #[arg(long, value_name = "DIR", default_value = ".dev")]
    data: PathBuf,
    /// Print one JSON line with the addresses and keys instead of text.
    #[arg(long)]
    json: bool,
    /// Log more: a level or a list of module=level.
    #[arg(long, default_value = "warn")]
    log: String,
}

impl Dev {
    /// Runs until SIGTERM or SIGINT.
    pub async fn run(self) -> anyhow::Result<()> {
        logging::start(&LogSection { filter: self.log.clone(), ..LogSection::default() })?;
        let stop = StopSignals::listen()?;
        let emulator = Emulator::start(EmulatorConfig::default()).await?;
        let mut config = Config::default();
        config.server.data = self.data.clone();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], self.port));
        // The emulated Push Kit is beside it, and nobody else reaches loopback: receipts need no secret.
        config.receipts.unsigned = true;
        let clock = Clock::system();
        let store = SqliteStore::open(&self.data, Default::default(), clock.clone())
            .with_context(|| format!("cannot open the data in {}", self.data.display()))?;
        let seeded = Arc::new(seed::plant(&*store, &emulator, &self.data, clock.now_ms()).await?);
        let routes = pages::routes(seeded.clone(), store.clone(), &emulator);
        let server = Server::start_on(store, config, clock, routes).await?;
        seeded.order_receipts(&emulator, server.local_addr())?;
        let setup = server.setup_path().await?;
        self.greet(&seeded, server.local_addr(), &emulator, setup.as_deref());
        stop.come().await;
        server.shutdown().await;
        emulator.shutdown().await;
        Ok(())
    }

    fn greet(&self, seeded: &seed::Seeded, address: SocketAddr, emulator: &Emulator, setup: Option<&str>) {
        if self.json {
            println!("{}", seeded.to_json(address, &emulator.base_url(), setup));
            return;
        }
        println!("\n  Hongyan 鸿雁 is running.\n");
        println!("  demo          http://{address}/demo/      open this: virtual phones and the eight steps");
        let console = setup.unwrap_or("/console/");
        println!("  console       http://{address}{console}");
        println!("  server        http://{address}            WebSocket at ws://{address}/ws");
        println!(
            "  Push Kit      {}       emulated; faults and requests under /control",
            emulator.base_url()
        );
        println!("\n  AppID         {}", seeded.app.id);
        println!("  AppSign       {}", seeded.app.app_sign.expose());
        println!("  ServerSecret  {}", seeded.app.server_secret.expose());
        println!("  users         {}", seeded.user_ids().join(", "));
        println!("\n  Data is in {}. Ctrl-C stops.\n", self.data.display());
    }
}
