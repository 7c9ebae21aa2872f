//! Push strategies: named vendor options, and the request that a notice becomes with them.

use super::{
    Admin,
    gate::{Note, noted},
    refused::{Answer, Asked, At, Refused},
};
use crate::{
    push::Sample,
    store::{App, StoredStrategy},
};
use axum::{Extension, Json, extract::State, http::StatusCode, response::Response};
use hongyan_vendors::{StrategyOptions, VendorKind};
use hongyan_wire::{AppId, UserId, limits::RESOURCES_ID_CHARS_MAX, message::PushConfig};
use serde::Deserialize;
use serde_json::{Value, json};

/// Strategies of one app, as the store bounds them.
const STRATEGIES_MAX: usize = 10;

/// `GET /apps/{app}/strategies`.
pub(super) async fn all(State(admin): State<Admin>, Extension(app): Extension<App>) -> Answer {
    let stored = admin.store.strategies(app.id).await?;
    let shown = stored.iter().map(|one| {
        let options: Value = serde_json::from_str(&one.options).unwrap_or_default();
        json!({ "resourcesID": one.resources_id, "options": options })
    });
    Ok(Json(json!({ "strategies": shown.collect::<Vec<_>>(), "most": STRATEGIES_MAX })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    options: Value,
}

/// Reads and checks options; each sentence says what does not fit.
fn checked(options: Value) -> Result<StrategyOptions, Refused> {
    let options: StrategyOptions =
        serde_json::from_value(options).map_err(|error| Refused::input("options", error.to_string()))?;
    options.validate().map_err(|error| Refused::input("options", error.sentences.join(" ")))?;
    Ok(options)
}

/// `PUT /apps/{app}/strategies/{resourcesID}`.
pub(super) async fn put(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, name)): At<(String, String)>,
    Asked(new): Asked<New>,
) -> Result<Response, Refused> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > RESOURCES_ID_CHARS_MAX {
        return Err(Refused::input("resourcesID", format!("1 to {RESOURCES_ID_CHARS_MAX} characters")));
    }
    let options = checked(new.options)?;
    let text =
        serde_json::to_string(&options).map_err(|error| Refused::input("options", error.to_string()))?;
    let strategy = StoredStrategy { resources_id: name.to_owned(), options: text.clone() };
    if !admin.store.put_strategy(app.id, strategy).await? {
        let message = format!("the app has its {STRATEGIES_MAX} strategies; remove one first");
        return Err(Refused::conflict("strategies_full", message));
    }
    let options: Value = serde_json::from_str(&text).unwrap_or_default();
    Ok(noted(Json(json!({ "resourcesID": name, "options": options })), Note::on(name).saying(text)))
}

/// `DELETE /apps/{app}/strategies/{resourcesID}`.
pub(super) async fn remove(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, name)): At<(String, String)>,
) -> Result<Response, Refused> {
    match admin.store.remove_strategy(app.id, &name).await? {
        true => Ok(noted(StatusCode::NO_CONTENT, Note::on(name))),
        false => Err(Refused::not_found("there is no strategy of this name")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Preview {
    vendor: VendorKind,
    app_type: u8,
    #[serde(rename = "resourcesID")]
    resources_id: Option<String>,
    options: Option<Value>,
    kind: Kind,
    title: String,
    content: String,
    payload: String,
    devices: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Alert,
    Call,
}

impl Default for Preview {
    fn default() -> Self {
        Self {
            vendor: VendorKind::Harmony,
            app_type: 1,
            resources_id: None,
            options: None,
            kind: Kind::Alert,
            title: String::new(),
            content: String::new(),
            payload: String::new(),
            devices: 1,
        }
    }
}

/// `POST /apps/{app}/strategies-preview`: nothing is stored, nothing is sent.
pub(super) async fn preview(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(asked): Asked<Preview>,
) -> Answer {
    if !(1..=1_000).contains(&asked.devices) {
        return Err(Refused::input("devices", "1 to 1000"));
    }
    let options = match (asked.options, &asked.resources_id) {
        (Some(options), None) => checked(options)?,
        (None, Some(name)) => stored(&admin, app.id, name).await?,
        (None, None) => StrategyOptions::default(),
        (Some(_), Some(_)) => return Err(Refused::input("options", "either options or resourcesID")),
    };
    let push = PushConfig {
        title: asked.title,
        content: asked.content,
        payload: asked.payload,
        ..PushConfig::default()
    };
    push.check()?;
    let sender = UserId::new(super::debug::SENDER)?;
    let sample = Sample {
        app: app.id,
        vendor: asked.vendor,
        app_type: asked.app_type,
        options,
        is_call: asked.kind == Kind::Call,
        push,
        sender,
        devices: asked.devices,
    };
    let shown = admin.push.preview(sample).await?.ok_or_else(|| {
        let message =
            format!("the app has no usable {} credential of appType {}", asked.vendor, asked.app_type);
        Refused::conflict("no_credential", message).hint("store one under push credentials first")
    })?;
    Ok(Json(serde_json::to_value(shown).unwrap_or_default()))
}

/// The options of a stored strategy.
pub(super) async fn stored(admin: &Admin, app: AppId, name: &str) -> Result<StrategyOptions, Refused> {
    let stored = admin.store.strategies(app).await?;
    let found = stored.iter().find(|one| one.resources_id == name);
    let found = found.ok_or_else(|| Refused::not_found("there is no strategy of this name"))?;
    serde_json::from_str(&found.options).map_err(|error| Refused::input("resourcesID", error.to_string()))
}
