//! The real program as a child process, with an emulated Push Kit that lives in the test.

use hongyan_client::{Client, ClientOptions, LoginOptions};
use hongyan_emulator::{AppSpec, Emulator, EmulatorConfig, KeyBits, Phone, ProjectSpec};
use hongyan_wire::{AppId, DeviceId, client::PushRegister};
use serde_json::Value;
use std::{
    net::{SocketAddr, TcpListener},
    process::Stdio,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

const PROJECT: &str = "388421841221";
/// The app's name on every phone.
pub const BUNDLE: &str = "im.hongyan.test";
const CLIENT_ID: &str = "110000001";
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A data directory, an address, an app.
pub struct Program {
    dir: TempDir,
    listen: SocketAddr,
    kit: Option<Emulator>,
    pub app: AppId,
    pub app_sign: String,
}

/// A running server. Dropping it kills the process.
pub struct Serving(Child);

impl Serving {
    /// SIGKILL, and wait for the process to be gone.
    pub async fn kill(mut self) {
        self.0.kill().await.unwrap();
    }

    /// SIGTERM, and wait for the process to end by itself.
    pub async fn stop(mut self) -> std::process::ExitStatus {
        let pid = self.0.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        assert!(sent.success());
        tokio::time::timeout(READY_WITHIN, self.0.wait()).await.expect("the server drains in time").unwrap()
    }
}

/// Runs the program and gives (exit code, stdout, stderr).
pub async fn run(args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hongyan")).args(args).output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

impl Program {
    /// A data directory with one app.
    pub async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let data = dir.path().to_str().unwrap();
        let (code, out, err) = run(&["app", "create", "test", "--json", "--data", data]).await;
        assert_eq!(code, 0, "{err}");
        let made: Value = serde_json::from_str(&out).unwrap();
        let app = AppId(made["appID"].as_u64().unwrap() as u32);
        let app_sign = made["appSign"].as_str().unwrap().to_owned();
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { dir, listen, kit: None, app, app_sign }
    }

    /// An empty data directory for a copy of this one's data.
    pub fn beside(original: &Self) -> Self {
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (app, app_sign) = (original.app, original.app_sign.clone());
        Self { dir: TempDir::new().unwrap(), listen, kit: None, app, app_sign }
    }

    /// The same with an emulated Push Kit and its credential.
    pub async fn with_push() -> Self {
        let mut program = Self::new().await;
        let kit = Emulator::start(EmulatorConfig::default()).await.unwrap();
        let app = AppSpec::for_chat(BUNDLE, CLIENT_ID);
        kit.register_project(&ProjectSpec {
            project_id: PROJECT.into(),
            apps: vec![app],
            ..ProjectSpec::default()
        })
        .unwrap();
        let account = kit.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
        let file = program.dir.path().join("service-account.json");
        std::fs::write(&file, account).unwrap();
        let (app, url, file) = (program.app.to_string(), kit.base_url(), file.to_str().unwrap().to_owned());
        let set =
            ["push", "credential", "set", "harmony", "--app", &app, "--file", &file, "--base-url", &url];
        let set = [&set[..], &["--client-id", CLIENT_ID]].concat();
        let (code, _, err) = run(&[&set[..], &["--data", program.data()]].concat()).await;
        assert_eq!(code, 0, "{err}");
        program.kit = Some(kit);
        program
    }

    /// The emulated Push Kit.
    pub fn kit(&self) -> &Emulator {
        self.kit.as_ref().expect("made by with_push")
    }

    /// The data directory.
    pub fn data(&self) -> &str {
        self.dir.path().to_str().unwrap()
    }

    /// Where clients connect.
    pub fn ws(&self) -> String {
        format!("ws://{}/ws", self.listen)
    }

    /// Starts the server and waits until it is ready.
    pub async fn serve(&self) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hongyan"))
            .args(["serve", "--data", self.data(), "--listen", &self.listen.to_string()])
            .env("HONGYAN_LOG_FILTER", "warn")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !self.is_ready().await {
            assert!(started.elapsed() < READY_WITHIN, "the server does not become ready");
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended at its start: {status}");
            }
            tokio::task::yield_now().await;
        }
        Serving(child)
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut socket) = TcpStream::connect(self.listen).await else { return false };
        let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let mut answer = String::new();
        let talk = async {
            socket.write_all(request).await?;
            socket.read_to_string(&mut answer).await
        };
        talk.await.is_ok() && answer.starts_with("HTTP/1.1 200")
    }

    /// A phone whose token is registered and bound to this user, who is offline afterwards.
    pub async fn phone(&self, user: &str) -> Phone {
        let serving = self.serve().await;
        let phone = self.bind_phone(user).await;
        serving.stop().await;
        phone
    }

    /// The same while the server runs.
    pub async fn bind_phone(&self, user: &str) -> Phone {
        let phone = self.kit().phone(&format!("phone-of-{user}")).unwrap();
        let token = phone.ready(BUNDLE, PROJECT).unwrap();
        let device = DeviceId::new(&format!("device-of-{user}")).unwrap();
        let login =
            LoginOptions::with_app_sign(self.app, &self.app_sign, user).unwrap().device(device.clone());
        let client = Client::connect_with(&self.ws(), ClientOptions::default()).await.unwrap();
        client.login(login).await.unwrap();
        let push = PushRegister {
            app_id: None,
            app_sign: None,
            device_id: device,
            vendor: "harmony".into(),
            token,
            app_type: 1,
            locale: "zh-CN".into(),
        };
        client.push_register(&push).await.unwrap();
        client.abort();
        phone
    }
}
