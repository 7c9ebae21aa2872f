//! Load: what benches send with and measure with, over real sockets from their own process.
//!
//! A `Line` is a connection that costs the machine little, because on two cores whatever the load generator
//! takes is missing in the figures; it speaks only what loads need. `Client` is the one for everything
//! else. Nothing here judges or prints: `hongyan bench` does. Every wait is bounded.

mod arrivals;
pub mod frames;
mod histogram;
mod line;
mod send;
mod template;

pub use arrivals::{Arrivals, receive};
pub use histogram::Histogram;
pub use line::{Line, LoadError};
pub use send::{Marks, Pace, SendPlan, Sent, Until, send};

use crate::LoginOptions;
use futures_util::StreamExt;
use hongyan_wire::{AppId, DeviceId, frame};
use std::time::Duration;

/// Connections that log in at once.
const LOGINS_AT_ONCE: usize = 64;
/// How long an answer may take.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the load goes.
#[derive(Clone, Debug)]
pub struct Place {
    /// `ws://address:port/ws`.
    pub url: String,
    /// An app whose message rate is high enough.
    pub app: AppId,
    /// Its AppSign.
    pub app_sign: String,
}

impl Place {
    /// A connection on which this user is logged in, on the one device that loads give it.
    pub async fn log_in(&self, user: &str) -> Result<Line, LoadError> {
        let mut line = Line::open(&self.url, Some("hongyan.v1")).await?;
        let device = DeviceId::new(&format!("device-{user}"))?;
        let login = LoginOptions::with_app_sign(self.app, &self.app_sign, user)?.device(device);
        line.put(&frame::request(1, "session.login", &login.params()));
        line.answer(1).await?;
        Ok(line)
    }

    /// Logs all of them in, 64 at a time, in their order.
    pub async fn log_in_all(&self, users: impl Iterator<Item = String>) -> Result<Vec<Line>, LoadError> {
        let logins = users.map(|user| async move { self.log_in(&user).await });
        let mut logins = futures_util::stream::iter(logins).buffered(LOGINS_AT_ONCE);
        let mut lines = Vec::new();
        while let Some(line) = logins.next().await {
            lines.push(line?);
        }
        Ok(lines)
    }
}
