//! `hongyan token`: a token04 as the vendor's generators make it.

use crate::tools::{self, Data};
use clap::Args;
use hongyan_server::session::make_token04;
use hongyan_wire::{AppId, UserId};

/// Makes a token.
#[derive(Args)]
pub struct Token {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// userID.
    #[arg(long)]
    user: UserId,
    /// Life in seconds, at most 24 days.
    #[arg(long, default_value_t = 24 * 3600, value_name = "SECONDS")]
    ttl: u64,
    /// Carried inside the token; empty for messaging.
    #[arg(long, default_value = "")]
    payload: String,
    #[command(flatten)]
    data: Data,
}

impl Token {
    /// Prints the token.
    pub async fn run(self) -> anyhow::Result<()> {
        let store = self.data.open()?;
        let app = tools::app(&store, self.app).await?;
        let secret = app.server_secret.expose();
        let now_s = tools::now_ms() / 1_000;
        println!("{}", make_token04(app.id, &self.user, secret, self.ttl, &self.payload, now_s)?);
        Ok(())
    }
}
