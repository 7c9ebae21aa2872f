//! Whatever a vendor writes, in an answer or a receipt, is read without a panic: one outcome a token, bounded
//! texts, no token in what is kept or shown. Also what operators write: credentials and strategies.

// A test's unwrap is its assertion; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../wire/tests/mutate/mod.rs"]
mod mutate;

use hongyan_vendors::{
    Advice, Answer, Category, HarmonyCredential, Notice, NoticeKind, Outcome, RawAnswer, Route,
    StrategyOptions, Vendor, VendorKind,
    harmony::receipt::{self, BATCH_LEN_MAX, ReceiptError},
    vendor,
};
use mutate::{bytes_like, config, documents, files, json_like};
use proptest::prelude::*;
use serde_json::{Value, json};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
/// As the fixtures name them, and one that is long enough to be taken for a real one.
const TOKENS: [&str; 4] = [
    "MAone",
    "MAtwo",
    "MAthree",
    "MAMzLgIkEQAAAAAAAAAAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0BB",
];

fn harmony() -> &'static dyn Vendor {
    vendor(VendorKind::Harmony)
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

/// Bodies of the recorded answers, and what was kept.
fn answers() -> Vec<Vec<u8>> {
    let mut seeds = files(CRATE, "fuzz-corpus/answers");
    for fixture in documents(&files(CRATE, "fixtures/answers/harmony")) {
        seeds.push(match &fixture["body"] {
            Value::String(text) => text.clone().into_bytes(),
            body => body.to_string().into_bytes(),
        });
    }
    seeds
}

fn receipts() -> Vec<Vec<u8>> {
    let mut seeds = files(CRATE, "fuzz-corpus/receipts");
    seeds.extend(files(CRATE, "fixtures/receipts/harmony"));
    seeds
}

fn check_answer(status: u16, body: &[u8], count: usize) {
    let tokens = &TOKENS[..count];
    let raw = RawAnswer { status, retry_after_s: None, body: body.to_vec().into() };
    for kind in [NoticeKind::Alert, NoticeKind::Call] {
        check_read(&harmony().interpret(&raw, &notice(kind), tokens), tokens);
    }
    let revoked = harmony().interpret_revoke(&raw, tokens);
    assert!(!revoked.outcomes.iter().any(|outcome| matches!(outcome, Outcome::TokenGone { .. })));
    check_read(&revoked, tokens);
}

fn check_read(answer: &Answer, tokens: &[&str]) {
    assert_eq!(answer.outcomes.len(), tokens.len());
    assert!(answer.message.len() <= 300, "{}", answer.message);
    assert!(!answer.code.is_empty() && answer.code.len() <= 64, "{}", answer.code);
    assert!(answer.request_id.as_ref().is_none_or(|id| id.len() <= 64));
    assert!(tokens.iter().all(|token| !answer.message.contains(token)), "{}", answer.message);
    assert!(answer.advised.iter().all(|position| *position < tokens.len()));
    if let Advice::SplitTo(most) = answer.advice {
        assert!(most >= 1 && most < tokens.len(), "splitting must make progress");
    }
}

fn check_receipts(body: &[u8]) {
    match receipt::parse(body) {
        Ok(batch) => {
            assert!(batch.receipts.len() + batch.unreadable <= BATCH_LEN_MAX);
            let shown = format!("{batch:?}");
            for one in &batch.receipts {
                assert!(!one.meaning().en.is_empty());
                // A short "token" may stand in another field as well.
                assert!(one.token.expose().len() < 60 || !shown.contains(one.token.expose()), "{shown}");
            }
        }
        Err(ReceiptError::TooMany { count }) => assert!(count > BATCH_LEN_MAX),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

#[test]
fn what_was_kept_holds() {
    for body in answers() {
        for status in [200, 400, 401, 503] {
            (0..=TOKENS.len()).for_each(|count| check_answer(status, &body, count));
        }
    }
    receipts().iter().for_each(|body| check_receipts(body));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_answers_give_each_token_one_outcome(
        status in prop_oneof![Just(200u16), 100u16..600],
        body in prop_oneof![
            bytes_like(answers()),
            json_like(documents(&answers())).prop_map(String::into_bytes),
        ],
        count in 0..=TOKENS.len(),
    ) {
        check_answer(status, &body, count);
    }

    #[test]
    fn a_changed_list_of_refused_tokens_gives_each_token_one_outcome(
        list in json_like(vec![
            json!({"success": 1, "failure": 1, "illegalTokens": {"noRight": ["MAone"], "appinfoError": ["MAtwo"]}}),
            json!({"illegalTokens": {"tokenFormatError": TOKENS}}),
        ]),
        count in 0..=TOKENS.len(),
    ) {
        let body = json!({"code": "80100000", "msg": list, "requestId": "1"}).to_string();
        check_answer(200, body.as_bytes(), count);
    }

    #[test]
    fn changed_receipts_are_read_or_refused(
        body in prop_oneof![
            bytes_like(receipts()),
            json_like(documents(&receipts())).prop_map(String::into_bytes),
        ],
    ) {
        check_receipts(&body);
    }

    #[test]
    fn what_operators_write_is_taken_or_refused_with_a_sentence(
        text in json_like(vec![
            json!({"harmony": {"push_type": 0, "category": "IM", "click_type": 1, "uri": "app://chat"}}),
            json!({"project_id": "1", "key_id": "k", "private_key": "x", "sub_account": "2",
                   "auth_uri": "a", "token_uri": "t", "auth_provider_cert_uri": "p", "client_cert_uri": "c"}),
        ]),
    ) {
        if let Ok(options) = serde_json::from_str::<StrategyOptions>(&text)
            && let Err(error) = options.validate()
        {
            prop_assert!(!error.to_string().is_empty());
        }
        if let Err(error) = HarmonyCredential::parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
