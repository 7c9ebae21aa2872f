//! The truth: apps, users, conversations, calls, push intents. SQL lives only below this folder.
//!
//! A store method is a whole transaction with a domain name; its doc says what is atomic and what a second
//! call does. Answers that a caller must expect are values (`Append::NotMember`), not errors. `StoreError` is
//! the world's fault only. Called by chat, calls, push and admin; implemented by `sqlite` (and held to
//! `suite`, which every backend must pass).

pub mod administrators;
pub mod alarms;
pub mod apps;
pub mod blocks;
pub mod calls;
pub mod conversations;
pub mod groups;
pub mod heads;
pub mod messages;
pub mod pushes;
pub mod receipts;
pub mod retractions;
pub mod series;
pub mod sqlite;
#[cfg(test)]
pub(crate) mod suite;
pub mod users;

pub use administrators::{
    Administrator, AdministratorChange, AdministratorChanged, AdministratorStore, AuditEntry, AuditFilter,
    Link, LinkUse, NewAdministrator, NewLogin, Role, TokenHash,
};
pub use alarms::{Alarm, AlarmStore};
pub use apps::{
    App, AppChange, AppChanged, AppKey, AppKeys, AppSettings, AppStore, DevicePolicy, Devices, KeyHistory,
    NewApp, StoredCallback, StoredCredential, StoredStrategy,
};
pub use blocks::{BlockStore, Blocking};
pub use calls::{CallIntent, CallRecord, CallSaved, CallStore, CallUserRecord};
pub use conversations::{ConversationStore, CursorMove, Membership, ReadMark};
pub use groups::{GroupOutcome, GroupRecord, GroupStore, MemberChange, MemberRecord, NewGroup};
pub use heads::{HeadFilter, HeadPage, HeadStore, Headless, Outcomes, TraceHead, TraceMark};
pub use messages::{
    Announcement, Append, Appended, MessageStore, NewMessage, NewRevocation, Page, RecallLevel, Revoke,
    Revoked, StoredMessage, Thread,
};
pub use pushes::{
    Attempt, AttemptEnd, Decision, Dispatch, DispatchState, Finished, Intent, IntentKind, NewDispatch,
    NewIntent, Plan, Purpose, PushStore, Recipients, Subject, Target, TargetEnd, TracePage, TraceRecord,
    TraceSource, Verdict,
};
pub use receipts::{NewReceipt, ReceiptBatch, ReceiptEffect, ReceiptFate, ReceiptStore, StoredReceipt};
pub use retractions::{PendingRetraction, Retraction, RetractionStore};
pub use series::{Figures, SeriesStore, Span};
pub use users::{
    DeviceRecord, LoginRecord, NewPush, PushRecord, PushTarget, SignedIn, Suspension, Tombstone, User,
    UserStore,
};

use std::path::Path;

/// Row number of a conversation; never leaves the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConversationNo(pub u64);

/// The least row number that can be given out at this time, Unix ms.
pub fn first_id_at(ms: u64) -> u64 {
    sqlite::first_at(ms)
}

/// Unix time in ms at which a row number was given out.
pub fn time_of_id(id: u64) -> u64 {
    sqlite::time_of(id)
}

/// Everything the server keeps.
#[async_trait::async_trait]
pub trait Store:
    AppStore
    + UserStore
    + BlockStore
    + MessageStore
    + ConversationStore
    + GroupStore
    + CallStore
    + PushStore
    + RetractionStore
    + AlarmStore
    + AdministratorStore
    + HeadStore
    + SeriesStore
    + ReceiptStore
    + Send
    + Sync
{
    /// Whether writes are accepted; the sentence says why not (disk full, failed fsync).
    fn health(&self) -> Result<(), String>;

    /// Copies the whole store into a new file while running. The copy is consistent and can be started on.
    async fn backup(&self, to: &Path) -> Result<(), StoreError>;

    /// Writes what is kept in memory for coalescing (cursors, tails) and stops accepting. Second call: nothing.
    async fn close(&self);
}

/// The world's fault below us.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is accepted until the cause is gone; what was acknowledged is safe.
    #[error("the store does not accept writes: {0}")]
    Refusing(String),
    /// The queue of the writer is full.
    #[error("the store is overloaded; try again")]
    Overloaded,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The file was written by a newer program.
    #[error("the data has schema {found}, this program knows up to {known}; use a newer program")]
    TooNew {
        /// Schema of the file.
        found: u32,
        /// Newest schema of this program.
        known: u32,
    },
    /// SQL or file trouble.
    #[error("the store failed: {0}")]
    Backend(String),
}
