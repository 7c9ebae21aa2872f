//! Tests of the JWT: a foreign library accepts it, it is reused, re-signed and invalidated as documented.

use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::encoding::PublicKeyX509Der;
use aws_lc_rs::signature::KeyPair as _;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::test_keys::credential;
use super::*;

const NOW_MS: u64 = 1_764_000_000_000;

/// Verifies with jsonwebtoken, which shares no code with our signer but the cryptography below it.
fn verified(credential: &HarmonyCredential, bearer: &Secret) -> (jsonwebtoken::Header, Value) {
    let der: PublicKeyX509Der = credential.key().public_key().as_der().expect("encodes");
    let base64 = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let key = DecodingKey::from_rsa_pem(pem.as_bytes()).expect("a public key");
    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&["100000001"]);
    validation.validate_exp = false;
    let token = decode::<Value>(bearer.expose(), &key, &validation).expect("a valid JWT");
    (token.header, token.claims)
}

#[tokio::test]
async fn a_foreign_library_accepts_the_jwt() {
    let credential = credential(&json!({}));
    let bearer = BearerCache::new(&credential).bearer(NOW_MS).await.expect("signs");
    let (header, claims) = verified(&credential, &bearer);
    assert_eq!((header.kid.as_deref(), header.typ.as_deref()), (Some("key-1"), Some("JWT")));
    let issued_at = NOW_MS / 1000 - 10;
    let expected = json!({"iss": "100000001", "aud": AUDIENCE, "iat": issued_at, "exp": issued_at + 3600});
    assert_eq!(claims, expected);
    assert!(!bearer.expose().contains('='), "base64url without padding");
}

#[tokio::test]
async fn is_reused_for_fifty_minutes_and_never_across_a_clock_set_back() {
    let cache = BearerCache::new(&credential(&json!({})));
    let first = cache.bearer(NOW_MS).await.expect("signs");
    assert_eq!(cache.bearer(NOW_MS + 2_999_999).await.expect("signs"), first);
    let second = cache.bearer(NOW_MS + 3_000_000).await.expect("signs");
    assert_ne!(second, first);
    let earlier = cache.bearer(NOW_MS).await.expect("signs");
    assert_ne!(earlier, second, "iat would lie in the future");
}

#[tokio::test]
async fn invalidation_spares_a_newer_jwt() {
    let cache = BearerCache::new(&credential(&json!({})));
    let first = cache.bearer(NOW_MS).await.expect("signs");
    cache.invalidate_if(&first);
    let second = cache.bearer(NOW_MS).await.expect("signs");
    assert_ne!(second, first, "PSS is salted, so a new signature differs");
    cache.invalidate_if(&first);
    assert_eq!(cache.bearer(NOW_MS).await.expect("signs"), second, "a late refusal of the first is no news");
    cache.invalidate();
    assert_ne!(cache.bearer(NOW_MS).await.expect("signs"), second);
}

#[tokio::test]
async fn many_waiting_requests_share_one_signature() {
    let cache = Arc::new(BearerCache::new(&credential(&json!({}))));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let cache = Arc::clone(&cache);
        tasks.spawn(async move { cache.bearer(NOW_MS).await.expect("signs").expose().to_owned() });
    }
    let mut bearers = tasks.join_all().await;
    bearers.dedup();
    assert_eq!(bearers.len(), 1);
}

#[test]
fn prints_no_token() {
    let cache = BearerCache::new(&credential(&json!({})));
    let signed = sign(&cache.credential, NOW_MS / 1000).expect("signs");
    *cache.lock() = Some(Kept { bearer: signed.clone(), signed_at_s: NOW_MS / 1000 });
    assert!(!format!("{cache:?}").contains(signed.expose()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_time_gives_a_jwt_that_lives_an_hour(now_s in 0u64..=4_000_000_000) {
        let credential = credential(&json!({}));
        let (_, claims) = verified(&credential, &sign(&credential, now_s).expect("signs"));
        let (iat, exp) = (claims["iat"].as_u64().expect("iat"), claims["exp"].as_u64().expect("exp"));
        prop_assert!(iat <= now_s && now_s - iat <= 10 && exp == iat + LIFETIME_S);
    }
}
