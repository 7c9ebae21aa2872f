//! The exact request that a notice would become with a strategy; nothing is sent.

use super::{
    credentials::Credentials,
    dry_run::{ForeseenRequest, foreseen_request},
    notice::notice,
};
use crate::{
    clock::Clock,
    store::{Intent, IntentKind, NewIntent, Recipients, StoreError, Subject},
};
use hongyan_vendors::{StrategyOptions, VendorKind};
use hongyan_wire::{AppId, CallId, ConversationKey, MessageId, UserId, call::CallMode, message::PushConfig};

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Sample {
    /// For whom.
    pub app: AppId,
    /// To which vendor.
    pub vendor: VendorKind,
    /// With which of the app's two sets of credentials.
    pub app_type: u8,
    /// With which options.
    pub options: StrategyOptions,
    /// An invitation, else a message.
    pub is_call: bool,
    /// What is said.
    pub push: PushConfig,
    /// Who says it.
    pub sender: UserId,
    /// To how many devices, 1..=1000.
    pub devices: usize,
}

/// The request. `None`: there is no usable credential.
pub(super) async fn show(
    credentials: &Credentials,
    clock: &Clock,
    sample: Sample,
) -> Result<Option<ForeseenRequest>, StoreError> {
    let key = (sample.app, sample.vendor, sample.app_type);
    let Ok(ready) = credentials.find(key).await? else { return Ok(None) };
    let now_ms = clock.now_ms();
    let said = notice(&intent(&sample, now_ms), sample.options.clone());
    let ids: Vec<String> = (1..=sample.devices).map(|number| format!("PushID-{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    Ok(Some(foreseen_request(&ready, (sample.vendor, sample.app_type), &said, &ids, now_ms)))
}

/// As it would be stored, with numbers that stand for those to come.
fn intent(sample: &Sample, now_ms: u64) -> Intent {
    let id = crate::store::first_id_at(now_ms);
    let call = sample.is_call.then_some((CallId(id), CallMode::General));
    let subject = match call {
        Some((call, mode)) => Subject::Call { call, mode },
        None => Subject::Message {
            message: MessageId(id),
            conversation: 0,
            key: ConversationKey::Peer(sample.sender.clone()),
            seq: 1,
        },
    };
    let spec = NewIntent {
        sender: sample.sender.clone(),
        recipients: Recipients::Users(Vec::new()),
        push: sample.push.clone(),
        mentioned: Vec::new(),
        mention_all: false,
        notify_mentioned: false,
        call,
        kind: IntentKind::Delivery,
        expires_at: now_ms + 86_400_000,
    };
    Intent { id, app: sample.app, subject, spec, created_at: now_ms, due_at: now_ms }
}
