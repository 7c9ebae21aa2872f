//! Copies of the whole store while it is in use: consistent, complete, and ready to be started on.

use super::{
    directory::{Directory, private, trouble},
    schema,
};
use crate::store::StoreError;
use rusqlite::{Connection, backup};
use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

/// Copies the database into a new file. Reads one moment of it; writers go on meanwhile. An existing file is
/// not overwritten, and a copy that was broken off leaves nothing under the name asked for.
pub(super) fn copy(directory: &Directory, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Backend(format!("{} exists already; name a new file", to.display())));
    }
    let part = part_of(to);
    let copied = copy_into(directory, &part).and_then(|()| publish(&part, to));
    if copied.is_err() {
        // What is left of it is of no use; that it may not go away changes nothing.
        let _ = std::fs::remove_file(&part);
    }
    copied
}

fn part_of(to: &Path) -> PathBuf {
    let mut name = OsString::from(to.as_os_str());
    name.push(".part");
    PathBuf::from(name)
}

fn copy_into(directory: &Directory, part: &Path) -> Result<(), StoreError> {
    private(OpenOptions::new().create_new(true).write(true))
        .open(part)
        .map_err(|error| trouble("create", part, &error))?;
    let from = schema::open_reading(directory)?;
    let mut into = Connection::open(part)?;
    into.execute_batch("PRAGMA synchronous = FULL")?;
    let steps = backup::Backup::new(&from, &mut into)?;
    // All pages in one step: in portions, every commit in between would make it begin anew.
    match steps.step(-1)? {
        backup::StepResult::Done => Ok(()),
        other => Err(StoreError::Backend(format!("the copy stopped early: {other:?}"))),
    }
}

fn publish(part: &Path, to: &Path) -> Result<(), StoreError> {
    let sync = |path: &Path| File::open(path).and_then(|file| file.sync_all());
    sync(part).map_err(|error| trouble("sync", part, &error))?;
    std::fs::rename(part, to).map_err(|error| trouble("rename", part, &error))?;
    match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => sync(parent).map_err(|error| trouble("sync", parent, &error)),
        None => Ok(()),
    }
}
