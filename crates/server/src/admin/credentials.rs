//! Push credentials: checked, stored, listed without their secrets, removed.

use super::{
    Admin,
    alarms::shown as alarm,
    gate::{Note, noted},
    refused::{Answer, Asked, At, Refused, Rule},
};
use crate::{
    push::{Level, parse_credential},
    store::{App, StoredCallback, StoredCredential},
};
use axum::{Extension, Json, extract::State, http::StatusCode, response::Response};
use hongyan_vendors::{Credential, Secret, VendorKind};
use hongyan_wire::AppId;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of a Client ID, an address, a callback's name and secret.
const TEXT_BYTES_MAX: usize = 512;

/// `GET /vendors`. A vendor more is a row more here.
pub(super) async fn vendors() -> Answer {
    let words = |en: &str, zh: &str| json!({ "en": en, "zh": zh });
    let right = |name: &str, title: Value, meaning: Value| json!({ "name": name, "title": title, "meaning": meaning });
    let harmony = json!({
        "vendor": VendorKind::Harmony, "title": VendorKind::Harmony.title(),
        "fileLabel": words("Service account key (JSON)", "服务账号密钥（JSON）"),
        "clientIDLabel": words("App-level Client ID, for taking notices back", "应用级 Client ID，用于撤回通知"),
        "rights": [
            right("im", words("Messages (IM)", "即时聊天（IM）"),
                words("Category IM. Without the right notices count as marketing.", "IM 类消息权益；没有时按营销类处理。")),
            right("voip", words("Calls (VOIP)", "音视频通话（VOIP）"),
                words("Category VOIP, for call invitations.", "VOIP 类消息权益，用于呼叫邀请。")),
            right("missed_call", words("Missed calls", "未接来电"),
                words("Category MISS_CALL.", "MISS_CALL 类消息权益。")),
            right("call", words("In-app calls (push-type 10)", "应用内通话消息（push-type 10）"),
                words("Wakes the app. Without it a call is sent as a notice of category VOIP.",
                    "可唤起应用；没有时以 VOIP 类通知发送。")),
        ],
        "pushTypes": [
            { "number": 0, "kind": "alert", "title": words("Alert", "通知消息") },
            { "number": 6, "kind": "silent", "title": words("Background", "后台消息") },
            { "number": 10, "kind": "call", "title": words("In-app call", "应用内通话") },
        ],
    });
    Ok(Json(json!({ "vendors": [harmony] })))
}

/// What may be told of a parsed credential.
pub(super) fn described(parsed: Option<&Credential>) -> Value {
    match parsed {
        Some(Credential::Harmony(one)) => json!({
            "projectID": one.project_id(), "keyID": one.key_id(), "subAccount": one.sub_account(),
            "keyBits": one.key_bits(),
        }),
        // A vendor that the adapters know and this table does not is told without its particulars.
        _ => json!({ "projectID": null, "keyID": null, "subAccount": null, "keyBits": null }),
    }
}

/// `GET /apps/{app}/credentials`.
pub(super) async fn all(State(admin): State<Admin>, Extension(app): Extension<App>) -> Answer {
    let stored = admin.store.credentials(app.id).await?;
    let all: Vec<Value> = stored.iter().map(|one| shown(&admin, app.id, one)).collect();
    Ok(Json(json!({ "credentials": all })))
}

fn shown(admin: &Admin, app: AppId, one: &StoredCredential) -> Value {
    let parsed = parse_credential(one);
    let levels = admin.push.counters().credentials.all();
    let of_this =
        |level: &&Level| (level.app, level.vendor, level.app_type) == (app, one.vendor, one.app_type);
    let level = levels.iter().find(of_this);
    let alarms = admin.push.alarms(Some(app)).into_iter();
    let alarms = alarms.filter(|alarm| (alarm.vendor, alarm.app_type) == (one.vendor, one.app_type));
    let set = if one.app_type == 1 { String::new() } else { format!("/{}", one.app_type) };
    let mut all = described(parsed.as_ref().ok());
    let fault = parsed.as_ref().err();
    let rest = json!({
        "vendor": one.vendor, "appType": one.app_type, "clientID": one.client_id, "baseURL": one.base_url,
        "callbackUser": one.callback.as_ref().map(|callback| &callback.user),
        "receiptsPath": format!("/receipts/{}/{app}{set}", one.vendor),
        "rights": one.rights, "updatedAt": one.updated_at, "usable": parsed.is_ok(),
        "fault": fault.map(ToString::to_string), "faultCode": fault.map(|error| error.fault.as_str()),
        "circuit": level.map(|level| level.circuit.as_str()),
        "pausedSince": level.and_then(|level| level.paused_since),
        "alarms": alarms.map(|one| alarm(&one)).collect::<Vec<_>>(),
    });
    if let (Value::Object(all), Value::Object(rest)) = (&mut all, rest) {
        all.extend(rest);
    }
    all
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct New {
    #[serde(default)]
    file: Option<String>,
    #[serde(rename = "clientID", default, deserialize_with = "given")]
    client_id: Option<Option<String>>,
    #[serde(rename = "baseURL", default, deserialize_with = "given")]
    base_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    callback_user: Option<Option<String>>,
    #[serde(default)]
    callback_secret: Option<String>,
    #[serde(default)]
    rights: Option<BTreeMap<String, bool>>,
}

/// Left out is not null.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(super) fn app_type(number: u8) -> Result<u8, Refused> {
    match number {
        1 | 2 => Ok(number),
        _ => Err(Refused::input("appType", "1 or 2")),
    }
}

/// An optional text; empty is none.
pub(super) fn text(field: &str, text: Option<String>) -> Result<Option<String>, Refused> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.len() > TEXT_BYTES_MAX => {
            Err(Refused::input(field, format!("at most {TEXT_BYTES_MAX} bytes")).rule(Rule::TextLength))
        }
        text => Ok(text),
    }
}

/// The stored credential of this name.
pub(super) async fn find(
    admin: &Admin,
    app: AppId,
    (vendor, app_type): (VendorKind, u8),
) -> Result<Option<StoredCredential>, Refused> {
    let stored = admin.store.credentials(app).await?;
    Ok(stored.into_iter().find(|one| (one.vendor, one.app_type) == (vendor, app_type)))
}

/// `PUT /apps/{app}/credentials/{vendor}/{appType}`.
pub(super) async fn put(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, vendor, set)): At<(String, VendorKind, u8)>,
    Asked(asked): Asked<New>,
) -> Result<Response, Refused> {
    let before = find(&admin, app.id, (vendor, app_type(set)?)).await?;
    let new_file = asked.file.is_some();
    let new = merged(asked, before, (vendor, set), admin.clock.now_ms())?;
    parse_credential(&new).map_err(|error| {
        Refused::new(StatusCode::BAD_REQUEST, "credential_refused", error.to_string())
            .fault(error)
            .hint("check it first: POST …/credentials/check names what is wrong")
    })?;
    admin.store.put_credential(app.id, new.clone()).await?;
    let note = Note::on(format!("{vendor}/{set}")).saying(if new_file { "new file" } else { "options" });
    Ok(noted(Json(shown(&admin, app.id, &new)), note))
}

/// What is stored then: what was given, and of the rest what was there before.
fn merged(
    asked: New,
    before: Option<StoredCredential>,
    (vendor, app_type): (VendorKind, u8),
    now_ms: u64,
) -> Result<StoredCredential, Refused> {
    let kept = before.as_ref();
    let file = asked.file.map(Secret::from).or_else(|| kept.map(|one| one.file.clone()));
    let file =
        file.ok_or_else(|| Refused::input("file", "the vendor's key file, for a credential that is new"))?;
    let client_id = asked.client_id.unwrap_or_else(|| kept.and_then(|one| one.client_id.clone()));
    let base_url = asked.base_url.unwrap_or_else(|| kept.and_then(|one| one.base_url.clone()));
    let callback = callback(asked.callback_user, asked.callback_secret, kept)?;
    let rights = asked.rights.or_else(|| kept.map(|one| one.rights.clone())).unwrap_or_default();
    Ok(StoredCredential {
        vendor,
        app_type,
        file,
        client_id: text("clientID", client_id)?,
        base_url: text("baseURL", base_url)?,
        rights,
        callback,
        updated_at: now_ms,
    })
}

fn callback(
    user: Option<Option<String>>,
    secret: Option<String>,
    before: Option<&StoredCredential>,
) -> Result<Option<StoredCallback>, Refused> {
    let kept = before.and_then(|one| one.callback.clone());
    let user = match user {
        Some(user) => text("callbackUser", user)?,
        None => kept.as_ref().map(|callback| callback.user.clone()),
    };
    let Some(user) = user else { return Ok(None) };
    let secret = text("callbackSecret", secret)?.map(Secret::from).or(kept.map(|callback| callback.secret));
    let secret = secret.ok_or_else(|| {
        Refused::input("callbackSecret", "a callback user needs its secret").rule(Rule::SecretMissing)
    })?;
    Ok(Some(StoredCallback { user, secret }))
}

/// `DELETE /apps/{app}/credentials/{vendor}/{appType}`.
pub(super) async fn remove(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, vendor, set)): At<(String, VendorKind, u8)>,
) -> Result<Response, Refused> {
    match admin.store.remove_credential(app.id, vendor, app_type(set)?).await? {
        true => Ok(noted(StatusCode::NO_CONTENT, Note::on(format!("{vendor}/{set}")))),
        false => Err(no_such()),
    }
}

pub(super) fn no_such() -> Refused {
    Refused::not_found("there is no such credential")
}

/// `POST /apps/{app}/credentials/{vendor}/{appType}/resume`.
pub(super) async fn resume(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, vendor, set)): At<(String, VendorKind, u8)>,
) -> Result<Response, Refused> {
    find(&admin, app.id, (vendor, app_type(set)?)).await?.ok_or_else(no_such)?;
    let lasting = admin.push.alarms(Some(app.id)).into_iter();
    let ended = lasting.filter(|alarm| (alarm.vendor, alarm.app_type) == (vendor, set)).count();
    admin.push.resume(app.id, vendor, set);
    Ok(noted(Json(json!({ "ended": ended })), Note::on(format!("{vendor}/{set}"))))
}
