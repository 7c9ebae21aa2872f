//! How to speak to each push vendor: an adapter builds a request and reads an answer.
//!
//! An adapter does no I/O and knows no database and no users; [`Transport`] carries its requests.
//! The way of one push: a [`Notice`] and tokens → [`Vendor::prepare`] → [`Transport::send`] →
//! [`Vendor::interpret`] → one [`Outcome`] per token. To add a vendor: `docs/vendors.md`.

mod credential;
mod credential_fault;
#[cfg(test)]
mod fixtures;
pub mod harmony;
mod http;
mod notice;
mod outcome;
mod secret;
mod shorten;
mod vendor;

pub use credential::{Credential, CredentialError};
pub use credential_fault::CredentialFault;
pub use harmony::{BearerCache, HarmonyCredential, HarmonyOptions, HarmonyStrategy, SignError};
pub use http::{Carried, Carrier, RawAnswer, Transport, TransportConfig, TransportError, VendorRequest};
pub use notice::{
    APP_MESSAGE_ID_LEN_MAX, Badge, Category, Notice, NoticeKind, Revocation, Route, StrategyError,
    StrategyOptions,
};
pub use outcome::{Advice, Answer, Blame, Outcome};
pub use secret::Secret;
pub use vendor::{PrepareError, UnknownVendor, VENDORS, Vendor, VendorKind, vendor};
