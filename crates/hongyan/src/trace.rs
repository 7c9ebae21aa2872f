//! `hongyan trace`: what happened to a message or call, and why; or to the newest of one user or PushID.

use crate::{ask::Server, tools};
use anyhow::{Context, bail};
use clap::Args;
use hongyan_server::{
    push::{TraceLines, TraceView},
    store::AlarmStore,
};
use hongyan_wire::{AppId, PushId, UserId};

/// Prints a trace.
#[derive(Args)]
pub struct Trace {
    /// messageID or callID.
    #[arg(required_unless_present_any = ["user", "push_id"])]
    id: Option<String>,
    /// Instead: the newest messages and calls of this user.
    #[arg(long, value_name = "USERID", requires = "app", conflicts_with_all = ["id", "push_id"])]
    user: Option<String>,
    /// Instead: the newest of the device that has this PushID.
    #[arg(long, value_name = "PUSHID", requires = "app", conflicts_with = "id")]
    push_id: Option<String>,
    /// AppID, for --user and --push-id.
    #[arg(long)]
    app: Option<AppId>,
    /// Lines, for --user and --push-id.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

impl Trace {
    /// Prints it. One message or call is read from the data, also without a running server; for a user or a PushID
    /// the server is asked.
    pub async fn run(self) -> anyhow::Result<()> {
        match (&self.id, &self.user, &self.push_id, self.app) {
            (Some(id), ..) => self.one(id).await,
            (None, Some(user), _, Some(app)) => {
                let user = UserId::new(user).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
                let path =
                    format!("/apps/{app}/users/{}/traces?count={}", escaped(user.as_str()), self.count);
                let answer = self.server.get(&path).await?;
                self.print(serde_json::from_value(answer).context("an answer of another version")?)
            }
            (None, None, Some(id), Some(app)) => self.of_push_id(app, id).await,
            _ => bail!("name a messageID or callID, or --user or --push-id with --app"),
        }
    }

    async fn one(&self, id: &str) -> anyhow::Result<()> {
        let Ok(number) = id.parse::<u64>() else {
            bail!("{id:?} is no ID; a messageID or callID is a decimal number");
        };
        let store = self.server.data.open()?;
        let mut trace = TraceView::load(&store, None, number).await?;
        if let Some(trace) = &mut trace {
            trace.note_pauses(&store.alarms().await?, tools::now_ms());
        }
        match trace {
            Some(trace) if self.json => println!("{}", serde_json::to_string(&trace)?),
            Some(trace) => println!("{}", trace.to_text()),
            None => bail!("there is no message or call {id}, or its trace is older than the retention"),
        }
        Ok(())
    }

    async fn of_push_id(&self, app: AppId, id: &str) -> anyhow::Result<()> {
        let id = PushId::new(id).map_err(|refusal| anyhow::anyhow!("{}", refusal.message))?;
        let mut answer = self.server.get(&format!("/apps/{app}/push-ids/{id}")).await?;
        if !self.json {
            let of = &answer["pushID"];
            let state = match of["tombstone"]["code"].as_str() {
                Some(code) => format!("dead, the vendor said {code}"),
                None => "alive".to_owned(),
            };
            println!("{} on {}, appType {}: {state}", of["userID"], of["deviceID"], of["appType"]);
        }
        self.print(serde_json::from_value(answer["newest"].take()).context("an answer of another version")?)
    }

    fn print(&self, lines: TraceLines) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string(&lines)?);
        } else if lines.traces.is_empty() {
            println!("nothing that carried a pushConfig within the retention");
        } else {
            lines.traces.iter().for_each(|line| println!("{}", line.to_text()));
        }
        Ok(())
    }
}

/// A userID as part of an address: it may hold `#`, `?`, `%` and the like.
fn escaped(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => (byte as char).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_letter_of_a_user_id_survives_an_address() {
        assert_eq!(super::escaped("a b#1?%/é"), "a%20b%231%3F%25%2F%C3%A9");
    }
}
