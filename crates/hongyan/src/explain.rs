//! `hongyan explain`: who would be pushed for a message now, who not, and why. Nothing is sent.

use crate::ask::Server;
use anyhow::bail;
use clap::Args;
use hongyan_wire::AppId;
use serde_json::{Value, json};

/// Asks a running server.
#[derive(Args)]
pub struct Explain {
    /// AppID.
    #[arg(long)]
    app: AppId,
    /// Who would send it.
    #[arg(long, value_name = "USERID")]
    from: String,
    /// To this user.
    #[arg(long, value_name = "USERID", required_unless_present = "group", conflicts_with = "group")]
    to: Option<String>,
    /// To this group.
    #[arg(long, value_name = "GROUPID")]
    group: Option<String>,
    /// Title of the notice.
    #[arg(long, default_value = "title")]
    title: String,
    /// Text of the notice.
    #[arg(long, default_value = "content")]
    content: String,
    /// Push strategy.
    #[arg(long, value_name = "NAME", default_value = "")]
    resources_id: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: Server,
}

impl Explain {
    /// Asks and prints.
    pub async fn run(self) -> anyhow::Result<()> {
        let foreseen = self.ask().await?;
        if self.json {
            println!("{foreseen}");
            return Ok(());
        }
        let list = |name: &str| foreseen[name].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        for device in list("devices") {
            let (user, id) = (text(&device["userID"]), text(&device["deviceID"]));
            println!("{user:12} {id:36} {:10} {}", text(&device["step"]), text(&device["text"]["en"]));
        }
        for request in list("requests") {
            let (vendor, targets) = (text(&request["vendor"]), &request["targets"]);
            println!("\nrequest to {vendor}, {targets} device(s): {}", text(&request["url"]));
            println!("{}", serde_json::to_string_pretty(&request["body"])?);
        }
        Ok(())
    }

    async fn ask(&self) -> anyhow::Result<Value> {
        let (id, kind) = match (&self.to, &self.group) {
            (Some(user), _) => (user, 0),
            (None, Some(group)) => (group, 2),
            (None, None) => bail!("name --to or --group"),
        };
        let body = json!({
            "senderUserID": self.from, "conversationID": id, "conversationType": kind,
            "pushConfig": {"title": self.title, "content": self.content, "resourcesID": self.resources_id},
        });
        self.server.post(&format!("/apps/{}/dry-run", self.app), &body).await
    }
}
