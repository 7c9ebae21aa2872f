//! Whether the store accepts writes, and if not, why and until when.

use super::trouble::{Reach, Trouble};
use crate::store::StoreError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Time between two looks whether the disk has room again, in ms.
const PROBE_EVERY_MS: u64 = 3_000;

#[derive(Debug, Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Ready,
    /// A probe finds out when it is over.
    Waiting { why: String, probe_at: u64 },
    /// Until a restart.
    Stopped { why: String },
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sentence of `Store::health`.
    pub fn check(&self) -> Result<(), String> {
        match &*self.state() {
            State::Ready => Ok(()),
            State::Waiting { why, .. } | State::Stopped { why } => Err(why.clone()),
        }
    }

    /// Whether the disk takes no writes, and may take them later.
    pub fn is_waiting(&self) -> bool {
        matches!(&*self.state(), State::Waiting { .. })
    }

    /// Whether it is time to look if writing works again.
    pub fn is_probe_due(&self, now_ms: u64) -> bool {
        matches!(&*self.state(), State::Waiting { probe_at, .. } if *probe_at <= now_ms)
    }

    pub fn recovered(&self) {
        let mut state = self.state();
        if matches!(&*state, State::Waiting { .. }) {
            tracing::info!("the store accepts writes again");
            *state = State::Ready;
        }
    }

    /// Takes note of a commit that failed; what its commands are told.
    pub fn failed(&self, trouble: &Trouble, now_ms: u64) -> StoreError {
        let mut state = self.state();
        match trouble.reach() {
            Reach::Command | Reach::Commit => {
                tracing::error!(error = %trouble, "a commit failed; nothing of it was stored");
                StoreError::Refusing(format!("the commit failed: {trouble}"))
            }
            Reach::UntilProbed => {
                let why =
                    format!("the disk does not take writes ({trouble}); trying again every few seconds");
                if matches!(&*state, State::Ready) {
                    tracing::error!(error = %trouble, "the store stops accepting writes until there is room");
                }
                *state = State::Waiting { why: why.clone(), probe_at: now_ms + PROBE_EVERY_MS };
                StoreError::Refusing(why)
            }
            Reach::UntilRestart => {
                // After a failed sync the system may have thrown the pages away and say "ok" to the next one:
                // trying again would acknowledge what is not on the disk.
                let why = format!("writing to the disk failed ({trouble}); restart after checking the disk");
                tracing::error!(error = %trouble, "the store stops accepting writes until a restart");
                *state = State::Stopped { why: why.clone() };
                StoreError::Refusing(why)
            }
        }
    }

    /// The writer is gone; `why` for those who ask.
    pub fn stopped(&self, why: &str) {
        *self.state() = State::Stopped { why: why.to_owned() };
    }
}
