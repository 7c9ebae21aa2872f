//! Finding traces: of an app by its heads, of a user by what the user took part in.
//!
//! Heads are a little behind; what is newer is looked at directly, and so is what was not settled.

use super::{PAGE_MAX, with_hops};
use crate::{
    admin::{
        Admin, hops,
        refused::{Answer, Queried, Refused},
    },
    push::trace::{DeviceState, DeviceView, TraceKind, TraceView},
    store::{App, HeadFilter, TraceHead, TraceMark, first_id_at, time_of_id},
};
use axum::{Extension, Json, extract::State};
use hongyan_wire::{AppId, DeviceId, PushId, UserId};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Messages and calls of a user that are looked through in one round, and rounds of one answer.
const ROUND_LEN: usize = 200;
const ROUNDS_MAX: usize = 20;
/// Messages and calls above the watermark that are looked at.
const FRESH_MAX: usize = 500;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in crate::admin) struct Search {
    #[serde(rename = "userID")]
    user_id: Option<UserId>,
    #[serde(rename = "pushID")]
    push_id: Option<PushId>,
    #[serde(rename = "deviceID")]
    device_id: Option<DeviceId>,
    #[serde(rename = "senderUserID")]
    sender_user_id: Option<UserId>,
    kind: Option<TraceKind>,
    outcome: Option<DeviceState>,
    from: Option<u64>,
    to: Option<u64>,
    before: Option<u64>,
    count: Option<usize>,
}

/// `GET /apps/{app}/traces`.
pub(in crate::admin) async fn search(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Queried(mut asked): Queried<Search>,
) -> Answer {
    let count = asked.count.unwrap_or(50).clamp(1, PAGE_MAX);
    if let Some(id) = &asked.push_id {
        let record = admin.store.push_record(app.id, id).await?;
        let record = record.ok_or_else(|| Refused::not_found("there is no such PushID in this app"))?;
        let Some(user) = record.user else {
            return Err(Refused::conflict("push_id_unbound", "nobody is bound to this PushID"));
        };
        (asked.user_id, asked.device_id) = (Some(user), Some(record.device));
    }
    let (found, next) = match (asked.user_id.clone(), asked.sender_user_id.clone()) {
        (Some(user), _) => of_user(&admin, app.id, &asked, &user, count).await?,
        (None, Some(sender)) => of_user(&admin, app.id, &asked, &sender, count).await?,
        (None, None) => of_app(&admin, app.id, &asked, count).await?,
    };
    Ok(Json(json!({ "traces": found, "next": next.map(|id: u64| id.to_string()) })))
}

type Found = (Vec<Value>, Option<u64>);

fn mark(outcome: DeviceState) -> TraceMark {
    match outcome {
        DeviceState::Pending => TraceMark::Pending,
        DeviceState::Acked => TraceMark::Acked,
        DeviceState::Pushed => TraceMark::Pushed,
        DeviceState::Suppressed => TraceMark::Suppressed,
        DeviceState::Expired => TraceMark::Expired,
        DeviceState::Retracted => TraceMark::Retracted,
        DeviceState::Failed => TraceMark::Failed,
    }
}

impl Search {
    fn filter(&self) -> HeadFilter {
        HeadFilter {
            outcome: self.outcome.map(mark),
            is_call: self.kind.map(|kind| kind == TraceKind::Call),
            from_ms: self.from,
            to_ms: self.to,
        }
    }

    /// Below which ID the answer begins.
    fn below(&self) -> u64 {
        let to = self.to.map_or(u64::MAX, |to| first_id_at(to.saturating_add(1)));
        self.before.unwrap_or(u64::MAX).min(to)
    }

    fn fits(&self, head: &TraceHead) -> bool {
        self.outcome.is_none_or(|outcome| head.has(mark(outcome))) && self.fits_but_outcome(head)
    }

    fn fits_but_outcome(&self, head: &TraceHead) -> bool {
        self.kind.is_none_or(|kind| head.is_call == (kind == TraceKind::Call))
            && self.sender_user_id.as_ref().is_none_or(|sender| head.sender == *sender)
            && self.from.is_none_or(|from| time_of_id(head.id) >= from)
            && self.to.is_none_or(|to| time_of_id(head.id) <= to)
    }
}

fn shown(head: &TraceHead) -> Value {
    let (conversation, kind) = match &head.conversation {
        Some((id, kind)) => (Some(id), Some(kind)),
        None => (None, None),
    };
    json!({
        "id": head.id.to_string(), "kind": if head.is_call { "call" } else { "message" },
        "senderUserID": head.sender, "recipientUserID": head.recipient,
        "conversationID": conversation, "conversationType": kind,
        "acceptedAt": head.accepted_at, "settled": head.settled, "counts": head.counts,
    })
}

async fn of_app(admin: &Admin, app: AppId, asked: &Search, count: usize) -> Result<Found, Refused> {
    let below = asked.below();
    let mut heads = Vec::new();
    let (fresh, more) = admin.store.newest_subjects(app, below, FRESH_MAX).await?;
    for id in fresh {
        if let Some(head) = admin.push.head(id).await?.filter(|head| asked.fits(head)) {
            heads.push(head);
        }
        if heads.len() > count {
            break;
        }
    }
    if heads.len() > count {
        heads.truncate(count);
        let next = heads.last().map(|head| head.id);
        return Ok((heads.iter().map(shown).collect(), next));
    }
    if more.is_some() {
        // Heads are far behind: what lies between is looked at by the next page, not left out.
        return Ok((heads.iter().map(shown).collect(), more));
    }
    let before = heads.last().map_or(below, |head| head.id);
    let left = (count - heads.len()).max(1);
    let page = admin.store.heads(app, asked.filter(), before, left).await?;
    heads.extend(page.heads);
    heads.truncate(count);
    for head in heads.iter_mut().filter(|head| !head.settled) {
        // As it is now, not as it was when its head was written.
        if let Some(now) = admin.push.head(head.id).await? {
            *head = now;
        }
    }
    Ok((heads.iter().map(shown).collect(), page.next))
}

/// A line for each of the user's devices, or, when only the sender was asked for, one for each message.
async fn of_user(
    admin: &Admin,
    app: AppId,
    asked: &Search,
    user: &UserId,
    count: usize,
) -> Result<Found, Refused> {
    let (mut found, mut below) = (Vec::new(), asked.below());
    let least = asked.from.map_or(0, first_id_at);
    for _ in 0..ROUNDS_MAX {
        let ids = admin.store.subjects_of(app, user, below, ROUND_LEN).await?;
        let is_last = ids.len() < ROUND_LEN;
        let heads = admin.store.heads_of(app, ids.clone()).await?;
        let heads: HashMap<u64, TraceHead> = heads.into_iter().map(|head| (head.id, head)).collect();
        for id in ids {
            below = id;
            if id < least {
                return Ok((found, None));
            }
            // A settled head knows whether it can be among the answers.
            let known = heads.get(&id).filter(|head| head.settled);
            if known.is_some_and(|head| !asked.fits(head)) {
                continue;
            }
            found.extend(entries(admin, app, asked, user, id).await?);
            if found.len() >= count {
                return Ok((found, Some(id)));
            }
        }
        if is_last {
            return Ok((found, None));
        }
    }
    Ok((found, Some(below)))
}

async fn entries(
    admin: &Admin,
    app: AppId,
    asked: &Search,
    user: &UserId,
    id: u64,
) -> Result<Vec<Value>, Refused> {
    let Some(head) = admin.push.head(id).await?.filter(|head| asked.fits_but_outcome(head)) else {
        return Ok(Vec::new());
    };
    let line = shown(&head);
    if asked.user_id.is_none() {
        return Ok(if asked.fits(&head) { vec![line] } else { Vec::new() });
    }
    let Some(trace) = admin.push.trace(Some(app), id).await? else { return Ok(Vec::new()) };
    Ok(lines(&trace, asked, user, &line))
}

fn lines(trace: &TraceView, asked: &Search, user: &UserId, line: &Value) -> Vec<Value> {
    let all = hops::dispatches(trace);
    let wanted = |one: &&DeviceView| {
        one.user_id == *user
            && (asked.device_id.is_none() || asked.device_id == one.device_id)
            && asked.outcome.is_none_or(|outcome| one.state == outcome)
    };
    let with_device = |one: &DeviceView| {
        let mut line = line.clone();
        line["device"] = with_hops(one, &all);
        line
    };
    trace.devices.iter().filter(wanted).map(with_device).collect()
}
