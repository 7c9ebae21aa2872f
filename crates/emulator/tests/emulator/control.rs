//! The control API over HTTP, and its refusals.

use axum::Router;
use hongyan_emulator::{Emulator, routes};
use serde_json::{Value, json};

use crate::harness::{BUNDLE, Bench, PROJECT, alert, config};

#[tokio::test]
async fn a_project_set_up_with_http_alone_can_send() {
    let bench = Bench::new().await;
    let account =
        bench.control("POST", "/projects/new-1/service-accounts", Some(json!({ "bits": 2048 }))).await;
    let fields = [
        "project_id",
        "key_id",
        "private_key",
        "sub_account",
        "auth_uri",
        "token_uri",
        "auth_provider_cert_uri",
        "client_cert_uri",
    ];
    let account = account.json();
    assert_eq!(account.as_object().unwrap().len(), fields.len());
    assert!(fields.iter().all(|field| account[field].as_str().is_some_and(|text| !text.is_empty())));
    assert!(account["private_key"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let spec = json!({ "projectId": "new-1", "apps": [
        { "bundleName": "com.example.new", "clientId": "77", "rights": ["IM"], "receiptUrl": "http://127.0.0.1:9/r",
          "receiptUser": "u", "receiptSecret": "c2VjcmV0" },
    ] });
    assert_eq!(bench.control("POST", "/projects", Some(spec)).await.status, 200);
    let shown = bench.control("GET", "/projects", None).await;
    assert!(!String::from_utf8_lossy(&shown.body).contains("c2VjcmV0"), "secrets are not shown");
    let drive = async |method: &str, params: Value| {
        let order = json!({ "method": method, "params": params });
        bench.control("POST", "/phones/curl-1", Some(order)).await
    };
    assert_eq!(drive("device.open", json!({ "name": "by curl" })).await.json()["name"], "by curl");
    drive("app.install", json!({ "bundleName": "com.example.new", "projectId": "new-1" })).await;
    let token = drive("push.getToken", json!({ "bundleName": "com.example.new" })).await.json();
    assert_eq!(token["token"].as_str().unwrap().len(), 112);
    let shown = bench.control("GET", "/phones/curl-1", None).await.json();
    assert_eq!(shown["apps"][0]["token"], token["token"]);
    assert_eq!(bench.control("GET", "/phones", None).await.json()["phones"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_log_shows_requests_with_answers_and_no_jwt() {
    let bench = Bench::new().await;
    bench.send(0, &alert(&[&bench.token], "one", json!({}))).await;
    bench.send(6, &json!({})).await;
    let page = bench.control("GET", "/requests", None).await;
    assert!(!String::from_utf8_lossy(&page.body).contains("eyJ"));
    let page = page.json();
    assert_eq!((&page["next"], &page["dropped"]), (&json!(2), &json!(0)));
    let (first, second) = (&page["requests"][0], &page["requests"][1]);
    assert_eq!(first["path"], format!("/v3/{PROJECT}/messages:send"));
    assert_eq!((&first["status"], &first["answer"]["code"]), (&json!(200), &json!("80000000")));
    assert_eq!(first["body"]["target"]["token"], json!([bench.token]));
    assert_eq!((&second["pushType"], &second["status"]), (&json!("6"), &json!(400)));
    let newer = bench.control("GET", "/requests?since=1", None).await.json();
    assert_eq!(newer["requests"].as_array().unwrap().len(), 1);
    let logged = &bench.emulator.requests(0).requests[0];
    assert_eq!(logged.tokens(), std::slice::from_ref(&bench.token));
    bench.control("POST", "/requests/log", Some(json!({ "len": 0 }))).await;
    bench.send(0, &alert(&[&bench.token], "two", json!({}))).await;
    assert!(bench.emulator.requests(0).requests.is_empty());
}

#[tokio::test]
async fn levers_over_http() {
    let bench = Bench::new().await;
    let fault = json!({ "next": 2, "action": { "status": 503, "retryAfterS": 1 } });
    let id = bench.control("POST", "/faults", Some(fault)).await.json()["id"].clone();
    assert_eq!(bench.send(0, &json!({})).await.status, 503);
    let faults = bench.control("GET", "/faults", None).await.json();
    assert_eq!((&faults["faults"][0]["hits"], &faults["faults"][0]["next"]), (&json!(1), &json!(1)));
    assert_eq!(bench.control("DELETE", &format!("/faults/{id}"), None).await.status, 200);
    assert_eq!(bench.control("DELETE", &format!("/faults/{id}"), None).await.status, 404);
    assert_eq!(bench.control("DELETE", "/faults", None).await.status, 200);

    let limits = json!({ "marketingPerDay": 5, "devicesPerSecond": null });
    let limits = bench.control("POST", &format!("/projects/{PROJECT}/limits"), Some(limits)).await.json();
    assert_eq!((&limits["marketingPerDay"], &limits["devicesPerSecond"]), (&json!(5), &Value::Null));
    let read = bench.control("GET", &format!("/projects/{PROJECT}/limits"), None).await.json();
    assert_eq!(read, limits);

    let rotate = json!({ "deviceId": "phone-1", "bundleName": BUNDLE });
    let token = bench.control("POST", "/tokens/rotate", Some(rotate)).await.json()["token"].clone();
    assert_eq!(token.as_str().unwrap(), bench.phone.get_token(BUNDLE).unwrap());

    let policy = json!({ "attempts": 1, "pauseMs": 5, "timeoutMs": 100 });
    bench.control("POST", "/receipts/policy", Some(policy.clone())).await;
    assert_eq!(bench.control("GET", "/receipts", None).await.json()["policy"], policy);
    let receiver = json!({ "projectId": PROJECT, "bundleName": BUNDLE, "url": "http://127.0.0.1:9/" });
    assert_eq!(bench.control("POST", "/receipts", Some(receiver)).await.status, 200);

    bench.control("POST", "/phones/phone-1/sleep", Some(json!({ "sleeping": true }))).await;
    assert!(bench.phone.state().unwrap().sleeping);
    let before = bench.control("GET", "/clock", None).await.json()["nowMs"].as_u64().unwrap();
    let after = bench.control("POST", "/clock/advance", Some(json!({ "ms": 5000 }))).await.json();
    assert_eq!(after["nowMs"], before + 5000);
}

#[tokio::test]
async fn every_bad_order_is_a_400_with_a_sentence() {
    let bench = Bench::new().await;
    let key = |pem: &str| {
        let keys = json!([{ "keyId": "k", "publicKeyPem": pem, "subAccount": "s" }]);
        json!({ "projectId": "p", "keys": keys })
    };
    let app = |more: Value| {
        let mut app = json!({ "bundleName": "b", "clientId": "c" });
        app.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "projectId": "p", "apps": [app] })
    };
    let limits = format!("/projects/{PROJECT}/limits");
    let cases = [
        ("/projects", json!({}), 400),
        ("/projects", json!({ "projectId": "has blank" }), 400),
        ("/projects", json!({ "projectId": "p", "more": 1 }), 400),
        ("/projects", key("nonsense"), 400),
        ("/projects", app(json!({ "rights": ["EVERYTHING"] })), 400),
        ("/projects", app(json!({ "clientId": "900001" })), 400),
        ("/projects", app(json!({ "receiptUrl": "ftp://x/" })), 400),
        (
            "/projects",
            app(json!({ "receiptUrl": "http://x/", "receiptUser": "u", "receiptSecret": "%" })),
            400,
        ),
        ("/projects", app(json!({ "receiptKeyMode": "hex" })), 400),
        ("/projects/p/service-accounts", json!({ "bits": 1024 }), 400),
        (&limits, json!({ "marketingPerDay": -1 }), 400),
        (&limits, json!({ "marketing": 1 }), 400),
        ("/projects/none/limits", json!({}), 404),
        ("/faults", json!({ "next": 1 }), 400),
        ("/faults", json!({ "next": 1, "action": { "explode": true } }), 400),
        ("/faults", json!({ "next": 1, "action": { "drop": "later" } }), 400),
        ("/faults", json!({ "next": 1, "action": { "deadTokens": { "reason": "boredom" } } }), 400),
        ("/tokens/kill", json!({}), 400),
        ("/tokens/kill", json!({ "token": "MAnothing" }), 404),
        ("/tokens/kill", json!({ "token": "MAnothing", "reason": "boredom" }), 400),
        ("/tokens/rotate", json!({ "deviceId": "none", "bundleName": BUNDLE }), 400),
        ("/receipts", json!({ "projectId": PROJECT, "bundleName": "none" }), 404),
        ("/receipts/policy", json!({ "attempts": 0 }), 400),
        ("/requests/log", json!({}), 400),
        ("/phones/none", json!({ "method": "notice.clear" }), 400),
        ("/phones/phone-1", json!({ "method": "no.such" }), 400),
        ("/phones/phone-1/sleep", json!({ "sleeping": 1 }), 400),
        ("/clock/advance", json!({ "ms": "1" }), 400),
    ];
    for (path, order, status) in cases {
        let reply = bench.control("POST", path, Some(order.clone())).await;
        assert_eq!(reply.status, status, "{path} {order}: {:?}", reply.body);
        assert!(reply.json()["error"].as_str().is_some_and(|text| text.len() > 5), "{path} {order}");
    }
    assert_eq!(bench.control("GET", "/requests?since=x", None).await.status, 400);
    assert_eq!(bench.control("GET", "/phones/none", None).await.status, 404);
    let known = bench.control("GET", "/projects", None).await.json();
    assert_eq!(known["projects"].as_array().unwrap().len(), 1, "nothing was registered by a bad order");
}

#[tokio::test]
async fn the_routes_can_be_mounted_below_a_path_of_another_server() {
    let bench = Bench::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/emulator", listener.local_addr().unwrap());
    let router = Router::new().nest("/emulator", routes(bench.emulator.state().clone()));
    let serve = async move { axum::serve(listener, router).await.unwrap() };
    let _task = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(serve));
    let ask = async |title: &str| {
        let request = axum::http::Request::post(format!("{base}/v3/{PROJECT}/messages:send"))
            .header("authorization", bench.bearer())
            .header("push-type", "0")
            .header("content-type", "application/json");
        bench.ask(request.body(alert(&[&bench.token], title, json!({})).to_string().into()).unwrap()).await
    };
    ask("mounted").await.unwrap().expect(200, "80000000");
    assert_eq!(bench.titles(), ["mounted"]);
    bench
        .emulator
        .add_fault(serde_json::from_value(json!({ "next": 1, "action": { "drop": true } })).unwrap())
        .unwrap();
    assert!(ask("dropped").await.is_err());
}

#[tokio::test]
async fn a_taken_address_and_bad_settings_are_told() {
    let first = Emulator::start(config()).await.unwrap();
    let taken = hongyan_emulator::EmulatorConfig { listen: first.addr(), ..config() };
    assert!(Emulator::start(taken).await.err().unwrap().to_string().contains("cannot listen"));
    let mut wrong = config();
    wrong.statuses.insert("80000000".into(), 99);
    assert!(Emulator::start(wrong).await.is_err());
    let mut wrong = config();
    wrong.receipts.attempts = 0;
    assert!(Emulator::start(wrong).await.is_err());
}
