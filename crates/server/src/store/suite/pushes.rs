//! Promises of the pipeline: intents, plans, attempts, traces.

use super::world::*;
use crate::store::*;
use hongyan_vendors::{Category, Notice, NoticeKind, Route, StrategyOptions, VendorKind};
use hongyan_wire::{ConversationType, PushId};
use std::sync::Arc;

pub(super) fn target(name: &str, push_id: Option<&PushId>) -> Target {
    Target { user: user(name), device: Some(device(name)), push_id: push_id.cloned() }
}

pub(super) fn dispatch(id: u64, intent: u64, targets: Vec<Target>) -> NewDispatch {
    let notice = Notice {
        kind: NoticeKind::Alert,
        title: "t".into(),
        body: "c".into(),
        payload: None,
        route: Route::Conversation {
            conversation_id: "ann".into(),
            conversation_type: ConversationType::Peer.number(),
            sender_id: "ann".into(),
            message_id: intent.to_string(),
        },
        notify_id: 5,
        app_message_id: "m5".into(),
        badge: None,
        collapse_key: None,
        expires_at_ms: START_MS + 86_400_000,
        category_hint: Category::Message,
        strategy: StrategyOptions::default(),
    };
    NewDispatch {
        purpose: crate::store::Purpose::Notice,
        id,
        app: APP,
        intent,
        vendor: VendorKind::Harmony,
        app_type: 1,
        is_call: false,
        notice,
        targets,
        due_at: START_MS,
        expires_at: START_MS + 86_400_000,
    }
}

pub(super) fn attempt(number: u32, at: u64) -> Attempt {
    Attempt {
        number,
        at,
        took_ms: 20,
        targets: 2,
        status: 200,
        code: "80000000".into(),
        message: "Success".into(),
        request_id: Some("r1".into()),
    }
}

pub(super) fn end(dispatch: u64, ended: Vec<(Target, TargetEnd)>, retry_at: Option<u64>) -> AttemptEnd {
    let attempt = Some(attempt(1, START_MS + 5));
    AttemptEnd { dispatch, attempt, ended, dead: vec![], retry_at, now_ms: START_MS + 30 }
}

/// A message from ann to bob that may be pushed.
pub(super) async fn pushed<P: Place>(world: &mut World<P>) -> Arc<Appended> {
    let message = world.message("ann", peer("bob"));
    let message = NewMessage { intent: Some(intent("ann", Recipients::Others)), ..message };
    stored(world.append(message).await)
}

/// An intent with one dispatch to bob and cat.
async fn planned<P: Place>(world: &mut World<P>) -> (u64, u64) {
    world.login_all(&["ann", "bob", "cat"]).await;
    let intent = pushed(world).await.message.id.0;
    let id = world.store.next_dispatch_id(world.now());
    let targets = vec![target("bob", None), target("cat", None)];
    let verdict = Verdict {
        decision: Decision::Pushed { dispatch: id, cause: String::new() },
        targets: targets.clone(),
        at: START_MS,
    };
    let dispatches = vec![dispatch(id, intent, targets)];
    let plan = Plan { intent, verdicts: vec![verdict], dispatches, next_due: None };
    world.store.write_plans(vec![plan]).await.unwrap();
    (intent, id)
}

async fn pending<P: Place>(world: &World<P>) -> Vec<Dispatch> {
    world.store.pending_dispatches(0, 9).await.unwrap()
}

async fn verdicts<P: Place>(world: &World<P>, intent: u64) -> Vec<Verdict> {
    world.store.verdicts(vec![intent]).await.unwrap().remove(0)
}

pub async fn an_intent_comes_with_its_message<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "ann", &["bob"]).await;
    let appended = pushed(world).await;
    let intent_row = appended.intent.clone().expect("the answer has it");
    let subject = Subject::Message {
        message: appended.message.id,
        conversation: appended.message.conversation.0,
        key: peer("ann"),
        seq: 1,
    };
    assert_eq!(
        (intent_row.id, &intent_row.subject),
        (appended.message.id.0, &subject),
        "as the recipient names it"
    );
    assert_eq!((intent_row.due_at, intent_row.app), (world.now(), APP));
    let plain = world.send("ann", peer("bob")).await;
    assert!(plain.intent.is_none());
    let in_group = world.message("ann", group("g"));
    let in_group = NewMessage { intent: Some(intent("ann", Recipients::Others)), ..in_group };
    let in_group = stored(world.append(in_group).await);
    let all = world.store.pending_intents(0, 9).await.unwrap();
    assert_eq!(all, [(*intent_row).clone(), (**in_group.intent.as_ref().unwrap()).clone()]);
    assert!(matches!(&all[1].subject, Subject::Message { key, .. } if *key == group("g")));
    assert_eq!(world.store.pending_intents(all[0].id, 9).await.unwrap(), all[1..]);
    assert_eq!(world.store.pending_intents(0, 1).await.unwrap(), all[..1]);
}

pub async fn plans_are_all_or_nothing<P: Place>(world: &mut World<P>) {
    let (intent, id) = planned(world).await;
    let next = pushed(world).await.message.id.0;
    let acked = Verdict { decision: Decision::Acked, targets: vec![target("bob", None)], at: START_MS };
    let good = Plan { intent: next, verdicts: vec![acked.clone()], dispatches: vec![], next_due: None };
    let repeated = dispatch(id, next, vec![target("bob", None)]);
    let more = pushed(world).await.message.id.0;
    let bad = Plan { intent: more, dispatches: vec![repeated], ..good.clone() };
    assert!(
        world.store.write_plans(vec![good.clone(), bad]).await.is_err(),
        "a dispatch number is used once"
    );
    assert!(verdicts(world, next).await.is_empty(), "the good one is undone as well");
    assert_eq!(world.store.pending_intents(intent, 9).await.unwrap().len(), 2);
    let waiting = Plan { verdicts: vec![], next_due: Some(START_MS + 700), ..good.clone() };
    world.store.write_plans(vec![waiting]).await.unwrap();
    let pending = world.store.pending_intents(intent, 9).await.unwrap();
    assert_eq!((pending[0].due_at, pending[1].due_at), (START_MS + 700, START_MS));
    world.store.write_plans(vec![good]).await.unwrap();
    let both = world.store.verdicts(vec![next, more, intent]).await.unwrap();
    assert_eq!((both[0].as_slice(), both[1].as_slice()), ([acked].as_slice(), [].as_slice()));
    assert_eq!(both[2], verdicts(world, intent).await, "in the order in which they were asked for");
    assert_eq!(world.store.pending_intents(intent, 9).await.unwrap().len(), 1);
}

pub async fn a_settled_intent_stays_settled<P: Place>(world: &mut World<P>) {
    let (intent, id) = planned(world).await;
    let before = verdicts(world, intent).await;
    let late = Plan {
        intent,
        verdicts: before.clone(),
        dispatches: vec![dispatch(id + 1, intent, vec![target("bob", None)])],
        next_due: Some(START_MS + 5),
    };
    world.store.write_plans(vec![late.clone(), Plan { intent: 17, ..late }]).await.unwrap();
    assert!(world.store.pending_intents(0, 9).await.unwrap().is_empty());
    assert_eq!(verdicts(world, intent).await, before);
    assert_eq!(pending(world).await.len(), 1, "nothing is sent twice");
}

pub async fn ends_are_given_once<P: Place>(world: &mut World<P>) {
    let (intent, id) = planned(world).await;
    let first = end(id, vec![(target("bob", None), TargetEnd::Accepted)], Some(START_MS + 900));
    for _ in 0..2 {
        world.store.write_attempts(vec![first.clone()]).await.unwrap();
        let left = pending(world).await;
        assert_eq!((left[0].request.targets.clone(), left[0].attempts), (vec![target("cat", None)], 1));
        assert_eq!((left[0].request.due_at, left[0].ended.len()), (START_MS + 900, 1));
    }
    let both = vec![(target("bob", None), TargetEnd::Expired), (target("cat", None), TargetEnd::Expired)];
    let second = AttemptEnd { attempt: Some(attempt(2, START_MS + 900)), ..end(id, both, None) };
    world.store.write_attempts(vec![second]).await.unwrap();
    assert!(pending(world).await.is_empty());
    let trace = world.store.trace(intent).await.unwrap().remove(0);
    let (settled, attempts) = &trace.dispatches[0];
    let ends = [(target("bob", None), TargetEnd::Accepted), (target("cat", None), TargetEnd::Expired)];
    assert_eq!(
        (settled.state, &settled.ended[..]),
        (DispatchState::Settled, &ends[..]),
        "the first end stays"
    );
    assert_eq!((settled.attempts, attempts.len()), (2, 2));
}

pub async fn a_dispatch_is_never_left_hanging<P: Place>(world: &mut World<P>) {
    let (_, id) = planned(world).await;
    let hanging = end(id, vec![(target("bob", None), TargetEnd::Accepted)], None);
    assert!(
        world.store.write_attempts(vec![hanging]).await.is_err(),
        "cat has neither an end nor a next try"
    );
    assert!(world.store.write_attempts(vec![end(99, vec![], None)]).await.is_err(), "no such dispatch");
    let left = pending(world).await;
    assert_eq!((left[0].request.targets.len(), left[0].attempts), (2, 0), "and nothing was written");
    let stranger = (target("zoe", None), TargetEnd::Accepted);
    world.store.write_attempts(vec![end(id, vec![stranger], Some(START_MS + 7))]).await.unwrap();
    let left = pending(world).await;
    assert_eq!((left[0].request.targets.len(), left[0].ended.len()), (2, 0), "who is no target has no end");
}

pub async fn dead_tokens_are_buried<P: Place>(world: &mut World<P>) {
    let bob = world.register("bob", "token-b", Some("bob")).await;
    let cat = world.register("cat", "token-c", Some("cat")).await;
    let (_, id) = planned(world).await;
    world.later(60);
    // Cat's phone registered anew after the request was on its way.
    world.register("cat", "token-c", Some("cat")).await;
    let ends = [("bob", &bob), ("cat", &cat)]
        .map(|(name, _)| (target(name, None), TargetEnd::Failed { reason: "token_gone".into() }));
    let dead = vec![(bob.clone(), "80300007".to_owned()), (cat, "80300007".to_owned())];
    let verdict = AttemptEnd { dead, now_ms: world.now(), ..end(id, ends.into(), None) };
    world.store.write_attempts(vec![verdict]).await.unwrap();
    let tombstone = Tombstone { code: "80300007".into(), at: world.now() };
    assert_eq!(world.targets("bob").await[0].tombstone, Some(tombstone), "kept, and said to be dead");
    assert_eq!(
        world.targets("cat").await[0].tombstone,
        None,
        "an old verdict does not kill a new registration"
    );
    assert!(!world.login("bob").await.push_bound, "a dead one is no way to bob");
    assert_eq!(world.register("bob", "token-b", None).await, bob);
    assert_eq!(world.targets("bob").await[0].tombstone, None, "registering revives it");
}

pub async fn a_trace_tells_everything<P: Place>(world: &mut World<P>) {
    let (intent, id) = planned(world).await;
    let ends = vec![
        (target("bob", None), TargetEnd::Accepted),
        (target("cat", None), TargetEnd::Retracted { reason: "revoked".into() }),
    ];
    world.store.write_attempts(vec![end(id, ends.clone(), None)]).await.unwrap();
    let trace = world.store.trace(intent).await.unwrap();
    assert_eq!(trace.len(), 1);
    assert!(trace[0].settled);
    assert_eq!(trace[0].verdicts[0].decision, Decision::Pushed { dispatch: id, cause: String::new() });
    assert_eq!(trace[0].message.as_ref().map(|message| message.id.0), Some(intent));
    let (request, attempts) = &trace[0].dispatches[0];
    assert_eq!((&request.ended, attempts), (&ends, &vec![attempt(1, START_MS + 5)]));
    assert_eq!(request.request.notice, dispatch(id, intent, vec![]).notice);
    let plain = world.send("ann", peer("bob")).await;
    assert!(world.store.trace(plain.message.id.0).await.unwrap().is_empty());
}

pub async fn finished_intents_are_told<P: Place>(world: &mut World<P>) {
    let mut finished = world.store.finished(2);
    let (intent, id) = planned(world).await;
    assert_eq!(finished.intents.try_recv(), Ok(intent), "it is decided");
    let ends = vec![(target("bob", None), TargetEnd::Accepted)];
    world.store.write_attempts(vec![end(id, ends, Some(START_MS + 9))]).await.unwrap();
    assert!(finished.intents.try_recv().is_err(), "cat is still open");
    let ends = vec![(target("cat", None), TargetEnd::Accepted)];
    world.store.write_attempts(vec![end(id, ends, None)]).await.unwrap();
    assert_eq!(finished.intents.try_recv(), Ok(intent), "it is done");
    for _ in 0..4 {
        planned(world).await;
    }
    assert_eq!(
        finished.lost.load(std::sync::atomic::Ordering::Relaxed),
        2,
        "nothing waits for a slow reader"
    );
    drop(finished);
    planned(world).await;
}

pub async fn old_traces_are_forgotten<P: Place>(world: &mut World<P>) {
    let (old, id) = planned(world).await;
    world.later(3_600);
    let new = pushed(world).await.message.id.0;
    let (soon, late) = (START_MS + 1_000, START_MS + 9_000_000);
    assert_eq!(world.store.forget_traces(late, 99).await.unwrap(), 0, "what is not settled stays");
    let ends = vec![(target("bob", None), TargetEnd::Accepted), (target("cat", None), TargetEnd::Accepted)];
    world.store.write_attempts(vec![end(id, ends, None)]).await.unwrap();
    assert_eq!(world.store.forget_traces(START_MS, 99).await.unwrap(), 0, "what is young stays");
    assert_eq!(world.store.forget_traces(soon, 99).await.unwrap(), 3, "intent, dispatch, attempt");
    assert!(world.store.trace(old).await.unwrap().is_empty());
    assert_eq!(world.store.trace(new).await.unwrap().len(), 1);
    let message = world.store.message(hongyan_wire::MessageId(old)).await.unwrap().unwrap();
    assert!(message.intent.is_none(), "the message itself stays");
}
