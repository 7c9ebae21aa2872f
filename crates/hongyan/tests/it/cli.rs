//! The command line: what is promised works, and bad input is answered with a sentence and loses nothing.

use crate::program::{Program, run};
use hongyan_client::{Client, ClientOptions, Draft, LoginOptions, Page};
use hongyan_server::store::{
    Alarm, AlarmStore,
    sqlite::{KeySource, ToolStore},
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{ConversationKey, UserId};
use serde_json::Value;
use std::time::Duration;
use tempfile::TempDir;

async fn fails(args: &[&str], says: &str) {
    let (code, out, err) = run(args).await;
    assert!(code == 1 || code == 2, "{args:?} gave {code}: {out}");
    assert!(err.contains(says), "{args:?}: {err}");
    assert!(!err.contains("panicked"), "{err}");
}

async fn works(args: &[&str]) -> String {
    let (code, out, err) = run(args).await;
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

fn ann(program: &Program) -> LoginOptions {
    LoginOptions::with_app_sign(program.app, &program.app_sign, "ann").unwrap()
}

fn bob() -> ConversationKey {
    ConversationKey::Peer(UserId::new("bob").unwrap())
}

#[tokio::test]
async fn an_app_is_created_listed_shown_and_set_beside_a_running_server() {
    let program = Program::new().await;
    let serving = program.serve().await;
    let data = ["--data", program.data()];
    let made = works(&[&["app", "create", "second", "--json"][..], &data].concat()).await;
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["appSign"].as_str().unwrap().len(), 64);
    assert_eq!(made["serverSecret"].as_str().unwrap().len(), 32);
    let id = made["appID"].to_string();
    assert!(works(&[&["app", "list"][..], &data].concat()).await.contains("second"));
    works(&[&["app", "set", &id, "ack_deadline_ms=3000"][..], &data].concat()).await;
    let shown = works(&[&["app", "show", &id, "--json"][..], &data].concat()).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["settings"]["ack_deadline_ms"], 3_000);
    // The running server takes the new app up by itself.
    let token = works(&[&["token", "--app", &id, "--user", "ann"][..], &data].concat()).await;
    let app = id.parse().unwrap();
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await.unwrap();
    let login = LoginOptions::with_token(app, token.trim(), "ann").unwrap();
    client.login(login).await.unwrap();
    serving.stop().await;
}

#[tokio::test]
async fn alarms_are_listed_and_ended_beside_a_running_server() {
    let program = Program::with_push().await;
    let app = program.app.to_string();
    let data = ["--data", program.data()];
    let resume = [&["push", "resume", "--app", &app][..], &data].concat();
    assert!(works(&[&["push", "alarms"][..], &data].concat()).await.contains("no alarms"));
    fails(&resume, "has no alarm for harmony appType 1").await;
    let alarm = Alarm {
        app: program.app,
        vendor: VendorKind::Harmony,
        app_type: 1,
        kind: "credential_refused".into(),
        code: "80300002".into(),
        message: "no permission".into(),
        since: 1,
        last_at: 2,
        count: 3,
        cleared_at: None,
    };
    ToolStore::open(program.data().as_ref(), &KeySource::Beside)
        .unwrap()
        .put_alarms(vec![alarm])
        .await
        .unwrap();
    let listed = works(&[&["push", "alarms", "--app", &app][..], &data].concat()).await;
    assert!(listed.contains("credential_refused") && listed.contains("80300002"), "{listed}");
    let json = works(&[&["push", "alarms", "--json"][..], &data].concat()).await;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()[0]["appID"].to_string(), app);
    assert!(works(&resume).await.contains("ended: 1"));
    assert!(works(&[&["push", "alarms"][..], &data].concat()).await.contains("no alarms"));
    assert!(works(&[&["push", "alarms", "--all"][..], &data].concat()).await.contains("over for"));
}

#[tokio::test]
async fn strategies_and_credentials_are_set_listed_and_removed() {
    let program = Program::with_push().await;
    let app = program.app.to_string();
    let of = ["--app", &app, "--data", program.data()];
    let listed = works(&[&["push", "credential", "list", "--json"][..], &of].concat()).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["vendor"], "harmony");
    assert!(!listed.to_string().contains("PRIVATE KEY"));
    callbacks_are_kept_until_they_are_changed(&program, &of).await;
    let set = ["push", "strategy", "set", "--name", "silent", "--options", r#"{"harmony":{"push_type":6}}"#];
    works(&[&set[..], &of].concat()).await;
    assert!(works(&[&["push", "strategy", "list"][..], &of].concat()).await.contains("silent"));
    works(&[&["push", "strategy", "remove", "--name", "silent"][..], &of].concat()).await;
    fails(&[&["push", "strategy", "remove", "--name", "silent"][..], &of].concat(), "no strategy").await;
    let bad = ["push", "strategy", "set", "--name", "bad", "--options", r#"{"harmony":{"push_typ":6}}"#];
    fails(&[&bad[..], &of].concat(), "push_typ").await;
    let bad = ["push", "strategy", "set", "--name", "bad", "--options", r#"{"harmony":{"push_type":7}}"#];
    fails(&[&bad[..], &of].concat(), "push_type").await;
}

/// Callback user and secret outlive a new key file, and are never shown.
async fn callbacks_are_kept_until_they_are_changed(program: &Program, of: &[&str]) {
    let key = format!("{}/service-account.json", program.data());
    let set = [&["push", "credential", "set", "harmony", "--file", &key][..], of].concat();
    let listed = async || {
        let listed = works(&[&["push", "credential", "list", "--json"][..], of].concat()).await;
        assert!(!listed.contains("c2VjcmV0"), "{listed}");
        serde_json::from_str::<Value>(&listed).unwrap()[0]["callbackUser"].clone()
    };
    let secret = format!("{}/callback-secret", program.data());
    std::fs::write(&secret, "c2VjcmV0\n").unwrap();
    let signed = ["--callback-user", "hongyan", "--callback-secret-file", &secret];
    let told = works(&[&set[..], &signed].concat()).await;
    assert!(told.contains(&format!("/receipts/harmony/{}", program.app)), "{told}");
    assert_eq!(listed().await, "hongyan");
    works(&set).await;
    assert_eq!(listed().await, "hongyan", "a new key file leaves the callback as it is");
    fails(&[&set[..], &["--callback-user", "other"]].concat(), "--callback-secret").await;
    assert!(works(&[&set[..], &["--no-callback"]].concat()).await.contains("receipts are not taken"));
    assert_eq!(listed().await, Value::Null);
}

#[tokio::test]
async fn a_backup_of_a_running_server_can_be_started_on() {
    let program = Program::new().await;
    let serving = program.serve().await;
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await.unwrap();
    let receiver = LoginOptions::with_app_sign(program.app, &program.app_sign, "bob").unwrap();
    client.login(receiver).await.unwrap();
    client.logout().await.unwrap();
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await.unwrap();
    client.login(ann(&program)).await.unwrap();
    let sent = client.send(&bob(), &Draft::text("keep this")).await.unwrap();
    let restored = Program::beside(&program);
    let file = format!("{}/hongyan.db", restored.data());
    works(&["backup", &file, "--data", program.data()]).await;
    fails(&["backup", &file, "--data", program.data()], "never overwrites").await;
    serving.stop().await;
    let serving = restored.serve().await;
    let client = Client::connect_with(&restored.ws(), ClientOptions::default()).await.unwrap();
    client.login(ann(&program)).await.unwrap();
    let page = client.history(&bob(), Page::Newest, 10).await.unwrap();
    assert_eq!(page.messages[0].message_id, sent.message_id);
    let trace = works(&["trace", &sent.message_id.to_string(), "--data", restored.data()]).await;
    assert!(trace.contains("no_push_config") || trace.contains("pushConfig"), "{trace}");
    serving.stop().await;
}

#[tokio::test]
async fn bad_input_is_answered_with_a_sentence() {
    let program = Program::new().await;
    let app = program.app.to_string();
    let data = program.data();
    fails(&["app", "create", "test", "--data", data], "already").await;
    fails(&["app", "create", "", "--data", data], "1 to 64").await;
    fails(&["app", "show", "0", "--data", data], "4294967295").await;
    fails(&["app", "show", "7", "--data", data], "no app 7").await;
    fails(&["app", "set", &app, "ack_deadline_ms=1", "--data", data], "100 to 60000").await;
    fails(&["token", "--app", &app, "--user", "用户", "--data", data], "userID").await;
    fails(&["token", "--app", &app, "--user", "ann", "--ttl", "0", "--data", data], "24 days").await;
    fails(&["trace", "soon", "--data", data], "decimal number").await;
    fails(&["trace", "7", "--data", data], "no message or call 7").await;
    fails(&["push", "credential", "set", "nokia", "--app", &app, "--file", "x", "--data", data], "harmony")
        .await;
    let file = format!("{data}/broken.json");
    std::fs::write(&file, "{\"project_id\":\"1\"}").unwrap();
    let set = ["push", "credential", "set", "harmony", "--app", &app, "--file", &file, "--data", data];
    fails(&set, "auth_uri: is missing").await;
    fails(&["nonsense"], "unrecognized subcommand").await;
    fails(&["serve", "--config", "/no/such/file"], "/no/such/file").await;
}

#[tokio::test]
async fn a_bad_configuration_is_refused_with_its_line() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("hongyan.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "[server]\nlisten = \"127.0.0.1:1\"\nport = 7\n").unwrap();
    fails(&["config", "check", "--config", file], "line 3").await;
    fails(&["serve", "--config", file, "--data", dir.path().to_str().unwrap()], "line 3").await;
    std::fs::write(&path, "[limits]\nlogin_deadline_ms = 1\n").unwrap();
    fails(&["config", "check", "--config", file], "limits.login_deadline_ms must be 100 to 600000").await;
    std::fs::write(&path, works(&["config", "example"]).await).unwrap();
    assert!(works(&["config", "check", "--config", file]).await.contains("good"));
}

#[tokio::test]
async fn one_data_directory_has_one_server() {
    let program = Program::new().await;
    let serving = program.serve().await;
    fails(&["serve", "--data", program.data(), "--listen", "127.0.0.1:0"], program.data()).await;
    serving.stop().await;
}

#[tokio::test]
async fn a_told_server_drains_and_ends_well() {
    let program = Program::new().await;
    let serving = program.serve().await;
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await.unwrap();
    client.login(ann(&program)).await.unwrap();
    let status = serving.stop().await;
    assert!(status.success());
    let closing = client.closing(Duration::from_secs(5)).await.unwrap();
    assert_eq!(closing.code, Some(4001), "{closing:?}");
}
