//! Service accounts for tests, with keys made on the spot: no key lies in the repository.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{HarmonyCredential, HarmonyOptions};

/// A PKCS#8 key of 2048 bits as PEM, made once per test run.
pub(crate) fn pem() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| pem_of(&KeyPair::generate(KeySize::Rsa2048).expect("a key")))
}

fn pem_of(key: &KeyPair) -> String {
    let der = key.as_der().expect("encodes");
    let base64 = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ascii")).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// A complete key file.
pub(crate) fn service_account() -> Value {
    json!({
        "project_id": "388421841221", "key_id": "key-1", "private_key": pem(), "sub_account": "100000001",
        "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
        "token_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/token",
        "auth_provider_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/certs",
        "client_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/x509"
    })
}

/// A credential with the given options (a JSON object).
pub(crate) fn credential(options: &Value) -> HarmonyCredential {
    let options = HarmonyOptions::parse(&options.to_string()).expect("options");
    HarmonyCredential::parse_with(&service_account().to_string(), options).expect("credential")
}
