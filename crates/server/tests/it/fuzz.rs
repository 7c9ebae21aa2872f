//! What strangers and operators write: tokens and settings, changed at random. Never a panic; a changed token is not
//! accepted for more than it said; a refused setting is named.

#[path = "../../../wire/tests/mutate/mod.rs"]
mod mutate;

use base64::{Engine, engine::general_purpose::STANDARD};
use hongyan_server::{
    config::{Config, example},
    session::{make_token04, read_token04},
};
use hongyan_wire::{AppId, UserId};
use mutate::{bytes_like, config, files, text_like};
use proptest::prelude::*;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NOW: u64 = 1_800_000_000;
const LIFE: u64 = 1_000;
/// Expiry, IV length, IV; then the length of the cipher text.
const IV: std::ops::Range<usize> = 10..26;
const CIPHER: usize = 28;

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn token(payload: &str) -> String {
    make_token04(AppId(7), &user("ann"), SECRET, LIFE, payload, NOW).unwrap()
}

/// Its end, if it is accepted for ann.
fn accepted(token: &str) -> Option<u64> {
    read_token04(token, AppId(7), &user("ann"), SECRET, NOW).ok()
}

/// A token that is accepted may differ from the good one only inside the cipher text and its IV, where CBC hides
/// changes of the nonce, the times of making and the payload; never in its end, its user or its app.
fn check_token(changed: &[u8], good: &[u8]) {
    let text = format!("04{}", STANDARD.encode(changed));
    if accepted(&text).is_some() {
        assert_eq!(accepted(&text), Some(NOW + LIFE), "{text} lives on");
        assert_eq!(changed.len(), good.len(), "{text}");
        assert_eq!(changed[..IV.start], good[..IV.start], "{text}");
        assert_eq!(changed[IV.end..CIPHER], good[IV.end..CIPHER], "{text}");
    }
    for (app, name) in [(AppId(7), "bob"), (AppId(7), "ann2"), (AppId(8), "ann")] {
        let read = read_token04(&text, app, &user(name), SECRET, NOW);
        assert!(read.is_err(), "{text} is accepted for {name} of {app}");
    }
}

/// A refused configuration names the key, or the line of a file, and says something.
fn check_settings(text: &str) {
    match Config::from_text(text, &[]) {
        Ok(config) => {
            let written = toml::to_string(&config).unwrap();
            assert_eq!(Config::from_text(&written, &[]).unwrap(), config, "{written}");
        }
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.len() > 8, "{sentence}");
            let line = sentence.strip_prefix("line ").and_then(|rest| rest.split_once(':'));
            let line = line.map(|(number, _)| number.parse::<usize>().unwrap());
            let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
            assert!(
                line.is_some_and(|line| (1..=lines).contains(&line)) || sentence.contains("tls."),
                "{sentence}"
            );
        }
    }
}

/// (section, key) of every setting, from the documented example.
fn settings() -> Vec<(String, String)> {
    let (mut section, mut found) = (String::new(), Vec::new());
    for line in example().lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ")
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        {
            found.push((section.clone(), key.to_owned()));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

const ODD_VALUES: [&str; 14] = [
    "0",
    "-1",
    "1",
    "18446744073709551615",
    "9223372036854775808",
    "1.5",
    "nan",
    "true",
    "\"\"",
    "\"x\"",
    "[]",
    "[1]",
    "{}",
    "1979-05-27",
];

#[test]
fn tokens_that_were_kept_hold() {
    let good = STANDARD.decode(&token("")[2..]).unwrap();
    for kept in files(CRATE, "fuzz-corpus/tokens") {
        let text = String::from_utf8_lossy(&kept);
        assert_eq!(accepted(text.trim()), None, "{text}");
        check_token(&kept, &good);
    }
    assert_eq!(accepted(&token("")), Some(NOW + LIFE));
}

#[test]
fn settings_that_were_kept_hold() {
    files(CRATE, "fuzz-corpus/settings")
        .iter()
        .for_each(|text| check_settings(&String::from_utf8_lossy(text)));
    check_settings(&example());
}

#[test]
fn every_setting_with_an_odd_value_is_taken_or_named() {
    for (section, key) in settings() {
        for value in ODD_VALUES {
            let text = format!("[{section}]\n{key} = {value}\n");
            check_settings(&text);
            if let Err(error) = Config::from_text(&text, &[]) {
                let sentence = error.to_string();
                let named = sentence.contains(&key) || sentence.starts_with("line 2:");
                assert!(named, "{text}: {sentence}");
            }
            let name = format!("HONGYAN_{}_{}", section.to_uppercase(), key.to_uppercase());
            if let Err(error) = Config::from_text("", &[(name.clone(), value.to_owned())]) {
                let sentence = error.to_string();
                assert!(sentence.contains(&name) || sentence.contains("tls."), "{name}={value}: {sentence}");
            }
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_changed_token_says_no_more_than_it_did(
        changed in prop::sample::select(vec!["", "{\"room\":\"r1\"}"]).prop_flat_map(|payload| {
            let good = STANDARD.decode(&token(payload)[2..]).unwrap();
            (bytes_like(vec![good.clone()]), Just(good))
        }),
    ) {
        let (changed, good) = changed;
        check_token(&changed, &good);
    }

    #[test]
    fn changed_text_of_a_token_is_no_token(text in text_like(vec![token("").into_bytes()])) {
        if let Some(end) = accepted(&text) {
            // The same bytes in other letters do not exist, so this is the cipher's own looseness or the token itself.
            prop_assert_eq!(end, NOW + LIFE);
            prop_assert_eq!(text.len(), token("").len());
        }
    }

    #[test]
    fn changed_settings_are_taken_or_refused_with_a_line(
        text in text_like([files(CRATE, "fuzz-corpus/settings"), vec![example().into_bytes()]].concat()),
    ) {
        check_settings(&text);
    }
}
