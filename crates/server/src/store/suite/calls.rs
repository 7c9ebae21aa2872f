//! Promises about calls.

use super::world::*;
use crate::store::*;
use hongyan_wire::{
    AppId, CallId,
    call::{CallMode, CallState, CallUserState},
};

fn call(id: CallId, names: &[&str], now_ms: u64) -> CallRecord {
    let record = |(place, name): (usize, &&str)| CallUserRecord {
        user: user(name),
        inviter: user(names[0]),
        state: if place == 0 { CallUserState::Accepted } else { CallUserState::Inviting },
        extended_data: String::new(),
        deadline_at: if place == 0 { 0 } else { now_ms + 90_000 },
        device: None,
        accepted_at: 0,
        check_at: 0,
        notice: 0,
    };
    CallRecord {
        id,
        app: APP,
        mode: CallMode::General,
        state: CallState::Started,
        caller: user(names[0]),
        extended_data: "{\"room\":1}".into(),
        timeout_s: 90,
        checks: true,
        ends_at: Some(now_ms + 500_000),
        created_at: now_ms,
        due_at: Some(now_ms + 90_000),
        ended_at: None,
        users: names.iter().enumerate().map(record).collect(),
        version: 1,
    }
}

async fn start<P: Place>(world: &mut World<P>, names: &[&str]) -> CallRecord {
    let call = call(world.store.next_call_id(world.now()), names, world.now());
    world.store.create_call(call.clone(), None).await.unwrap();
    world.watch_call(call.id.0);
    call
}

fn ended(call: &CallRecord, now_ms: u64) -> CallRecord {
    CallRecord {
        state: CallState::Ended,
        ended_at: Some(now_ms),
        due_at: None,
        version: call.version + 1,
        ..call.clone()
    }
}

pub async fn a_call_is_saved_against_its_version<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let first = start(world, &["ann", "bob"]).await;
    assert_eq!(world.store.call(first.id).await.unwrap(), Some(first.clone()));
    let mut second = CallRecord { version: 2, due_at: None, ..first.clone() };
    second.users[1].state = CallUserState::Accepted;
    second.users[1].device = Some("device-of-bob".into());
    assert_eq!(world.store.save_call(second.clone(), vec![], None).await.unwrap(), CallSaved::Saved(vec![]));
    let late = CallRecord { version: 2, state: CallState::Ended, ..first.clone() };
    assert_eq!(world.store.save_call(late, vec![], None).await.unwrap(), CallSaved::Stale);
    assert_eq!(
        world.store.call(first.id).await.unwrap(),
        Some(second.clone()),
        "a stale save changes nothing"
    );
    let unknown = CallRecord { id: CallId(5), version: 2, ..second };
    assert_eq!(world.store.save_call(unknown, vec![], None).await.unwrap(), CallSaved::Stale);
    assert_eq!(world.store.call(CallId(5)).await.unwrap(), None);
    assert!(world.store.create_call(first, None).await.is_err(), "a call is created once");
}

pub async fn live_calls_are_found<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    let one = start(world, &["ann", "bob"]).await;
    let two = start(world, &["bob", "cat"]).await;
    assert_eq!(world.store.live_calls().await.unwrap(), [one.clone(), two.clone()]);
    let of = async |name| world.store.live_calls_of(APP, &user(name)).await.unwrap();
    assert_eq!((of("ann").await.len(), of("bob").await.len(), of("cat").await.len()), (1, 2, 1));
    let mut wider = CallRecord { version: 2, ..one.clone() };
    wider.users.push(CallUserRecord { user: user("cat"), ..one.users[1].clone() });
    world.store.save_call(wider.clone(), vec![], None).await.unwrap();
    assert_eq!(of("cat").await, [wider.clone(), two.clone()], "who was invited later is in it");
    world.store.save_call(ended(&wider, world.now()), vec![], None).await.unwrap();
    world.restart().await;
    assert_eq!(world.store.live_calls().await.unwrap(), [two]);
    assert!(world.store.live_calls_of(APP, &user("ann")).await.unwrap().is_empty());
    assert!(world.store.live_calls_of(AppId(8), &user("bob")).await.unwrap().is_empty());
}

pub async fn calls_are_listed<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let call = start(world, &["ann", "bob"]).await;
        ids.insert(0, call.id);
        world.store.save_call(ended(&call, world.now()), vec![], None).await.unwrap();
        world.later(1);
    }
    let list = async |before, count| {
        let found = world.store.calls_of(APP, &user("bob"), before, count).await.unwrap();
        found.into_iter().map(|call| call.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 3).await, ids[..3]);
    assert_eq!(list(Some(ids[2]), 9).await, ids[3..]);
    assert!(list(Some(ids[4]), 9).await.is_empty());
    assert!(world.store.calls_of(AppId(8), &user("bob"), None, 9).await.unwrap().is_empty());
}

pub async fn call_intents<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let record = call(world.store.next_call_id(world.now()), &["ann", "bob"], world.now());
    world.watch_call(record.id.0);
    let invite = NewIntent {
        call: Some((record.id, CallMode::General)),
        ..intent("ann", Recipients::Users(users(&["bob"])))
    };
    let created = world.store.create_call(record.clone(), Some(invite.clone())).await.unwrap();
    world.later(3);
    let over = ended(&record, world.now());
    let said = CallIntent { id: world.store.next_call_id(world.now()).0, spec: invite.clone() };
    let saved = world.store.save_call(over.clone(), vec![said.clone()], None).await.unwrap();
    assert_eq!(world.store.save_call(over, vec![said], None).await.unwrap(), CallSaved::Stale);
    let pending = world.store.pending_intents(0, 9).await.unwrap();
    assert_eq!(pending.len(), 2, "a stale save pushes nothing");
    assert_eq!(created.as_deref(), Some(&pending[0]));
    assert_eq!(saved, CallSaved::Saved(vec![pending[1].clone().into()]));
    assert_eq!((pending[0].id, pending[0].created_at), (record.id.0, START_MS));
    assert_eq!((pending[1].created_at, pending[1].due_at), (world.now(), world.now()));
    let subject = Subject::Call { call: record.id, mode: CallMode::General };
    assert!(pending.iter().all(|intent| intent.subject == subject && intent.spec == invite));
    let traced = world.store.trace(record.id.0).await.unwrap();
    assert_eq!(
        traced.iter().map(|trace| trace.intent.id).collect::<Vec<_>>(),
        [pending[0].id, pending[1].id]
    );
}
