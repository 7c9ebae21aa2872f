//! The operator's key: made at the first start, readable by the owner of the data alone.

use rand::RngCore;
use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Its file in the data directory.
const FILE: &str = "operator.key";

/// A secret that tools on the same machine can read and others have to be given.
pub struct OperatorKey(String);

impl OperatorKey {
    /// Reads the key of this data directory, or makes it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn of(data: &Path) -> io::Result<Self> {
        let path = path(data);
        match fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => Ok(Self(text.trim().to_owned())),
            Ok(_) => Self::make(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(&path),
            Err(error) => Err(error),
        }
    }

    /// Reads the key that a server made; for tools.
    ///
    /// # Errors
    /// When there is none, or it may not be read.
    pub fn read(data: &Path) -> io::Result<Self> {
        Ok(Self(fs::read_to_string(path(data))?.trim().to_owned()))
    }

    fn make(path: &Path) -> io::Result<Self> {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "{key}")?;
        file.sync_all()?;
        Ok(Self(key))
    }

    /// The key as text, for tools that call the server.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is the key. Takes the same time for every wrong one of the same length.
    pub fn is(&self, shown: &str) -> bool {
        let (own, shown) = (self.0.as_bytes(), shown.as_bytes());
        own.len() == shown.len() && own.iter().zip(shown).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let key = OperatorKey::of(dir.path()).unwrap();
        assert_eq!(fs::metadata(path(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(OperatorKey::of(dir.path()).unwrap().is(key.expose()));
        let mut other = key.expose().to_owned();
        other.replace_range(..1, if other.starts_with('0') { "1" } else { "0" });
        assert!(!key.is(&other) && !key.is("") && !key.is(&key.expose()[1..]));
    }
}
