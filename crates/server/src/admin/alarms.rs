//! What operators have to look at: trouble of push credentials that only people can end.

use super::{
    Admin,
    gate::Caller,
    refused::{Answer, Queried},
};
use crate::{push::AlarmKind, store::Alarm};
use axum::{Extension, Json, extract::State};
use hongyan_wire::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

/// `?appID=…`: of one app only.
#[derive(Deserialize)]
pub(super) struct OfApp {
    #[serde(rename = "appID")]
    pub app_id: Option<AppId>,
}

/// `GET /alarms`: those that last, with the vendor's words.
pub(super) async fn lasting(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Queried(of): Queried<OfApp>,
) -> Answer {
    let scope = caller.scope(of.app_id)?;
    Ok(Json(json!({ "alarms": seen(&admin, scope.as_deref()) })))
}

/// Alarms of these apps, or of all.
pub(super) fn seen(admin: &Admin, apps: Option<&[AppId]>) -> Vec<Value> {
    let all = admin.push.alarms(None);
    all.iter().filter(|one| apps.is_none_or(|apps| apps.contains(&one.app))).map(shown).collect()
}

pub(super) fn shown(alarm: &Alarm) -> Value {
    let mut shown = serde_json::to_value(alarm).unwrap_or_default();
    let kind = AlarmKind::from_code(&alarm.kind);
    shown["advice"] = json!({
        "en": kind.map_or("", AlarmKind::advice), "zh": kind.map_or("", AlarmKind::advice_zh),
    });
    shown
}
