//! `hongyan trace`: what happened to a message or call, and why.

use crate::tools::Data;
use anyhow::bail;
use clap::Args;
use hongyan_server::push::TraceView;

/// Prints a trace.
#[derive(Args)]
pub struct Trace {
    /// messageID or callID.
    id: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

impl Trace {
    /// Prints it.
    pub async fn run(self) -> anyhow::Result<()> {
        let Ok(id) = self.id.parse::<u64>() else {
            bail!("{:?} is no ID; a messageID or callID is a decimal number", self.id);
        };
        let store = self.data.open()?;
        match TraceView::load(&store, None, id).await? {
            Some(trace) if self.json => println!("{}", serde_json::to_string(&trace)?),
            Some(trace) => println!("{}", trace.to_text()),
            None => bail!("there is no message or call {id}, or its trace is older than the retention"),
        }
        Ok(())
    }
}
