//! Checking a credential without storing it: what was found, each with a code that the console translates.

use super::{
    Admin,
    credentials::{app_type, described, text},
    refused::{Answer, Asked},
};
use crate::{push::parse_credential, store::StoredCredential};
use axum::{Json, extract::State};
use hongyan_vendors::{CredentialError, SignError, VendorKind};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Codes of findings that are no fault of a credential's own; the others are `CredentialFault::ALL`.
const FIELDS_GOOD: &str = "fields_good";
const SIGNATURE_GOOD: &str = "signature_good";
const SIGNATURE_FAILED: &str = "signature_failed";
const SIGNATURE_INTERRUPTED: &str = "signature_interrupted";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Checked {
    vendor: VendorKind,
    app_type: u8,
    file: String,
    #[serde(rename = "clientID", default)]
    client_id: Option<String>,
    #[serde(rename = "baseURL", default)]
    base_url: Option<String>,
    #[serde(default)]
    rights: BTreeMap<String, bool>,
}

/// `POST /apps/{app}/credentials/check`: stores nothing, asks nobody.
pub(super) async fn check(State(admin): State<Admin>, Asked(asked): Asked<Checked>) -> Answer {
    app_type(asked.app_type)?;
    let now_ms = admin.clock.now_ms();
    let candidate = StoredCredential {
        vendor: asked.vendor,
        app_type: asked.app_type,
        file: asked.file.into(),
        client_id: text("clientID", asked.client_id)?,
        base_url: text("baseURL", asked.base_url)?,
        rights: asked.rights,
        callback: None,
        updated_at: now_ms,
    };
    let (findings, parsed) = match parse_credential(&candidate) {
        Ok(parsed) => {
            let signed = parsed.bearer_cache().bearer(now_ms).await.map(|_| ());
            (vec![fields_good(), signature(signed)], Some(parsed))
        }
        Err(error) => (vec![fault(&error)], None),
    };
    let mut answer = described(parsed.as_ref());
    answer["ok"] = findings.iter().all(|finding| finding["ok"] == true).into();
    answer["findings"] = findings.into();
    Ok(Json(answer))
}

fn fields_good() -> Value {
    let text = "every field is there and the private key can be read";
    json!({ "check": "fields", "ok": true, "code": FIELDS_GOOD, "field": null, "text": text, "values": {} })
}

fn fault(error: &CredentialError) -> Value {
    let options = ["client_id", "base_url", "app_type", "options", "rights"];
    let check = match error.field {
        field if options.contains(&field) => "options",
        "private_key" => "key",
        _ => "fields",
    };
    json!({
        "check": check, "ok": false, "code": error.fault.as_str(), "field": error.field, "text": error.why,
        "values": error.values,
    })
}

fn signature(signed: Result<(), SignError>) -> Value {
    let (code, field, text) = match signed {
        Ok(()) => (SIGNATURE_GOOD, None, "a token could be signed with the key".to_owned()),
        Err(error @ SignError::Key) => (SIGNATURE_FAILED, Some("private_key"), error.to_string()),
        Err(error @ SignError::Interrupted) => (SIGNATURE_INTERRUPTED, None, error.to_string()),
    };
    let ok = code == SIGNATURE_GOOD;
    json!({ "check": "signature", "ok": ok, "code": code, "field": field, "text": text, "values": {} })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::openapi;
    use hongyan_vendors::CredentialFault;

    /// The console's own test reads the document's list and asks for words in both languages.
    #[test]
    fn the_document_lists_every_code() {
        let document: Value = serde_json::from_str(openapi::TEXT).unwrap();
        let listed = &document["components"]["schemas"]["FindingCode"]["enum"];
        let own = [FIELDS_GOOD, SIGNATURE_GOOD, SIGNATURE_FAILED, SIGNATURE_INTERRUPTED];
        let faults = CredentialFault::ALL.iter().map(|fault| fault.as_str());
        assert_eq!(listed, &json!(own.into_iter().chain(faults).collect::<Vec<_>>()));
    }
}
