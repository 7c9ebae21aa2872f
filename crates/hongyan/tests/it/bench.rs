//! Every bench with tiny sizes: it ends by itself, prints one JSON object with all its figures, and leaves
//! neither data nor processes behind. How good the figures are is no matter here.

use crate::program::run;
use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::process::Command;

/// What every bench says of the machine and the program.
const CONDITIONS: [&str; 5] = ["bench", "cores", "build", "version", "kernel"];

/// Runs a bench in a directory of its own; its figures.
async fn figures(arguments: &[&str]) -> Value {
    let dir = TempDir::new().unwrap();
    let output = ["--json", "--dir", dir.path().to_str().unwrap()];
    let (code, out, err) = run(&[&["bench"][..], arguments, &output].concat()).await;
    assert_eq!(code, 0, "{arguments:?}: {err}");
    assert_empty(dir.path());
    let figures: Value = serde_json::from_str(&out).unwrap();
    for name in CONDITIONS {
        assert!(!figures[name].is_null(), "{arguments:?} lacks {name}: {figures:#}");
    }
    figures
}

fn assert_empty(dir: &Path) {
    let left: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "a bench left {left:?}");
}

/// All of these are numbers above zero.
fn assert_above_zero(figures: &Value, names: &[&str]) {
    for name in names {
        let value = figures[name].as_f64();
        assert!(value.is_some_and(|value| value > 0.0), "{name} is {:?}: {figures:#}", figures[name]);
    }
}

const SERVER: [&str; 2] = ["server_rss_bytes", "server_pss_bytes"];

#[tokio::test]
async fn peer_prints_its_figures() {
    let figures = figures(&["peer", "--senders", "4", "--window", "2", "--seconds", "1"]).await;
    assert_above_zero(&figures, &SERVER);
    let names = [
        "msgs_per_s",
        "server_cpu_us_per_msg",
        "load_cpu_us_per_msg",
        "ack_p50_ms",
        "ack_p99_ms",
        "ack_p999_ms",
        "ack_max_ms",
        "e2e_p99_ms",
        "written_bytes_per_msg",
    ];
    assert_above_zero(&figures, &names);
    assert_eq!((&figures["senders"], &figures["window"]), (&4.into(), &2.into()));
}

#[tokio::test]
async fn a_pace_is_kept_within_reason() {
    let figures = figures(&["peer", "--senders", "2", "--rate", "50", "--seconds", "1"]).await;
    let sent = figures["messages"].as_u64().unwrap();
    assert!((10..=60).contains(&sent), "{figures:#}");
}

#[tokio::test]
async fn offline_prints_its_figures() {
    let figures = figures(&["offline", "--senders", "3", "--seconds", "1"]).await;
    assert_above_zero(&figures, &SERVER);
    assert_above_zero(&figures, &["accepted_per_s", "drain_per_s", "ack_p99_ms", "written_bytes_per_msg"]);
    assert_above_zero(&figures, &["server_cpu_us_per_msg", "server_cpu_us_per_drained"]);
}

#[tokio::test]
async fn idle_prints_its_figures() {
    let figures = figures(&["idle", "--sessions", "40", "--warm", "1000"]).await;
    assert_above_zero(&figures, &["login_cpu_us", "load_cpu_us_per_session", "server_rss_bytes_before"]);
    // A few sessions may sit in memory that was free before.
    for name in ["rss_bytes_per_session", "rss_bytes_per_session_after_traffic"] {
        assert!(figures[name].is_number(), "{figures:#}");
    }
    // Kernel memory is the whole machine's: among other tests it may shrink meanwhile.
    assert!(figures["kernel_bytes_per_session"].is_number(), "{figures:#}");
    assert!(figures["kernel_bytes_source"].is_string(), "{figures:#}");
}

#[tokio::test]
async fn idle_in_memory_prints_its_figures() {
    let figures = figures(&["idle", "--in-memory", "--sessions", "300", "--warm", "1000"]).await;
    let names = [
        "logins_per_s",
        "login_cpu_us_of_both_ends",
        "server_rss_bytes_before",
        "server_rss_bytes",
        "transport_bytes_per_session",
    ];
    assert_above_zero(&figures, &names);
    assert_eq!((&figures["sessions"], &figures["in_memory"]), (&300.into(), &true.into()));
    for name in ["rss_bytes_per_session", "rss_bytes_per_session_after_traffic"] {
        assert!(figures[name].is_number(), "{figures:#}");
    }
}

#[tokio::test]
async fn fanout_prints_its_figures() {
    let figures = figures(&["fanout", "--members", "12", "--seconds", "1"]).await;
    let names = [
        "recipients_per_s",
        "last_recipient_p50_ms",
        "last_recipient_p50_beside_traffic_ms",
        "other_ack_p99_before_ms",
        "other_ack_p99_during_ms",
        "server_cpu_us_per_recipient",
    ];
    assert_above_zero(&figures, &names);
}

#[tokio::test]
async fn push_prints_its_figures() {
    let tiny = ["push", "--receivers", "8", "--members", "20", "--pace", "20", "--step-ms", "200"];
    let figures = figures(&tiny).await;
    let names = [
        "dispatches_per_s",
        "notices_per_s",
        "commit_to_accept_p99_ms",
        "server_cpu_us_per_dispatch",
        "server_cpu_us_per_notice",
        "emulator_cpu_us_per_dispatch",
        "written_bytes_per_dispatch",
    ];
    assert_above_zero(&figures, &names);
    // The answer may arrive after the event: then the accept took no time that could be seen.
    assert!(figures["commit_to_accept_p50_ms"].is_number(), "{figures:#}");
}

#[tokio::test]
async fn call_prints_its_figures() {
    let figures = figures(&["call", "--calls", "5"]).await;
    assert_above_zero(&figures, &["invite_to_ring_p50_ms", "invite_to_ring_p99_ms", "emulator_p50_ms"]);
    assert_above_zero(&figures, &["server_cpu_us_per_call", "written_bytes_per_call"]);
}

#[tokio::test]
async fn restart_prints_its_figures() {
    let figures = figures(&["restart", "--messages", "2000"]).await;
    assert_above_zero(&figures, &["ready_ms", "ready_again_ms", "ready_cpu_ms", "stored_bytes_per_msg"]);
}

#[tokio::test]
async fn growth_prints_its_figures() {
    let tiny = ["growth", "--messages", "500,2000", "--groups", "2,20", "--step-ms", "200"];
    let figures = figures(&tiny).await;
    assert_above_zero(&figures, &["growth_ratio", "group_growth_ratio"]);
    for (name, size, sizes) in [("levels", "messages", [500, 2_000]), ("groups", "members", [2, 20])] {
        let found: Vec<_> = figures[name].as_array().unwrap().iter().map(|one| &one[size]).collect();
        assert_eq!(found, sizes, "{figures:#}");
        for one in figures[name].as_array().unwrap() {
            assert_above_zero(one, &["msgs_per_s", "server_cpu_us_per_msg", "ack_p50_ms"]);
        }
    }
}

#[tokio::test]
async fn a_stopped_bench_leaves_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let bench = Command::new(env!("CARGO_BIN_EXE_hongyan"))
        .args(["bench", "peer", "--senders", "2", "--seconds", "60", "--dir"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // It runs once the server has made its file.
    let data = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let made = std::fs::read_dir(dir.path()).unwrap().filter_map(Result::ok).next();
            if let Some(made) = made.filter(|made| made.path().join("hongyan.db-wal").exists()) {
                return made.path();
            }
            tokio::task::yield_now().await;
        }
    });
    let data = data.await.unwrap().to_str().unwrap().to_owned();
    let pid = bench.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let ended =
        tokio::time::timeout(Duration::from_secs(20), bench.wait_with_output()).await.unwrap().unwrap();
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("stopped"), "{ended:?}");
    assert_empty(dir.path());
    assert_eq!(processes_on(&data), 0);
}

/// Processes whose command line names this directory.
fn processes_on(data: &str) -> usize {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = all.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(data)).count()
}

#[tokio::test]
async fn a_bench_says_what_is_wrong_with_its_arguments() {
    for (arguments, says) in [
        (&["peer", "--senders", "0"][..], "1..=9000"),
        (&["peer", "--url", "ws://127.0.0.1:1/ws"], "--app"),
        (&["growth", "--messages", "9,9", "--groups", "2", "--dir", "/no/such"], "/no/such"),
        (&["idle", "--url", "http://x", "--app", "1", "--app-sign", "x"], "ws://"),
    ] {
        let (code, _, err) = run(&[&["bench"][..], arguments].concat()).await;
        assert!(code != 0 && err.contains(says) && !err.contains("panicked"), "{arguments:?}: {err}");
    }
}
