//! Tests of receipts: batches, callback signatures, results.

use super::*;

const BATCH: &str = include_str!("../../fixtures/receipts/harmony/batch.json");

#[test]
fn reads_a_batch_and_skips_what_is_unreadable() {
    let batch = parse(BATCH.as_bytes()).expect("reads");
    assert_eq!(batch.unreadable, 2, "no token; no status");
    let verdicts: Vec<_> = batch.receipts.iter().map(Receipt::verdict).collect();
    use ReceiptVerdict::{Delivered, Suspended, TokenGone};
    assert_eq!(verdicts, [Delivered, TokenGone, Suspended]);
    let first = &batch.receipts[0];
    assert_eq!(
        (first.token.expose(), first.push_type, first.package.as_str()),
        ("MAone", 0, "com.example.chat")
    );
    assert_eq!((first.bi_tag.as_deref(), first.at_ms), (Some("m-1"), Some(1_764_000_000_123)));
    assert_eq!(batch.receipts[1].bi_tag, None, "an empty tag is no tag");
    assert!(!format!("{batch:?}").contains("MAone"), "tokens do not print");
}

#[test]
fn refuses_what_is_no_batch() {
    assert_eq!(parse(b"[]"), Err(ReceiptError::Unreadable));
    assert_eq!(parse(b"{\"statuses\":{}}"), Err(ReceiptError::Unreadable));
    let many = format!("{{\"statuses\":[{}]}}", vec!["{}"; 101].join(","));
    assert_eq!(parse(many.as_bytes()), Err(ReceiptError::TooMany { count: 101 }));
    let big = vec![b' '; BATCH_BYTES_MAX + 1];
    assert_eq!(parse(&big), Err(ReceiptError::TooLarge { bytes: BATCH_BYTES_MAX + 1 }));
    assert_eq!(parse(b"{\"statuses\":[]}"), Ok(ReceiptBatch { receipts: vec![], unreadable: 0 }));
}

#[test]
fn every_documented_result_has_a_verdict_and_a_sentence() {
    let documented = [
        0, 2, 5, 6, 10, 14, 15, 22, 27, 31, 51, 102, 144, 151, 155, 156, 158, 188, 191, 256, 259, 261, 262,
        264, 265, 268, 269,
    ];
    for result in documented {
        let found = meaning(result);
        assert_ne!(found.verdict, ReceiptVerdict::Unknown, "{result}");
        assert_ne!(found.en, meaning(999).en, "{result}");
        assert!(found.en.ends_with('.') && found.en.is_ascii(), "{result}");
        assert!(found.zh.ends_with('。'), "{result}");
    }
    assert_eq!(ReceiptVerdict::of(999), ReceiptVerdict::Unknown);
    let table = [
        (0, Some(true), None),
        (5, Some(false), Some(false)),
        (6, Some(true), Some(false)),
        (31, Some(true), Some(true)),
        (256, Some(false), Some(false)),
        (999, None, None),
    ];
    for (result, arrived, shown) in table {
        assert_eq!((meaning(result).arrived, meaning(result).shown), (arrived, shown), "{result}");
    }
}

#[test]
fn a_verdict_is_named_as_it_is_serialised() {
    for verdict in ReceiptVerdict::ALL {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
    }
}

/// What a header that is believed says, with this key.
fn believed(key: CallbackKey) -> Result<Callback, CallbackError> {
    Ok(Callback { key, signed_at_ms: 1_764_000_000_123 })
}

/// A header as the vendor would write it, with `key` and the given text between the parts.
fn header(key: &[u8], between: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let value = STANDARD.encode(hmac::sign(&key, b"1764000000123c0ffee-noncehongyan"));
    format!("timestamp=1764000000123;{between}nonce=c0ffee-nonce;{between}value={value}")
}

#[test]
fn believes_both_forms_of_the_key_and_both_spellings_of_the_header() {
    let secret = Secret::new("c2VjcmV0LWtleS1ieXRlcw==");
    for between in ["", " "] {
        let decoded = header(b"secret-key-bytes", between);
        assert_eq!(verify_callback(Some(&decoded), "hongyan", &secret), believed(CallbackKey::Decoded));
        let raw = header(secret.expose().as_bytes(), between);
        assert_eq!(verify_callback(Some(&raw), "hongyan", &secret), believed(CallbackKey::Raw));
    }
    let plain = Secret::new("not base64 at all!");
    let raw = header(plain.expose().as_bytes(), " ");
    assert_eq!(verify_callback(Some(&raw), "hongyan", &plain), believed(CallbackKey::Raw));
}

#[test]
fn a_timestamp_in_seconds_is_understood() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"plain!");
    let value = STANDARD.encode(hmac::sign(&key, b"1764000000n1hongyan"));
    let header = format!("timestamp=1764000000; nonce=n1; value={value}");
    let callback = verify_callback(Some(&header), "hongyan", &Secret::new("plain!")).unwrap();
    assert_eq!(callback.signed_at_ms, 1_764_000_000_000);
    let no_time = format!("timestamp=soon; nonce=n1; value={value}");
    let refused = verify_callback(Some(&no_time), "hongyan", &Secret::new("plain!"));
    assert_eq!(refused, Err(CallbackError::Malformed));
}

#[test]
fn refuses_what_is_not_signed_with_the_secret() {
    let secret = Secret::new("c2VjcmV0LWtleS1ieXRlcw==");
    let good = header(b"secret-key-bytes", "");
    assert_eq!(verify_callback(None, "hongyan", &secret), Err(CallbackError::Missing));
    assert_eq!(verify_callback(Some("value=x"), "hongyan", &secret), Err(CallbackError::Malformed));
    let no_base64 = "timestamp=1;nonce=2;value=%%%";
    assert_eq!(verify_callback(Some(no_base64), "hongyan", &secret), Err(CallbackError::Malformed));
    assert_eq!(verify_callback(Some(&good), "someone", &secret), Err(CallbackError::Mismatch));
    let later = good.replace("1764000000123", "1764000000124");
    assert_eq!(verify_callback(Some(&later), "hongyan", &secret), Err(CallbackError::Mismatch));
    let other = Secret::new("b3RoZXI=");
    assert_eq!(verify_callback(Some(&good), "hongyan", &other), Err(CallbackError::Mismatch));
    let empty_key = header(b"", "");
    assert_eq!(verify_callback(Some(&empty_key), "hongyan", &Secret::new("")), Err(CallbackError::Mismatch));
}
