//! Our Push Kit adapter against the emulated Push Kit, over HTTP: two readings of the same documentation meet.

use crate::push_kit::{BUNDLE, PushKit};
use hongyan_emulator::{AppState, PhoneEvent, Reason};
use hongyan_vendors::{
    Answer, Badge, BearerCache, Category, Credential, Notice, NoticeKind, Outcome, Route, StrategyOptions,
    Transport, TransportConfig, VendorKind, vendor,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const WAIT: Duration = Duration::from_secs(10);

struct Line {
    credential: Credential,
    bearer: BearerCache,
    transport: Transport,
}

impl Line {
    fn to(kit: &PushKit) -> Self {
        let credential = Credential::parse(VendorKind::Harmony, &kit.account, &kit.options()).unwrap();
        let bearer = credential.bearer_cache();
        Self { credential, bearer, transport: Transport::new(TransportConfig::default()) }
    }

    async fn send(&self, notice: &Notice, tokens: &[&str]) -> Answer {
        let harmony = vendor(VendorKind::Harmony);
        let bearer = self.bearer.bearer(now_ms()).await.unwrap();
        let request = harmony.prepare(&self.credential, notice, tokens, bearer.expose(), now_ms()).unwrap();
        harmony.interpret(&self.transport.send(&request).await.unwrap(), notice, tokens)
    }

    async fn revoke(&self, notice: &Notice, tokens: &[&str]) -> Answer {
        let harmony = vendor(VendorKind::Harmony);
        let bearer = self.bearer.bearer(now_ms()).await.unwrap();
        let revocation = harmony.revocation(&self.credential, notice).unwrap();
        let request = harmony.prepare_revoke(&self.credential, &revocation, tokens, bearer.expose()).unwrap();
        harmony.interpret_revoke(&self.transport.send(&request).await.unwrap(), tokens)
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

fn notice(kind: NoticeKind) -> Notice {
    Notice {
        kind,
        title: "小安".into(),
        body: "你好 👋".into(),
        payload: Some("{\"room\":7}".into()),
        route: Route::Conversation {
            conversation_id: "ann".into(),
            conversation_type: 0,
            sender_id: "ann".into(),
            message_id: "9007199254740993".into(),
        },
        notify_id: 77,
        app_message_id: "m-9007199254740993".into(),
        badge: Some(Badge::Add(1)),
        collapse_key: None,
        expires_at_ms: now_ms() + 60_000,
        category_hint: Category::Message,
        strategy: StrategyOptions::default(),
    }
}

#[tokio::test]
async fn an_alert_is_shown_with_its_payload_and_can_be_taken_back() {
    let kit = PushKit::start().await;
    let (phone, token) = kit.phone("phone-of-bob");
    let line = Line::to(&kit);
    let answer = line.send(&notice(NoticeKind::Alert), &[&token]).await;
    assert_eq!(answer.outcomes, [Outcome::Accepted], "{}", answer.message);
    assert!(answer.request_id.is_some());
    let shown = phone.wait_notice(|shown| shown.notify_id == 77, WAIT).await.unwrap();
    assert_eq!((&*shown.title, &*shown.body), ("小安", "你好 👋"));
    assert_eq!(shown.data["payload"], "{\"room\":7}");
    assert_eq!(shown.data["messageID"], "9007199254740993");
    assert_eq!(shown.data["conversationID"], "ann");
    assert_eq!(phone.badge(BUNDLE), 1);
    // G6: the same notice again is the same notice.
    line.send(&notice(NoticeKind::Alert), &[&token]).await;
    assert_eq!(phone.notices().len(), 1);
    let revoked = line.revoke(&notice(NoticeKind::Alert), &[&token]).await;
    assert_eq!(revoked.outcomes, [Outcome::Accepted], "{}", revoked.message);
    assert!(phone.notices().is_empty());
}

#[tokio::test]
async fn background_and_call_messages_reach_the_app() {
    let kit = PushKit::start().await;
    let (phone, token) = kit.phone("phone-of-bob");
    let line = Line::to(&kit);
    let mut events = phone.events().unwrap();
    phone.set_app_state(BUNDLE, AppState::Foreground).unwrap();
    let answer = line.send(&notice(NoticeKind::Silent), &[&token]).await;
    assert_eq!(answer.outcomes, [Outcome::Accepted], "{}", answer.message);
    let received = |event: &PhoneEvent| matches!(event, PhoneEvent::MessageReceived { .. });
    assert!(events.wait(received, WAIT).await.is_some());
    phone.set_app_state(BUNDLE, AppState::Killed).unwrap();
    let call = Notice {
        category_hint: Category::CallInvite,
        route: Route::Call { call_id: "42".into(), inviter_id: "ann".into(), mode: 0 },
        badge: None,
        ..notice(NoticeKind::Call)
    };
    let answer = line.send(&call, &[&token]).await;
    assert_eq!(answer.outcomes, [Outcome::Accepted], "{}", answer.message);
    let woken = |event: &PhoneEvent| matches!(event, PhoneEvent::CallWake { .. });
    assert!(events.wait(woken, WAIT).await.is_some());
}

#[tokio::test]
async fn a_dead_token_in_a_batch_is_told_apart_from_the_living() {
    let kit = PushKit::start().await;
    let (_, living) = kit.phone("phone-of-bob");
    let (_, dead) = kit.phone("phone-of-eve");
    kit.emulator.kill_token(&dead, Reason::TokenFormatError).unwrap();
    let answer = Line::to(&kit).send(&notice(NoticeKind::Alert), &[&living, &dead]).await;
    assert_eq!(answer.code, "80100000");
    assert_eq!(answer.outcomes[0], Outcome::Accepted);
    assert!(matches!(answer.outcomes[1], Outcome::TokenGone { .. }), "{:?}", answer.outcomes);
    assert!(!answer.message.contains(&dead), "no token in the vendor's words");
}

#[tokio::test]
async fn the_longest_message_fits_whatever_its_letters() {
    let kit = PushKit::start().await;
    let (phone, token) = kit.phone("phone-of-bob");
    let line = Line::to(&kit);
    for (number, letters) in ["字", "\"\\", "👨‍👩‍👧‍👦", "x\u{1}"].into_iter().enumerate() {
        let long = Notice {
            title: letters.repeat(200),
            body: letters.repeat(4_000),
            notify_id: 100 + number as u32,
            app_message_id: format!("long-{number}"),
            ..notice(NoticeKind::Alert)
        };
        let answer = line.send(&long, &[&token]).await;
        assert_eq!(answer.outcomes, [Outcome::Accepted], "{letters}: {} {}", answer.code, answer.message);
        let shown = phone.wait_notice(|shown| shown.notify_id == long.notify_id, WAIT).await.unwrap();
        assert!(shown.body.ends_with('…'), "a cut is shown");
    }
}
