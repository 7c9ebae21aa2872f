//! Promises about acknowledgements.

use super::world::*;
use crate::store::*;

pub async fn acknowledging_moves_forward<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.send_many("ann", peer("bob"), 5).await;
    let no = world.membership("bob", &peer("ann")).await.conversation;
    assert_eq!(world.store.acknowledged(&device("bob"), no), 0);
    for (seq, reached) in [(2, 2), (4, 4), (3, 4), (4, 4)] {
        assert_eq!(world.acknowledge("bob", &peer("ann"), seq), Some(no));
        assert_eq!(world.store.acknowledged(&device("bob"), no), reached);
        assert_eq!(world.membership("bob", &peer("ann")).await.received_seq, reached);
    }
    assert_eq!(world.membership("ann", &peer("bob")).await.received_seq, 0);
    world.restart().await;
    assert_eq!(world.store.acknowledged(&device("bob"), no), 4, "also before the device comes back");
    assert_eq!(world.acknowledge("bob", &peer("ann"), 1), Some(no));
    assert_eq!(world.store.acknowledged(&device("bob"), no), 4);
}

pub async fn a_device_has_its_own_cursors<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.login_on("bob", &device("tablet")).await;
    world.send_many("ann", peer("bob"), 5).await;
    let no = world.acknowledge("bob", &peer("ann"), 3).unwrap();
    let on_tablet =
        CursorMove { app: APP, user: user("bob"), device: device("tablet"), key: peer("ann"), seq: 1 };
    world.store.acknowledge(on_tablet).unwrap();
    for _ in 0..2 {
        let cursors =
            async |name| world.store.device_cursors(APP, &device(name), &user("bob")).await.unwrap();
        assert_eq!(cursors("bob").await, [(no, 3)]);
        assert_eq!(cursors("tablet").await, [(no, 1)]);
        assert_eq!(cursors("ann").await, []);
        assert_eq!(world.store.acknowledged(&device("tablet"), no), 1);
        assert_eq!(world.membership("bob", &peer("ann")).await.received_seq, 3, "by any device");
        world.restart().await;
    }
}

pub async fn a_shared_device_tells_users_apart<P: Place>(world: &mut World<P>) {
    let shared = device("tablet");
    world.login_all(&["ann", "bob"]).await;
    world.login_on("ann", &shared).await;
    world.send_many("bob", peer("ann"), 4).await;
    let by =
        |name: &str, key, seq| CursorMove { app: APP, user: user(name), device: device("tablet"), key, seq };
    let no = world.store.acknowledge(by("ann", peer("bob"), 4)).unwrap();
    world.login_on("bob", &shared).await;
    assert_eq!(world.store.device_cursors(APP, &shared, &user("bob")).await.unwrap(), []);
    assert_eq!(world.store.acknowledged(&shared, no), 0, "the device is bob's now");
    world.store.acknowledge(by("bob", peer("ann"), 1)).unwrap();
    world.login_on("ann", &shared).await;
    assert_eq!(world.store.device_cursors(APP, &shared, &user("ann")).await.unwrap(), [(no, 4)]);
    assert_eq!(world.store.acknowledged(&shared, no), 4);
}

pub async fn acknowledging_too_much_is_refused<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob"]).await;
    world.send_many("ann", group("g"), 2).await;
    assert_eq!(world.acknowledge("bob", &group("g"), 3), None, "beyond the tail");
    assert_eq!(world.acknowledge("cat", &group("g"), 1), None, "not a member");
    assert_eq!(world.acknowledge("cat", &group("h"), 1), None, "no such group");
    assert_eq!(world.acknowledge("cat", &peer("ann"), 1), None, "no such conversation");
    assert!(world.acknowledge("bob", &group("g"), 2).is_some());
    assert_eq!(world.membership("bob", &group("g")).await.received_seq, 2);
}
