//! What every test starts from: an emulator at a fixed time, a project with an app, a phone with a token, and a
//! plain HTTP client that signs its own JWTs.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request};
use hongyan_emulator::{AppSpec, Clock, Emulator, EmulatorConfig, KeyBits, Phone, ProjectSpec, Right};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub const PROJECT: &str = "101";
pub const BUNDLE: &str = "com.example.chat";
pub const CLIENT: &str = "900001";
/// 2026-10-22 00:00 in China: a natural day begins.
pub const START_MS: u64 = 1_792_598_400_000;
/// Long enough for a slow machine, short enough to end a broken test.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const AUDIENCE: &str = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";

pub struct Bench {
    pub emulator: Emulator,
    pub account: Value,
    pub phone: Phone,
    /// Of `BUNDLE` on `phone`.
    pub token: String,
    key: EncodingKey,
    client: Client<HttpConnector, Body>,
}

/// An answer of the emulator.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {:?}", self.body))
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().expect("codes are text").to_owned()
    }

    pub fn msg(&self) -> String {
        self.json()["msg"].as_str().expect("msg is text").to_owned()
    }

    /// The JSON inside `msg`.
    pub fn inner(&self) -> Value {
        serde_json::from_str(&self.msg()).expect("msg holds JSON")
    }

    #[track_caller]
    pub fn expect(self, status: u16, code: &str) -> Reply {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{:?}", self.body);
        self
    }
}

pub fn app(rights: &[Right]) -> AppSpec {
    AppSpec { rights: rights.iter().copied().collect(), ..AppSpec::for_chat(BUNDLE, CLIENT) }
}

pub fn config() -> EmulatorConfig {
    EmulatorConfig { clock: Clock::manual(START_MS), seed: Some(1), ..EmulatorConfig::default() }
}

impl Bench {
    /// An app with all rights that chat needs.
    pub async fn new() -> Bench {
        Bench::with(config(), app(&[Right::Im, Right::Voip, Right::MissCall, Right::Call])).await
    }

    pub async fn with(config: EmulatorConfig, app: AppSpec) -> Bench {
        let emulator = Emulator::start(config).await.unwrap();
        let account = emulator.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
        let account: Value = serde_json::from_str(&account).unwrap();
        let spec = ProjectSpec { project_id: PROJECT.into(), apps: vec![app], ..ProjectSpec::default() };
        emulator.register_project(&spec).unwrap();
        let phone = emulator.phone("phone-1").unwrap();
        let token = phone.ready(BUNDLE, PROJECT).unwrap();
        let key = EncodingKey::from_rsa_pem(account["private_key"].as_str().unwrap().as_bytes()).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        Bench { emulator, account, phone, token, key, client }
    }

    pub fn advance(&self, seconds: u64) {
        self.emulator.clock().advance(Duration::from_secs(seconds));
    }

    /// Claims as documented, at the emulator's time.
    pub fn claims(&self) -> Value {
        let now_s = self.emulator.clock().now_ms() / 1000;
        json!({ "iss": self.account["sub_account"], "aud": AUDIENCE, "iat": now_s, "exp": now_s + 3600 })
    }

    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::PS256);
        header.kid = Some(self.account["key_id"].as_str().unwrap().to_owned());
        header
    }

    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.sign(&self.header(), &self.claims()))
    }

    /// Sends with a fresh JWT.
    pub async fn send(&self, push_type: u8, body: &Value) -> Reply {
        let headers = [("authorization", self.bearer()), ("push-type", push_type.to_string())];
        self.post(&format!("/v3/{PROJECT}/messages:send"), &headers, body).await
    }

    pub async fn revoke(&self, body: &Value) -> Reply {
        let headers = [("authorization", self.bearer()), ("push-type", "0".to_owned())];
        self.post(&format!("/v1/{CLIENT}/messages:revoke"), &headers, body).await
    }

    pub async fn post(&self, path: &str, headers: &[(&str, String)], body: &Value) -> Reply {
        self.try_post(path, headers, body).await.expect("an answer")
    }

    /// `Err` when the connection breaks.
    pub async fn try_post(
        &self,
        path: &str,
        headers: &[(&str, String)],
        body: &Value,
    ) -> Result<Reply, String> {
        let mut request = Request::post(format!("{}{path}", self.emulator.base_url()));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let url = format!("{}/control{path}", self.emulator.base_url());
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(url).body(body).unwrap();
        self.ask(request).await.expect("an answer")
    }

    pub async fn ask(&self, request: Request<Body>) -> Result<Reply, String> {
        let asked = async {
            let response = self.client.request(request).await.map_err(|error| error.to_string())?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::time::timeout(PATIENCE, asked).await.expect("an answer in time")
    }

    /// Another phone with the app.
    pub fn another(&self, name: &str) -> (Phone, String) {
        let phone = self.emulator.phone(name).unwrap();
        let token = phone.ready(BUNDLE, PROJECT).unwrap();
        (phone, token)
    }

    pub fn titles(&self) -> Vec<String> {
        self.phone.notices().iter().map(|notice| notice.title.to_string()).collect()
    }
}

/// An alert of category IM for these tokens; `extra` goes into the notification.
pub fn alert(tokens: &[&str], title: &str, extra: Value) -> Value {
    let mut notification = json!({
        "category": "IM", "title": title, "body": "hello",
        "clickAction": { "actionType": 0, "data": { "conversation": "c1" } },
    });
    notification.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "payload": { "notification": notification }, "target": { "token": tokens } })
}

pub fn extra_data(token: &str, data: &str, options: Value) -> Value {
    json!({ "payload": { "extraData": data }, "target": { "token": [token] }, "pushOptions": options })
}
