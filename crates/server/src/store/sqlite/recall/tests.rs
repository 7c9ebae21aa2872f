//! Sends from before a start are known at every instant after it: before they are read back, meanwhile, and then.

use crate::store::{
    sqlite::{
        options::{Faults, StoreOptions},
        tests::{Home, world_with},
    },
    suite::{World, world::*},
    *,
};
use futures_util::poll;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const NO_LIMIT: u64 = u64::MAX;
const DAY_S: u64 = 24 * 3600;

/// Two rows at the start, three in a portion.
fn options() -> StoreOptions {
    StoreOptions { start_rows: 2, recall_rows: 3, ..Home::small().options }
}

/// So many messages from ann to bob, and the store opened again: it reads back as many portions as it may.
async fn restarted(
    options: StoreOptions,
    count: usize,
    (conversations, log): (u64, u64),
) -> (World<Home>, Arc<Faults>, Vec<NewMessage>) {
    let (mut world, faults) = world_with(options).await;
    let mut sent = Vec::new();
    for _ in 0..count {
        sent.push(world.message("ann", peer("bob")));
        stored(world.append(sent[sent.len() - 1].clone()).await);
    }
    restart(&mut world, &faults, (conversations, log)).await;
    (world, faults, sent)
}

async fn restart(world: &mut World<Home>, faults: &Faults, (conversations, log): (u64, u64)) {
    faults.limit_recalls(conversations, log);
    world.restart().await;
}

async fn until(world: &World<Home>, reached: impl Fn(RecallLevel) -> bool) {
    let begun = Instant::now();
    while !reached(world.store.recall_level()) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", world.store.recall_level());
        tokio::task::yield_now().await;
    }
}

async fn until_whole(world: &World<Home>) {
    until(world, |level| level.is_whole).await;
}

/// Until so many sends wait, and are counted.
async fn until_waiting(world: &World<Home>, count: usize) {
    until(world, |level| level.waiting == count).await;
}

fn other(message: &NewMessage) -> NewMessage {
    NewMessage { content: "{\"type\":1,\"message\":\"other\"}".into(), ..message.clone() }
}

async fn all_are_known(world: &mut World<Home>, sent: &[NewMessage]) {
    for (place, message) in sent.iter().enumerate() {
        match world.append(message.clone()).await {
            Append::Duplicate(found) => assert_eq!(found.message.seq, place as u64 + 1),
            new => panic!("message {place} again: {new:?}"),
        }
        let conflict = world.append(other(message)).await;
        assert!(matches!(conflict, Append::Conflict), "{place}: {conflict:?}");
    }
}

#[tokio::test]
async fn sends_are_known_before_the_log_is_read() {
    let (mut world, _, sent) = restarted(options(), 40, (NO_LIMIT, 0)).await;
    all_are_known(&mut world, &sent).await;
    assert_eq!(world.send("ann", peer("bob")).await.message.seq, 41);
    assert_eq!(world.send("bob", peer("ann")).await.message.seq, 42);
    assert!(!world.store.recall_level().is_whole);
    world.store.close().await;
}

#[tokio::test]
async fn sends_are_known_while_the_log_is_read() {
    let (mut world, faults, sent) = restarted(options(), 40, (0, 2)).await;
    // Two rows at the start, and two portions of three.
    all_are_known_newest(&mut world, &sent, 8).await;
    let store = world.store.clone();
    let mut older = store.append_message(sent[30].clone());
    assert!(poll!(&mut older).is_pending());
    until_waiting(&world, 1).await;
    assert!(poll!(&mut older).is_pending(), "nobody can say yet");
    faults.limit_recalls(0, 1);
    assert!(matches!(older.await.unwrap(), Append::Duplicate(found) if found.message.seq == 31));
    assert!(!world.store.recall_level().is_whole);
    faults.free_recalls();
    until_whole(&world).await;
    all_are_known(&mut world, &sent).await;
    assert_eq!(world.send("ann", peer("bob")).await.message.seq, 41);
    world.survives().await;
}

async fn all_are_known_newest(world: &mut World<Home>, sent: &[NewMessage], count: usize) {
    for message in &sent[sent.len() - count..] {
        assert!(matches!(world.append(message.clone()).await, Append::Duplicate(_)));
    }
}

#[tokio::test]
async fn a_new_send_waits_until_it_is_known_to_be_one() {
    let (mut world, faults, sent) = restarted(options(), 9, (0, 0)).await;
    let store = world.store.clone();
    let new = world.message("ann", peer("bob"));
    let (mut first, mut again) = (store.append_message(new.clone()), store.append_message(new));
    let mut repeated = store.append_message(sent[0].clone());
    assert!(poll!(&mut first).is_pending() && poll!(&mut again).is_pending());
    assert!(poll!(&mut repeated).is_pending());
    until_waiting(&world, 3).await;
    assert!(poll!(&mut first).is_pending() && poll!(&mut repeated).is_pending());
    faults.free_recalls();
    let first = stored(first.await.unwrap());
    world.watch(first.message.id, first.message.conversation);
    assert_eq!(first.message.seq, 10);
    assert!(matches!(again.await.unwrap(), Append::Duplicate(found) if found == first));
    assert!(matches!(repeated.await.unwrap(), Append::Duplicate(found) if found.message.seq == 1));
    until_whole(&world).await;
    assert_eq!(world.store.recall_level(), RecallLevel { is_whole: true, waiting: 0, failures: 0 });
    world.survives().await;
}

#[tokio::test]
async fn a_senders_sends_keep_their_order() {
    let (mut world, faults, _) = restarted(options(), 9, (0, 0)).await;
    world.login("cat").await;
    let store = world.store.clone();
    let messages = ["bob", "cat", "bob", "cat"].map(|to| world.message("ann", peer(to)));
    let mut sends: Vec<_> = messages.into_iter().map(|message| store.append_message(message)).collect();
    for send in &mut sends {
        assert!(poll!(send).is_pending());
    }
    until_waiting(&world, 4).await;
    let others = world.send("bob", peer("cat")).await;
    faults.limit_recalls(NO_LIMIT, 0);
    let mut last = others.message.id;
    for send in sends {
        let appended = stored(send.await.unwrap());
        world.watch(appended.message.id, appended.message.conversation);
        assert!(appended.message.id > last, "a conversation that is new does not overtake one that is not");
        last = appended.message.id;
    }
    assert!(!world.store.recall_level().is_whole);
    faults.free_recalls();
    world.survives().await;
}

#[tokio::test]
async fn what_waits_too_long_is_refused() {
    let options = StoreOptions { room_wait_max: Duration::ZERO, ..options() };
    let (mut world, faults, sent) = restarted(options, 9, (0, 0)).await;
    for message in [sent[0].clone(), world.message("ann", peer("bob"))] {
        let refused = world.store.append_message(message).await;
        assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
    }
    faults.free_recalls();
    until_whole(&world).await;
    all_are_known(&mut world, &sent).await;
    world.survives().await;
}

#[tokio::test]
async fn few_sends_wait_at_once() {
    let options = StoreOptions { queue_len_max: 4, ..options() };
    let (mut world, faults, _) = restarted(options, 9, (0, 0)).await;
    let store = world.store.clone();
    let mut sends = Vec::new();
    for count in 1..=4 {
        let mut send = store.append_message(world.message("ann", peer("bob")));
        assert!(poll!(&mut send).is_pending());
        sends.push(send);
        until_waiting(&world, count).await;
    }
    let refused = store.append_message(world.message("ann", peer("bob"))).await;
    assert!(matches!(refused, Err(StoreError::Overloaded)), "{refused:?}");
    faults.free_recalls();
    for send in sends {
        let appended = stored(send.await.unwrap());
        world.watch(appended.message.id, appended.message.conversation);
    }
    world.survives().await;
}

#[tokio::test]
async fn the_window_is_not_longer_after_a_start() {
    let options = StoreOptions { window_len_max: 10, ..options() };
    let (mut world, faults, sent) = restarted(options, 20, (0, 1)).await;
    all_are_known_newest(&mut world, &sent, 5).await;
    faults.free_recalls();
    until_whole(&world).await;
    all_are_known_newest(&mut world, &sent, 10).await;
    let forgotten = world.append(sent[9].clone()).await;
    assert_eq!(stored(forgotten).message.seq, 21, "as documented");
    world.survives().await;
}

#[tokio::test]
async fn what_is_older_than_a_day_is_not_looked_for() {
    let (mut world, faults) = world_with(options()).await;
    let old = world.message("ann", peer("bob"));
    stored(world.append(old.clone()).await);
    world.later(10);
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.push(world.message("ann", peer("bob")));
        stored(world.append(sent[sent.len() - 1].clone()).await);
    }
    world.later(DAY_S - 5);
    for (conversations, log) in [(NO_LIMIT, 0), (0, NO_LIMIT)] {
        restart(&mut world, &faults, (conversations, log)).await;
        all_are_known_newest(&mut world, &sent, 20).await;
    }
    let again = stored(world.append(old).await);
    assert_eq!(again.message.seq, 22);
    // A conversation that is older than a day as a whole need not be looked at.
    world.later(DAY_S + 1);
    restart(&mut world, &faults, (0, 0)).await;
    assert_eq!(stored(world.append(sent[3].clone()).await).message.seq, 23);
    faults.free_recalls();
    world.survives().await;
}

#[tokio::test]
async fn a_long_group_is_read_in_portions() {
    let (mut world, faults) = world_with(options()).await;
    let names = ["ann", "bob", "cat"];
    world.login("cat").await;
    world.found("g", "ann", &names[1..]).await;
    let mut sent = Vec::new();
    for n in 0..60 {
        sent.push(world.message(names[n % 3], group("g")));
        stored(world.append(sent[n].clone()).await);
        world.send("ann", peer("bob")).await;
    }
    restart(&mut world, &faults, (4, 0)).await;
    let store = world.store.clone();
    let mut first = store.append_message(sent[0].clone());
    assert!(poll!(&mut first).is_pending());
    // Four portions of three do not reach it.
    assert!(matches!(world.append(sent[52].clone()).await, Append::Duplicate(_)));
    assert!(poll!(&mut first).is_pending());
    faults.limit_recalls(NO_LIMIT, 0);
    assert!(matches!(first.await.unwrap(), Append::Duplicate(found) if found.message.seq == 1));
    // It is known now for all who send there.
    faults.limit_recalls(0, 0);
    all_are_known(&mut world, &sent).await;
    assert_eq!(world.send("cat", group("g")).await.message.seq, 61);
    faults.free_recalls();
    world.survives().await;
}

#[tokio::test]
async fn a_disk_that_fails_to_read_is_asked_again() {
    let (mut world, faults, sent) = restarted(options(), 20, (0, 0)).await;
    faults.fail_recalls(2);
    faults.free_recalls();
    all_are_known(&mut world, &sent).await;
    until_whole(&world).await;
    assert_eq!(world.store.recall_level().failures, 2);
    world.store.health().unwrap();
    world.survives().await;
}

#[tokio::test]
async fn closing_does_not_wait_for_the_sends_of_before() {
    let (mut world, faults, sent) = restarted(options(), 20, (0, 1)).await;
    let store = world.store.clone();
    let mut waiting = store.append_message(sent[0].clone());
    assert!(poll!(&mut waiting).is_pending());
    until_waiting(&world, 1).await;
    store.close().await;
    assert!(matches!(waiting.await, Err(StoreError::Closed)));
    // Nor does a store that is dropped.
    drop(store);
    faults.limit_recalls(0, 0);
    world.restart().await;
    faults.free_recalls();
    until_whole(&world).await;
    all_are_known(&mut world, &sent).await;
    world.survives().await;
}

#[tokio::test]
async fn a_key_used_again_elsewhere_meanwhile_makes_no_second_message() {
    let (mut world, faults, sent) = restarted(options(), 9, (0, 0)).await;
    world.login("cat").await;
    let elsewhere = NewMessage { to: peer("cat"), ..sent[0].clone() };
    // Once the window is whole this would be a conflict: nobody looks into all conversations before.
    let there = stored(world.append(elsewhere.clone()).await);
    assert!(matches!(world.append(sent[0].clone()).await, Append::Conflict));
    faults.free_recalls();
    until_whole(&world).await;
    assert!(matches!(world.append(sent[0].clone()).await, Append::Conflict));
    assert!(matches!(world.append(elsewhere).await, Append::Duplicate(found) if found == there));
    all_are_known_newest(&mut world, &sent, 8).await;
    world.survives().await;
}
