//! The push pipeline's memory: plans, attempts, traces, and their end.

use super::{
    SqliteStore,
    columns::{self, int},
    command::Work,
    dispatches, heads, history, ids, intents, receipts,
    trouble::Trouble,
};
use crate::store::{
    AttemptEnd, Dispatch, Finished, Intent, Plan, PushStore, StoreError, Subject, Target, TracePage,
    TraceRecord, Verdict,
};
use hongyan_wire::{AppId, DeviceId, UserId};
use rusqlite::{Connection, params};

/// Rows of one page, whatever is asked.
const PAGE_MAX: usize = 10_000;

fn write_plan(work: &Work<'_, '_>, plan: &Plan) -> Result<(), Trouble> {
    if intents::advance(work.sql, plan)? {
        plan.dispatches.iter().try_for_each(|dispatch| dispatches::put(work.sql, dispatch))?;
    }
    Ok(())
}

/// Everything about one message or call on its way out.
pub(super) fn trace(sql: &Connection, subject: u64) -> Result<Vec<TraceRecord>, Trouble> {
    let found = intents::about(sql, subject)?;
    found.into_iter().map(|(intent, settled)| record(sql, intent, settled)).collect()
}

/// A trace without attempts, receipts, taps and the message: enough to see how its devices ended.
pub(super) fn outline(sql: &Connection, subject: u64) -> Result<Vec<TraceRecord>, Trouble> {
    let outlined = |(intent, settled): (Intent, bool)| {
        let requests = dispatches::of_intent(sql, intent.id)?;
        Ok(TraceRecord {
            settled,
            verdicts: intents::verdicts(sql, intent.id)?,
            clicks: Vec::new(),
            dispatches: requests.into_iter().map(|dispatch| (dispatch, Vec::new())).collect(),
            receipts: Vec::new(),
            message: None,
            intent,
        })
    };
    intents::about(sql, subject)?.into_iter().map(outlined).collect()
}

fn record(sql: &Connection, intent: Intent, settled: bool) -> Result<TraceRecord, Trouble> {
    let (mut requests, mut found) = (Vec::new(), Vec::new());
    for dispatch in dispatches::of_intent(sql, intent.id)? {
        let attempts = dispatches::attempts(sql, dispatch.request.id)?;
        found.extend(receipts::of_dispatch(sql, dispatch.request.id)?);
        requests.push((dispatch, attempts));
    }
    let message = match &intent.subject {
        Subject::Message { message, .. } => history::message(sql, message.0)?,
        Subject::Call { .. } => None,
    };
    Ok(TraceRecord {
        settled,
        verdicts: intents::verdicts(sql, intent.id)?,
        clicks: clicks(sql, intent.id)?,
        dispatches: requests,
        receipts: found,
        message,
        intent,
    })
}

fn clicks(sql: &Connection, intent: u64) -> Result<Vec<(Target, u64)>, Trouble> {
    let query = "SELECT user, device, at FROM clicks WHERE intent = ?1 ORDER BY at";
    columns::all(sql, query, [int(intent)], |row| {
        let (user, device) = (columns::user(row, 0)?, Some(columns::device(row, 1)?));
        Ok((Target { user, device, push_id: None }, columns::number(row, 2)?))
    })
}

/// Removes what is settled and old; an intent goes after the last of its dispatches.
fn forget(sql: &Connection, before_ms: u64, count: usize) -> Result<usize, Trouble> {
    let params = [int(ids::first_at(before_ms)), int(count as u64)];
    let old_dispatches = "SELECT id FROM dispatches WHERE settled = 1 AND id < ?1 ORDER BY id LIMIT ?2";
    let old_intents = "SELECT id, app, coalesce(call, id) FROM intents WHERE settled = 1 AND id < ?1
         AND NOT EXISTS (SELECT 1 FROM dispatches WHERE intent = intents.id) ORDER BY id LIMIT ?2";
    let mut removed = 0;
    for id in columns::all(sql, old_dispatches, params, |row| columns::number(row, 0))? {
        removed += receipts::forget(sql, id)?;
        removed += columns::run(sql, "DELETE FROM attempts WHERE dispatch = ?1", [int(id)])?;
        removed += columns::run(sql, "DELETE FROM dispatches WHERE id = ?1", [int(id)])?;
    }
    let old = |row: &rusqlite::Row<'_>| {
        Ok((columns::number(row, 0)?, AppId(row.get(1)?), columns::number(row, 2)?))
    };
    for (id, app, subject) in columns::all(sql, old_intents, params, old)? {
        columns::run(sql, "DELETE FROM verdicts WHERE intent = ?1", [int(id)])?;
        columns::run(sql, "DELETE FROM clicks WHERE intent = ?1", [int(id)])?;
        removed += columns::run(sql, "DELETE FROM intents WHERE id = ?1", [int(id)])?;
        let others =
            "SELECT 1 FROM intents WHERE id = ?1 UNION ALL SELECT 1 FROM intents WHERE call = ?1 LIMIT 1";
        if columns::first(sql, others, [int(subject)], |_| Ok(()))?.is_none() {
            heads::forget(sql, app, subject)?;
        }
    }
    Ok(removed)
}

#[async_trait::async_trait]
impl PushStore for SqliteStore {
    async fn pending_intents(&self, after: u64, count: usize) -> Result<Vec<Intent>, StoreError> {
        self.readers.read(move |sql| intents::pending(sql, after, count.min(PAGE_MAX))).await
    }

    async fn intent(&self, id: u64) -> Result<Option<Intent>, StoreError> {
        self.readers.read(move |sql| intents::one(sql, id)).await
    }

    async fn verdicts(&self, intents: Vec<u64>) -> Result<Vec<Vec<Verdict>>, StoreError> {
        self.readers.read(move |sql| intents.iter().map(|id| intents::verdicts(sql, *id)).collect()).await
    }

    fn next_dispatch_id(&self, now_ms: u64) -> u64 {
        self.shared.ids.next(now_ms)
    }

    fn finished(&self, len_max: usize) -> Finished {
        self.finishers.reader(len_max)
    }

    async fn write_plans(&self, plans: Vec<Plan>) -> Result<(), StoreError> {
        let settled = plans.iter().filter(|plan| plan.next_due.is_none());
        let settled: Vec<u64> = settled.map(|plan| plan.intent).collect();
        self.queue.run(move |work| plans.iter().try_for_each(|plan| write_plan(work, plan))).await?;
        self.finishers.tell(settled);
        Ok(())
    }

    async fn pending_dispatches(&self, after: u64, count: usize) -> Result<Vec<Dispatch>, StoreError> {
        self.readers.read(move |sql| dispatches::pending(sql, after, count.min(PAGE_MAX))).await
    }

    async fn write_attempts(&self, ends: Vec<AttemptEnd>) -> Result<(), StoreError> {
        let settle = move |work: &mut Work<'_, '_>| {
            ends.iter().map(|end| dispatches::end(work, end)).collect::<Result<Vec<_>, _>>()
        };
        let settled = self.queue.run(settle).await?;
        self.finishers.tell(settled.into_iter().flatten());
        Ok(())
    }

    async fn trace(&self, subject: u64) -> Result<Vec<TraceRecord>, StoreError> {
        self.readers.read(move |sql| trace(sql, subject)).await
    }

    async fn note_click(
        &self,
        app: AppId,
        subject: u64,
        user: &UserId,
        device: &DeviceId,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let (user, device) = (user.clone(), device.clone());
        self.queue
            .run(move |work| {
                let known = intents::one(work.sql, subject)?.is_some_and(|intent| intent.app == app);
                let insert =
                    "INSERT OR IGNORE INTO clicks (intent, user, device, at) VALUES (?1, ?2, ?3, ?4)";
                if known {
                    let row = params![int(subject), user.as_str(), device.as_str(), int(now_ms)];
                    columns::run(work.sql, insert, row)?;
                }
                Ok(known)
            })
            .await
    }

    async fn traces_of(
        &self,
        app: AppId,
        user: &UserId,
        before: u64,
        count: usize,
    ) -> Result<TracePage, StoreError> {
        self.newest_traces(app, user, before, count.min(PAGE_MAX)).await
    }

    async fn forget_traces(&self, before_ms: u64, count: usize) -> Result<usize, StoreError> {
        self.queue.run(move |work| forget(work.sql, before_ms, count.min(PAGE_MAX))).await
    }
}
