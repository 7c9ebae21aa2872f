//! One session's place in the hub, and what is known of it without asking it.

use super::{Arrival, Mailbox, lock};
use hongyan_wire::{AppId, DeviceId, UserId, client::AppPhase};
use serde::Serialize;
use std::{
    collections::HashMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Public name of a session: 128 random bits, shown as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionId([u64; 2]);

impl SessionId {
    /// One that nobody can guess.
    pub fn random() -> Self {
        Self(rand::random())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

impl Serialize for SessionId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A session's place in the hub. Dropping the `Seating` removes it.
#[derive(Debug)]
pub struct Seat {
    /// Unique in this process and rising.
    pub number: u64,
    /// Public name of the session, for resuming.
    pub session_id: SessionId,
    /// Where.
    pub app: AppId,
    /// Who.
    pub user: UserId,
    /// On which device.
    pub device: DeviceId,
    /// ZIMPlatformType.
    pub platform: u8,
    /// Unix time in ms of the login.
    pub since: u64,
    /// Silence that ends the session, in ms.
    pub silence_ms: u64,
    /// Frames for the socket.
    pub mailbox: Mailbox,
    /// Unix time in ms since when the app is in the background; 0 while it is in front.
    away_since: AtomicU64,
    /// While the session reads what it missed, live messages are held back: the sync will come across them.
    pub(super) syncing: AtomicBool,
    /// A live message was held back since the sync looked last.
    pub(super) missed: AtomicBool,
    /// How far the sync brought each conversation: a delivery that was overtaken by it is left out.
    #[allow(clippy::box_collection)]
    // it is there for seconds and its place for hours: 8 bytes instead of 48
    synced: Mutex<Option<Box<HashMap<u64, u64>>>>,
    /// Unix time in ms of the last sign of life.
    heard_at: AtomicU64,
    /// Unix time in ms at which the token ends; 0 for AppSign sessions.
    token_ends_at: AtomicU64,
    token_warned: AtomicBool,
}

impl Seat {
    /// The seat of a session that begins to sync.
    pub(super) fn new(number: u64, arrival: Arrival) -> Self {
        Self {
            number,
            session_id: arrival.session_id,
            app: arrival.app,
            user: arrival.user,
            device: arrival.device,
            platform: arrival.platform,
            since: arrival.now_ms,
            silence_ms: arrival.silence_ms,
            mailbox: Mailbox::default(),
            away_since: AtomicU64::new(match arrival.phase {
                AppPhase::Foreground => 0,
                AppPhase::Background => arrival.now_ms.max(1),
            }),
            syncing: AtomicBool::new(true),
            missed: AtomicBool::new(false),
            synced: Mutex::new(None),
            heard_at: AtomicU64::new(arrival.now_ms),
            token_ends_at: AtomicU64::new(0),
            token_warned: AtomicBool::new(false),
        }
    }

    /// Notes a sign of life.
    pub fn heard(&self, now_ms: u64) {
        self.heard_at.store(now_ms, Ordering::Relaxed);
    }

    /// Unix time in ms of the last sign of life.
    pub fn heard_at(&self) -> u64 {
        self.heard_at.load(Ordering::Relaxed)
    }

    /// Sets when the token ends (Unix ms), at login and renewal; arms the warning again.
    pub fn set_token_end(&self, ends_at_ms: u64) {
        self.token_ends_at.store(ends_at_ms, Ordering::Relaxed);
        self.token_warned.store(false, Ordering::Relaxed);
    }

    /// Whether the session still reads what it missed.
    pub fn is_syncing(&self) -> bool {
        self.syncing.load(Ordering::Acquire)
    }

    /// The sync brought this conversation up to `seq`.
    pub fn note_synced(&self, conversation: u64, seq: u64) {
        lock(&self.synced).get_or_insert_default().insert(conversation, seq);
    }

    /// Forgets how far the sync came, some time after it: no delivery is that late.
    pub fn forget_synced(&self) {
        *lock(&self.synced) = None;
    }

    pub(super) fn was_synced(&self, conversation: u64, seq: u64) -> bool {
        let synced = lock(&self.synced);
        synced.as_ref().and_then(|synced| synced.get(&conversation)).is_some_and(|reached| seq <= *reached)
    }

    /// When the token ends, for sessions that have one.
    pub fn token_ends_at(&self) -> Option<u64> {
        Some(self.token_ends_at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// `true` exactly once per token: the caller warns the client.
    pub fn first_token_warning(&self) -> bool {
        !self.token_warned.swap(true, Ordering::Relaxed)
    }

    /// Foreground or background, as the device said last.
    pub fn phase(&self) -> AppPhase {
        match self.away_since() {
            Some(_) => AppPhase::Background,
            None => AppPhase::Foreground,
        }
    }

    /// Unix time in ms since when the app is in the background; `None` while it is in front.
    pub fn away_since(&self) -> Option<u64> {
        Some(self.away_since.load(Ordering::Acquire)).filter(|at| *at > 0)
    }

    /// Notes what the device said at this time.
    pub fn set_phase(&self, phase: AppPhase, now_ms: u64) {
        match phase {
            AppPhase::Foreground => self.away_since.store(0, Ordering::Release),
            // Said again, it is still since then.
            AppPhase::Background => {
                let _ =
                    self.away_since.compare_exchange(0, now_ms.max(1), Ordering::AcqRel, Ordering::Acquire);
            }
        }
    }
}
