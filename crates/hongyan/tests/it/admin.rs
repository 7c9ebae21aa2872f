//! Administrators and the key of the credentials, from the shell.

use crate::program::{Program, run};
use serde_json::Value;
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

async fn works(args: &[&str]) -> String {
    let (code, out, err) = run(args).await;
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

/// The token of the link that was printed.
fn token(printed: &str) -> &str {
    let line = printed.lines().find(|line| line.contains("/console/#/setup/")).expect("a link is printed");
    let token = line.split("/setup/").nth(1).unwrap();
    assert_eq!(token.len(), 64, "{line}");
    token
}

#[tokio::test]
async fn administrators_are_made_reset_and_disabled_beside_a_running_server() {
    let program = Program::new().await;
    let serving = program.serve().await;
    let data = ["--data", program.data()];
    let admin = |rest: &[&'static str]| [&["admin"], rest, &data].concat();
    let made = works(&admin(&["create", "olga", "--url", "https://im.example/"])).await;
    assert!(made.contains("https://im.example/console/#/setup/"), "{made}");
    let first = token(&made).to_owned();
    let reset = works(&admin(&["reset", "olga"])).await;
    assert_ne!(token(&reset), first);
    let app = program.app.to_string();
    let viewer = ["create", "vera", "--role", "viewer", "--app", &app];
    works(&[&["admin"], &viewer[..], &data].concat()).await;
    let all: Value = serde_json::from_str(&works(&admin(&["list", "--json"])).await).unwrap();
    assert_eq!(
        (&all[0]["name"], &all[0]["role"], &all[0]["hasPassword"]),
        (&"olga".into(), &"owner".into(), &false.into())
    );
    assert_eq!(all[1]["apps"][0], program.app.0);
    for (args, says) in [
        (admin(&["create", "olga"]), "there is an administrator olga already"),
        (admin(&["disable", "olga"]), "one owner"),
        (admin(&["reset", "nobody"]), "there is no administrator nobody"),
        (admin(&["create", " "]), "1 to 64 characters"),
    ] {
        let (code, _, err) = run(&args).await;
        assert!(code == 1 && err.contains(says), "{args:?}: {err}");
    }
    works(&admin(&["disable", "vera"])).await;
    assert!(works(&admin(&["list"])).await.contains("disabled"));
    serving.stop().await;
}

#[tokio::test]
async fn a_start_without_administrators_prints_a_link_that_is_not_in_the_log() {
    let program = Program::new().await;
    let serve = async || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hongyan"))
            .args(["serve", "--data", program.data(), "--listen", "127.0.0.1:0"])
            .env("HONGYAN_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // Whatever it prints comes after this line of the log.
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        while let Some(line) = log.next_line().await.unwrap() {
            said.push(line);
            if said.last().unwrap().contains("\"listening\"") {
                break;
            }
        }
        let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let printed = printed.next_line().await.unwrap().unwrap_or_default();
        (child, said, printed)
    };
    let (child, said, printed) = serve().await;
    assert!(printed.contains("first administrator"), "{printed}");
    assert!(!said.iter().any(|line| line.contains("/setup/")), "the link is not in the log");
    drop(child);
}

#[tokio::test]
async fn a_server_with_another_key_says_so_and_does_not_start() {
    let program = Program::with_push().await;
    program.serve().await.stop().await;
    let serve = Command::new(env!("CARGO_BIN_EXE_hongyan"))
        .args(["serve", "--data", program.data(), "--listen", "127.0.0.1:0"])
        .env("HONGYAN_STORE_KEY", "0a".repeat(32))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(serve.stderr).unwrap();
    assert!(!serve.status.success() && said.contains("sealed with another key"), "{said}");
    let key = std::path::Path::new(program.data()).join("credentials.key");
    let kept = std::fs::read_to_string(&key).unwrap();
    std::fs::write(&key, "0b".repeat(32)).unwrap();
    let app = program.app.to_string();
    let remove = ["push", "credential", "remove", "harmony", "--app", &app, "--data", program.data()];
    works(&remove).await;
    program.serve().await.stop().await;
    assert_ne!(std::fs::read_to_string(&key).unwrap(), kept);
}
