//! How connections are set up, and migrations: numbered SQL files, each applied once in a transaction of
//! its own.

use super::{directory::Directory, trouble::Trouble};
use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, config::DbConfig, params};
use std::time::Duration;

/// Longest wait for another connection's write lock (a tool's short transaction, a checkpoint).
const BUSY_MAX: Duration = Duration::from_secs(5);
/// Between two tries. SQLite's own handler waits longer each time, and a commit would sleep long after the lock is
/// free.
const BUSY_LOOK: Duration = Duration::from_millis(1);
const STATEMENTS_KEPT: usize = 96;
/// Page cache of connections that are not the server's writer.
const SMALL_CACHE_BYTES: usize = 8 * 1024 * 1024;

struct Migration {
    version: u32,
    name: &'static str,
    sql: &'static str,
}

/// In order. A released migration is never edited; its checksum is kept.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "spine", sql: include_str!("migrations/0001_spine.sql") },
    Migration { version: 2, name: "taking back", sql: include_str!("migrations/0002_taking_back.sql") },
    Migration { version: 3, name: "alarms", sql: include_str!("migrations/0003_alarms.sql") },
    Migration { version: 4, name: "receipts", sql: include_str!("migrations/0004_receipts.sql") },
    Migration { version: 5, name: "calls", sql: include_str!("migrations/0005_calls.sql") },
    Migration { version: 6, name: "console", sql: include_str!("migrations/0006_console.sql") },
];

/// Opens a connection that writes.
pub(super) fn open_writing(directory: &Directory, cache_bytes: usize) -> Result<Connection, StoreError> {
    let connection = open(directory, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Backend(format!("the file system allows no write-ahead log (mode {mode})")));
    }
    // FULL syncs the log at every commit: an acknowledged write survives a power loss.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    connection.pragma_update(None, "cache_size", -((cache_bytes / 1024) as i64))?;
    Ok(connection)
}

/// Opens a connection for the command line: small cache, waits for the server's commits.
pub(super) fn open_small(directory: &Directory) -> Result<Connection, StoreError> {
    open_writing(directory, SMALL_CACHE_BYTES)
}

/// Opens a connection that only reads.
pub(super) fn open_reading(directory: &Directory) -> Result<Connection, StoreError> {
    let connection = open(directory, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "cache_size", -((SMALL_CACHE_BYTES / 1024) as i64))?;
    Ok(connection)
}

fn open(directory: &Directory, access: OpenFlags) -> Result<Connection, StoreError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(directory.database(), flags)?;
    connection.busy_handler(Some(wait_for_lock))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Otherwise a new value for a parameter may let the planner think again, and a kept statement is compiled at
    // each use: a fifth of the processor time of a push.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Waits a moment for a lock; `false` when it was long enough.
fn wait_for_lock(tries: i32) -> bool {
    let look_again = (tries as u128) < BUSY_MAX.as_millis() / BUSY_LOOK.as_millis();
    if look_again {
        std::thread::sleep(BUSY_LOOK);
    }
    look_again
}

/// Brings the file up to this program's schema. Refuses a file of a newer program, and one whose applied
/// migrations are not this program's.
pub(super) fn migrate(connection: &mut Connection, now_ms: u64) -> Result<(), StoreError> {
    apply(connection, MIGRATIONS, now_ms)
}

/// Whether the file has exactly this program's schema; for tools beside a running server, which may not
/// migrate.
pub(super) fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    Ok(version(connection)? == newest(MIGRATIONS))
}

fn apply(connection: &mut Connection, migrations: &[Migration], now_ms: u64) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER
                  NOT NULL
         ) STRICT",
    )?;
    let found = version(connection)?;
    if found > newest(migrations) {
        return Err(StoreError::TooNew { found, known: newest(migrations) });
    }
    for migration in migrations {
        apply_one(connection, migration, now_ms)
            .map_err(|error| StoreError::Backend(format!("migration {}: {error}", migration.version)))?;
    }
    Ok(())
}

fn apply_one(connection: &mut Connection, migration: &Migration, now_ms: u64) -> Result<(), Trouble> {
    let checksum = checksum(migration.sql);
    // The lock comes before the look: two programs that start at once must not both apply it.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let applied: Option<String> = transaction
        .query_row("SELECT checksum FROM migrations WHERE version = ?1", [migration.version], |row| {
            row.get(0)
        })
        .optional()?;
    match applied {
        Some(applied) if applied == checksum => return Ok(()),
        Some(_) => return Err(Trouble::Broken("was applied with another text".to_owned())),
        None => {}
    }
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![migration.version, migration.name, checksum, now_ms as i64],
    )?;
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreError> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'";
    if connection.query_row(table, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(0);
    }
    Ok(connection.query_row("SELECT coalesce(max(version), 0) FROM migrations", [], |row| row.get(0))?)
}

fn newest(migrations: &[Migration]) -> u32 {
    migrations.last().map_or(0, |migration| migration.version)
}

fn checksum(sql: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, sql.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Migration = Migration { version: 1, name: "one", sql: "CREATE TABLE one (a INTEGER) STRICT;" };
    const TWO: Migration = Migration {
        version: 2,
        name: "two",
        sql: "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO one VALUES (1); INSERT INTO two VALUES ('x');",
    };

    fn tables(connection: &Connection) -> i64 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('one', 'two')";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_migrations_are_numbered_without_gaps() {
        for (place, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version as usize, place + 1);
        }
    }

    #[test]
    fn each_is_applied_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[ONE], 1).unwrap();
        apply(&mut connection, &[ONE], 2).unwrap();
        assert_eq!(version(&connection).unwrap(), 1);
    }

    #[test]
    fn one_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert!(apply(&mut connection, &[ONE, TWO], 1).is_err());
        assert_eq!((version(&connection).unwrap(), tables(&connection)), (1, 1));
    }

    #[test]
    fn a_file_of_a_newer_program_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[ONE], 1).unwrap();
        connection.execute("INSERT INTO migrations VALUES (9, 'later', '', 1)", []).unwrap();
        let refused = apply(&mut connection, &[ONE], 1);
        assert!(matches!(refused, Err(StoreError::TooNew { found: 9, known: 1 })), "{refused:?}");
    }

    #[test]
    fn an_edited_migration_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection, &[ONE], 1).unwrap();
        let edited = Migration { sql: "CREATE TABLE other (a INTEGER) STRICT;", ..ONE };
        let refused = apply(&mut connection, &[edited], 1).unwrap_err().to_string();
        assert!(refused.contains("another text"), "{refused}");
    }
}
