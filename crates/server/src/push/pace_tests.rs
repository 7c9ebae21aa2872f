//! Pace: what opens and closes the circuit, what pauses a credential, and that it always ends.

use super::*;
use proptest::prelude::*;

const LIMITS: PaceLimits = PaceLimits {
    concurrency_max: 8,
    open_first: Duration::from_secs(1),
    open_longest: Duration::from_secs(60),
    pause_first: Duration::from_secs(300),
    pause_longest: Duration::from_secs(3_600),
};
const FINE: Report = Report::Fine { took_ms: 10 };
const TROUBLE: Report = Report::Trouble { hold: None };
const FLOW: Report = Report::Flow { hold: None };

fn refused(stamp: u64) -> Report {
    Report::Refused { stamp }
}

/// Starts one piece of work of one device and ends it with a report.
fn once(pace: &mut Pace, report: Report, now: u64) -> Pass {
    let Gate::Open(pass) = pace.gate(now) else { panic!("shut at {now}: {pace:?}") };
    pace.started(pass, 1, now);
    pace.ended(pass, &[report], now, 1.0);
    pass
}

fn times(pace: &mut Pace, n: u32, report: Report, now: u64) {
    (0..n).for_each(|_| assert_eq!(once(pace, report, now), Pass::Usual));
}

#[test]
fn failures_in_a_row_open_the_circuit_and_one_probe_closes_it() {
    let mut pace = Pace::new(LIMITS);
    times(&mut pace, FAILURES_MAX - 1, TROUBLE, 0);
    times(&mut pace, 1, FINE, 0);
    times(&mut pace, FAILURES_MAX, TROUBLE, 0);
    assert_eq!((pace.gate(0), pace.gate(999)), (Gate::Until(1_000), Gate::Until(1_000)));
    assert_eq!(pace.gate(1_000), Gate::Open(Pass::Probe));
    pace.started(Pass::Probe, 1, 1_000);
    assert_eq!(pace.gate(1_000), Gate::Busy, "one probe, no more");
    pace.ended(Pass::Probe, &[FINE], 1_000, 1.0);
    assert_eq!(pace.gate(1_000), Gate::Open(Pass::Usual));
}

#[test]
fn a_probe_that_fails_doubles_the_pause_up_to_a_minute() {
    let mut pace = Pace::new(LIMITS);
    times(&mut pace, FAILURES_MAX, TROUBLE, 0);
    let mut now = 0;
    let pauses: Vec<u64> = (0..8)
        .map(|_| {
            let Gate::Until(at) = pace.gate(now) else { panic!("{pace:?}") };
            let pause = at - now;
            now = at;
            assert_eq!(once(&mut pace, TROUBLE, now), Pass::Probe);
            pause / 1_000
        })
        .collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn half_of_a_window_opens_it_too_but_flow_control_alone_does_not() {
    let mut pace = Pace::new(LIMITS);
    for _ in 0..SHARE_MAX - 1 {
        times(&mut pace, 1, TROUBLE, 0);
        times(&mut pace, 1, FINE, 0);
    }
    assert_eq!(pace.shut(), None);
    times(&mut pace, 1, TROUBLE, 0);
    assert!(matches!(pace.shut(), Some((Why::Trouble, ..))));
    let mut pace = Pace::new(LIMITS);
    for now in 0..200 {
        // Seconds apart, so that the rate that flow control leaves lets one device through.
        times(&mut pace, 1, FLOW, now * 2_000);
        times(&mut pace, 1, FINE, now * 2_000 + 1_000);
    }
    assert_eq!((pace.shut(), pace.limit()), (None, 2));
}

#[test]
fn a_refused_credential_is_probed_after_five_minutes_then_less_often() {
    let mut pace = Pace::new(LIMITS);
    once(&mut pace, refused(7), 100);
    assert_eq!(pace.shut(), Some((Why::Refused { since: 100, stamp: 7 }, 300_100, false)));
    once(&mut pace, refused(7), 300_100);
    assert_eq!(pace.gate(300_100), Gate::Until(900_100), "ten minutes; the beginning is remembered");
    assert!(matches!(pace.shut(), Some((Why::Refused { since: 100, .. }, ..))));
    once(&mut pace, TROUBLE, 900_100);
    assert_eq!(pace.gate(900_100), Gate::Until(2_100_100), "trouble does not end a pause");
    once(&mut pace, FINE, 2_100_100);
    assert_eq!(pace.shut(), None);
}

#[test]
fn what_was_under_way_neither_ends_nor_prolongs_a_pause() {
    let mut pace = Pace::new(LIMITS);
    (0..3).for_each(|_| pace.started(Pass::Usual, 1, 0));
    pace.ended(Pass::Usual, &[refused(7)], 0, 1.0);
    pace.ended(Pass::Usual, &[refused(7)], 50, 1.0);
    pace.ended(Pass::Usual, &[FINE], 60, 1.0);
    assert_eq!(pace.gate(60), Gate::Until(300_000));
    assert!(pace.resume(), "an operator has acted");
    assert_eq!((pace.gate(60), pace.resume()), (Gate::Open(Pass::Usual), false));
}

#[test]
fn a_pause_from_before_the_start_holds() {
    let mut pace = Pace::new(LIMITS);
    pace.refused_before(5, 7, 1_000);
    assert_eq!(pace.gate(1_000), Gate::Until(301_000));
}

#[test]
fn retry_after_holds_everything() {
    let mut pace = Pace::new(LIMITS);
    once(&mut pace, Report::Flow { hold: Some(Duration::from_secs(30)) }, 0);
    assert_eq!((pace.gate(0), pace.limit()), (Gate::Until(30_000), 4));
    assert_eq!(pace.gate(30_000), Gate::Open(Pass::Usual));
    once(&mut pace, Report::Flow { hold: Some(Duration::MAX) }, 30_000);
    assert_eq!(pace.gate(30_000), Gate::Until(30_000 + HOLD_MS_MAX), "no wish is honoured for ever");
}

#[test]
fn flow_control_teaches_how_many_devices_a_second() {
    let mut pace = Pace::new(LIMITS);
    pace.started(Pass::Usual, 1_000, 500);
    pace.ended(Pass::Usual, &[FLOW], 500, 0.5);
    assert_eq!(pace.devices_per_s(), Some(700.0));
    pace.started(Pass::Usual, 1_000, 1_000);
    assert_eq!(pace.gate(1_000), Gate::Until(1_929), "a request of 1000 devices counts as 1000");
    pace.ended(Pass::Usual, &[FINE], 2_500, 0.5);
    assert!(pace.devices_per_s().is_some_and(|rate| (700.0..750.0).contains(&rate)));
    once(&mut pace, FINE, 62_000);
    assert_eq!(pace.devices_per_s(), None, "forgotten after a minute without flow control");
}

#[test]
fn slow_answers_lower_the_concurrency_and_quick_ones_raise_it() {
    let mut pace = Pace::new(LIMITS);
    let slow = Report::Fine { took_ms: 2_000 };
    times(&mut pace, 1, FINE, 0);
    (1..20).for_each(|second| times(&mut pace, 1, slow, second * 1_000));
    assert!(pace.limit() <= 4, "{}", pace.limit());
    times(&mut pace, 200, FINE, 100_000);
    assert_eq!(pace.limit(), 8);
}

proptest! {
    #[test]
    fn never_too_many_never_for_ever(
        steps in proptest::collection::vec((0u8..8, 0u64..90_000, 1usize..1_001, 0.0f64..1.0), 1..300),
    ) {
        let mut pace = Pace::new(LIMITS);
        let (mut away, mut now) = (Vec::new(), 0u64);
        for (step, span, devices, roll) in steps {
            now += span;
            match step {
                0..=2 => {
                    if let Gate::Open(pass) = pace.gate(now) {
                        pace.started(pass, devices, now);
                        away.push(pass);
                    }
                }
                _ if away.is_empty() => {}
                _ => {
                    let pass = away.remove(devices % away.len());
                    let hold = (devices > 500).then(|| Duration::from_millis(span));
                    let reports: &[Report] = match step {
                        3 => &[],
                        4 => &[FINE],
                        5 => &[Report::Flow { hold }],
                        6 => &[Report::Trouble { hold }],
                        _ => &[FINE, refused(1)],
                    };
                    pace.ended(pass, reports, now, roll);
                }
            }
            prop_assert!(away.len() <= LIMITS.concurrency_max);
            prop_assert!(away.iter().filter(|pass| **pass == Pass::Probe).count() <= 1);
            prop_assert!((1..=LIMITS.concurrency_max).contains(&pace.limit()));
        }
        away.drain(..).for_each(|pass| pace.ended(pass, &[], now, 0.5));
        // Whatever happened, it tries again within the longest pause.
        match pace.gate(now) {
            Gate::Open(_) => {}
            Gate::Until(at) => {
                prop_assert!(at > now && at <= now + 3_600_000, "{at} is too far from {now}");
                prop_assert!(matches!(pace.gate(at), Gate::Open(_)), "{:?}", pace.gate(at));
            }
            Gate::Busy => prop_assert!(false, "nothing is under way: {pace:?}"),
        }
    }
}
