//! HarmonyOS Push Kit, REST v3: a service-account JWT, requests of up to 1000 tokens, answers with codes in
//! text.
//!
//! Reaches HarmonyOS 5 and later. Sends alerts (push-type 0), background messages (6) and in-app calls (10);
//! widgets, text-to-speech and live views are no vehicles for chat and are not here.

mod answer;
mod credential;
mod jwt;
pub mod receipt;
mod request;
mod results;
mod revoke;
mod strategy;
#[cfg(test)]
mod test_keys;

pub use credential::{DEFAULT_BASE_URL, HarmonyCredential, HarmonyOptions, HarmonyRights, RightsPolicy};
pub use jwt::{AUDIENCE, BearerCache, LIFETIME_S, REUSE_S, SignError};
pub use request::{BODY_BYTES_MAX, TEST_TOKENS_MAX, TOKENS_MAX, TTL_S_MAX};
pub use strategy::{HarmonyCategory, HarmonyPushType, HarmonyStrategy};

use crate::credential::Credential;
use crate::http::{RawAnswer, VendorRequest};
use crate::notice::{Notice, Revocation};
use crate::outcome::Answer;
use crate::vendor::{PrepareError, Vendor, VendorKind};

/// The adapter.
#[derive(Debug, Clone, Copy)]
pub struct Harmony;

impl Vendor for Harmony {
    fn kind(&self) -> VendorKind {
        VendorKind::Harmony
    }

    fn max_tokens(&self, notice: &Notice) -> usize {
        request::max_tokens(notice)
    }

    fn prepare(
        &self,
        credential: &Credential,
        notice: &Notice,
        tokens: &[&str],
        bearer: &str,
        now_ms: u64,
    ) -> Result<VendorRequest, PrepareError> {
        request::prepare(own(credential)?, notice, tokens, bearer, now_ms)
    }

    fn interpret(&self, answer: &RawAnswer, notice: &Notice, tokens: &[&str]) -> Answer {
        answer::interpret(answer, notice, tokens)
    }

    fn revocation(&self, credential: &Credential, notice: &Notice) -> Option<Revocation> {
        revoke::revocation(own(credential).ok()?, notice)
    }

    fn max_revoke_tokens(&self) -> usize {
        TOKENS_MAX
    }

    fn prepare_revoke(
        &self,
        credential: &Credential,
        revocation: &Revocation,
        tokens: &[&str],
        bearer: &str,
    ) -> Result<VendorRequest, PrepareError> {
        revoke::prepare(own(credential)?, revocation, tokens, bearer)
    }

    fn interpret_revoke(&self, answer: &RawAnswer, tokens: &[&str]) -> Answer {
        answer::interpret_revoke(answer, tokens)
    }
}

/// The HarmonyOS credential inside `credential`. The match gets a second arm with the second vendor.
fn own(credential: &Credential) -> Result<&HarmonyCredential, PrepareError> {
    match credential {
        Credential::Harmony(credential) => Ok(credential),
    }
}
