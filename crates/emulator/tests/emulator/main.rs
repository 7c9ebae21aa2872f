//! The emulator through its front doors: real HTTP, real WebSockets, a clock that the tests move.

// The harness is test code too, though not marked so function by function.
#![allow(clippy::unwrap_used)]

mod auth;
mod control;
mod delivery;
mod faults;
mod harness;
mod receipts;
mod revoke;
mod sending;
mod socket;
