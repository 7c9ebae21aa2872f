//! Receipts, as a receiver gets them over HTTP: batches, results, the callback header in both key modes, retries.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hongyan_emulator::{
    AppState, KeyMode, NamedReceiver, ProjectSpec, ReceiptPolicy, ReceiverOrder, Right, Secret,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::harness::{BUNDLE, Bench, PATIENCE, PROJECT, alert, app, config, extra_data};

/// What arrived, and what is answered: `answers` first, then success.
#[derive(Clone)]
struct Desk {
    arrived: mpsc::UnboundedSender<(HeaderMap, Value)>,
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
}

struct Receiver {
    url: String,
    arrived: mpsc::UnboundedReceiver<(HeaderMap, Value)>,
    answers: Arc<Mutex<Vec<(u16, Value)>>>,
    _task: AbortOnDropHandle<()>,
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    desk.arrived.send((headers, serde_json::from_str(&body).unwrap())).unwrap();
    let mut answers = desk.answers.lock().unwrap();
    let success = (200, json!({ "code": "0", "message": "success" }));
    let (status, answer) = if answers.is_empty() { success } else { answers.remove(0) };
    (StatusCode::from_u16(status).unwrap(), answer.to_string())
}

impl Receiver {
    async fn start() -> Receiver {
        let (sender, arrived) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let desk = Desk { arrived: sender, answers: answers.clone() };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/receipts", listener.local_addr().unwrap());
        let router = Router::new().route("/receipts", post(take)).with_state(desk);
        let serve = async move { axum::serve(listener, router).await.unwrap() };
        Receiver { url, arrived, answers, _task: AbortOnDropHandle::new(tokio::spawn(serve)) }
    }

    async fn next(&mut self) -> (HeaderMap, Value) {
        tokio::time::timeout(PATIENCE, self.arrived.recv()).await.expect("a receipt in time").unwrap()
    }

    /// Results until `count` receipts came, in order.
    async fn results(&mut self, count: usize) -> Vec<i64> {
        let mut results = Vec::new();
        while results.len() < count {
            let (_, body) = self.next().await;
            let statuses = body["statuses"].as_array().unwrap().clone();
            assert!(statuses.len() <= 100);
            results.extend(statuses.iter().map(|one| one["deliveryStatus"]["result"].as_i64().unwrap()));
        }
        results
    }
}

impl Bench {
    /// A bench whose app has its receipts sent to the receiver.
    async fn receiving(user: Option<&str>, secret: Option<&str>, mode: KeyMode) -> (Bench, Receiver) {
        let receiver = Receiver::start().await;
        let mut app = app(&[Right::Im, Right::Voip, Right::Call]);
        app.receipt_url = Some(receiver.url.clone());
        app.receipt_user = user.map(str::to_owned);
        app.receipt_secret = secret.map(Secret::from);
        app.receipt_key_mode = mode;
        (Bench::with(config(), app).await, receiver)
    }

    async fn settled(&self) {
        let settled = self.emulator.receipts_settled();
        tokio::time::timeout(PATIENCE, settled).await.expect("receipts settled in time");
    }
}

#[tokio::test]
async fn a_receipt_has_the_documented_fields() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    let mut body = alert(&[&bench.token], "t", json!({}));
    body["pushOptions"] = json!({ "biTag": "tag-1" });
    let sent = bench.send(0, &body).await.json();
    let (headers, receipt) = receiver.next().await;
    assert_eq!(headers["content-type"], "application/json");
    assert!(!headers.contains_key("x-huawei-callback-id"));
    let status = json!({ "result": 0, "timestamp": bench.emulator.clock().now_ms() });
    let wanted = json!({ "statuses": [{
        "token": bench.token, "pushType": 0, "appPackageName": BUNDLE, "biTag": "tag-1",
        "requestId": sent["requestId"], "deliveryStatus": status,
    }] });
    assert_eq!(receipt, wanted);
    bench.settled().await;
    assert_eq!(bench.emulator.receipt_counts().delivered, 1);
}

#[tokio::test]
async fn the_callback_header_fits_in_both_key_modes() {
    let secret = STANDARD.encode(b"a secret of some length");
    for mode in [KeyMode::Base64, KeyMode::Raw] {
        let (bench, mut receiver) = Bench::receiving(Some("ann"), Some(&secret), mode).await;
        bench.send(0, &alert(&[&bench.token], "t", json!({}))).await;
        let (headers, _) = receiver.next().await;
        let header = headers["x-huawei-callback-id"].to_str().unwrap();
        let parts: Vec<&str> = header.split("; ").map(|part| part.split_once('=').unwrap().1).collect();
        let [timestamp, nonce, value] = parts[..] else { panic!("{header}") };
        assert_eq!(timestamp, bench.emulator.clock().now_ms().to_string());
        assert_eq!((nonce.len(), nonce.as_bytes()[14]), (36, b'4'));
        let key = match mode {
            KeyMode::Base64 => STANDARD.decode(&secret).unwrap(),
            KeyMode::Raw => secret.clone().into_bytes(),
        };
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let text = format!("{timestamp}{nonce}ann");
        hmac::verify(&key, text.as_bytes(), &STANDARD.decode(value).unwrap()).expect("the HMAC fits");
    }
}

#[tokio::test]
async fn every_fate_has_its_result() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    let token = bench.token.clone();
    let send =
        async |extra: Value| bench.send(0, &alert(&[&token], "t", extra)).await.expect(200, "80000000");
    let mut wanted = Vec::new();
    bench.phone.set_permission(BUNDLE, false).unwrap();
    send(json!({})).await;
    bench.phone.set_permission(BUNDLE, true).unwrap();
    wanted.push(6);
    send(json!({ "profileId": "nobody" })).await;
    wanted.push(144);
    for result in [0, 151] {
        send(json!({ "appMessageId": "twice" })).await;
        wanted.push(result);
    }
    for result in [0, 0, 256] {
        send(json!({ "category": "MARKETING" })).await;
        wanted.push(result);
    }
    for result in [27, 27, 102] {
        bench.send(6, &extra_data(&token, "x", json!({}))).await.expect(200, "80000000");
        wanted.push(result);
    }
    bench.send(10, &extra_data(&token, "x", json!({}))).await.expect(200, "80000000");
    wanted.push(0);
    assert_eq!(receiver.results(wanted.len()).await, wanted);

    bench.phone.network(false).unwrap();
    let collapse = async || {
        let mut body = alert(&[&token], "t", json!({}));
        body["pushOptions"] = json!({ "collapseKey": 1, "ttl": 60 });
        bench.send(0, &body).await.expect(200, "80000000");
    };
    collapse().await;
    collapse().await;
    assert_eq!(receiver.results(1).await, [15]);
    bench.advance(30 * 86_400);
    send(json!({})).await;
    assert_eq!(receiver.results(1).await, [10]);
    bench.phone.network(true).unwrap();
    bench.phone.install(BUNDLE, PROJECT).unwrap();
    send(json!({})).await;
    bench.phone.uninstall(BUNDLE).unwrap();
    send(json!({})).await;
    assert_eq!(receiver.results(2).await, [5, 2]);
}

#[tokio::test]
async fn batches_hold_at_most_100() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    let many = vec![bench.token.as_str(); 250];
    bench.send(0, &alert(&many, "t", json!({ "notifyId": 1 }))).await.expect(200, "80000000");
    assert_eq!(receiver.results(250).await.len(), 250);
    bench.settled().await;
    assert_eq!(bench.emulator.receipt_counts().delivered, 250);
}

#[tokio::test]
async fn a_batch_is_retried_and_given_up_by_the_policy() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    let policy = ReceiptPolicy { attempts: 2, pause_ms: 0, timeout_ms: 5000 };
    bench.emulator.set_receipt_policy(policy).unwrap();
    let success = json!({ "code": "0", "message": "success" });
    // A failure, a success that is none (a number for a code), and a success with a bad status.
    for (bad, arrivals) in [
        (vec![(500, success.clone())], 2),
        (vec![(200, json!({ "code": 0, "message": "success" }))], 2),
        (vec![(200, json!({})), (404, success)], 2),
    ] {
        *receiver.answers.lock().unwrap() = bad;
        bench.send(0, &alert(&[&bench.token], "t", json!({}))).await.expect(200, "80000000");
        for _ in 0..arrivals {
            receiver.next().await;
        }
        bench.settled().await;
    }
    let counts = bench.emulator.receipt_counts();
    assert_eq!((counts.delivered, counts.failed, counts.dropped), (2, 1, 0));
}

#[tokio::test]
async fn the_pause_before_another_attempt_is_on_the_emulators_clock() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    *receiver.answers.lock().unwrap() = vec![(500, json!({})), (500, json!({}))];
    bench.send(0, &alert(&[&bench.token], "t", json!({}))).await.expect(200, "80000000");
    receiver.next().await;
    let further = async {
        for _ in 0..2 {
            // The pause may begin only after this: go on until the next attempt is there.
            while receiver.arrived.try_recv().is_err() {
                bench.emulator.clock().advance(std::time::Duration::from_secs(1));
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, further).await.expect("two more attempts in time");
    bench.settled().await;
    assert_eq!(bench.emulator.receipt_counts().delivered, 1);
}

#[tokio::test]
async fn a_receipt_id_chooses_and_the_receiver_can_be_changed() {
    let (bench, mut receiver) = Bench::receiving(None, None, KeyMode::Base64).await;
    let mut named = Receiver::start().await;
    let config = NamedReceiver {
        receipt_id: "special".into(),
        url: named.url.clone(),
        user: None,
        secret: None,
        key_mode: KeyMode::Raw,
    };
    let spec =
        ProjectSpec { project_id: PROJECT.into(), receipt_configs: vec![config], ..ProjectSpec::default() };
    bench.emulator.register_project(&spec).unwrap();
    let mut body = alert(&[&bench.token], "t", json!({}));
    body["pushOptions"] = json!({ "receiptId": "special" });
    bench.send(0, &body).await.expect(200, "80000000");
    assert_eq!(named.results(1).await, [0]);
    let order = |url: Option<String>| ReceiverOrder {
        project_id: PROJECT.into(),
        bundle_name: BUNDLE.into(),
        url,
        user: None,
        secret: None,
        key_mode: KeyMode::Raw,
    };
    bench.emulator.set_receipts(&order(Some(named.url.clone()))).unwrap();
    bench.phone.set_app_state(BUNDLE, AppState::Foreground).unwrap();
    bench.send(6, &extra_data(&bench.token, "x", json!({}))).await.expect(200, "80000000");
    assert_eq!(named.results(1).await, [0]);
    bench.emulator.set_receipts(&order(None)).unwrap();
    bench.send(0, &alert(&[&bench.token], "t", json!({}))).await.expect(200, "80000000");
    bench.settled().await;
    assert!(receiver.arrived.try_recv().is_err());
}
