//! Promises about apps, credentials and strategies.

use super::world::*;
use crate::store::*;
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::AppId;

pub async fn creating_apps<P: Place>(world: &mut World<P>) {
    let create = async |name: &str, id| {
        let new = NewApp { name: name.into(), id };
        world.store.create_app(new, world.now()).await.unwrap()
    };
    let shop = create("shop", None).await.unwrap();
    assert_eq!((shop.name.as_str(), shop.enabled, shop.created_at), ("shop", true, START_MS));
    assert_eq!((shop.app_sign.expose().len(), shop.server_secret.expose().len()), (64, 32));
    assert!(shop.app_sign.expose().bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(shop.server_secret.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
    let game = create("game", Some(AppId(42))).await.unwrap();
    assert_eq!(game.id, AppId(42));
    assert_ne!(shop.server_secret, game.server_secret);
    assert_ne!(shop.server_secret, shop.callback_secret);
    assert!(create("shop", None).await.is_none(), "the name is taken");
    assert!(create("other", Some(AppId(42))).await.is_none(), "the number is taken");
    let ids: Vec<AppId> = world.store.apps().await.unwrap().into_iter().map(|app| app.id).collect();
    assert_eq!(ids, [AppId(42), shop.id]);
    assert_eq!(world.store.app(shop.id).await.unwrap().unwrap().app_sign, shop.app_sign);
    assert!(world.store.app(AppId(43)).await.unwrap().is_none());
}

pub async fn apps_are_apart<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.send("ann", peer("bob")).await;
    let other = AppId(8);
    world.watch_app(other, "ann");
    let login = |name: &str| LoginRecord {
        app: other,
        user: user(name),
        name: None,
        device: device(name),
        platform: 9,
        now_ms: START_MS,
    };
    world.store.sign_in(login("ann")).await.unwrap();
    assert!(world.store.memberships(other, &user("ann")).await.unwrap().is_empty());
    let message = NewMessage { app: other, ..world.message("ann", peer("bob")) };
    assert!(
        matches!(world.append(message.clone()).await, Append::NoSuchUser),
        "bob is a user of the first app"
    );
    world.store.sign_in(login("bob")).await.unwrap();
    let appended = stored(world.append(message).await);
    assert_eq!((appended.message.seq, appended.app), (1, other));
    assert_eq!(world.unread("bob", &peer("ann")).await, 1);
    assert_eq!(world.store.total_unread(other, &user("bob")).await.unwrap(), 1);
}

pub async fn settings_credentials_strategies<P: Place>(world: &mut World<P>) {
    let app =
        world.store.create_app(NewApp { name: "shop".into(), id: None }, START_MS).await.unwrap().unwrap();
    let settings = AppSettings { messages_per_s: 3, ..AppSettings::default() };
    assert!(world.store.set_app_settings(app.id, settings.clone()).await.unwrap());
    assert!(!world.store.set_app_settings(AppId(1), settings.clone()).await.unwrap());
    assert_eq!(world.store.app(app.id).await.unwrap().unwrap().settings, settings.into());
    let credential = StoredCredential {
        rights: Default::default(),
        vendor: VendorKind::Harmony,
        app_type: 1,
        file: Secret::new("{\"key\":1}"),
        client_id: Some("105".into()),
        base_url: None,
        callback: Some(StoredCallback { user: "ann".into(), secret: Secret::new("s") }),
        updated_at: START_MS,
    };
    world.store.put_credential(app.id, credential.clone()).await.unwrap();
    world.store.put_credential(app.id, StoredCredential { app_type: 2, ..credential.clone() }).await.unwrap();
    world
        .store
        .put_credential(app.id, StoredCredential { file: Secret::new("{}"), callback: None, ..credential })
        .await
        .unwrap();
    let found = world.store.credentials(app.id).await.unwrap();
    let callbacks: Vec<_> = found.iter().map(|one| one.callback.clone()).collect();
    assert_eq!(callbacks, [None, Some(StoredCallback { user: "ann".into(), secret: Secret::new("s") })]);
    let files: Vec<_> = found.iter().map(|one| (one.app_type, one.file.expose())).collect();
    assert_eq!(files, [(1, "{}"), (2, "{\"key\":1}")]);
    let strategy =
        |n: usize, options: &str| StoredStrategy { resources_id: format!("r{n}"), options: options.into() };
    for n in 0..10 {
        assert!(world.store.put_strategy(app.id, strategy(n, "{}")).await.unwrap());
    }
    assert!(!world.store.put_strategy(app.id, strategy(10, "{}")).await.unwrap(), "ten at most");
    assert!(
        world.store.put_strategy(app.id, strategy(3, "{\"a\":1}")).await.unwrap(),
        "replacing is possible"
    );
    assert!(world.store.remove_strategy(app.id, "r9").await.unwrap());
    assert!(!world.store.remove_strategy(app.id, "r9").await.unwrap());
    let left = world.store.strategies(app.id).await.unwrap();
    assert_eq!((left.len(), &left[3]), (9, &strategy(3, "{\"a\":1}")));
    assert!(world.store.strategies(AppId(1)).await.unwrap().is_empty());
}
