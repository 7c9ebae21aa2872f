//! A credential of any vendor, as the operator gave it, checked and ready for use.

use std::collections::BTreeMap;

use crate::credential_fault::CredentialFault;
use crate::harmony::{BearerCache, HarmonyCredential, HarmonyOptions};
use crate::vendor::VendorKind;

/// What an app needs to speak to one vendor. Cheap to clone; `Debug` shows no secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Credential {
    /// A HarmonyOS service account.
    Harmony(HarmonyCredential),
}

impl Credential {
    /// Reads and checks a credential: `text` is the vendor's own file, `options` a JSON object with what the
    /// file does not say (for HarmonyOS [`HarmonyOptions`]; empty text means none).
    pub fn parse(kind: VendorKind, text: &str, options: &str) -> Result<Self, CredentialError> {
        match kind {
            VendorKind::Harmony => {
                let options = HarmonyOptions::parse(options)?;
                Ok(Self::Harmony(HarmonyCredential::parse_with(text, options)?))
            }
        }
    }

    /// Which vendor the credential is for.
    pub fn kind(&self) -> VendorKind {
        match self {
            Self::Harmony(_) => VendorKind::Harmony,
        }
    }

    /// The certificate set of the app it serves: 1 or 2.
    pub fn app_type(&self) -> u8 {
        match self {
            Self::Harmony(credential) => credential.app_type(),
        }
    }

    /// A cache that makes and keeps the bearer token of this credential. Keep one for the credential's
    /// lifetime.
    pub fn bearer_cache(&self) -> BearerCache {
        match self {
            Self::Harmony(credential) => BearerCache::new(credential),
        }
    }
}

impl From<HarmonyCredential> for Credential {
    fn from(credential: HarmonyCredential) -> Self {
        Self::Harmony(credential)
    }
}

/// Why a credential was refused: the field and a sentence that says what to do. Never quotes the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct CredentialError {
    /// The same in a word that stays, for programs and translations.
    pub fault: CredentialFault,
    /// The field that is wrong, as it is called in the file or in the options.
    pub field: &'static str,
    /// What is wrong with it and what to do.
    pub why: String,
    /// The numbers of the sentence by name, for translations.
    pub values: BTreeMap<&'static str, u64>,
}

impl CredentialError {
    pub(crate) fn new(fault: CredentialFault, field: &'static str, why: impl Into<String>) -> Self {
        Self { fault, field, why: why.into(), values: BTreeMap::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: usize) -> Self {
        self.values.insert(name, value as u64);
        self
    }
}
