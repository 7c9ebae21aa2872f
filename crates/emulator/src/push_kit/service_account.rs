//! Makes service accounts: an RSA key pair and the key file that the API Console would hand out, once; and
//! takes up the public half of a file made earlier. The
//! emulator keeps the public half only.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::auth::AUDIENCE;
use super::projects::KeySpec;
use crate::control::BadControl;

/// Size of a service account's RSA key. Real ones have 4096 bits; 3072 is quicker to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyBits {
    /// 2048 bits, for tests.
    B2048,
    /// 3072 bits, the default.
    #[default]
    B3072,
    /// 4096 bits, as the real console makes them.
    B4096,
}

impl KeyBits {
    /// From a number of bits: 2048, 3072 or 4096.
    pub fn from_bits(bits: u32) -> Option<KeyBits> {
        match bits {
            2048 => Some(KeyBits::B2048),
            3072 => Some(KeyBits::B3072),
            4096 => Some(KeyBits::B4096),
            _ => None,
        }
    }

    fn size(self) -> KeySize {
        match self {
            KeyBits::B2048 => KeySize::Rsa2048,
            KeyBits::B3072 => KeySize::Rsa3072,
            KeyBits::B4096 => KeySize::Rsa4096,
        }
    }
}

/// A fresh account: the key file's text and the public half to register.
pub(crate) struct ServiceAccount {
    pub(crate) file: String,
    pub(crate) key: KeySpec,
}

/// Takes a noticeable part of a second. `number` makes IDs distinct within one emulator, `salt` between two.
pub(crate) fn make(
    project_id: &str,
    bits: KeyBits,
    number: u64,
    salt: u64,
) -> Result<ServiceAccount, BadControl> {
    let broken = |_| BadControl::new("the RSA key could not be made");
    let pair = KeyPair::generate(bits.size()).map_err(broken)?;
    let private = AsDer::<Pkcs8V1Der>::as_der(&pair).map_err(broken)?;
    let public = AsDer::<PublicKeyX509Der>::as_der(pair.public_key()).map_err(broken)?;
    let key_id = format!("{salt:016x}{number:016x}");
    let sub_account = format!("{}", 100_000_000 + number);
    let file = json!({
        "project_id": project_id,
        "key_id": key_id,
        "private_key": pem("PRIVATE KEY", private.as_ref()),
        "sub_account": sub_account,
        "auth_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/authorize",
        "token_uri": AUDIENCE,
        "auth_provider_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/certs",
        "client_cert_uri": "https://oauth-login.cloud.huawei.com/oauth2/v3/x509?client_id=",
    });
    let key = KeySpec { key_id, public_key_pem: pem("PUBLIC KEY", public.as_ref()), sub_account };
    Ok(ServiceAccount { file: format!("{file:#}"), key })
}

/// The public half of a key file made earlier, and its project.
pub(crate) fn read(file: &str) -> Result<(String, KeySpec), BadControl> {
    let file: Value = serde_json::from_str(file).map_err(|_| BadControl::new("the key file is no JSON"))?;
    let field = |name: &str| {
        let text = file.get(name).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| BadControl::new(format!("the key file has no {name}")))
    };
    let bad_key = || BadControl::new("private_key must be a PKCS#8 RSA key in PEM (BEGIN PRIVATE KEY)");
    let private = field("private_key")?;
    let body: String = private.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let der = STANDARD.decode(body).map_err(|_| bad_key())?;
    let pair = KeyPair::from_pkcs8(&der).map_err(|_| bad_key())?;
    let public = AsDer::<PublicKeyX509Der>::as_der(pair.public_key()).map_err(|_| bad_key())?;
    let public_key_pem = pem("PUBLIC KEY", public.as_ref());
    let key = KeySpec { key_id: field("key_id")?, public_key_pem, sub_account: field("sub_account")? };
    Ok((field("project_id")?, key))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for (at, letter) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str(&format!("\n-----END {label}-----\n"));
    pem
}
