//! Promises about revocations, orders to take notices back, block lists and push rules.

use super::world::*;
use crate::store::*;
use hongyan_wire::{
    ConversationKey, MessageId,
    client::PushRule,
    message::{Content, kind},
};

fn revocation(by: &str, key: ConversationKey, message: MessageId, now_ms: u64) -> NewRevocation {
    NewRevocation {
        app: APP,
        user: user(by),
        device: device(by),
        key,
        message,
        extended_data: String::new(),
        window_ms: 120_000,
        intent: None,
        now_ms,
    }
}

pub async fn a_revoked_message_keeps_its_place_without_its_words<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let sent = world.send("ann", peer("bob")).await;
    world.send_many("ann", peer("bob"), 2).await;
    let asked = revocation("ann", peer("bob"), sent.message.id, world.now());
    let Revoke::Done(revoked) = world.store.revoke_message(asked.clone()).await.unwrap() else {
        panic!("refused")
    };
    let left: Content = serde_json::from_str(&revoked.message.content).unwrap();
    assert_eq!((left.kind, revoked.message.seq), (kind::REVOKE, sent.message.seq));
    assert!(matches!(world.store.revoke_message(asked).await.unwrap(), Revoke::Already));
    assert_eq!(world.unread("bob", &peer("ann")).await, 2, "what was taken back is not unread");
    for _ in 0..2 {
        let conversation = sent.message.conversation;
        assert!(world.store.is_revoked(conversation, sent.message.seq));
        let page = world.store.messages_after(conversation, 0, 0, 10).await.unwrap();
        assert_eq!(seqs(&page), [1, 2, 3]);
        assert_eq!(page.messages[0].content, revoked.message.content);
        let since = world.store.revoked_since(conversation, 0, 10).await.unwrap();
        assert_eq!(since, std::slice::from_ref(&revoked.message));
        assert!(world.store.revoked_since(conversation, world.now(), 10).await.unwrap().is_empty());
        assert_eq!(world.unread("bob", &peer("ann")).await, 2);
        world.restart().await;
    }
}

pub async fn refusals_of_a_revocation_are_values<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob"]).await;
    let (private, of_bob) = (world.send("ann", peer("bob")).await, world.send("bob", group("g")).await);
    let of_ann = world.send("ann", group("g")).await;
    let id = |one: &Appended| one.message.id;
    let late = revocation("ann", peer("bob"), id(&private), world.now() + 120_001);
    let cases = [
        (revocation("bob", peer("ann"), id(&private), world.now()), "NoRight"),
        (revocation("bob", group("g"), id(&of_ann), world.now()), "NoRight"),
        (revocation("cat", group("g"), id(&of_ann), world.now()), "NotMember"),
        (revocation("ann", peer("bob"), id(&of_bob), world.now()), "NoSuchMessage"),
        (revocation("ann", peer("bob"), MessageId(1), world.now()), "NoSuchMessage"),
        (late, "TooLate"),
    ];
    for (asked, expected) in cases {
        let outcome = world.store.revoke_message(asked).await.unwrap();
        assert_eq!(format!("{outcome:?}"), expected);
    }
    let owner = revocation("ann", group("g"), id(&of_bob), world.now());
    assert!(matches!(world.store.revoke_message(owner).await.unwrap(), Revoke::Done(_)), "the owner may");
    assert_eq!(world.store.pending_retractions(0, 9).await.unwrap().len(), 1, "refused ones order nothing");
}

pub async fn a_repeated_send_of_a_revoked_message_is_still_that_message<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let message = world.message("ann", peer("bob"));
    let sent = stored(world.append(message.clone()).await);
    let asked = revocation("ann", peer("bob"), sent.message.id, world.now());
    assert!(matches!(world.store.revoke_message(asked).await.unwrap(), Revoke::Done(_)));
    for _ in 0..2 {
        let again = world.store.append_message(message.clone()).await.unwrap();
        assert!(matches!(&again, Append::Duplicate(same) if same.message.id == sent.message.id), "{again:?}");
        world.restart().await;
    }
}

pub async fn reading_orders_notices_back_where_there_can_be_any<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.send_many("ann", peer("bob"), 3).await;
    world.read("bob", &peer("ann"), Some(1)).await;
    assert!(world.store.pending_retractions(0, 9).await.unwrap().is_empty(), "no PushID, no notice");
    world.register("bob", "token", Some("bob")).await;
    world.read("bob", &peer("ann"), None).await;
    world.read("bob", &peer("ann"), None).await;
    let pending = world.store.pending_retractions(0, 9).await.unwrap();
    let [order] = &pending[..] else { panic!("{pending:?}") };
    assert!(matches!(&order.what, Retraction::Read { above: 1, up_to: 3, .. }), "{order:?}");
    world.restart().await;
    assert_eq!(world.store.pending_retractions(0, 9).await.unwrap(), pending);
    let later = order.due_at + 5_000;
    assert!(world.store.advance_retraction(order.id, vec![], Some(later)).await.unwrap());
    assert_eq!(world.store.pending_retractions(0, 9).await.unwrap()[0].due_at, later);
    assert!(world.store.advance_retraction(order.id, vec![], None).await.unwrap());
    assert!(!world.store.advance_retraction(order.id, vec![], None).await.unwrap(), "it is done already");
    assert!(world.store.pending_retractions(0, 9).await.unwrap().is_empty());
}

pub async fn block_lists_are_kept_and_bounded<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan"]).await;
    let (ann, now) = (user("ann"), world.now());
    let asked = users(&["bob", "ghost", "cat", "bob", "dan"]);
    let answers = world.store.block(APP, &ann, &asked, 2, now).await.unwrap();
    use Blocking::{Already, Done, Full, NoSuchUser};
    assert_eq!(answers, [Done, NoSuchUser, Done, Already, Full]);
    for _ in 0..2 {
        assert!(world.store.is_blocked(APP, &ann, &user("bob")));
        assert!(!world.store.is_blocked(APP, &user("bob"), &ann), "not the other way round");
        assert_eq!(world.store.blocked_by(APP, &ann, None, 9).await.unwrap(), users(&["bob", "cat"]));
        assert_eq!(world.store.blocked_by(APP, &ann, Some(&user("bob")), 9).await.unwrap(), users(&["cat"]));
        world.restart().await;
    }
    let answers = world.store.unblock(APP, &ann, &users(&["bob", "dan"])).await.unwrap();
    assert_eq!(answers, [Done, Already]);
    assert!(!world.store.is_blocked(APP, &ann, &user("bob")));
}

pub async fn a_push_rule_is_kept_and_replaced<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann"]).await;
    let ann = user("ann");
    assert_eq!(world.store.push_rule(APP, &ann).await.unwrap(), PushRule::default());
    for platforms in [vec![1, 6], vec![]] {
        let rule = PushRule { online_platforms: platforms, not_to_receive_offline_push_platforms: vec![10] };
        world.store.set_push_rule(APP, &ann, rule.clone()).await.unwrap();
        world.restart().await;
        assert_eq!(world.store.push_rule(APP, &ann).await.unwrap(), rule);
    }
}

pub async fn a_devices_first_login_is_remembered_with_its_user<P: Place>(world: &mut World<P>) {
    let first = world.login("ann").await;
    assert_eq!((first.since, first.last_login_at), (world.now(), 0));
    let since = world.now();
    world.later(5);
    let again = world.login("ann").await;
    assert_eq!((again.since, again.last_login_at), (since, since));
    world.later(5);
    let other = world.login_on("bob", &device("ann")).await;
    assert_eq!((other.since, other.last_login_at), (world.now(), 0), "another user begins anew");
}
