//! Keeps the tables and examples of `docs/protocol.md` equal to the types and fixtures. `UPDATE_DOCS=1` writes them.

// A test's unwrap is its assertion; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use hongyan_wire::{CloseCode, Code, client::Request, server::Notification};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, path::PathBuf};

const CLOSES: [CloseCode; 12] = [
    CloseCode::GoingAway,
    CloseCode::TooSlow,
    CloseCode::Silent,
    CloseCode::LoginDeadline,
    CloseCode::Busy,
    CloseCode::Fault,
    CloseCode::KickedOut,
    CloseCode::TokenExpired,
    CloseCode::LoggedOut,
    CloseCode::Protocol,
    CloseCode::TooLarge,
    CloseCode::AppClosed,
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A fixture on one line, params or result only.
fn part(name: &str, key: &str) -> String {
    let path = root().join("crates/wire/fixtures").join(format!("{name}.json"));
    let frame: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    frame[key].to_string()
}

fn closes() -> String {
    let mut text = String::from("| code | reason | reconnect |\n| --- | --- | --- |\n");
    for code in CLOSES {
        let reconnect = if code.reconnect() { "yes" } else { "no" };
        writeln!(text, "| {} | {} | {reconnect} |", code.number(), code.reason()).unwrap();
    }
    text
}

fn codes() -> String {
    let mut text = String::from("| code | meaning |\n| --- | --- |\n");
    for (_, code, sentence) in Code::ALL {
        writeln!(text, "| {code} | {sentence} |").unwrap();
    }
    text
}

fn frames() -> String {
    let mut text = String::new();
    for method in Request::METHODS {
        if ["message.ack", "call.ack"].contains(method) {
            let params = part(&format!("{method}.notification"), "params");
            writeln!(text, "### `{method}` (notification of the client)\n\n```json\n{params}\n```\n")
                .unwrap();
        } else {
            let params = part(&format!("{method}.request"), "params");
            let result = part(&format!("{method}.answer"), "result");
            writeln!(text, "### `{method}`\n\n```json\n{params}\n→ {result}\n```\n").unwrap();
        }
    }
    text.push_str("### Notifications\n\n");
    for method in Notification::METHODS {
        let params = part(&format!("{method}.notification"), "params");
        writeln!(text, "### `{method}`\n\n```json\n{params}\n```\n").unwrap();
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The page with the text between the marks of `name` replaced.
fn filled(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- begin:{name} -->\n"), format!("<!-- end:{name} -->"));
    let from = page.find(&begin).unwrap() + begin.len();
    let to = page.find(&end).unwrap();
    format!("{}{text}{}", &page[..from], &page[to..])
}

#[test]
fn the_page_shows_every_code_close_and_frame_as_they_are() {
    let path = root().join("docs/protocol.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut expected = filled(&page, "closes", &closes());
    expected = filled(&expected, "codes", &codes());
    expected = filled(&expected, "frames", &frames());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(page, expected, "run the test with UPDATE_DOCS=1 and commit the page");
    }
}

/// Adds every name of an object, at any depth. What a program puts into a text of its own is not looked at.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                found.insert(name.clone());
                names(field, found);
            }
        }
        Value::Array(all) => all.iter().for_each(|one| names(one, found)),
        _ => {}
    }
}

#[test]
fn the_page_explains_every_method_notification_and_field() {
    let page = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    let from = page.find("## Methods").unwrap();
    let prose = &page[from..page.find("<!-- begin:frames -->").unwrap()];
    let mut wanted: BTreeSet<String> = Request::METHODS.iter().map(|name| (*name).to_owned()).collect();
    wanted.extend(Notification::METHODS.iter().map(|name| (*name).to_owned()));
    for entry in fs::read_dir(root().join("crates/wire/fixtures")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let frame: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            [&frame["params"], &frame["result"]].into_iter().for_each(|part| names(part, &mut wanted));
        }
    }
    let missing: Vec<_> = wanted.iter().filter(|name| !prose.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/protocol.md does not explain {missing:?}");
}

#[test]
fn the_page_can_be_read_in_one_sitting() {
    let page = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    assert!(page.lines().count() <= 700);
}
