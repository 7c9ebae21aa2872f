//! What the vendor cloud answers: a coded JSON object with text codes, or the bare 503 of flow control. Also
//! the lists of refused tokens, which travel as a JSON document inside the text `msg`.

use std::collections::BTreeMap;

use serde_json::json;

use super::codes::{Code, Refusal};

/// Why a single token is refused. The names are the documented ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// Not a token.
    TokenFormatError,
    /// The token's app is not in this project.
    NoRight,
    /// A third-party proxy token.
    TokenPlatformNotSupport,
    /// The app has no right for this push-type.
    NoPushTypeRight,
    /// PLAY_VOICE with another push-type than 2.
    NotSupportPlayVoice,
    /// No right for this live view.
    NoRightToSendThisLiveNotificationEvent,
    /// An atomic service may not send this.
    AtomicUnableSendUnsubscribedMsg,
    /// The app was not created, or only just.
    AppinfoError,
    /// The country is not served.
    CountryNotSupport,
    /// The app is punished.
    DisableSendHuaweiMsgBecauseOfPenalty,
    /// The image was checked for another push-type.
    DifferentImgVerifyPolicy,
}

/// An answer before it is written out.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Coded { code: Code, msg: String },
    FlowControl,
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::Coded { code: refusal.code, msg: refusal.msg }
    }
}

/// Tokens refused one by one, gathered by reason.
#[derive(Default)]
pub(crate) struct Refused<'a> {
    by_reason: BTreeMap<Reason, Vec<&'a str>>,
    count: usize,
}

impl<'a> Refused<'a> {
    pub(crate) fn add(&mut self, reason: Reason, token: &'a str) {
        self.by_reason.entry(reason).or_default().push(token);
        self.count += 1;
    }

    /// The answer when `accepted` tokens passed; `partial` is the code for some but not all.
    pub(crate) fn answer(self, accepted: usize, partial: Code) -> Answer {
        if self.count == 0 {
            return Answer::Coded { code: Code::Success, msg: "Success".to_owned() };
        }
        if accepted == 0 {
            let msg = json!({ "failure": self.count, "illegalTokens": self.by_reason });
            return Answer::Coded { code: Code::AllTokensInvalid, msg: msg.to_string() };
        }
        let msg = json!({ "success": accepted, "failure": self.count, "illegalTokens": self.by_reason });
        Answer::Coded { code: partial, msg: msg.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_tokens_travel_as_json_in_the_text() {
        let refused = |count: usize| {
            let mut refused = Refused::default();
            for token in ["a", "b", "c"].into_iter().take(count) {
                refused.add(if token == "b" { Reason::NoRight } else { Reason::TokenFormatError }, token);
            }
            refused
        };
        let success = Answer::Coded { code: Code::Success, msg: "Success".into() };
        assert_eq!(refused(0).answer(3, Code::PartialSuccess), success);
        let Answer::Coded { code, msg } = refused(3).answer(1, Code::PartialSuccess) else { panic!("coded") };
        assert_eq!(code, Code::PartialSuccess);
        let msg: serde_json::Value = serde_json::from_str(&msg).unwrap();
        let illegal = json!({"tokenFormatError": ["a", "c"], "noRight": ["b"]});
        assert_eq!(msg, json!({"success": 1, "failure": 3, "illegalTokens": illegal}));
        let Answer::Coded { code, msg } = refused(1).answer(0, Code::PartialSuccess) else { panic!("coded") };
        assert_eq!((code, msg.contains("success")), (Code::AllTokensInvalid, false));
    }
}
