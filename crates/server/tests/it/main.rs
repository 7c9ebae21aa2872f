//! The one integration-test binary of the server: through the front door, with the real store and the emulator.

// Unwrapping is how a test fails.
#![allow(clippy::unwrap_used)]

mod admin;
mod advanced_calls;
mod bad_frames;
mod bad_input;
mod blocks;
mod calls;
mod console;
mod console_access;
mod console_push;
mod conversations;
mod door;
mod export;
mod fuzz;
mod grafana;
mod groups;
mod harness;
mod messages;
mod push;
mod push_kit;
mod receipts;
mod reconnecting;
mod sessions;
mod several;
mod socket;
mod taking_back;
mod tidy;
mod vendor_codes;
mod vendor_wire;
