//! Tests of send requests: golden fixtures for each push type, size limit, what is never cut.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::test_keys::credential;
use super::*;
use crate::fixtures;
use crate::notice::StrategyOptions;

const NOW_MS: u64 = 1_764_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    #[serde(rename = "about")]
    _about: String,
    options: Value,
    now_ms: u64,
    tokens: Vec<String>,
    notice: Notice,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expect {
    Request { url: String, push_type: String, body: Value },
    Error { error: String },
}

#[test]
fn requests_equal_the_golden_fixtures() {
    for (name, fixture) in fixtures::all::<Fixture>("requests/harmony") {
        let credential = credential(&fixture.options);
        let tokens: Vec<&str> = fixture.tokens.iter().map(String::as_str).collect();
        let prepared = prepare(&credential, &fixture.notice, &tokens, "a.b.c", fixture.now_ms);
        match (prepared, fixture.expect) {
            (Ok(request), Expect::Request { url, push_type, body }) => {
                assert_eq!((request.method.as_str(), &request.url), ("POST", &url), "{name}");
                assert_eq!(request.header("push-type"), Some(push_type.as_str()), "{name}");
                assert_eq!(request.header("content-type"), Some("application/json"), "{name}");
                assert_eq!(request.header("authorization"), Some("Bearer a.b.c"), "{name}");
                let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
                assert_eq!(sent, body, "{name}:\n{}", String::from_utf8_lossy(&request.body));
            }
            (Err(error), Expect::Error { error: expected }) => {
                assert_eq!(error.to_string(), expected, "{name}")
            }
            (prepared, _) => panic!("{name}: {prepared:?}"),
        }
    }
}

#[test]
fn a_stored_notice_reads_back() {
    for (name, fixture) in fixtures::all::<Fixture>("requests/harmony") {
        let stored = serde_json::to_string(&fixture.notice).expect("serialises");
        assert_eq!(serde_json::from_str::<Notice>(&stored).expect("reads"), fixture.notice, "{name}");
    }
}

fn notice(kind: NoticeKind, title: &str, body: &str, payload: Option<String>) -> Notice {
    Notice {
        kind,
        title: title.into(),
        body: body.into(),
        payload,
        route: Route::Conversation {
            conversation_id: "u1".into(),
            conversation_type: 0,
            sender_id: "u1".into(),
            message_id: "7".into(),
        },
        notify_id: 7,
        app_message_id: "m-7".into(),
        badge: None,
        collapse_key: None,
        expires_at_ms: NOW_MS + 86_400_000,
        category_hint: Category::Message,
        strategy: StrategyOptions::default(),
    }
}

/// The size as Push Kit counts it: the body with the tokens taken out.
fn size_without_tokens(request: &VendorRequest) -> usize {
    let tokens: Value =
        serde_json::from_slice::<Value>(&request.body).expect("JSON")["target"]["token"].clone();
    request.body.len() - (tokens.to_string().len() - "[]".len())
}

fn title_and_body(request: &VendorRequest) -> (String, String) {
    let value: Value = serde_json::from_slice(&request.body).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    match value["payload"]["extraData"].as_str() {
        Some(extra) => {
            let extra: Value = serde_json::from_str(extra).expect("JSON in a string");
            (text(&extra["title"]), text(&extra["content"]))
        }
        None => {
            let notification = &value["payload"]["notification"];
            (text(&notification["title"]), text(&notification["body"]))
        }
    }
}

#[test]
fn tokens_do_not_count_and_a_thousand_fit() {
    let credential = credential(&json!({}));
    let notice = notice(NoticeKind::Alert, "title", &"好".repeat(4000), None);
    let token = "M".repeat(112);
    let tokens = vec![token.as_str(); TOKENS_MAX];
    let request = prepare(&credential, &notice, &tokens, "b", NOW_MS).expect("prepares");
    assert!(request.body.len() > 112_000);
    let size = size_without_tokens(&request);
    assert!((BODY_BYTES_MAX - 3..=BODY_BYTES_MAX).contains(&size), "{size}: no more is cut than must be");
    assert!(title_and_body(&request).1.ends_with("好…"));
    let one_too_many = vec![token.as_str(); TOKENS_MAX + 1];
    let refused = prepare(&credential, &notice, &one_too_many, "b", NOW_MS).expect_err("too many");
    assert_eq!(refused, PrepareError::TokenCount { count: 1001, max: 1000 });
}

#[test]
fn the_payload_is_never_cut() {
    let credential = credential(&json!({}));
    let payload = "p".repeat(3000);
    let long = notice(NoticeKind::Alert, &"t".repeat(1500), &"b".repeat(1500), Some(payload.clone()));
    let request = prepare(&credential, &long, &["MA"], "b", NOW_MS).expect("prepares");
    let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(sent["payload"]["notification"]["clickAction"]["data"]["payload"], payload.as_str());
    let (title, body) = title_and_body(&request);
    assert!(body == "…" && title.ends_with("t…"), "{title} {body}");

    let hopeless = notice(NoticeKind::Alert, "title", "body", Some("p".repeat(BODY_BYTES_MAX)));
    let refused = prepare(&credential, &hopeless, &["MA"], "b", NOW_MS).expect_err("too large");
    let PrepareError::TooLarge { bytes, limit } = refused else { panic!("{refused}") };
    assert!(bytes > limit && limit == BODY_BYTES_MAX);
    assert!(refused.to_string().contains("send a shorter payload"));
}

#[test]
fn a_forced_short_body_is_short() {
    let short = notice(NoticeKind::Alert, "title", &"长".repeat(500), None).with_short_body();
    assert_eq!((short.title.as_str(), short.body.len() <= 96), ("title", true));
    assert!(short.body.ends_with("长…"));
}

#[test]
fn the_request_prints_neither_bearer_nor_text_nor_tokens() {
    let notice = notice(NoticeKind::Alert, "dinner?", "at eight", None);
    let request =
        prepare(&credential(&json!({})), &notice, &["MAsecret"], "a.b.c", NOW_MS).expect("prepares");
    let printed = format!("{request:?}");
    for secret in ["a.b.c", "dinner", "eight", "MAsecret"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_written_fits_and_keeps_its_characters(
        kind in prop_oneof![Just(NoticeKind::Alert), Just(NoticeKind::Silent), Just(NoticeKind::Call)],
        title in ".{0,600}", body in ".{0,2000}", payload in ".{0,300}",
    ) {
        let notice = notice(kind, &title, &body, Some(payload));
        let request = prepare(&credential(&json!({})), &notice, &["MA1", "MA2"], "b", NOW_MS);
        match request {
            Ok(request) => {
                prop_assert!(size_without_tokens(&request) <= BODY_BYTES_MAX);
                let (sent_title, sent_body) = title_and_body(&request);
                for (sent, whole) in [(sent_title, title), (sent_body, body)] {
                    let kept = sent.strip_suffix('…').unwrap_or(&sent);
                    prop_assert!(sent == whole || whole.starts_with(kept));
                }
            }
            Err(PrepareError::TooLarge { bytes, limit }) => prop_assert!(bytes > limit),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
