//! Why and how: everything that happened to one message or call on its way to each device.
//!
//! Made from what the store keeps. Only what a device is still waited for comes from the planner's memory.

use super::{
    Reason,
    decide::Awaited,
    pending::Waiting,
    trace_events::{Words, events},
    trace_receipts::{ReceiptView, last_receipts, receipt_of},
};
use crate::{
    clock::Clock,
    store::{
        Appended, Attempt, CallRecord, Decision, Dispatch, DispatchState, IntentKind, Purpose, StoreError,
        Subject, Target, TargetEnd, Thread, TraceRecord, TraceSource, Verdict,
    },
};
use hongyan_vendors::{Notice, NoticeKind, VendorKind};
use hongyan_wire::{AppId, CallId, DeviceId, MessageId, PushId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Traces are kept at least this long, in ms.
const KEPT_MS_MIN: u64 = 86_400_000;

/// The trace of one message or call. Serialises to the JSON that pages and tools read.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    /// messageID or callID, as text.
    pub id: String,
    /// Message or call.
    pub kind: TraceKind,
    /// Where.
    #[serde(rename = "appID")]
    pub app_id: AppId,
    /// The conversation as a recipient names it; absent for calls.
    #[serde(rename = "conversationID")]
    pub conversation_id: Option<String>,
    /// 0 peer, 2 group; absent for calls.
    pub conversation_type: Option<u8>,
    /// Sender or caller.
    #[serde(rename = "senderUserID")]
    pub sender_user_id: UserId,
    /// Unix time in ms at which the server stored it.
    pub accepted_at: u64,
    /// Whether every device has its verdict and every push its end.
    pub settled: bool,
    /// One entry per device of each recipient.
    pub devices: Vec<DeviceView>,
    /// What happened, by time.
    pub events: Vec<EventView>,
    /// Requests to vendors.
    pub dispatches: Vec<DispatchView>,
}

/// What a trace is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TraceKind {
    /// A message.
    Message,
    /// A call invitation.
    Call,
}

/// Where a device stands.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// The recipient.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// The device; absent when the user had none.
    #[serde(rename = "deviceID")]
    pub device_id: Option<DeviceId>,
    /// Its PushID.
    #[serde(rename = "pushID")]
    pub push_id: Option<PushId>,
    /// Its vendor, once something is pushed.
    pub vendor: Option<VendorKind>,
    /// Where it stands.
    pub state: DeviceState,
    /// Why, for devices that are not pushed.
    pub reason: Option<String>,
    /// The reason in words.
    pub reason_text: Option<Words>,
    /// Unix time in ms of the decision or the end.
    pub at: Option<u64>,
    /// The request it is part of.
    #[serde(rename = "dispatchID")]
    pub dispatch_id: Option<String>,
    /// What it is about: the delivery itself, or what became of the message or call.
    #[serde(default, skip_serializing_if = "IntentKind::is_delivery")]
    pub about: IntentKind,
    /// What the vendor reported back last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptView>,
}

/// Where a device stands: pending, or in one of the final states.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceState {
    /// Waited for, or on its way to the vendor.
    Pending,
    /// Acknowledged the live delivery.
    Acked,
    /// Accepted by the vendor.
    Pushed,
    /// Not pushed, for a reason.
    Suppressed,
    /// Its time was over.
    Expired,
    /// Taken back before it was pushed.
    Retracted,
    /// The vendor refused it, or could not be reached.
    Failed,
}

/// Something that happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Unix time in ms.
    pub at: u64,
    /// Which of the eight steps of offline push it belongs to, 4..=8.
    pub step: Option<u8>,
    /// `accepted`, `waiting`, `online_check`, `acked`, `suppressed`, `planned`, `dispatched`, `retry`,
    /// `answered`, `failed`, `retracted`, `paused`; by receipts of the vendor `arrived`, `not_shown`, `held`,
    /// `not_delivered`, `reported`.
    pub name: String,
    /// The recipient, if it is about one.
    #[serde(rename = "userID", default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The device, if it is about one.
    #[serde(rename = "deviceID", default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<DeviceId>,
    /// In words.
    pub text: Words,
}

/// A request to a vendor, with every attempt.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DispatchView {
    /// Its row, as text.
    #[serde(rename = "dispatchID")]
    pub dispatch_id: String,
    /// To whom.
    pub vendor: VendorKind,
    /// With which of the app's two sets of credentials.
    #[serde(default)]
    pub app_type: u8,
    /// HarmonyOS numbers: 0 alert, 6 background, 10 in-app call.
    pub push_type: u8,
    /// Names the notice on the device.
    pub notify_id: u32,
    /// Names the message across channels.
    pub app_message_id: String,
    /// Devices in it.
    pub targets: usize,
    /// What it was made for.
    #[serde(default)]
    pub purpose: DispatchPurpose,
    /// Whether something is left to be done.
    pub state: DispatchViewState,
    /// Requests made.
    pub attempts: Vec<AttemptView>,
}

/// What a request was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DispatchPurpose {
    /// To bring the notice.
    #[default]
    Notice,
    /// To take a notice back.
    TakeBack,
    /// To set the number on the icon.
    Badge,
}

/// Whether a request has its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DispatchViewState {
    /// Devices without an end are left.
    Pending,
    /// Every device has its end.
    Settled,
}

/// One request and its answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Unix time in ms at which it was sent.
    pub at: u64,
    /// Until the answer, in ms.
    pub took_ms: u64,
    /// HTTP status; 0 without an answer.
    pub status: u16,
    /// The vendor's code, or the name of the fault.
    pub code: String,
    /// The vendor's words, without tokens.
    pub message: String,
    /// The vendor's name for the request.
    #[serde(rename = "requestID")]
    pub request_id: Option<String>,
}

impl TraceView {
    /// The trace of a message or call ID as the store knows it; `None` when there is no such ID, or it
    /// belongs to another app than `app`.
    pub async fn load<S: TraceSource + ?Sized>(
        store: &S,
        app: Option<AppId>,
        id: u64,
    ) -> Result<Option<Self>, StoreError> {
        Self::load_with(store, app, id, Clock::system().now_ms(), |_| Vec::new()).await
    }

    /// The same, with what the planner waits for.
    pub(super) async fn load_with<S: TraceSource + ?Sized>(
        store: &S,
        app: Option<AppId>,
        id: u64,
        now_ms: u64,
        waiting_of: impl Fn(u64) -> Vec<Waiting>,
    ) -> Result<Option<Self>, StoreError> {
        let records = store.records(id).await?;
        let view = match records.first() {
            Some(_) => Some(of_records(id, &records, waiting_of)),
            None => unpushed(store, id).await?.map(|(view, users)| view.without_push(users, now_ms)),
        };
        Ok(view.filter(|view| app.is_none_or(|app| app == view.app_id)))
    }
}

/// The part of a trace that one intent makes.
pub(super) fn of_one(record: &TraceRecord) -> TraceView {
    of_records(record.intent.id, std::slice::from_ref(record), |_| Vec::new())
}

/// A trace from what was planned. `records` is not empty.
pub(super) fn of_records(
    id: u64,
    records: &[TraceRecord],
    waiting_of: impl Fn(u64) -> Vec<Waiting>,
) -> TraceView {
    let first = &records[0].intent;
    let (kind, key) = match &first.subject {
        Subject::Message { key, .. } => (TraceKind::Message, Some(key)),
        Subject::Call { .. } => (TraceKind::Call, None),
    };
    let mut view = TraceView {
        id: id.to_string(),
        kind,
        app_id: first.app,
        conversation_id: key.map(|key| key.id().to_owned()),
        conversation_type: key.map(|key| key.kind().number()),
        sender_user_id: first.spec.sender.clone(),
        accepted_at: first.created_at,
        settled: true,
        devices: Vec::new(),
        events: Vec::new(),
        dispatches: Vec::new(),
    };
    for record in records {
        let waiting = if record.settled { Vec::new() } else { waiting_of(record.intent.id) };
        view.add(record, &waiting);
    }
    view.events.sort_by_key(|event| event.at);
    view
}

impl TraceView {
    fn add(&mut self, record: &TraceRecord, waiting: &[Waiting]) {
        let dispatches: HashMap<u64, &Dispatch> =
            record.dispatches.iter().map(|(dispatch, _)| (dispatch.request.id, dispatch)).collect();
        let receipts = last_receipts(record);
        for verdict in &record.verdicts {
            let about = record.intent.spec.kind;
            let devices = verdict.targets.iter().map(|target| DeviceView {
                about,
                receipt: receipt_of(&receipts, &verdict.decision, target),
                ..device(verdict, target, &dispatches)
            });
            self.devices.extend(devices);
        }
        self.devices.extend(waiting.iter().map(|one| DeviceView::new(&one.target, DeviceState::Pending)));
        self.dispatches
            .extend(record.dispatches.iter().map(|(dispatch, made)| dispatch_view(dispatch, made)));
        self.events.extend(events(record, waiting));
        let open = record.dispatches.iter().any(|(dispatch, _)| dispatch.state == DispatchState::Pending);
        self.settled &= record.settled && !open;
    }
}

impl DeviceView {
    fn new(target: &Target, state: DeviceState) -> Self {
        Self {
            user_id: target.user.clone(),
            device_id: target.device.clone(),
            push_id: target.push_id.clone(),
            vendor: None,
            state,
            reason: None,
            reason_text: None,
            at: None,
            dispatch_id: None,
            about: IntentKind::Delivery,
            receipt: None,
        }
    }

    fn because(mut self, code: &str) -> Self {
        self.reason = Some(code.to_owned());
        self.reason_text = Some(Words::of_code(code));
        self
    }

    fn at(mut self, at: u64) -> Self {
        self.at = Some(at);
        self
    }
}

fn device(verdict: &Verdict, target: &Target, dispatches: &HashMap<u64, &Dispatch>) -> DeviceView {
    let made = |state| DeviceView::new(target, state).at(verdict.at);
    match &verdict.decision {
        Decision::Acked => made(DeviceState::Acked),
        Decision::Suppressed { reason } if reason == Reason::Expired.code() => {
            made(DeviceState::Expired).because(reason)
        }
        Decision::Suppressed { reason } => made(DeviceState::Suppressed).because(reason),
        Decision::Pushed { dispatch: id, .. } => {
            let dispatch = dispatches.get(id);
            let view = pushed(made, dispatch.and_then(|dispatch| end_of(dispatch, target)));
            let vendor = dispatch.map(|dispatch| dispatch.request.vendor);
            DeviceView { vendor, dispatch_id: Some(id.to_string()), ..view }
        }
    }
}

fn pushed(made: impl Fn(DeviceState) -> DeviceView, end: Option<&TargetEnd>) -> DeviceView {
    match end {
        None => made(DeviceState::Pending),
        Some(TargetEnd::Accepted) => made(DeviceState::Pushed),
        Some(TargetEnd::Failed { reason }) => made(DeviceState::Failed).because(reason),
        Some(TargetEnd::Suppressed { reason }) => made(DeviceState::Suppressed).because(reason),
        Some(TargetEnd::Expired) => made(DeviceState::Expired).because(Reason::Expired.code()),
        Some(TargetEnd::Retracted { reason }) => made(DeviceState::Retracted).because(reason),
    }
}

fn end_of<'a>(dispatch: &'a Dispatch, target: &Target) -> Option<&'a TargetEnd> {
    dispatch.ended.iter().find(|(ended, _)| ended == target).map(|(_, end)| end)
}

fn dispatch_view(dispatch: &Dispatch, made: &[Attempt]) -> DispatchView {
    let request = &dispatch.request;
    DispatchView {
        dispatch_id: request.id.to_string(),
        vendor: request.vendor,
        app_type: request.app_type,
        push_type: push_type(&request.notice, request.vendor),
        notify_id: request.notice.notify_id,
        app_message_id: request.notice.app_message_id.clone(),
        targets: request.targets.len() + dispatch.ended.len(),
        purpose: match request.purpose {
            Purpose::Notice => DispatchPurpose::Notice,
            Purpose::TakeBack { .. } => DispatchPurpose::TakeBack,
            Purpose::Badge => DispatchPurpose::Badge,
        },
        state: match dispatch.state {
            DispatchState::Pending => DispatchViewState::Pending,
            DispatchState::Settled => DispatchViewState::Settled,
        },
        attempts: made.iter().map(attempt_view).collect(),
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    AttemptView {
        at: attempt.at,
        took_ms: attempt.took_ms,
        status: attempt.status,
        code: attempt.code.clone(),
        message: attempt.message.clone(),
        request_id: attempt.request_id.clone(),
    }
}

fn push_type(notice: &Notice, vendor: VendorKind) -> u8 {
    match notice.strategy.kind(vendor).unwrap_or(notice.kind) {
        NoticeKind::Alert | NoticeKind::BadgeOnly => 0,
        NoticeKind::Silent => 6,
        NoticeKind::Call => 10,
    }
}

/// What a device is waited for, in words.
pub(super) fn awaited_words(awaited: Awaited) -> Words {
    match awaited {
        Awaited::Ack => Words::new(
            "Connected: it has until the deadline to acknowledge, then it is pushed.",
            "设备在线：在截止时间内等待确认，逾期则推送。",
        ),
        Awaited::Reconnect => Words::new(
            "The connection was lost a moment ago: it may come back before it is pushed.",
            "连接刚刚断开：推送之前留出短暂的重连时间。",
        ),
        Awaited::OtherPlatform => Words::new(
            "The user's rule keeps it quiet while another platform is online: that one has to acknowledge first.",
            "按用户的规则，其他平台在线时此设备不接收推送：等待该平台确认收到。",
        ),
        Awaited::Restart => Words::new(
            "The server has just started: clients may come back before they are pushed.",
            "服务器刚刚启动：推送之前留出客户端重连的时间。",
        ),
    }
}

/// A message or call without intent, and its users.
async fn unpushed<S: TraceSource + ?Sized>(
    store: &S,
    id: u64,
) -> Result<Option<(TraceView, Vec<UserId>)>, StoreError> {
    if let Some(message) = store.traced_message(MessageId(id)).await? {
        return Ok(Some(unpushed_message(id, &message)));
    }
    Ok(store.traced_call(CallId(id)).await?.map(|call| unpushed_call(id, &call)))
}

fn unpushed_message(id: u64, appended: &Appended) -> (TraceView, Vec<UserId>) {
    let message = &appended.message;
    let (conversation_id, conversation_type, users) = match &appended.thread {
        Thread::Peer(one, other) => (message.sender.to_string(), 0, vec![one.clone(), other.clone()]),
        Thread::Group(group, members) => (group.to_string(), 2, members.to_vec()),
    };
    let view = TraceView {
        id: id.to_string(),
        kind: TraceKind::Message,
        app_id: appended.app,
        conversation_id: Some(conversation_id),
        conversation_type: Some(conversation_type),
        sender_user_id: message.sender.clone(),
        accepted_at: message.timestamp,
        settled: true,
        devices: Vec::new(),
        events: Vec::new(),
        dispatches: Vec::new(),
    };
    (view, users)
}

fn unpushed_call(id: u64, call: &CallRecord) -> (TraceView, Vec<UserId>) {
    let view = TraceView {
        id: id.to_string(),
        kind: TraceKind::Call,
        app_id: call.app,
        conversation_id: None,
        conversation_type: None,
        sender_user_id: call.caller.clone(),
        accepted_at: call.created_at,
        settled: true,
        devices: Vec::new(),
        events: Vec::new(),
        dispatches: Vec::new(),
    };
    (view, call.users.iter().map(|record| record.user.clone()).collect())
}

impl TraceView {
    /// Nothing is known of its push: there was no pushConfig, unless it is so old that its trace may be gone.
    fn without_push(mut self, users: Vec<UserId>, now_ms: u64) -> Self {
        let accepted_at = self.accepted_at;
        self.events.push(super::trace_events::accepted(self.kind, accepted_at));
        if now_ms.saturating_sub(accepted_at) >= KEPT_MS_MIN {
            self.events.push(super::trace_events::forgotten(accepted_at));
            return self;
        }
        for user in users.into_iter().filter(|user| *user != self.sender_user_id) {
            let target = Target { user, device: None, push_id: None };
            let view = DeviceView::new(&target, DeviceState::Suppressed).at(accepted_at);
            self.devices.push(view.because(Reason::NoPushConfig.code()));
        }
        self
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
pub(super) mod tests;
