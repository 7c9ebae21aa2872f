//! TLS in the program itself: certificate and key from PEM files, read again when they change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};
use tokio_util::sync::CancellationToken;

/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read.
    #[error("cannot read {0}: {1}")]
    File(PathBuf, io::Error),
    /// A file holds no certificate or key.
    #[error("{0} is not a PEM file of the right kind: {1}")]
    Pem(PathBuf, rustls::pki_types::pem::Error),
    /// Certificate and key do not fit, or are not allowed.
    #[error("the certificate and its key cannot be used: {0}")]
    Pair(#[from] rustls::Error),
}

/// The pair in use.
pub struct TlsKeys {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

impl TlsKeys {
    /// Reads a certificate chain and its private key.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsFault> {
        let config = RwLock::new(read_pair(cert, key)?);
        Ok(Self { cert: cert.to_owned(), key: key.to_owned(), config })
    }

    /// For one connection, with the pair in use now.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }

    /// When either file changed last; `None` while one is missing.
    fn changed_at(&self) -> Option<(SystemTime, SystemTime)> {
        let time = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        Some((time(&self.cert)?, time(&self.key)?))
    }

    /// Reads the files again if they changed since `seen`.
    fn look(&self, seen: &mut Option<(SystemTime, SystemTime)>) {
        let now = self.changed_at();
        if now.is_some() && now != *seen {
            *seen = now;
            self.reload();
        }
    }

    fn reload(&self) {
        match read_pair(&self.cert, &self.key) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
                tracing::info!(cert = %self.cert.display(), "the TLS certificate was read again");
            }
            Err(fault) => tracing::warn!(%fault, "the changed TLS files cannot be used; the old pair stays"),
        }
    }
}

/// Looks at the files until told to stop, and takes up a changed pair.
pub async fn watch(keys: Arc<TlsKeys>, stopping: CancellationToken) {
    let mut seen = keys.changed_at();
    while stopping.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        keys.look(&mut seen);
    }
}

fn read_pair(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsFault> {
    let read = |path: &Path| fs::read(path).map_err(|error| TlsFault::File(path.to_owned(), error));
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsFault::Pem(path, error)
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(cert)?).collect();
    let chain = chain.map_err(pem(cert))?;
    let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(pem(key))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, seconds: u64, cert: &str, key: &str) {
        for (name, text) in [("cert.pem", cert), ("key.pem", key)] {
            fs::write(dir.join(name), text).unwrap();
            let file = fs::File::options().append(true).open(dir.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
    }

    fn pair() -> (String, String) {
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        (pair.cert.pem(), pair.signing_key.serialize_pem())
    }

    #[test]
    fn a_changed_pair_is_taken_up_and_a_bad_one_is_not() {
        let dir = tempfile::TempDir::new().unwrap();
        let ((cert, key), (next_cert, next_key)) = (pair(), pair());
        write(dir.path(), 1, &cert, &key);
        let keys = TlsKeys::load(&dir.path().join("cert.pem"), &dir.path().join("key.pem")).unwrap();
        let in_use = || Arc::as_ptr(&*keys.config.read().unwrap());
        let (first, mut seen) = (in_use(), keys.changed_at());
        keys.look(&mut seen);
        assert_eq!(in_use(), first, "nothing changed");
        write(dir.path(), 2, &next_cert, &key);
        keys.look(&mut seen);
        assert_eq!(in_use(), first, "the new key has not come yet");
        fs::remove_file(dir.path().join("key.pem")).unwrap();
        keys.look(&mut seen);
        write(dir.path(), 3, &next_cert, &next_key);
        keys.look(&mut seen);
        assert_ne!(in_use(), first);
    }
}
