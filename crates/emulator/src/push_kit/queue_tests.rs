//! The offline queue: what stays, what is pushed out, what a returning phone gets.

use serde_json::json;

use super::super::check::{Stamp, check};
use super::super::message::{Category, PushType};
use super::*;

const NOW_MS: u64 = 1_000_000;

struct Draft {
    name: usize,
    bundle: &'static str,
    notify_id: u32,
    options: serde_json::Value,
}

fn draft(name: usize) -> Draft {
    Draft { name, bundle: "app.a", notify_id: 1, options: json!({}) }
}

impl Draft {
    fn parcel(self) -> Parcel {
        let body = json!({
            "payload": { "notification": {
                "category": "IM", "title": self.name.to_string(), "body": "b", "notifyId": self.notify_id,
                "clickAction": { "actionType": 0 },
            } },
            "target": { "token": ["t"] },
            "pushOptions": self.options,
        });
        let stamp = Stamp { request_id: Arc::from("1"), now_ms: NOW_MS, spare_notify_id: 0 };
        let message = Arc::new(check(PushType::Alert, body.to_string().as_bytes(), stamp).unwrap().message);
        let (token, bundle) = (Arc::from("t"), Arc::from(self.bundle));
        Parcel { token, bundle, message, category: Category::Im, wakes: false, receiver: None }
    }
}

fn name(parcel: &Parcel) -> usize {
    parcel.message.alert().unwrap().title.parse().unwrap()
}

fn names(queue: &mut OfflineQueue, now_ms: u64) -> Vec<usize> {
    let taken = queue.take(now_ms, |_| true);
    let messages = taken.iter().filter_map(|item| match item {
        Waiting::Message(parcel) => Some(name(parcel)),
        Waiting::Revocation { .. } => None,
    });
    messages.collect()
}

#[test]
fn the_newest_120_of_an_app_stay() {
    let mut queue = OfflineQueue::default();
    assert!(queue.keep(Draft { bundle: "app.b", ..draft(999) }.parcel(), NOW_MS).is_empty());
    let mut out = Vec::new();
    for number in 0..125 {
        out.extend(queue.keep(draft(number).parcel(), NOW_MS).iter().map(name));
    }
    assert_eq!(out, [0, 1, 2, 3, 4]);
    assert_eq!(queue.len(), KEPT_MAX + 1);
    let kept = names(&mut queue, NOW_MS);
    assert_eq!((kept[0], kept[1], kept[120]), (999, 5, 124));
}

#[test]
fn a_collapse_key_keeps_the_newest_of_its_app_and_group() {
    let mut queue = OfflineQueue::default();
    let with = |number: usize, bundle: &'static str, key: i32| {
        Draft { bundle, options: json!({ "collapseKey": key }), ..draft(number) }.parcel()
    };
    for parcel in [with(1, "app.a", 0), with(2, "app.a", 5), with(3, "app.b", 0), with(4, "app.a", -1)] {
        assert!(queue.keep(parcel, NOW_MS).is_empty());
    }
    let out = queue.keep(with(5, "app.a", 0), NOW_MS);
    assert_eq!(out.iter().map(name).collect::<Vec<_>>(), [1]);
    assert!(queue.keep(with(6, "app.a", -1), NOW_MS).is_empty());
    assert_eq!(names(&mut queue, NOW_MS), [2, 3, 4, 5, 6]);
}

#[test]
fn what_is_past_its_ttl_is_gone() {
    let mut queue = OfflineQueue::default();
    queue.keep(Draft { options: json!({ "ttl": 60 }), ..draft(1) }.parcel(), NOW_MS);
    queue.keep(draft(2).parcel(), NOW_MS);
    assert_eq!(names(&mut queue, NOW_MS + 60_000), [2]);
    queue.keep(Draft { options: json!({ "ttl": 60 }), ..draft(3) }.parcel(), NOW_MS);
    assert_eq!(names(&mut queue, NOW_MS + 59_999), [3]);
}

#[test]
fn revoking_takes_back_and_is_remembered_in_order() {
    let mut queue = OfflineQueue::default();
    let bundle: Arc<str> = Arc::from("app.a");
    queue.keep(draft(1).parcel(), NOW_MS);
    queue.keep(Draft { notify_id: 2, ..draft(2) }.parcel(), NOW_MS);
    queue.keep(Draft { bundle: "app.b", ..draft(3) }.parcel(), NOW_MS);
    queue.revoke(&bundle, 1);
    queue.revoke(&bundle, 1);
    queue.keep(draft(4).parcel(), NOW_MS);
    let taken = queue.take(NOW_MS, |_| true);
    let shape: Vec<Option<usize>> = taken
        .iter()
        .map(|item| match item {
            Waiting::Message(parcel) => Some(name(parcel)),
            Waiting::Revocation { .. } => None,
        })
        .collect();
    assert_eq!(shape, [Some(2), Some(3), None, Some(4)]);
}

#[test]
fn revocations_are_bounded() {
    let mut queue = OfflineQueue::default();
    let bundle: Arc<str> = Arc::from("app.a");
    for notify_id in 0..1010 {
        queue.revoke(&bundle, notify_id);
    }
    assert_eq!(queue.take(NOW_MS, |_| true).len(), REVOCATIONS_MAX);
}

#[test]
fn what_may_not_travel_stays() {
    let mut queue = OfflineQueue::default();
    queue.keep(draft(1).parcel(), NOW_MS);
    queue.keep(draft(2).parcel(), NOW_MS);
    assert_eq!(queue.take(NOW_MS, |parcel| name(parcel) == 2).len(), 1);
    assert_eq!(names(&mut queue, NOW_MS), [1]);
}
