//! From intent to notice: who is pushed, when, why not; requests to vendors; the trace of all of it.
//!
//! `decide` and `retry` are pure. `planner` turns intents into verdicts and dispatches, `dispatcher` turns
//! dispatches into vendor requests and ends. Chat and calls only wake it with a [`Signal`]; a lost signal costs
//! time, never a push: the store has the intent. Nothing here is on a sender's way to its answer.

pub mod signal;

pub use signal::{Signal, Signals};
