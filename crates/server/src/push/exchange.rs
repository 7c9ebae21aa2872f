//! One request to a vendor: built, sent, answered, and what that means for each device of it.

use super::{Reason, alarms::AlarmKind, credentials::Ready, pace::Report, work::Work};
use crate::{
    clock::Clock,
    store::{Attempt, NewDispatch, Purpose, Target},
};
use hongyan_vendors::{
    Advice, Answer, Blame, Outcome, PrepareError, RawAnswer, Secret, SignError, TransportError,
    VendorRequest, vendor,
};
use std::time::{Duration, Instant};

/// Longest vendor's text that is kept, in bytes.
const SAID_BYTES_MAX: usize = 500;

/// Code of a request that found no place among our own.
const BUSY: &str = "busy";

/// What a request led to for one device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Accepted,
    /// The vendor says that the token is dead; its code and reason.
    Dead(String),
    Failed(Reason),
    Expired,
    /// To be tried again, not before the vendor's wish.
    Later(Option<Duration>),
}

/// A request and what came of it.
#[derive(Debug)]
pub(super) struct Exchange {
    /// `None` when no request could be built.
    pub attempt: Option<Attempt>,
    /// One per device, in the order of the request.
    pub fates: Vec<(Target, Fate)>,
    pub advice: Advice,
    /// Positions of the devices that the advice is about.
    pub advised: Vec<usize>,
    /// The bearer that was shown.
    pub bearer: Option<Secret>,
    /// A refusal is about the credential. Taking back needs rights of its own: its refusal says nothing of sending.
    about_credential: bool,
}

impl Exchange {
    /// Speaks to the vendor once. `aims`: 1..=the vendor's bound of devices with their tokens.
    pub async fn make(work: &mut Work, ready: &Ready, aims: Vec<(Target, &str)>, clock: &Clock) -> Self {
        let bearer = match ready.bearer.bearer(clock.now_ms()).await {
            Ok(bearer) => bearer,
            Err(SignError::Key) => return Self::unsent(aims, &Fate::Failed(Reason::BadCredential)),
            Err(SignError::Interrupted) => return Self::unsent(aims, &Fate::Later(None)),
        };
        let tokens: Vec<&str> = aims.iter().map(|(_, token)| *token).collect();
        let adapter = vendor(work.request().vendor);
        let built = build(work.request(), ready, &tokens, &bearer, clock.now_ms());
        let request = match built {
            Ok(request) => request,
            Err(error) => return Self::unsent(aims, &unbuilt(work, &error)),
        };
        let (mut attempt, answer) = send(ready, &request, clock).await;
        attempt.targets = aims.len() as u32;
        let exchange = match answer {
            Ok(raw) => {
                let takes_back = work.request().purpose.takes_back();
                let answer = if takes_back {
                    adapter.interpret_revoke(&raw, &tokens)
                } else {
                    adapter.interpret(&raw, &work.request().notice, &tokens)
                };
                let answered = Self::answered(attempt, answer, aims, bearer);
                Self { about_credential: !takes_back, ..answered }
            }
            Err(error) => Self::unanswered(attempt, &error, aims),
        };
        exchange.numbered(work.next_attempt())
    }

    /// Whether repeating it at once for other devices would only repeat the failure.
    pub fn is_hopeless(&self) -> bool {
        self.fates.iter().all(|(_, fate)| matches!(fate, Fate::Later(_)))
    }

    /// How many devices the vendor took over.
    pub fn accepted(&self) -> usize {
        self.fates.iter().filter(|(_, fate)| *fate == Fate::Accepted).count()
    }

    /// Whether the vendor takes nothing from this credential until somebody acts. Asked when advice that could
    /// be followed was followed.
    pub fn refuses_credential(&self) -> bool {
        let configured = |fate: &Fate| match fate {
            Fate::Failed(reason) => matches!(reason, Reason::VendorConfiguration | Reason::BadCredential),
            _ => false,
        };
        let all = !self.fates.is_empty() && self.fates.iter().all(|(_, fate)| configured(fate));
        let unusable = self.fates.iter().any(|(_, fate)| *fate == Fate::Failed(Reason::BadCredential));
        match self.advice {
            _ if !self.about_credential => false,
            Advice::PauseCredential => self.accepted() == 0,
            Advice::ResignJwt => all,
            _ => all && unusable,
        }
    }

    /// Whether an operator has to hear of it as this kind of alarm. `last`: no advice is left to follow.
    pub fn raises(&self, kind: AlarmKind, last: bool) -> bool {
        if !last {
            // The push gets through as an alert, but the right is missing all the same.
            return kind == AlarmKind::Right && self.advice == Advice::FallBackToAlert;
        }
        let refused = self.refuses_credential();
        let any = |reason: Reason| self.fates.iter().any(|(_, fate)| *fate == Fate::Failed(reason));
        match kind {
            AlarmKind::CredentialRefused => refused,
            AlarmKind::Right => !refused && any(Reason::VendorConfiguration),
            AlarmKind::Quota => any(Reason::VendorQuota),
            AlarmKind::Request => any(Reason::VendorRejected),
            AlarmKind::Clock => self.advice == Advice::ResignJwt && self.is_hopeless(),
            // These take more than one exchange.
            AlarmKind::MassDeath | AlarmKind::VendorTrouble => false,
        }
    }

    /// The vendor's code and words, or our own when nothing was sent.
    pub fn words(&self) -> (&str, &str) {
        match &self.attempt {
            Some(attempt) => (&attempt.code, &attempt.message),
            None => (Reason::BadCredential.code(), Reason::BadCredential.en()),
        }
    }

    /// What it tells about the credential, stored at `stamp`; `None` when it tells nothing.
    pub fn report(&self, stamp: u64) -> Option<Report> {
        if self.refuses_credential() {
            return Some(Report::Refused { stamp });
        }
        let attempt = self.attempt.as_ref()?;
        let fine = Report::Fine { took_ms: attempt.took_ms };
        if !self.is_hopeless() || self.fates.is_empty() {
            // What was taken back proves nothing about sending: the probe is left to a notice.
            return self.about_credential.then_some(fine);
        }
        let hold = self.fates.iter().filter_map(|(_, fate)| match fate {
            Fate::Later(asked) => *asked,
            _ => None,
        });
        let hold = hold.max();
        Some(match attempt.status {
            429 | 503 => Report::Flow { hold },
            0 if attempt.code == BUSY => return None,
            0 | 500.. => Report::Trouble { hold },
            // A wish with an answer in good order is about these devices only.
            _ if hold.is_some() => fine,
            _ => Report::Trouble { hold },
        })
    }

    fn unsent(aims: Vec<(Target, &str)>, fate: &Fate) -> Self {
        let fates = aims.into_iter().map(|(target, _)| (target, fate.clone())).collect();
        Self {
            attempt: None,
            fates,
            advice: Advice::None,
            advised: Vec::new(),
            bearer: None,
            about_credential: true,
        }
    }

    fn unanswered(mut attempt: Attempt, error: &TransportError, aims: Vec<(Target, &str)>) -> Self {
        attempt.code = fault_name(error).into();
        attempt.message = cut(error.to_string());
        let fate = match error {
            TransportError::Unsendable { .. } => Fate::Failed(Reason::BadCredential),
            _ => Fate::Later(None),
        };
        Self { attempt: Some(attempt), ..Self::unsent(aims, &fate) }
    }

    fn answered(mut attempt: Attempt, answer: Answer, aims: Vec<(Target, &str)>, bearer: Secret) -> Self {
        attempt.code = answer.code;
        attempt.message = cut(answer.message);
        attempt.request_id = answer.request_id;
        let fates = aims.into_iter().zip(answer.outcomes);
        Self {
            attempt: Some(attempt),
            fates: fates.map(|((target, _), outcome)| (target, fate_of(outcome))).collect(),
            advice: answer.advice,
            advised: answer.advised,
            bearer: Some(bearer),
            about_credential: true,
        }
    }

    fn numbered(mut self, number: u32) -> Self {
        if let Some(attempt) = &mut self.attempt {
            attempt.number = number;
        }
        self
    }
}

/// The request that a dispatch is for.
fn build(
    dispatch: &NewDispatch,
    ready: &Ready,
    tokens: &[&str],
    bearer: &Secret,
    now_ms: u64,
) -> Result<VendorRequest, PrepareError> {
    let (adapter, notice) = (vendor(dispatch.vendor), &dispatch.notice);
    match dispatch.purpose {
        Purpose::Notice | Purpose::Badge => {
            adapter.prepare(&ready.credential, notice, tokens, bearer.expose(), now_ms)
        }
        Purpose::TakeBack { .. } => match adapter.revocation(&ready.credential, notice) {
            Some(revocation) => {
                adapter.prepare_revoke(&ready.credential, &revocation, tokens, bearer.expose())
            }
            None => Err(PrepareError::Unsupported { why: "this kind of notice cannot be taken back" }),
        },
    }
}

async fn send(
    ready: &Ready,
    request: &VendorRequest,
    clock: &Clock,
) -> (Attempt, Result<RawAnswer, TransportError>) {
    let at = clock.now_ms();
    let started = Instant::now();
    let answer = ready.transport.send(request).await;
    let attempt = Attempt {
        number: 0,
        at,
        took_ms: started.elapsed().as_millis() as u64,
        targets: 0,
        status: answer.as_ref().map_or(0, |raw| raw.status),
        code: String::new(),
        message: String::new(),
        request_id: None,
    };
    (attempt, answer)
}

fn fate_of(outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Accepted => Fate::Accepted,
        Outcome::TokenGone { reason } => Fate::Dead(cut(reason)),
        Outcome::RetryLater { after, .. } => Fate::Later(after),
        Outcome::Rejected { blame, .. } => Fate::Failed(match blame {
            Blame::Configuration => Reason::VendorConfiguration,
            Blame::Request => Reason::VendorRejected,
            Blame::Quota => Reason::VendorQuota,
            Blame::Device => Reason::VendorDevice,
        }),
    }
}

/// Why no request was made. What the operator or the sender has to change is in the log, without contents.
fn unbuilt(work: &Work, error: &PrepareError) -> Fate {
    let fate = match error {
        PrepareError::Expired => return Fate::Expired,
        PrepareError::TooLarge { .. } => Fate::Failed(Reason::PayloadTooLarge),
        PrepareError::TokenCount { .. } | PrepareError::Invalid { .. } => Fate::Failed(Reason::NoticeInvalid),
        PrepareError::Unsupported { .. } if !work.request().purpose.is_notice() => {
            return Fate::Failed(Reason::CannotTakeBack);
        }
        PrepareError::Unsupported { .. } => Fate::Failed(Reason::VendorConfiguration),
        PrepareError::WrongCredential { .. } => Fate::Failed(Reason::BadCredential),
    };
    tracing::info!(app.id = %work.request().app, dispatch.id = work.id(), %error, "a push was not sent");
    fate
}

fn fault_name(error: &TransportError) -> &'static str {
    match error {
        TransportError::Unsendable { .. } => "unsendable",
        TransportError::Connect { .. } => "connect",
        TransportError::Busy { .. } => BUSY,
        TransportError::Timeout { .. } => "timeout",
        TransportError::Dropped { .. } => "dropped",
        TransportError::AnswerTooLarge { .. } => "answer_too_large",
    }
}

/// What is kept of a vendor's text.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > SAID_BYTES_MAX {
        let end = (0..=SAID_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
    }
    text
}
