//! Heads of traces: a short row for each message and call that was to be pushed, by which they are found.
//!
//! Heads follow behind a watermark and are never on a sender's way. What is above the watermark is found by its
//! intents.

use super::{StoreError, TraceRecord};
use hongyan_wire::{AppId, UserId};
use serde::{Deserialize, Serialize};

/// Devices by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcomes {
    /// Waited for, or on the way to the vendor.
    pub pending: u32,
    /// Acknowledged the live delivery.
    pub acked: u32,
    /// Accepted by the vendor.
    pub pushed: u32,
    /// Not pushed, for a reason.
    pub suppressed: u32,
    /// Its time was over.
    pub expired: u32,
    /// Taken back before it was pushed.
    pub retracted: u32,
    /// Refused by the vendor, or the vendor could not be reached.
    pub failed: u32,
}

/// What traces can be asked for. The numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TraceMark {
    /// A device is pending.
    Pending = 0,
    /// A device acknowledged.
    Acked = 1,
    /// A device was pushed.
    Pushed = 2,
    /// A device was suppressed.
    Suppressed = 3,
    /// A device's time was over.
    Expired = 4,
    /// A device's notice was taken back before it was pushed.
    Retracted = 5,
    /// A device failed.
    Failed = 6,
    /// It is a call.
    Call = 16,
}

impl TraceMark {
    /// Every mark.
    pub const ALL: [TraceMark; 8] = [
        TraceMark::Pending,
        TraceMark::Acked,
        TraceMark::Pushed,
        TraceMark::Suppressed,
        TraceMark::Expired,
        TraceMark::Retracted,
        TraceMark::Failed,
        TraceMark::Call,
    ];
}

/// A message or call that was to be pushed, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceHead {
    /// messageID or callID.
    pub id: u64,
    /// Where.
    pub app: AppId,
    /// A call, else a message.
    pub is_call: bool,
    /// Sender or caller.
    pub sender: UserId,
    /// Whom it is for, if that is one user.
    pub recipient: Option<UserId>,
    /// The conversation as a recipient names it, and its type; `None` for calls.
    pub conversation: Option<(String, u8)>,
    /// Unix time in ms.
    pub accepted_at: u64,
    /// Every device has its verdict, and every request its end.
    pub settled: bool,
    /// Devices by outcome.
    pub counts: Outcomes,
}

impl TraceHead {
    /// Whether it is found by this mark.
    pub fn has(&self, mark: TraceMark) -> bool {
        let counts = &self.counts;
        let devices = match mark {
            TraceMark::Pending => counts.pending,
            TraceMark::Acked => counts.acked,
            TraceMark::Pushed => counts.pushed,
            TraceMark::Suppressed => counts.suppressed,
            TraceMark::Expired => counts.expired,
            TraceMark::Retracted => counts.retracted,
            TraceMark::Failed => counts.failed,
            TraceMark::Call => u32::from(self.is_call),
        };
        devices > 0
    }
}

/// Which heads are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeadFilter {
    /// With a device that ended so.
    pub outcome: Option<TraceMark>,
    /// Calls, or messages, only.
    pub is_call: Option<bool>,
    /// Unix time in ms, from this on.
    pub from_ms: Option<u64>,
    /// Unix time in ms, up to this.
    pub to_ms: Option<u64>,
}

/// Some heads, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeadPage {
    /// The heads.
    pub heads: Vec<TraceHead>,
    /// `before` of the page after; `None` when there is nothing more.
    pub next: Option<u64>,
}

/// Messages and calls above the watermark.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Headless {
    /// Their IDs, each once.
    pub subjects: Vec<u64>,
    /// The watermark that holds when their heads are written.
    pub upto: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// Where traces are found.
#[async_trait::async_trait]
pub trait HeadStore {
    /// What comes next above the watermark: intents older than `before_ms`, about `count` of them.
    async fn headless(&self, before_ms: u64, count: usize) -> Result<Headless, StoreError>;

    /// What was decided for these messages and calls and how their devices ended: traces without attempts, receipts,
    /// taps and the messages themselves. In this order; empty for one of which nothing is known.
    async fn outlines(&self, ids: Vec<u64>) -> Result<Vec<Vec<TraceRecord>>, StoreError>;

    /// IDs of heads that were not settled when they were written, above `after`, by ID, up to `count`.
    async fn open_heads(&self, after: u64, count: usize) -> Result<Vec<u64>, StoreError>;

    /// Writes heads and forgets those of `gone`, and moves the watermark; all or nothing. Writing twice changes
    /// nothing more.
    async fn put_heads(
        &self,
        heads: Vec<TraceHead>,
        gone: Vec<u64>,
        upto: Option<u64>,
    ) -> Result<(), StoreError>;

    /// Heads of an app below `before`, newest first, up to `count`.
    async fn heads(
        &self,
        app: AppId,
        filter: HeadFilter,
        before: u64,
        count: usize,
    ) -> Result<HeadPage, StoreError>;

    /// Heads of these messages and calls, in this order; those that have none are absent.
    async fn heads_of(&self, app: AppId, ids: Vec<u64>) -> Result<Vec<TraceHead>, StoreError>;

    /// IDs of an app's messages and calls above the watermark and below `before`, newest first, up to `count`. With
    /// them the `before` to go on with, when not everything above the watermark was looked at.
    async fn newest_subjects(
        &self,
        app: AppId,
        before: u64,
        count: usize,
    ) -> Result<(Vec<u64>, Option<u64>), StoreError>;

    /// IDs of the newest messages (pushed or not) and calls that a user took part in, below `before`, newest
    /// first, up to `count`.
    async fn subjects_of(
        &self,
        app: AppId,
        user: &UserId,
        before: u64,
        count: usize,
    ) -> Result<Vec<u64>, StoreError>;
}
