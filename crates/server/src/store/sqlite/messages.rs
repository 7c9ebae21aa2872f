//! The log's front: appends go to the writer, pages come from memory or along the rows' pointers.

use super::{
    SqliteStore,
    append::flags,
    command::{Appending, Command},
    history::{self, Stretch},
    ids, revoke,
};
use crate::store::{
    Announcement, Append, Appended, ConversationNo, MessageStore, NewMessage, NewRevocation, Page,
    RecallLevel, Revoke, StoreError, StoredMessage,
};
use hongyan_wire::{MessageId, Seq};
use std::sync::{PoisonError, atomic::Ordering};
use tokio::sync::{mpsc, oneshot};

/// Messages of one page, whatever is asked.
const PAGE_MAX: usize = 1_000;

/// A stretch of a conversation, as far as it is in memory.
struct Found {
    in_memory: Vec<StoredMessage>,
    /// What is missing below it.
    in_file: Option<Stretch>,
}

impl SqliteStore {
    /// Messages with `above` < seq ≤ `up_to`, rising.
    async fn stretch(&self, no: u64, above: Seq, up_to: Seq) -> Result<Vec<StoredMessage>, StoreError> {
        let Found { in_memory, in_file } = self.find_stretch(no, above, up_to);
        let Some(stretch) = in_file else { return Ok(in_memory) };
        let mut found = self.readers.read(move |sql| history::walk(sql, stretch)).await?;
        found.extend(in_memory);
        Ok(found)
    }

    fn find_stretch(&self, no: u64, above: Seq, up_to: Seq) -> Found {
        let book = self.book();
        let Some(conversation) = book.conversation(no) else {
            return Found { in_memory: Vec::new(), in_file: None };
        };
        let tail = conversation.tail;
        let up_to = up_to.min(tail.seq);
        // Where memory begins, and the row before that.
        let (first, row_before) = book.recent.first(no).unwrap_or((tail.seq + 1, tail.last));
        let in_memory = book.recent.between(no, above, up_to);
        let in_file = (above < up_to && above + 1 < first).then(|| Stretch {
            conversation: no,
            above,
            up_to: up_to.min(first - 1),
            from: (first - 1, row_before),
        });
        Found { in_memory, in_file }
    }

    pub(super) fn tail_seq(&self, no: ConversationNo) -> Seq {
        self.book().conversation(no.0).map_or(0, |conversation| conversation.tail.seq)
    }

    /// From where a reader that wants nothing older than `not_before_ms` can begin: nothing newer is skipped.
    async fn skip_old(&self, no: u64, after: Seq, not_before_ms: u64) -> Result<Seq, StoreError> {
        let first_kept = ids::first_at(not_before_ms);
        if first_kept == 0 {
            return Ok(after);
        }
        let skip = move |sql: &_| history::last_mark_before(sql, no, after, first_kept);
        Ok(self.readers.read(skip).await?.unwrap_or(after))
    }
}

#[async_trait::async_trait]
impl MessageStore for SqliteStore {
    async fn append_message(&self, message: NewMessage) -> Result<Append, StoreError> {
        let spec = message.intent.as_ref().map(serde_json::to_string).transpose();
        let spec =
            spec.map_err(|error| StoreError::Backend(format!("the intent has no JSON form: {error}")))?;
        let (answer, answered) = oneshot::channel();
        let appending = Appending {
            key: self.hash.key(message.app, message.sender.as_str(), &message.local_id),
            content: self.hash.content(&message.content, flags(message.disable_unread)),
            message,
            spec,
            outcome: None,
            answer,
        };
        self.queue.put(Command::Append(Box::new(appending))).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    fn recall_level(&self) -> RecallLevel {
        self.shared.recall.level()
    }

    async fn revoke_message(&self, asked: NewRevocation) -> Result<Revoke, StoreError> {
        let ids = &self.shared.ids;
        let rows = revoke::Rows { retraction: ids.next(asked.now_ms), intent: ids.next(asked.now_ms) };
        self.queue.run(move |work| revoke::revoke(work, &asked, &rows)).await
    }

    fn is_revoked(&self, conversation: ConversationNo, seq: Seq) -> bool {
        let book = self.book();
        let found = book.conversation(conversation.0);
        found.is_some_and(|found| found.revoked.binary_search_by_key(&seq, |gone| gone.seq).is_ok())
    }

    async fn revoked_since(
        &self,
        conversation: ConversationNo,
        since_ms: u64,
        count: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let ids: Vec<u64> = {
            let book = self.book();
            let revoked = book.conversation(conversation.0).map_or(&[][..], |found| &found.revoked);
            let newer: Vec<u64> =
                revoked.iter().filter(|gone| gone.at > since_ms).map(|gone| gone.message).collect();
            newer[newer.len().saturating_sub(count)..].to_vec()
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.readers.read(move |sql| revoke::rows(sql, &ids)).await
    }

    fn announcements(&self) -> Option<mpsc::Receiver<Announcement>> {
        let taken = self.announcements.lock().unwrap_or_else(PoisonError::into_inner).take();
        if taken.is_some() {
            self.shared.announced.store(true, Ordering::Release);
        }
        taken
    }

    async fn messages_before(
        &self,
        conversation: ConversationNo,
        before: Seq,
        above: Seq,
        count: usize,
    ) -> Result<Page, StoreError> {
        let up_to = before.saturating_sub(1).min(self.tail_seq(conversation));
        let from = above.max(up_to.saturating_sub(count.min(PAGE_MAX) as u64));
        let messages = self.stretch(conversation.0, from, up_to).await?;
        Ok(Page { messages, has_more: from > above })
    }

    async fn messages_after(
        &self,
        conversation: ConversationNo,
        after: Seq,
        not_before_ms: u64,
        count: usize,
    ) -> Result<Page, StoreError> {
        let (no, count) = (conversation.0, count.min(PAGE_MAX) as u64);
        let tail = self.tail_seq(conversation);
        let mut from = after;
        let mut messages = Vec::new();
        while from < tail && (messages.len() as u64) < count {
            let up_to = tail.min(from + count - messages.len() as u64);
            let found = self.stretch(no, from, up_to).await?;
            let is_old = found.last().is_some_and(|last| last.timestamp < not_before_ms);
            from = if is_old { self.skip_old(no, up_to, not_before_ms).await? } else { up_to };
            messages.extend(found.into_iter().filter(|message| message.timestamp >= not_before_ms));
        }
        Ok(Page { messages, has_more: from < tail })
    }

    async fn message(&self, id: MessageId) -> Result<Option<Appended>, StoreError> {
        let Some(row) = self.readers.read(move |sql| history::raw(sql, id.0)).await? else { return Ok(None) };
        Ok(Some(history::place(&self.book(), row)?))
    }
}
