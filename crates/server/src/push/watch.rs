//! Whether people have acted on a paused credential: replaced it, or ended its alarm by hand, perhaps from
//! another process. And which credentials were paused when the program ended.

use super::{alarms::AlarmKind, attempt::Outbound, credentials::CredentialKey};
use crate::store::StoreError;

/// When each of the credentials that were asked for was stored; `None` for one that is gone.
pub(super) type Watched = Result<Vec<(CredentialKey, Option<u64>)>, StoreError>;

/// Reads what people may have changed. The board of alarms heeds what it finds.
pub(super) async fn look(outbound: &Outbound, paused: Vec<CredentialKey>) -> Watched {
    outbound.alarms.heed(outbound.store.alarms().await?);
    let mut stamps = Vec::with_capacity(paused.len());
    for key in paused {
        stamps.push((key, outbound.credentials.stamp(key).await?));
    }
    Ok(stamps)
}

/// Fills the board of alarms; gives the credentials that are paused still as (credential, since, stored at).
pub(super) async fn paused_before(outbound: &Outbound) -> Result<Vec<(CredentialKey, u64, u64)>, StoreError> {
    let Outbound { store, alarms, credentials, clock, .. } = outbound;
    alarms.heed(store.alarms().await?);
    let mut paused = Vec::new();
    for (key, pause) in alarms.pauses() {
        match credentials.stamp(key).await? {
            Some(stamp) if stamp <= pause.last_at => paused.push((key, pause.since, stamp)),
            _ => alarms.clear(key, &AlarmKind::ENDED_BY_REPLACING, clock.now_ms()),
        }
    }
    Ok(paused)
}
