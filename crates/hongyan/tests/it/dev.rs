//! `hongyan dev` and `hongyan emulator` as processes: addresses, the demo's endpoints, what a second start finds.

use hongyan_client::{AckPolicy, Client, ClientOptions, Draft, LoginOptions};
use hongyan_wire::{
    AppId, ConversationKey, DeviceId, UserId,
    client::{AppPhase, PushRegister},
    message::PushConfig,
};
use serde_json::Value;
use std::{process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

const WAIT: Duration = Duration::from_secs(30);

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hongyan"))
            .args(args)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        timeout(WAIT, self.lines.next_line()).await.expect("a line in time").unwrap().expect("a line")
    }

    async fn stop(mut self) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        assert!(timeout(WAIT, self.child.wait()).await.expect("ends in time").unwrap().success());
    }
}

/// The answer to a GET, head and body.
async fn get(server: &str, path: &str) -> String {
    let host = server.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(WAIT, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

/// Makes a phone do something.
async fn phone(emulator: &str, method: &str, params: Value) -> Value {
    let host = emulator.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(host).await.unwrap();
    let order = serde_json::json!({"method": method, "params": params}).to_string();
    let request = format!(
        "POST /control/phones/phone-1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{order}",
        order.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(WAIT, socket.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{method}: {answer}");
    body(&answer)
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

async fn dev(data: &TempDir) -> (Running, Value) {
    let mut running =
        Running::start(&["dev", "--port", "0", "--json", "--data", data.path().to_str().unwrap()]);
    let told = serde_json::from_str(&running.line().await).unwrap();
    (running, told)
}

#[tokio::test]
async fn dev_serves_page_server_and_push_kit_from_one_origin() {
    let data = TempDir::new().unwrap();
    let (running, told) = dev(&data).await;
    let server = told["server"].as_str().unwrap();
    let page = get(server, "/demo/").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    for header in [
        "cross-origin-opener-policy: same-origin",
        "cross-origin-embedder-policy: require-corp",
        "content-security-policy: default-src 'none'; script-src 'self'",
    ] {
        assert!(page.contains(header), "{header} is missing");
    }
    let config = body(&get(server, "/demo/api/config").await);
    for key in ["appID", "appSign", "bundleName", "projectId", "users", "groups"] {
        assert_eq!(config[key], told[key], "{key}");
    }
    assert_eq!(config["strategies"], serde_json::json!(["silent", "call", "voip"]));
    assert!(get(server, "/demo/api/trace/7").await.starts_with("HTTP/1.1 404"));
    assert!(get(server, "/demo/api/trace/soon").await.starts_with("HTTP/1.1 400"));
    assert!(get(server, "/demo/no/such.js").await.starts_with("HTTP/1.1 404"));
    assert!(get(server, "/emulator/control/phones").await.starts_with("HTTP/1.1 200"));
    assert!(get(told["emulator"].as_str().unwrap(), "/control/phones").await.starts_with("HTTP/1.1 200"));
    running.stop().await;
}

#[tokio::test]
async fn a_second_dev_takes_the_data_of_the_first_up() {
    let data = TempDir::new().unwrap();
    let (running, first) = dev(&data).await;
    let app = AppId(first["appID"].as_u64().unwrap() as u32);
    let sign = first["appSign"].as_str().unwrap();
    let client = Client::connect(first["ws"].as_str().unwrap()).await.unwrap();
    client.login(LoginOptions::with_app_sign(app, sign, "ann").unwrap()).await.unwrap();
    let bob = ConversationKey::Peer(UserId::new("bob").unwrap());
    let sent = client.send(&bob, &Draft::text("hello")).await.unwrap();
    running.stop().await;
    let (running, second) = dev(&data).await;
    for key in ["appID", "appSign", "serverSecret", "users", "groups"] {
        assert_eq!(first[key], second[key], "{key}");
    }
    let path = format!("/demo/api/trace/{}", sent.message_id);
    let trace = body(&get(second["server"].as_str().unwrap(), &path).await);
    assert_eq!(trace["id"], sent.message_id.to_string().as_str());
    assert_eq!(trace["devices"][0]["reason"], "no_push_config", "{trace:#}");
    running.stop().await;
}

/// A phone with the demo's app; its token.
async fn ready_phone(told: &Value) -> String {
    let emulator = told["emulator"].as_str().unwrap();
    let bundle = told["bundleName"].clone();
    let install = serde_json::json!({"bundleName": bundle, "projectId": told["projectId"]});
    phone(emulator, "device.open", serde_json::json!({})).await;
    phone(emulator, "app.install", install).await;
    phone(emulator, "permission.set", serde_json::json!({"bundleName": bundle, "allow": true})).await;
    let given = phone(emulator, "push.getToken", serde_json::json!({"bundleName": bundle})).await;
    given["token"].as_str().unwrap_or_else(|| panic!("no token in {given}")).to_owned()
}

#[tokio::test]
async fn the_demo_hears_from_its_push_kit_that_a_notice_arrived() {
    let data = TempDir::new().unwrap();
    let (running, told) = dev(&data).await;
    let app = AppId(told["appID"].as_u64().unwrap() as u32);
    let login = |user| LoginOptions::with_app_sign(app, told["appSign"].as_str().unwrap(), user).unwrap();
    let ws = told["ws"].as_str().unwrap();
    // In the background and silent: pushed at once.
    let options = ClientOptions { ack: AckPolicy::Never, ..ClientOptions::default() };
    let bob = Client::connect_with(ws, options).await.unwrap();
    let device = DeviceId::new("phone-of-bob").unwrap();
    bob.login(login("bob").device(device.clone())).await.unwrap();
    let push = PushRegister {
        app_id: None,
        app_sign: None,
        device_id: device,
        vendor: "harmony".into(),
        token: ready_phone(&told).await,
        app_type: 1,
        locale: "zh-CN".into(),
    };
    bob.push_register(&push).await.unwrap();
    bob.app_state(AppPhase::Background).await.unwrap();
    let ann = Client::connect(ws).await.unwrap();
    ann.login(login("ann")).await.unwrap();
    let config = PushConfig { title: "Ann".into(), content: "hello".into(), ..PushConfig::default() };
    let peer = ConversationKey::Peer(UserId::new("bob").unwrap());
    let sent = ann.send(&peer, &Draft::text("hello").push(config)).await.unwrap();
    let path = format!("/demo/api/trace/{}", sent.message_id);
    let started = std::time::Instant::now();
    loop {
        let trace = body(&get(told["server"].as_str().unwrap(), &path).await);
        if trace["devices"][0]["receipt"]["name"] == "arrived" {
            assert_eq!(trace["devices"][0]["receipt"]["text"]["zh"], "已送达设备。");
            break;
        }
        assert!(started.elapsed() < WAIT, "nothing arrived: {trace:#}");
        tokio::task::yield_now().await;
    }
    running.stop().await;
}

#[tokio::test]
async fn the_emulator_runs_alone() {
    let mut running = Running::start(&["emulator", "--listen", "127.0.0.1:0"]);
    let line = running.line().await;
    let address = line.split_whitespace().last().unwrap();
    assert!(get(address, "/control/phones").await.starts_with("HTTP/1.1 200"), "{line}");
    running.stop().await;
}
