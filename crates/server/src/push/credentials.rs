//! Credentials ready for use: parsed once, each with its bearer token and its own connections.
//!
//! Looked up at every use; a credential that was replaced in the store is parsed anew. No key is printed.

use super::{PushLimits, Reason};
use crate::store::{Store, StoreError, StoredCredential};
use hongyan_vendors::{
    BearerCache, Carrier, Credential, CredentialError, Transport, TransportConfig, VendorKind,
};
use hongyan_wire::AppId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Whose credential: app, vendor, appType.
pub(super) type CredentialKey = (AppId, VendorKind, u8);

/// A credential with what is made from it. Dropping the last one closes its connections.
#[derive(Debug)]
pub(super) struct Ready {
    pub credential: Credential,
    pub bearer: BearerCache,
    pub transport: Transport,
    /// When it was stored, Unix time in ms: another time is another credential.
    pub stamp: u64,
}

/// Every credential in use.
pub(super) struct Credentials {
    store: Arc<dyn Store>,
    limits: PushLimits,
    carrier: Option<Arc<dyn Carrier>>,
    kept: Mutex<HashMap<CredentialKey, Kept>>,
}

struct Kept {
    source: StoredCredential,
    /// `None`: it cannot be parsed, which was logged.
    ready: Option<Arc<Ready>>,
}

impl Credentials {
    /// With a carrier, requests go there instead of into the network.
    pub fn new(store: Arc<dyn Store>, limits: PushLimits, carrier: Option<Arc<dyn Carrier>>) -> Self {
        Self { store, limits, carrier, kept: Mutex::default() }
    }

    /// The credential as the store has it now, or why there is none.
    pub async fn find(&self, key: CredentialKey) -> Result<Result<Arc<Ready>, Reason>, StoreError> {
        let stored = self.stored(key).await?;
        let mut kept = self.lock();
        let Some(source) = stored else {
            kept.remove(&key);
            return Ok(Err(Reason::NoCredential));
        };
        let known = kept.get(&key).filter(|known| same(&known.source, &source));
        let ready = match known {
            Some(known) => known.ready.clone(),
            None => {
                let ready = self.prepare(key, &source);
                kept.insert(key, Kept { source, ready: ready.clone() });
                ready
            }
        };
        Ok(ready.ok_or(Reason::BadCredential))
    }

    /// When the credential was stored, Unix time in ms; `None`: there is none.
    pub async fn stamp(&self, key: CredentialKey) -> Result<Option<u64>, StoreError> {
        Ok(self.stored(key).await?.map(|stored| stored.updated_at))
    }

    async fn stored(&self, key: CredentialKey) -> Result<Option<StoredCredential>, StoreError> {
        let stored = self.store.credentials(key.0).await?;
        Ok(stored.into_iter().find(|one| (one.vendor, one.app_type) == (key.1, key.2)))
    }

    fn prepare(
        &self,
        (app, vendor, app_type): CredentialKey,
        source: &StoredCredential,
    ) -> Option<Arc<Ready>> {
        match parse_credential(source) {
            Ok(credential) => {
                let bearer = credential.bearer_cache();
                let transport = Transport::new(self.transport_config());
                let transport = match &self.carrier {
                    Some(carrier) => transport.carried_by(carrier.clone()),
                    None => transport,
                };
                Some(Arc::new(Ready { credential, bearer, transport, stamp: source.updated_at }))
            }
            Err(error) => {
                tracing::warn!(
                    app.id = %app, %vendor, app_type, %error,
                    "a push credential cannot be used; nothing is pushed with it until it is replaced"
                );
                None
            }
        }
    }

    fn transport_config(&self) -> TransportConfig {
        TransportConfig {
            connect_timeout: self.limits.connect_timeout,
            request_timeout: self.limits.request_timeout,
            in_flight_max: self.limits.pace.concurrency_max,
            ..TransportConfig::default()
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CredentialKey, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks a credential as it is stored; tools call it before they store one.
pub fn parse_credential(source: &StoredCredential) -> Result<Credential, CredentialError> {
    Credential::parse(source.vendor, source.file.expose(), &options(source))
}

/// What the vendor's file does not say, as the vendor's adapter reads it.
fn options(source: &StoredCredential) -> String {
    match source.vendor {
        VendorKind::Harmony => {
            let mut options = serde_json::json!({ "app_type": source.app_type });
            if !source.rights.is_empty() {
                options["rights"] = serde_json::json!(source.rights);
            }
            if let Some(client_id) = &source.client_id {
                options["client_id"] = client_id.as_str().into();
            }
            if let Some(base_url) = &source.base_url {
                options["base_url"] = base_url.as_str().into();
            }
            options.to_string()
        }
        // A vendor that the adapters know and this table does not would be refused by its parser.
        _ => String::new(),
    }
}

fn same(one: &StoredCredential, other: &StoredCredential) -> bool {
    one.updated_at == other.updated_at
        && one.file == other.file
        && one.client_id == other.client_id
        && one.base_url == other.base_url
        && one.rights == other.rights
}
