//! The table by examples: what each event does in each state, whom it is told, and what is refused. What only
//! advanced mode has is in `advanced_tests`.

use super::*;
use CallUserState::{
    Accepted, BeCancelled, Cancelled, Inviting, NotYetReceived, Received, Rejected, Timeout,
};

pub const START_MS: u64 = 1_800_000_000_000;
pub const RING_MS: u64 = 30_000;
pub const CHECK_MS: u64 = 5_000;
pub const LIFE_MS: u64 = 600_000;

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn device(name: &str) -> DeviceId {
    DeviceId::new(&format!("device-of-{name}")).unwrap()
}

pub fn act(name: &str) -> Act {
    Act { by: user(name), device: device(name), extended_data: format!("said by {name}") }
}

pub fn received_by(name: &str) -> Event {
    Event::Received { by: user(name), device: device(name) }
}

pub fn invitation(invitees: &[&str]) -> Event {
    Event::Invite(Invitation {
        id: CallId(77),
        app: AppId(7),
        mode: CallMode::General,
        by: user("ann"),
        device: device("ann"),
        invitees: invitees.iter().map(|name| user(name)).collect(),
        timeout_s: (RING_MS / 1_000) as u32,
        extended_data: "a call".into(),
        check_after_ms: None,
        life_ms: LIFE_MS,
    })
}

/// The same in advanced mode, with a look at who has received it.
pub fn advanced_invitation(invitees: &[&str]) -> Event {
    let Event::Invite(invitation) = invitation(invitees) else { unreachable!() };
    let check_after_ms = Some(CHECK_MS);
    Event::Invite(Invitation { mode: CallMode::Advanced, check_after_ms, ..invitation })
}

/// An event in which somebody calls further people.
pub fn further(by: &str, invitees: &[&str]) -> Event {
    Event::CallingInvite(FurtherPeople {
        by: user(by),
        invitees: invitees.iter().map(|name| user(name)).collect(),
        people: People(10),
        check_after_ms: CHECK_MS,
    })
}

pub fn join(name: &str) -> Event {
    Event::Join(act(name), People(10))
}

pub fn cancel(name: &str, only: &[&str]) -> Event {
    Event::Cancel(act(name), only.iter().map(|name| user(name)).collect())
}

pub fn gone(name: &str, here: &[&str]) -> Event {
    Event::Gone { by: user(name), here: here.iter().map(|name| user(name)).collect() }
}

/// A call of ann to these users, who stand in these states.
pub fn call(invitees: &[(&str, CallUserState)]) -> CallRecord {
    placed(invitation(&names_of(invitees)), invitees)
}

/// The same in advanced mode. Ann's and the others' own devices are the main ones.
pub fn advanced(invitees: &[(&str, CallUserState)]) -> CallRecord {
    placed(advanced_invitation(&names_of(invitees)), invitees)
}

fn names_of<'a>(invitees: &[(&'a str, CallUserState)]) -> Vec<&'a str> {
    invitees.iter().map(|(name, _)| *name).collect()
}

fn placed(event: Event, invitees: &[(&str, CallUserState)]) -> CallRecord {
    let mut call = step(None, event, START_MS).unwrap().unwrap().call;
    for (name, state) in invitees {
        let one = call.users.iter_mut().find(|one| one.user == user(name)).unwrap();
        one.state = *state;
        one.device = (*state != Inviting).then(|| device(name).as_str().to_owned());
    }
    // What is due follows from the states.
    super::draft::Draft::begin(call).done().call
}

/// The call after it ended.
pub fn over(mut call: CallRecord) -> CallRecord {
    call.state = CallState::Ended;
    call.ended_at = Some(START_MS + 1);
    call.due_at = None;
    call
}

pub fn states(call: &CallRecord) -> Vec<CallUserState> {
    call.users.iter().map(|one| one.state).collect()
}

/// What is told, in short: `call.ended → ann bob`. Devices stand in brackets unless it is all of them.
pub fn told(change: &Change) -> Vec<String> {
    let names = |users: &[UserId]| users.iter().map(UserId::as_str).collect::<Vec<_>>().join(" ");
    let ear = |ear: &Ear| match &ear.devices {
        Devices::All => ear.user.to_string(),
        Devices::Only(device) if *device == super::tests::device(ear.user.as_str()) => {
            format!("{}'s", ear.user)
        }
        Devices::Only(device) => format!("{} on {device}", ear.user),
        Devices::AllBut(device) => format!("{} but {device}", ear.user),
    };
    let line = |effect: &Effect| match effect {
        Effect::Tell { ears, what } => {
            format!("{} → {}", what.method(), ears.iter().map(ear).collect::<Vec<_>>().join(" "))
        }
        Effect::Ring { users, .. } => format!("ring {}", names(users)),
        Effect::Silence(users) => format!("silence {}", names(users)),
    };
    change.effects.iter().map(line).collect()
}

pub fn changed(call: &CallRecord, event: Event, now_ms: u64) -> Change {
    let change = step(Some(call), event, now_ms).unwrap().unwrap();
    assert_eq!(change.call.version, call.version + 1);
    change
}

#[test]
fn an_invitation_tells_the_caller_and_rings() {
    let change = step(None, invitation(&["bob", "carol"]), START_MS).unwrap().unwrap();
    assert_eq!(states(&change.call), [Accepted, Inviting, Inviting]);
    assert_eq!((change.call.version, change.call.due_at), (1, Some(START_MS + RING_MS)));
    assert_eq!(told(&change), ["call.created → ann", "call.received → bob carol", "ring bob carol"]);
    assert_eq!(
        change.effects[2],
        Effect::Ring { users: vec![user("bob"), user("carol")], until: START_MS + RING_MS }
    );
}

#[test]
fn receiving_is_told_once_to_those_who_listen() {
    let call = call(&[("bob", Inviting), ("carol", NotYetReceived), ("dave", Accepted), ("erin", Rejected)]);
    let change = changed(&call, received_by("bob"), START_MS + 5);
    assert_eq!(states(&change.call), [Accepted, Received, NotYetReceived, Accepted, Rejected]);
    assert_eq!(told(&change), ["call.userStateChanged → ann bob carol dave"]);
    assert_eq!(step(Some(&change.call), received_by("bob"), START_MS + 6), Ok(None), "a second device");
    assert_eq!(changed(&call, received_by("carol"), START_MS).call.users[2].state, Received);
    for late in ["dave", "erin"] {
        assert_eq!(step(Some(&call), received_by(late), START_MS + 6), Ok(None), "{late}");
    }
    assert_eq!(step(Some(&call), received_by("bob"), START_MS + RING_MS), Ok(None), "too late");
    assert_eq!(step(Some(&over(call)), received_by("bob"), START_MS), Ok(None));
}

#[test]
fn an_answer_is_told_and_the_last_one_ends_the_call() {
    let call = call(&[("bob", Received), ("carol", Inviting)]);
    let first = changed(&call, Event::Reject(act("bob")), START_MS + 5);
    assert_eq!(told(&first), ["call.userStateChanged → ann bob carol", "silence bob"]);
    assert_eq!(first.call.users[1].extended_data, "said by bob");
    assert_eq!(first.call.users[1].device.as_deref(), Some("device-of-bob"));
    assert_eq!((first.call.state, first.call.due_at), (CallState::Started, call.due_at));
    let last = changed(&first.call, Event::Accept(act("carol")), START_MS + 9);
    let expected = ["call.userStateChanged → ann carol", "silence carol", "call.ended → ann carol"];
    assert_eq!(told(&last), expected);
    assert_eq!((last.call.state, last.call.ended_at), (CallState::Ended, Some(START_MS + 9)));
    assert_eq!((last.call.due_at, states(&last.call)), (None, vec![Accepted, Rejected, Accepted]));
    let Effect::Tell { what: Notification::CallEnded(ended), .. } = &last.effects[2] else { panic!() };
    assert_eq!((ended.operated_user_id.as_str(), ended.end_time), ("carol", START_MS + 9));
}

#[test]
fn a_cancelled_call_is_over_for_everybody() {
    let call = call(&[("bob", Received), ("carol", Rejected), ("dave", Inviting)]);
    let change = changed(&call, cancel("ann", &[]), START_MS + 5);
    assert_eq!(states(&change.call), [Cancelled, BeCancelled, Rejected, BeCancelled]);
    let expected =
        ["call.cancelled → bob dave", "call.cancelled → ann but device-of-ann", "silence bob dave"];
    assert_eq!(told(&change), expected);
    assert_eq!((change.call.due_at, change.call.ended_at), (None, Some(START_MS + 5)));
    assert_eq!(change.call.users[0].extended_data, "said by ann");
    let gone = changed(&call, gone("ann", &[]), START_MS + 5);
    assert_eq!(states(&gone.call), states(&change.call));
    assert_eq!(told(&gone)[1], "call.cancelled → ann");
}

#[test]
fn whoever_is_silent_times_out_and_the_call_ends_when_it_was_due() {
    let call = call(&[("bob", Received), ("carol", Accepted), ("dave", Inviting), ("erin", Rejected)]);
    let due = START_MS + RING_MS;
    assert_eq!(step(Some(&call), Event::DeadlinePassed, due - 1), Ok(None));
    let change = changed(&call, Event::DeadlinePassed, due + 500_000);
    assert_eq!(states(&change.call), [Accepted, Timeout, Accepted, Timeout, Rejected]);
    let expected = [
        "call.timeout → bob dave",
        "call.userStateChanged → ann carol",
        "silence bob dave",
        "call.ended → ann carol",
    ];
    assert_eq!(told(&change), expected);
    assert_eq!(change.call.ended_at, Some(due), "although the server woke later");
    let Effect::Tell { what: Notification::CallEnded(ended), .. } = &change.effects[3] else { panic!() };
    assert_eq!((ended.operated_user_id.as_str(), ended.end_time), ("ann", due));
    assert_eq!(step(Some(&change.call), Event::DeadlinePassed, due + 500_001), Ok(None));
}

#[test]
fn what_is_not_allowed_has_its_number() {
    let ringing = call(&[("bob", Received), ("carol", Inviting)]);
    let taken_up = call(&[("bob", Accepted), ("carol", Inviting)]);
    let refused = call(&[("bob", Rejected), ("carol", Inviting)]);
    let ended = over(call(&[("bob", Accepted), ("carol", Rejected)]));
    let (soon, late) = (START_MS + 1, START_MS + RING_MS);
    let (cancel, accept) = (|name| cancel(name, &[]), |name| Event::Accept(act(name)));
    let reject = |name| Event::Reject(act(name));
    let cases: Vec<(Option<&CallRecord>, Event, u64, Code)> = vec![
        (None, cancel("ann"), soon, Code::CALL_GONE),
        (None, accept("bob"), soon, Code::CALL_GONE),
        (None, received_by("bob"), soon, Code::CALL_GONE),
        (None, Event::DeadlinePassed, soon, Code::CALL_GONE),
        (Some(&ringing), invitation(&["dave"]), soon, Code::CALL_EXISTS),
        (Some(&ringing), further("ann", &["dave"]), soon, Code::CALL_MODE),
        (Some(&ringing), join("zoe"), soon, Code::CALL_MODE),
        (Some(&taken_up), Event::Quit(act("bob")), soon, Code::CALL_MODE),
        (Some(&taken_up), Event::End(act("ann")), soon, Code::CALL_MODE),
        (Some(&ended), further("ann", &["dave"]), soon, Code::CALL_GONE),
        (Some(&ringing), cancel("bob"), soon, Code::CALL_NOT_INVITER),
        (Some(&ringing), cancel("zoe"), soon, Code::CALL_NOT_INVITER),
        (Some(&taken_up), cancel("bob"), soon, Code::CALL_NOT_INVITER),
        (Some(&taken_up), cancel("ann"), soon, Code::CALL_CANCEL_FAILED),
        (Some(&ringing), cancel("ann"), late, Code::CALL_GONE),
        (Some(&ended), cancel("ann"), soon, Code::CALL_GONE),
        (Some(&ringing), accept("ann"), soon, Code::CALL_NOT_INVITEE),
        (Some(&ringing), accept("zoe"), soon, Code::CALL_NOT_INVITEE),
        (Some(&ringing), reject("zoe"), soon, Code::CALL_NOT_INVITEE),
        (Some(&ringing), received_by("zoe"), soon, Code::CALL_NOT_INVITEE),
        (Some(&taken_up), accept("bob"), soon, Code::CALL_NOT_INVITEE),
        (Some(&taken_up), reject("bob"), soon, Code::CALL_NOT_INVITEE),
        (Some(&refused), accept("bob"), soon, Code::CALL_NOT_INVITEE),
        (Some(&ringing), accept("bob"), late, Code::CALL_GONE),
        (Some(&ringing), reject("carol"), late, Code::CALL_GONE),
        (Some(&ended), accept("bob"), soon, Code::CALL_GONE),
        (Some(&ended), reject("zoe"), soon, Code::CALL_GONE),
    ];
    for (call, event, now_ms, code) in cases {
        assert_eq!(step(call, event.clone(), now_ms), Err(code), "{event:?}");
    }
}

#[test]
fn a_caller_who_goes_ends_only_what_nobody_took_up() {
    let taken_up = call(&[("bob", Accepted), ("carol", Inviting)]);
    assert_eq!(step(Some(&taken_up), gone("ann", &[]), START_MS), Ok(None));
    let ended = over(call(&[("bob", Rejected)]));
    assert_eq!(step(Some(&ended), gone("ann", &[]), START_MS), Ok(None));
    let ringing = call(&[("bob", Inviting)]);
    assert_eq!(step(Some(&ringing), gone("ann", &[]), START_MS + RING_MS), Ok(None), "it timed out instead");
}
