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
    /// Whoever has not received the invitation after a while is told to be NotYetReceived.
    pub checks: bool,
    /// Unix time in ms.
    pub created_at: u64,
    /// Unix time in ms at which something happens by itself next; `None` when nothing will.
    pub due_at: Option<u64>,
    /// Unix time in ms at which the call ends at the latest; `None`: it ends with its rings.
    pub ends_at: Option<u64>,
    /// Unix time in ms; `None` while it lives.
    pub ended_at: Option<u64>,
    /// Everybody who is or was in it, the caller first.
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
    /// Unix time in ms at which the user came in; 0 for who did not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub accepted_at: u64,
    /// Unix time in ms by which a device must have received the invitation; 0 when nobody looks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub check_at: u64,
    /// Intent that rings for the user where it is away; 0 when nobody asked for one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub notice: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Something to be pushed about a call, written with a change of it.
#[derive(Clone, PartialEq, Debug)]
pub struct CallIntent {
    /// A fresh number of `next_call_id`; the call's own for its invitation.
    pub id: u64,
    /// What.
    pub spec: NewIntent,
}

/// What became of a save.
#[derive(Clone, PartialEq, Debug)]
pub enum CallSaved {
    /// On stable storage, with the intents as they are stored.
    Saved(Vec<Arc<Intent>>),
    /// Somebody saved in between: load again and decide again.
    Stale,
}

/// Calls.
#[async_trait::async_trait]
pub trait CallStore {
    /// A fresh number for a call or an intent of one, rising with time.
    fn next_call_id(&self, now_ms: u64) -> CallId;

    /// Stores a new call and its push intent in one transaction; gives the intent as it is stored.
    async fn create_call(
        &self,
        call: CallRecord,
        intent: Option<NewIntent>,
    ) -> Result<Option<Arc<Intent>>, StoreError>;

    /// Saves a call whose stored version is `call.version - 1`, with what the change pushes, and the order to
    /// take notices back if it stops ringing for somebody. The order concerns what was pushed before.
    async fn save_call(
        &self,
        call: CallRecord,
        intents: Vec<CallIntent>,
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
