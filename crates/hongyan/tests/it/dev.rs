//! `hongyan dev` and `hongyan emulator` as processes: addresses, the demo's endpoints, what a second start finds.

use hongyan_client::{Client, Draft, LoginOptions};
use hongyan_wire::{AppId, ConversationKey, UserId};
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

#[tokio::test]
async fn the_emulator_runs_alone() {
    let mut running = Running::start(&["emulator", "--listen", "127.0.0.1:0"]);
    let line = running.line().await;
    let address = line.split_whitespace().last().unwrap();
    assert!(get(address, "/control/phones").await.starts_with("HTTP/1.1 200"), "{line}");
    running.stop().await;
}
