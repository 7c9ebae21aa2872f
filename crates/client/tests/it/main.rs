//! The client against a server that does exactly what a test says. `crates/server/tests` has it against the
//! real one.

// Unwrapping is how a test fails.
#![allow(clippy::unwrap_used)]

mod connection;
mod input;
mod reconnecting;
mod script;
mod tls;
