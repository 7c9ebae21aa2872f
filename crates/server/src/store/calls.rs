//! Calls: one row a call with everybody in it, saved whole against a version; deadlines are part of the row.

use super::{Intent, NewIntent, Retraction, StoreError};
use hongyan_wire::{
    AppId, CallId, UserId,
    call::{CallMode, CallState, CallUserState},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A call as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallRecord {
    /// Row and public ID.
    pub id: CallId,
    /// Where.
    pub app: AppId,
    /// General or advanced.
    pub mode: CallMode,
    /// Started or ended.
    pub state: CallState,
    /// Who started it.
    pub caller: UserId,
    /// What the caller sent along.
    pub extended_data: String,
    /// Ring time in s.
    pub timeout_s: u32,
    /// Unix time in ms.
    pub created_at: u64,
    /// Unix time in ms at which somebody times out next; `None` when nobody rings.
    pub due_at: Option<u64>,
    /// Unix time in ms; `None` while it lives.
    pub ended_at: Option<u64>,
    /// Everybody, the caller first; ≤ 10.
    pub users: Vec<CallUserRecord>,
    /// Rises with every save.
    pub version: u64,
}

/// One user of a call.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallUserRecord {
    /// Who.
    pub user: UserId,
    /// Who invited this user; the caller itself for the caller.
    pub inviter: UserId,
    /// State now.
    pub state: CallUserState,
    /// What the user sent along with its last action.
    pub extended_data: String,
    /// Unix time in ms at which the ring ends; 0 for the caller.
    pub deadline_at: u64,
    /// Device that acted for the user, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

/// What became of a save.
#[derive(Clone, PartialEq, Debug)]
pub enum CallSaved {
    /// On stable storage, with the intent as it is stored.
    Saved(Option<Arc<Intent>>),
    /// Somebody saved in between: load again and decide again.
    Stale,
}

/// Calls.
#[async_trait::async_trait]
pub trait CallStore {
    /// A fresh call ID, rising with time.
    fn next_call_id(&self, now_ms: u64) -> CallId;

    /// Stores a new call and its push intent in one transaction; gives the intent as it is stored.
    async fn create_call(
        &self,
        call: CallRecord,
        intent: Option<NewIntent>,
    ) -> Result<Option<Arc<Intent>>, StoreError>;

    /// Saves a call whose stored version is `call.version - 1`, with an intent if the change pushes something,
    /// and the order to take notices back if it stops ringing for somebody.
    async fn save_call(
        &self,
        call: CallRecord,
        intent: Option<NewIntent>,
        retraction: Option<Retraction>,
    ) -> Result<CallSaved, StoreError>;

    /// One call.
    async fn call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError>;

    /// Every call that is not ended (for a restart).
    async fn live_calls(&self) -> Result<Vec<CallRecord>, StoreError>;

    /// Living calls in which this user is.
    async fn live_calls_of(&self, app: AppId, user: &UserId) -> Result<Vec<CallRecord>, StoreError>;

    /// Calls of a user, newest first, older than `before`.
    async fn calls_of(
        &self,
        app: AppId,
        user: &UserId,
        before: Option<CallId>,
        count: usize,
    ) -> Result<Vec<CallRecord>, StoreError>;
}
