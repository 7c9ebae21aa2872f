//! How things went, minute by minute and hour by hour: small rows per app, kept for a while.

use super::StoreError;
use hongyan_wire::AppId;

/// How long a row of a series is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// 60 s; kept for two days.
    Minute,
    /// 3600 s; kept for ninety days.
    Hour,
}

impl Span {
    /// Its length in s.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Hour => 3_600,
        }
    }

    /// How long its rows are kept, in s.
    pub fn kept_s(self) -> u64 {
        match self {
            Self::Minute => 2 * 86_400,
            Self::Hour => 90 * 86_400,
        }
    }
}

/// What is counted in one span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Messages accepted from clients.
    pub messages: u64,
    /// Devices that a vendor accepted.
    pub pushed: u64,
    /// Devices that failed for good.
    pub failed: u64,
    /// Devices not pushed, for a reason.
    pub suppressed: u64,
    /// Devices that acknowledged in time.
    pub acked: u64,
    /// Devices whose time was over.
    pub expired: u64,
    /// Devices whose notice was taken back before it was pushed.
    pub retracted: u64,
    /// Requests to vendors.
    pub requests: u64,
    /// Those that the vendor, or the way to it, failed.
    pub errors: u64,
    /// Requests that were answered …
    pub answers: u64,
    /// … and how long that took altogether, in ms.
    pub answers_ms: u64,
    /// Most sessions at once.
    pub sessions: u64,
    /// Greatest age of the oldest push without an end, in ms.
    pub backlog_age_ms: u64,
}

impl Figures {
    /// Both spans in one: sums, and the greater of levels.
    pub fn with(self, other: Self) -> Self {
        Self {
            messages: self.messages + other.messages,
            pushed: self.pushed + other.pushed,
            failed: self.failed + other.failed,
            suppressed: self.suppressed + other.suppressed,
            acked: self.acked + other.acked,
            expired: self.expired + other.expired,
            retracted: self.retracted + other.retracted,
            requests: self.requests + other.requests,
            errors: self.errors + other.errors,
            answers: self.answers + other.answers,
            answers_ms: self.answers_ms + other.answers_ms,
            sessions: self.sessions.max(other.sessions),
            backlog_age_ms: self.backlog_age_ms.max(other.backlog_age_ms),
        }
    }
}

/// Series of apps.
#[async_trait::async_trait]
pub trait SeriesStore {
    /// Adds what came together in a minute to its row and to the hour's, one transaction, and removes what is
    /// older than it is kept.
    async fn add_figures(&self, at_s: u64, figures: Vec<(AppId, Figures)>) -> Result<(), StoreError>;

    /// Rows that begin in `from_s..=to_s`, over these apps together (`None`: all), by time. Levels of several
    /// apps are added (sessions), or the greatest counts (age).
    async fn figures(
        &self,
        apps: Option<Vec<AppId>>,
        span: Span,
        from_s: u64,
        to_s: u64,
    ) -> Result<Vec<(u64, Figures)>, StoreError>;

    /// Unix time in ms of each app's oldest intent or request without an end, among the oldest 10 000 of all.
    async fn oldest_open(&self) -> Result<Vec<(AppId, u64)>, StoreError>;
}
