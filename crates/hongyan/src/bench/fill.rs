//! `bench fill`, hidden: writes messages straight into a store, until it is killed or its input ends.
//!
//! A process of its own, so that its death can be a real one.

use super::{ground::with_store, own_server::Own};
use crate::tools;
use anyhow::{Context, bail};
use clap::Args;
use hongyan_server::store::{Append, LoginRecord, MessageStore, NewMessage, UserStore, sqlite::SqliteStore};
use hongyan_wire::{AppId, ConversationKey, DeviceId, UserId};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    time::timeout,
};

/// Messages written one after the other by one of the writers.
const WRITERS: u64 = 1_024;
/// A conversation has about so many messages …
const PER_CONVERSATION: u64 = 100;
/// … and there are at most so many conversations.
const CONVERSATIONS_MAX: u64 = 50_000;
/// Ten million messages take less than two minutes.
const FILLED_WITHIN: Duration = Duration::from_secs(900);

/// `bench fill`.
#[derive(Args)]
pub struct Fill {
    /// The data.
    #[arg(long)]
    data: PathBuf,
    /// The app.
    #[arg(long)]
    app: AppId,
    /// How many messages.
    #[arg(long)]
    messages: u64,
    /// Number of the first, so that a second filling adds.
    #[arg(long, default_value_t = 0)]
    first: u64,
}

impl Fill {
    /// Writes, says `filled`, and waits for its end.
    pub async fn run(self) -> anyhow::Result<()> {
        with_store(&self.data, async |store| {
            let conversations = (self.messages / PER_CONVERSATION).clamp(1, CONVERSATIONS_MAX);
            self.register(&store, conversations).await?;
            let writers = (0..WRITERS.min(self.messages)).map(|writer| {
                let (store, app) = (store.clone(), self.app);
                let numbers = (self.first + writer..self.first + self.messages).step_by(WRITERS as usize);
                async move { write(&store, app, numbers, conversations).await }
            });
            super::ground::in_parallel(writers).await?;
            println!("filled");
            // Killed here, or told to close properly by the end of the input.
            tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
            Ok(())
        })
        .await
    }

    async fn register(&self, store: &Arc<SqliteStore>, conversations: u64) -> anyhow::Result<()> {
        let (app, now_ms) = (self.app, tools::now_ms());
        let logins =
            (0..conversations).flat_map(|number| [user("a", number), user("b", number)]).map(|user| {
                let store = store.clone();
                async move {
                    let user = user?;
                    let device = DeviceId::new(&format!("device-{user}"))?;
                    store
                        .sign_in(LoginRecord { app, user, name: None, device, platform: 10, now_ms })
                        .await?;
                    Ok(())
                }
            });
        super::ground::in_parallel(logins).await
    }
}

fn user(side: &str, conversation: u64) -> anyhow::Result<UserId> {
    Ok(UserId::new(&format!("fill-{side}{conversation}"))?)
}

async fn write(
    store: &Arc<SqliteStore>,
    app: AppId,
    numbers: impl Iterator<Item = u64>,
    conversations: u64,
) -> anyhow::Result<()> {
    let content: Arc<str> = format!(r#"{{"type":1,"message":"{}"}}"#, "雁".repeat(40)).into();
    for number in numbers {
        // Half of the traffic goes to a tenth of the conversations.
        let conversation = match number % 2 {
            0 => number / 2 % (conversations / 10).max(1),
            _ => number / 2 % conversations,
        };
        let sender = user("a", conversation)?;
        let message = NewMessage {
            app,
            sender_device: DeviceId::new(&format!("device-{sender}"))?,
            sender,
            to: ConversationKey::Peer(user("b", conversation)?),
            local_id: number.to_string(),
            content: content.clone(),
            disable_unread: false,
            intent: None,
            now_ms: tools::now_ms(),
        };
        if !matches!(store.append_message(message).await?, Append::Stored(_)) {
            bail!("message {number} was not stored");
        }
    }
    Ok(())
}

/// Runs `bench fill` on these data. It has filled when this returns, and still runs.
pub async fn filling(data: &str, app: AppId, messages: u64, first: u64) -> anyhow::Result<Own> {
    let (app, messages, first) = (app.to_string(), messages.to_string(), first.to_string());
    let arguments =
        ["bench", "fill", "--data", data, "--app", &app, "--messages", &messages, "--first", &first];
    let mut own = Own::start(&arguments, true)?;
    let said = own.child().stdout.take().context("the output was asked for")?;
    let mut line = String::new();
    timeout(FILLED_WITHIN, BufReader::new(said).read_line(&mut line))
        .await
        .context("not filled in time")??;
    if line.trim() != "filled" {
        bail!("the store could not be filled");
    }
    Ok(own)
}

/// Fills and closes the store properly.
pub async fn filled(data: &str, app: AppId, messages: u64, first: u64) -> anyhow::Result<()> {
    let mut own = filling(data, app, messages, first).await?;
    drop(own.child().stdin.take());
    let ended = timeout(FILLED_WITHIN, own.child().wait()).await.context("the store does not close")??;
    if !ended.success() {
        bail!("the store was not closed properly: {ended}");
    }
    Ok(())
}
