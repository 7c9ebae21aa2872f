//! The bearer token: a JWT that the service account signs itself (PS256), made once and reused.
//!
//! There is no token exchange with Push Kit. A 4096-bit signature takes milliseconds of CPU, so signing runs
//! on a blocking thread, once at a time per credential, and the result serves every request for 50 minutes.

use std::sync::Mutex;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::credential::HarmonyCredential;
use crate::secret::Secret;

/// The literal audience Push Kit asks for, although nothing is ever fetched there.
pub const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/// Validity of a JWT in seconds; Push Kit refuses more than a day and advises this.
pub const LIFETIME_S: u64 = 3600;
/// How long a JWT is used before a new one is signed, in seconds.
pub const REUSE_S: u64 = 3000;
/// How far `iat` lies in the past, in seconds: the tolerance for clock skew is not documented.
const BACKDATE_S: u64 = 10;

/// No JWT could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key signs nothing.
    #[error("the private key of the service account could not sign")]
    Key,
    /// The program is shutting down, or the thread that signed panicked.
    #[error("signing was interrupted")]
    Interrupted,
}

/// Makes and keeps the JWT of one credential. Shared by reference or in an `Arc`.
#[derive(Debug)]
pub struct BearerCache {
    credential: HarmonyCredential,
    kept: Mutex<Option<Kept>>,
    /// Held while signing, so that a thousand waiting requests cause one signature. Async, since it spans an
    /// await.
    signing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone)]
struct Kept {
    bearer: Secret,
    signed_at_s: u64,
}

impl BearerCache {
    /// An empty cache; nothing is signed yet.
    pub fn new(credential: &HarmonyCredential) -> Self {
        Self { credential: credential.clone(), kept: Mutex::new(None), signing: tokio::sync::Mutex::new(()) }
    }

    /// The JWT to send, signed now if there is none younger than 50 minutes. `now_ms`: Unix time in
    /// milliseconds. Safe to cancel.
    pub async fn bearer(&self, now_ms: u64) -> Result<Secret, SignError> {
        let now_s = now_ms / 1000;
        if let Some(bearer) = self.fresh(now_s) {
            return Ok(bearer);
        }
        let _one_at_a_time = self.signing.lock().await;
        if let Some(bearer) = self.fresh(now_s) {
            return Ok(bearer);
        }
        let credential = self.credential.clone();
        // Not owned by anyone and not stoppable, but it ends by itself within milliseconds.
        let signed = tokio::task::spawn_blocking(move || sign(&credential, now_s)).await;
        let bearer = signed.map_err(|_| SignError::Interrupted)??;
        *self.lock() = Some(Kept { bearer: bearer.clone(), signed_at_s: now_s });
        Ok(bearer)
    }

    /// Forgets the JWT; the next request signs a new one.
    pub fn invalidate(&self) {
        *self.lock() = None;
    }

    /// Forgets the JWT if it still is the one that was refused. Use this after [`crate::Advice::ResignJwt`]:
    /// when a hundred requests in flight are refused together, one new signature serves them all.
    pub fn invalidate_if(&self, refused: &Secret) {
        let mut kept = self.lock();
        if kept.as_ref().is_some_and(|kept| kept.bearer == *refused) {
            *kept = None;
        }
    }

    /// The kept JWT, unless it is too old or the clock was set back behind its making.
    fn fresh(&self, now_s: u64) -> Option<Secret> {
        let kept = self.lock();
        let age_s = now_s.checked_sub(kept.as_ref()?.signed_at_s)?;
        (age_s < REUSE_S).then(|| kept.as_ref().map(|kept| kept.bearer.clone())).flatten()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Kept>> {
        // A panic cannot leave half a value behind: every write is one assignment.
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Signs a JWT that is valid from a little before `now_s` for an hour.
fn sign(credential: &HarmonyCredential, now_s: u64) -> Result<Secret, SignError> {
    let issued_at_s = now_s.saturating_sub(BACKDATE_S);
    let header = serde_json::json!({ "kid": credential.key_id(), "typ": "JWT", "alg": "PS256" });
    let claims = serde_json::json!({
        "iss": credential.sub_account(),
        "aud": AUDIENCE,
        "iat": issued_at_s,
        "exp": issued_at_s + LIFETIME_S,
    });
    let mut jwt = URL_SAFE_NO_PAD.encode(header.to_string());
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(claims.to_string(), &mut jwt);
    let key = credential.key();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PSS_SHA256, &SystemRandom::new(), jwt.as_bytes(), &mut signature)
        .map_err(|_| SignError::Key)?;
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(&signature, &mut jwt);
    Ok(Secret::from(jwt))
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
