//! Call histories at random through real sockets, many at once, while the real process is killed again and again.
//! When a call is over it is over for everybody: in the server's record, on every device, on every phone; each
//! push of it has exactly one end.
//!
//! `CALL_HISTORIES=10000` plays more than the few dozen of an ordinary run, `CALL_SEED` the same ones again.

mod cast;
mod device;
mod history;
mod phones;

use crate::program::{Program, Serving, run};
use cast::Cast;
use history::Played;
use hongyan_server::{
    push::trace::{DeviceState, TraceView},
    store::{
        TraceSource,
        sqlite::{KeySource, SqliteStore},
    },
};
use hongyan_wire::call::{CallMode, CallUserState};
use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

const HISTORIES: usize = 60;
/// Casts that play at once.
const CASTS_MAX: usize = 32;
/// Life of a server, from its start to its kill.
const LIFE_MS: u64 = 1_500;
const SETTLED_WITHIN: Duration = Duration::from_secs(120);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Lets real time go by: what is measured here happens in another process.
async fn pause(span: Duration) {
    let _ = tokio::time::timeout(span, std::future::pending::<()>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_history_ends_the_same_on_server_clients_and_phones() {
    let histories = setting("CALL_HISTORIES").map_or(HISTORIES, |count| count as usize);
    let seed = setting("CALL_SEED").unwrap_or_else(rand::random);
    println!("seed {seed}");
    let program = Arc::new(stage().await);
    let serving = program.serve().await;
    let mut casts = Vec::new();
    for number in 0..CASTS_MAX.min(histories.div_ceil(4)) {
        casts.push(Cast::gather(&program, number).await);
    }
    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let plays = casts.iter().map(|cast| play_on(cast, &next, histories, seed));
    let all = async { futures_util::future::join_all(plays).await.concat() };
    let (played, kills, serving) = kill_until(&program, serving, seed, all).await;
    let took = started.elapsed();
    let ends = check_pushes(&program, &played).await;
    serving.stop().await;
    assert_eq!(played.len(), histories);
    println!("{}", report(&casts, &played, kills, took, &ends));
}

/// A program with a Push Kit, an app for several devices a user, and a strategy that rings.
async fn stage() -> Program {
    let program = Program::with_push().await;
    let app = program.app.to_string();
    let settings = ["devices=multi", "call_not_received_ms=1000", "missed_call_content=missed"];
    let set = [&["app", "set", &app][..], &settings, &["--data", program.data()]].concat();
    assert_eq!(run(&set).await.0, 0);
    let ring = ["--name", "call", "--options", r#"{"harmony":{"push_type":10}}"#];
    let set = [&["push", "strategy", "set", "--app", &app][..], &ring, &["--data", program.data()]].concat();
    let (code, _, err) = run(&set).await;
    assert_eq!(code, 0, "{err}");
    program
}

async fn play_on(cast: &Cast, next: &AtomicUsize, histories: usize, seed: u64) -> Vec<Arc<Played>> {
    let mut played = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= histories {
            return played;
        }
        played.push(Arc::new(cast.play(seed.wrapping_add(number as u64)).await));
    }
}

/// Kills the server at random instants and starts it anew, until everything was played.
async fn kill_until<T>(
    program: &Program,
    mut serving: Serving,
    seed: u64,
    all: impl Future<Output = T>,
) -> (T, u32, Serving) {
    let mut all = std::pin::pin!(all);
    for kills in 0.. {
        let life = Duration::from_millis(200 + (seed.rotate_left(kills * 7) ^ u64::from(kills)) % LIFE_MS);
        tokio::select! {
            done = &mut all => return (done, kills, serving),
            () = pause(life) => {}
        }
        serving.kill().await;
        serving = tokio::select! {
            // A start is short, and nothing can be over before it.
            started = program.serve() => started,
            _ = &mut all => unreachable!("nothing ends while the server is down"),
        };
    }
    unreachable!("histories end")
}

/// Every call that was pushed has exactly one end on each device (G4).
async fn check_pushes(program: &Program, played: &[Arc<Played>]) -> BTreeMap<String, usize> {
    let store = SqliteStore::open_for_tools(Path::new(program.data()), &KeySource::Beside).unwrap();
    let mut ends = BTreeMap::new();
    let started = Instant::now();
    for one in played.iter().filter(|one| one.pushes) {
        let trace = loop {
            let trace = TraceView::load(&store, None, one.call.0).await.unwrap().expect("it was answered");
            if trace.settled {
                break trace;
            }
            assert!(started.elapsed() < SETTLED_WITHIN, "not settled in time: {}", trace.to_text());
            pause(Duration::from_millis(50)).await;
        };
        for record in store.records(one.call.0).await.unwrap() {
            let mut seen = HashSet::new();
            let decided = record.verdicts.iter().flat_map(|verdict| &verdict.targets);
            let twice = decided.into_iter().find(|target| !seen.insert((&target.user, &target.device)));
            assert!(twice.is_none(), "two ends for {twice:?}: {}", trace.to_text());
        }
        for view in &trace.devices {
            assert!(view.state != DeviceState::Pending, "no end: {}", trace.to_text());
            let end = format!("{:?} {}", view.state, view.reason.as_deref().unwrap_or(""));
            *ends.entry(end.trim().to_lowercase()).or_default() += 1;
        }
    }
    ends
}

fn report(
    casts: &[Cast],
    played: &[Arc<Played>],
    kills: u32,
    took: Duration,
    ends: &BTreeMap<String, usize>,
) -> String {
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for one in played.iter().flat_map(|one| &one.last.call_user_list) {
        let state: CallUserState = one.state;
        *states.entry(format!("{state:?}").to_lowercase()).or_default() += 1;
    }
    let advanced = played.iter().filter(|one| one.last.mode == CallMode::Advanced).count();
    let (mut notices, mut woken) = (0, 0);
    for cast in casts {
        let (shown, calls) = cast.shelf().counts();
        (notices, woken) = (notices + shown, woken + calls);
    }
    format!(
        "{} histories ({advanced} advanced) by {} casts in {:.1} s, {kills} kills; users ended {states:?}; \
         phones showed {notices} notices and were woken {woken} times; ends of invitations by device: {ends:?}",
        played.len(),
        casts.len(),
        took.as_secs_f64(),
    )
}
