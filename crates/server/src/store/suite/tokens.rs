//! Promises about users, PushIDs and their bindings (G8).

use super::world::*;
use crate::store::*;
use hongyan_wire::AppId;

pub async fn a_login_binds_and_a_logout_unbinds<P: Place>(world: &mut World<P>) {
    let id = world.register("ann", "token-1", None).await;
    assert_eq!(world.store.push_target(APP, &id).await.unwrap(), None, "bound to nobody yet");
    let signed_in = world.login("ann").await;
    assert!(signed_in.created && signed_in.push_bound);
    let target = world.store.push_target(APP, &id).await.unwrap().unwrap();
    assert_eq!(
        (&target.user, &target.device, target.token.as_str()),
        (&user("ann"), &device("ann"), "token-1")
    );
    assert_eq!((target.platform, target.app_type, &target.tombstone), (9, 1, &None));
    assert_eq!(world.targets("ann").await, [target]);
    world.store.sign_out(APP, &user("bob"), &device("ann")).await.unwrap();
    assert_eq!(world.targets("ann").await.len(), 1, "another user's logout unbinds nothing");
    for _ in 0..2 {
        world.store.sign_out(APP, &user("ann"), &device("ann")).await.unwrap();
        assert!(world.targets("ann").await.is_empty());
    }
    let again = world.login("ann").await;
    assert!(!again.created && again.push_bound);
    assert_eq!(world.targets("ann").await.len(), 1);
    assert!(!world.login_on("ann", &device("tablet")).await.push_bound, "a device without a PushID");
}

pub async fn one_user_at_a_time<P: Place>(world: &mut World<P>) {
    world.login("ann").await;
    let id = world.register("ann", "token-1", Some("ann")).await;
    world.login_on("bob", &device("ann")).await;
    assert!(world.targets("ann").await.is_empty(), "the login of another user takes the PushID");
    assert_eq!(world.targets("bob").await[0].push_id, id);
    world.store.sign_out(APP, &user("ann"), &device("ann")).await.unwrap();
    assert_eq!(world.targets("bob").await.len(), 1, "a late logout of the old user changes nothing");
    assert_eq!(world.register("ann", "token-1", Some("cat")).await, id);
    world.watch_app(APP, "cat");
    assert!(world.targets("bob").await.is_empty());
    assert_eq!(world.targets("cat").await.len(), 1, "registering while logged in binds as well");
}

pub async fn a_token_keeps_its_push_id<P: Place>(world: &mut World<P>) {
    world.login("ann").await;
    let id = world.register("ann", "token-1", Some("ann")).await;
    assert_eq!(world.register("ann", "token-1", None).await, id);
    assert_eq!(world.targets("ann").await.len(), 1, "registering without a user leaves the binding as it is");
    world.restart().await;
    assert_eq!(world.register("ann", "token-1", Some("ann")).await, id);
    let other_app = NewPush {
        app: AppId(8),
        device: device("ann"),
        user: None,
        vendor: hongyan_vendors::VendorKind::Harmony,
        token: "token-1".into(),
        app_type: 1,
        locale: String::new(),
        now_ms: world.now(),
    };
    let other = world.store.register_push(other_app.clone()).await.unwrap();
    assert_ne!(other, id, "apps are apart");
    assert!(world.store.push_target(AppId(8), &id).await.unwrap().is_none());
    let second_set = world.store.register_push(NewPush { app: APP, app_type: 2, ..other_app }).await.unwrap();
    assert_ne!(second_set, id, "the two certificate sets are apart");
    assert_eq!(id.as_str().len(), 22);
}

pub async fn a_new_token_takes_the_old_ones_place<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let old = world.register("ann", "token-1", Some("ann")).await;
    let others = world.register("bob", "token-9", Some("bob")).await;
    let new = world.register("ann", "token-2", None).await;
    assert_ne!(old, new);
    let targets = world.targets("ann").await;
    assert_eq!((targets.len(), &targets[0].push_id, targets[0].token.as_str()), (1, &new, "token-2"));
    assert!(world.store.push_target(APP, &old).await.unwrap().is_none());
    assert_eq!(world.targets("bob").await[0].push_id, others);
}

pub async fn a_token_moves_to_another_device<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let id = world.register("ann", "token-1", Some("ann")).await;
    let replaced = world.register("bob", "token-2", Some("bob")).await;
    let moved = world.register("bob", "token-1", None).await;
    assert_eq!(moved, id, "the token has one name");
    assert!(world.targets("ann").await.is_empty(), "it is not ann's device any more");
    assert_eq!(world.store.push_target(APP, &replaced).await.unwrap(), None);
    world.login("bob").await;
    let targets = world.targets("bob").await;
    assert_eq!((targets.len(), &targets[0].device), (1, &device("bob")));
}

pub async fn unregistering<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let id = world.register("ann", "token-1", Some("ann")).await;
    let other = world.register("bob", "token-2", Some("bob")).await;
    let unregister = async |name, id| world.store.unregister_push(APP, &device(name), id).await.unwrap();
    assert_eq!(unregister("ann", Some(&other)).await, 0, "only one's own");
    assert_eq!(unregister("ann", Some(&id)).await, 1);
    assert_eq!(unregister("ann", Some(&id)).await, 0);
    assert_eq!(unregister("bob", None).await, 1);
    assert!(world.targets("ann").await.is_empty() && world.targets("bob").await.is_empty());
    let anew = world.register("ann", "token-1", Some("ann")).await;
    assert_ne!(anew, id, "a forgotten name does not come back");
}

pub async fn users_keep_their_names<P: Place>(world: &mut World<P>) {
    let login = |name: &str, shown: Option<&str>| LoginRecord {
        app: APP,
        user: user(name),
        name: shown.map(str::to_owned),
        device: device(name),
        platform: 9,
        now_ms: START_MS,
    };
    world.watch_app(APP, "ann");
    let first = world.store.sign_in(login("ann", Some("Ann"))).await.unwrap();
    assert_eq!((first.created, first.user.name.as_str()), (true, "Ann"));
    world.later(9);
    let kept = world.store.sign_in(login("ann", None)).await.unwrap();
    assert_eq!((kept.created, &kept.user), (false, &first.user));
    let renamed = world.store.sign_in(login("ann", Some("安"))).await.unwrap();
    assert_eq!((renamed.user.name.as_str(), renamed.user.created_at), ("安", START_MS));
    let found = world.store.users(APP, &users(&["zoe", "ann"])).await.unwrap();
    assert_eq!(found, [renamed.user]);
    assert!(world.store.users(AppId(8), &users(&["ann"])).await.unwrap().is_empty());
}
