//! What waits: admission, acknowledgements, deadlines, failures.

use super::*;
use crate::{
    push::decide::Awaited,
    store::{NewIntent, Recipients},
};
use hongyan_wire::{ConversationKey, MessageId, call::CallMode, message::PushConfig};

const APP: AppId = AppId(1);

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(&format!("device-{name}")).unwrap()
}

fn intent(id: u64, subject: Subject) -> Arc<Intent> {
    let spec = NewIntent {
        kind: crate::store::IntentKind::Delivery,
        sender: user("ann"),
        recipients: Recipients::Others,
        push: PushConfig::default(),
        mentioned: vec![],
        mention_all: false,
        notify_mentioned: false,
        call: None,
        expires_at: 1_000_000,
    };
    Arc::new(Intent { id, app: APP, subject, spec, created_at: 0, due_at: 0 })
}

/// Message `id` at place `id` of conversation 1.
fn message(id: u64) -> Arc<Intent> {
    let key = ConversationKey::Peer(user("ann"));
    intent(id, Subject::Message { message: MessageId(id), conversation: 1, key, seq: id })
}

fn call(id: u64) -> Arc<Intent> {
    intent(id, Subject::Call { call: CallId(id), mode: CallMode::General })
}

fn waiting(name: &str, until: u64) -> Waiting {
    let target = Target { user: user(name), device: Some(device(name)), push_id: None };
    Waiting { target, until, awaited: Awaited::Ack }
}

/// Takes the one look that there is and lets these devices wait.
#[track_caller]
fn look_and_wait(pending: &mut Pending, devices: Vec<Waiting>) {
    let looks = pending.take(0, 10);
    let [look] = looks.as_slice() else { panic!("{looks:?}") };
    pending.finish(look, devices, Decided::new());
}

fn ids(looks: &[Look]) -> Vec<u64> {
    looks.iter().map(|look| look.intent.id).collect()
}

#[test]
fn an_intent_is_looked_at_once_and_forgotten_when_nothing_waits() {
    let mut pending = Pending::new(10);
    assert_eq!(pending.admit(message(1), false, false), Admitted::Yes);
    assert_eq!(pending.admit(message(1), false, false), Admitted::Known);
    let looks = pending.take(0, 10);
    assert_eq!((ids(&looks), &looks[0].scope), (vec![1], &Scope::Everybody));
    assert!(pending.take(0, 10).is_empty());
    pending.finish(&looks[0], vec![], Decided::new());
    assert_eq!((pending.len(), pending.weight), (0, 0));
}

#[test]
fn calls_go_first_and_have_room_when_messages_have_none() {
    let mut pending = Pending::new(4);
    for id in 1..=4 {
        assert_eq!(pending.admit(message(id), false, false), Admitted::Yes);
    }
    assert!(!pending.has_room(false));
    assert_eq!(pending.admit(message(5), false, false), Admitted::Full);
    assert_eq!(pending.admit(call(9), false, false), Admitted::Yes);
    assert_eq!(pending.admit(call(10), false, false), Admitted::Full);
    assert_eq!(ids(&pending.take(0, 3)), [9, 1, 2]);
}

#[test]
fn an_acknowledgement_settles_everything_up_to_its_place() {
    let mut pending = Pending::new(100);
    for id in 1..=3 {
        pending.admit(message(id), false, false);
        look_and_wait(&mut pending, vec![waiting("bob", 5_000), waiting("carol", 5_000)]);
    }
    pending.hear_ack(APP, &user("bob"), &device("bob"), ConversationNo(1), 2);
    pending.hear_ack(APP, &user("bob"), &device("other"), ConversationNo(1), 3);
    pending.hear_ack(APP, &user("bob"), &device("bob"), ConversationNo(2), 3);
    let looks = pending.take(0, 10);
    assert_eq!(ids(&looks), [1, 2]);
    for look in &looks {
        assert_eq!(look.acked, [waiting("bob", 0).target]);
        assert_eq!((&look.scope, look.other_due), (&Scope::Users(BTreeSet::new()), Some(5_000)));
        pending.finish(look, vec![], Decided::new());
    }
    assert_eq!(pending.waiting_of(1).unwrap(), [waiting("carol", 5_000)]);
    assert_eq!(pending.waiting_of(3).unwrap().len(), 2);
}

#[test]
fn deadlines_come_one_after_the_other() {
    let mut pending = Pending::new(100);
    pending.admit(message(1), false, false);
    look_and_wait(&mut pending, vec![waiting("bob", 2_000), waiting("carol", 5_000)]);
    assert_eq!(pending.next_due(), Some(2_000));
    assert!(pending.take(1_999, 10).is_empty());
    let looks = pending.take(2_000, 10);
    assert_eq!(looks[0].scope, Scope::Users([user("bob")].into()));
    assert_eq!((&looks[0].waiting, looks[0].other_due), (&vec![waiting("bob", 2_000)], Some(5_000)));
    pending.finish(&looks[0], vec![], Decided::new());
    assert_eq!(pending.next_due(), Some(5_000));
    let looks = pending.take(5_000, 10);
    pending.finish(&looks[0], vec![], Decided::new());
    assert_eq!((pending.len(), pending.weight, pending.users.len()), (0, 0, 0));
}

#[test]
fn an_acknowledgement_of_the_first_keeps_the_alarm_of_the_second() {
    let mut pending = Pending::new(100);
    pending.admit(message(1), false, false);
    look_and_wait(&mut pending, vec![waiting("bob", 2_000), waiting("carol", 5_000)]);
    pending.hear_ack(APP, &user("bob"), &device("bob"), ConversationNo(1), 1);
    // The first deadline passes while the acknowledgement is not written yet.
    let looks = pending.take(2_500, 10);
    assert_eq!(looks[0].acked.len(), 1);
    pending.finish(&looks[0], vec![], Decided::new());
    assert_eq!(pending.next_due(), Some(5_000));
    assert_eq!(pending.take(5_000, 10)[0].scope, Scope::Users([user("carol")].into()));
}

#[test]
fn a_change_of_a_user_concerns_what_waits_for_that_user() {
    let mut pending = Pending::new(100);
    pending.admit(message(1), false, false);
    look_and_wait(&mut pending, vec![waiting("bob", 5_000), waiting("carol", 5_000)]);
    pending.hear_change(APP, &user("dan"));
    pending.hear_change(AppId(2), &user("bob"));
    assert!(pending.take(0, 10).is_empty());
    pending.hear_change(APP, &user("bob"));
    let looks = pending.take(0, 10);
    assert_eq!(looks[0].scope, Scope::Users([user("bob")].into()));
    pending.finish(&looks[0], vec![waiting("bob", 5_000)], Decided::new());
    assert_eq!(pending.waiting_of(1).unwrap().len(), 2);
}

#[test]
fn calls_are_found_by_their_number() {
    let mut pending = Pending::new(100);
    pending.admit(call(7), false, false);
    pending.hear_call_ack(CallId(7), &user("bob"), &device("bob"));
    let looks = pending.take(0, 10);
    assert!(looks[0].call_acks.contains(&(user("bob"), device("bob"))), "heard before the first look");
    let devices = vec![waiting("bob", 5_000), waiting("carol", 5_000), waiting("dan", 5_000)];
    pending.finish(&looks[0], devices, Decided::new());
    pending.hear_call_ack(CallId(7), &user("bob"), &device("bob"));
    pending.hear_call_over(CallId(7), &[user("carol"), user("eve")]);
    let looks = pending.take(0, 10);
    assert_eq!(looks[0].acked, [waiting("bob", 0).target]);
    assert_eq!(looks[0].scope, Scope::Users([user("carol")].into()));
    pending.finish(&looks[0], vec![], Decided::new());
    pending.hear_call_over(CallId(7), &[]);
    let looks = pending.take(0, 10);
    assert_eq!(looks[0].scope, Scope::Users([user("dan")].into()));
    pending.finish(&looks[0], vec![], Decided::new());
    assert_eq!((pending.len(), pending.calls.len(), pending.weight), (0, 0, 0));
}

#[test]
fn a_failed_look_is_taken_again_later_with_everything_it_had() {
    let mut pending = Pending::new(100);
    pending.admit(message(1), false, false);
    look_and_wait(&mut pending, vec![waiting("bob", 5_000), waiting("carol", 5_000)]);
    pending.hear_ack(APP, &user("bob"), &device("bob"), ConversationNo(1), 1);
    pending.hear_change(APP, &user("carol"));
    let look = pending.take(0, 10).remove(0);
    pending.fail(look, 500);
    pending.hear_change(APP, &user("carol"));
    assert!(pending.take(499, 10).is_empty());
    let look = pending.take(500, 10).remove(0);
    assert!(look.reload);
    assert_eq!((look.acked.len(), &look.scope), (1, &Scope::Users([user("carol")].into())));
}

#[test]
fn a_wait_that_ended_before_it_was_written_is_due_at_once() {
    let mut pending = Pending::new(100);
    pending.admit(message(1), false, false);
    let looks = pending.take(1_000, 10);
    pending.finish(&looks[0], vec![waiting("bob", 1_001)], Decided::new());
    assert_eq!(pending.next_due(), Some(1_001));
    assert_eq!(pending.take(5_000, 10)[0].scope, Scope::Users([user("bob")].into()));
}
