//! Every frame of the protocol has a fixture, every fixture is a frame, and reading and writing one gives it
//! back. The TypeScript SDK reads the same files.

// A test's unwrap is its assertion; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod requests;

use hongyan_wire::{
    call::Call,
    client::*,
    frame::{self, FromServer, Incoming},
    server::Notification,
};
use proptest::prelude::*;
use requests::{limits_of, params_of};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// (file name without `.json`, text) of a folder.
fn files(folder: PathBuf) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

fn same(name: &str, expected: &str, written: &str) {
    let expected: Value = serde_json::from_str(expected).unwrap();
    let written: Value = serde_json::from_str(written).unwrap();
    assert_eq!(written, expected, "{name}");
}

fn result_again<R: DeserializeOwned + Serialize>(text: &str) -> String {
    let frame: FromServer<'_> = serde_json::from_str(text).unwrap();
    let result: R = serde_json::from_str(frame.result.unwrap().get()).unwrap();
    frame::answer(frame.id.unwrap(), &result)
}

/// Reads and writes the answer of a method by its type.
fn answer_again(method: &str, text: &str) -> String {
    match method {
        "session.login" => result_again::<LoginResult>(text),
        "push.register" => result_again::<PushRegistered>(text),
        "user.query" => result_again::<UserQueryResult>(text),
        "user.self" => result_again::<UserSelf>(text),
        "user.setPushRule" => result_again::<PushRule>(text),
        "block.add" | "block.remove" => result_again::<BlockResult>(text),
        "block.list" => result_again::<BlockPage>(text),
        "block.check" => result_again::<BlockChecked>(text),
        "message.revoke" => result_again::<RevokeResult>(text),
        "message.send" => result_again::<SendResult>(text),
        "message.history" => result_again::<HistoryPage>(text),
        "conversation.list" => result_again::<ConversationPage>(text),
        "conversation.get" | "conversation.setNotificationStatus" => result_again::<ConversationResult>(text),
        "conversation.read" | "conversation.readAll" | "conversation.totalUnread" => {
            result_again::<TotalUnread>(text)
        }
        "group.create" | "group.invite" => result_again::<GroupChange>(text),
        "group.join" | "group.get" => result_again::<GroupResult>(text),
        "group.kick" => result_again::<GroupKicked>(text),
        "group.members" => result_again::<MemberPage>(text),
        "group.list" => result_again::<GroupListResult>(text),
        "call.invite" => result_again::<CallInviteResult>(text),
        "call.cancel" => result_again::<CallCancelResult>(text),
        "call.accept" | "call.reject" => result_again::<CallRef>(text),
        "call.callingInvite" => result_again::<CallingInviteResult>(text),
        "call.join" => result_again::<CallJoinResult>(text),
        "call.quit" => result_again::<CallQuitResult>(text),
        "call.end" => result_again::<CallEndResult>(text),
        "call.list" => result_again::<CallPage>(text),
        _ => result_again::<Empty>(text),
    }
}

fn request_again(text: &str) -> String {
    let incoming = Incoming::parse(text).unwrap();
    let request = Request::read(&incoming).unwrap();
    limits_of(&request).expect(text);
    let params = params_of(&request);
    match incoming.id {
        Some(id) => frame::request(id, request.method(), &params),
        None => frame::notification(request.method(), &params),
    }
}

#[test]
fn every_frame_is_read_and_written_the_same() {
    for (name, text) in files(folder()) {
        let (method, kind) = name.rsplit_once('.').unwrap_or((&name, "error"));
        match kind {
            "request" => same(&name, &text, &request_again(&text)),
            "answer" => same(&name, &text, &answer_again(method, &text)),
            "notification" if Request::METHODS.contains(&method) => same(&name, &text, &request_again(&text)),
            "notification" => {
                let frame: FromServer<'_> = serde_json::from_str(&text).unwrap();
                same(&name, &text, &Notification::read(&frame).unwrap().unwrap().to_frame());
            }
            _ => {
                let frame: FromServer<'_> = serde_json::from_str(&text).unwrap();
                same(&name, &text, &frame::refusal(frame.id, &frame.error.unwrap()));
            }
        }
    }
}

#[test]
fn every_method_has_its_fixtures_and_every_fixture_its_method() {
    let names: BTreeSet<String> = files(folder()).into_iter().map(|(name, _)| name).collect();
    let mut wanted: BTreeSet<String> = ["error", "error.unreadable"].map(str::to_owned).into();
    for method in Request::METHODS {
        match *method {
            "message.ack" | "call.ack" => wanted.extend([format!("{method}.notification")]),
            _ => wanted.extend([format!("{method}.request"), format!("{method}.answer")]),
        }
    }
    wanted.extend(Notification::METHODS.iter().map(|method| format!("{method}.notification")));
    assert_eq!(names, wanted);
}

#[test]
fn every_bad_frame_is_refused_with_its_number_and_a_sentence_that_names_the_fault() {
    for (name, text) in files(folder().join("bad")) {
        let bad: Value = serde_json::from_str(&text).unwrap();
        let frame = bad["frame"].as_str().unwrap();
        let read = Incoming::parse(frame).and_then(|incoming| Request::read(&incoming));
        let refusal = read.and_then(|request| limits_of(&request)).expect_err(&name);
        assert_eq!(u64::from(refusal.code.0), bad["code"].as_u64().unwrap(), "{name}");
        let says = bad["says"].as_str().unwrap();
        assert!(refusal.message.contains(says), "{name}: {:?} does not say {says:?}", refusal.message);
    }
}

#[test]
fn a_call_of_the_list_is_whole() {
    let (_, text) = files(folder()).into_iter().find(|(name, _)| name == "call.list.answer").unwrap();
    let frame: FromServer<'_> = serde_json::from_str(&text).unwrap();
    let page: CallPage = serde_json::from_str(frame.result.unwrap().get()).unwrap();
    let call: &Call = &page.call_list[0];
    assert!(call.call_user_list.iter().all(|user| !user.state.rings()));
}

proptest! {
    #[test]
    fn arbitrary_text_is_refused_and_never_a_panic(text in ".{0,300}") {
        if let Ok(incoming) = Incoming::parse(&text) {
            let _ = Request::read(&incoming);
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(incoming) = Incoming::parse(&String::from_utf8_lossy(&bytes)) {
            let _ = Request::read(&incoming);
        }
    }

    #[test]
    fn arbitrary_params_of_every_method_are_read_or_refused(
        method in prop::sample::select(Request::METHODS),
        params in ".{0,200}",
    ) {
        let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{{params}}}}}");
        if let Ok(incoming) = Incoming::parse(&text) {
            let _ = Request::read(&incoming);
        }
    }

    #[test]
    fn a_frame_with_one_letter_changed_is_read_or_refused(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        letter in any::<char>(),
    ) {
        let all = files(folder());
        let (_, text) = pick.get(&all);
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len());
        letters[at] = letter;
        let changed: String = letters.into_iter().collect();
        if let Ok(incoming) = Incoming::parse(&changed) {
            let _ = Request::read(&incoming);
        }
    }
}
