//! The real program as its users run it: command line, bad input, crashes.

// Unwrapping is how a test fails.
#![allow(clippy::unwrap_used)]

mod admin;
mod bench;
mod call_histories;
mod cli;
mod crash;
mod dev;
mod program;
