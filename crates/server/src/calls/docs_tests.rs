//! The table as docs/calls.md shows it is made from the table itself. `UPDATE_DOCS=1` writes it anew.

use super::tests::{RING_MS, START_MS, act, call, invitation, over, received_by, told};
use super::*;
use CallUserState::{Accepted, BeCancelled, Inviting, NotYetReceived, Received, Rejected, Timeout};
use std::{fmt::Write, fs, path::Path};

const BEGIN: &str = "<!-- made from calls/table.rs: begin -->\n";
const END: &str = "<!-- made from calls/table.rs: end -->\n";
const STATES: [CallUserState; 7] =
    [Inviting, NotYetReceived, Received, Accepted, Rejected, Timeout, BeCancelled];

/// What may happen to bob, whom ann calls.
fn events() -> Vec<(&'static str, Event, u64)> {
    let soon = START_MS + 1;
    vec![
        ("received", received_by("bob"), soon),
        ("accept", Event::Accept(act("bob")), soon),
        ("reject", Event::Reject(act("bob")), soon),
        ("cancel", Event::Cancel(act("ann")), soon),
        ("caller gone", Event::CallerGone, soon),
        ("deadline", Event::DeadlinePassed, START_MS + RING_MS),
    ]
}

/// A living call of ann: bob stands in `state`, for carol it rings.
fn with_bob(state: CallUserState) -> CallRecord {
    call(&[("bob", state), ("carol", Inviting)])
}

fn bob_after(state: CallUserState, event: &Event, now_ms: u64) -> Result<Option<CallUserState>, Code> {
    let change = step(Some(&with_bob(state)), event.clone(), now_ms)?;
    Ok(change.map(|change| change.call.users[1].state))
}

fn diagram() -> String {
    let mut text = "```mermaid\nstateDiagram-v2\n    [*] --> Inviting: invite\n".to_owned();
    for state in STATES {
        for (name, event, now_ms) in events() {
            if let Ok(Some(after)) = bob_after(state, &event, now_ms)
                && after != state
            {
                writeln!(text, "    {state:?} --> {after:?}: {name}").unwrap();
            }
        }
    }
    for state in STATES.into_iter().filter(|state| state.is_final()) {
        writeln!(text, "    {state:?} --> [*]").unwrap();
    }
    text + "```\n"
}

/// Rows: events. Columns: states of bob, while it rings for carol; then a call that is over.
fn matrix() -> String {
    let mut text = "| event |".to_owned();
    STATES.iter().for_each(|state| write!(text, " {state:?} |").unwrap());
    text += " call over | no such call |\n|";
    text += &" --- |".repeat(STATES.len() + 3);
    text.push('\n');
    let further = ("invite further people", invitation(&["dave"]), START_MS + 1);
    for (name, event, now_ms) in events().into_iter().chain([further]) {
        write!(text, "| {name} |").unwrap();
        for state in STATES {
            let cell = match bob_after(state, &event, now_ms) {
                Ok(Some(after)) if after != state => format!("→ {after:?}"),
                Ok(_) => "–".into(),
                Err(code) => code.to_string(),
            };
            write!(text, " {cell} |").unwrap();
        }
        let ended = over(call(&[("bob", Rejected), ("carol", Timeout)]));
        for call in [Some(&ended), None] {
            let begins = call.is_none() && matches!(event, Event::Invite(_));
            let cell = match step(call, event.clone(), now_ms) {
                Ok(_) if begins => "begins a call".into(),
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
fn effects() -> String {
    let usual = call(&[("bob", Received), ("carol", Inviting), ("dave", Accepted), ("erin", Rejected)]);
    let unanswered = call(&[("bob", Received), ("carol", Inviting), ("erin", Rejected)]);
    let last = call(&[("bob", Received), ("dave", Accepted), ("erin", Rejected)]);
    let fresh = call(&[("bob", Inviting), ("carol", Inviting), ("dave", Accepted), ("erin", Rejected)]);
    let soon = START_MS + 1;
    let rows: Vec<(&str, Option<&CallRecord>, Event, u64)> = vec![
        ("ann invites bob and carol", None, invitation(&["bob", "carol"]), soon),
        ("bob's device shows it", Some(&fresh), received_by("bob"), soon),
        ("bob accepts", Some(&usual), Event::Accept(act("bob")), soon),
        ("bob rejects", Some(&usual), Event::Reject(act("bob")), soon),
        ("bob accepts as the last", Some(&last), Event::Accept(act("bob")), soon),
        ("bob rejects as the last", Some(&last), Event::Reject(act("bob")), soon),
        ("ann cancels, nobody accepted", Some(&unanswered), Event::Cancel(act("ann")), soon),
        ("ann is gone, nobody accepted", Some(&unanswered), Event::CallerGone, soon),
        ("the deadline passes", Some(&usual), Event::DeadlinePassed, START_MS + RING_MS),
    ];
    let mut text = "| event | what follows, in this order |\n| --- | --- |\n".to_owned();
    for (name, call, event, now_ms) in rows {
        let change = step(call, event, now_ms).unwrap().unwrap();
        let lines = told(&change).join("<br>").replace("device-of-ann", "the device that cancelled");
        writeln!(text, "| {name} | {lines} |").unwrap();
    }
    text
}

#[test]
fn the_docs_show_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/calls.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("the mark before the table");
    let (_, tail) = rest.split_once(END).expect("the mark after the table");
    let table = format!("\n{}\n{}\n{}\n", diagram(), matrix(), effects());
    let made = format!("{head}{BEGIN}{table}{END}{tail}");
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, &made).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text == made,
        "docs/calls.md shows another table; UPDATE_DOCS=1 cargo test -p hongyan-server docs"
    );
}
