//! Advanced mode by examples: main devices, further people, who comes in, leaves and ends, and what ends alone.

use super::tests::*;
use super::*;
use CallUserState::{
    Accepted, BeCancelled, Cancelled, Ended, Inviting, NotYetReceived, Quit, Received, Rejected, Timeout,
};

const SOON: u64 = START_MS + 1;

fn on(device: &str, act: Act) -> Act {
    Act { device: DeviceId::new(device).unwrap(), ..act }
}

fn state_of(call: &CallRecord, name: &str) -> CallUserState {
    call.users.iter().find(|one| one.user == user(name)).unwrap().state
}

#[test]
fn an_advanced_call_outlives_its_answers() {
    let call = advanced(&[("bob", Received), ("carol", Inviting)]);
    let first = changed(&call, Event::Accept(act("bob")), SOON);
    assert_eq!(told(&first), ["call.userStateChanged → ann's bob carol", "silence bob"]);
    assert_eq!((first.call.state, first.call.users[1].accepted_at), (CallState::Started, SOON));
    let last = changed(&first.call, Event::Reject(act("carol")), SOON);
    assert_eq!(told(&last), ["call.userStateChanged → ann's bob's carol", "silence carol"]);
    assert_eq!((last.call.state, last.call.due_at), (CallState::Started, Some(START_MS + LIFE_MS)));
}

#[test]
fn whoever_is_in_hears_on_the_main_device_and_may_call_further_people() {
    let call = advanced(&[("bob", Accepted), ("carol", Received), ("dave", Rejected)]);
    let change = changed(&call, further("bob", &["dave", "zoe", "carol", "ann"]), SOON);
    let expected = ["call.received → dave zoe", "call.userStateChanged → ann's bob's carol", "ring dave zoe"];
    assert_eq!(told(&change), expected);
    assert_eq!(states(&change.call), [Accepted, Accepted, Received, Inviting, Inviting]);
    assert!(change.call.users[3..].iter().all(|one| one.inviter == user("bob") && one.device.is_none()));
    assert_eq!(change.call.users[4].deadline_at, SOON + RING_MS);
    assert_eq!(change.call.due_at, Some(SOON + CHECK_MS), "the call checks who has received it");
    let refused = |event: Event| step(Some(&call), event, SOON).unwrap_err();
    assert_eq!(refused(further("bob", &["carol", "ann"])), Code::CALL_IN_ALREADY);
    assert_eq!(refused(further("carol", &["zoe"])), Code::CALL_FAILED);
    assert_eq!(refused(further("zoe", &["erin"])), Code::CALL_NOT_INVITEE);
    let Event::CallingInvite(more) = further("bob", &["zoe"]) else { unreachable!() };
    assert_eq!(refused(Event::CallingInvite(FurtherPeople { people: People(3), ..more })), Code::CALL_LIMIT);
}

#[test]
fn some_invitations_are_taken_back_and_with_the_last_one_the_call() {
    let call = advanced(&[("bob", Received), ("carol", Inviting), ("dave", Rejected)]);
    let one = changed(&call, cancel("ann", &["bob", "dave", "zoe"]), SOON);
    let expected = [
        "call.cancelled → bob",
        "call.cancelled → ann but device-of-ann",
        "call.userStateChanged → ann's carol",
        "silence bob",
    ];
    assert_eq!(told(&one), expected);
    assert_eq!(states(&one.call), [Accepted, BeCancelled, Inviting, Rejected]);
    assert_eq!(step(Some(&one.call), cancel("ann", &["bob"]), SOON), Err(Code::CALL_GONE));
    let all = changed(&one.call, cancel("ann", &["carol"]), SOON);
    assert_eq!((all.call.state, states(&all.call)[0]), (CallState::Ended, Cancelled));
    assert_eq!(told(&all).len(), 3, "{:?}", told(&all));
    let whole = changed(&call, cancel("ann", &[]), SOON);
    assert_eq!(states(&whole.call), [Cancelled, BeCancelled, BeCancelled, Rejected]);
}

#[test]
fn an_invitation_is_taken_back_although_somebody_else_accepted() {
    let call = advanced(&[("bob", Accepted), ("carol", Inviting)]);
    let change = changed(&call, cancel("ann", &["carol"]), SOON);
    assert_eq!((change.call.state, states(&change.call)[2]), (CallState::Started, BeCancelled));
    let refused = |event: Event| step(Some(&call), event, SOON).unwrap_err();
    assert_eq!(refused(cancel("ann", &[])), Code::CALL_CANCEL_FAILED);
    assert_eq!(refused(cancel("ann", &["bob"])), Code::CALL_CANCEL_FAILED);
    assert_eq!(refused(cancel("bob", &["carol"])), Code::CALL_NOT_INVITER);
    assert_eq!(refused(cancel("ann", &["zoe"])), Code::CALL_NOT_INVITER);
}

#[test]
fn joining_lets_an_outsider_in_and_takes_over_from_another_device() {
    let call = advanced(&[("bob", Accepted), ("carol", Received)]);
    let outsider = changed(&call, join("zoe"), SOON);
    assert_eq!(told(&outsider), ["call.userStateChanged → ann's bob's carol zoe"]);
    assert_eq!((state_of(&outsider.call, "zoe"), outsider.call.users[3].accepted_at), (Accepted, SOON));
    let invitee = changed(&call, join("carol"), SOON);
    assert_eq!(told(&invitee), ["call.userStateChanged → ann's bob's carol", "silence carol"]);
    let tablet = Event::Join(on("tablet-of-bob", act("bob")), People(10));
    let moved = changed(&call, tablet.clone(), SOON);
    assert_eq!(told(&moved), ["call.userStateChanged → bob but tablet-of-bob"], "nobody else notices");
    assert_eq!(moved.call.users[1].device.as_deref(), Some("tablet-of-bob"));
    assert_eq!(step(Some(&moved.call), tablet, SOON), Err(Code::CALL_IN_ALREADY));
    let full = Event::Join(act("zoe"), People(3));
    assert_eq!(step(Some(&call), full, SOON), Err(Code::CALL_LIMIT));
    let later = changed(&moved.call, Event::Reject(act("carol")), SOON);
    assert_eq!(told(&later)[0], "call.userStateChanged → ann's bob on tablet-of-bob carol");
}

#[test]
fn the_last_one_who_quits_ends_the_call() {
    let call = advanced(&[("bob", Accepted), ("carol", Received)]);
    let first = changed(&call, Event::Quit(act("ann")), SOON);
    assert_eq!(told(&first), ["call.userStateChanged → bob's carol", "call.userStateChanged → ann's"]);
    assert_eq!((first.call.state, state_of(&first.call, "ann")), (CallState::Started, Quit));
    let last = changed(&first.call, Event::Quit(on("tablet-of-bob", act("bob"))), SOON);
    let expected = [
        "call.userStateChanged → carol",
        "call.userStateChanged → bob on tablet-of-bob bob's",
        "call.ended → carol",
        "silence carol",
    ];
    assert_eq!(told(&last), expected);
    assert_eq!((last.call.state, states(&last.call)), (CallState::Ended, vec![Quit, Quit, Ended]));
    assert_eq!(step(Some(&first.call), Event::Quit(act("ann")), SOON), Err(Code::CALL_FAILED));
    assert_eq!(step(Some(&first.call), Event::Accept(act("ann")), SOON), Err(Code::CALL_NOT_INVITEE));
    let back = changed(&first.call, further("bob", &["ann"]), SOON);
    assert_eq!(state_of(&back.call, "ann"), Inviting, "the caller can be called too");
    let again = changed(&back.call, Event::Accept(act("ann")), SOON);
    assert_eq!(state_of(&again.call, "ann"), Accepted);
}

#[test]
fn whoever_is_in_ends_the_call_for_everybody() {
    let call = advanced(&[("bob", Accepted), ("carol", Received), ("dave", Rejected)]);
    let change = changed(&call, Event::End(act("bob")), SOON);
    assert_eq!(told(&change), ["call.ended → ann's bob's carol", "silence carol"]);
    assert_eq!(states(&change.call), [Ended, Ended, Ended, Rejected]);
    let Effect::Tell { what: Notification::CallEnded(ended), .. } = &change.effects[0] else { panic!() };
    assert_eq!((ended.operated_user_id.as_str(), ended.extended_data.as_str()), ("bob", "said by bob"));
    for (name, code) in [("carol", Code::CALL_FAILED), ("zoe", Code::CALL_NOT_INVITEE)] {
        assert_eq!(step(Some(&call), Event::End(act(name)), SOON), Err(code), "{name}");
        assert_eq!(step(Some(&call), Event::Quit(act(name)), SOON), Err(code), "{name}");
    }
}

#[test]
fn whoever_has_not_received_it_is_looked_for_once() {
    let call = advanced(&[("bob", Inviting), ("carol", Received)]);
    let due = START_MS + CHECK_MS;
    assert_eq!(call.due_at, Some(due));
    let change = changed(&call, Event::DeadlinePassed, due);
    assert_eq!(told(&change), ["call.userStateChanged → ann's bob carol"]);
    assert_eq!(states(&change.call), [Accepted, NotYetReceived, Received]);
    assert_eq!(change.call.due_at, Some(START_MS + RING_MS));
    let came = changed(&change.call, received_by("bob"), due + 1);
    assert_eq!((state_of(&came.call, "bob"), came.call.due_at), (Received, Some(START_MS + RING_MS)));
    let late = changed(&call, Event::DeadlinePassed, START_MS + RING_MS);
    assert_eq!(states(&late.call), [Accepted, Timeout, Timeout], "never both");
    let general = super::tests::call(&[("bob", Inviting)]);
    assert_eq!(general.due_at, Some(START_MS + RING_MS), "only for who asked for it");
}

#[test]
fn a_call_whose_people_vanished_is_over() {
    let ringing = advanced(&[("bob", Received), ("carol", Rejected)]);
    let cancelled = changed(&ringing, gone("ann", &[]), SOON);
    assert_eq!(states(&cancelled.call), [Cancelled, BeCancelled, Rejected]);
    let talking = advanced(&[("bob", Accepted), ("carol", Inviting)]);
    assert_eq!(step(Some(&talking), gone("ann", &["bob"]), SOON), Ok(None), "bob talks on");
    assert_eq!(step(Some(&talking), gone("carol", &[]), SOON), Ok(None), "carol is not in");
    assert_eq!(step(Some(&talking), gone("zoe", &[]), SOON), Ok(None));
    let deserted = changed(&talking, gone("ann", &["carol"]), SOON);
    assert_eq!(states(&deserted.call), [Ended, Ended, Ended]);
    let alone = advanced(&[("bob", Quit), ("carol", Inviting)]);
    let left = changed(&alone, gone("ann", &[]), SOON);
    assert_eq!((left.call.state, states(&left.call)), (CallState::Ended, vec![Quit, Quit, Ended]));
}

#[test]
fn a_call_that_nobody_ends_is_over_after_its_life() {
    let call = advanced(&[("bob", Accepted), ("carol", Rejected)]);
    assert_eq!(step(Some(&call), Event::DeadlinePassed, START_MS + RING_MS).unwrap(), None);
    let end = START_MS + LIFE_MS;
    let change = changed(&call, Event::DeadlinePassed, end + 7);
    assert_eq!(told(&change), ["call.ended → ann's bob's"]);
    assert_eq!((change.call.ended_at, states(&change.call)), (Some(end), vec![Ended, Ended, Rejected]));
}
