//! The house rules that a machine can check: arrows between modules, head comments, sizes, line lengths.
//!
//! Sizes are ratchets: a file or function above the limit needs an entry in `LARGE`, and an entry that is no
//! longer needed fails the test, so the list only shrinks.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const LINE_CHARS_MAX: usize = 120;
const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// (file or file:function, lines): above the limits for a reason. The list only shrinks.
const LARGE: &[(&str, usize)] = &[];

/// What each module of the server may name with `crate::`. `app` builds everything and may name all.
const ARROWS: &[(&str, &[&str])] = &[
    ("admin", &["chat", "clock", "hub", "peer", "push", "session", "store"]),
    ("calls", &["chat", "clock", "hub", "push", "store"]),
    ("chat", &["clock", "hub", "push", "store"]),
    ("clock", &[]),
    ("config", &[]),
    ("export", &["clock", "push", "store"]),
    ("gateway", &["clock", "hub", "peer", "session", "telemetry"]),
    ("hub", &[]),
    ("peer", &[]),
    ("push", &["clock", "hub", "store"]),
    ("receipts", &["clock", "push", "store"]),
    ("session", &["calls", "chat", "clock", "hub", "push", "store"]),
    ("sim", &["app", "clock", "push", "session", "store"]),
    ("store", &["clock"]),
    ("telemetry", &["export", "push", "receipts", "session"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace root exists")
}

/// Every tracked kind of source file below `folder`, as (path from the root, text).
fn sources(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    let mut open = vec![root.join(folder)];
    while let Some(path) = open.pop() {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if ["node_modules", "target", "dist", ".git", "proptest-regressions"].contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let short = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            found.push((short, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

fn all_code() -> Vec<(String, String)> {
    let mut all = sources("crates", &[".rs"]);
    all.extend(sources("sdk", &[".ts", ".ets"]));
    all.extend(sources("apps", &[".ts", ".ets"]));
    all.extend(sources("web", &[".ts", ".svelte"]));
    all
}

fn fail_on(faults: Vec<String>, what: &str) {
    assert!(faults.is_empty(), "{what}:\n  {}", faults.join("\n  "));
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    let starts = ["//!", "/**", "// ", "<!--", "/* "];
    let mut faults = Vec::new();
    for (path, text) in all_code() {
        let first = text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
        if !starts.iter().any(|start| first.starts_with(start)) && !path.contains("fixtures/") {
            faults.push(format!("{path}: {first}"));
        }
    }
    fail_on(faults, "files without a head comment");
}

#[test]
fn lines_fit_the_screen() {
    let mut faults = Vec::new();
    for (path, text) in all_code() {
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > LINE_CHARS_MAX {
                faults.push(format!("{path}:{}", number + 1));
            }
        }
    }
    fail_on(faults, "lines longer than 120 characters");
}

#[test]
fn files_and_functions_can_be_read_at_once() {
    let mut large = BTreeMap::new();
    for (path, text) in all_code() {
        let lines = text.lines().count();
        let is_generated = text.lines().next().is_some_and(|head| head.contains("Not written by hand"));
        if lines > FILE_LINES_MAX && !is_generated {
            large.insert(path.clone(), lines);
        }
        if path.ends_with(".rs") {
            for (name, lines) in functions(&text) {
                if lines > FUNCTION_LINES_MAX {
                    large.insert(format!("{path}:{name}"), lines);
                }
            }
        }
    }
    let mut faults = Vec::new();
    for (name, lines) in &large {
        let allowed = LARGE.iter().find(|(large, _)| large == name).map_or(0, |(_, most)| *most);
        if *lines > allowed {
            faults.push(format!("{name} has {lines} lines"));
        }
    }
    for (name, _) in LARGE {
        if !large.contains_key(*name) {
            faults.push(format!("{name} is small now: take it off the list"));
        }
    }
    fail_on(faults, "too large to read at once");
}

/// (name, lines) of each function of a formatted file: from `fn` to the brace at the same depth.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let is_fn = code.starts_with("fn ")
            || (code.contains(" fn ") && (code.starts_with("pub") || code.starts_with("async ")));
        if !is_fn || code.starts_with("//") || code.ends_with('}') || code.ends_with(';') {
            continue;
        }
        let indent = line.len() - code.len();
        let close = format!("{}}}", " ".repeat(indent));
        let name = code.split("fn ").nth(1).unwrap_or_default();
        let name = name.split(['(', '<']).next().unwrap_or_default().to_owned();
        if let Some(length) = lines[start..].iter().position(|line| **line == close) {
            found.push((name, length + 1));
        }
    }
    found
}

#[test]
fn modules_use_only_what_the_map_allows() {
    let mut faults = Vec::new();
    for (path, text) in sources("crates/server/src", &[".rs"]) {
        let inside = path.trim_start_matches("crates/server/src/");
        let module = inside.split(['/', '.']).next().unwrap_or_default();
        if ["lib", "app"].contains(&module) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            faults.push(format!("{path}: module {module} has no entry in the map"));
            continue;
        };
        for used in used_modules(&text) {
            if used != module && !allowed.contains(&used.as_str()) {
                faults.push(format!("{path}: {module} → {used}"));
            }
        }
    }
    fail_on(faults, "arrows that ARCHITECTURE.md does not allow");
}

/// First path segments after `crate::`, grouped imports included.
fn used_modules(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for letter in group.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => used.push(std::mem::take(&mut word)),
                    letter if depth == 0 => word.push(letter),
                    _ => {}
                }
            }
            used.push(word);
        } else {
            used.push(rest.to_owned());
        }
    }
    let first = |path: String| {
        let word: String = path.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        word
    };
    let lower = |word: &String| word.chars().next().is_some_and(char::is_lowercase);
    used.into_iter().map(first).filter(lower).collect()
}

#[test]
fn sql_lives_below_the_store_only() {
    let mut faults = Vec::new();
    for (path, text) in sources("crates", &[".rs"]) {
        let statement = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE FROM", "rusqlite::"];
        if !path.contains("/src/store/") && !path.ends_with("it/tidy.rs") {
            faults.extend(
                statement.iter().filter(|word| text.contains(**word)).map(|w| format!("{path}: {w}")),
            );
        }
    }
    fail_on(faults, "SQL outside the store");
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_switched_off() {
    let words = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")];
    let mut faults = Vec::new();
    for (path, text) in all_code() {
        faults
            .extend(words.iter().filter(|word| text.contains(**word)).map(|word| format!("{path}: {word}")));
    }
    fail_on(faults, "unfinished work or switched-off tests");
}

#[test]
fn the_map_in_architecture_names_every_arrow() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut faults = Vec::new();
    for (module, allowed) in ARROWS {
        let row =
            format!("| {module} | {} |", if allowed.is_empty() { "–".into() } else { allowed.join(", ") });
        if !text.contains(&row) {
            faults.push(row);
        }
    }
    fail_on(faults, "rows that ARCHITECTURE.md lacks");
}
