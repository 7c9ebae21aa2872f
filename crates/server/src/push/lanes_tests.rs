//! Lanes: calls first, bounds, nothing lost and nothing twice.

use super::*;
use crate::store::{NewDispatch, Target};
use hongyan_vendors::{Category, Notice, NoticeKind, Route, VendorKind};
use hongyan_wire::{AppId, UserId};
use proptest::prelude::*;
use std::collections::HashSet;

const LIMITS: LaneLimits =
    LaneLimits { dispatches_max: 4, devices_max: 100, concurrency_max: 2, in_flight_max: 100 };

fn work(id: u64, app: u32, is_call: bool, due_at: u64) -> Work {
    let notice = Notice {
        kind: NoticeKind::Alert,
        title: String::new(),
        body: String::new(),
        payload: None,
        route: Route::Call { call_id: "1".into(), inviter_id: "ann".into(), mode: 0 },
        notify_id: 1,
        app_message_id: "m1".into(),
        badge: None,
        collapse_key: None,
        expires_at_ms: 1_000_000,
        category_hint: Category::Message,
        strategy: Default::default(),
    };
    Work::new(NewDispatch {
        purpose: crate::store::Purpose::Notice,
        id,
        app: AppId(app),
        intent: 1,
        vendor: VendorKind::Harmony,
        app_type: 1,
        is_call,
        notice,
        targets: vec![Target { user: UserId::new("bob").unwrap(), device: None, push_id: None }],
        due_at,
        expires_at: 1_000_000,
    })
}

fn message(id: u64) -> Work {
    work(id, 1, false, 0)
}

fn started(lanes: &mut Lanes, now: u64) -> Vec<u64> {
    std::iter::from_fn(|| lanes.start(now)).map(|work| work.id()).collect()
}

#[test]
fn calls_go_first_and_a_place_is_kept_for_them() {
    let mut lanes = Lanes::new(LIMITS);
    for id in 1..=3 {
        assert!(lanes.accept(message(id), Era::Since));
    }
    assert_eq!(started(&mut lanes, 0), [1], "the second place is for calls");
    assert!(lanes.accept(work(4, 1, true, 0), Era::Since));
    assert_eq!(started(&mut lanes, 0), [4]);
    lanes.done(message(1).lane(), 1, None);
    assert_eq!(started(&mut lanes, 0), [2]);
}

#[test]
fn one_credential_delays_no_other() {
    let mut lanes = Lanes::new(LIMITS);
    for id in 1..=4 {
        lanes.accept(message(id), Era::Since);
    }
    assert!(!lanes.accept(message(5), Era::Since));
    assert!(lanes.accept(work(6, 2, false, 0), Era::Since), "another app has its own room");
    assert_eq!(started(&mut lanes, 0), [1, 6]);
}

#[test]
fn what_is_due_later_waits() {
    let mut lanes = Lanes::new(LIMITS);
    lanes.accept(work(1, 1, false, 500), Era::Since);
    assert_eq!((started(&mut lanes, 499), lanes.next_due()), (vec![], Some(500)));
    let work = lanes.start(500).unwrap();
    assert_eq!((lanes.next_due(), lanes.in_flight()), (None, 1));
    lanes.done(work.lane(), 1, Some((work, 900)));
    assert_eq!((started(&mut lanes, 899), lanes.next_due(), lanes.len()), (vec![], Some(900), 1));
    let work = lanes.start(900).unwrap();
    lanes.done(work.lane(), 1, None);
    assert_eq!((lanes.len(), lanes.pairs.len()), (0, 0), "an idle credential is forgotten");
}

#[test]
fn the_bound_over_all_credentials_is_shared_in_turn() {
    let mut lanes = Lanes::new(LaneLimits { in_flight_max: 2, ..LIMITS });
    for id in 1..=4 {
        lanes.accept(work(id, 1 + (id as u32 % 2), true, 0), Era::Since);
    }
    let first = started(&mut lanes, 0);
    assert_eq!(first.len(), 2);
    assert_eq!(first.iter().map(|id| id % 2).collect::<HashSet<_>>().len(), 2, "one of each");
}

#[test]
fn a_lane_that_is_behind_is_fed_when_it_is_half_empty() {
    let mut lanes = Lanes::new(LIMITS);
    for id in 1..=7 {
        lanes.accept(message(id), Era::Since);
    }
    assert_eq!(lanes.hungry(), None);
    let done = |lanes: &mut Lanes| {
        let work = lanes.start(0).unwrap();
        lanes.done(work.lane(), 1, None);
        work.id()
    };
    assert_eq!([done(&mut lanes), done(&mut lanes), done(&mut lanes)], [1, 2, 3]);
    let (lane, era, behind) = lanes.hungry().unwrap();
    assert_eq!((era, behind), (Era::Since, Behind { after: 4, upto: 7 }));
    assert!(lanes.accept_read(message(4), era), "what is in memory already is passed over");
    for id in 5..=7 {
        assert!(lanes.accept_read(message(id), era));
    }
    lanes.read_up_to(lane, era, 7);
    assert_eq!(lanes.hungry(), None);
    assert_eq!([done(&mut lanes), done(&mut lanes)], [4, 5]);
}

/// Everything pending in a pretended store, as the dispatcher reads it.
struct Model {
    lanes: Lanes,
    store: BTreeMap<u64, LaneKey>,
    sent: Vec<u64>,
    away: Vec<Work>,
    next: u64,
}

impl Model {
    fn submit(&mut self, app: u32, is_call: bool) {
        self.next += 1;
        let work = work(self.next, app, is_call, 0);
        self.store.insert(work.id(), work.lane());
        self.lanes.accept(work, Era::Since);
    }

    fn start(&mut self) {
        while let Some(work) = self.lanes.start(0) {
            self.sent.push(work.id());
            self.away.push(work);
        }
    }

    fn end(&mut self) {
        if !self.away.is_empty() {
            let work = self.away.remove(0);
            self.store.remove(&work.id());
            self.lanes.done(work.lane(), work.devices(), None);
        }
    }

    /// Reads a page of two; `between` happens while the page is on its way.
    fn feed(&mut self, between: impl FnOnce(&mut Self)) {
        let Some((lane, era, range)) = self.lanes.hungry() else { return };
        let page: Vec<(u64, LaneKey)> =
            self.store.range(range.after + 1..).take(2).map(|(id, lane)| (*id, *lane)).collect();
        between(self);
        let mut upto = if page.len() < 2 { range.upto } else { range.after };
        for (id, of) in page {
            if id > range.upto {
                upto = range.upto;
                break;
            }
            let (app, is_call) = (of.0.0.0, of.1);
            if of == lane && !self.lanes.accept_read(work(id, app, is_call, 0), era) {
                upto = id - 1;
                break;
            }
            upto = upto.max(id);
        }
        self.lanes.read_up_to(lane, era, upto);
    }
}

proptest! {
    #[test]
    fn everything_is_sent_exactly_once(
        steps in proptest::collection::vec((0u8..6, 1u32..3, any::<bool>()), 1..200),
    ) {
        let (lanes, store) = (Lanes::new(LIMITS), BTreeMap::new());
        let mut model = Model { lanes, store, sent: vec![], away: vec![], next: 0 };
        for (step, app, is_call) in steps {
            match step {
                0..=2 => model.submit(app, is_call),
                3 => model.start(),
                4 => model.end(),
                _ => model.feed(|model| model.submit(app, is_call)),
            }
        }
        for _ in 0..2_000 {
            model.start();
            model.end();
            model.feed(|_| {});
        }
        prop_assert!(model.store.is_empty(), "left: {:?}", model.store);
        prop_assert_eq!(model.sent.len() as u64, model.next, "sent twice: {:?}", model.sent);
        prop_assert_eq!((model.lanes.len(), model.lanes.pairs.len()), (0, 0));
    }
}
