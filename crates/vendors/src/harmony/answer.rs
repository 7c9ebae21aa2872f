//! Reading Push Kit's answers. The code in the body counts; the HTTP status only where there is no known
//! code, because no page of the vendor maps one to the other.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;

use super::request::{TEST_TOKENS_MAX, max_tokens, wanted_push_type};
use super::strategy::HarmonyPushType;
use crate::http::RawAnswer;
use crate::notice::Notice;
use crate::outcome::{Advice, Answer, Blame, Outcome};

/// Longest text of the vendor that is kept, in bytes.
const MESSAGE_BYTES_MAX: usize = 300;
/// Longest code or request ID that is kept, in bytes; the real ones have 8 and about 24 digits.
const ID_BYTES_MAX: usize = 64;
/// Shortest run of token characters that is taken for a token; real tokens have 112.
const TOKEN_RUN_MIN: usize = 64;
/// How much of a text is searched for tokens, in bytes after removal of the long ones.
const SCAN_BYTES_MAX: usize = 2048;
/// How long to wait when the vendor asks for patience without saying how much.
const PATIENCE: Duration = Duration::from_secs(60);

/// The body of every answer. `code` is text; a number is read as well.
#[derive(Deserialize)]
struct Body {
    code: Code,
    #[serde(default)]
    msg: String,
    #[serde(default, rename = "requestId")]
    request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Text(String),
    Number(u64),
}

impl Code {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => clean(text.trim(), &[], ID_BYTES_MAX),
            Self::Number(number) => number.to_string(),
        }
    }
}

/// What `msg` holds, as a JSON document inside the string, when tokens were refused one by one.
#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "illegalTokens")]
    illegal_tokens: HashMap<String, Vec<String>>,
    success: Option<u64>,
    failure: Option<u64>,
}

/// The verdict on a whole request.
enum Verdict {
    Accepted,
    /// Each token has its own reason, or none.
    PerToken,
    Retry(Option<Duration>, &'static str),
    Reject(Blame, &'static str),
}

/// One row of the code table: verdict and advice. `None` for a code that is not documented.
fn look_up(code: &str) -> Option<(Verdict, Advice)> {
    use Advice as A;
    use Blame::{Configuration, Request};
    use Verdict::{Accepted, PerToken, Reject, Retry};
    let row = match code {
        "80000000" => (Accepted, A::None),
        "80100000" | "80100020" | "80300007" => (PerToken, A::None),
        "80100001" => (Reject(Request, "Push Kit found a parameter wrong"), A::None),
        "80100003" => (Reject(Request, "Push Kit found the payload illegal"), A::None),
        "80100004" => (Reject(Request, "Push Kit found the time to live illegal"), A::None),
        "80100022" => (Reject(Request, "the image was not verified by Huawei"), A::DropImage),
        "80200001" => (
            Reject(
                Configuration,
                "Huawei refused the service account: wrong project, wrong key or wrong URL",
            ),
            A::ResignJwt,
        ),
        "80200003" | "80200005" => {
            (Retry(None, "the JWT has expired; if this repeats, this machine's clock is wrong"), A::ResignJwt)
        }
        "80200006" | "80300037" => {
            (Reject(Configuration, "Huawei has barred the app from sending as a penalty"), A::PauseCredential)
        }
        "80300002" => (
            Reject(
                Configuration,
                "no permission to send: Push Kit is not enabled, or the project does not match",
            ),
            A::PauseCredential,
        ),
        "80300008" => (Reject(Request, "Push Kit found the message too long"), A::ShortenBody),
        "80300010" => (Reject(Request, "too many or too few tokens in one request"), A::SplitTo(0)),
        "80300017" => (Reject(Configuration, "the tokens belong to several apps"), A::None),
        "80300028" => (Reject(Configuration, "a token does not belong to this Client ID"), A::None),
        "80300029" => (Retry(Some(PATIENCE), "test messages are sent too fast or too often"), A::None),
        "80300030" => (Reject(Request, "too many tokens for a test message"), A::SplitTo(TEST_TOKENS_MAX)),
        "80300032" => (Reject(Configuration, "no permission to revoke"), A::None),
        "80300036" => (Reject(Configuration, "the JWT is valid for more than a day"), A::ResignJwt),
        "80000001" | "81000001" => (Retry(None, "an error inside Push Kit"), A::None),
        _ => return None,
    };
    Some(row)
}

/// The verdict by HTTP status, for answers without a known code.
fn by_status(status: u16) -> (Verdict, Advice) {
    use Blame::{Configuration, Request};
    use Verdict::{Reject, Retry};
    match status {
        401 => (Reject(Configuration, "Huawei refused the service account"), Advice::ResignJwt),
        403 => (Reject(Configuration, "Huawei forbids the request"), Advice::PauseCredential),
        404 => (
            Reject(Configuration, "there is no such URL: check base_url and project"),
            Advice::PauseCredential,
        ),
        300..=399 => (
            Reject(Configuration, "the address redirects elsewhere: check base_url"),
            Advice::PauseCredential,
        ),
        429 | 503 => (Retry(None, "Push Kit's flow control"), Advice::None),
        408 | 500..=599 => (Retry(None, "Push Kit is in trouble"), Advice::None),
        // Something between us and the vendor answered in its name; the ids make sending again harmless.
        200..=299 => (Retry(None, "the answer could not be read"), Advice::None),
        _ => (Reject(Request, "Push Kit refused the request"), Advice::None),
    }
}

/// What a reason inside `illegalTokens` means for its tokens.
fn by_reason(code: &str, reason: &str, others_accepted: bool) -> (Outcome, Advice) {
    use Blame::{Configuration, Device, Request};
    let gone = |why: &str| Outcome::TokenGone { reason: format!("{code} {reason}: {why}") };
    let rejected = |blame, why: &str| Outcome::Rejected { reason: format!("{code} {reason}: {why}"), blame };
    let outcome = match reason {
        "tokenFormatError" => gone("the token is malformed; the app must register again"),
        "tokenPlatformNotSupport" => {
            gone("the token is from a third-party proxy; the app must register again")
        }
        "noRight" if others_accepted => gone("the token is from another project or an older system"),
        "noRight" => rejected(
            Configuration,
            "the token's app is not in this project; nothing else succeeded, so it is kept",
        ),
        "noPushTypeRight" => rejected(Configuration, "the app has no right to this push type"),
        "appinfoError" => {
            let reason = format!("{code} {reason}: Huawei does not know the app, or not yet");
            Outcome::RetryLater { after: Some(PATIENCE), reason }
        }
        "countryNotSupport" => rejected(Device, "the device is in a country that Push Kit does not serve"),
        "disableSendHuaweiMsgBecauseOfPenalty" => {
            let outcome = rejected(Configuration, "Huawei has barred the app from sending as a penalty");
            return (outcome, Advice::PauseCredential);
        }
        "notSupportPlayVoice" => rejected(Request, "category PLAY_VOICE does not fit the push type"),
        "noRightToSendThisLiveNotificationEvent" => rejected(Configuration, "the app has no live-view right"),
        "atomicUnableSendUnsubscribedMsg" => rejected(Request, "an atomic service may not send this"),
        "differentImgVerifyPolicy" => rejected(Request, "the image was verified for another push type"),
        _ => rejected(Request, "a reason that is not documented; the token is kept"),
    };
    let advice = if reason == "noPushTypeRight" { Advice::FallBackToAlert } else { Advice::None };
    (outcome, advice)
}

pub(super) fn interpret(raw: &RawAnswer, notice: &Notice, tokens: &[&str]) -> Answer {
    let mut answer = read(raw, tokens);
    answer.advice = match answer.advice {
        // Only a call has an alert to fall back to; a silent notice must not become a visible one.
        Advice::FallBackToAlert if wanted_push_type(notice) != HarmonyPushType::Call => Advice::None,
        Advice::DropImage if notice.strategy.harmony.image.is_none() => Advice::None,
        Advice::SplitTo(0) => split(&answer.message, tokens.len(), max_tokens(notice)),
        Advice::SplitTo(n) if n >= tokens.len() => Advice::None,
        advice => advice,
    };
    tidy(answer)
}

pub(super) fn interpret_revoke(raw: &RawAnswer, tokens: &[&str]) -> Answer {
    let mut answer = read(raw, tokens);
    for outcome in &mut answer.outcomes {
        if let Outcome::TokenGone { reason } = outcome {
            *outcome = Outcome::Rejected { reason: std::mem::take(reason), blame: Blame::Device };
        }
    }
    answer.advice = match answer.advice {
        Advice::SplitTo(0) => split(&answer.message, tokens.len(), super::TOKENS_MAX),
        Advice::SplitTo(n) if n >= tokens.len() => Advice::None,
        Advice::FallBackToAlert | Advice::ShortenBody | Advice::DropImage => Advice::None,
        advice => advice,
    };
    tidy(answer)
}

fn tidy(mut answer: Answer) -> Answer {
    if answer.advice == Advice::None {
        answer.advised.clear();
    }
    answer
}

fn read(raw: &RawAnswer, tokens: &[&str]) -> Answer {
    // An empty code is none.
    let body = serde_json::from_slice::<Body>(&raw.body).ok();
    let Some((code, body)) = body.map(|body| (body.code.text(), body)).filter(|(code, _)| !code.is_empty())
    else {
        let code = format!("HTTP {}", raw.status);
        let message = format!("no readable answer, {} bytes", raw.body.len());
        return whole(by_status(raw.status), None, code, message, raw, tokens);
    };
    let request_id = body.request_id.map(|id| clean(&id, tokens, ID_BYTES_MAX)).filter(|id| !id.is_empty());
    match look_up(&code) {
        Some((Verdict::PerToken, _)) => per_token(&code, &body.msg, request_id, tokens),
        Some(verdict) => {
            whole(verdict, request_id, code, clean(&body.msg, tokens, MESSAGE_BYTES_MAX), raw, tokens)
        }
        None => {
            let message = clean(&body.msg, tokens, MESSAGE_BYTES_MAX);
            let verdict = match raw.status {
                // It was read well; only the code is new to us.
                200..=299 => (Verdict::Reject(Blame::Request, "a code that is not documented"), Advice::None),
                status => by_status(status),
            };
            whole(verdict, request_id, code, message, raw, tokens)
        }
    }
}

/// The same verdict for every token.
fn whole(
    (verdict, advice): (Verdict, Advice),
    request_id: Option<String>,
    code: String,
    message: String,
    raw: &RawAnswer,
    tokens: &[&str],
) -> Answer {
    let asked = raw.retry_after_s.map(|seconds| Duration::from_secs(seconds.into()));
    let outcome = match verdict {
        Verdict::Accepted => Outcome::Accepted,
        Verdict::Retry(after, why) => {
            Outcome::RetryLater { after: asked.max(after), reason: format!("{code}: {why}") }
        }
        Verdict::Reject(blame, why) => Outcome::Rejected { reason: format!("{code}: {why}"), blame },
        Verdict::PerToken => unreachable!("read() gives these to per_token()"),
    };
    let outcomes = vec![outcome; tokens.len()];
    Answer { request_id, code, message, outcomes, advice, advised: (0..tokens.len()).collect() }
}

/// 80100000, 80100020 and 80300007: each refused token stands under its reason, in a JSON text inside `msg`.
fn per_token(code: &str, msg: &str, request_id: Option<String>, tokens: &[&str]) -> Answer {
    let some_accepted = code != "80300007";
    let Ok(refused) = serde_json::from_str::<Refused>(msg) else {
        return unnamed(code, msg, request_id, tokens);
    };
    let verdicts = Verdicts::of(&refused, some_accepted, tokens);
    let mut advice = Advice::None;
    let mut advised = Vec::new();
    let mut outcomes = Vec::with_capacity(tokens.len());
    for (position, token) in tokens.iter().enumerate() {
        let (outcome, advised_here) = match verdicts.reasons.get(token) {
            Some(reason) => by_reason(code, reason, verdicts.others_accepted),
            None if !some_accepted => (not_named(code), Advice::None),
            None if verdicts.list_complete => (Outcome::Accepted, Advice::None),
            None => not_known(code, tokens.len()),
        };
        if rank(advised_here) > rank(advice) {
            advice = advised_here;
            advised.clear();
        }
        if advised_here == advice && advice != Advice::None {
            advised.push(position);
        }
        outcomes.push(outcome);
    }
    let message = summary(&refused, &verdicts, &outcomes);
    Answer { request_id, code: code.to_owned(), message, outcomes, advice, advised }
}

/// The vendor's list, turned round: from token to reason.
struct Verdicts<'a> {
    reasons: HashMap<&'a str, Rc<str>>,
    /// Each reason and how many tokens stand under it, in the order of the names.
    counts: BTreeMap<Rc<str>, usize>,
    /// Whether the list names as many tokens as the vendor says it refused. If not, those it does not name
    /// may be accepted or not.
    list_complete: bool,
    others_accepted: bool,
}

impl<'a> Verdicts<'a> {
    fn of(refused: &'a Refused, some_accepted: bool, tokens: &[&str]) -> Self {
        let mut reasons: HashMap<&str, Rc<str>> = HashMap::new();
        let mut counts = BTreeMap::new();
        for (reason, named) in &refused.illegal_tokens {
            let reason: Rc<str> = clean(reason.trim(), tokens, ID_BYTES_MAX).into();
            reasons.extend(named.iter().map(|token| (token.trim(), Rc::clone(&reason))));
            *counts.entry(reason).or_default() += named.len();
        }
        let named = tokens.iter().filter(|token| reasons.contains_key(**token)).count();
        let list_complete = refused.failure.is_none_or(|failure| failure <= named as u64);
        let others_accepted = some_accepted && list_complete && named < tokens.len();
        Self { reasons, counts, list_complete, others_accepted }
    }
}

/// A penalty outweighs a missing right, which outweighs not knowing.
fn rank(advice: Advice) -> u8 {
    match advice {
        Advice::PauseCredential => 3,
        Advice::FallBackToAlert => 2,
        Advice::SplitTo(_) => 1,
        _ => 0,
    }
}

fn not_named(code: &str) -> Outcome {
    let reason = format!("{code}: all tokens were refused, without a reason for this one; it is kept");
    Outcome::Rejected { reason, blame: Blame::Device }
}

/// It is not known whether this token is among the refused. Smaller requests find out; the ids make sending
/// again harmless. A single token that was refused in part was not accepted.
fn not_known(code: &str, tokens: usize) -> (Outcome, Advice) {
    if tokens < 2 {
        return (not_named(code), Advice::None);
    }
    let reason = format!("{code}: some tokens were refused, and the list does not say which");
    (Outcome::RetryLater { after: None, reason }, Advice::SplitTo(tokens.div_ceil(2)))
}

/// Tokens were refused, but the list of them is missing or unreadable. No token dies of that.
fn unnamed(code: &str, msg: &str, request_id: Option<String>, tokens: &[&str]) -> Answer {
    let (outcome, advice) = match code {
        "80300007" => (not_named(code), Advice::None),
        _ => not_known(code, tokens.len()),
    };
    Answer {
        request_id,
        code: code.to_owned(),
        message: clean(msg, tokens, MESSAGE_BYTES_MAX),
        outcomes: vec![outcome; tokens.len()],
        advice,
        advised: (0..tokens.len()).collect(),
    }
}

/// The vendor's list in words, without tokens: reasons with counts, and a remark where its counts disagree.
fn summary(refused: &Refused, verdicts: &Verdicts, outcomes: &[Outcome]) -> String {
    let mut parts: Vec<String> =
        verdicts.counts.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
    let accepted = outcomes.iter().filter(|outcome| outcome.is_accepted()).count() as u64;
    let not_accepted = outcomes.len() as u64 - accepted;
    let success_differs = refused.success.is_some_and(|success| success != accepted);
    let failure_differs = refused.failure.is_some_and(|failure| failure != not_accepted);
    if success_differs || failure_differs {
        let number = |count: Option<u64>| count.map_or_else(|| "?".into(), |count| count.to_string());
        parts.push(format!(
            "the vendor counts {} accepted and {} refused, which does not fit its list",
            number(refused.success),
            number(refused.failure)
        ));
    }
    clean(&parts.join(", "), &[], MESSAGE_BYTES_MAX)
}

/// Reads the upper bound out of "token count should within {0} and {1}"; half of the tokens if there is none.
fn split(message: &str, sent: usize, max: usize) -> Advice {
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<usize>().ok());
    let bound = numbers.max().filter(|bound| (1..sent).contains(bound)).unwrap_or(sent / 2).min(max);
    if bound == 0 { Advice::None } else { Advice::SplitTo(bound) }
}

/// The vendor's words without tokens or control characters, at most `bytes_max` long.
fn clean(text: &str, tokens: &[&str], bytes_max: usize) -> String {
    let mut cleaned = without_long_words(text);
    for token in tokens.iter().filter(|token| !token.is_empty()) {
        if cleaned.contains(token) {
            cleaned = cleaned.replace(token, "…");
        }
    }
    crate::shorten::cut_to(&cleaned, bytes_max).into_owned()
}

/// Replaces what may be a token by an ellipsis and control characters by blanks; stops after
/// [`SCAN_BYTES_MAX`].
fn without_long_words(text: &str) -> String {
    let is_token_char = |c: char| c.is_ascii_alphanumeric() || "-_+/=:.".contains(c);
    let mut cleaned = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next().filter(|_| cleaned.len() < SCAN_BYTES_MAX) {
        let run = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let taken = if run == 0 { first.len_utf8() } else { run };
        match run {
            0 if first.is_control() => cleaned.push(' '),
            TOKEN_RUN_MIN.. => cleaned.push('…'),
            _ => cleaned.push_str(&rest[..taken]),
        }
        rest = &rest[taken..];
    }
    cleaned
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
