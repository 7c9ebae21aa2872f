//! Promises about order: of sends, of announcements, of numbers.

use super::world::*;
use crate::store::*;
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{collections::HashMap, task::Poll};

pub async fn sends_keep_the_order_of_their_first_poll<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let messages: Vec<_> = (0..400).map(|_| world.message("ann", peer("bob"))).collect();
    let store = world.store.clone();
    let mut sends = Vec::new();
    for message in messages {
        let mut send = store.append_message(message);
        // One poll hands the message over; the answer may be there at once.
        let polled = futures_util::poll!(&mut send);
        sends.push((send, polled));
    }
    // Answers may be collected in any order.
    sends.reverse();
    let mut numbers = Vec::new();
    for (send, polled) in sends {
        let answer = match polled {
            Poll::Ready(answer) => answer,
            Poll::Pending => send.await,
        };
        let appended = stored(answer.unwrap());
        world.watch(appended.message.id, appended.message.conversation);
        numbers.push(appended.message.seq);
    }
    assert_eq!(numbers, (1..=400).rev().collect::<Vec<_>>());
}

pub async fn many_senders_leave_no_gap<P: Place>(world: &mut World<P>) {
    let names = ["ann", "bob", "cat", "dan"];
    world.login_all(&names).await;
    world.found("g", "ann", &names[1..]).await;
    let mut tasks = Vec::new();
    for n in 0..32 {
        let from = names[n % 4];
        let to = if n < 16 { group("g") } else { peer(names[(n + 1) % 4]) };
        let messages: Vec<_> = (0..40).map(|_| world.message(from, to.clone())).collect();
        let store = world.store.clone();
        tasks.push(tokio::spawn(async move {
            let mut numbers = Vec::new();
            for message in messages {
                numbers.push(stored(store.append_message(message).await.unwrap()).message.clone());
            }
            numbers
        }));
    }
    let mut found: HashMap<ConversationNo, Vec<u64>> = HashMap::new();
    for task in tasks {
        let messages = task.await.unwrap();
        assert!(
            messages.windows(2).all(|pair| pair[0].seq < pair[1].seq),
            "one sender's sends keep their order"
        );
        for message in messages {
            world.watch(message.id, message.conversation);
            found.entry(message.conversation).or_default().push(message.seq);
        }
    }
    for mut numbers in found.into_values() {
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    }
}

pub async fn announcements_come_once_and_in_order<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    let mut announcements = world.store.announcements().expect("nobody asked before");
    assert!(world.store.announcements().is_none(), "only the first gets them");
    let store = world.store.clone();
    let mut sends = FuturesUnordered::new();
    let mut repeated = Vec::new();
    for n in 0..200 {
        let to = if n % 2 == 0 { "bob" } else { "cat" };
        let message = world.message("ann", peer(to));
        repeated.push(message.clone());
        sends.push(store.append_message(message));
    }
    let mut answered = Vec::new();
    while let Some(outcome) = sends.next().await {
        answered.push(stored(outcome.unwrap()));
    }
    drop(sends);
    for message in repeated {
        assert!(matches!(world.append(message).await, Append::Duplicate(_)));
    }
    let mut last: HashMap<ConversationNo, u64> = HashMap::new();
    for _ in 0..200 {
        let Some(Announcement::Message(appended)) = announcements.recv().await else { panic!("it ended") };
        let message = &appended.message;
        world.watch(message.id, message.conversation);
        let before = last.insert(message.conversation, message.seq).unwrap_or(0);
        assert_eq!(message.seq, before + 1);
        assert!(answered.contains(&appended), "announced as it was answered");
    }
    assert!(announcements.try_recv().is_err(), "a repeated send is not announced again");
}

pub async fn numbers_rise_across_restarts<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let future = START_MS + 3_600_000;
    let ahead = NewMessage { now_ms: future, ..world.message("ann", peer("bob")) };
    let mut last = stored(world.append(ahead).await).message.id.0;
    for _ in 0..3 {
        world.restart().await;
        // The clock is an hour behind what was stored.
        let appended = world.send("ann", peer("bob")).await;
        assert!(appended.message.id.0 > last && appended.message.timestamp >= future);
        let (call, dispatch) = (world.store.next_call_id(START_MS), world.store.next_dispatch_id(START_MS));
        assert!(call.0 > appended.message.id.0 && dispatch > call.0);
        last = appended.message.id.0;
    }
}
