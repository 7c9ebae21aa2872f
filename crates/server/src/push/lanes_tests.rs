//! Lanes: calls first, bounds, nothing lost and nothing twice.

use super::*;
use crate::store::{NewDispatch, Target};
use hongyan_vendors::{Category, Notice, NoticeKind, Route, VendorKind};
use hongyan_wire::{AppId, UserId};
use proptest::prelude::*;
use std::{collections::HashSet, time::Duration};

const LIMITS: LaneLimits = LaneLimits {
    dispatches_max: 4,
    devices_max: 100,
    pace: PaceLimits {
        concurrency_max: 2,
        open_first: Duration::from_secs(1),
        open_longest: Duration::from_secs(60),
        pause_first: Duration::from_secs(300),
        pause_longest: Duration::from_secs(3_600),
    },
    in_flight_max: 100,
};

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

/// The work is over; its requests told this.
fn over(lanes: &mut Lanes, start: &Start, reports: &[Report], now: u64) {
    lanes.done(start.away(), Ended { again: None, reports: reports.to_vec() }, now, 1.0);
}

fn started(lanes: &mut Lanes, now: u64) -> Vec<u64> {
    std::iter::from_fn(|| lanes.start(now)).map(|start| start.work.id()).collect()
}

#[test]
fn calls_go_first_and_a_place_is_kept_for_them() {
    let mut lanes = Lanes::new(LIMITS);
    for id in 1..=3 {
        assert!(lanes.accept(message(id), Era::Since));
    }
    let first = lanes.start(0).unwrap();
    assert_eq!((first.work.id(), started(&mut lanes, 0)), (1, vec![]), "the second place is for calls");
    assert!(lanes.accept(work(4, 1, true, 0), Era::Since));
    assert_eq!(started(&mut lanes, 0), [4]);
    over(&mut lanes, &first, &[], 0);
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
    let start = lanes.start(500).unwrap();
    assert_eq!((lanes.next_due(), lanes.in_flight()), (None, 1));
    lanes.done(start.away(), Ended { again: Some((start.work, 900)), reports: vec![] }, 500, 0.5);
    assert_eq!((started(&mut lanes, 899), lanes.next_due(), lanes.len()), (vec![], Some(900), 1));
    let start = lanes.start(900).unwrap();
    over(&mut lanes, &start, &[], 900);
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
        let start = lanes.start(0).unwrap();
        over(lanes, &start, &[], 0);
        start.work.id()
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

/// Fails messages of app 1 until its circuit is open; gives when it may be tried again.
fn in_trouble(lanes: &mut Lanes) -> u64 {
    for id in 1_000..1_005 {
        lanes.accept(message(id), Era::Since);
        let start = lanes.start(0).unwrap();
        over(lanes, &start, &[Report::Trouble { hold: None }], 0);
    }
    1_000
}

#[test]
fn in_trouble_a_call_gets_the_probe_before_a_message() {
    let mut lanes = Lanes::new(LIMITS);
    let probe_at = in_trouble(&mut lanes);
    lanes.accept(message(1), Era::Since);
    lanes.accept(work(2, 1, true, 0), Era::Since);
    lanes.accept(work(3, 2, false, 0), Era::Since);
    assert_eq!(started(&mut lanes, probe_at - 1), [3], "another credential has no trouble");
    assert_eq!(lanes.next_due(), Some(probe_at));
    let probe = lanes.start(probe_at).unwrap();
    assert_eq!((probe.work.id(), probe.pass), (2, Some(Pass::Probe)));
    assert!(started(&mut lanes, probe_at).is_empty());
    over(&mut lanes, &probe, &[Report::Fine { took_ms: 1 }], probe_at);
    assert_eq!(started(&mut lanes, probe_at), [1]);
}

#[test]
fn a_probe_that_asked_nothing_leaves_the_place_to_another() {
    let mut lanes = Lanes::new(LIMITS);
    let probe_at = in_trouble(&mut lanes);
    assert!([1, 2].iter().all(|id| lanes.accept(message(*id), Era::Since)));
    let probe = lanes.start(probe_at).unwrap();
    over(&mut lanes, &probe, &[], probe_at);
    assert_eq!(lanes.start(probe_at).unwrap().pass, Some(Pass::Probe));
}

#[test]
fn what_waits_for_a_credential_ends_in_time() {
    let mut lanes = Lanes::new(LIMITS);
    in_trouble(&mut lanes);
    lanes.pause(message(1).lane().0, 0, 7, 998_000);
    lanes.accept(message(1), Era::Since);
    assert!(started(&mut lanes, 998_000).is_empty());
    assert_eq!(lanes.next_due(), Some(999_001), "less than a second is left to live");
    let start = lanes.start(999_001).unwrap();
    assert_eq!((start.work.id(), start.pass), (1, None));
    over(&mut lanes, &start, &[], 999_001);
    assert_eq!(lanes.paused().collect::<Vec<_>>(), [(message(1).lane().0, 7)]);
    lanes.accept(message(2), Era::Since);
    assert!(lanes.resume(message(1).lane().0));
    assert_eq!(lanes.start(998_000).unwrap().pass, Some(Pass::Usual));
}

/// Everything pending in a pretended store, as the dispatcher reads it.
struct Model {
    lanes: Lanes,
    store: BTreeMap<u64, LaneKey>,
    sent: Vec<u64>,
    away: Vec<Start>,
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
        while let Some(start) = self.lanes.start(0) {
            self.sent.push(start.work.id());
            self.away.push(start);
        }
    }

    fn end(&mut self) {
        if !self.away.is_empty() {
            let start = self.away.remove(0);
            self.store.remove(&start.work.id());
            over(&mut self.lanes, &start, &[], 0);
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
