//! Promises of receipts: kept once, and their effects on PushIDs.

use super::{
    pushes::{attempt, dispatch, end, pushed, target},
    world::*,
};
use crate::store::*;
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::{AppId, PushId};

/// bob's phone was sent a notice, accepted by the vendor a moment after the start.
struct Sent {
    intent: u64,
    dispatch: u64,
    bob: PushId,
}

async fn sent<P: Place>(world: &mut World<P>) -> Sent {
    world.login_all(&["ann", "bob"]).await;
    let bob = world.register("bob", "token-b", Some("bob")).await;
    let intent = pushed(world).await.message.id.0;
    let id = world.store.next_dispatch_id(world.now());
    let targets = vec![target("bob", Some(&bob))];
    let decision = Decision::Pushed { dispatch: id, cause: String::new() };
    let verdict = Verdict { decision, targets: targets.clone(), at: START_MS };
    let dispatches = vec![dispatch(id, intent, targets.clone())];
    let plan = Plan { intent, verdicts: vec![verdict], dispatches, next_due: None };
    world.store.write_plans(vec![plan]).await.unwrap();
    let ended = vec![(targets[0].clone(), TargetEnd::Accepted)];
    world.store.write_attempts(vec![end(id, ended, None)]).await.unwrap();
    Sent { intent, dispatch: id, bob }
}

fn receipt(intent: u64, result: u32, effect: ReceiptEffect) -> NewReceipt {
    NewReceipt {
        intent,
        token: Secret::new("token-b"),
        request_id: attempt(1, 0).request_id.unwrap(),
        result,
        at: START_MS + 40,
        effect,
    }
}

async fn report<P: Place>(world: &World<P>, receipts: Vec<NewReceipt>) -> Vec<ReceiptFate> {
    let (app, vendor, now_ms) = (APP, VendorKind::Harmony, world.now());
    world.store.write_receipts(ReceiptBatch { app, vendor, app_type: 1, receipts, now_ms }).await.unwrap()
}

async fn kept<P: Place>(world: &World<P>, intent: u64) -> Vec<(u32, String)> {
    let trace = world.store.trace(intent).await.unwrap().remove(0);
    trace.receipts.into_iter().map(|receipt| (receipt.result, receipt.request_id)).collect()
}

pub async fn a_receipt_is_kept_once<P: Place>(world: &mut World<P>) {
    let Sent { intent, dispatch, bob } = sent(world).await;
    world.later(1);
    let held = receipt(intent, 27, ReceiptEffect::None);
    let arrived = receipt(intent, 0, ReceiptEffect::None);
    let batch = vec![held.clone(), arrived.clone(), held.clone()];
    let fates = report(world, batch.clone()).await;
    assert_eq!(fates, [ReceiptFate::Kept, ReceiptFate::Kept, ReceiptFate::Repeated]);
    assert_eq!(report(world, batch).await, [ReceiptFate::Repeated; 3]);
    let trace = world.store.trace(intent).await.unwrap().remove(0);
    let expected = StoredReceipt {
        dispatch,
        push_id: bob,
        request_id: "r1".into(),
        result: 0,
        at: START_MS + 40,
        received_at: world.now(),
    };
    assert_eq!((trace.receipts.len(), &trace.receipts[0]), (2, &expected));
    // The answer with this name was lost; its receipt counts all the same.
    let other = NewReceipt { request_id: "r9".into(), ..arrived };
    assert_eq!(report(world, vec![other]).await, [ReceiptFate::Kept]);
    let many = (1_000..1_010).map(|result| receipt(intent, result, ReceiptEffect::None)).collect();
    let fates = report(world, many).await;
    assert_eq!(fates.iter().filter(|fate| **fate == ReceiptFate::Kept).count(), 5, "eight of one device");
}

pub async fn strange_receipts_change_nothing<P: Place>(world: &mut World<P>) {
    let Sent { intent, .. } = sent(world).await;
    world.register("ann", "token-a", Some("ann")).await;
    let bury = || ReceiptEffect::Bury { code: "receipt 5".into() };
    let good = receipt(intent, 5, bury());
    let strange = vec![
        NewReceipt { token: Secret::new("token-x"), ..good.clone() },
        NewReceipt { token: Secret::new("token-a"), ..good.clone() },
        NewReceipt { intent: intent + 1, ..good.clone() },
    ];
    let fates = report(world, strange).await;
    let (token, message) = (ReceiptFate::UnknownToken, ReceiptFate::UnknownMessage);
    assert_eq!(fates, [token, message, message]);
    for (app, app_type) in [(APP, 2), (AppId(8), 1)] {
        let batch = ReceiptBatch {
            app,
            vendor: VendorKind::Harmony,
            app_type,
            receipts: vec![good.clone()],
            now_ms: world.now(),
        };
        assert_eq!(world.store.write_receipts(batch).await.unwrap(), [token], "credentials are apart");
    }
    assert!(world.targets("bob").await[0].tombstone.is_none());
    assert!(kept(world, intent).await.is_empty());
}

pub async fn a_receipt_buries_suspends_and_unbinds<P: Place>(world: &mut World<P>) {
    let Sent { intent, bob, .. } = sent(world).await;
    world.later(1);
    let suspend = || ReceiptEffect::Suspend { reason: "notifications_off".into() };
    report(world, vec![receipt(intent, 6, suspend())]).await;
    let suspension = Some(Suspension { reason: "notifications_off".into(), at: world.now() });
    assert_eq!(world.targets("bob").await[0].suspension, suspension);
    assert!(world.login("bob").await.push_bound);
    assert_eq!(world.targets("bob").await[0].suspension, None, "a login lifts it");
    // The same request cannot suspend again: the device was here since.
    let late = NewReceipt { request_id: "r2".into(), ..receipt(intent, 6, suspend()) };
    assert_eq!(report(world, vec![late]).await, [ReceiptFate::Kept]);
    assert_eq!(world.targets("bob").await[0].suspension, None);
    let late = NewReceipt { request_id: "r2".into(), ..receipt(intent, 144, ReceiptEffect::Unbind) };
    report(world, vec![late]).await;
    assert_eq!(world.targets("bob").await.len(), 1, "nor unbind");
    let bury = ReceiptEffect::Bury { code: "receipt 2".into() };
    report(world, vec![receipt(intent, 2, bury)]).await;
    let tombstone = Some(Tombstone { code: "receipt 2".into(), at: world.now() });
    assert_eq!(world.targets("bob").await[0].tombstone, tombstone, "a login is no new token");
    assert_eq!(world.register("bob", "token-b", None).await, bob);
    assert_eq!(world.targets("bob").await[0].tombstone, None);
}

pub async fn registering_lifts_a_suspension<P: Place>(world: &mut World<P>) {
    let Sent { intent, .. } = sent(world).await;
    world.later(1);
    let suspend =
        |result, reason: &str| receipt(intent, result, ReceiptEffect::Suspend { reason: reason.into() });
    report(world, vec![suspend(10, "device_inactive"), suspend(6, "notifications_off")]).await;
    let found = world.targets("bob").await.remove(0).suspension.unwrap();
    assert_eq!(found.reason, "device_inactive", "the first one stays");
    world.restart().await;
    assert!(world.targets("bob").await[0].suspension.is_some());
    world.register("bob", "token-b", None).await;
    assert_eq!(world.targets("bob").await[0].suspension, None);
}

pub async fn an_unbound_account_is_not_pushed<P: Place>(world: &mut World<P>) {
    let Sent { intent, bob, .. } = sent(world).await;
    world.later(1);
    report(world, vec![receipt(intent, 144, ReceiptEffect::Unbind)]).await;
    assert!(world.targets("bob").await.is_empty());
    assert!(world.login("bob").await.push_bound);
    assert_eq!(world.targets("bob").await[0].push_id, bob, "the next login binds again");
}

pub async fn receipts_are_forgotten_with_their_dispatch<P: Place>(world: &mut World<P>) {
    let Sent { intent, .. } = sent(world).await;
    report(world, vec![receipt(intent, 0, ReceiptEffect::None)]).await;
    assert_eq!(kept(world, intent).await, [(0, "r1".to_owned())]);
    let forgotten = world.store.forget_traces(START_MS + 1_000, 99).await.unwrap();
    assert_eq!(forgotten, 4, "intent, dispatch, attempt, receipt");
    let fates = report(world, vec![receipt(intent, 0, ReceiptEffect::None)]).await;
    assert_eq!(fates, [ReceiptFate::UnknownMessage]);
}
