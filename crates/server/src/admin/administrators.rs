//! Administrators: made, changed, disabled, and given a link for a new password. Owners only.

use super::{
    Admin,
    gate::{Note, noted},
    names::good_name,
    refused::{Answer, Asked, At, Refused},
    setup::{Invitation, invite},
};
use crate::store::{Administrator, AdministratorChange, AdministratorChanged, NewAdministrator, Role};
use axum::{Json, extract::State, response::Response};
use hongyan_wire::AppId;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

fn shown(one: &Administrator) -> Value {
    json!({
        "id": one.id, "name": one.name, "role": one.role, "apps": one.apps, "disabled": one.disabled,
        "hasPassword": one.password.is_some(), "createdAt": one.created_at, "lastLoginAt": one.last_login_at,
    })
}

fn link(invitation: &Invitation) -> Value {
    json!({
        "token": invitation.token.expose(), "path": invitation.path(), "expiresAt": invitation.expires_at,
    })
}

/// `GET /administrators`.
pub(super) async fn all(State(admin): State<Admin>) -> Answer {
    let all = admin.store.administrators().await?;
    Ok(Json(json!({ "administrators": all.iter().map(shown).collect::<Vec<_>>() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    role: Role,
    #[serde(default)]
    apps: Option<Vec<AppId>>,
}

/// `POST /administrators`.
pub(super) async fn create(
    State(admin): State<Admin>,
    Asked(asked): Asked<New>,
) -> Result<Response, Refused> {
    let new = NewAdministrator { name: good_name(&asked.name)?, role: asked.role, apps: asked.apps };
    let now_ms = admin.clock.now_ms();
    let made = admin.store.create_administrator(new, now_ms).await?;
    let made = made
        .ok_or_else(|| Refused::conflict("name_taken", "there is an administrator of this name already"))?;
    let invitation = invite(&*admin.store, Some(made.id), now_ms).await?;
    let note = Note::on(&made.name).saying(describe(&made));
    Ok(noted(Json(json!({ "administrator": shown(&made), "link": link(&invitation) })), note))
}

fn describe(one: &Administrator) -> String {
    let apps = match &one.apps {
        None => "all apps".to_owned(),
        Some(apps) => format!("apps {}", apps.iter().map(AppId::to_string).collect::<Vec<_>>().join(", ")),
    };
    format!("{}, {apps}{}", one.role.as_str(), if one.disabled { ", disabled" } else { "" })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(default)]
    role: Option<Role>,
    /// Left out is not null.
    #[serde(default, deserialize_with = "given")]
    apps: Option<Option<Vec<AppId>>>,
    #[serde(default)]
    disabled: Option<bool>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Vec<AppId>>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// `PATCH /administrators/{administrator}`.
pub(super) async fn change(
    State(admin): State<Admin>,
    At(id): At<u64>,
    Asked(asked): Asked<Change>,
) -> Result<Response, Refused> {
    let change = AdministratorChange { role: asked.role, apps: asked.apps, disabled: asked.disabled };
    match admin.store.change_administrator(id, change).await? {
        AdministratorChanged::Done(now) => {
            Ok(noted(Json(shown(&now)), Note::on(&now.name).saying(describe(&now))))
        }
        AdministratorChanged::LastOwner => {
            Err(Refused::conflict("last_owner", "one owner who can log in must stay"))
        }
        AdministratorChanged::NoSuch => Err(no_such()),
    }
}

fn no_such() -> Refused {
    Refused::not_found("there is no such administrator")
}

/// `POST /administrators/{administrator}/reset`.
pub(super) async fn reset(State(admin): State<Admin>, At(id): At<u64>) -> Result<Response, Refused> {
    let all = admin.store.administrators().await?;
    let one = all.into_iter().find(|one| one.id == id).ok_or_else(no_such)?;
    admin.store.set_password(id, None, None).await?;
    let invitation = invite(&*admin.store, Some(id), admin.clock.now_ms()).await?;
    Ok(noted(Json(json!({ "link": link(&invitation) })), Note::on(one.name)))
}
