//! What a vendor's answer means: one of four outcomes per token, and advice for the whole request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a vendor decided about one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The vendor took it over. It has not arrived yet.
    Accepted,
    /// The vendor said of this very token that it is dead. Drop it, unless nothing at all succeeds just now
    /// (see [`Answer::anything_accepted`]).
    TokenGone {
        /// The vendor's code, its reason, and a sentence.
        reason: String,
    },
    /// Try again later with the same ids, until the notice expires.
    RetryLater {
        /// At the earliest after this time; `None` leaves it to the sender's schedule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Duration>,
        /// The vendor's code and a sentence.
        reason: String,
    },
    /// Final for this notice. The token stays.
    Rejected {
        /// The vendor's code and a sentence.
        reason: String,
        /// Who has to change something.
        blame: Blame,
    },
}

/// Who has to change something before the like of a rejected notice can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blame {
    /// The app's operator: credential, project, rights, a penalty. Worth an alarm; says nothing about tokens.
    Configuration,
    /// The request: a field, a size, the content. Ours or the sender's.
    Request,
    /// A quota is used up.
    Quota,
    /// The device or its country.
    Device,
}

/// What may turn a refusal into a success. Follow it at most once per dispatch; the outcomes say what holds
/// when it is not followed (or was followed already).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Nothing in particular.
    None,
    /// Make a new bearer token and send again at once.
    ResignJwt,
    /// Send again with [`crate::Notice::with_short_body`].
    ShortenBody,
    /// Send again without a picture: [`crate::Notice::without_image`].
    DropImage,
    /// Send again in requests of at most this many tokens (at least 1).
    SplitTo(usize),
    /// Nothing can succeed with this credential until its operator acts: stop sending, raise an alarm.
    PauseCredential,
    /// Send again as [`crate::Notice::as_alert`]: the app has no right to the special push type.
    FallBackToAlert,
}

/// A vendor's answer, read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The vendor's name for the request; find it in the vendor's console.
    pub request_id: Option<String>,
    /// The vendor's code, or `HTTP <status>` when the body had none.
    pub code: String,
    /// The vendor's words, without tokens, at most 300 bytes.
    pub message: String,
    /// One per token, in the order of the request.
    pub outcomes: Vec<Outcome>,
    /// What may turn a refusal into a success.
    pub advice: Advice,
    /// Positions (ascending) of the tokens that the advice is about; all of them unless the vendor named
    /// some.
    pub advised: Vec<usize>,
}

impl Outcome {
    /// True for [`Outcome::Accepted`].
    pub fn is_accepted(&self) -> bool {
        matches!(self, Outcome::Accepted)
    }
}

impl Answer {
    /// Whether the vendor took at least one token. Input of the guard against mass death: tokens are removed
    /// only while something succeeds.
    pub fn anything_accepted(&self) -> bool {
        self.outcomes.iter().any(Outcome::is_accepted)
    }
}
