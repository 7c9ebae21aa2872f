//! Whatever a frame holds, it is read or refused: no panic, a known code and a sentence with every refusal, and what
//! was read is written so that it reads the same again.

// A test's unwrap is its assertion; the lint knows only functions marked as tests.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod mutate;
mod requests;

use hongyan_wire::{
    Code, ConversationKey, ConversationType, DeviceId, GroupId, Refusal, UserId,
    client::Request,
    frame::{self, FromServer, Incoming},
    server::Notification,
};
use mutate::{bytes_like, config, documents, files, json_like, text_like};
use proptest::prelude::*;
use requests::{limits_of, params_of};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// Good frames, what was kept, and the frames inside the fixtures of what is refused.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = files(CRATE, "fixtures");
    seeds.extend(files(CRATE, "fuzz-corpus/frames"));
    for bad in documents(&files(CRATE, "fixtures/bad")) {
        seeds.push(bad["frame"].as_str().unwrap().as_bytes().to_vec());
    }
    seeds
}

fn check_refusal(refusal: &Refusal, input: &str) {
    let known = Code::ALL.iter().any(|(_, code, _)| *code == refusal.code);
    assert!(known, "{refusal} has no known code");
    assert!(!refusal.message.trim().is_empty(), "a refusal without a sentence");
    let bound = 2 * input.len() + 1_000;
    assert!(refusal.message.len() <= bound, "a refusal much longer than its cause: {refusal}");
    let written = frame::refusal(None, refusal);
    let read: FromServer<'_> = serde_json::from_str(&written).unwrap();
    assert_eq!(read.error.as_ref(), Some(refusal));
}

/// The server's reader.
fn check_request(text: &str) {
    let incoming = match Incoming::parse(text) {
        Ok(incoming) => incoming,
        Err(refusal) => return check_refusal(&refusal, text),
    };
    let request = match Request::read(&incoming) {
        Ok(request) => request,
        Err(refusal) => return check_refusal(&refusal, text),
    };
    if let Err(refusal) = limits_of(&request) {
        check_refusal(&refusal, text);
    }
    let again = frame::request(1, request.method(), &params_of(&request));
    let read = Incoming::parse(&again).and_then(|frame| Request::read(&frame)).expect(&again);
    assert_eq!(read.method(), request.method());
    // Numbers with a fraction, which only an opaque voIPConfig may hold, are not kept to the last bit.
    if !text.contains("voIPConfig") {
        assert_eq!(read, request);
    }
}

/// The client's reader.
fn check_notification(text: &str) {
    let Ok(told) = serde_json::from_str::<FromServer<'_>>(text) else { return };
    match Notification::read(&told) {
        Some(Ok(notification)) => {
            let again = notification.to_frame();
            let read: FromServer<'_> = serde_json::from_str(&again).unwrap();
            assert_eq!(Notification::read(&read).unwrap().unwrap().method(), notification.method());
        }
        Some(Err(refusal)) => assert!(!refusal.message.is_empty()),
        None => {}
    }
}

#[test]
fn what_was_kept_holds() {
    for seed in seeds() {
        let text = String::from_utf8_lossy(&seed);
        check_request(&text);
        check_notification(&text);
    }
}

#[test]
fn the_mutations_reach_both_ends_of_the_parser() {
    // A fuzz test whose inputs are all refused at the first letter proves nothing.
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let (mut runner, inputs) = (TestRunner::deterministic(), json_like(documents(&seeds())));
    let (mut read, mut refused, mut no_frame) = (0, 0, 0);
    for _ in 0..500 {
        let text = inputs.new_tree(&mut runner).unwrap().current();
        match Incoming::parse(&text).map(|frame| Request::read(&frame).is_ok()) {
            Ok(true) => read += 1,
            Ok(false) => refused += 1,
            Err(_) => no_frame += 1,
        }
    }
    assert!(
        read > 20 && refused > 20 && no_frame > 20,
        "{read} read, {refused} refused, {no_frame} no frame"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn changed_bytes_are_read_or_refused(text in text_like(seeds())) {
        check_request(&text);
        check_notification(&text);
    }

    #[test]
    fn changed_documents_are_read_or_refused(text in json_like(documents(&seeds()))) {
        check_request(&text);
        check_notification(&text);
    }

    #[test]
    fn identifiers_are_taken_as_they_are_or_refused(bytes in bytes_like(vec![b"ann_1".to_vec(), b"#7".to_vec()])) {
        let text = String::from_utf8_lossy(&bytes);
        match UserId::new(&text) {
            Ok(id) => prop_assert_eq!(id.as_str(), &*text),
            Err(refusal) => check_refusal(&refusal, &text),
        }
        match GroupId::new(&text) {
            Ok(id) => prop_assert_eq!(id.to_string(), &*text),
            Err(refusal) => check_refusal(&refusal, &text),
        }
        match DeviceId::new(&text) {
            Ok(id) => prop_assert_eq!(id.as_str(), &*text),
            Err(refusal) => check_refusal(&refusal, &text),
        }
        for kind in [ConversationType::Peer, ConversationType::Group] {
            if let Err(refusal) = ConversationKey::new(&text, kind) {
                check_refusal(&refusal, &text);
            }
        }
    }
}
