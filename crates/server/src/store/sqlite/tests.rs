//! The suite over this backend, and what only this backend promises: its files, its limits, and what happens
//! when the disk fails.

use super::*;
use crate::store::{
    suite::{Place, World, model, world::*},
    *,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use hongyan_wire::{AppId, Seq};
use proptest::prelude::*;
use std::{os::unix::fs::PermissionsExt, time::Duration};
use tempfile::TempDir;

/// A data directory.
pub(super) struct Home {
    dir: TempDir,
    pub options: StoreOptions,
}

impl Home {
    fn with(options: StoreOptions) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), options }
    }

    /// Where a sync costs nothing, if there is such a place: for tests that commit very often.
    fn in_memory(options: StoreOptions) -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self { dir: dir.unwrap(), options }
    }

    fn usual() -> Self {
        Self::with(StoreOptions::default())
    }

    /// Small limits, so that short tests reach all of them.
    pub fn small() -> Self {
        Self::in_memory(StoreOptions {
            recent_bytes_max: 4_000,
            tails_every: 50,
            group_len_max: 40,
            readers: 2,
            start_rows: 5,
            recall_rows: 7,
            ..StoreOptions::default()
        })
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Place for Home {
    async fn open(&self, clock: Clock) -> Arc<dyn Store> {
        SqliteStore::open(self.path(), self.options.clone(), clock).unwrap()
    }

    async fn crashed(&self) -> Self {
        let copy = Self::in_memory(self.options.clone());
        for name in ["hongyan.db", "hongyan.db-wal", "credentials.key"] {
            let from = self.path().join(name);
            if from.exists() {
                std::fs::copy(from, copy.path().join(name)).unwrap();
            }
        }
        copy
    }
}

mod promises {
    crate::store::suite::every_promise!(crate::store::sqlite::tests::Home::usual());
}

mod promises_with_small_limits {
    crate::store::suite::every_promise!(crate::store::sqlite::tests::Home::small());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_agree_with_a_model(steps in model::history(120)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(Home::small()).await;
            model::play(&mut world, steps).await;
            world.survives().await;
        });
    }
}

/// A world with two users, whose disk can be made to fail.
async fn small_world() -> (World<Home>, Arc<Faults>) {
    world_with(Home::small().options).await
}

pub(super) async fn world_with(options: StoreOptions) -> (World<Home>, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let home = Home::in_memory(StoreOptions { faults: Some(faults.clone()), ..options });
    let mut world = World::new(home).await;
    world.login_all(&["ann", "bob"]).await;
    (world, faults)
}

fn open(home: &Home) -> Result<Arc<SqliteStore>, StoreError> {
    SqliteStore::open(home.path(), home.options.clone(), Clock::system())
}

fn count(home: &Home, query: &str) -> i64 {
    let sql = Connection::open(home.path().join("hongyan.db")).unwrap();
    sql.query_row(query, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn one_server_at_a_time() {
    let home = Home::small();
    let store = open(&home).unwrap();
    let refused = open(&home).err().unwrap().to_string();
    assert!(refused.contains("another server runs on"), "{refused}");
    store.close().await;
    open(&home).unwrap().close().await;
}

#[tokio::test]
async fn a_store_that_is_dropped_ends_by_itself() {
    let home = Home::small();
    drop(open(&home).unwrap());
    let opened = tokio::task::spawn_blocking(move || {
        let until = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            match open(&home) {
                Ok(store) => return (store, home),
                Err(error) => assert!(std::time::Instant::now() < until, "{error}"),
            }
            std::thread::yield_now();
        }
    });
    let (store, _home) = opened.await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let home = Home::small();
    let dir = home.path().join("new/data");
    let store = SqliteStore::open(&dir, home.options.clone(), Clock::system()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for name in ["hongyan.db", "hongyan.db-wal", "hongyan.db-shm", "hongyan.lock"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
    let copy = home.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    assert_eq!(mode(&copy), 0o600);
    store.close().await;
}

#[tokio::test]
async fn a_file_of_a_newer_program_is_left_alone() {
    let home = Home::small();
    open(&home).unwrap().close().await;
    let sql = Connection::open(home.path().join("hongyan.db")).unwrap();
    sql.execute("INSERT INTO migrations VALUES (99, 'later', '', 1)", []).unwrap();
    assert!(matches!(open(&home), Err(StoreError::TooNew { found: 99, .. })));
    assert!(matches!(ToolStore::open(home.path(), &KeySource::Beside), Err(StoreError::TooNew { .. })));
}

#[tokio::test]
async fn a_path_that_cannot_be_used_is_named() {
    let home = Home::small();
    let file = home.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = SqliteStore::open(&file, home.options.clone(), Clock::system()).err().unwrap().to_string();
    assert!(refused.contains(&file.display().to_string()), "{refused}");
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let (mut world, faults) = small_world().await;
    world.send("ann", peer("bob")).await;
    // No more than the file already has: SQLite itself says that the disk is full.
    faults.limit_pages(1);
    let big: Arc<str> = format!("\"{}\"", "x".repeat(30_000)).into();
    let mut stored = 1;
    let refused = loop {
        let message = NewMessage { content: big.clone(), ..world.message("ann", peer("bob")) };
        match world.store.append_message(message).await {
            Ok(Append::Stored(appended)) => world.watch(appended.message.id, appended.message.conversation),
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
        stored += 1;
        assert!(stored < 100, "the disk never gets full");
    };
    assert!(matches!(&refused, StoreError::Refusing(why) if why.contains("full")), "{refused}");
    assert!(world.store.health().unwrap_err().contains("full"));
    assert_eq!(world.unread("bob", &peer("ann")).await, stored, "reading goes on");
    let mark = world.store.mark_read(APP, &user("bob"), None, &peer("ann"), None).await;
    assert!(matches!(mark, Err(StoreError::Refusing(_))), "every write is refused");
    world.later(4);
    let probed = world.store.set_notification(APP, &user("bob"), &peer("ann"), Default::default()).await;
    assert!(matches!(probed, Err(StoreError::Refusing(_))), "a probe finds it full still");
    faults.limit_pages(0);
    world.later(4);
    assert_eq!(world.send("ann", peer("bob")).await.message.seq, stored + 1, "and goes on without a gap");
    world.store.health().unwrap();
    world.survives().await;
}

#[tokio::test]
async fn a_failed_sync_stops_the_store_until_a_restart() {
    let (mut world, faults) = small_world().await;
    world.send("ann", peer("bob")).await;
    let messages: Vec<_> = (0..20).map(|_| world.message("ann", peer("bob"))).collect();
    faults.fail_next_commit();
    let sends = messages.iter().map(|message| world.store.append_message(message.clone()));
    let answers = futures_util::future::join_all(sends).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Refusing(_)))), "{answers:?}");
    assert!(world.store.health().unwrap_err().contains("restart"));
    world.later(60);
    let late = world.store.append_message(messages[0].clone()).await;
    assert!(matches!(late, Err(StoreError::Refusing(_))), "a failed sync is not tried again: {late:?}");
    assert_eq!(world.unread("bob", &peer("ann")).await, 1, "nothing of it can be seen");
    world.restart().await;
    assert_eq!(world.send("ann", peer("bob")).await.message.seq, 2);
    for (place, message) in messages.into_iter().enumerate() {
        assert_eq!(stored(world.append(message).await).message.seq, place as Seq + 3);
    }
    world.survives().await;
}

#[tokio::test]
async fn a_commit_carries_all_that_waited() {
    let (mut world, faults) = small_world().await;
    let held = faults.hold_commits();
    let store = world.store.clone();
    let mut sends = Vec::new();
    for _ in 0..30 {
        let mut send = store.append_message(world.message("ann", peer("bob")));
        assert!(futures_util::poll!(&mut send).is_pending(), "nothing is answered before its commit");
        sends.push(send);
    }
    assert!(world.store.memberships(APP, &user("bob")).await.unwrap().is_empty(), "nor can it be seen");
    // The first commit may hold one of them, the next holds the rest: it is lost as a whole.
    faults.fail_next_commit();
    drop(held);
    let answers = futures_util::future::join_all(sends).await;
    assert!(answers.iter().all(Result::is_err));
    world.restart().await;
}

#[tokio::test]
async fn a_writer_that_falls_behind_says_so() {
    let (mut world, faults) = world_with(StoreOptions {
        queue_len_max: 2,
        room_wait_max: Duration::ZERO,
        group_len_max: 1,
        ..Home::small().options
    })
    .await;
    let held = faults.hold_commits();
    let store = world.store.clone();
    let mut sends = FuturesUnordered::new();
    for _ in 0..8 {
        sends.push(store.append_message(world.message("ann", peer("bob"))));
    }
    // One in the writer's hands and two in the queue: the others get no room.
    for _ in 0..5 {
        let answer = sends.next().await.unwrap();
        assert!(matches!(answer, Err(StoreError::Overloaded)), "{answer:?}");
    }
    drop(held);
    let answers: Vec<_> = sends.collect().await;
    let stored = answers.iter().filter(|answer| matches!(answer, Ok(Append::Stored(_)))).count() as u64;
    assert!((2..=3).contains(&stored), "{answers:?}");
    assert_eq!(world.unread("bob", &peer("ann")).await, stored, "who was refused was not stored");
    world.survives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_of_announcements_holds_the_writer_up() {
    let options = StoreOptions { announcements_len_max: 1, ..Home::small().options };
    let (mut world, _) = world_with(options).await;
    let mut announcements = world.store.announcements().unwrap();
    world.send("ann", peer("bob")).await;
    world.send("ann", peer("bob")).await;
    // The second is answered, and waits for room among the announcements; the third waits behind it.
    let store = world.store.clone();
    let mut third = store.append_message(world.message("ann", peer("bob")));
    assert!(futures_util::poll!(&mut third).is_pending());
    for seq in 1..=2 {
        let Announcement::Message(appended) = announcements.recv().await.unwrap() else {
            panic!("a message")
        };
        assert_eq!(appended.message.seq, seq);
    }
    assert_eq!(stored(third.await.unwrap()).message.seq, 3);
    world.send("ann", peer("bob")).await;
    // Closing does not wait for a reader that stopped reading.
    world.store.close().await;
    drop(announcements);
}

#[tokio::test]
async fn marks_lead_into_deep_history() {
    let (mut world, _) = small_world().await;
    world.send_many("ann", peer("bob"), 700).await;
    let no = world.membership("ann", &peer("bob")).await.conversation;
    let marks = "SELECT count(*) FROM marks WHERE seq % 64 = 0";
    let crashed = world.crashed().await;
    world.store.close().await;
    assert_eq!(count(world.home(), marks), 10);
    // What was not written before a crash is written after it.
    open(&crashed).unwrap().close().await;
    assert_eq!(count(&crashed, marks), 10);
    let sql = Connection::open(crashed.path().join("hongyan.db")).unwrap();
    let deep = history::Stretch { conversation: no.0, above: 99, up_to: 101, from: (700, 0) };
    let found = history::walk(&sql, deep).unwrap();
    assert_eq!(
        found.iter().map(|message| message.seq).collect::<Vec<_>>(),
        [100, 101],
        "without the tail's row"
    );
}

#[tokio::test]
async fn the_window_is_bounded() {
    let options = StoreOptions { window_len_max: 10, ..Home::small().options };
    let (mut world, _) = world_with(options).await;
    let first = world.message("ann", peer("bob"));
    world.append(first.clone()).await;
    world.send_many("ann", peer("bob"), 9).await;
    assert!(matches!(world.append(first.clone()).await, Append::Duplicate(_)), "among the newest ten");
    world.send("ann", peer("bob")).await;
    world.restart().await;
    while !world.store.recall_level().is_whole {
        tokio::task::yield_now().await;
    }
    assert!(matches!(world.append(first).await, Append::Stored(_)), "forgotten, as documented");
    world.survives().await;
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (mut world, _) = small_world().await;
    world.send("ann", peer("bob")).await;
    world.store.close().await;
    world.store.close().await;
    let message = world.message("ann", peer("bob"));
    assert!(matches!(world.store.append_message(message).await, Err(StoreError::Closed)));
    assert!(matches!(world.store.users(APP, &users(&["ann"])).await, Err(StoreError::Closed)));
    assert!(matches!(world.store.apps().await, Err(StoreError::Closed)));
    assert!(world.store.health().unwrap_err().contains("closed"));
}

#[tokio::test]
async fn a_backup_is_taken_while_messages_come() {
    let (mut world, _) = small_world().await;
    world.send_many("ann", peer("bob"), 300).await;
    let messages: Vec<_> = (0..200).map(|_| world.message("bob", peer("ann"))).collect();
    let store = world.store.clone();
    let sending = tokio::spawn(async move {
        for message in messages {
            stored(store.append_message(message).await.unwrap());
        }
    });
    let copy = Home::small();
    world.store.backup(&copy.path().join("hongyan.db")).await.unwrap();
    let again = world.store.backup(&copy.path().join("hongyan.db")).await.unwrap_err().to_string();
    assert!(again.contains("exists already"), "{again}");
    sending.await.unwrap();
    let left: Vec<_> =
        std::fs::read_dir(copy.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["hongyan.db"], "nothing else is left behind");
    let restored = World::new(copy).await;
    let tail = restored.membership("ann", &peer("bob")).await.last_seq;
    assert!((300..=500).contains(&tail), "{tail}");
    let no = restored.membership("ann", &peer("bob")).await.conversation;
    let page = restored.store.messages_before(no, Seq::MAX, 0, 1_000).await.unwrap();
    assert_eq!(seqs(&page), (1..=tail).collect::<Vec<_>>());
    restored.store.close().await;
    world.store.close().await;
}

#[tokio::test]
async fn tools_work_beside_the_server() {
    let (mut world, _) = small_world().await;
    let tools = SqliteStore::open_for_tools(world.home().path(), &KeySource::Beside).unwrap();
    assert!(world.store.apps().await.unwrap().is_empty());
    let app = tools.create_app(NewApp { name: "shop".into(), id: None }, START_MS).await.unwrap().unwrap();
    assert!(world.store.app(app.id).await.unwrap().is_none(), "what is in memory may be a second old");
    world.later(1);
    let seen = world.store.app(app.id).await.unwrap().unwrap();
    assert_eq!(seen.app_sign, app.app_sign);
    let strategy = StoredStrategy { resources_id: "r".into(), options: "{}".into() };
    assert!(world.store.put_strategy(app.id, strategy.clone()).await.unwrap());
    assert_eq!(tools.strategies(app.id).await.unwrap(), [strategy]);
    assert!(tools.remove_strategy(app.id, "r").await.unwrap());
    world.later(1);
    assert!(world.store.strategies(app.id).await.unwrap().is_empty());
    let message =
        NewMessage { intent: Some(intent("ann", Recipients::Others)), ..world.message("ann", peer("bob")) };
    let sent = stored(world.append(message).await);
    let trace = tools.records(sent.message.id.0).await.unwrap();
    assert_eq!(trace, world.store.trace(sent.message.id.0).await.unwrap());
    assert_eq!(tools.traced_message(sent.message.id).await.unwrap(), Some((*sent).clone()));
    let copy = Home::small();
    tools.backup(&copy.path().join("hongyan.db")).await.unwrap();
    drop(tools);
    world.survives().await;
}

#[tokio::test]
async fn tools_work_without_a_server() {
    let home = Home::small();
    let tools = ToolStore::open(home.path(), &KeySource::Beside).unwrap();
    let app = tools.create_app(NewApp { name: "shop".into(), id: Some(AppId(5)) }, 1).await.unwrap().unwrap();
    let store = open(&home).unwrap();
    assert_eq!(store.app(AppId(5)).await.unwrap().unwrap().server_secret, app.server_secret);
    let sql = Connection::open(home.path().join("hongyan.db")).unwrap();
    sql.execute("DELETE FROM migrations", []).unwrap();
    let refused = ToolStore::open(home.path(), &KeySource::Beside).err().unwrap().to_string();
    assert!(refused.contains("another version"), "never migrate under a running server: {refused}");
    store.close().await;
}
