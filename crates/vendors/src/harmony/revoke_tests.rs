//! Tests of revocation requests.

use serde_json::{Value, json};

use super::super::test_keys::credential;
use super::*;
use crate::fixtures;

fn notice(name: &str) -> Notice {
    let fixtures = fixtures::all::<Value>("requests/harmony");
    let (_, fixture) = fixtures.into_iter().find(|(known, _)| known == name).expect("a fixture of that name");
    serde_json::from_value(fixture["notice"].clone()).expect("a notice")
}

#[test]
fn only_what_is_shown_can_be_taken_back() {
    let plain = credential(&json!({}));
    let no_calls = credential(&json!({"rights": {"call": false}}));
    let shown = Some(Revocation { notify_id: 1_234_567, push_type: 0 });
    let table = [
        (&plain, "alert_peer_message", shown),
        (&plain, "alert_call_invite", shown),
        (&plain, "silent_by_kind", None),
        (&plain, "call_by_strategy", None),
        (&no_calls, "call_by_strategy", shown),
        (&plain, "badge_only", None),
    ];
    for (credential, name, expected) in table {
        assert_eq!(revocation(credential, &notice(name)), expected, "{name}");
    }
}

#[test]
fn goes_to_the_v1_path_of_the_client() {
    let credential = credential(&json!({"client_id": "6917-x"}));
    let revocation = Revocation { notify_id: 0, push_type: 0 };
    let request = prepare(&credential, &revocation, &["MA1", "MA2"], "a.b.c").expect("prepares");
    assert_eq!(request.url, "https://push-api.cloud.huawei.com/v1/6917-x/messages:revoke");
    assert_eq!(
        (request.header("push-type"), request.header("authorization")),
        (Some("0"), Some("Bearer a.b.c"))
    );
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(body, json!({"notifyId": 0, "token": ["MA1", "MA2"]}));
}

#[test]
fn says_why_it_cannot() {
    let with_id = credential(&json!({"client_id": "1"}));
    let without_id = credential(&json!({}));
    let of = |notify_id, push_type| Revocation { notify_id, push_type };
    let many = vec!["MA"; TOKENS_MAX + 1];
    let table: [(&HarmonyCredential, Revocation, &[&str], &str); 5] = [
        (&without_id, of(1, 0), &["MA"], "set client_id"),
        (&with_id, of(1, 6), &["MA"], "revokes notifications only"),
        (&with_id, of(u32::MAX, 0), &["MA"], "notify_id is not usable"),
        (&with_id, of(1, 0), &[], "0 tokens in one request"),
        (&with_id, of(1, 0), &many, "1001 tokens in one request"),
    ];
    for (credential, revocation, tokens, expected) in table {
        let error = prepare(credential, &revocation, tokens, "b").expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
