//! Who may call: the self-signed service-account JWT, checked claim by claim as documented (kid known, PS256,
//! iss, aud, exp, at most a day). A JWT once verified is remembered by its text until it expires, because the
//! same one comes with every request.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use super::codes::{Code, Refusal};
use crate::limits::VERIFIED_JWTS_MAX;

/// The only audience Push Kit takes, although nothing is ever asked there.
pub(crate) const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
const LIFETIME_MAX_S: u64 = 86_400;

/// The registered public keys, and the JWTs already verified with them.
#[derive(Default)]
pub(crate) struct Keyring {
    keys: HashMap<String, Arc<Key>>,
    verified: HashMap<Box<str>, Verified>,
    /// Counts changes of `keys`, so that a verdict reached meanwhile is not remembered.
    version: u64,
}

/// A service account's public half.
pub(crate) struct Key {
    pub(crate) project_id: Arc<str>,
    pub(crate) sub_account: String,
    pub(crate) decoding: DecodingKey,
}

#[derive(Clone)]
struct Verified {
    project_id: Arc<str>,
    expires_s: u64,
}

/// What a quick look at a bearer found.
pub(crate) enum Look {
    /// Decided without cryptography.
    Known(Result<Arc<str>, Refusal>),
    /// To be verified with this key, outside of any lock.
    Fresh(Arc<Key>, u64),
}

/// The time a JWT is judged by.
#[derive(Clone, Copy)]
pub(crate) struct JwtTime {
    pub(crate) now_s: u64,
    /// How far `iat` may lie ahead. Expiry has no tolerance.
    pub(crate) skew_s: u64,
}

fn refused(why: impl std::fmt::Display) -> Refusal {
    Code::Authentication.refuse(format!("Authentication Error, {why}"))
}

impl Keyring {
    pub(crate) fn register(&mut self, key_id: &str, key: Key) {
        self.keys.insert(key_id.to_owned(), Arc::new(key));
        self.verified.clear();
        self.version += 1;
    }

    pub(crate) fn project_of(&self, key_id: &str) -> Option<Arc<str>> {
        self.keys.get(key_id).map(|key| key.project_id.clone())
    }

    /// Answers from memory where it can.
    pub(crate) fn look(&self, jwt: &str, time: JwtTime) -> Look {
        if let Some(known) = self.verified.get(jwt) {
            let alive = known.expires_s > time.now_s;
            return Look::Known(if alive { Ok(known.project_id.clone()) } else { Err(expired()) });
        }
        match self.key_for(jwt) {
            Ok(key) => Look::Fresh(key, self.version),
            Err(refusal) => Look::Known(Err(refusal)),
        }
    }

    fn key_for(&self, jwt: &str) -> Result<Arc<Key>, Refusal> {
        let header =
            jsonwebtoken::decode_header(jwt).map_err(|_| refused("the JWT header is not readable"))?;
        if header.alg != Algorithm::PS256 {
            return Err(refused("alg must be PS256"));
        }
        if header.typ.as_deref() != Some("JWT") {
            return Err(refused("typ must be JWT"));
        }
        let key_id = header.kid.ok_or_else(|| refused("kid is missing"))?;
        self.keys.get(&key_id).cloned().ok_or_else(|| refused("kid is not a known key"))
    }

    /// Remembers a verified JWT, unless the keys changed since `version`.
    pub(crate) fn remember(&mut self, jwt: &str, verdict: &Verdict, version: u64, now_s: u64) {
        if version != self.version {
            return;
        }
        if self.verified.len() >= VERIFIED_JWTS_MAX {
            self.verified.retain(|_, known| known.expires_s > now_s);
        }
        if self.verified.len() < VERIFIED_JWTS_MAX {
            let known = Verified { project_id: verdict.project_id.clone(), expires_s: verdict.expires_s };
            self.verified.insert(jwt.into(), known);
        }
    }
}

/// A JWT that passed.
pub(crate) struct Verdict {
    pub(crate) project_id: Arc<str>,
    expires_s: u64,
}

/// The part that costs: signature and claims.
pub(crate) fn verify(jwt: &str, key: &Key, time: JwtTime) -> Result<Verdict, Refusal> {
    let mut validation = Validation::new(Algorithm::PS256);
    // Expiry is judged below by the emulator's clock, the audience by literal comparison.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims = jsonwebtoken::decode::<Map<String, Value>>(jwt, &key.decoding, &validation)
        .map_err(|_| refused("the signature does not fit the key"))?
        .claims;
    if claims.get("iss").and_then(Value::as_str) != Some(&key.sub_account) {
        return Err(refused("iss must be the sub_account of the key"));
    }
    if claims.get("aud").and_then(Value::as_str) != Some(AUDIENCE) {
        return Err(refused(format!("aud must be {AUDIENCE}")));
    }
    let expires_s = lifetime(&claims, time)?;
    Ok(Verdict { project_id: key.project_id.clone(), expires_s })
}

fn lifetime(claims: &Map<String, Value>, time: JwtTime) -> Result<u64, Refusal> {
    let seconds = |name: &str| {
        let number = claims.get(name).and_then(Value::as_u64);
        number.ok_or_else(|| refused(format!("{name} must be there, in whole seconds")))
    };
    let (issued_s, expires_s) = (seconds("iat")?, seconds("exp")?);
    if expires_s.saturating_sub(issued_s) > LIFETIME_MAX_S {
        return Err(Code::JwtLivesTooLong.refuse("The JWT expire period is over the threshold of 1 day"));
    }
    if expires_s <= time.now_s {
        return Err(expired());
    }
    if issued_s > time.now_s.saturating_add(time.skew_s) {
        return Err(refused("iat lies in the future"));
    }
    Ok(expires_s)
}

fn expired() -> Refusal {
    Code::JwtExpired.refuse("Jwt token expired")
}

/// The token of an `Authorization` header.
pub(crate) fn bearer(header: Option<&str>) -> Result<&str, Refusal> {
    let header = header.ok_or_else(|| refused("the Authorization header is missing"))?;
    let jwt = header.strip_prefix("Bearer ").ok_or_else(|| refused("the scheme must be Bearer"))?;
    Ok(jwt.trim())
}

/// The project in the address must be the key's.
pub(crate) fn same_project(url: &str, key: &str) -> Result<(), Refusal> {
    if url == key { Ok(()) } else { Err(refused("the project in the URL is not the project of the key")) }
}

/// For addresses that are not the v3 one.
pub(crate) fn not_v3() -> Refusal {
    refused("only /v3/{projectId}/messages:send sends to HarmonyOS 5 and newer")
}
