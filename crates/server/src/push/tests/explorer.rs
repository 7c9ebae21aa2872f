//! Finding traces among many: milliseconds, whatever their number.
//!
//! `HONGYAN_TRACES=1000000` makes the data as large as that and tells how long each question took.

use crate::{
    clock::Clock,
    push::notice,
    store::{
        HeadFilter, HeadStore, Intent, IntentKind, NewIntent, PushStore, Recipients, SeriesStore, Store,
        Subject, TraceMark, first_id_at,
        sqlite::{
            SqliteStore, StoreOptions,
            many::{PAIRS, START_MS, STEP_MS, fill},
        },
    },
};
use hongyan_wire::{AppId, CallId, UserId, call::CallMode, message::PushConfig};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Traces whose heads are written by the task itself.
const HEADLESS: u64 = 5_000;
const APP: AppId = AppId(1);
/// A page is there within this time, also on a busy machine and unoptimised.
const SLOW: Duration = Duration::from_secs(2);

fn traces() -> u64 {
    std::env::var("HONGYAN_TRACES").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

fn notice_text() -> String {
    let intent = Intent {
        id: 1,
        app: APP,
        subject: Subject::Call { call: CallId(1), mode: CallMode::General },
        spec: NewIntent {
            sender: UserId::new("u1").unwrap(),
            recipients: Recipients::Others,
            push: PushConfig { title: "a title".into(), content: "some words".into(), ..Default::default() },
            mentioned: Vec::new(),
            mention_all: false,
            notify_mentioned: false,
            call: None,
            kind: IntentKind::Delivery,
            expires_at: START_MS + 86_400_000,
        },
        created_at: START_MS,
        due_at: START_MS,
    };
    serde_json::to_string(&notice(&intent, Default::default())).unwrap()
}

/// Runs a question three times; the longest of the last two counts, and is told when the data is large.
async fn timed<T, F: Future<Output = T>>(what: &str, ask: impl Fn() -> F) -> T {
    let mut longest = Duration::ZERO;
    let mut first = Duration::ZERO;
    let mut answer = None;
    for round in 0..3 {
        let started = Instant::now();
        answer = Some(ask().await);
        let took = started.elapsed();
        if round == 0 {
            first = took;
        } else {
            longest = longest.max(took);
        }
    }
    tell(&format!("{what}: first {first:?}, then at most {longest:?}"));
    assert!(longest < SLOW, "{what} took {longest:?}");
    answer.unwrap()
}

/// Figures for whoever measures.
#[allow(clippy::print_stderr)]
fn tell(figure: &str) {
    if std::env::var_os("HONGYAN_TRACES").is_some() {
        eprintln!("{figure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_by_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let started = Instant::now();
    fill(dir.path(), traces(), traces() - HEADLESS, &notice_text());
    tell(&format!("{} traces made in {:?}", traces(), started.elapsed()));
    let (clock, hand) = Clock::manual(START_MS + traces() * STEP_MS);
    hand.advance(Duration::from_secs(86_400 * 2));
    let store = SqliteStore::open(dir.path(), StoreOptions::default(), clock.clone()).unwrap();
    index(&*store, &clock).await;
    ask(&store).await;
    let size = std::fs::metadata(dir.path().join("hongyan.db")).map_or(0, |found| found.len());
    tell(&format!("the file has {} MiB", size / 1024 / 1024));
    store.close().await;
}

/// Writes every head, as the task of push does.
async fn index(store: &dyn Store, clock: &Clock) {
    let (started, mut open, mut batches, mut longest) = (Instant::now(), 0, 0u32, Duration::ZERO);
    loop {
        let batch = Instant::now();
        let more = crate::push::heads::round(store, clock, &mut open).await.unwrap();
        longest = longest.max(batch.elapsed());
        batches += 1;
        if !more {
            break;
        }
    }
    let rate = HEADLESS as f64 / started.elapsed().as_secs_f64();
    tell(&format!("heads: {rate:.0}/s without pauses, {batches} batches, the longest {longest:?}"));
}

async fn ask(store: &Arc<SqliteStore>) {
    let all = HeadFilter::default();
    let failed = HeadFilter { outcome: Some(TraceMark::Failed), ..all };
    let page = timed("newest of an app", || store.heads(APP, all, u64::MAX, 50)).await.unwrap();
    assert_eq!(page.heads.len(), 50);
    let deep = first_id_at(START_MS + traces() * STEP_MS / 2);
    let page = timed("a page deep down", || store.heads(APP, all, deep, 50)).await.unwrap();
    assert!(page.heads[0].id < deep && page.heads.len() == 50);
    let page = timed("failed, one in 1 000", || store.heads(APP, failed, u64::MAX, 50)).await.unwrap();
    let expected = (traces() / 1_000).min(50) as usize;
    assert_eq!(page.heads.len(), expected);
    assert!(page.heads.iter().all(|head| head.counts.failed == 1 && head.settled));
    let expired = HeadFilter { outcome: Some(TraceMark::Expired), ..all };
    let page = timed("expired, none", || store.heads(APP, expired, u64::MAX, 50)).await.unwrap();
    assert!(page.heads.is_empty());
    let calls = HeadFilter { is_call: Some(true), ..all };
    assert!(timed("calls, none", || store.heads(APP, calls, u64::MAX, 50)).await.unwrap().heads.is_empty());
    let hour = HeadFilter {
        from_ms: Some(START_MS + traces() * STEP_MS / 4),
        to_ms: Some(START_MS + traces() * STEP_MS / 2),
        ..failed
    };
    let page =
        timed("failed in a quarter of the time", || store.heads(APP, hour, u64::MAX, 50)).await.unwrap();
    assert!(!page.heads.is_empty());
    let page = timed("newest of the small app", || store.heads(AppId(2), all, u64::MAX, 50)).await.unwrap();
    assert!(page.heads.len() == 50 && page.heads.iter().all(|head| head.app == AppId(2)));
    let user = UserId::new("v7").unwrap();
    let ids = timed("messages of a user", || store.subjects_of(APP, &user, u64::MAX, 200)).await.unwrap();
    assert_eq!(ids.len() as u64, (traces() / PAIRS).min(200));
    let page = timed("traces of a user", || store.traces_of(APP, &user, u64::MAX, 50)).await.unwrap();
    assert!(page.records.len() >= 20);
    let one = page.records[0].intent.id;
    let records = timed("one trace", || store.trace(one)).await.unwrap();
    assert_eq!(records.len(), 1);
    assert!(timed("age of the backlog", || store.oldest_open()).await.unwrap().is_empty());
}
