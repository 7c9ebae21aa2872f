//! Login tokens for developers: made, and opened to see what is wrong with one.

use super::{
    Admin,
    gate::{Note, noted},
    refused::{Asked, Refused},
};
use crate::{
    session::{TokenFault, TokenText, make_token04, open_token04, read_app_token},
    store::{App, AppKey},
};
use axum::{Extension, Json, extract::State, response::Response};
use hongyan_wire::UserId;
use serde::Deserialize;
use serde_json::{Value, json};

/// Life of a token unless another is named, in s.
const LIFE_S: u64 = 3_600;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct New {
    #[serde(rename = "userID")]
    user_id: UserId,
    #[serde(default)]
    life_s: Option<u64>,
    #[serde(default)]
    payload: String,
}

/// `POST /apps/{app}/token04`.
pub(super) async fn make(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(new): Asked<New>,
) -> Result<Response, Refused> {
    let (life_s, now_s) = (new.life_s.unwrap_or(LIFE_S), admin.clock.now_ms() / 1_000);
    let secret = app.server_secret.expose();
    let token = make_token04(app.id, &new.user_id, secret, life_s, &new.payload, now_s)?;
    let note = Note::on(&new.user_id).saying(format!("for {life_s} s"));
    Ok(noted(Json(json!({ "token": token, "expiresAt": (now_s + life_s) * 1_000 })), note))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    token: String,
}

/// `POST /apps/{app}/token04/decode`.
pub(super) async fn decode(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(given): Asked<Given>,
) -> Json<Value> {
    let (token, now_ms) = (given.token.trim(), admin.clock.now_ms());
    let mut opened = Err(TokenFault::Unreadable);
    for secret in app.taken(AppKey::ServerSecret, now_ms) {
        opened = opened.or_else(|_| open_token04(token, secret.expose()));
    }
    let fault = match &opened {
        Ok(text) => fault(&app, token, text, now_ms),
        Err(fault) => Some(*fault),
    };
    let text = opened.ok();
    let ms = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    Json(json!({
        "valid": fault.is_none(),
        "fault": fault.map(|fault| json!({ "code": fault.code(), "message": fault.to_string() })),
        "appID": text.as_ref().map(|text| text.app_id),
        "userID": text.as_ref().map(|text| &text.user_id),
        "createdAt": text.as_ref().map(|text| ms(text.created_at)),
        "expiresAt": text.as_ref().map(|text| ms(text.expires_at)),
        "payload": text.as_ref().map(|text| &text.payload),
    }))
}

/// What a login with it would be told.
fn fault(app: &App, token: &str, text: &TokenText, now_ms: u64) -> Option<TokenFault> {
    match UserId::new(&text.user_id) {
        Ok(user) => read_app_token(token, app, &user, now_ms).err(),
        Err(_) => Some(TokenFault::Unreadable),
    }
}
