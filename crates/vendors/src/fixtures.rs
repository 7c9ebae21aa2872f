//! Reads every fixture of a folder, so that a test cannot forget one.

use std::path::PathBuf;

use serde::de::DeserializeOwned;

/// All fixtures of `fixtures/<folder>`, with their names, in order. Panics on what cannot be read.
pub(crate) fn all<T: DeserializeOwned>(folder: &str) -> Vec<(String, T)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut found: Vec<(String, T)> = std::fs::read_dir(path)
        .expect("the folder exists")
        .map(|entry| {
            let path = entry.expect("readable").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("readable");
            let fixture = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, fixture)
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(!found.is_empty(), "no fixture in {folder}");
    found
}
