//! Logging in and out, the first run, and one's own password.

use super::{
    Admin,
    gate::{COOKIE, Caller, Note, Who, noted},
    names::{NAME_CHARS_MAX, good_name},
    passwords::{fresh_token, token_hash},
    refused::{Answer, Asked, Refused},
};
use crate::store::{Administrator, AuditEntry, LinkUse, NewLogin};
use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /setup`.
pub(super) async fn needed(State(admin): State<Admin>) -> Answer {
    Ok(Json(json!({ "needed": admin.store.administrators().await?.is_empty() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    token: String,
}

/// `POST /setup/check`.
pub(super) async fn check(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Token>,
) -> Answer {
    let now_ms = admin.clock.now_ms();
    let address = &caller.address;
    admin.desk.attempts.begin(address, None, now_ms).map_err(Refused::too_many)?;
    let link = admin.store.link(token_hash(&asked.token), now_ms).await?.ok_or_else(link_invalid)?;
    admin.desk.attempts.succeeded(address, None);
    let (kind, name) = match &link.administrator {
        None => ("first", None),
        Some(one) if one.last_login_at.is_none() => ("invitation", Some(&one.name)),
        Some(one) => ("reset", Some(&one.name)),
    };
    Ok(Json(json!({ "kind": kind, "name": name, "expiresAt": link.expires_at })))
}

fn link_invalid() -> Refused {
    Refused::new(StatusCode::NOT_FOUND, "link_invalid", "this link was used, is over, or never was")
        .hint("hongyan admin reset NAME makes a new one; a start without administrators prints one")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    token: String,
    #[serde(default)]
    name: String,
    password: String,
}

/// `POST /setup`: spends a link.
pub(super) async fn set_up(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<SetUp>,
) -> Result<Response, Refused> {
    let (now_ms, hash) = (admin.clock.now_ms(), token_hash(&asked.token));
    admin.desk.attempts.begin(&caller.address, None, now_ms).map_err(Refused::too_many)?;
    let link = admin.store.link(hash, now_ms).await?.ok_or_else(link_invalid)?;
    let name = match &link.administrator {
        Some(administrator) => administrator.name.clone(),
        None => good_name(&asked.name)?,
    };
    let password = admin.desk.passwords.hash(asked.password).await?;
    match admin.store.use_link(hash, name, password, now_ms).await? {
        LinkUse::Done(administrator) => {
            admin.desk.attempts.succeeded(&caller.address, Some(&administrator.name));
            begin(&admin, administrator).await
        }
        LinkUse::Gone => Err(link_invalid()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    name: String,
    password: String,
}

/// `POST /login`.
pub(super) async fn log_in(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<LogIn>,
) -> Result<Response, Refused> {
    let name = asked.name.trim();
    let begun = admin.desk.attempts.begin(&caller.address, Some(name), admin.clock.now_ms());
    begun.map_err(Refused::too_many)?;
    let all = admin.store.administrators().await?;
    let found = all.into_iter().find(|one| one.name == name);
    let password = found.as_ref().and_then(|one| one.password.clone());
    let fits = admin.desk.passwords.is(asked.password, password).await?;
    match found.filter(|one| fits && !one.disabled) {
        Some(administrator) => {
            admin.desk.attempts.succeeded(&caller.address, Some(name));
            begin(&admin, administrator).await
        }
        None => {
            tracing::warn!(address = caller.address, "a login to the console was refused");
            let entry = AuditEntry {
                at: admin.clock.now_ms(),
                address: caller.address,
                action: "login.refused".to_owned(),
                target: name.chars().take(NAME_CHARS_MAX).collect(),
                ..AuditEntry::default()
            };
            admin.store.note(entry).await?;
            Err(login_refused())
        }
    }
}

fn login_refused() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "login_refused", "name or password is wrong")
        .hint("hongyan admin reset NAME makes a link for a new password")
}

/// Begins a login: a cookie that scripts cannot read and other sites cannot send.
async fn begin(admin: &Admin, administrator: Administrator) -> Result<Response, Refused> {
    let settings = &admin.desk.settings;
    let (token, now_ms) = (fresh_token(), admin.clock.now_ms());
    let expires_at = now_ms + settings.session.as_millis() as u64;
    let login = NewLogin { hash: token_hash(&token), administrator: administrator.id, now_ms, expires_at };
    admin.store.begin_login(login).await?;
    let cookie = set_cookie(admin, &token, settings.session.as_secs());
    let note = Note { by: Some(administrator.name.clone()), ..Note::on(&administrator.name) };
    let answer = Json(about(&administrator, expires_at));
    Ok(noted(([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, "no-store".to_owned())], answer), note))
}

fn set_cookie(admin: &Admin, token: &str, seconds: u64) -> String {
    let secure = if admin.desk.settings.secure { "; Secure" } else { "" };
    let path = super::PREFIX;
    format!("{COOKIE}={token}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

fn about(administrator: &Administrator, expires_at: u64) -> Value {
    json!({
        "id": administrator.id, "name": administrator.name, "role": administrator.role,
        "apps": administrator.apps, "isMachine": false, "expiresAt": expires_at,
    })
}

/// `POST /logout`.
pub(super) async fn log_out(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Refused> {
    if let Who::Person { login, .. } = &caller.who {
        admin.store.end_login(*login).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie(&admin, "", 0))]).into_response())
}

/// `GET /me`.
pub(super) async fn me(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(match &caller.who {
        Who::Person { administrator, ends_at, .. } => about(administrator, *ends_at),
        Who::Machine | Who::Nobody => json!({
            "id": null, "name": caller.name(), "role": caller.role(), "apps": null, "isMachine": true,
            "expiresAt": null,
        }),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    current: String,
    password: String,
}

/// `PUT /me/password`: ends the other logins.
pub(super) async fn change_password(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<NewPassword>,
) -> Result<StatusCode, Refused> {
    let Who::Person { administrator, login, .. } = &caller.who else {
        let message = "the operator's key has no password";
        return Err(Refused::new(StatusCode::BAD_REQUEST, "not_for_machines", message));
    };
    let name = Some(administrator.name.as_str());
    admin.desk.attempts.begin(&caller.address, name, admin.clock.now_ms()).map_err(Refused::too_many)?;
    if !admin.desk.passwords.is(asked.current, administrator.password.clone()).await? {
        return Err(login_refused());
    }
    admin.desk.attempts.succeeded(&caller.address, name);
    let password = admin.desk.passwords.hash(asked.password).await?;
    admin.store.set_password(administrator.id, Some(password), Some(*login)).await?;
    Ok(StatusCode::NO_CONTENT)
}
