//! Orders to take notices back: written with what causes them, gone when their requests are written.

use super::{NewDispatch, StoreError};
use hongyan_wire::{AppId, CallId, DeviceId, MessageId, Seq, UserId};
use serde::{Deserialize, Serialize};

/// Notices that have to go, wherever they are by now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retraction {
    /// A message was revoked: its notices on all devices.
    Revoked {
        /// The message.
        message: MessageId,
    },
    /// A user read a conversation: notices of its messages on the user's other devices.
    Read {
        /// Who.
        user: UserId,
        /// On which device, if it is known; that one takes care of itself.
        device: Option<DeviceId>,
        /// Row number of the conversation.
        conversation: u64,
        /// Messages above this place …
        above: Seq,
        /// … up to this one.
        up_to: Seq,
    },
    /// A call no longer rings: its notices on the devices of these users.
    CallOver {
        /// The call.
        call: CallId,
        /// Whose.
        users: Vec<UserId>,
        /// Code of the reason.
        reason: String,
    },
}

/// A retraction that is not carried out yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingRetraction {
    /// Row; rises with time, so it says when it was ordered.
    pub id: u64,
    /// Where.
    pub app: AppId,
    /// What has to go.
    pub what: Retraction,
    /// Unix time in ms of the next look.
    pub due_at: u64,
}

/// Orders to take notices back, and requests that follow from them.
#[async_trait::async_trait]
pub trait RetractionStore {
    /// Retractions with id > `after`, by id, up to `count`.
    async fn pending_retractions(
        &self,
        after: u64,
        count: usize,
    ) -> Result<Vec<PendingRetraction>, StoreError>;

    /// Writes the requests that a retraction caused so far, and when it is looked at again; `None`: it is done
    /// and forgotten. All or nothing; for a retraction that is done already nothing changes, and `false`.
    async fn advance_retraction(
        &self,
        id: u64,
        dispatches: Vec<NewDispatch>,
        next_due: Option<u64>,
    ) -> Result<bool, StoreError>;

    /// Writes requests that belong to no intent's plan (badges).
    async fn put_dispatches(&self, dispatches: Vec<NewDispatch>) -> Result<(), StoreError>;
}
