//! What is pushed about a call: that it rings, that it was missed, that somebody left or ended it.
//!
//! Everything is written in the transaction of the change that causes it. What the user who acts asks for comes
//! first; whoever missed a call and was told nothing so gets the app's own notice, if the app wants one.

use super::{
    Calls,
    table::{Change, Effect},
};
use crate::store::{CallIntent, CallRecord, CallUserRecord, IntentKind, NewIntent, Recipients};
use hongyan_wire::{UserId, call::CallUserState, message::PushConfig};
use std::collections::BTreeMap;

/// What the user who acts wants pushed.
#[derive(Clone, Debug)]
pub(super) struct Say {
    pub sender: UserId,
    pub push: PushConfig,
    /// How long news is worth sending, in ms.
    pub life_ms: u64,
}

impl Calls {
    /// What a change pushes. Users whom it rings for are marked with the intent that does.
    pub(super) async fn intents(
        &self,
        before: &CallRecord,
        change: &mut Change,
        say: Option<&Say>,
        now_ms: u64,
    ) -> Result<Vec<CallIntent>, crate::store::StoreError> {
        let mut intents = Vec::new();
        if let Some(say) = say {
            intents.extend(self.ring(change, say, now_ms));
            intents.extend(self.missed(change, say, now_ms));
            intents.extend(self.left(before, change, say, now_ms));
        } else {
            intents.extend(self.missed_by_itself(change, now_ms).await?);
        }
        Ok(intents)
    }

    fn number(&self, now_ms: u64) -> u64 {
        self.store.next_call_id(now_ms).0
    }

    fn ring(&self, change: &mut Change, say: &Say, now_ms: u64) -> Option<CallIntent> {
        let (users, until) = rung(&change.effects)?;
        let id = self.number(now_ms);
        for one in change.call.users.iter_mut().filter(|one| users.contains(&one.user)) {
            one.notice = id;
        }
        Some(CallIntent { id, spec: ring_intent(&change.call, &say.sender, users, say.push.clone(), until) })
    }

    fn missed(&self, change: &Change, say: &Say, now_ms: u64) -> Option<CallIntent> {
        let users: Vec<UserId> = missed_by(change).map(|one| one.user.clone()).collect();
        let expires_at = now_ms + say.life_ms;
        let spec = intent(&change.call, &say.sender, users, say.push.clone(), expires_at)?;
        Some(CallIntent { id: self.number(now_ms), spec: NewIntent { kind: IntentKind::MissedCall, ..spec } })
    }

    /// Others who are in hear that somebody left or ended the call.
    fn left(&self, before: &CallRecord, change: &Change, say: &Say, now_ms: u64) -> Option<CallIntent> {
        let gone = |one: &&CallUserRecord| {
            let now = change.call.users.iter().find(|now| now.user == one.user).map(|now| now.state);
            now != Some(one.state) && matches!(now, Some(CallUserState::Quit | CallUserState::Ended))
        };
        before.users.iter().filter(|one| one.state == CallUserState::Accepted).find(gone)?;
        let others = before.users.iter().filter(|one| one.state == CallUserState::Accepted);
        let others = others.filter(|one| one.user != say.sender).map(|one| one.user.clone()).collect();
        let spec = intent(&change.call, &say.sender, others, say.push.clone(), now_ms + say.life_ms)?;
        Some(CallIntent { id: self.number(now_ms), spec })
    }

    /// The app's own notice to whoever missed a call: the invitation's title, the app's text. One for each
    /// notice that rang.
    async fn missed_by_itself(
        &self,
        change: &Change,
        now_ms: u64,
    ) -> Result<Vec<CallIntent>, crate::store::StoreError> {
        let mut missed: BTreeMap<u64, Vec<UserId>> = BTreeMap::new();
        for one in missed_by(change).filter(|one| one.notice > 0) {
            missed.entry(one.notice).or_default().push(one.user.clone());
        }
        if missed.is_empty() {
            return Ok(Vec::new());
        }
        let settings = self.store.app(change.call.app).await?.map(|app| app.settings);
        let Some(settings) = settings.filter(|settings| !settings.missed_call_content.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut intents = Vec::new();
        for (notice, users) in missed {
            let Some(rang) = self.store.intent(notice).await? else { continue };
            let push = PushConfig {
                title: rang.spec.push.title,
                content: settings.missed_call_content.clone(),
                payload: rang.spec.push.payload,
                ..PushConfig::default()
            };
            let expires_at = now_ms + u64::from(settings.push_ttl_s) * 1_000;
            let spec = intent(&change.call, &rang.spec.sender, users, push, expires_at);
            let said = |spec| CallIntent {
                id: self.number(now_ms),
                spec: NewIntent { kind: IntentKind::MissedCall, ..spec },
            };
            intents.extend(spec.map(said));
        }
        Ok(intents)
    }
}

/// Whom it rings for from now on, and until when.
pub(super) fn rung(effects: &[Effect]) -> Option<(Vec<UserId>, u64)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ring { users, until } => Some((users.clone(), *until)),
        _ => None,
    })
}

/// Everybody for whom it stops ringing.
pub(super) fn silenced(effects: &[Effect]) -> Vec<UserId> {
    let silent = effects.iter().filter_map(|effect| match effect {
        Effect::Silence(users) => Some(users),
        _ => None,
    });
    silent.flatten().cloned().collect()
}

/// For whom it stops ringing without an answer of theirs.
fn missed_by(change: &Change) -> impl Iterator<Item = &CallUserRecord> {
    let silent = silenced(&change.effects);
    change.call.users.iter().filter(move |one| {
        let missed =
            matches!(one.state, CallUserState::Timeout | CallUserState::BeCancelled | CallUserState::Ended);
        missed && silent.contains(&one.user)
    })
}

/// The wish to ring those who are away, as long as it rings.
pub(super) fn ring_intent(
    call: &CallRecord,
    sender: &UserId,
    users: Vec<UserId>,
    push: PushConfig,
    until: u64,
) -> NewIntent {
    NewIntent {
        sender: sender.clone(),
        recipients: Recipients::Users(users),
        push,
        mentioned: Vec::new(),
        mention_all: false,
        notify_mentioned: false,
        call: Some((call.id, call.mode)),
        kind: IntentKind::Delivery,
        expires_at: until,
    }
}

/// News for these users, if there are any.
fn intent(
    call: &CallRecord,
    sender: &UserId,
    users: Vec<UserId>,
    push: PushConfig,
    expires_at: u64,
) -> Option<NewIntent> {
    let said =
        |users| NewIntent { kind: IntentKind::News, ..ring_intent(call, sender, users, push, expires_at) };
    (!users.is_empty()).then(|| said(users))
}
