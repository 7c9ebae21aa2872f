//! Tests of reading answers: every recorded shape, and what holds whatever the vendor writes.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::fixtures;
use crate::notice::{Category, NoticeKind, Route, StrategyOptions};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    #[serde(rename = "about")]
    _about: String,
    call: String,
    notice: NoticeKind,
    #[serde(default)]
    image: bool,
    #[serde(default)]
    test_message: bool,
    status: u16,
    retry_after_s: Option<u32>,
    /// Text is the raw body; anything else is sent as JSON.
    body: Value,
    tokens: Vec<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    code: String,
    request_id: Option<String>,
    message: String,
    /// `accepted`, `gone`, `retry`, `retry:<seconds>` or `rejected:<blame>`, one per token.
    outcomes: Vec<String>,
    advice: Advice,
    advised: Vec<usize>,
}

fn notice(kind: NoticeKind) -> Notice {
    Notice {
        kind,
        title: "t".into(),
        body: "b".into(),
        payload: None,
        route: Route::Call { call_id: "c".into(), inviter_id: "u".into(), mode: 0 },
        notify_id: 1,
        app_message_id: "m".into(),
        badge: None,
        collapse_key: None,
        expires_at_ms: 1,
        category_hint: Category::Message,
        strategy: StrategyOptions::default(),
    }
}

fn in_short(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "accepted".into(),
        Outcome::TokenGone { .. } => "gone".into(),
        Outcome::RetryLater { after: None, .. } => "retry".into(),
        Outcome::RetryLater { after: Some(after), .. } => format!("retry:{}", after.as_secs()),
        Outcome::Rejected { blame, .. } => format!("rejected:{blame:?}").to_lowercase(),
    }
}

fn reason_of(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Accepted => None,
        Outcome::TokenGone { reason }
        | Outcome::RetryLater { reason, .. }
        | Outcome::Rejected { reason, .. } => Some(reason),
    }
}

#[test]
fn every_recorded_answer_is_read_as_documented() {
    for (name, fixture) in fixtures::all::<Fixture>("answers/harmony") {
        let body = match &fixture.body {
            Value::String(raw) => Bytes::from(raw.clone()),
            json => Bytes::from(json.to_string()),
        };
        let raw = RawAnswer { status: fixture.status, retry_after_s: fixture.retry_after_s, body };
        let tokens: Vec<&str> = fixture.tokens.iter().map(String::as_str).collect();
        let mut notice = notice(fixture.notice);
        notice.strategy.harmony.image = fixture.image.then(|| "https://img.example.com/a.png".into());
        notice.strategy.harmony.test_message = fixture.test_message;
        let answer = match fixture.call.as_str() {
            "send" => interpret(&raw, &notice, &tokens),
            "revoke" => interpret_revoke(&raw, &tokens),
            other => panic!("{name}: no call {other}"),
        };
        let expect = fixture.expect;
        let outcomes: Vec<String> = answer.outcomes.iter().map(in_short).collect();
        assert_eq!(outcomes, expect.outcomes, "{name}");
        assert_eq!((answer.advice, &answer.advised), (expect.advice, &expect.advised), "{name}");
        assert_eq!(
            (answer.code.as_str(), answer.message.as_str()),
            (&*expect.code, &*expect.message),
            "{name}"
        );
        assert_eq!(answer.request_id, expect.request_id, "{name}");
        assert_eq!(
            answer.anything_accepted(),
            expect.outcomes.iter().any(|word| word == "accepted"),
            "{name}"
        );
        for reason in answer.outcomes.iter().filter_map(reason_of) {
            assert!(reason.starts_with(&answer.code) && reason.contains(": "), "{name}: {reason}");
        }
        let stored = serde_json::to_string(&answer).expect("serialises");
        assert_eq!(serde_json::from_str::<Answer>(&stored).expect("reads"), answer, "{name}");
    }
}

#[test]
fn every_code_of_the_table_has_a_fixture() {
    let fixtures = fixtures::all::<Fixture>("answers/harmony");
    for code in 80_000_000u32..=81_000_001 {
        let code = code.to_string();
        if look_up(&code).is_some() {
            assert!(fixtures.iter().any(|(_, fixture)| fixture.expect.code == code), "{code} has no fixture");
        }
    }
}

#[test]
fn a_thousand_refused_tokens_are_read() {
    let tokens: Vec<String> = (0..1000).map(|n| format!("MA{n:0110}")).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let refused = serde_json::json!({"tokenFormatError": &tokens[1..]});
    let list = serde_json::json!({"success": 1, "failure": 999, "illegalTokens": refused});
    let body = serde_json::json!({"code": "80100000", "msg": list.to_string(), "requestId": "1"}).to_string();
    let raw = RawAnswer { status: 200, retry_after_s: None, body: Bytes::from(body) };
    let answer = interpret(&raw, &notice(NoticeKind::Alert), &tokens);
    assert!(answer.outcomes[0].is_accepted());
    assert!(answer.outcomes[1..].iter().all(|outcome| matches!(outcome, Outcome::TokenGone { .. })));
    assert_eq!(answer.message, "tokenFormatError: 999");
}

#[test]
fn a_long_message_is_cut() {
    let body =
        serde_json::json!({"code": "80100003", "msg": "word ".repeat(100_000), "requestId": "1"}).to_string();
    let raw = RawAnswer { status: 400, retry_after_s: None, body: Bytes::from(body) };
    let answer = interpret(&raw, &notice(NoticeKind::Alert), &["MA1"]);
    assert!(answer.message.len() <= MESSAGE_BYTES_MAX && answer.message.ends_with('…'));
}

/// A body such as the vendor might send, with the codes and reasons of the table and others.
fn bodies() -> impl Strategy<Value = String> {
    let codes = prop::sample::select(vec![
        "80000000", "80100000", "80100020", "80300007", "80300010", "80200001", "1",
    ]);
    let reasons = prop::sample::select(vec!["noRight", " tokenFormatError ", "noPushTypeRight", "odd"]);
    let refused = prop::collection::hash_map(reasons, prop::collection::vec("MA[1-5]", 0..4), 0..4);
    let listed = (codes.clone(), refused).prop_map(|(code, refused)| {
        let list = serde_json::json!({"illegalTokens": refused}).to_string();
        serde_json::json!({"code": code, "msg": list, "requestId": "1"}).to_string()
    });
    let worded = (codes, ".{0,80}")
        .prop_map(|(code, msg)| serde_json::json!({"code": code, "msg": msg, "requestId": msg}).to_string());
    prop_oneof![listed, worded, ".{0,80}"]
}

proptest! {
    #[test]
    fn whatever_the_vendor_writes_each_token_has_one_outcome(
        status in 100u16..600, body in bodies(), count in 0usize..6,
        retry_after_s in prop::option::of(0u32..100),
    ) {
        let tokens = &["MA1", "MA2", "MA3", "MA4", "MA5"][..count];
        let raw = RawAnswer { status, retry_after_s, body: Bytes::from(body) };
        let sent = interpret(&raw, &notice(NoticeKind::Call), tokens);
        let revoked = interpret_revoke(&raw, tokens);
        let killed = revoked.outcomes.iter().any(|outcome| in_short(outcome) == "gone");
        prop_assert!(!killed, "a revocation kills no token");
        for answer in [sent, revoked] {
            prop_assert_eq!(answer.outcomes.len(), count);
            prop_assert!(answer.message.len() <= MESSAGE_BYTES_MAX && answer.code.len() <= ID_BYTES_MAX);
            prop_assert!(answer.advised.is_empty() == (answer.advice == Advice::None || count == 0));
            prop_assert!(answer.advised.iter().all(|position| !answer.outcomes[*position].is_accepted()));
            prop_assert!(tokens.iter().all(|token| !answer.message.contains(token)));
            if let Advice::SplitTo(bound) = answer.advice {
                prop_assert!(bound >= 1 && bound < count, "splitting must make progress");
            }
        }
    }
}
