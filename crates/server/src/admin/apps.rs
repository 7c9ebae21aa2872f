//! Apps: listed, made, renamed, switched.

use super::{
    Admin,
    gate::{Caller, Note, no_such_app, noted},
    names::good_name,
    refused::{Answer, Asked, Refused},
};
use crate::store::{App, AppChange, AppChanged, AppKey, NewApp, Role};
use axum::{Extension, Json, extract::State, response::Response};
use hongyan_wire::{AppId, CloseCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// An app without its keys.
pub(super) fn shown(admin: &Admin, app: &App) -> Value {
    let now_ms = admin.clock.now_ms();
    let secrets = AppKey::ALL.into_iter().map(|key| {
        let history = app.history(key);
        let until = history.old.as_ref().map(|(_, until)| *until).filter(|until| now_ms < *until);
        (key.as_str().to_owned(), json!({ "rotatedAt": history.rotated_at, "oldValidUntil": until }))
    });
    json!({
        "appID": app.id, "name": app.name, "active": app.active, "imEnabled": app.enabled,
        "createdAt": app.created_at, "settings": app.settings,
        "secrets": secrets.collect::<serde_json::Map<_, _>>(),
        "sessions": admin.sampled.sessions_of(&admin.hub, app.id, now_ms),
    })
}

/// `GET /apps`.
pub(super) async fn all(State(admin): State<Admin>, Extension(caller): Extension<Caller>) -> Answer {
    let all = admin.store.apps().await?;
    let seen = all.iter().filter(|app| caller.sees(app.id)).map(|app| shown(&admin, app));
    Ok(Json(json!({ "apps": seen.collect::<Vec<_>>() })))
}

/// `GET /apps/{app}`.
pub(super) async fn one(State(admin): State<Admin>, Extension(app): Extension<App>) -> Json<Value> {
    Json(shown(&admin, &app))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
}

/// `POST /apps`.
pub(super) async fn create(
    State(admin): State<Admin>,
    Asked(asked): Asked<New>,
) -> Result<Response, Refused> {
    let new = NewApp { name: good_name(&asked.name)?, id: None };
    let made = admin.store.create_app(new, admin.clock.now_ms()).await?.ok_or_else(name_taken)?;
    let note = Note { app: Some(made.id), ..Note::on(&made.name) };
    Ok(noted(Json(shown(&admin, &made)), note))
}

fn name_taken() -> Refused {
    Refused::conflict("name_taken", "there is an app of this name already")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Change {
    name: Option<String>,
    im_enabled: Option<bool>,
    active: Option<bool>,
}

/// `PATCH /apps/{app}`. Whoever is logged in to what is switched off is told so.
pub(super) async fn change(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Extension(app): Extension<App>,
    Asked(asked): Asked<Change>,
) -> Result<Response, Refused> {
    if asked.active.is_some() && caller.role() != Some(Role::Owner) {
        return Err(Refused::forbidden("only an owner disables or enables an app"));
    }
    let name = asked.name.as_deref().map(good_name).transpose()?;
    let detail = describe(&asked);
    let change = AppChange { name, enabled: asked.im_enabled, active: asked.active };
    match admin.store.change_app(app.id, change).await? {
        AppChanged::Done => {}
        AppChanged::NameTaken => return Err(name_taken()),
        AppChanged::NoSuchApp => return Err(no_such_app()),
    }
    let now = admin.store.app(app.id).await?.ok_or_else(no_such_app)?;
    if !now.active || !now.enabled {
        close_all(&admin, now.id);
    }
    Ok(noted(Json(shown(&admin, &now)), Note::on(&now.name).saying(detail)))
}

fn describe(asked: &Change) -> String {
    let mut said = Vec::new();
    said.extend(asked.name.as_ref().map(|name| format!("name {name}")));
    said.extend(asked.im_enabled.map(|on| format!("IM {}", if on { "on" } else { "off" })));
    said.extend(asked.active.map(|on| (if on { "enabled" } else { "disabled" }).to_owned()));
    said.join(", ")
}

fn close_all(admin: &Admin, app: AppId) {
    admin.hub.for_each(|seat| {
        if seat.app == app {
            seat.mailbox.close(CloseCode::AppClosed);
        }
    });
}
