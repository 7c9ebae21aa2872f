//! How an emulator is set up at its start. Most of it can be changed later through control.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::clock::Clock;
use crate::push_kit::quotas::Limits;
use crate::push_kit::receipts_post::ReceiptPolicy;

/// The settings of an emulator.
#[derive(Clone, Debug)]
pub struct EmulatorConfig {
    /// Where it listens; default 127.0.0.1 with a free port. Its control is open to whoever reaches it.
    pub listen: SocketAddr,
    /// The time it lives in.
    pub clock: Clock,
    /// Limits of every project registered from now on.
    pub limits: Limits,
    /// Vendor requests remembered, newest first to stay; 0 switches the log off. At most 64 MiB of bodies
    /// are kept.
    pub log_len: usize,
    /// Makes tokens and chance repeatable; default: different at each start.
    pub seed: Option<u64>,
    /// Business code → HTTP status, where it is not to be the plausible default.
    pub statuses: BTreeMap<String, u16>,
    /// How receipts are posted.
    pub receipts: ReceiptPolicy,
    /// How far a JWT's `iat` may lie in the future. Its expiry has no tolerance.
    pub clock_skew: Duration,
}

impl Default for EmulatorConfig {
    fn default() -> EmulatorConfig {
        EmulatorConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Clock::system(),
            limits: Limits::default(),
            log_len: 2000,
            seed: None,
            statuses: BTreeMap::new(),
            receipts: ReceiptPolicy::default(),
            clock_skew: Duration::from_secs(60),
        }
    }
}
