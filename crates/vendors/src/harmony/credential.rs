//! A HarmonyOS service account: the key file of the API Console, and what the file does not say.
//!
//! Every refusal names the field and says what to do. The private key is parsed here once and never printed.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rsa::KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::credential::CredentialError;
use crate::credential_fault::CredentialFault as Fault;
use crate::http::{is_loopback, origin_of};

/// Where Push Kit listens.
pub const DEFAULT_BASE_URL: &str = "https://push-api.cloud.huawei.com";

/// Largest key file that is read, in bytes; a real one has about 4000.
const FILE_BYTES_MAX: usize = 64 * 1024;
/// Longest identifier in the file, in bytes.
const ID_BYTES_MAX: usize = 128;
/// Key sizes that Push Kit's signatures are known to work with, in bits.
const KEY_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// What the key file does not say. Read strictly: an unknown option is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HarmonyOptions {
    /// The app-level Client ID of AppGallery Connect. Needed to revoke notices; without it they cannot be
    /// revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Which of the app's two certificate sets this is: 1 (default) or 2.
    pub app_type: u8,
    /// Where Push Kit listens; https, or http to a loopback address. Default [`DEFAULT_BASE_URL`].
    pub base_url: String,
    /// Which rights Huawei has granted to the app. All by default.
    pub rights: HarmonyRights,
    /// What to do about a category without its right.
    pub without_right: RightsPolicy,
}

/// Rights the app holds in AppGallery Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HarmonyRights {
    /// Category IM.
    pub im: bool,
    /// Category VOIP.
    pub voip: bool,
    /// Category MISS_CALL.
    pub missed_call: bool,
    /// push-type 10, in-app calls. When false a call is sent as a notification of category VOIP.
    pub call: bool,
}

/// What to do about a category whose right the app does not hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RightsPolicy {
    /// Send it anyway. Push Kit treats it as MARKETING by itself, and as soon as the right is granted it
    /// counts.
    #[default]
    KeepCategory,
    /// Say MARKETING, so that the trace shows what really holds.
    SendMarketing,
}

impl Default for HarmonyRights {
    fn default() -> Self {
        Self { im: true, voip: true, missed_call: true, call: true }
    }
}

impl Default for HarmonyOptions {
    fn default() -> Self {
        Self {
            client_id: None,
            app_type: 1,
            base_url: DEFAULT_BASE_URL.into(),
            rights: HarmonyRights::default(),
            without_right: RightsPolicy::default(),
        }
    }
}

impl HarmonyOptions {
    /// Reads options from a JSON object; empty text gives the default. Values are checked by
    /// [`HarmonyCredential::parse_with`].
    pub fn parse(json: &str) -> Result<Self, CredentialError> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(json)
            .map_err(|error| CredentialError::new(Fault::OptionUnknown, "options", format!("{error}.")))
    }

    fn check(mut self) -> Result<Self, CredentialError> {
        if let Some(client_id) = &self.client_id
            && !is_path_word(client_id)
        {
            let why = "must be the app's Client ID from AppGallery Connect: letters, digits, - and _ only.";
            return Err(CredentialError::new(Fault::ClientForm, "client_id", why));
        }
        if !matches!(self.app_type, 1 | 2) {
            let why = format!("is {}, must be 1 or 2.", self.app_type);
            return Err(CredentialError::new(Fault::SetUnknown, "app_type", why));
        }
        let end = self.base_url.trim_end_matches('/').len();
        self.base_url.truncate(end);
        check_base_url(&self.base_url)?;
        Ok(self)
    }
}

/// A checked service account, ready to sign. Cheap to clone; `Debug` shows no secret.
#[derive(Clone)]
pub struct HarmonyCredential(Arc<Checked>);

struct Checked {
    project_id: String,
    key_id: String,
    sub_account: String,
    key: KeyPair,
    options: HarmonyOptions,
}

impl HarmonyCredential {
    /// Reads a key file with default options.
    pub fn parse(json: &str) -> Result<Self, CredentialError> {
        Self::parse_with(json, HarmonyOptions::default())
    }

    /// Reads a key file. All eight fields must be there; the key must be RSA, PKCS#8, 2048 to 8192 bits.
    pub fn parse_with(json: &str, options: HarmonyOptions) -> Result<Self, CredentialError> {
        let file = read_file(json)?;
        for field in ["auth_uri", "token_uri", "auth_provider_cert_uri", "client_cert_uri"] {
            check_https(field, text_of(&file, field)?)?;
        }
        let project_id = text_of(&file, "project_id")?;
        if !is_path_word(project_id) {
            let why = "must be the project's number from the API Console: letters, digits, - and _ only.";
            return Err(CredentialError::new(Fault::ProjectForm, "project_id", why));
        }
        let key = read_key(text_of(&file, "private_key")?)?;
        Ok(Self(Arc::new(Checked {
            project_id: project_id.to_owned(),
            key_id: id_of(&file, "key_id")?.to_owned(),
            sub_account: id_of(&file, "sub_account")?.to_owned(),
            key,
            options: options.check()?,
        })))
    }

    /// The Huawei project, as in the request's URL.
    pub fn project_id(&self) -> &str {
        &self.0.project_id
    }

    /// The key's name, the `kid` of the JWT.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }

    /// The account that signs, the `iss` of the JWT.
    pub fn sub_account(&self) -> &str {
        &self.0.sub_account
    }

    /// 1 or 2: which certificate set of the app this is.
    pub fn app_type(&self) -> u8 {
        self.0.options.app_type
    }

    /// The options, checked; `base_url` has no slash at its end.
    pub fn options(&self) -> &HarmonyOptions {
        &self.0.options
    }

    /// Size of the private key in bits.
    pub fn key_bits(&self) -> usize {
        self.0.key.public_modulus_len() * 8
    }

    pub(super) fn key(&self) -> &KeyPair {
        &self.0.key
    }
}

impl fmt::Debug for HarmonyCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HarmonyCredential")
            .field("project_id", &self.0.project_id)
            .field("key_id", &self.0.key_id)
            .field("sub_account", &self.0.sub_account)
            .field("private_key", &"••••")
            .field("options", &self.0.options)
            .finish()
    }
}

fn read_file(json: &str) -> Result<Map<String, Value>, CredentialError> {
    if json.len() > FILE_BYTES_MAX {
        let why = format!("is {} bytes long; a service account's key file has less than 64 KiB.", json.len());
        return Err(CredentialError::new(Fault::FileTooLarge, "file", why));
    }
    // serde_json's own message would quote nothing but a position, which is safe and enough.
    match serde_json::from_str(json.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(file)) => Ok(file),
        Ok(_) => {
            let why = "is not a JSON object; upload the service account's key file.";
            Err(CredentialError::new(Fault::FileNotObject, "file", why))
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let why = format!(
                "is not JSON (line {line}, column {column}); upload the key file as it was downloaded."
            );
            let error = CredentialError::new(Fault::FileNotJson, "file", why);
            Err(error.with("line", line).with("column", column))
        }
    }
}

fn text_of<'a>(file: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, CredentialError> {
    let (fault, why) = match file.get(field) {
        Some(Value::String(text)) if !text.trim().is_empty() => return Ok(text),
        Some(Value::String(_)) => (Fault::FieldEmpty, "is empty"),
        Some(_) => (Fault::FieldNotText, "is not text"),
        None => (Fault::FieldMissing, "is missing"),
    };
    let advice =
        "download the service account's key file again from the API Console and upload it unchanged.";
    Err(CredentialError::new(fault, field, format!("{why}; {advice}")))
}

fn id_of<'a>(file: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, CredentialError> {
    let id = text_of(file, field)?;
    if id.len() > ID_BYTES_MAX || id.chars().any(|c| c.is_control() || c.is_whitespace()) {
        let why = format!("must be a name of at most {ID_BYTES_MAX} bytes without blanks.");
        return Err(CredentialError::new(Fault::NameForm, field, why));
    }
    Ok(id)
}

fn is_path_word(word: &str) -> bool {
    let length_fits = (1..=64).contains(&word.len());
    length_fits && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn check_https(field: &'static str, url: &str) -> Result<(), CredentialError> {
    match url.parse::<Uri>() {
        Ok(uri) if uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty()) => {
            Ok(())
        }
        _ => {
            let why = "is not an https URL; upload the key file as it was downloaded.";
            Err(CredentialError::new(Fault::UrlNotHttps, field, why))
        }
    }
}

fn check_base_url(url: &str) -> Result<(), CredentialError> {
    let refuse = |fault, why: &str| Err(CredentialError::new(fault, "base_url", why));
    let Ok(uri) = url.parse::<Uri>() else { return refuse(Fault::BaseUrlUnreadable, "is not a URL.") };
    let Some((scheme, host)) = origin_of(&uri) else {
        let why = "needs a scheme and a host, such as https://push-api.cloud.huawei.com.";
        return refuse(Fault::BaseUrlIncomplete, why);
    };
    if uri.query().is_some() || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return refuse(Fault::BaseUrlExtra, "must have no query and no user name.");
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => {
            let why = "must be https; plain http is allowed only to a loopback address.";
            refuse(Fault::BaseUrlNotHttps, why)
        }
        _ => refuse(Fault::BaseUrlNotHttps, "must begin with https://."),
    }
}

/// Reads the PEM text of a PKCS#8 key. A key that was escaped twice (`\n` as two characters) is read too.
fn read_key(pem: &str) -> Result<KeyPair, CredentialError> {
    let refuse = |fault, why: &str| CredentialError::new(fault, "private_key", why);
    let der = der_of(&pem.replace("\\n", "\n")).map_err(|(fault, why)| refuse(fault, why))?;
    let key = KeyPair::from_pkcs8(&der).map_err(|_| {
        let why = "is not an RSA key of 2048 to 8192 bits in PKCS#8 form; Push Kit signs with RSA (PS256).";
        refuse(Fault::KeyNotRsa, why)
    })?;
    let bits = key.public_modulus_len() * 8;
    if !KEY_BITS.contains(&bits) {
        let why = format!("has {bits} bits; 2048 to 8192 are allowed.");
        return Err(refuse(Fault::KeySize, &why).with("bits", bits));
    }
    Ok(key)
}

/// The bytes between the first and the last line of a PEM text.
fn der_of(pem: &str) -> Result<Vec<u8>, (Fault, &'static str)> {
    if pem.contains("BEGIN RSA PRIVATE KEY") {
        let why = "is in the PKCS#1 form; convert it with \"openssl pkcs8 -topk8 -nocrypt\".";
        return Err((Fault::KeyPkcs1, why));
    }
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") {
        let why = "is encrypted; remove the pass phrase with \"openssl pkcs8 -topk8 -nocrypt\".";
        return Err((Fault::KeyEncrypted, why));
    }
    let body = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(body, _)| body);
    let Some(body) = body else {
        let why = "is not a PEM text from \"-----BEGIN PRIVATE KEY-----\" to \"-----END PRIVATE KEY-----\".";
        return Err((Fault::KeyNotPem, why));
    };
    let base64: String = body.split_whitespace().collect();
    STANDARD.decode(base64).map_err(|_| {
        let why = "is damaged (not base64 between its first and last line); upload the file unchanged.";
        (Fault::KeyDamaged, why)
    })
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
