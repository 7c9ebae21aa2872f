//! Login, kicking, heartbeats, tokens, drain: one device's talk with the server.

use crate::harness::{QUIET, WAIT, World, device, messages, peer, user_id};
use hongyan_client::{AckPolicy, CallError, Draft, LoginOptions};
use hongyan_server::session::make_token04;
use hongyan_wire::{
    CloseCode, Code,
    client::{AppPhase, PushRegister},
    server::Notification,
};
use std::time::Duration;

fn token(world: &World, user: &str, life_s: u64) -> String {
    let secret = world.app.server_secret.expose();
    make_token04(world.app.id, &user_id(user), secret, life_s, "", world.clock.now_ms() / 1_000).unwrap()
}

fn with_token(world: &World, user: &str, life_s: u64) -> LoginOptions {
    LoginOptions::with_token(world.app.id, &token(world, user, life_s), user).unwrap().device(device(user))
}

#[tokio::test]
async fn a_first_login_registers_and_a_later_one_keeps_the_name() {
    let world = World::start().await;
    let first = world.raw().await;
    let result = first.login(world.login("ann")).await.unwrap();
    assert_eq!((result.user_name.as_str(), result.resumed), ("ANN", false));
    assert_eq!((result.heartbeat_interval, result.heartbeat_timeout), (10_000, 35_000));
    first.logout().await.unwrap();
    assert_eq!(first.closed().await, Some(CloseCode::LoggedOut.number()));
    let nameless = LoginOptions { user_name: None, ..world.login("ann") };
    assert_eq!(world.raw().await.login(nameless).await.unwrap().user_name, "ANN");
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_the_documented_numbers() {
    let world = World::start().await;
    let refused = async |login: LoginOptions| world.raw().await.login(login).await.unwrap_err().code();
    let mut wrong = world.login("ann");
    wrong.app_id = hongyan_wire::AppId(world.app.id.0 ^ 1);
    assert_eq!(refused(wrong).await, Some(Code::BAD_APP_ID));
    let sign = LoginOptions::with_app_sign(world.app.id, &"0".repeat(64), "ann").unwrap();
    assert_eq!(refused(sign).await, Some(Code::LOGIN_FAILED));
    assert_eq!(refused(with_token(&world, "ann", 29)).await, Some(Code::TOKEN_SHORT));
    let other = LoginOptions::with_token(world.app.id, &token(&world, "bob", 600), "ann").unwrap();
    assert_eq!(refused(other).await, Some(Code::TOKEN_INVALID));
    let garbage = LoginOptions::with_token(world.app.id, "03AAAA", "ann").unwrap();
    assert_eq!(refused(garbage).await, Some(Code::TOKEN_VERSION));
    let late = with_token(&world, "ann", 600);
    world.advance(Duration::from_secs(601));
    assert_eq!(refused(late).await, Some(Code::TOKEN_EXPIRED));
}

#[tokio::test]
async fn a_newer_login_kicks_the_older_one_out() {
    let world = World::start().await;
    let old = world.client("ann").await;
    let new = world.raw().await;
    let elsewhere = world.login("ann").device(device("ann-elsewhere"));
    assert!(!new.login(elsewhere).await.unwrap().resumed);
    assert_eq!(old.closed().await, Some(CloseCode::KickedOut.number()));
    new.heartbeat().await.unwrap();
}

#[tokio::test]
async fn a_resumed_session_takes_the_place_of_the_broken_one_quietly() {
    let world = World::start().await;
    let old = world.raw().await;
    let session = old.login(world.login("ann")).await.unwrap().session_id;
    let new = world.raw().await;
    assert!(new.login(world.login("ann").resume(&session)).await.unwrap().resumed);
    assert_eq!(old.closed().await, Some(CloseCode::GoingAway.number()));
}

#[tokio::test]
async fn silence_ends_a_session_and_a_heartbeat_keeps_it() {
    let world = World::start().await;
    let (silent, alive) = (world.client("ann").await, world.client("bob").await);
    for _ in 0..4 {
        world.advance(Duration::from_secs(10));
        alive.heartbeat().await.unwrap();
    }
    assert_eq!(silent.closed().await, Some(CloseCode::Silent.number()));
    alive.heartbeat().await.unwrap();
}

#[tokio::test]
async fn a_token_warns_before_its_end_and_can_be_renewed() {
    let world = World::start().await;
    let client = world.raw().await;
    client.login(with_token(&world, "ann", 65)).await.unwrap();
    // The heartbeat's answer says that the server has seen the time before it moves on.
    for _ in 0..4 {
        world.advance(Duration::from_secs(9));
        client.heartbeat().await.unwrap();
    }
    let warned = client.expect(|told| matches!(told, Notification::TokenWillExpire(_)), WAIT).await;
    assert!(matches!(warned, Some(Notification::TokenWillExpire(left)) if left.second <= 30));
    client.renew_token(&token(&world, "ann", 60)).await.unwrap();
    for _ in 0..5 {
        world.advance(Duration::from_secs(9));
        client.heartbeat().await.unwrap();
    }
    world.advance(Duration::from_secs(20));
    assert_eq!(client.closed().await, Some(CloseCode::TokenExpired.number()));
}

#[tokio::test]
async fn before_login_only_login_and_push_tokens_are_possible() {
    let world = World::start().await;
    let client = world.raw().await;
    assert_eq!(client.total_unread().await.unwrap_err().code(), Some(Code::NOT_LOGGED_IN));
    let mut push = PushRegister {
        app_id: Some(world.app.id),
        app_sign: Some(world.app.app_sign.expose().to_owned()),
        device_id: device("ann"),
        vendor: "harmony".into(),
        token: "MA-token".into(),
        app_type: 1,
        locale: "zh-CN".into(),
    };
    let push_id = client.push_register(&push).await.unwrap();
    assert_eq!(client.push_register(&push).await.unwrap(), push_id, "stable for device and token");
    push.app_sign = Some("0".repeat(64));
    assert_eq!(client.push_register(&push).await.unwrap_err().code(), Some(Code::LOGIN_FAILED));
    // G8: the login binds what the device registered before.
    assert!(client.login(world.login("ann")).await.unwrap().push_bound);
}

#[tokio::test]
async fn nobody_waits_for_a_login_for_ever() {
    let world = World::start().await;
    let client = world.raw().await;
    let _ = client.heartbeat().await;
    world.advance(Duration::from_secs(11));
    assert_eq!(client.closed().await, Some(CloseCode::LoginDeadline.number()));
}

#[tokio::test]
async fn a_second_login_on_one_connection_is_refused() {
    let world = World::start().await;
    let client = world.client("ann").await;
    let refused = client.login(world.login("bob")).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::ALREADY_LOGGED_IN));
}

#[tokio::test]
async fn eleven_messages_at_once_are_one_too_many() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.client("ann").await;
    for number in 0..10 {
        ann.send(&peer("bob"), &Draft::text(format!("{number}"))).await.unwrap();
    }
    let refused = ann.send(&peer("bob"), &Draft::text("11")).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::RATE_LIMITED));
    world.advance(Duration::from_millis(100));
    ann.send(&peer("bob"), &Draft::text("after a pause")).await.unwrap();
}

#[tokio::test]
async fn a_drain_tells_clients_to_reconnect_and_loses_nothing() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client_with("bob", AckPolicy::Never).await);
    ann.send(&peer("bob"), &Draft::text("before the drain")).await.unwrap();
    messages(&bob).await;
    let world = world.restart().await;
    assert_eq!(ann.closed().await, Some(CloseCode::GoingAway.number()));
    let bob = world.client("bob").await;
    let again = messages(&bob).await;
    assert!(again.is_offline_message, "what was not acknowledged comes again");
    assert_eq!(again.messages.len(), 1);
}

#[tokio::test]
async fn a_background_app_still_gets_its_messages() {
    let world = World::start().await;
    let (ann, bob) = (world.client("ann").await, world.client("bob").await);
    bob.app_state(AppPhase::Background).await.unwrap();
    ann.send(&peer("bob"), &Draft::text("hello")).await.unwrap();
    assert_eq!(messages(&bob).await.messages.len(), 1);
    assert!(bob.next(QUIET).await.is_none());
    assert!(matches!(bob.login(world.login("bob")).await, Err(CallError::Refused(_))));
}
