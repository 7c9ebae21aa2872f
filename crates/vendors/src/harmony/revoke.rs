//! Taking a notice back: removed from the queue if not delivered, from the screen if not tapped.
//! The badge stays as it is.

use bytes::Bytes;
use hyper::Method;
use serde::Serialize;

use super::credential::HarmonyCredential;
use super::request::{TOKENS_MAX, headers, push_type};
use super::strategy::HarmonyPushType;
use crate::http::VendorRequest;
use crate::notice::{Notice, NoticeKind, Revocation};
use crate::vendor::PrepareError;

const NO_CLIENT_ID: &str = "the app's Client ID is not set, and Push Kit revokes only with it; set client_id";
const NOT_REVOCABLE: &str =
    "Push Kit revokes notifications only (push-type 0), not background messages or calls";

#[derive(Serialize)]
struct RevokeJson<'a> {
    #[serde(rename = "notifyId")]
    notify_id: u32,
    token: &'a [&'a str],
}

pub(super) fn revocation(credential: &HarmonyCredential, notice: &Notice) -> Option<Revocation> {
    let shown =
        push_type(credential, notice) == HarmonyPushType::Alert && notice.kind != NoticeKind::BadgeOnly;
    shown.then_some(Revocation { notify_id: notice.notify_id, push_type: 0 })
}

pub(super) fn prepare(
    credential: &HarmonyCredential,
    revocation: &Revocation,
    tokens: &[&str],
    bearer: &str,
) -> Result<VendorRequest, PrepareError> {
    if revocation.push_type != 0 {
        return Err(PrepareError::Unsupported { why: NOT_REVOCABLE });
    }
    if revocation.notify_id > i32::MAX as u32 {
        let why = format!("{} is above {}", revocation.notify_id, i32::MAX);
        return Err(PrepareError::Invalid { field: "notify_id", why });
    }
    if tokens.is_empty() || tokens.len() > TOKENS_MAX {
        return Err(PrepareError::TokenCount { count: tokens.len(), max: TOKENS_MAX });
    }
    let Some(client_id) = &credential.options().client_id else {
        return Err(PrepareError::Unsupported { why: NO_CLIENT_ID });
    };
    let body = serde_json::to_vec(&RevokeJson { notify_id: revocation.notify_id, token: tokens })
        .expect("structs of text and numbers always serialise");
    Ok(VendorRequest {
        method: Method::POST,
        // The v1 path takes the same JWT as v3; only the app's Client ID replaces the project.
        url: format!("{}/v1/{client_id}/messages:revoke", credential.options().base_url),
        headers: headers(bearer, revocation.push_type),
        body: Bytes::from(body),
    })
}

#[cfg(test)]
#[path = "revoke_tests.rs"]
mod tests;
