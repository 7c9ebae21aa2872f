//! The contract every vendor fulfils, and the table of vendors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::credential::Credential;
use crate::harmony::Harmony;
use crate::http::{RawAnswer, VendorRequest};
use crate::notice::{Notice, Revocation};
use crate::outcome::Answer;

/// An outside push service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum VendorKind {
    /// HarmonyOS Push Kit, REST v3 (HarmonyOS 5 and later).
    Harmony,
}

impl VendorKind {
    /// Every vendor this build can speak to.
    pub const ALL: &'static [VendorKind] = &[VendorKind::Harmony];

    /// The name used in configuration, URLs, database rows and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            VendorKind::Harmony => "harmony",
        }
    }
}

impl VendorKind {
    /// The name by which people know the service.
    pub const fn title(self) -> &'static str {
        match self {
            VendorKind::Harmony => "HarmonyOS Push Kit",
        }
    }
}

impl fmt::Display for VendorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no vendor's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown push vendor \"{name}\"; known: {}", known_vendors())]
pub struct UnknownVendor {
    /// The name that was given, cut to 32 characters.
    pub name: String,
}

fn known_vendors() -> String {
    VendorKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for VendorKind {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| UnknownVendor { name: name.chars().take(32).collect() })
    }
}

/// How to speak to one vendor. Pure: no I/O, no clock, no state.
pub trait Vendor: Send + Sync {
    /// Which vendor this is.
    fn kind(&self) -> VendorKind;

    /// How many tokens one request with this notice may carry; at least 1.
    fn max_tokens(&self, notice: &Notice) -> usize;

    /// Builds the request that sends `notice` to `tokens` (1..=[`Vendor::max_tokens`]).
    ///
    /// `bearer` is what [`crate::BearerCache::bearer`] gave; `now_ms` is Unix time in milliseconds and
    /// decides the time to live. Nothing of the notice is invented here: the same notice gives the same ids
    /// each time.
    fn prepare(
        &self,
        credential: &Credential,
        notice: &Notice,
        tokens: &[&str],
        bearer: &str,
        now_ms: u64,
    ) -> Result<VendorRequest, PrepareError>;

    /// Reads the vendor's answer to a request made by [`Vendor::prepare`] from the same notice and tokens.
    /// `outcomes` has exactly one entry per token, in order, whatever the vendor wrote.
    fn interpret(&self, answer: &RawAnswer, notice: &Notice, tokens: &[&str]) -> Answer;

    /// How to take `notice` back, or `None` when it leaves nothing on the device that could be taken back.
    fn revocation(&self, credential: &Credential, notice: &Notice) -> Option<Revocation>;

    /// How many tokens one revocation request may carry.
    fn max_revoke_tokens(&self) -> usize;

    /// Builds the request that takes a notice back from `tokens` (1..=[`Vendor::max_revoke_tokens`]).
    /// [`PrepareError::Unsupported`] when the vendor or the credential does not allow it.
    fn prepare_revoke(
        &self,
        credential: &Credential,
        revocation: &Revocation,
        tokens: &[&str],
        bearer: &str,
    ) -> Result<VendorRequest, PrepareError>;

    /// Reads the answer to a revocation. Never says `TokenGone`: a failed revocation is no verdict on a
    /// token.
    fn interpret_revoke(&self, answer: &RawAnswer, tokens: &[&str]) -> Answer;
}

/// The table of vendors: one row each, in the order of [`VendorKind::ALL`].
pub static VENDORS: &[&dyn Vendor] = &[&Harmony];

/// The adapter for `kind`.
pub fn vendor(kind: VendorKind) -> &'static dyn Vendor {
    match kind {
        VendorKind::Harmony => &Harmony,
    }
}

/// Why no request was built. Nothing was sent; each text is a sentence for the trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Less than a second is left to live.
    #[error("the notice expired before it could be sent")]
    Expired,
    /// What may not be shortened (payload and ids) is alone larger than the vendor takes.
    #[error(
        "the payload is too large for the vendor: {bytes} bytes without title, content and tokens, \
         {limit} allowed; send a shorter payload"
    )]
    TooLarge {
        /// Size of the body in bytes with title and content cut to the minimum, without tokens.
        bytes: usize,
        /// The vendor's limit in bytes.
        limit: usize,
    },
    /// No token, or more than the vendor takes in one request.
    #[error("{count} tokens in one request; this vendor takes 1 to {max}")]
    TokenCount {
        /// How many were given.
        count: usize,
        /// How many are allowed.
        max: usize,
    },
    /// A field of the notice is outside its documented range.
    #[error("the notice's {field} is not usable: {why}")]
    Invalid {
        /// Name of the field.
        field: &'static str,
        /// What is wrong and what is allowed.
        why: String,
    },
    /// The vendor, or this credential, cannot do what was asked.
    #[error("{why}")]
    Unsupported {
        /// A sentence saying what is missing.
        why: &'static str,
    },
    /// The credential belongs to another vendor.
    #[error("a credential for {got} was used to speak to {wanted}")]
    WrongCredential {
        /// The vendor that was to be spoken to.
        wanted: VendorKind,
        /// The vendor the credential is for.
        got: VendorKind,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendor_has_a_row_and_a_name_that_reads_back() {
        assert_eq!(VENDORS.len(), VendorKind::ALL.len());
        for (row, &kind) in VENDORS.iter().zip(VendorKind::ALL) {
            assert_eq!(row.kind(), kind);
            assert_eq!(vendor(kind).kind(), kind);
            assert_eq!(kind.to_string().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).expect("serialises");
            assert_eq!(json, format!("\"{kind}\""), "serde and as_str must agree");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "nokia".parse::<VendorKind>().expect_err("no such vendor");
        assert_eq!(error.to_string(), "unknown push vendor \"nokia\"; known: harmony");
    }
}
