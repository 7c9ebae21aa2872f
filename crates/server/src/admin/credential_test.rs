//! Whether the vendor takes a credential: asked once, on the spot.

use super::{
    Admin,
    credentials::{find, no_such},
    gate::{Note, noted},
    refused::{Asked, At, Refused},
};
use crate::store::App;
use axum::{Extension, Json, extract::State, http::StatusCode, response::Response};
use hongyan_vendors::VendorKind;
use hongyan_wire::PushId;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Aim {
    #[serde(rename = "pushID", default)]
    push_id: Option<PushId>,
}

/// `POST /apps/{app}/credentials/{vendor}/{appType}/test`.
pub(super) async fn test(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    At((_, vendor, set)): At<(String, VendorKind, u8)>,
    Asked(aim): Asked<Aim>,
) -> Result<Response, Refused> {
    find(&admin, app.id, (vendor, set)).await?.ok_or_else(no_such)?;
    let token = match &aim.push_id {
        Some(id) => Some(token(&admin, app.id, id, (vendor, set)).await?),
        None => None,
    };
    let trial = admin.push.try_credential(app.id, vendor, set, token.as_deref()).await?;
    let trial = trial.ok_or_else(|| {
        let message = "this credential cannot be used; set it again";
        Refused::new(StatusCode::BAD_REQUEST, "credential_refused", message)
    })?;
    let note = Note::on(format!("{vendor}/{set}")).saying(format!("{:?} {}", trial.verdict, trial.code));
    Ok(noted(Json(trial), note))
}

/// The token of a PushID that belongs to this credential.
async fn token(
    admin: &Admin,
    app: hongyan_wire::AppId,
    id: &PushId,
    (vendor, set): (VendorKind, u8),
) -> Result<String, Refused> {
    let record = admin.store.push_record(app, id).await?;
    let fits = record.is_some_and(|one| (one.vendor, one.app_type) == (vendor, set));
    let token = if fits { admin.store.push_token(app, id).await? } else { None };
    token.ok_or_else(|| Refused::not_found("there is no living PushID of this name with this credential"))
}
