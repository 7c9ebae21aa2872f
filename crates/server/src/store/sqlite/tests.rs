//! What only this backend promises: its files, its limits, and what happens when the disk fails.

use super::*;
use crate::store::*;
use hongyan_wire::*;

#[tokio::test]
async fn smoke() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, _hand) = Clock::manual(1_800_000_000_000);
    let store = SqliteStore::open(&dir.path().join("x"), StoreOptions::default(), clock.clone()).unwrap();
    let user = |name: &str| UserId::new(name).unwrap();
    for name in ["ann", "bob"] {
        store
            .sign_in(LoginRecord {
                app: AppId(1),
                user: user(name),
                name: None,
                device: DeviceId::new("device-1").unwrap(),
                platform: 1,
                now_ms: clock.now_ms(),
            })
            .await
            .unwrap();
    }
    for n in 1..=200 {
        let outcome = store
            .append_message(NewMessage {
                app: AppId(1),
                sender: user("ann"),
                sender_device: DeviceId::new("device-1").unwrap(),
                to: ConversationKey::Peer(user("bob")),
                local_id: n.to_string(),
                content: "{}".into(),
                disable_unread: false,
                intent: None,
                now_ms: clock.now_ms(),
            })
            .await
            .unwrap();
        assert!(matches!(outcome, Append::Stored(a) if a.message.seq == n));
    }
    let page = store.messages_before(ConversationNo(1), 11, 0, 5).await.unwrap();
    assert_eq!(page.messages.iter().map(|m| m.seq).collect::<Vec<_>>(), [6, 7, 8, 9, 10]);
    store.close().await;
    drop(store);
    let store = SqliteStore::open(&dir.path().join("x"), StoreOptions::default(), clock.clone()).unwrap();
    assert_eq!(store.total_unread(AppId(1), &user("bob")).await.unwrap(), 200);
}
