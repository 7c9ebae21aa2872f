//! Promises about unread counts, reading places and do-not-disturb.

use super::world::*;
use crate::store::*;
use hongyan_wire::conversation::NotificationStatus::{DoNotDisturb, Notify};

pub async fn others_messages_count_and_own_do_not<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let (to_ann, to_bob) = (peer("ann"), peer("bob"));
    world.send_many("ann", to_bob.clone(), 3).await;
    assert_eq!((world.unread("bob", &to_ann).await, world.unread("ann", &to_bob).await), (3, 0));
    world.send_many("bob", to_ann.clone(), 2).await;
    assert_eq!((world.unread("bob", &to_ann).await, world.unread("ann", &to_bob).await), (3, 2));
    let mark = world.read("bob", &to_ann, None).await;
    assert_eq!((mark.unread_before, mark.membership.unread, mark.membership.read_seq), (3, 0, 5));
    let again = world.read("bob", &to_ann, None).await;
    assert_eq!((again.unread_before, again.membership), (0, mark.membership));
    world.restart().await;
    world.send("ann", to_bob.clone()).await;
    assert_eq!((world.unread("bob", &to_ann).await, world.unread("ann", &to_bob).await), (1, 2));
    assert_eq!(world.store.total_unread(APP, &user("bob")).await.unwrap(), 1);
    assert!(world.store.mark_read(APP, &user("bob"), None, &peer("zoe"), None).await.unwrap().is_none());
}

pub async fn quiet_messages_do_not_count<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    for quiet in [false, true, true, false] {
        let message = NewMessage { disable_unread: quiet, ..world.message("ann", peer("bob")) };
        assert_eq!(stored(world.append(message).await).message.disable_unread, quiet);
    }
    assert_eq!(world.unread("bob", &peer("ann")).await, 2);
    world.read("bob", &peer("ann"), Some(2)).await;
    assert_eq!(world.unread("bob", &peer("ann")).await, 1);
    world.read("bob", &peer("ann"), Some(3)).await;
    assert_eq!(world.unread("bob", &peer("ann")).await, 1);
}

pub async fn reading_up_to_a_place<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    // Bob's own are the multiples of three.
    for n in 1..=200 {
        let (from, to) = if n % 3 == 0 { ("bob", "ann") } else { ("ann", "bob") };
        world.send(from, peer(to)).await;
    }
    let key = peer("ann");
    let unread = |above: u64| (above + 1..=200).filter(|n| n % 3 != 0).count() as u64;
    for up_to in [1, 2, 70, 71, 150, 199] {
        let mark = world.read("bob", &key, Some(up_to)).await;
        assert_eq!((mark.membership.read_seq, mark.membership.unread), (up_to, unread(up_to)), "{up_to}");
        world.restart().await;
    }
    let back = world.read("bob", &key, Some(20)).await;
    assert_eq!((back.membership.read_seq, back.unread_before), (199, 1), "never back");
    assert_eq!(world.read("bob", &key, Some(9_999)).await.membership.read_seq, 200, "at most the tail");
}

pub async fn a_group_counts_from_joining<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    let key = group("g");
    world.found("g", "ann", &["bob"]).await;
    world.send_many("ann", key.clone(), 3).await;
    world.later(5);
    world.add("g", "ann", &["cat"]).await;
    let joined = world.membership("cat", &key).await;
    assert_eq!((joined.unread, joined.visible_from, joined.last_seq), (0, 3, 3));
    assert_eq!((joined.order_key, joined.last_message), (world.now(), None), "sorted by its joining");
    world.later(5);
    world.send("bob", key.clone()).await;
    let sent = world.send("ann", key.clone()).await;
    for (name, unread) in [("ann", 1), ("bob", 4), ("cat", 2)] {
        let membership = world.membership(name, &key).await;
        assert_eq!((membership.unread, membership.last_seq), (unread, 5), "{name}");
        assert_eq!((membership.order_key, membership.last_message), (world.now(), Some(sent.message.id)));
    }
}

pub async fn coming_back_begins_anew<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let key = group("g");
    world.found("g", "ann", &["bob"]).await;
    world.send("bob", key.clone()).await;
    world.send("ann", key.clone()).await;
    world.remove("g", "bob", &["bob"]).await;
    world.send_many("ann", key.clone(), 5).await;
    let gone = world.membership("bob", &key).await;
    assert_eq!((gone.unread, gone.last_seq, gone.disabled), (1, 2, true), "as it was when bob went");
    assert_eq!(world.store.total_unread(APP, &user("bob")).await.unwrap(), 0);
    world.add("g", "bob", &["bob"]).await;
    world.send("ann", key.clone()).await;
    world.send("bob", key.clone()).await;
    let back = world.membership("bob", &key).await;
    assert_eq!((back.unread, back.visible_from, back.last_seq, back.disabled), (1, 7, 9, false));
}

pub async fn do_not_disturb<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob", "cat"]).await;
    world.send("ann", group("g")).await;
    world.send("ann", peer("bob")).await;
    let set =
        world.store.set_notification(APP, &user("bob"), &group("g"), DoNotDisturb).await.unwrap().unwrap();
    assert_eq!((set.notification, set.unread), (DoNotDisturb, 1));
    assert_eq!(world.store.total_unread(APP, &user("bob")).await.unwrap(), 1);
    let quiet =
        world.store.undisturbed(set.conversation, &users(&["ann", "bob", "cat", "zoe"])).await.unwrap();
    assert_eq!(quiet, users(&["bob"]));
    world.restart().await;
    assert_eq!(world.membership("bob", &group("g")).await.notification, DoNotDisturb);
    world.store.set_notification(APP, &user("bob"), &group("g"), Notify).await.unwrap().unwrap();
    assert_eq!(world.store.total_unread(APP, &user("bob")).await.unwrap(), 2);
    assert!(world.store.undisturbed(set.conversation, &users(&["bob"])).await.unwrap().is_empty());
}

pub async fn a_setting_opens_a_conversation<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "bob", &[]).await;
    let set =
        world.store.set_notification(APP, &user("ann"), &peer("bob"), DoNotDisturb).await.unwrap().unwrap();
    assert_eq!((set.last_seq, set.last_message, set.order_key), (0, None, world.now()));
    assert_eq!(world.membership("bob", &peer("ann")).await.notification, Notify);
    let appended = world.send("bob", peer("ann")).await;
    assert_eq!(appended.message.conversation, set.conversation);
    for key in [peer("zoe"), group("g"), group("h"), peer("ann")] {
        let refused = world.store.set_notification(APP, &user("ann"), &key, Notify).await.unwrap();
        assert!(refused.is_none(), "{key:?}");
    }
}
