//! Inputs for fuzz tests, without a special compiler: files that were kept, and what becomes of them by a few
//! changes in their bytes or in their JSON. `FUZZ_CASES` says how many of them a test tries.
//!
//! An input that found a fault is kept as a file in `fuzz-corpus/…` of its crate; the same tests read it first.

// Each test that includes this file uses a part of it.
#![allow(dead_code)]

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

/// Tried when `FUZZ_CASES` does not say.
const CASES: u32 = 512;

/// How a fuzz test runs. What fails belongs into the corpus, not into a file of seeds.
pub fn config() -> ProptestConfig {
    let cases = std::env::var("FUZZ_CASES").ok().map(|text| text.parse().expect("FUZZ_CASES is a number"));
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

/// Every file of a folder of a crate, in the order of their names; a file of hex digits (`.hex`) as its bytes.
pub fn files(crate_dir: &str, folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(crate_dir).join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    let read = |path: &std::path::PathBuf| {
        let bytes = fs::read(path).unwrap();
        if path.extension().is_some_and(|ending| ending == "hex") { from_hex(&bytes) } else { bytes }
    };
    paths.iter().map(read).collect()
}

fn from_hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks_exact(2).map(pair).collect()
}

/// One change of bytes.
#[derive(Clone, Debug)]
enum Edit {
    Flip(Index, u8),
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    CutOff(Index),
}

fn edits() -> impl Strategy<Value = Edit> {
    let words: Vec<&[u8]> =
        vec![b"\"", b"\\", b"{", b"}", b"[", b"]", b":", b",", b"null", b"-1", b"1e999", b"\\u0000", b"\xff"];
    let word = prop::sample::select(words).prop_map(<[u8]>::to_vec);
    prop_oneof![
        (any::<Index>(), 0u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), word).prop_map(|(at, word)| Edit::Insert(at, word)),
        (any::<Index>(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1usize..20).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), 1usize..40).prop_map(|(at, count)| Edit::Repeat(at, count)),
        any::<Index>().prop_map(Edit::CutOff),
    ]
}

fn edit(bytes: &mut Vec<u8>, edit: Edit) {
    let (Edit::Flip(at, _)
    | Edit::Replace(at, _)
    | Edit::Insert(at, _)
    | Edit::Remove(at, _)
    | Edit::Repeat(at, _)
    | Edit::CutOff(at)) = &edit;
    let at = at.index(bytes.len() + 1);
    match edit {
        Edit::Flip(_, bit) => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << bit),
        Edit::Replace(_, new) => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = new),
        Edit::Insert(_, more) => drop(bytes.splice(at..at, more)),
        Edit::Remove(_, count) => drop(bytes.drain(at..(at + count).min(bytes.len()))),
        Edit::Repeat(_, count) => {
            let again = bytes[at..(at + count).min(bytes.len())].to_vec();
            bytes.splice(at..at, again);
        }
        Edit::CutOff(_) => bytes.truncate(at),
    }
}

/// Bytes of all kinds: anything at all, or one of these after a few changes.
pub fn bytes_like(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changed = (prop::sample::select(seeds), vec(edits(), 0..6)).prop_map(|(mut bytes, edits)| {
        edits.into_iter().for_each(|one| edit(&mut bytes, one));
        bytes
    });
    prop_oneof![1 => vec(any::<u8>(), 0..300), 9 => changed]
}

/// The same as text; what is no UTF-8 is replaced.
pub fn text_like(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = String> {
    bytes_like(seeds).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// JSON values that a reader may not expect.
fn odd_value() -> impl Strategy<Value = Value> {
    let deep = (0..100).fold(json!(0), |inner, _| json!([inner]));
    let odd = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(256),
        json!(1.5),
        json!(1e300),
        json!(9_007_199_254_740_993u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("x"),
        json!("0"),
        json!("18446744073709551616"),
        json!("\u{0}"),
        json!("雁\u{200d}🦢"),
        json!("x".repeat(70_000)),
        json!("é".repeat(33)),
        json!([]),
        json!({}),
        json!([[], {}]),
        json!({"": null}),
        deep,
        Value::Array(vec![json!("x"); 200]),
    ];
    prop::sample::select(odd)
}

/// One change of a JSON document, at the node that the index picks.
#[derive(Clone, Debug)]
enum Change {
    Replace(Index, Value),
    Drop(Index, Index),
    Add(Index, String, Value),
    Swap(Index, Index),
}

fn changes() -> impl Strategy<Value = Change> {
    let names = ["x", "", "id", "method", "params", "type", "message", "code", "msg", "token", "statuses"];
    let name = prop::sample::select(names.to_vec()).prop_map(str::to_owned);
    prop_oneof![
        4 => (any::<Index>(), odd_value()).prop_map(|(at, value)| Change::Replace(at, value)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(at, child)| Change::Drop(at, child)),
        1 => (any::<Index>(), name, odd_value()).prop_map(|(at, name, value)| Change::Add(at, name, value)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Swap(from, to)),
    ]
}

/// JSON text: one of these documents after a few changes of its values.
pub fn json_like(seeds: Vec<Value>) -> impl Strategy<Value = String> {
    (prop::sample::select(seeds), vec(changes(), 0..4)).prop_map(|(mut document, changes)| {
        changes.into_iter().for_each(|one| change(&mut document, one));
        document.to_string()
    })
}

/// The documents among these texts.
pub fn documents(texts: &[Vec<u8>]) -> Vec<Value> {
    texts.iter().filter_map(|text| serde_json::from_slice(text).ok()).collect()
}

fn change(document: &mut Value, change: Change) {
    let count = nodes(document);
    match change {
        Change::Replace(at, value) => at_node(document, at.index(count), &mut |node| *node = value.clone()),
        Change::Drop(at, child) => at_node(document, at.index(count), &mut |node| match node {
            Value::Object(map) if !map.is_empty() => {
                let key = map.keys().nth(child.index(map.len())).cloned();
                drop(key.map(|key| map.remove(&key)));
            }
            Value::Array(list) if !list.is_empty() => drop(list.remove(child.index(list.len()))),
            other => *other = Value::Null,
        }),
        Change::Add(at, name, value) => at_node(document, at.index(count), &mut |node| match node {
            Value::Object(map) => drop(map.insert(name.clone(), value.clone())),
            Value::Array(list) => list.push(value.clone()),
            other => *other = Value::Object(Map::from_iter([(name.clone(), other.take())])),
        }),
        Change::Swap(from, to) => {
            let mut taken = Value::Null;
            at_node(document, from.index(count), &mut |node| taken = node.clone());
            at_node(document, to.index(count), &mut |node| *node = taken.clone());
        }
    }
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum::<usize>(),
        _ => 0,
    }
}

/// Calls `act` with the node of this number, counted from the root.
fn at_node(value: &mut Value, number: usize, act: &mut dyn FnMut(&mut Value)) {
    if number == 0 {
        return act(value);
    }
    let mut left = number - 1;
    let children: Vec<&mut Value> = match value {
        Value::Array(list) => list.iter_mut().collect(),
        Value::Object(map) => map.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        let inside = nodes(child);
        if left < inside {
            return at_node(child, left, act);
        }
        left -= inside;
    }
}
