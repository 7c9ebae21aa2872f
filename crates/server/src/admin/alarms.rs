//! What operators have to look at: trouble of push credentials that only people can end.

use super::{Admin, OfApp};
use axum::{
    Json,
    extract::{Query, State},
};
use serde_json::{Value, json};

/// Alarms that last, with the vendor's words.
pub async fn lasting(State(admin): State<Admin>, Query(of): Query<OfApp>) -> Json<Value> {
    Json(json!({ "alarms": admin.push.alarms(of.app_id) }))
}
