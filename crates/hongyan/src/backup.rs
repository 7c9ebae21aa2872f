//! `hongyan backup`: a consistent copy while the server runs.

use crate::tools::Data;
use anyhow::{Context, bail};
use clap::Args;
use std::path::PathBuf;

/// Makes a copy.
#[derive(Args)]
pub struct Backup {
    /// The new file. To restore, put it as hongyan.db into an empty data directory.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

impl Backup {
    /// Makes it.
    pub async fn run(self) -> anyhow::Result<()> {
        if self.file.exists() {
            bail!("{} exists; a backup never overwrites", self.file.display());
        }
        let store = self.data.open()?;
        store.backup(&self.file).await.with_context(|| format!("cannot write {}", self.file.display()))?;
        let bytes = std::fs::metadata(&self.file)?.len();
        println!("{} ({bytes} bytes)", self.file.display());
        Ok(())
    }
}
