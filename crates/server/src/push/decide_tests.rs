//! The decision as a table: every rule, its order, and the millisecond at which it turns.

use super::*;
use hongyan_wire::client::AppPhase;
use proptest::prelude::*;

const DAY_MS: u64 = 86_400_000;

/// A message of time 100 000 looked at after `ms`.
fn message(ms: u64) -> Case {
    Case {
        is_news: false,
        is_call: false,
        created_at: 100_000,
        expires_at: 100_000 + DAY_MS,
        ack_deadline_ms: 5_000,
        reconnect_grace_ms: 2_000,
        not_before: 0,
        now: 100_000 + ms,
    }
}

fn call(ms: u64) -> Case {
    Case { is_call: true, expires_at: 100_000 + 90_000, ..message(ms) }
}

const BOB: Person = Person {
    undisturbed: false,
    mentioned: false,
    revoked: false,
    blocked: false,
    has_read: false,
    left: false,
    call: Standing::Ringing,
};

/// A killed app with a good PushID.
const GONE: Device =
    Device { acked: false, live: None, dropped_at: None, pushable: Ok(()), rule: Rule::Idle };

fn live(phase: AppPhase) -> Device {
    let away_since = (phase == AppPhase::Background).then_some(60_000);
    Device { live: Some(Live { away_since, since: 50_000 }), ..GONE }
}

fn in_front() -> Device {
    live(AppPhase::Foreground)
}

#[track_caller]
fn turns(at_ms: u64, case: fn(u64) -> Case, person: &Person, device: &Device, before: Awaited, after: Step) {
    let until = 100_000 + at_ms;
    assert_eq!(decide(&case(0), person, device), Step::Wait(until, before));
    assert_eq!(decide(&case(at_ms - 1), person, device), Step::Wait(until, before));
    assert_eq!(decide(&case(at_ms), person, device), after);
}

#[test]
fn a_killed_app_is_pushed_at_once() {
    assert_eq!(decide(&message(0), &BOB, &GONE), Step::Push(Cause::NoSession));
    assert_eq!(decide(&call(0), &BOB, &GONE), Step::Push(Cause::NoSession));
}

/// G5. A phone whose app is in the background but still connected acknowledges within milliseconds. Whether its
/// user got a notice depended on who was faster, it or the planner.
#[test]
fn what_an_app_in_the_background_acknowledges_is_pushed_all_the_same() {
    let away = |since| Live { away_since: Some(since), since: 50_000 };
    let acked = |since| Device { acked: true, live: Some(away(since)), ..GONE };
    for case in [message(3), call(3)] {
        assert_eq!(decide(&case, &BOB, &acked(60_000)), Step::Push(Cause::Background));
        assert_eq!(decide(&case, &BOB, &acked(100_000)), Step::Push(Cause::Background));
        assert_eq!(decide(&case, &BOB, &acked(100_001)), Step::Acked, "it was in front when it came");
        let mute = Device { pushable: Err(Reason::NotBound), ..acked(60_000) };
        assert_eq!(decide(&case, &BOB, &mute), Step::Acked, "there is no better way to tell it");
    }
}

#[test]
fn an_acknowledged_device_needs_nothing_whatever_else_holds() {
    let acked = Device { acked: true, pushable: Err(Reason::TokenGone), ..GONE };
    let person = Person { has_read: true, left: true, undisturbed: true, ..BOB };
    assert_eq!(decide(&message(DAY_MS), &person, &acked), Step::Acked);
    assert_eq!(decide(&call(0), &Person { call: Standing::Answered, ..BOB }, &acked), Step::Acked);
}

#[test]
fn a_silent_device_in_front_is_pushed_at_the_deadline() {
    turns(5_000, message, &BOB, &in_front(), Awaited::Ack, Step::Push(Cause::NotAcknowledged));
    turns(5_000, call, &BOB, &in_front(), Awaited::Ack, Step::Push(Cause::NotAcknowledged));
}

#[test]
fn in_the_background_it_is_pushed_at_once() {
    assert_eq!(decide(&message(0), &BOB, &live(AppPhase::Background)), Step::Push(Cause::Background));
    assert_eq!(decide(&call(0), &BOB, &live(AppPhase::Background)), Step::Push(Cause::Background));
}

#[test]
fn a_live_device_that_cannot_be_pushed_is_waited_for() {
    for phase in [AppPhase::Foreground, AppPhase::Background] {
        let device = Device { pushable: Err(Reason::NotBound), ..live(phase) };
        turns(5_000, message, &BOB, &device, Awaited::Ack, Step::Suppress(Reason::NotBound));
    }
}

#[test]
fn a_dropped_socket_has_its_grace_for_messages_only() {
    let dropped = Device { dropped_at: Some(99_500), ..GONE };
    turns(1_500, message, &BOB, &dropped, Awaited::Reconnect, Step::Push(Cause::StayedAway));
    assert_eq!(decide(&call(0), &BOB, &dropped), Step::Push(Cause::StayedAway));
    let long_ago = Device { dropped_at: Some(98_000), ..GONE };
    assert_eq!(decide(&message(0), &BOB, &long_ago), Step::Push(Cause::StayedAway));
}

#[test]
fn what_was_taken_back_or_comes_from_a_blocked_sender_is_not_pushed() {
    let revoked = Person { revoked: true, ..BOB };
    assert_eq!(decide(&message(0), &revoked, &GONE), Step::Suppress(Reason::Revoked));
    let blocking = Person { blocked: true, ..BOB };
    assert_eq!(decide(&message(0), &blocking, &GONE), Step::Suppress(Reason::Blocked));
    assert_eq!(decide(&call(0), &blocking, &GONE), Step::Suppress(Reason::Blocked));
}

#[test]
fn news_is_for_those_who_are_not_connected() {
    let news = |ms| Case { is_news: true, ..message(ms) };
    let about = Person { revoked: true, has_read: true, call: Standing::Over, ..BOB };
    assert_eq!(
        decide(&news(0), &about, &GONE),
        Step::Push(Cause::NoSession),
        "what it is about is no hindrance"
    );
    assert_eq!(decide(&news(0), &about, &in_front()), Step::Suppress(Reason::Online));
    assert_eq!(decide(&news(0), &about, &live(AppPhase::Background)), Step::Push(Cause::Background));
    let acked_before = Device { acked: true, ..GONE };
    assert_eq!(decide(&news(0), &about, &acked_before), Step::Push(Cause::NoSession));
    let dropped = Device { dropped_at: Some(99_500), ..GONE };
    turns(1_500, news, &about, &dropped, Awaited::Reconnect, Step::Push(Cause::StayedAway));
}

#[test]
fn the_users_rule_holds_once_the_other_platform_acknowledged_and_not_before() {
    let ruled = |rule| Device { rule, ..GONE };
    assert_eq!(decide(&message(0), &BOB, &ruled(Rule::Holds)), Step::Suppress(Reason::PlatformRule));
    let waiting = ruled(Rule::Until(105_000));
    turns(5_000, message, &BOB, &waiting, Awaited::OtherPlatform, Step::Push(Cause::NoSession));
    let acked = Device { acked: true, ..ruled(Rule::Holds) };
    assert_eq!(decide(&message(0), &BOB, &acked), Step::Acked, "it has it by itself");
}

#[test]
fn coming_and_going_does_not_put_a_push_off_for_ever() {
    let back = |since| Device { live: Some(Live { away_since: None, since }), ..GONE };
    assert_eq!(decide(&message(4_900), &BOB, &back(104_000)), Step::Wait(109_000, Awaited::Ack));
    assert_eq!(decide(&message(9_999), &BOB, &back(109_000)), Step::Wait(110_000, Awaited::Ack));
    assert_eq!(decide(&message(10_000), &BOB, &back(109_000)), Step::Push(Cause::NotAcknowledged));
    let dropped_again = Device { dropped_at: Some(111_999), ..GONE };
    assert_eq!(decide(&message(11_999), &BOB, &dropped_again), Step::Wait(112_000, Awaited::Reconnect));
    assert_eq!(decide(&message(12_000), &BOB, &dropped_again), Step::Push(Cause::StayedAway));
}

#[test]
fn after_a_restart_clients_may_come_back_first() {
    let restarted = |ms| Case { not_before: 103_000, ..message(ms) };
    turns(3_000, restarted, &BOB, &GONE, Awaited::Restart, Step::Push(Cause::NoSession));
    turns(5_000, restarted, &BOB, &in_front(), Awaited::Ack, Step::Push(Cause::NotAcknowledged));
    assert_eq!(decide(&Case { is_call: true, ..restarted(0) }, &BOB, &GONE), Step::Push(Cause::NoSession));
}

#[test]
fn waiting_takes_at_most_half_of_the_life() {
    let short = |ms| Case { expires_at: 102_000, ..call(ms) };
    turns(1_000, short, &BOB, &in_front(), Awaited::Ack, Step::Push(Cause::NotAcknowledged));
    assert_eq!(decide(&short(2_000), &BOB, &in_front()), Step::Suppress(Reason::Expired));
}

#[test]
fn do_not_disturb_counts_when_it_would_be_pushed() {
    let quiet = Person { undisturbed: true, ..BOB };
    assert_eq!(decide(&message(0), &quiet, &GONE), Step::Suppress(Reason::DoNotDisturb));
    turns(5_000, message, &quiet, &in_front(), Awaited::Ack, Step::Suppress(Reason::DoNotDisturb));
    assert_eq!(
        decide(&message(0), &Person { mentioned: true, ..quiet }, &GONE),
        Step::Push(Cause::NoSession)
    );
    let dead = Device { pushable: Err(Reason::TokenGone), ..GONE };
    assert_eq!(decide(&message(0), &quiet, &dead), Step::Suppress(Reason::TokenGone));
}

#[test]
fn what_cannot_be_pushed_says_why() {
    for reason in [
        Reason::NotBound,
        Reason::TokenGone,
        Reason::LoggedOut,
        Reason::MovedToOtherUser,
        Reason::NoCredential,
        Reason::BadCredential,
        Reason::UnknownStrategy,
        Reason::UnsupportedVendor,
    ] {
        let device = Device { pushable: Err(reason), ..GONE };
        assert_eq!(decide(&message(0), &BOB, &device), Step::Suppress(reason));
    }
}

#[test]
fn a_call_that_is_answered_or_over_is_not_pushed() {
    for (standing, reason) in [(Standing::Answered, Reason::CallAnswered), (Standing::Over, Reason::CallOver)]
    {
        let person = Person { call: standing, ..BOB };
        for device in [GONE, in_front()] {
            assert_eq!(decide(&call(0), &person, &device), Step::Suppress(reason));
            assert_eq!(decide(&call(90_000), &person, &device), Step::Suppress(reason));
        }
    }
}

#[test]
fn what_is_too_old_read_or_none_of_ones_business_is_not_pushed() {
    let last = DAY_MS - 1;
    assert_eq!(decide(&message(last), &BOB, &GONE), Step::Push(Cause::NoSession));
    assert_eq!(decide(&message(DAY_MS), &BOB, &GONE), Step::Suppress(Reason::Expired));
    let reader = Person { has_read: true, ..BOB };
    assert_eq!(decide(&message(0), &reader, &in_front()), Step::Suppress(Reason::ReadElsewhere));
    let former = Person { left: true, ..reader };
    assert_eq!(decide(&message(0), &former, &GONE), Step::Suppress(Reason::NotMember));
}

fn any_device() -> impl Strategy<Value = Device> {
    let away_since = proptest::option::of(0u64..200_000);
    let live = (away_since, 0u64..200_000).prop_map(|(away_since, since)| Live { away_since, since });
    let live = proptest::option::of(live);
    let pushable = prop_oneof![Just(Ok(())), Just(Err(Reason::NotBound))];
    (any::<bool>(), live, proptest::option::of(0u64..200_000), pushable).prop_map(
        |(acked, live, dropped_at, pushable)| Device { acked, live, dropped_at, pushable, rule: Rule::Idle },
    )
}

fn any_person() -> impl Strategy<Value = Person> {
    let standing = prop_oneof![Just(Standing::Ringing), Just(Standing::Answered), Just(Standing::Over)];
    (any::<[bool; 6]>(), standing).prop_map(
        |([undisturbed, mentioned, has_read, left, revoked, blocked], call)| Person {
            revoked,
            blocked,
            undisturbed,
            mentioned,
            has_read,
            left,
            call,
        },
    )
}

proptest! {
    /// G5: no dead window. Whatever the sockets do, a wait ends in time, and after it there is a decision.
    #[test]
    fn a_wait_is_short_and_ends(
        is_call in any::<bool>(), ms in 0u64..200_000, life in 1u64..200_000, not_before in 0u64..105_000,
        person in any_person(), device in any_device(),
    ) {
        let case = Case { is_call, expires_at: 100_000 + life, not_before, ..message(ms) };
        if let Step::Wait(until, _) = decide(&case, &person, &device) {
            prop_assert!(until > case.now);
            prop_assert!(until <= case.created_at + 12_000);
            prop_assert!(until <= case.created_at + life / 2);
            let later = Case { now: case.created_at + 12_000, ..case };
            prop_assert!(!matches!(decide(&later, &person, &device), Step::Wait(..)));
        }
    }

    /// Nothing is sent after its time, to who does not want it, or to who has it.
    #[test]
    fn a_push_has_every_right(
        is_call in any::<bool>(), ms in 0u64..200_000, life in 1u64..200_000,
        person in any_person(), device in any_device(),
    ) {
        let case = Case { is_call, expires_at: 100_000 + life, ..message(ms) };
        if matches!(decide(&case, &person, &device), Step::Push(_)) {
            prop_assert!(case.now < case.expires_at && device.pushable.is_ok());
            prop_assert!(!device.acked || came_while_away(&case, &device));
            prop_assert!(person.call == Standing::Ringing && !person.has_read && !person.left);
            prop_assert!(!person.undisturbed || person.mentioned);
        }
    }
}
