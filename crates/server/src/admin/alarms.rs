//! What operators have to look at: trouble of push credentials that only people can end.

use super::Admin;
use axum::{
    Json,
    extract::{Query, State},
};
use hongyan_wire::AppId;
use serde::Deserialize;
use serde_json::{Value, json};

/// `?appID=…`: of one app only.
#[derive(Deserialize)]
pub struct OfApp {
    #[serde(rename = "appID")]
    app_id: Option<AppId>,
}

/// Alarms that last, with the vendor's words.
pub async fn lasting(State(admin): State<Admin>, Query(of): Query<OfApp>) -> Json<Value> {
    Json(json!({ "alarms": admin.push.alarms(of.app_id) }))
}
