//! How fast the embedded store takes messages, and how long it takes to start: figures for the decision page.
//!
//! `append_rate DIR [SECONDS]` fills a fresh store in DIR with 1, 64, 256 and 1024 senders that each wait for
//! their answer, then starts it again. The figures depend on the disk under DIR.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for people at a terminal")]

use hongyan_server::{
    clock::Clock,
    store::{
        Append, ConversationNo, ConversationStore, CursorMove, LoginRecord, MessageStore, NewIntent,
        NewMessage, Recipients, Store, UserStore,
        sqlite::{SqliteStore, StoreOptions},
    },
};
use hongyan_wire::{AppId, ConversationKey, DeviceId, UserId, message::PushConfig};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

const APP: AppId = AppId(1);
const USERS: usize = 20_000;
/// Half of the traffic goes to this many conversations.
const HOT: usize = 10_000;
/// A user writes to this many others.
const PEERS: usize = 4;
const ROUNDS: [usize; 4] = [1, 64, 256, 1_024];

/// What a round adds to plain sends.
#[derive(Clone, Copy, PartialEq)]
enum Load {
    Plain,
    /// Half of the messages have a push intent; every message is acknowledged by its receiver.
    Full,
}

fn user(n: usize) -> UserId {
    UserId::new(&format!("user-{n}")).unwrap()
}

fn device(n: usize) -> DeviceId {
    DeviceId::new(&format!("device-{n}")).unwrap()
}

fn message(
    random: &mut StdRng,
    content: &Arc<str>,
    count: u64,
    clock: &Clock,
    load: Load,
) -> (NewMessage, usize) {
    let from = random.random_range(0..USERS);
    let to = match random.random_bool(0.5) {
        // Every hot conversation is one of user 2n with user 2n + 1.
        true => return peer(random.random_range(0..HOT) * 2, 1, content, count, clock, load),
        false => random.random_range(1..=PEERS),
    };
    peer(from, to, content, count, clock, load)
}

fn peer(
    from: usize,
    step: usize,
    content: &Arc<str>,
    count: u64,
    clock: &Clock,
    load: Load,
) -> (NewMessage, usize) {
    let to = (from + step) % USERS;
    let now_ms = clock.now_ms();
    let intent = (load == Load::Full && count.is_multiple_of(2)).then(|| NewIntent {
        kind: Default::default(),
        sender: user(from),
        recipients: Recipients::Others,
        push: PushConfig { title: "title".into(), content: "content".into(), ..PushConfig::default() },
        mentioned: Vec::new(),
        mention_all: false,
        notify_mentioned: false,
        call: None,
        expires_at: now_ms + 86_400_000,
    });
    let message = NewMessage {
        app: APP,
        sender: user(from),
        sender_device: device(from),
        to: ConversationKey::Peer(user(to)),
        local_id: count.to_string(),
        content: content.clone(),
        disable_unread: false,
        intent,
        now_ms,
    };
    (message, to)
}

async fn register(store: &Arc<SqliteStore>) {
    let mut logins = tokio::task::JoinSet::new();
    for n in 0..USERS {
        let store = store.clone();
        let login = LoginRecord {
            app: APP,
            user: user(n),
            name: None,
            device: device(n),
            platform: 1,
            now_ms: 1_800_000_000_000,
        };
        logins.spawn(async move { store.sign_in(login).await.unwrap() });
        if n % 1_000 == 999 {
            while logins.join_next().await.is_some() {}
        }
    }
}

/// One message in every conversation, so that the rounds measure messages and not beginnings.
async fn open_conversations(store: &Arc<SqliteStore>, clock: &Clock, counter: &Arc<AtomicU64>) {
    let content: Arc<str> = "{}".into();
    let begun = Instant::now();
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..USERS * PEERS {
        let count = counter.fetch_add(1, Ordering::Relaxed);
        let (message, _) = peer(n / PEERS, n % PEERS + 1, &content, count, clock, Load::Plain);
        let store = store.clone();
        sends.spawn(async move { store.append_message(message).await.unwrap() });
        while sends.len() >= 1_024 {
            sends.join_next().await;
        }
    }
    while sends.join_next().await.is_some() {}
    println!(
        "{} new conversations: {:.0}/s",
        USERS * PEERS,
        (USERS * PEERS) as f64 / begun.elapsed().as_secs_f64()
    );
}

/// One sender until it is told to stop; its latencies in µs.
async fn sender(
    store: Arc<SqliteStore>,
    clock: Clock,
    load: Load,
    stop: Arc<AtomicBool>,
    counter: Arc<AtomicU64>,
) -> Vec<u32> {
    let content: Arc<str> = format!("{{\"type\":1,\"message\":\"{}\"}}", "x".repeat(270)).into();
    let mut random = StdRng::seed_from_u64(counter.fetch_add(1, Ordering::Relaxed));
    let mut latencies = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let count = counter.fetch_add(1, Ordering::Relaxed);
        let (message, to) = message(&mut random, &content, count, &clock, load);
        let key = ConversationKey::Peer(message.sender.clone());
        let begun = Instant::now();
        let Append::Stored(appended) = store.append_message(message).await.unwrap() else {
            panic!("not stored")
        };
        latencies.push(begun.elapsed().as_micros() as u32);
        if load == Load::Full {
            let seq = appended.message.seq;
            store.acknowledge(CursorMove { app: APP, user: user(to), device: device(to), key, seq }).unwrap();
        }
    }
    latencies
}

async fn round(
    store: &Arc<SqliteStore>,
    clock: &Clock,
    senders: usize,
    span: Duration,
    load: Load,
    counter: &Arc<AtomicU64>,
) {
    let stop = Arc::new(AtomicBool::new(false));
    let (begun, cpu, writer) = (Instant::now(), cpu_us("self"), writer_us());
    let tasks: Vec<_> = (0..senders)
        .map(|_| tokio::spawn(sender(store.clone(), clock.clone(), load, stop.clone(), counter.clone())))
        .collect();
    tokio::time::sleep(span).await;
    stop.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (used, written) = (cpu_us("self") - cpu, writer_us() - writer);
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize];
    println!(
        "{senders:>5} senders {:>5}: {:>7.0}/s  p50 {:>5} µs  p99 {:>6} µs  max {:>6} µs  \
         CPU {:.1} µs/message, {:.1} of it the writer",
        if load == Load::Full { "full" } else { "plain" },
        latencies.len() as f64 / seconds,
        at(0.5),
        at(0.99),
        at(1.0),
        used as f64 / latencies.len() as f64,
        written as f64 / latencies.len() as f64,
    );
}

/// CPU time of a process or thread so far, in µs.
fn cpu_us(of: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    ticks.sum::<u64>() * 10_000
}

/// CPU time of the store's writer.
fn writer_us() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let named = |path: &Path| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|name| name.trim() == "store-writer")
    };
    let writer = threads.map(|thread| thread.path()).find(|path| named(path));
    writer.map_or(0, |path| cpu_us(&path.display().to_string().replace("/proc/", "")))
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

fn open(dir: &Path, what: &str) -> Arc<SqliteStore> {
    let begun = Instant::now();
    let store = SqliteStore::open(dir, StoreOptions::default(), Clock::system()).unwrap();
    let (conversations, users) = store.sizes();
    println!(
        "{what}: {:.2} s, {conversations} conversations, {users} users, {} MiB resident",
        begun.elapsed().as_secs_f64(),
        resident_mib()
    );
    store
}

async fn history(store: &Arc<SqliteStore>) {
    for (name, before) in [("newest", u64::MAX), ("a hundred deep", 100)] {
        let mut random = StdRng::seed_from_u64(1);
        let begun = Instant::now();
        for _ in 0..500 {
            let no = ConversationNo(random.random_range(1..5_000));
            store.messages_before(no, before, 0, 50).await.unwrap();
        }
        println!("50 messages, {name}: {:.0} µs", begun.elapsed().as_secs_f64() * 1e6 / 500.0);
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().expect("append_rate DIR [SECONDS]");
    let span = Duration::from_secs(arguments.next().map_or(5, |seconds| seconds.parse().unwrap()));
    let dir = Path::new(&dir).join("append-rate");
    let clock = Clock::system();
    let store = open(&dir, "empty start");
    register(&store).await;
    let counter = Arc::new(AtomicU64::new(0));
    open_conversations(&store, &clock, &counter).await;
    for load in [Load::Plain, Load::Full] {
        for senders in ROUNDS {
            round(&store, &clock, senders, span, load, &counter).await;
        }
    }
    history(&store).await;
    let crashed = dir.with_extension("crashed");
    std::fs::create_dir_all(&crashed).unwrap();
    for name in ["hongyan.db", "hongyan.db-wal"] {
        std::fs::copy(dir.join(name), crashed.join(name)).unwrap();
    }
    let begun = Instant::now();
    store.close().await;
    println!("closing: {:.2} s, {} MiB resident", begun.elapsed().as_secs_f64(), resident_mib());
    drop(store);
    open(&dir, "start after a close").close().await;
    open(&crashed, "start after a crash").close().await;
    let size = std::fs::metadata(dir.join("hongyan.db")).unwrap().len();
    println!("file: {} MiB, {} bytes a message", size >> 20, size / counter.load(Ordering::Relaxed).max(1));
    std::fs::remove_dir_all(&dir).unwrap();
    std::fs::remove_dir_all(&crashed).unwrap();
}
