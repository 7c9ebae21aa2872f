//! The sending itself, once the request was read: who of the recipients may be reached, what the quotas say,
//! and off to the phones. Runs under the big lock and does no I/O.

use std::borrow::Cow;
use std::sync::Arc;

use super::answer::{Answer, Reason, Refused};
use super::codes::{Code, Refusal};
use super::message::{Category, Content, Message, PushType};
use super::projects::{App, Right};
use super::quotas::{Limits, PhoneCounters};
use super::receipts::{Outcome, Parcel};
use crate::device::{Fate, Suppressed, TokenRecord, token_shaped};
use crate::faults::Meddling;
use crate::world::World;

/// A token that passed: where it leads.
struct Recipient<'t> {
    text: &'t str,
    token: Arc<str>,
    record: TokenRecord,
}

impl World {
    /// Answers a checked send and carries it out.
    pub(crate) fn send(
        &mut self,
        project_id: &str,
        message: Message,
        tokens: &[Cow<'_, str>],
        meddling: &mut Meddling,
    ) -> Answer {
        if let Some(answer) = self.hold_back(project_id, &message, tokens.len()) {
            return answer;
        }
        let mut refused = Refused::default();
        let mut accepted = Vec::with_capacity(tokens.len());
        for token in tokens {
            match self.judge(project_id, &message, token, meddling) {
                Ok(recipient) => accepted.push(recipient),
                Err(reason) => refused.add(reason, token),
            }
        }
        let (kept, reason) = meddling.partial(accepted.len());
        for recipient in accepted.drain(kept..) {
            refused.add(reason, recipient.text);
        }
        let count = accepted.len();
        if count > 0 {
            self.hand_out(project_id, Arc::new(message), accepted, meddling);
        }
        refused.answer(count, Code::PartialSuccess)
    }

    /// Flow control before anything is looked at: 503, or a test message too soon.
    fn hold_back(&mut self, project_id: &str, message: &Message, tokens: usize) -> Option<Answer> {
        let now_ms = self.now_ms;
        let Some(project) = self.projects.by_id.get_mut(project_id) else {
            return Some(Code::NoPermission.refuse("No permission to send: the project is unknown").into());
        };
        if !project.counters.devices(&project.limits, tokens, now_ms) {
            return Some(Answer::FlowControl);
        }
        if message.test && !project.counters.test_request(&project.limits, now_ms) {
            let refusal: Refusal =
                Code::TestTooFast.refuse("Test message: the API request exceeds the limit");
            return Some(refusal.into());
        }
        None
    }

    fn judge<'t>(
        &self,
        project_id: &str,
        message: &Message,
        token: &'t str,
        meddling: &mut Meddling,
    ) -> Result<Recipient<'t>, Reason> {
        if let Some(reason) = meddling.dead(token) {
            return Err(reason);
        }
        if !token_shaped(token) {
            return Err(Reason::TokenFormatError);
        }
        // Well-formed but never given out: the real cloud could not decode it either.
        let (text, record) = self.phones.token(token).ok_or(Reason::TokenFormatError)?;
        if let Fate::Killed(reason) = record.fate {
            return Err(reason);
        }
        if *record.project != *project_id {
            return Err(Reason::NoRight);
        }
        let app = self.app(project_id, &record.bundle).ok_or(Reason::AppinfoError)?;
        match missing_right(app, message) {
            Some(reason) => Err(reason),
            None => Ok(Recipient { text: token, token: text.clone(), record: record.clone() }),
        }
    }

    fn app(&self, project_id: &str, bundle: &str) -> Option<&App> {
        self.projects.by_id.get(project_id)?.apps.get(bundle)
    }

    fn hand_out(
        &mut self,
        project_id: &str,
        message: Arc<Message>,
        accepted: Vec<Recipient<'_>>,
        meddling: &Meddling,
    ) {
        let World { projects, phones, office, now_ms, .. } = self;
        // `hold_back` found the project a moment ago, under the same lock.
        let Some(project) = projects.by_id.get_mut(project_id) else { return };
        let test = if message.test { project.counters.test(&project.limits, *now_ms) } else { Ok(()) };
        for Recipient { token, record, .. } in accepted {
            let Some(app) = project.apps.get(&record.bundle) else { continue };
            let receiver = project.receiver(app, message.receipt_id.as_deref());
            let (category, wakes) = (shown_category(app, &message), im_wake(app, &message));
            let message = message.clone();
            let parcel = Parcel { token, bundle: app.bundle.clone(), message, category, wakes, receiver };
            let Some(phone) = phones.get_mut(&record.device) else { continue };
            if let Some(result) = meddling.receipt_result() {
                phone.withhold(office, &parcel, Outcome(result), Suppressed::Fault, *now_ms);
                continue;
            }
            let counters = phone.counters(&app.bundle);
            let verdict = match test {
                Ok(()) if !parcel.message.test => quota(counters, &project.limits, &parcel, *now_ms),
                verdict => verdict,
            };
            match verdict {
                Ok(()) => phone.accept(office, parcel, *now_ms),
                Err(outcome) => phone.withhold(office, &parcel, outcome, Suppressed::Quota, *now_ms),
            }
        }
    }
}

fn quota(counters: &mut PhoneCounters, limits: &Limits, parcel: &Parcel, now_ms: u64) -> Result<(), Outcome> {
    match &parcel.message.content {
        Content::Alert(_) => counters.alert(limits, parcel.category, now_ms),
        Content::Background(_) => counters.background(limits, now_ms),
        Content::BadgeOnly(_) | Content::Call { .. } | Content::NotEmulated => counters.any(limits, now_ms),
    }
}

fn shown_category(app: &App, message: &Message) -> Category {
    message.alert().map_or(Category::Marketing, |alert| app.effective(alert.category))
}

/// `backgroundMode` 1 counts only with its right; else it is treated as 0.
fn im_wake(app: &App, message: &Message) -> bool {
    matches!(&message.content, Content::Background(background) if background.im_mode)
        && app.holds(Right::ImBackground)
}

fn missing_right(app: &App, message: &Message) -> Option<Reason> {
    match (&message.content, message.push_type) {
        (Content::Alert(alert), _) if alert.category == Category::PlayVoice => {
            Some(Reason::NotSupportPlayVoice)
        }
        (Content::BadgeOnly(_), _) if !app.holds(Right::Im) => Some(Reason::NoPushTypeRight),
        (Content::Call { .. }, _) if !app.holds(Right::Call) => Some(Reason::NoPushTypeRight),
        (Content::NotEmulated, PushType::LiveView) => Some(Reason::NoRightToSendThisLiveNotificationEvent),
        (Content::NotEmulated, _) => Some(Reason::NoPushTypeRight),
        _ => None,
    }
}
