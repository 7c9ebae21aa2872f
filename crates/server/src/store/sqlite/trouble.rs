//! What can go wrong below the store's methods, and what it means for the commands around it.

use crate::store::StoreError;
use rusqlite::ErrorCode;

/// A failure inside a command or a read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// SQLite said no.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// A row cannot be read, or a caller broke a promise.
    #[error("{0}")]
    Broken(String),
}

/// How far a failure reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// Only the command that caused it.
    Command,
    /// The commit it was in; the next may work.
    Commit,
    /// Every commit until the cause is gone; a probe finds out.
    UntilProbed,
    /// Every commit until a restart: what is on the disk is no longer known.
    UntilRestart,
}

impl Trouble {
    /// Whether others suffer from it.
    pub fn reach(&self) -> Reach {
        let Self::Sql(rusqlite::Error::SqliteFailure(error, _)) = self else { return Reach::Command };
        match error.code {
            ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => {
                Reach::UntilProbed
            }
            ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Reach::UntilRestart
            }
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Reach::Commit,
            _ => Reach::Command,
        }
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(format!("a stored text is not what was written: {error}"))
    }
}

impl From<hongyan_wire::Refusal> for Trouble {
    fn from(refusal: hongyan_wire::Refusal) -> Self {
        Self::Broken(format!("a stored identifier is not legal: {}", refusal.message))
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble.reach() {
            Reach::Command | Reach::Commit => Self::Backend(trouble.to_string()),
            Reach::UntilProbed | Reach::UntilRestart => Self::Refusing(trouble.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::Sql(error).into()
    }
}
