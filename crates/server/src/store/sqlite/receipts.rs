//! Receipts, as rows. The device of a receipt is looked up beside the writer, which only writes.

use super::{
    SqliteStore,
    coalesced::Coalesced,
    columns::{self, int, number},
    command::Work,
    dispatches,
    trouble::Trouble,
    users::{self, Condition},
};
use crate::store::{
    NewReceipt, ReceiptBatch, ReceiptEffect, ReceiptFate, ReceiptStore, StoreError, StoredReceipt, Target,
    receipts::RECEIPTS_PER_DEVICE_MAX, time_of_id,
};
use hongyan_wire::{DeviceId, PushId, UserId};
use rusqlite::{Connection, params};
use std::collections::{HashMap, hash_map::Entry};

/// A dispatch that a receipt may be about.
struct Sent {
    dispatch: u64,
    targets: HashMap<PushId, Target>,
    /// (the vendor's name for the request, when it was sent), in order.
    attempts: Vec<(Option<String>, u64)>,
    /// For answers that were lost: nothing was sent before.
    planned_at: u64,
}

/// The device that a receipt is about.
struct Found {
    dispatch: u64,
    push_id: PushId,
    user: UserId,
    device: Option<DeviceId>,
    /// Unix time in ms of the request.
    sent_at: u64,
}

impl Sent {
    /// When the request of this name was sent. The answer with the name may be lost, or not be written yet:
    /// then the earliest time that is possible, so that no newer registration is undone.
    fn at(&self, request_id: &str) -> u64 {
        let named = self.attempts.iter().find(|(name, _)| name.as_deref() == Some(request_id));
        named.or(self.attempts.first()).map_or(self.planned_at, |(_, at)| *at)
    }

    fn made(&self, request_id: &str) -> bool {
        self.attempts.iter().any(|(name, _)| name.as_deref() == Some(request_id))
    }
}

/// Every request of this batch's credential that was made for an intent.
fn sent_for(sql: &Connection, batch: &ReceiptBatch, intent: u64) -> Result<Vec<Sent>, Trouble> {
    let mut all = Vec::new();
    for dispatch in dispatches::of_intent(sql, intent)? {
        let request = dispatch.request;
        let own =
            (request.app, request.vendor, request.app_type) == (batch.app, batch.vendor, batch.app_type);
        // Nobody reports about notices that were taken back.
        if !own || request.purpose.takes_back() {
            continue;
        }
        let targets = request.targets.into_iter().chain(dispatch.ended.into_iter().map(|(target, _)| target));
        let attempts = dispatches::attempts(sql, request.id)?.into_iter();
        all.push(Sent {
            dispatch: request.id,
            targets: targets.filter_map(|target| Some((target.push_id.clone()?, target))).collect(),
            attempts: attempts.map(|attempt| (attempt.request_id, attempt.at)).collect(),
            planned_at: time_of_id(request.id),
        });
    }
    Ok(all)
}

/// Finds the device of each receipt; an intent's requests are read once for all of them.
fn find_all(sql: &Connection, batch: &ReceiptBatch) -> Result<Vec<Result<Found, ReceiptFate>>, Trouble> {
    let mut known: HashMap<u64, Vec<Sent>> = HashMap::new();
    let mut found = Vec::with_capacity(batch.receipts.len());
    for receipt in &batch.receipts {
        let Some(push_id) = users::push_id_of(sql, batch, receipt.token.expose())? else {
            found.push(Err(ReceiptFate::UnknownToken));
            continue;
        };
        let sent = match known.entry(receipt.intent) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(sent_for(sql, batch, receipt.intent)?),
        };
        found.push(pick(sent, push_id, receipt).ok_or(ReceiptFate::UnknownMessage));
    }
    Ok(found)
}

/// The request with this name, else the last one that went to this device.
fn pick(sent: &[Sent], push_id: PushId, receipt: &NewReceipt) -> Option<Found> {
    let mine = || sent.iter().rev().filter(|one| one.targets.contains_key(&push_id));
    let one = mine().find(|one| one.made(&receipt.request_id)).or_else(|| mine().next())?;
    let target = one.targets[&push_id].clone();
    Some(Found {
        dispatch: one.dispatch,
        push_id,
        user: target.user,
        device: target.device,
        sent_at: one.at(&receipt.request_id),
    })
}

/// Keeps a receipt; `false` when it was here already. The dispatch may have been forgotten meanwhile.
fn keep(sql: &Connection, found: &Found, receipt: &NewReceipt, now_ms: u64) -> Result<bool, Trouble> {
    let kept = columns::run(
        sql,
        "INSERT OR IGNORE INTO receipts (dispatch, push_id, request_id, result, at, received_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE EXISTS (SELECT 1 FROM dispatches WHERE id = ?1)
             AND (SELECT count(*) FROM receipts WHERE dispatch = ?1 AND push_id = ?2) < ?7",
        params![
            int(found.dispatch),
            found.push_id.as_str(),
            receipt.request_id,
            receipt.result,
            int(receipt.at),
            int(now_ms),
            int(RECEIPTS_PER_DEVICE_MAX as u64),
        ],
    )?;
    Ok(kept == 1)
}

fn apply(
    work: &mut Work<'_, '_>,
    logins: &Coalesced,
    batch: &ReceiptBatch,
    found: &Found,
    effect: &ReceiptEffect,
) -> Result<(), Trouble> {
    // A login that is not written yet counts as well.
    let seen_at = found.device.as_ref().and_then(|device| logins.login_of(batch.app, device));
    let condition = Condition { sent_at: found.sent_at, login_at: seen_at.unwrap_or(0) };
    match effect {
        ReceiptEffect::None => Ok(()),
        ReceiptEffect::Bury { code } => users::bury(work, &found.push_id, code, found.sent_at, batch.now_ms),
        ReceiptEffect::Suspend { reason } => {
            users::suspend(work, &found.push_id, reason, condition, batch.now_ms)
        }
        ReceiptEffect::Unbind => users::unbind(work, &found.push_id, &found.user, condition),
    }
}

fn write(
    work: &mut Work<'_, '_>,
    logins: &Coalesced,
    batch: &ReceiptBatch,
    found: &[Result<Found, ReceiptFate>],
) -> Result<Vec<ReceiptFate>, Trouble> {
    let mut fates = Vec::with_capacity(found.len());
    for (receipt, found) in batch.receipts.iter().zip(found) {
        fates.push(match found {
            Err(fate) => *fate,
            Ok(found) if keep(work.sql, found, receipt, batch.now_ms)? => {
                apply(work, logins, batch, found, &receipt.effect)?;
                ReceiptFate::Kept
            }
            Ok(_) => ReceiptFate::Repeated,
        });
    }
    Ok(fates)
}

/// Receipts of a dispatch, as they came.
pub(super) fn of_dispatch(sql: &Connection, dispatch: u64) -> Result<Vec<StoredReceipt>, Trouble> {
    let query = "SELECT push_id, request_id, result, at, received_at FROM receipts WHERE dispatch = ?1
         ORDER BY received_at, push_id, at";
    columns::all(sql, query, [int(dispatch)], |row| {
        Ok(StoredReceipt {
            dispatch,
            push_id: columns::push_id(row, 0)?,
            request_id: columns::text(row, 1)?.to_owned(),
            result: row.get(2)?,
            at: number(row, 3)?,
            received_at: number(row, 4)?,
        })
    })
}

/// Removes the receipts of a dispatch; how many there were.
pub(super) fn forget(sql: &Connection, dispatch: u64) -> Result<usize, Trouble> {
    columns::run(sql, "DELETE FROM receipts WHERE dispatch = ?1", [int(dispatch)])
}

#[async_trait::async_trait]
impl ReceiptStore for SqliteStore {
    async fn write_receipts(&self, batch: ReceiptBatch) -> Result<Vec<ReceiptFate>, StoreError> {
        let (batch, found) = self
            .readers
            .read(move |sql| {
                let found = find_all(sql, &batch)?;
                Ok((batch, found))
            })
            .await?;
        if found.iter().all(Result::is_err) {
            return Ok(found.into_iter().filter_map(Result::err).collect());
        }
        let shared = self.shared.clone();
        self.queue.run(move |work| write(work, &shared.coalesced, &batch, &found)).await
    }
}
