//! The table as docs/calls.md shows it is made from the table itself. `UPDATE_DOCS=1` writes it anew.

use super::tests::{
    CHECK_MS, LIFE_MS, RING_MS, START_MS, act, advanced, advanced_invitation, call, cancel, further, gone,
    invitation, join, over, received_by, told,
};
use super::*;
use CallUserState::{Accepted, BeCancelled, Inviting, NotYetReceived, Quit, Received, Rejected, Timeout};
use std::{fmt::Write, fs, path::Path};

const BEGIN: &str = "<!-- made from calls/table: begin -->\n";
const END: &str = "<!-- made from calls/table: end -->\n";
const SOON: u64 = START_MS + 1;
const STATES: [CallUserState; 8] =
    [Inviting, NotYetReceived, Received, Accepted, Rejected, Timeout, BeCancelled, Quit];

/// A row: its name, the event, when.
type Row = (&'static str, Event, u64);

/// What may happen to bob, whom ann calls.
fn events(mode: CallMode) -> Vec<Row> {
    let mut all = vec![
        ("received", received_by("bob"), SOON),
        ("not received in time", Event::DeadlinePassed, START_MS + CHECK_MS),
        ("accept", Event::Accept(act("bob")), SOON),
        ("reject", Event::Reject(act("bob")), SOON),
        ("cancel", cancel("ann", &["bob"]), SOON),
        ("caller gone", gone("ann", &["bob"]), SOON),
        ("deadline", Event::DeadlinePassed, START_MS + RING_MS),
        ("join", join("bob"), SOON),
        ("quit", Event::Quit(act("bob")), SOON),
        ("end by bob", Event::End(act("bob")), SOON),
        ("end by ann", Event::End(act("ann")), SOON),
        ("called again", further("ann", &["bob"]), SOON),
    ];
    if mode == CallMode::Advanced {
        all.push(("life over", Event::DeadlinePassed, START_MS + LIFE_MS));
        all.push(("all who are in gone", gone("ann", &[]), SOON));
    }
    all
}

/// A living call of ann: bob stands in `state`, for carol it rings.
fn with_bob(mode: CallMode, state: CallUserState) -> CallRecord {
    let people = [("bob", state), ("carol", Received)];
    let mut call = if mode == CallMode::General { call(&people) } else { advanced(&people) };
    if mode == CallMode::General && state == Inviting {
        // General calls can check who has received it, too.
        call.users[1].check_at = START_MS + CHECK_MS;
        call.due_at = Some(START_MS + CHECK_MS);
    }
    call
}

fn states(mode: CallMode) -> &'static [CallUserState] {
    if mode == CallMode::General { &STATES[..7] } else { &STATES }
}

fn bob_after(
    mode: CallMode,
    state: CallUserState,
    event: &Event,
    now_ms: u64,
) -> Result<Option<CallUserState>, Code> {
    let change = step(Some(&with_bob(mode, state)), event.clone(), now_ms)?;
    Ok(change.map(|change| change.call.users[1].state))
}

fn diagram(mode: CallMode) -> String {
    let mut text = "```mermaid\nstateDiagram-v2\n    [*] --> Inviting: invite\n".to_owned();
    if mode == CallMode::Advanced {
        text += "    [*] --> Accepted: join\n";
    }
    for &state in states(mode) {
        let mut led: Vec<(CallUserState, Vec<&str>)> = Vec::new();
        for (name, event, now_ms) in events(mode) {
            match bob_after(mode, state, &event, now_ms) {
                Ok(Some(after)) if after != state => match led.iter_mut().find(|one| one.0 == after) {
                    Some((_, names)) => names.push(name),
                    None => led.push((after, vec![name])),
                },
                _ => {}
            }
        }
        for (after, names) in led {
            writeln!(text, "    {state:?} --> {after:?}: {}", names.join(", ")).unwrap();
        }
    }
    for state in states(mode).iter().filter(|state| !state.rings()) {
        if mode == CallMode::General || *state != Accepted {
            writeln!(text, "    {state:?} --> [*]").unwrap();
        }
    }
    if mode == CallMode::Advanced {
        text += "    Ended --> [*]\n";
    }
    text + "```\n"
}

/// Rows: events. Columns: states of bob, while it rings for carol; then a call that is over.
fn matrix(mode: CallMode) -> String {
    let mut text = "| event |".to_owned();
    states(mode).iter().for_each(|state| write!(text, " {state:?} |").unwrap());
    text += " call over | no such call |\n|";
    text += &" --- |".repeat(states(mode).len() + 3);
    text.push('\n');
    let ended = over(call(&[("bob", Rejected), ("carol", Timeout)]));
    for (name, event, now_ms) in events(mode) {
        write!(text, "| {name} |").unwrap();
        for &state in states(mode) {
            let cell = match bob_after(mode, state, &event, now_ms) {
                Ok(Some(after)) if after != state => format!("→ {after:?}"),
                Ok(_) => "–".into(),
                Err(code) => code.to_string(),
            };
            write!(text, " {cell} |").unwrap();
        }
        for call in [Some(&ended), None] {
            let cell = match step(call, event.clone(), now_ms) {
                Ok(_) => "–".into(),
                Err(code) => code.to_string(),
            };
            write!(text, " {cell} |").unwrap();
        }
        text.push('\n');
    }
    text
}

/// What follows from each event, in a call where everybody stands in another state.
fn effects(rows: Vec<(&str, Option<&CallRecord>, Event, u64)>) -> String {
    let mut text = "| event | what follows, in this order |\n| --- | --- |\n".to_owned();
    for (name, call, event, now_ms) in rows {
        let change = step(call, event, now_ms).unwrap().unwrap();
        let lines = told(&change).join("<br>").replace("device-of-ann", "the device that acted");
        writeln!(text, "| {name} | {} |", lines.replace("tablet-of-bob", "the tablet")).unwrap();
    }
    text
}

fn effects_general() -> String {
    let usual = call(&[("bob", Received), ("carol", Inviting), ("dave", Accepted), ("erin", Rejected)]);
    let unanswered = call(&[("bob", Received), ("carol", Inviting), ("erin", Rejected)]);
    let last = call(&[("bob", Received), ("dave", Accepted), ("erin", Rejected)]);
    let fresh = call(&[("bob", Inviting), ("carol", Inviting), ("dave", Accepted), ("erin", Rejected)]);
    let unseen = with_bob(CallMode::General, Inviting);
    effects(vec![
        ("ann invites bob and carol", None, invitation(&["bob", "carol"]), SOON),
        ("bob's device shows it", Some(&fresh), received_by("bob"), SOON),
        ("bob has not received it in time", Some(&unseen), Event::DeadlinePassed, START_MS + CHECK_MS),
        ("bob accepts", Some(&usual), Event::Accept(act("bob")), SOON),
        ("bob rejects", Some(&usual), Event::Reject(act("bob")), SOON),
        ("bob accepts as the last", Some(&last), Event::Accept(act("bob")), SOON),
        ("bob rejects as the last", Some(&last), Event::Reject(act("bob")), SOON),
        ("ann cancels, nobody accepted", Some(&unanswered), cancel("ann", &[]), SOON),
        ("ann is gone, nobody accepted", Some(&unanswered), gone("ann", &[]), SOON),
        ("the deadline passes", Some(&usual), Event::DeadlinePassed, START_MS + RING_MS),
    ])
}

fn effects_advanced() -> String {
    let usual = advanced(&[("bob", Received), ("carol", Inviting), ("dave", Accepted), ("erin", Rejected)]);
    let alone = advanced(&[("bob", Received), ("carol", Rejected)]);
    let pair = advanced(&[("bob", Accepted), ("carol", Received), ("erin", Rejected)]);
    let tablet = DeviceId::new("tablet-of-bob").unwrap();
    let on_tablet = Event::Join(Act { device: tablet, ..act("bob") }, People(10));
    let deserted = step(Some(&pair), Event::Quit(act("ann")), SOON).unwrap().unwrap().call;
    effects(vec![
        ("ann invites bob and carol", None, advanced_invitation(&["bob", "carol"]), SOON),
        ("dave calls erin and zoe", Some(&usual), further("dave", &["erin", "zoe"]), SOON),
        ("bob accepts", Some(&usual), Event::Accept(act("bob")), SOON),
        ("bob rejects", Some(&usual), Event::Reject(act("bob")), SOON),
        ("ann takes bob's invitation back", Some(&usual), cancel("ann", &["bob"]), SOON),
        ("ann takes the only one back", Some(&alone), cancel("ann", &["bob"]), SOON),
        ("zoe joins", Some(&usual), join("zoe"), SOON),
        ("bob's tablet takes over", Some(&pair), on_tablet, SOON),
        ("ann quits", Some(&pair), Event::Quit(act("ann")), SOON),
        ("bob quits as the last", Some(&deserted), Event::Quit(act("bob")), SOON),
        ("bob ends it", Some(&pair), Event::End(act("bob")), SOON),
        ("the deadline passes", Some(&usual), Event::DeadlinePassed, START_MS + RING_MS),
        ("all who are in are gone", Some(&pair), gone("ann", &[]), SOON),
    ])
}

#[test]
fn the_docs_show_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/calls.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (_, tail) = rest.split_once(END).expect("the mark after the table");
    let part = |title, mode, effects: String| {
        format!("### {title}\n\n{}\n{}\n{effects}", diagram(mode), matrix(mode))
    };
    let general = part("General mode", CallMode::General, effects_general());
    let advanced = part("Advanced mode", CallMode::Advanced, effects_advanced());
    let made = format!("{head}{BEGIN}\n{general}\n{advanced}\n{END}{tail}");
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, &made).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text == made,
        "docs/calls.md shows another table; UPDATE_DOCS=1 cargo test -p hongyan-server docs"
    );
}
