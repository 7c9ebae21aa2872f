//! Alarms: one per credential and kind, ended once.

use super::world::{APP, Place, START_MS, World};
use crate::store::Alarm;
use hongyan_vendors::VendorKind;

fn alarm(kind: &str, since: u64) -> Alarm {
    Alarm {
        app: APP,
        vendor: VendorKind::Harmony,
        app_type: 1,
        kind: kind.into(),
        code: "80300002".into(),
        message: "no permission".into(),
        since,
        last_at: since + 5,
        count: 2,
        cleared_at: None,
    }
}

/// An alarm takes the place of the one of its kind before; what people ended in an episode stays ended.
pub async fn an_alarm_is_one_episode(world: &mut World<impl Place>) {
    let first = alarm("refused", START_MS);
    world.store.put_alarms(vec![alarm("quota", START_MS), first.clone()]).await.unwrap();
    let seen_again = Alarm { count: 3, last_at: START_MS + 9, ..first };
    world.store.put_alarms(vec![seen_again.clone()]).await.unwrap();
    assert_eq!(world.store.alarms().await.unwrap(), [alarm("quota", START_MS), seen_again.clone()]);
    let ended = START_MS + 20;
    assert_eq!(world.store.clear_alarms(APP, VendorKind::Harmony, 2, ended).await.unwrap(), 0);
    assert_eq!(world.store.clear_alarms(APP, VendorKind::Harmony, 1, ended).await.unwrap(), 2);
    assert_eq!(world.store.clear_alarms(APP, VendorKind::Harmony, 1, ended + 1).await.unwrap(), 0);
    world.store.put_alarms(vec![seen_again]).await.unwrap();
    let all = world.store.alarms().await.unwrap();
    assert!(all.iter().all(|alarm| alarm.cleared_at == Some(ended)), "{all:?}");
    world.store.put_alarms(vec![alarm("refused", START_MS + 30)]).await.unwrap();
    assert_eq!(world.store.alarms().await.unwrap()[1], alarm("refused", START_MS + 30));
}
