//! An app's three keys: shown when asked for, replaced with an overlap, each time with a row in the audit log.

use super::{
    Admin,
    gate::{Note, no_such_app, noted},
    refused::{Asked, At, Refused},
};
use crate::store::{App, AppKey};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Longest time that an old key is taken, in s.
const OVERLAP_S_MAX: u64 = 90 * 86_400;

/// A key may be shown, and never kept by what is on the way.
fn never_kept(answer: Value) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

/// `POST /apps/{app}/secrets/reveal`.
pub(super) async fn reveal(State(admin): State<Admin>, Extension(app): Extension<App>) -> Response {
    let now_ms = admin.clock.now_ms();
    let mut all = Map::new();
    let mut old = Map::new();
    for key in AppKey::ALL {
        all.insert(key.as_str().to_owned(), app.key(key).expose().into());
        if let Some(before) = app.history(key).old_at(now_ms) {
            old.insert(key.as_str().to_owned(), before.expose().into());
        }
    }
    all.insert("old".to_owned(), old.into());
    noted(never_kept(all.into()), Note::on("all keys"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Overlap {
    overlap_s: u64,
}

fn key_of(name: &str) -> Result<AppKey, Refused> {
    let known = "the keys are appSign, serverSecret and callbackSecret";
    AppKey::from_name(name).ok_or_else(|| Refused::not_found("there is no such key").hint(known))
}

/// `POST /apps/{app}/secrets/{secret}/rotate`.
pub(super) async fn rotate(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, name)): At<(String, String)>,
    Asked(asked): Asked<Overlap>,
) -> Result<Response, Refused> {
    let key = key_of(&name)?;
    if asked.overlap_s > OVERLAP_S_MAX {
        return Err(Refused::input("overlapS", format!("0 to {OVERLAP_S_MAX} seconds")));
    }
    let now_ms = admin.clock.now_ms();
    let until = (asked.overlap_s > 0).then(|| now_ms + asked.overlap_s * 1_000);
    let new = admin.store.rotate_key(app.id, key, until, now_ms).await?.ok_or_else(no_such_app)?;
    let note = Note::on(key.as_str()).saying(format!("the old one is taken for {} s", asked.overlap_s));
    Ok(noted(never_kept(json!({ "value": new.expose(), "oldValidUntil": until })), note))
}

/// `POST /apps/{app}/secrets/{secret}/retire`.
pub(super) async fn retire(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, name)): At<(String, String)>,
) -> Result<Response, Refused> {
    let key = key_of(&name)?;
    match admin.store.retire_key(app.id, key).await? {
        true => Ok(noted(StatusCode::NO_CONTENT, Note::on(key.as_str()))),
        false => Err(Refused::not_found("no old key is taken")),
    }
}
