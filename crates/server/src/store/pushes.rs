//! Push intents, what was decided for each device, vendor requests and their answers: the pipeline's memory.
//!
//! intent (one per message or call action) ─plan─▶ verdicts + dispatches ─attempts─▶ ends. An intent is pending
//! until every device of every recipient has a verdict; a dispatch until every target has an end.

use super::{Appended, CallRecord, ConversationNo, Store, StoreError, StoredMessage, StoredReceipt};
use hongyan_vendors::{Notice, VendorKind};
use hongyan_wire::{
    AppId, CallId, ConversationKey, DeviceId, MessageId, PushId, Seq, UserId, call::CallMode,
    message::PushConfig,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, atomic::AtomicU64};
use tokio::sync::mpsc;

/// What is to be pushed, before its message or call has a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NewIntent {
    /// Who causes it.
    pub sender: UserId,
    /// Who may get it.
    pub recipients: Recipients,
    /// What the sender asked for.
    pub push: PushConfig,
    /// Users mentioned by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentioned: Vec<UserId>,
    /// Everybody is mentioned.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mention_all: bool,
    /// Mentioned members are pushed through do-not-disturb.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notify_mentioned: bool,
    /// The call it belongs to, for intents of calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<(CallId, CallMode)>,
    /// Whether it brings the message or call, or tells of what became of it.
    #[serde(default, skip_serializing_if = "IntentKind::is_delivery")]
    pub kind: IntentKind,
    /// Unix time in ms after which nothing is sent.
    pub expires_at: u64,
}

/// What an intent is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentKind {
    /// It brings the message or the invitation: a device that acknowledged needs no push.
    #[default]
    Delivery,
    /// It tells that the message was revoked, or the call cancelled: a connected device was told directly.
    News,
    /// It tells of a call that was missed: as `News`, with the vendor's category for missed calls.
    MissedCall,
}

impl IntentKind {
    /// Whether it brings the message or the invitation itself.
    pub fn is_delivery(&self) -> bool {
        *self == Self::Delivery
    }
}

/// Whom an intent concerns.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Recipients {
    /// Members of the message's conversation but its sender.
    Others,
    /// These users.
    Users(Vec<UserId>),
}

impl Recipients {
    /// Everybody but the sender of what is said in `key`, which is the sender's name for the conversation. A peer
    /// is known from it; who is in a group is looked up when it is planned.
    pub fn of(key: &ConversationKey) -> Self {
        match key {
            ConversationKey::Peer(user) => Self::Users(vec![user.clone()]),
            ConversationKey::Group(_) => Self::Others,
        }
    }
}

/// A stored intent.
#[derive(Clone, PartialEq, Debug)]
pub struct Intent {
    /// Row: the message's ID, or the call's for its invitation.
    pub id: u64,
    /// Where.
    pub app: AppId,
    /// What it is about.
    pub subject: Subject,
    /// What was asked.
    pub spec: NewIntent,
    /// Unix time in ms of the message or call.
    pub created_at: u64,
    /// Unix time in ms at which the planner looks at it next.
    pub due_at: u64,
}

/// What an intent is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// A message.
    Message {
        /// The message.
        message: MessageId,
        /// Its conversation (row number).
        conversation: u64,
        /// Its conversation as a recipient names it: the sender, or the group.
        #[serde(with = "key_text")]
        key: ConversationKey,
        /// Its place.
        seq: Seq,
    },
    /// A call.
    Call {
        /// The call.
        call: CallId,
        /// General or advanced.
        mode: CallMode,
    },
}

impl Subject {
    /// The conversation's row number, for messages.
    pub fn conversation(&self) -> Option<ConversationNo> {
        match self {
            Self::Message { conversation, .. } => Some(ConversationNo(*conversation)),
            Self::Call { .. } => None,
        }
    }
}

/// `ConversationKey` as `p:userID` or `g:groupID`.
mod key_text {
    use hongyan_wire::{ConversationKey, ConversationType};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(key: &ConversationKey, to: S) -> Result<S::Ok, S::Error> {
        let kind = match key.kind() {
            ConversationType::Peer => 'p',
            ConversationType::Group => 'g',
        };
        to.collect_str(&format_args!("{kind}:{}", key.id()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ConversationKey, D::Error> {
        let text = String::deserialize(from)?;
        let kind = match text.get(..2) {
            Some("p:") => ConversationType::Peer,
            Some("g:") => ConversationType::Group,
            _ => return Err(D::Error::custom("a conversation key begins with p: or g:")),
        };
        ConversationKey::new(&text[2..], kind).map_err(|refusal| D::Error::custom(refusal.message))
    }
}

/// One decision and the devices it was made for: kept per intent, grouped by decision.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// What was decided.
    pub decision: Decision,
    /// For whom.
    pub targets: Vec<Target>,
    /// Unix time in ms.
    pub at: u64,
}

/// What can be decided for a device. `Pushed` gets its end from its dispatch.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The device acknowledged the live delivery.
    Acked,
    /// Handed to the dispatcher in this dispatch.
    Pushed {
        /// Row of the dispatch.
        dispatch: u64,
        /// Why it needed a push; a code of `push::decide::Cause`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        cause: String,
    },
    /// Not pushed; the code is one of `push::reasons::Reason`.
    Suppressed {
        /// Code of the reason.
        reason: String,
    },
}

/// A device of a recipient. A user without any device has neither `device` nor `push_id`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Target {
    /// The recipient.
    pub user: UserId,
    /// The device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// Its PushID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_id: Option<PushId>,
}

/// What one pass of the planner decided.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// The intent.
    pub intent: u64,
    /// New verdicts; those of `dispatches` refer to them by `Decision::Pushed`.
    pub verdicts: Vec<Verdict>,
    /// Requests to vendors that this pass causes, with row numbers from `next_dispatch_id`.
    pub dispatches: Vec<NewDispatch>,
    /// When the planner looks again; `None`: every device has its verdict.
    pub next_due: Option<u64>,
}

/// A vendor request to be made.
#[derive(Clone, PartialEq, Debug)]
pub struct NewDispatch {
    /// Row.
    pub id: u64,
    /// Where.
    pub app: AppId,
    /// The intent that caused it.
    pub intent: u64,
    /// Which vendor.
    pub vendor: VendorKind,
    /// Credential set 1 or 2.
    pub app_type: u8,
    /// Calls go before messages.
    pub is_call: bool,
    /// What is said.
    pub notice: Notice,
    /// 1..=1000 devices, each with a PushID.
    pub targets: Vec<Target>,
    /// Unix time in ms, not before.
    pub due_at: u64,
    /// Unix time in ms, never after.
    pub expires_at: u64,
    /// What the request is for.
    pub purpose: Purpose,
}

/// What a vendor request is for.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The notice of its intent.
    #[default]
    Notice,
    /// Takes back what another dispatch put on devices.
    TakeBack {
        /// Row of that dispatch.
        dispatch: u64,
        /// Code of the reason.
        reason: String,
    },
    /// Sets the badge to the user's unread count.
    Badge,
}

impl Purpose {
    /// Whether a device's fate is decided by it: the notice, not what follows it.
    pub fn is_notice(&self) -> bool {
        *self == Self::Notice
    }

    /// Whether it removes a notice instead of showing one.
    pub fn takes_back(&self) -> bool {
        matches!(self, Self::TakeBack { .. })
    }
}

/// A stored vendor request.
#[derive(Clone, PartialEq, Debug)]
pub struct Dispatch {
    /// As it was made; `targets` are those without an end, `due_at` is the next attempt.
    pub request: NewDispatch,
    /// Attempts so far.
    pub attempts: u32,
    /// Pending or settled.
    pub state: DispatchState,
    /// Targets with an end.
    pub ended: Vec<(Target, TargetEnd)>,
}

/// Whether work is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DispatchState {
    /// Targets without an end are left.
    Pending,
    /// Every target has its end.
    Settled,
}

/// How a pushed device ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetEnd {
    /// The vendor accepted it.
    Accepted,
    /// The vendor refused it for good, or retries ran out.
    Failed {
        /// Code of the reason.
        reason: String,
    },
    /// It was dropped before sending; the code is one of `push::reasons::Reason`.
    Suppressed {
        /// Code of the reason.
        reason: String,
    },
    /// Its time was over before the vendor accepted it.
    Expired,
    /// It was taken back before it was sent.
    Retracted {
        /// Code of the reason.
        reason: String,
    },
}

/// One request made and what came back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// Unix time in ms at which it was sent.
    pub at: u64,
    /// Until the answer, in ms.
    pub took_ms: u64,
    /// Devices in it.
    pub targets: u32,
    /// HTTP status; 0 when there was no answer.
    pub status: u16,
    /// The vendor's code, or the name of the transport fault.
    pub code: String,
    /// The vendor's words, without tokens; ≤ 500 bytes.
    pub message: String,
    /// The vendor's name for the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What an attempt led to, written in one transaction.
#[derive(Clone, PartialEq, Debug)]
pub struct AttemptEnd {
    /// The dispatch.
    pub dispatch: u64,
    /// The request; `None` when targets ended without one (expired, unbound).
    pub attempt: Option<Attempt>,
    /// Targets that have their end now.
    pub ended: Vec<(Target, TargetEnd)>,
    /// Tokens the vendor called dead: (PushID, vendor's code).
    pub dead: Vec<(PushId, String)>,
    /// When the rest is tried again; `None` when nothing is left.
    pub retry_at: Option<u64>,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// Everything kept about one message or call on its way out.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceRecord {
    /// The intent; settled or not.
    pub intent: Intent,
    /// Whether every device has its verdict.
    pub settled: bool,
    /// What was decided, in order.
    pub verdicts: Vec<Verdict>,
    /// Vendor requests with their attempts, in order.
    pub dispatches: Vec<(Dispatch, Vec<Attempt>)>,
    /// What vendors reported back, dispatch by dispatch, as it came.
    pub receipts: Vec<StoredReceipt>,
    /// The message, for intents of messages.
    pub message: Option<StoredMessage>,
    /// Who tapped its notice, and when (Unix ms).
    pub clicks: Vec<(Target, u64)>,
}

/// Some traces, newest first.
#[derive(Clone, PartialEq, Debug)]
pub struct TracePage {
    /// The traces.
    pub records: Vec<TraceRecord>,
    /// `before` of the page after; `None` when there is nothing more.
    pub next: Option<u64>,
}

/// Hints: intents whose every device may have its end by now. Nothing waits for the reader.
#[derive(Debug)]
pub struct Finished {
    /// Rows of intents; one may come several times.
    pub intents: mpsc::Receiver<u64>,
    /// How many did not fit.
    pub lost: Arc<AtomicU64>,
}

/// The pipeline's memory.
#[async_trait::async_trait]
pub trait PushStore {
    /// From now on hints of finished intents go to this reader, and to no earlier one; up to `len_max` wait
    /// for it.
    fn finished(&self, len_max: usize) -> Finished;

    /// Pending intents with id > `after`, by id, up to `count`.
    async fn pending_intents(&self, after: u64, count: usize) -> Result<Vec<Intent>, StoreError>;

    /// One intent.
    async fn intent(&self, id: u64) -> Result<Option<Intent>, StoreError>;

    /// Verdicts so far of each of these intents, in one read.
    async fn verdicts(&self, intents: Vec<u64>) -> Result<Vec<Vec<Verdict>>, StoreError>;

    /// A fresh dispatch row number, rising with time.
    fn next_dispatch_id(&self, now_ms: u64) -> u64;

    /// Writes one pass: verdicts, dispatches, and the intent's next due time or settlement. All or nothing;
    /// several plans in one call share a transaction. A plan for an intent that is settled already changes nothing.
    async fn write_plans(&self, plans: Vec<Plan>) -> Result<(), StoreError>;

    /// Pending dispatches with id > `after`, by id, up to `count`.
    async fn pending_dispatches(&self, after: u64, count: usize) -> Result<Vec<Dispatch>, StoreError>;

    /// Writes what attempts led to: ends, attempts, tombstones, next try. All or nothing.
    async fn write_attempts(&self, ends: Vec<AttemptEnd>) -> Result<(), StoreError>;

    /// Traces whose subject is this message or call ID, oldest first. Empty when nothing was to be pushed.
    async fn trace(&self, subject: u64) -> Result<Vec<TraceRecord>, StoreError>;

    /// Notes that a user tapped the notice of a message or call on a device; the first time counts. `false` when
    /// nothing of this app was to be pushed for it.
    async fn note_click(
        &self,
        app: AppId,
        subject: u64,
        user: &UserId,
        device: &DeviceId,
        now_ms: u64,
    ) -> Result<bool, StoreError>;

    /// Traces of messages in the user's conversations and of the user's calls, newest first, below `before`
    /// (messageID or callID), up to about `count`. Those of its own are among them.
    async fn traces_of(
        &self,
        app: AppId,
        user: &UserId,
        before: u64,
        count: usize,
    ) -> Result<TracePage, StoreError>;

    /// Removes settled intents, dispatches, attempts and receipts older than `before_ms`, up to `count` of each.
    /// The number removed.
    async fn forget_traces(&self, before_ms: u64, count: usize) -> Result<usize, StoreError>;
}

/// What a trace is read from: every store, and the command line's view of one beside a running server.
#[async_trait::async_trait]
pub trait TraceSource: Sync {
    /// As `PushStore::trace`.
    async fn records(&self, subject: u64) -> Result<Vec<TraceRecord>, StoreError>;

    /// As `MessageStore::message`.
    async fn traced_message(&self, id: MessageId) -> Result<Option<Appended>, StoreError>;

    /// As `CallStore::call`.
    async fn traced_call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError>;
}

#[async_trait::async_trait]
impl<S: Store + ?Sized> TraceSource for S {
    async fn records(&self, subject: u64) -> Result<Vec<TraceRecord>, StoreError> {
        self.trace(subject).await
    }

    async fn traced_message(&self, id: MessageId) -> Result<Option<Appended>, StoreError> {
        self.message(id).await
    }

    async fn traced_call(&self, id: CallId) -> Result<Option<CallRecord>, StoreError> {
        self.call(id).await
    }
}
