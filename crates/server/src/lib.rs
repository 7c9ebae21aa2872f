//! Everything that decides. How a message flows:
//!
//! ```text
//! device ─frame─▶ gateway ─▶ session ─▶ chat, calls ─┬─▶ store  (message + push intent, one transaction)
//!                                                    └─▶ hub    (live delivery, a hint)
//!         store ─due intents─▶ push::planner ─▶ push::dispatcher ─▶ vendors ─HTTP─▶ vendor
//! ```
//!
//! `app` builds the parts and stops them in order. Which module may use which is written in ARCHITECTURE.md
//! and held by a test.

pub mod admin;
pub mod app;
pub mod calls;
pub mod chat;
pub mod clock;
pub mod config;
pub mod export;
pub mod gateway;
pub mod hub;
pub mod peer;
pub mod push;
pub mod receipts;
pub mod session;
#[cfg(test)]
mod sim;
pub mod store;
pub mod telemetry;
