//! The vendor's cloud: HarmonyOS Push Kit's v3 REST API as documented. A request is answered in `pipeline`:
//! fault → who calls (`auth`) → reading (`check`, `payload`) → carrying out (`send`, `revoke`) → log.
//! Written from the documentation; what that leaves open is listed as UNVERIFIED in docs/emulator.md.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod check;
pub(crate) mod codes;
mod fields;
pub(crate) mod message;
mod payload;
mod pipeline;
pub(crate) mod projects;
pub(crate) mod queue;
pub(crate) mod quotas;
pub(crate) mod receipts;
pub(crate) mod receipts_post;
mod retract;
mod send;
pub(crate) mod service_account;

pub(crate) use pipeline::{revoke, send, send_elsewhere};
