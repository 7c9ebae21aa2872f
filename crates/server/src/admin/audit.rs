//! Who changed what. Rows are written by the gate; this reads them.

use super::{
    Admin,
    refused::{Answer, Queried},
};
use crate::store::{AuditEntry, AuditFilter};
use axum::{Json, extract::State};
use hongyan_wire::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

/// Entries of one page.
const PAGE_MAX: usize = 200;

#[derive(Deserialize)]
pub(super) struct Page {
    before: Option<u64>,
    count: Option<usize>,
    #[serde(rename = "appID")]
    app_id: Option<AppId>,
    by: Option<String>,
}

/// `GET /audit`.
pub(super) async fn entries(State(admin): State<Admin>, Queried(page): Queried<Page>) -> Answer {
    let count = page.count.unwrap_or(50).clamp(1, PAGE_MAX);
    let filter = AuditFilter { before: page.before, app: page.app_id, by: page.by };
    let mut found = admin.store.audit(filter, count + 1).await?;
    let more = found.len() > count;
    found.truncate(count);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(json!({ "entries": found.iter().map(shown).collect::<Vec<_>>(), "next": next })))
}

fn shown(entry: &AuditEntry) -> Value {
    json!({
        "id": entry.id.to_string(), "at": entry.at, "by": entry.by, "address": entry.address,
        "action": entry.action, "appID": entry.app, "target": entry.target, "detail": entry.detail,
    })
}
