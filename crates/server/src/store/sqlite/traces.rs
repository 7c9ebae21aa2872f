//! The newest traces that concern a user, found without an index: the user's conversations and calls lead to
//! them. Nothing is written for it, so senders and the planner do not pay for a question that is seldom asked.

use super::{SqliteStore, columns, columns::int, pushes, trouble::Trouble};
use crate::store::{CallStore, ConversationNo, MessageStore, StoreError, TracePage, TraceRecord};
use hongyan_wire::{AppId, CallId, Seq, UserId};
use rusqlite::Connection;

/// Rounds of looking for messages that were to be pushed among those that were not.
const ROUNDS_MAX: usize = 20;
/// Messages and calls of one round.
const ROUND_LEN: usize = 200;
/// Places from one mark to the next, at most.
const MARK_SPAN: Seq = super::history::MARK_EVERY;

/// What is known of these messages and calls, in their order, and the one with which there was enough.
fn traces_of(
    sql: &Connection,
    ids: &[u64],
    wanted: usize,
) -> Result<(Vec<TraceRecord>, Option<u64>), Trouble> {
    let mut records = Vec::new();
    for id in ids {
        records.extend(pushes::trace(sql, *id)?);
        if records.len() >= wanted {
            return Ok((records, Some(*id)));
        }
    }
    Ok((records, None))
}

impl SqliteStore {
    /// Up to `count` traces of messages and calls below `before`, newest first, and where the page after begins.
    pub(super) async fn newest_traces(
        &self,
        app: AppId,
        user: &UserId,
        before: u64,
        count: usize,
    ) -> Result<TracePage, StoreError> {
        let mut page = TracePage { records: Vec::new(), next: None };
        let mut below = before;
        for _ in 0..ROUNDS_MAX {
            let ids = self.subjects_of_user(app, user, below, ROUND_LEN).await?;
            let is_last = ids.len() < ROUND_LEN;
            below = ids.last().copied().unwrap_or(below);
            let wanted = count.saturating_sub(page.records.len());
            let (records, full_at) = self.readers.read(move |sql| traces_of(sql, &ids, wanted)).await?;
            page.records.extend(records);
            if full_at.is_some() {
                page.next = full_at;
                return Ok(page);
            }
            if is_last {
                return Ok(page);
            }
        }
        page.next = Some(below);
        Ok(page)
    }

    /// IDs of the newest messages and calls of a user below `below`, falling.
    pub(super) async fn subjects_of_user(
        &self,
        app: AppId,
        user: &UserId,
        below: u64,
        count: usize,
    ) -> Result<Vec<u64>, StoreError> {
        let mut places: Vec<(u64, u64, Seq, Seq)> = {
            let book = self.book();
            let of = |no: &u64| {
                let one = book.membership(*no, user)?;
                Some((one.last_message?.0, *no, one.visible_from, one.last_seq))
            };
            book.numbers_of(app, user).iter().filter_map(of).collect()
        };
        places.sort_unstable_by(|one, other| other.cmp(one));
        let calls = self.calls_of(app, user, Some(CallId(below)), count).await?;
        let mut ids: Vec<u64> = calls.iter().map(|call| call.id.0).collect();
        for (last, no, visible_from, tail) in places {
            // Whatever follows is older than everything that is wanted.
            if ids.len() >= count && last < ids[count - 1] {
                break;
            }
            ids.extend(self.ids_below(no, (visible_from, tail), below, count).await?);
            ids.sort_unstable_by(|one, other| other.cmp(one));
            ids.truncate(count);
        }
        Ok(ids)
    }

    /// IDs of one conversation below `below`, the newest so many.
    async fn ids_below(
        &self,
        no: u64,
        (above, tail): (Seq, Seq),
        below: u64,
        count: usize,
    ) -> Result<Vec<u64>, StoreError> {
        let mark = self.readers.read(move |sql| {
            let query = "SELECT max(seq) FROM marks WHERE conversation = ?1 AND id < ?2";
            let found =
                columns::first(sql, query, [int(no), int(below)], |row| columns::number_maybe(row, 0))?;
            Ok(found.flatten())
        });
        let marked = mark.await?;
        // A mark below the border is at most a span away from it; without one the newest span has none yet.
        let from = match marked {
            Some(seq) => tail.min(seq + 2 * MARK_SPAN),
            None => tail,
        };
        let page = self.messages_before(ConversationNo(no), from + 1, above, count + 2 * MARK_SPAN as usize);
        let newest_first = page.await?.messages.into_iter().rev().map(|message| message.id.0);
        Ok(newest_first.filter(|id| *id < below).take(count).collect())
    }
}
