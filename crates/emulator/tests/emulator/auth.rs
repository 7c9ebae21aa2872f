//! The JWT, accepted and refused in each way.

use axum::body::Body;
use axum::http::Request;
use hongyan_emulator::{KeyBits, ProjectSpec};
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::harness::{Bench, PROJECT, alert};

impl Bench {
    async fn with_jwt(&self, jwt: &str) -> (u16, String, String) {
        self.with_authorization(Some(&format!("Bearer {jwt}")), PROJECT).await
    }

    async fn with_authorization(&self, value: Option<&str>, project: &str) -> (u16, String, String) {
        let mut headers = vec![("push-type", "0".to_owned())];
        headers.extend(value.map(|value| ("authorization", value.to_owned())));
        let body = alert(&[&self.token], "t", json!({}));
        let reply = self.post(&format!("/v3/{project}/messages:send"), &headers, &body).await;
        (reply.status, reply.code(), reply.msg())
    }
}

#[tokio::test]
async fn a_documented_jwt_is_accepted_and_reusable_until_it_expires() {
    let bench = Bench::new().await;
    let jwt = bench.sign(&bench.header(), &bench.claims());
    for _ in 0..3 {
        let reply = bench.with_jwt(&jwt).await;
        assert_eq!((reply.0, reply.1.as_str()), (200, "80000000"), "{}", reply.2);
    }
    bench.advance(3599);
    assert_eq!(bench.with_jwt(&jwt).await.1, "80000000");
    bench.advance(1);
    let reply = bench.with_jwt(&jwt).await;
    assert_eq!((reply.0, reply.1.as_str()), (401, "80200005"));
}

#[tokio::test]
async fn each_wrong_claim_is_refused() {
    let bench = Bench::new().await;
    let now_s = bench.claims()["iat"].as_u64().unwrap();
    let cases: [(&str, Value, &str, &str); 12] = [
        ("iss", json!("someone"), "80200001", "iss"),
        ("iss", Value::Null, "80200001", "iss"),
        ("aud", json!("https://example.com"), "80200001", "aud"),
        ("aud", json!(["https://oauth-login.cloud.huawei.com/oauth2/v3/token"]), "80200001", "aud"),
        ("exp", Value::Null, "80200001", "exp"),
        ("exp", json!("soon"), "80200001", "exp"),
        ("iat", Value::Null, "80200001", "iat"),
        ("iat", json!((now_s + 61) * 1000), "80200001", "iat"),
        ("iat", json!(now_s + 61), "80200001", "iat"),
        ("exp", json!(now_s), "80200005", "expired"),
        ("exp", json!(now_s + 86_401), "80300036", "1 day"),
        ("exp", json!((now_s + 3600) * 1000), "80300036", "1 day"),
    ];
    for (name, value, code, word) in cases {
        let mut claims = bench.claims();
        claims[name] = value.clone();
        let reply = bench.with_jwt(&bench.sign(&bench.header(), &claims)).await;
        assert_eq!(reply.1, code, "{name} = {value}: {}", reply.2);
        assert!(reply.2.contains(word), "{name} = {value}: {}", reply.2);
    }
    let mut longest = bench.claims();
    longest["exp"] = json!(now_s + 86_400);
    assert_eq!(bench.with_jwt(&bench.sign(&bench.header(), &longest)).await.1, "80000000");
}

#[tokio::test]
async fn each_wrong_header_is_refused() {
    let bench = Bench::new().await;
    let edited = |edit: fn(&mut Header)| {
        let mut header = bench.header();
        edit(&mut header);
        bench.sign(&header, &bench.claims())
    };
    let cases = [
        (edited(|header| header.alg = Algorithm::RS256), "PS256"),
        (edited(|header| header.kid = None), "kid"),
        (edited(|header| header.kid = Some("nobody".into())), "kid"),
        (edited(|header| header.typ = None), "typ"),
        ("not.a.jwt".to_owned(), "header"),
        (String::new(), "Bearer"),
    ];
    for (jwt, word) in cases {
        let reply = bench.with_jwt(&jwt).await;
        assert_eq!((reply.0, reply.1.as_str()), (401, "80200001"), "{}", reply.2);
        assert!(reply.2.contains(word), "{}", reply.2);
    }
}

#[tokio::test]
async fn a_changed_jwt_and_a_foreign_key_do_not_fit() {
    let bench = Bench::new().await;
    let jwt = bench.sign(&bench.header(), &bench.claims());
    let (head, signature) = jwt.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let reply = bench.with_jwt(&format!("{head}.{first}{}", &signature[1..])).await;
    assert_eq!(reply.1, "80200001");
    assert!(reply.2.contains("signature"), "{}", reply.2);
    // The key of another account, under the first one's kid.
    let other = bench.emulator.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
    let other: Value = serde_json::from_str(&other).unwrap();
    let mut header = bench.header();
    header.kid = other["key_id"].as_str().map(str::to_owned);
    assert!(bench.with_jwt(&bench.sign(&header, &bench.claims())).await.2.contains("signature"));
}

#[tokio::test]
async fn the_header_and_the_address_matter() {
    let bench = Bench::new().await;
    let bearer = bench.bearer();
    let none = bench.with_authorization(None, PROJECT).await;
    assert_eq!((none.0, none.1.as_str()), (401, "80200001"));
    let jwt = bearer.strip_prefix("Bearer ").unwrap();
    assert_eq!(bench.with_authorization(Some(&format!("Basic {jwt}")), PROJECT).await.1, "80200001");
    assert_eq!(bench.with_authorization(Some(&bearer), "999").await.1, "80200001");
    let spec = ProjectSpec { project_id: "102".into(), ..ProjectSpec::default() };
    bench.emulator.register_project(&spec).unwrap();
    assert_eq!(bench.with_authorization(Some(&bearer), "102").await.1, "80200001");
    for version in ["v1", "v2"] {
        let path = format!("/{version}/{PROJECT}/messages:send");
        let headers = [("authorization", bearer.clone()), ("push-type", "0".to_owned())];
        bench.post(&path, &headers, &json!({})).await.expect(401, "80200001");
    }
}

#[tokio::test]
async fn push_type_and_content_type_are_required() {
    let bench = Bench::new().await;
    let path = format!("/v3/{PROJECT}/messages:send");
    let body = alert(&[&bench.token], "t", json!({}));
    for push_type in [None, Some("3"), Some("alert"), Some("00")] {
        let mut headers = vec![("authorization", bench.bearer())];
        headers.extend(push_type.map(|kind| ("push-type", kind.to_owned())));
        let reply = bench.post(&path, &headers, &body).await.expect(400, "80100003");
        assert!(reply.msg().contains("push-type"), "{}", reply.msg());
    }
    let request = Request::post(format!("{}{path}", bench.emulator.base_url()))
        .header("authorization", bench.bearer())
        .header("push-type", "0")
        .header("content-type", "text/plain");
    let reply = bench.ask(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    assert!(reply.expect(400, "80100003").msg().contains("Content-Type"));
}

#[tokio::test]
async fn elsewhere_there_is_nothing() {
    let bench = Bench::new().await;
    let reply = bench.post("/v3/messages", &[], &json!({})).await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["error"].is_string());
}

#[tokio::test]
async fn a_key_file_made_earlier_can_be_registered_again() {
    let first = Bench::new().await;
    let second = Bench::new().await;
    // Under another name, to be sure that nothing but the file makes it known.
    let mut file = first.account.clone();
    file["key_id"] = json!("an-earlier-key");
    let mut header = first.header();
    header.kid = Some("an-earlier-key".into());
    let jwt = first.sign(&header, &first.claims());
    assert_eq!(second.with_jwt(&jwt).await.1, "80200001");
    second.emulator.register_service_account(&file.to_string()).unwrap();
    assert_eq!(second.with_jwt(&jwt).await.1, "80000000");
    for (field, value) in
        [("private_key", json!("nonsense")), ("key_id", Value::Null), ("project_id", json!(7))]
    {
        let mut bad = file.clone();
        bad[field] = value;
        assert!(second.emulator.register_service_account(&bad.to_string()).is_err(), "{field}");
    }
    assert!(second.emulator.register_service_account("no json").is_err());
}
