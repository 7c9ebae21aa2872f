//! How things are now and how they were: only of apps that may be seen.

use super::{
    Admin,
    alarms::{OfApp, seen},
    gate::Caller,
    refused::{Answer, Queried, Refused},
};
use crate::store::{Figures, Span};
use axum::{Extension, Json, extract::State};
use hongyan_wire::AppId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of one answer.
const ROWS_MAX: u64 = 3_000;

/// `GET /dashboard`.
pub(super) async fn now(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Queried(of): Queried<OfApp>,
) -> Answer {
    let scope = caller.scope(of.app_id)?;
    let apps = scope.as_deref();
    let now_ms = admin.clock.now_ms();
    let hour = last_hour(&admin, scope.clone(), now_ms).await?;
    let sessions = admin.sampled.sessions(&admin.hub, now_ms).into_iter();
    let sessions: u64 = sessions.filter(|(app, _)| within(apps, *app)).map(|(_, count)| count).sum();
    let oldest = admin.store.oldest_open().await?.into_iter();
    let oldest = oldest.filter(|(app, _)| within(apps, *app)).map(|(_, since)| since).min();
    let rates = admin.sampled.rates(apps);
    let counters = admin.push.counters();
    // These are counted for the whole server only: who may not see all of it is told nothing.
    let whole = |count: u64| if apps.is_none() { count } else { 0 };
    let health = admin.store.health();
    Ok(Json(json!({
        "at": now_ms, "storeAcceptsWrites": health.is_ok(), "storeFault": health.err(),
        "sessions": sessions,
        "perSecond": { "messages": rates.messages, "pushed": rates.pushed, "requests": rates.requests },
        "lastHour": sums(&hour), "latencyMsMean": mean(&hour), "errorShare": error_share(&hour),
        "waiting": whole(counters.waiting.get()), "backlog": whole(counters.backlog.get()),
        "inFlight": whole(counters.in_flight.get()),
        "backlogAgeMs": oldest.map_or(0, |since| now_ms.saturating_sub(since)),
        "alarms": seen(&admin, apps), "credentials": credentials(&admin, apps),
    })))
}

fn within(apps: Option<&[AppId]>, app: AppId) -> bool {
    apps.is_none_or(|apps| apps.contains(&app))
}

async fn last_hour(admin: &Admin, scope: Option<Vec<AppId>>, now_ms: u64) -> Result<Figures, Refused> {
    let unwritten = admin.sampled.unwritten(scope.as_deref());
    let now_s = now_ms / 1_000;
    let rows = admin.store.figures(scope, Span::Minute, now_s.saturating_sub(3_600), now_s).await?;
    Ok(rows.into_iter().fold(unwritten, |sum, (_, figures)| sum.with(figures)))
}

fn sums(figures: &Figures) -> Value {
    json!({
        "messages": figures.messages, "pushed": figures.pushed, "failed": figures.failed,
        "suppressed": figures.suppressed, "acked": figures.acked, "expired": figures.expired,
        "retracted": figures.retracted, "requests": figures.requests, "errors": figures.errors,
    })
}

fn mean(figures: &Figures) -> Option<f64> {
    (figures.answers > 0).then(|| figures.answers_ms as f64 / figures.answers as f64)
}

fn error_share(figures: &Figures) -> Option<f64> {
    (figures.requests > 0).then(|| figures.errors as f64 / figures.requests as f64)
}

fn credentials(admin: &Admin, apps: Option<&[AppId]>) -> Vec<Value> {
    let levels = admin.push.counters().credentials.all().into_iter();
    let shown = levels.filter(|level| within(apps, level.app)).map(|level| {
        json!({
            "appID": level.app, "vendor": level.vendor, "appType": level.app_type,
            "circuit": level.circuit.as_str(), "pausedSince": level.paused_since,
        })
    });
    shown.collect()
}

#[derive(Deserialize)]
pub(super) struct Range {
    #[serde(rename = "appID")]
    app_id: Option<AppId>,
    span: SpanName,
    from: u64,
    to: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SpanName {
    Minute,
    Hour,
}

/// `GET /series`.
pub(super) async fn series(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Queried(range): Queried<Range>,
) -> Answer {
    let scope = caller.scope(range.app_id)?;
    let (span, name) = match range.span {
        SpanName::Minute => (Span::Minute, "minute"),
        SpanName::Hour => (Span::Hour, "hour"),
    };
    let now_s = admin.clock.now_ms() / 1_000;
    let align = |ms: u64| ms / 1_000 - ms / 1_000 % span.seconds();
    let (from, to) = (align(range.from), align(range.to.unwrap_or(now_s * 1_000)));
    if from > to || (to - from) / span.seconds() >= ROWS_MAX {
        return Err(Refused::input("from", format!("from before to, and at most {ROWS_MAX} spans")));
    }
    let rows: BTreeMap<u64, Figures> =
        admin.store.figures(scope, span, from, to).await?.into_iter().collect();
    let at: Vec<u64> = (from..=to).step_by(span.seconds() as usize).collect();
    let row = |at: &u64| rows.get(at).copied();
    let column = |of: fn(&Figures) -> u64| -> Vec<u64> {
        at.iter().map(|at| row(at).as_ref().map_or(0, of)).collect()
    };
    let level = |of: fn(&Figures) -> u64| -> Vec<Option<u64>> {
        at.iter().map(|at| row(at).as_ref().map(of)).collect()
    };
    let latency: Vec<Option<f64>> = at.iter().map(|at| row(at).as_ref().and_then(mean)).collect();
    Ok(Json(json!({
        "span": name, "at": at,
        "messages": column(|one| one.messages), "pushed": column(|one| one.pushed),
        "failed": column(|one| one.failed), "suppressed": column(|one| one.suppressed),
        "acked": column(|one| one.acked), "expired": column(|one| one.expired),
        "retracted": column(|one| one.retracted), "requests": column(|one| one.requests),
        "errors": column(|one| one.errors), "sessions": level(|one| one.sessions),
        "latencyMsMean": latency, "backlogAgeMs": level(|one| one.backlog_age_ms),
    })))
}
