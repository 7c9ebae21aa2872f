//! The data directory: who may read it, and the lock by which one server at a time owns it.

use crate::store::StoreError;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

const FILE_NAME: &str = "hongyan.db";
const LOCK_NAME: &str = "hongyan.lock";

/// The data directory, made when it is missing: 0700, its database 0600.
#[derive(Clone, Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub fn prepare(path: &Path) -> Result<Self, StoreError> {
        let directory = Self(path.to_owned());
        if !path.is_dir() {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(path).map_err(|error| trouble("create the directory", path, &error))?;
        }
        let database = directory.database();
        private(OpenOptions::new().create(true).append(true))
            .open(&database)
            .map_err(|error| trouble("open", &database, &error))?;
        Ok(directory)
    }

    pub fn database(&self) -> PathBuf {
        self.0.join(FILE_NAME)
    }

    /// Another file beside the database.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// SQLite's write-ahead log.
    pub fn wal(&self) -> PathBuf {
        self.0.join(format!("{FILE_NAME}-wal"))
    }

    /// Takes the lock, or `None` when another process holds it. The system frees it with the file, also after
    /// a crash.
    pub fn try_lock(&self) -> Result<Option<File>, StoreError> {
        let path = self.0.join(LOCK_NAME);
        let file = private(OpenOptions::new().create(true).append(true))
            .open(&path)
            .map_err(|error| trouble("open", &path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(trouble("lock", &path, &error)),
        }
    }

    /// The refusal for a server that finds the lock taken.
    pub fn taken(&self) -> StoreError {
        StoreError::Backend(format!(
            "another server runs on {}; stop it, or choose another data directory",
            self.0.display()
        ))
    }
}

/// Files that only their owner can read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A file operation that failed, as the operator needs it.
pub(super) fn trouble(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Backend(format!("cannot {what} {}: {error}", path.display()))
}
