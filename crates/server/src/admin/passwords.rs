//! Passwords as argon2id hashes, and tokens as SHA-256. Both are checked off the async threads or in no time.

use super::refused::{Refused, Rule};
use crate::store::TokenHash;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use axum::http::StatusCode;
use hongyan_vendors::Secret;
use rand::RngCore;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Hashes at once: each takes 19 MiB and a core for some tens of milliseconds.
const AT_ONCE_MAX: usize = 2;
/// Those that wait for it; more are told to come back.
const WAITING_MAX: usize = 16;
/// Characters of a password.
pub(super) const CHARS_MIN: usize = 12;
/// Bytes of a password.
pub(super) const BYTES_MAX: usize = 256;

/// Makes and checks hashes, a few at a time.
#[derive(Debug)]
pub(super) struct Passwords {
    at_once: Semaphore,
    places: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_once: Semaphore::new(AT_ONCE_MAX), places: Semaphore::new(AT_ONCE_MAX + WAITING_MAX) }
    }
}

impl Passwords {
    /// The PHC string of a password that keeps the rules.
    pub async fn hash(&self, password: String) -> Result<Secret, Refused> {
        if password.chars().count() < CHARS_MIN || password.len() > BYTES_MAX {
            let rule =
                format!("a password has {CHARS_MIN} characters at least and {BYTES_MAX} bytes at most");
            return Err(Refused::input("password", rule).rule(Rule::PasswordLength));
        }
        let hashed = self.run(move || hashed(&password)).await?;
        hashed.ok_or_else(|| Refused::input("password", "this password cannot be used"))
    }

    /// Whether it is the password. Without one it takes as long as with one.
    pub async fn is(&self, password: String, stored: Option<Secret>) -> Result<bool, Refused> {
        if password.len() > BYTES_MAX {
            return Ok(false);
        }
        self.run(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(nobodys);
            Argon2::default().verify_password(password.as_bytes(), stored.expose()).is_ok() && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
        let _place = self.places.try_acquire().map_err(|_| Refused::too_many(2))?;
        let _turn = self.at_once.acquire().await.map_err(|_| Refused::too_many(2))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password could not be worked on");
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the server cannot do this now")
        })
    }
}

fn hashed(password: &str) -> Option<Secret> {
    let hash = Argon2::default().hash_password(password.as_bytes()).ok()?;
    Some(Secret::new(hash.to_string()))
}

/// A hash that no password has.
fn nobodys() -> Secret {
    static NOBODYS: OnceLock<Secret> = OnceLock::new();
    let make = || hashed(&fresh_token()).unwrap_or_else(|| Secret::new(""));
    NOBODYS.get_or_init(make).clone()
}

/// A token that nobody can guess: 256 random bits in hex.
pub(super) fn fresh_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is stored of a token.
pub(super) fn token_hash(token: &str) -> TokenHash {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    hash
}

/// Shared by every route.
pub(super) type SharedPasswords = Arc<Passwords>;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_and_fits_its_password_alone() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "the algorithm changed");
        assert!(passwords.is("correct horse battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is("correct horse Battery".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is("anything at all".into(), None).await.unwrap());
        assert!(!passwords.is("x".repeat(BYTES_MAX + 1), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_keeps_the_rules() {
        let passwords = Passwords::default();
        for bad in ["", "elevenchars", &"x".repeat(BYTES_MAX + 1)] {
            assert!(passwords.hash(bad.into()).await.is_err(), "{} bytes", bad.len());
        }
        assert!(passwords.hash("十二个字的密码也是可以用的".into()).await.is_ok());
    }
}
