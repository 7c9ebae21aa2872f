//! Load: what a bench sends and what it measures, over real sockets from its own process.
//!
//! Bounded in connections and time, and it stops by itself. It judges nothing; `hongyan bench` prints.

mod histogram;
mod peer;

pub use histogram::Histogram;
pub use peer::{LoadError, PeerFigures, PeerLoad};
