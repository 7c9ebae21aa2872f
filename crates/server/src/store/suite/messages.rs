//! Promises of the log: numbering, idempotency, refusals, pages.

use super::world::*;
use crate::store::*;
use hongyan_wire::MessageId;

pub async fn sends_are_numbered<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    for n in 1..=5 {
        let appended = world.send("ann", peer("bob")).await;
        assert_eq!((appended.message.seq, appended.message.timestamp), (n, world.now()));
        assert_eq!(appended.thread, Thread::Peer(user("ann"), user("bob")));
        world.later(1);
    }
    assert_eq!(world.send("bob", peer("ann")).await.message.seq, 6, "both write into one log");
    assert_eq!(world.send("ann", peer("cat")).await.message.seq, 1, "each conversation counts for itself");
    let mut early = world.message("ann", peer("bob"));
    early.now_ms -= 60_000;
    let late = stored(world.append(early).await);
    assert_eq!(late.message.timestamp, world.now(), "stored time never goes back");
}

pub async fn a_repeated_send_is_one_message<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob"]).await;
    let first =
        NewMessage { intent: Some(intent("ann", Recipients::Others)), ..world.message("ann", peer("bob")) };
    let original = stored(world.append(first.clone()).await);
    let to_group = world.message("bob", group("g"));
    let in_group = stored(world.append(to_group.clone()).await);
    world.remove("g", "bob", &["bob"]).await;
    for round in ["before", "after"] {
        world.later(60);
        let again = NewMessage { now_ms: world.now(), ..first.clone() };
        let Append::Duplicate(repeated) = world.append(again).await else { panic!("{round}: stored twice") };
        assert_eq!(*repeated, *original, "{round} a restart");
        let Append::Duplicate(repeated) = world.append(to_group.clone()).await else { panic!("{round}") };
        assert_eq!(repeated.message, in_group.message, "also when the sender is out of the group since");
        let others = [
            NewMessage { content: "{\"type\":1,\"message\":\"other\"}".into(), ..first.clone() },
            NewMessage { disable_unread: true, ..first.clone() },
            NewMessage { to: peer("cat"), ..first.clone() },
            NewMessage { to: group("g"), ..first.clone() },
        ];
        for other in others {
            assert!(matches!(world.append(other).await, Append::Conflict), "{round}: another message");
        }
        let by_bob = NewMessage { sender: user("bob"), to: peer("ann"), ..first.clone() };
        assert_eq!(
            matches!(world.append(by_bob).await, Append::Stored(_)),
            round == "before",
            "keys are per sender"
        );
        world.restart().await;
    }
}

pub async fn a_repeat_in_the_same_commit<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let message = world.message("ann", peer("bob"));
    let other = NewMessage { content: "{}".into(), ..message.clone() };
    let store = world.store.clone();
    let (one, two, three) = tokio::join!(
        store.append_message(message.clone()),
        store.append_message(message.clone()),
        store.append_message(other)
    );
    let stored = stored(one.unwrap());
    world.watch(stored.message.id, stored.message.conversation);
    assert!(matches!(two.unwrap(), Append::Duplicate(same) if same == stored));
    assert!(matches!(three.unwrap(), Append::Conflict));
}

pub async fn refusals_are_values<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "ann", &[]).await;
    let to_stranger = world.message("ann", peer("zoe"));
    assert!(matches!(world.append(to_stranger.clone()).await, Append::NoSuchUser));
    let to_nothing = world.message("ann", group("h"));
    assert!(matches!(world.append(to_nothing).await, Append::NoSuchGroup));
    let from_outside = world.message("bob", group("g"));
    assert!(matches!(world.append(from_outside).await, Append::NotMember));
    assert!(world.store.memberships(APP, &user("bob")).await.unwrap().is_empty());
    world.login("zoe").await;
    stored(world.append(to_stranger).await);
}

pub async fn pages_go_both_ways<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    for _ in 0..5 {
        world.send_many("ann", peer("bob"), 61).await;
        world.send_many("cat", peer("bob"), 7).await;
    }
    let no = world.membership("ann", &peer("bob")).await.conversation;
    for round in 0..2 {
        let store = world.store.clone();
        let before = async |before, above, count| {
            let page = store.messages_before(no, before, above, count).await.unwrap();
            (seqs(&page), page.has_more)
        };
        let after = async |after, count| {
            let page = store.messages_after(no, after, 0, count).await.unwrap();
            (seqs(&page), page.has_more)
        };
        assert_eq!(before(u64::MAX, 0, 3).await, (vec![303, 304, 305], true), "round {round}");
        assert_eq!(before(4, 0, 100).await, (vec![1, 2, 3], false));
        assert_eq!(before(100, 96, 100).await, (vec![97, 98, 99], false));
        assert_eq!(before(200, 100, 5).await, (vec![195, 196, 197, 198, 199], true));
        assert_eq!(before(1, 0, 5).await, (vec![], false));
        assert_eq!(after(0, 2).await, (vec![1, 2], true));
        assert_eq!(after(63, 4).await, (vec![64, 65, 66, 67], true));
        assert_eq!(after(303, 10).await, (vec![304, 305], false));
        assert_eq!(after(305, 10).await, (vec![], false));
        assert_eq!(before(u64::MAX, 0, 1_000).await.0, (1..=305).collect::<Vec<_>>());
        let nowhere = store.messages_before(ConversationNo(999), 5, 0, 5).await.unwrap();
        assert_eq!(nowhere, Page { messages: vec![], has_more: false });
        drop(store);
        world.restart().await;
    }
}

pub async fn old_messages_can_be_left_out<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    for _ in 0..300 {
        world.send("ann", peer("bob")).await;
        world.later(10);
    }
    let no = world.membership("ann", &peer("bob")).await.conversation;
    for _ in 0..2 {
        for (first, after) in [(1, 0), (2, 0), (150, 0), (150, 149), (300, 17)] {
            let not_before = START_MS + (first - 1) * 10_000;
            let page = world.store.messages_after(no, after, not_before, 3).await.unwrap();
            let expected: Vec<u64> = (first..first + 3).filter(|seq| *seq <= 300).collect();
            assert_eq!((seqs(&page), page.has_more), (expected, first + 2 < 300), "{first} {after}");
        }
        let none = world.store.messages_after(no, 0, START_MS + 3_000_000, 3).await.unwrap();
        assert_eq!((seqs(&none), none.has_more), (vec![], false));
        let rest = world.store.messages_after(no, 200, START_MS, 3).await.unwrap();
        assert_eq!(seqs(&rest), [201, 202, 203]);
        world.restart().await;
    }
}

pub async fn a_message_can_be_looked_up<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "ann", &["bob"]).await;
    let to_bob = world.send("ann", peer("bob")).await;
    let to_group = world.send("bob", group("g")).await;
    for appended in [to_bob, to_group] {
        let found = world.store.message(appended.message.id).await.unwrap();
        assert_eq!(found, Some((*appended).clone()));
    }
    assert_eq!(world.store.message(MessageId(12_345)).await.unwrap(), None);
}

pub async fn a_peer_conversation_is_opened_once<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let (one, two) = (world.message("ann", peer("bob")), world.message("bob", peer("ann")));
    let store = world.store.clone();
    let (one, two) = tokio::join!(store.append_message(one), store.append_message(two));
    let (one, two) = (stored(one.unwrap()), stored(two.unwrap()));
    assert_eq!(one.message.conversation, two.message.conversation);
    world.watch(one.message.id, one.message.conversation);
    world.watch(two.message.id, two.message.conversation);
    assert_eq!(world.store.memberships(APP, &user("ann")).await.unwrap().len(), 1);
    let own = world.message("ann", peer("ann"));
    assert!(matches!(world.append(own).await, Append::NoSuchUser), "nobody is its own peer");
}
