//! Push credentials at rest are sealed with AES-256-GCM under a key that is not in the data file.
//!
//! A sealed text is bound to its place, so that one row's secret cannot be put into another's. The key is given by
//! the operator, or made beside the data at the first start.

use super::{
    columns,
    directory::{Directory, private, trouble},
    options::KeySource,
    trouble::Trouble,
};
use crate::store::StoreError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use rusqlite::{Connection, TransactionBehavior, params};
use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How a sealed text begins.
const MARK: &str = "s1:";
const KEY_BYTES: usize = 32;

/// Seals and opens. Cheap to clone; `Debug` shows nothing.
#[derive(Clone)]
pub(super) struct Sealer(Arc<RandomizedNonceKey>);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// Takes the key from where it is said to be; beside the data it is made when it is missing.
    pub fn load(directory: &Directory, source: &KeySource) -> Result<Self, StoreError> {
        match source {
            KeySource::Given(key) => Self::new(key.expose(), "the key that was given"),
            KeySource::File(path) => {
                let text =
                    fs::read_to_string(path).map_err(|error| trouble("read the key in", path, &error))?;
                Self::new(&text, &path.display().to_string())
            }
            KeySource::Beside => Self::beside(&directory.seal_key()),
        }
    }

    fn beside(path: &Path) -> Result<Self, StoreError> {
        match fs::read_to_string(path) {
            Ok(text) => Self::new(&text, &path.display().to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = make(path).map_err(|error| trouble("make the key in", path, &error))?;
                tracing::info!(
                    path = %path.display(),
                    "made a key for the push credentials; keep a copy of it apart from backups of the data"
                );
                Self::new(&text, &path.display().to_string())
            }
            Err(error) => Err(trouble("read the key in", path, &error)),
        }
    }

    fn new(text: &str, what: &str) -> Result<Self, StoreError> {
        let key = hex_bytes(text.trim()).and_then(|key| RandomizedNonceKey::new(&AES_256_GCM, &key).ok());
        let key = key.ok_or_else(|| {
            StoreError::Backend(format!("{what} is no key: it must be 64 hex digits (openssl rand -hex 32)"))
        })?;
        Ok(Self(Arc::new(key)))
    }

    /// Seals a text for its place.
    pub fn seal(&self, place: &Place, plain: &str) -> Result<String, Trouble> {
        let mut bytes = plain.as_bytes().to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(place.0.as_bytes()), &mut bytes);
        let nonce = nonce.map_err(|_| Trouble::Broken("a secret could not be sealed".to_owned()))?;
        let mut whole = nonce.as_ref().to_vec();
        whole.extend(bytes);
        Ok(format!("{MARK}{}", STANDARD.encode(whole)))
    }

    /// Opens a text of this place; `None` when it was sealed with another key or for another place. A text that is
    /// not sealed is given as it is.
    pub fn open(&self, place: &Place, text: &str) -> Option<String> {
        let Some(sealed) = text.strip_prefix(MARK) else { return Some(text.to_owned()) };
        let mut bytes = STANDARD.decode(sealed).ok()?;
        let nonce = Nonce::try_assume_unique_for_key(bytes.get(..NONCE_LEN)?).ok()?;
        let plain =
            self.0.open_in_place(nonce, Aad::from(place.0.as_bytes()), &mut bytes[NONCE_LEN..]).ok()?;
        String::from_utf8(plain.to_vec()).ok()
    }
}

/// Where a sealed text stands.
pub(super) struct Place(String);

impl Place {
    /// A column of a credential's row.
    pub fn of_credential(app: u32, vendor: &str, app_type: u8, column: &str) -> Self {
        Self(format!("{app}/{vendor}/{app_type}/{column}"))
    }
}

fn hex_bytes(text: &str) -> Option<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    if text.len() != 2 * KEY_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(key)
}

fn make(path: &Path) -> io::Result<String> {
    let mut bytes = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = private(fs::OpenOptions::new().create_new(true).write(true)).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    Ok(text)
}

impl Directory {
    /// The key file beside the data.
    fn seal_key(&self) -> PathBuf {
        self.file("credentials.key")
    }
}

struct Row {
    app: u32,
    vendor: String,
    app_type: u8,
    file: String,
    callback: Option<String>,
}

fn rows(sql: &Connection) -> Result<Vec<Row>, Trouble> {
    let query = "SELECT app, vendor, app_type, file, callback_secret FROM credentials";
    columns::all(sql, query, [], |row| {
        Ok(Row {
            app: row.get(0)?,
            vendor: row.get(1)?,
            app_type: row.get(2)?,
            file: row.get(3)?,
            callback: row.get(4)?,
        })
    })
}

/// Seals what an older program left open, and makes sure that everything sealed can be opened.
pub(super) fn adopt(sql: &mut Connection, sealer: &Sealer) -> Result<(), StoreError> {
    let is_open = |row: &Row| {
        !row.file.starts_with(MARK) || row.callback.as_ref().is_some_and(|text| !text.starts_with(MARK))
    };
    let rows = rows(sql)?;
    let any_open = rows.iter().any(is_open);
    if any_open {
        // What was readable must not stay behind in free space.
        sql.execute_batch("PRAGMA secure_delete = ON")?;
    }
    let transaction = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for row in &rows {
        let place = |column| Place::of_credential(row.app, &row.vendor, row.app_type, column);
        let file = sealer.open(&place("file"), &row.file);
        let callback =
            row.callback.as_ref().map(|text| sealer.open(&place("callback"), text)).unwrap_or_default();
        let Some(file) = file.filter(|_| row.callback.is_some() == callback.is_some()) else {
            return Err(other_key(row));
        };
        if is_open(row) {
            let callback = callback.map(|text| sealer.seal(&place("callback"), &text)).transpose()?;
            let update = "UPDATE credentials SET file = ?4, callback_secret = ?5
                 WHERE app = ?1 AND vendor = ?2 AND app_type = ?3";
            let file = sealer.seal(&place("file"), &file)?;
            transaction.execute(update, params![row.app, row.vendor, row.app_type, file, callback])?;
        }
    }
    transaction.commit()?;
    if any_open {
        sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        sql.execute_batch("PRAGMA secure_delete = OFF")?;
    }
    Ok(())
}

fn other_key(row: &Row) -> StoreError {
    let Row { app, vendor, app_type, .. } = row;
    StoreError::Backend(format!(
        "the {vendor} credential of app {app} (appType {app_type}) was sealed with another key: put that key back \
         (credentials.key in the data directory, or store.key_file), or set or remove the credential with \
         hongyan push credential"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(&key.repeat(32), "a test").unwrap()
    }

    fn place(app: u32) -> Place {
        Place::of_credential(app, "harmony", 1, "file")
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_with_its_key_alone() {
        let (one, other) = (sealer("0a"), sealer("0b"));
        let sealed = one.seal(&place(7), "a secret").unwrap();
        assert!(!sealed.contains("secret") && sealed != one.seal(&place(7), "a secret").unwrap());
        assert_eq!(one.open(&place(7), &sealed).as_deref(), Some("a secret"));
        assert_eq!(one.open(&place(8), &sealed), None, "another row");
        assert_eq!(other.open(&place(7), &sealed), None, "another key");
        let mut damaged = sealed.clone();
        damaged.replace_range(20..21, if &sealed[20..21] == "A" { "B" } else { "A" });
        assert_eq!(one.open(&place(7), &damaged), None);
        for short in ["s1:", "s1:AAAA", "s1:***"] {
            assert_eq!(one.open(&place(7), short), None, "{short}");
        }
    }

    #[test]
    fn a_key_is_sixty_four_hex_digits() {
        for bad in ["", "0a", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(Sealer::new(bad, "a test").is_err(), "{bad}");
        }
    }
}
