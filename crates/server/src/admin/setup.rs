//! One-time links: for the first administrator, for a new one, and for one that forgot its password.

use super::passwords::{fresh_token, token_hash};
use crate::store::{AdministratorStore, StoreError};
use hongyan_vendors::Secret;

/// How long a link can be used.
const LIFE_MS: u64 = 24 * 3_600_000;

/// A link, shown once.
#[derive(Debug)]
pub struct Invitation {
    /// What proves it.
    pub token: Secret,
    /// Unix time in ms.
    pub expires_at: u64,
}

impl Invitation {
    /// Where the console takes it. What follows `#` is sent to no server and stands in no log.
    pub fn path(&self) -> String {
        format!("/console/#/setup/{}", self.token.expose())
    }
}

/// A link for the first administrator, in place of an earlier one; `None` when there is one already.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn first_link<S: AdministratorStore + ?Sized>(
    store: &S,
    now_ms: u64,
) -> Result<Option<Invitation>, StoreError> {
    match store.administrators().await?.is_empty() {
        true => Ok(Some(invite(store, None, now_ms).await?)),
        false => Ok(None),
    }
}

/// A link by which an administrator sets its password, in place of an earlier one.
///
/// # Errors
/// When the store cannot be written.
pub async fn invite<S: AdministratorStore + ?Sized>(
    store: &S,
    administrator: Option<u64>,
    now_ms: u64,
) -> Result<Invitation, StoreError> {
    let (token, expires_at) = (fresh_token(), now_ms + LIFE_MS);
    store.put_link(token_hash(&token), administrator, expires_at).await?;
    Ok(Invitation { token: Secret::new(token), expires_at })
}
