//! "Who would be pushed for this message now, who not, and why?": the planner's first look at a message that is
//! never sent, and the request that the vendor would get.

use super::{
    Reason,
    credentials::Ready,
    decide::Step,
    gather::{Prepared, Settled, Sources},
    notice::{notice, with_badge},
    pending::{Look, Scope},
    plan::Way,
    trace::awaited_words,
    trace_events::{Words, unreached},
};
use crate::store::{
    CallRecord, CallUserRecord, Intent, IntentKind, NewIntent, Recipients, StoreError, Subject,
};
use hongyan_vendors::{Notice, VendorKind, vendor};
use hongyan_wire::{
    AppId, CallId, ConversationKey, DeviceId, MessageId, PushId, UserId,
    call::{CallMode, CallState, CallUserState},
    message::PushConfig,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// A message that is not sent.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Supposed {
    /// Who would send it.
    #[serde(rename = "senderUserID")]
    pub sender_user_id: UserId,
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// 0 peer, 2 group.
    pub conversation_type: hongyan_wire::ConversationType,
    /// What would be pushed; absent is a message without one.
    #[serde(default)]
    pub push_config: Option<PushConfig>,
    /// Mentioned users.
    #[serde(rename = "mentionedUserIDs", default)]
    pub mentioned_user_ids: Vec<UserId>,
    /// Everybody is mentioned.
    #[serde(default)]
    pub is_mention_all: bool,
    /// Mentioned members are pushed through do-not-disturb.
    #[serde(default)]
    pub is_notify_mentioned_users: bool,
    /// It is an invitation to a call between the two, not a message.
    #[serde(skip)]
    pub is_call: bool,
}

/// What would become of it now.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreseen {
    /// One entry per device of each recipient.
    pub devices: Vec<ForeseenDevice>,
    /// Requests that the vendors would get, without tokens.
    pub requests: Vec<ForeseenRequest>,
}

/// What would become of one device.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeseenDevice {
    /// The recipient.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// The device; absent when the user has none.
    #[serde(rename = "deviceID")]
    pub device_id: Option<DeviceId>,
    /// Its PushID.
    #[serde(rename = "pushID")]
    pub push_id: Option<PushId>,
    /// `push`, `wait`, `acked`, `suppress`.
    pub step: &'static str,
    /// Code of the reason, for `suppress`.
    pub reason: Option<&'static str>,
    /// For `wait`: Unix time in ms until which it is waited for; pushed then, unless it acknowledges.
    pub until: Option<u64>,
    /// In words.
    pub text: Words,
}

/// A request that a vendor would get.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeseenRequest {
    /// Which vendor.
    pub vendor: VendorKind,
    /// Credential set 1 or 2.
    pub app_type: u8,
    /// Devices in it.
    pub targets: usize,
    /// Method and address.
    pub url: String,
    /// The vendor's header that tells kinds of push apart.
    pub push_type: Option<String>,
    /// All headers, with dots in place of the bearer token.
    pub headers: Vec<ForeseenHeader>,
    /// The body, with PushIDs in place of tokens; or why none could be built.
    pub body: serde_json::Value,
    /// Why none could be built.
    pub fault: Option<String>,
}

/// A header of such a request.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ForeseenHeader {
    /// In lower case.
    pub name: &'static str,
    /// As it would be sent.
    pub value: String,
}

/// Looks at a message that is not sent. `None`: there is no such conversation for this sender.
pub(super) async fn foresee(
    sources: &Sources,
    app: AppId,
    supposed: Supposed,
) -> Result<Option<Foreseen>, StoreError> {
    let Ok(key) = ConversationKey::new(&supposed.conversation_id, supposed.conversation_type) else {
        return Ok(None);
    };
    let is_call = supposed.is_call;
    let Some(intent) = intent(sources, app, supposed, &key).await? else { return Ok(None) };
    let intent = if is_call { as_call(intent) } else { intent };
    if intent.spec.push == PushConfig::default() {
        return Ok(Some(unpushed(sources, &intent).await?));
    }
    let look = Look {
        intent: Arc::new(intent),
        scope: Scope::Everybody,
        from_before: false,
        reload: false,
        acked: Vec::new(),
        decided: HashSet::new(),
        waiting: Vec::new(),
        call_acks: HashSet::new(),
        other_due: None,
    };
    let mut prepared = sources.prepare(look).await.map_err(|(_, error)| error)?;
    prepared.ring();
    let shared = sources.share(std::slice::from_ref(&prepared)).await?;
    let seen = sources.see(&prepared, &shared).await?;
    let said = notice(&prepared.look.intent, seen.strategy);
    let requests = requests(sources, app, &seen.settled, &said).await?;
    Ok(Some(Foreseen { devices: seen.settled.iter().map(device).collect(), requests }))
}

async fn intent(
    sources: &Sources,
    app: AppId,
    supposed: Supposed,
    key: &ConversationKey,
) -> Result<Option<Intent>, StoreError> {
    let (store, now) = (&sources.store, sources.clock.now_ms());
    let sender = supposed.sender_user_id;
    let own = store.membership(app, &sender, key).await?;
    let known = match key {
        ConversationKey::Peer(user) => !store.users(app, std::slice::from_ref(user)).await?.is_empty(),
        ConversationKey::Group(_) => own.is_some(),
    };
    if !known {
        return Ok(None);
    }
    let settings = store.app(app).await?.map(|app| app.settings).unwrap_or_default();
    let seen_key = key.as_seen_by_others(&sender);
    let (conversation, last) = own.map_or((0, 0), |own| (own.conversation.0, own.last_seq));
    let spec = NewIntent {
        sender,
        recipients: Recipients::of(key),
        push: supposed.push_config.unwrap_or_default(),
        mentioned: supposed.mentioned_user_ids,
        mention_all: supposed.is_mention_all,
        notify_mentioned: supposed.is_notify_mentioned_users,
        call: None,
        kind: IntentKind::Delivery,
        expires_at: now + u64::from(settings.push_ttl_s) * 1_000,
    };
    let subject = Subject::Message { message: MessageId(0), conversation, key: seen_key, seq: last + 1 };
    Ok(Some(Intent { id: 0, app, subject, spec, created_at: now, due_at: now }))
}

/// The same as an invitation.
fn as_call(mut intent: Intent) -> Intent {
    let (call, mode) = (CallId(0), CallMode::General);
    intent.subject = Subject::Call { call, mode };
    intent.spec.call = Some((call, mode));
    intent
}

impl Prepared {
    /// An invitation that is not sent rings: there is no call to look it up.
    pub fn ring(&mut self) {
        let Subject::Call { call, mode } = self.look.intent.subject else { return };
        let caller = &self.look.intent.spec.sender;
        let record = |user: &UserId| CallUserRecord {
            user: user.clone(),
            inviter: caller.clone(),
            state: CallUserState::Inviting,
            extended_data: String::new(),
            deadline_at: self.look.intent.spec.expires_at,
            device: None,
            accepted_at: 0,
            check_at: 0,
            notice: self.look.intent.id,
        };
        self.call = self.call.take().or_else(|| {
            Some(CallRecord {
                id: call,
                app: self.look.intent.app,
                mode,
                state: CallState::Started,
                caller: caller.clone(),
                extended_data: String::new(),
                timeout_s: 0,
                checks: false,
                created_at: self.look.intent.created_at,
                due_at: None,
                ends_at: None,
                ended_at: None,
                users: self.users.iter().map(record).collect(),
                version: 0,
            })
        });
    }
}

/// Without a pushConfig nothing is looked at: nobody is pushed.
async fn unpushed(sources: &Sources, intent: &Intent) -> Result<Foreseen, StoreError> {
    let users = sources.recipients(intent).await?;
    let reason = Reason::NoPushConfig;
    let devices = users.into_iter().map(|user_id| ForeseenDevice {
        user_id,
        device_id: None,
        push_id: None,
        step: "suppress",
        reason: Some(reason.code()),
        until: None,
        text: Words::new(reason.en(), reason.zh()),
    });
    Ok(Foreseen { devices: devices.collect(), requests: Vec::new() })
}

fn device(settled: &Settled) -> ForeseenDevice {
    let (step, reason, until, text) = match settled.step {
        Step::Acked => ("acked", None, None, Words::of_code(Reason::Acked.code())),
        Step::Suppress(reason) => {
            ("suppress", Some(reason.code()), None, Words::new(reason.en(), reason.zh()))
        }
        Step::Wait(until, awaited) => ("wait", None, Some(until), awaited_words(awaited)),
        Step::Push(cause) => ("push", None, None, unreached(cause.code(), 0)),
    };
    ForeseenDevice {
        user_id: settled.target.user.clone(),
        device_id: settled.target.device.clone(),
        push_id: settled.target.push_id.clone(),
        step,
        reason,
        until,
        text,
    }
}

/// What each vendor would be sent for the devices that are pushed now or after a wait in vain.
async fn requests(
    sources: &Sources,
    app: AppId,
    settled: &[Settled],
    said: &Notice,
) -> Result<Vec<ForeseenRequest>, StoreError> {
    let mut ways: BTreeMap<Way, Vec<&str>> = BTreeMap::new();
    for one in settled.iter().filter(|one| matches!(one.step, Step::Push(_) | Step::Wait(..))) {
        let (Some((vendor, app_type)), Some(push_id)) = (one.via, &one.target.push_id) else { continue };
        ways.entry((vendor, app_type, one.badge)).or_default().push(push_id.as_str());
    }
    let mut requests = Vec::new();
    for ((kind, app_type, badge), ids) in ways {
        let Ok(ready) = sources.credentials.find((app, kind, app_type)).await? else { continue };
        let (notice, now) = (with_badge(said, badge), sources.clock.now_ms());
        requests.push(foreseen_request(&ready, (kind, app_type), &notice, &ids, now));
    }
    Ok(requests)
}

/// The request for these PushIDs, or for as many of them as one may carry.
pub(super) fn foreseen_request(
    ready: &Ready,
    (kind, app_type): (VendorKind, u8),
    notice: &Notice,
    ids: &[&str],
    now_ms: u64,
) -> ForeseenRequest {
    let first = &ids[..ids.len().min(vendor(kind).max_tokens(notice))];
    let empty = ForeseenRequest {
        vendor: kind,
        app_type,
        targets: ids.len(),
        url: String::new(),
        push_type: None,
        headers: Vec::new(),
        body: serde_json::Value::Null,
        fault: None,
    };
    match vendor(kind).prepare(&ready.credential, notice, first, "…", now_ms) {
        Ok(request) => ForeseenRequest {
            push_type: request.header("push-type").map(str::to_owned),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            headers: request.headers.iter().map(header).collect(),
            url: request.url,
            ..empty
        },
        Err(error) => {
            let fault = error.to_string();
            ForeseenRequest { body: fault.as_str().into(), fault: Some(fault), ..empty }
        }
    }
}

fn header((name, value): &(&'static str, String)) -> ForeseenHeader {
    ForeseenHeader { name, value: value.clone() }
}
