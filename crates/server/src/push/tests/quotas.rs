//! Quotas that are known before sending: what would exceed one waits or ends, and says why.

use super::bench::{Bench, only, peer, push_config};
use crate::{
    push::trace::DeviceState,
    store::{AppStore, StoredStrategy},
};

/// Sends one message by the strategy of these options.
async fn send_by(bench: &mut Bench, options: &str, life_ms: u64) -> u64 {
    let strategy = StoredStrategy { resources_id: "way".into(), options: options.into() };
    assert!(bench.store.put_strategy(bench.app, strategy).await.unwrap());
    let mut intent = bench.intent(push_config());
    intent.push.resources_id = "way".into();
    intent.expires_at = bench.clock.now_ms() + life_ms;
    bench.send_with(peer("bob"), Some(intent)).await.0
}

const SILENT: &str = r#"{"harmony":{"push_type":6}}"#;
const DAY_MS: u64 = 86_400_000;

#[tokio::test]
async fn a_third_background_message_waits_its_hour_or_is_not_sent() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    for _ in 0..2 {
        let id = send_by(&mut bench, SILENT, DAY_MS).await;
        assert_eq!(only(&bench.settled(id).await), (DeviceState::Pushed, None));
    }
    let short = send_by(&mut bench, SILENT, 1_800_000).await;
    assert_eq!(only(&bench.settled(short).await), (DeviceState::Suppressed, Some("quota_background")));
    let third = send_by(&mut bench, SILENT, DAY_MS).await;
    bench.until(third, |trace| !trace.dispatches.is_empty()).await;
    bench.advance(3_500_000);
    assert_eq!((only(&bench.trace(third).await), bench.requests().len()), ((DeviceState::Pending, None), 2));
    bench.advance(100_000);
    assert_eq!(only(&bench.settled(third).await), (DeviceState::Pushed, None));
}

#[tokio::test]
async fn a_third_marketing_notice_of_the_day_is_not_sent_but_others_are() {
    let mut bench = Bench::new().await;
    bench.member("bob").await;
    let marketing = r#"{"harmony":{"category":"MARKETING"}}"#;
    for _ in 0..2 {
        let id = send_by(&mut bench, marketing, DAY_MS).await;
        assert_eq!(only(&bench.settled(id).await), (DeviceState::Pushed, None));
    }
    let third = send_by(&mut bench, marketing, DAY_MS).await;
    assert_eq!(only(&bench.settled(third).await), (DeviceState::Suppressed, Some("quota_marketing")));
    let alarms = bench.push.as_ref().unwrap().alarms(None);
    assert_eq!((alarms[0].kind.as_str(), alarms[0].code.as_str()), ("quota", "quota_marketing"));
    let chat = bench.send(peer("bob")).await.0;
    assert_eq!(only(&bench.settled(chat).await), (DeviceState::Pushed, None));
    assert_eq!(bench.requests().len(), 3);
}
