//! One request to a vendor: built, sent, answered, and what that means for each device of it.

use super::{Reason, credentials::Ready, work::Work};
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
const MESSAGE_BYTES_MAX: usize = 500;

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
                let answer = match work.request().purpose {
                    Purpose::TakeBack { .. } => adapter.interpret_revoke(&raw, &tokens),
                    Purpose::Notice | Purpose::Badge => {
                        adapter.interpret(&raw, &work.request().notice, &tokens)
                    }
                };
                Self::answered(attempt, answer, aims, bearer)
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

    fn unsent(aims: Vec<(Target, &str)>, fate: &Fate) -> Self {
        let fates = aims.into_iter().map(|(target, _)| (target, fate.clone())).collect();
        Self { attempt: None, fates, advice: Advice::None, advised: Vec::new(), bearer: None }
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
        TransportError::Busy { .. } => "busy",
        TransportError::Timeout { .. } => "timeout",
        TransportError::Dropped { .. } => "dropped",
        TransportError::AnswerTooLarge { .. } => "answer_too_large",
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MESSAGE_BYTES_MAX {
        let end = (0..=MESSAGE_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
    }
    text
}
