//! Members' cursors, do-not-disturb and unread counts. Answered from memory; written as rows of the member.

use super::{
    SqliteStore, append,
    change::{Change, MemberRow},
    coalesced,
    command::Work,
    history::{self, Stretch},
    members, retractions,
    trouble::Trouble,
};
use crate::store::{
    ConversationNo, ConversationStore, CursorMove, Membership, ReadMark, Retraction, StoreError,
};
use hongyan_wire::{AppId, ConversationKey, DeviceId, Seq, UserId, conversation::NotificationStatus};
use std::sync::PoisonError;

use super::book::Read;

/// A reading place as it is known before the writer sees it.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The tail, whatever it is then.
    Tail,
    /// A place below the tail, with the counts there.
    At(Read),
}

impl SqliteStore {
    /// The counts at a place below the tail. They never change, so they can be found before the write.
    async fn place(&self, no: u64, user: &UserId, up_to: Option<Seq>) -> Result<Place, StoreError> {
        let Some(up_to) = up_to else { return Ok(Place::Tail) };
        let Some((known, stretch)) = self.distance(no, user, up_to) else { return Ok(Place::Tail) };
        let by = user.clone();
        if stretch.above == stretch.up_to {
            return Ok(Place::At(known));
        }
        let (total, own) = self.readers.read(move |sql| history::count(sql, stretch, &by)).await?;
        // Upwards from the old reading place, or downwards from the tail: whichever is nearer.
        let up = known.seq == stretch.above;
        let moved =
            |known: u64, counted: u64| if up { known + counted } else { known.saturating_sub(counted) };
        let seq = if up { stretch.up_to } else { stretch.above };
        Ok(Place::At(Read { seq, total: moved(known.total, total), own: moved(known.own, own) }))
    }

    /// The nearest place with known counts, and what lies between; `None` when the place is the tail or
    /// beyond. A place that is read already is as good as the reading place itself.
    fn distance(&self, no: u64, user: &UserId, up_to: Seq) -> Option<(Read, Stretch)> {
        let book = self.book();
        let conversation = book.conversation(no)?;
        let member = conversation.member(user)?;
        let tail = member.row.left.unwrap_or(conversation.tail);
        if up_to >= tail.seq || member.row.read.seq >= tail.seq {
            return None;
        }
        let from = (conversation.tail.seq, conversation.tail.last);
        let up_to = up_to.max(member.row.read.seq);
        let (known, above, end) = match member.row.read {
            read if read.seq <= up_to && up_to - read.seq < tail.seq - up_to => (read, read.seq, up_to),
            _ => (Read { seq: tail.seq, total: tail.total, own: member.own }, up_to, tail.seq),
        };
        Some((known, Stretch { conversation: no, above, up_to: end, from }))
    }
}

/// Who reads, and the row of a retraction that may follow.
struct Reader {
    app: AppId,
    user: UserId,
    device: Option<DeviceId>,
    retraction: u64,
    now_ms: u64,
}

fn read(work: &mut Work<'_, '_>, no: u64, reader: &Reader, place: Place) -> Result<Option<u64>, Trouble> {
    let user = &reader.user;
    let Some(mut row) = members::one(work.sql, no, user)? else { return Ok(None) };
    let tail = row.left.unwrap_or(work.draft.tail(no));
    let own = work.draft.own(no, user);
    let gone = work.draft.book.conversation(no).map_or(0, |found| found.gone_unread(&row, &tail));
    let unread_before = row.unread(&tail, own).saturating_sub(gone);
    let reached = match place {
        Place::Tail => Read { seq: tail.seq, total: tail.total, own },
        Place::At(read) => read,
    };
    if reached.seq > row.read.seq {
        take_back(work, no, reader, row.read.seq, reached.seq)?;
        row.read = reached;
        put(work, no, row)?;
    }
    Ok(Some(unread_before))
}

/// Orders the notices of what was read to be taken back, if there can be any.
fn take_back(work: &Work<'_, '_>, no: u64, reader: &Reader, above: Seq, up_to: Seq) -> Result<(), Trouble> {
    if !retractions::may_concern(work.sql, reader.app, &reader.user)? {
        return Ok(());
    }
    let (user, device) = (reader.user.clone(), reader.device.clone());
    let what = Retraction::Read { user, device, conversation: no, above, up_to };
    retractions::put(work.sql, reader.retraction, reader.app, &what, reader.now_ms)
}

fn put(work: &mut Work<'_, '_>, no: u64, row: MemberRow) -> Result<(), Trouble> {
    members::put(work.sql, no, &row)?;
    work.changes.push(Change::Member { no, row });
    Ok(())
}

/// Sets do-not-disturb; the number of the conversation, which is made for two users who never wrote.
fn notify(
    work: &mut Work<'_, '_>,
    app: AppId,
    user: &UserId,
    key: &ConversationKey,
    status: NotificationStatus,
    now_ms: u64,
) -> Result<bool, Trouble> {
    let no = match (work.draft.find(app, user, key), key) {
        (Some(no), _) => no,
        (None, ConversationKey::Group(_)) => return Ok(false),
        (None, ConversationKey::Peer(other)) => {
            match append::new_peer(work.sql, work.draft, app, (user, other), now_ms)? {
                Some((no, change)) => {
                    work.changes.push(change);
                    no
                }
                None => return Ok(false),
            }
        }
    };
    let Some(mut row) = members::one(work.sql, no, user)? else { return Ok(false) };
    if row.notification != status {
        row.notification = status;
        put(work, no, row)?;
    }
    Ok(true)
}

#[async_trait::async_trait]
impl ConversationStore for SqliteStore {
    async fn memberships(&self, app: AppId, user: &UserId) -> Result<Vec<Membership>, StoreError> {
        let book = self.book();
        Ok(book.numbers_of(app, user).iter().filter_map(|no| book.membership(*no, user)).collect())
    }

    async fn membership(
        &self,
        app: AppId,
        user: &UserId,
        key: &ConversationKey,
    ) -> Result<Option<Membership>, StoreError> {
        let book = self.book();
        Ok(book.find(app, user, key).and_then(|no| book.membership(no, user)))
    }

    async fn total_unread(&self, app: AppId, user: &UserId) -> Result<u64, StoreError> {
        let all = self.memberships(app, user).await?;
        let disturbing =
            all.iter().filter(|one| !one.disabled && one.notification == NotificationStatus::Notify);
        Ok(disturbing.map(|membership| membership.unread).sum())
    }

    async fn undisturbed(
        &self,
        conversation: ConversationNo,
        users: &[UserId],
    ) -> Result<Vec<UserId>, StoreError> {
        let book = self.book();
        let Some(found) = book.conversation(conversation.0) else { return Ok(Vec::new()) };
        let quiet = |user: &&UserId| {
            let member = found.member(user);
            member.is_some_and(|member| member.row.notification == NotificationStatus::DoNotDisturb)
        };
        Ok(users.iter().filter(quiet).cloned().collect())
    }

    fn acknowledge(&self, moved: CursorMove) -> Option<ConversationNo> {
        let CursorMove { app, user, device, key, seq } = moved;
        let no = {
            let book = self.book();
            let no = book.find(app, &user, &key)?;
            let conversation = book.conversation(no)?;
            let member = conversation.member(&user)?;
            if seq > member.row.left.unwrap_or(conversation.tail).seq {
                return None;
            }
            member.receive(seq);
            no
        };
        let coalesced = &self.shared.coalesced;
        if !coalesced.acknowledge(app, &device, &user, no, seq) {
            let stored = self.beside(|sql| coalesced::stored(sql, app, &device, &user));
            coalesced.load(app, &device, &user, stored.unwrap_or_default());
            coalesced.acknowledge(app, &device, &user, no, seq);
        }
        Some(ConversationNo(no))
    }

    fn acknowledged(&self, device: &DeviceId, conversation: ConversationNo) -> Seq {
        let Some(app) = self.book().conversation(conversation.0).map(|found| found.app) else { return 0 };
        let coalesced = &self.shared.coalesced;
        if let Some(seq) = coalesced.reached(app, device, conversation.0) {
            return seq;
        }
        // Not logged in since the start, or dropped for want of room: one short look into the file.
        let stored = self.beside(|sql| {
            let Some(user) = coalesced::user_of(sql, app, device)? else { return Ok(None) };
            Ok(Some((coalesced::stored(sql, app, device, &user)?, user)))
        });
        let Some((cursors, user)) = stored.flatten() else { return 0 };
        coalesced.load(app, device, &user, cursors);
        coalesced.reached(app, device, conversation.0).unwrap_or(0)
    }

    async fn device_cursors(
        &self,
        app: AppId,
        device: &DeviceId,
        user: &UserId,
    ) -> Result<Vec<(ConversationNo, Seq)>, StoreError> {
        let coalesced = &self.shared.coalesced;
        if coalesced.loaded(app, device, user).is_none() {
            let (device, user) = (device.clone(), user.clone());
            let key = (device.clone(), user.clone());
            let stored = self.readers.read(move |sql| coalesced::stored(sql, app, &key.0, &key.1)).await?;
            coalesced.load(app, &device, &user, stored);
        }
        let cursors = coalesced.loaded(app, device, user).unwrap_or_default();
        Ok(cursors.into_iter().map(|(no, seq)| (ConversationNo(no), seq)).collect())
    }

    async fn mark_read(
        &self,
        app: AppId,
        user: &UserId,
        device: Option<&DeviceId>,
        key: &ConversationKey,
        up_to: Option<Seq>,
    ) -> Result<Option<ReadMark>, StoreError> {
        let Some(no) = self.book().find(app, user, key) else { return Ok(None) };
        let place = self.place(no, user, up_to).await?;
        let now_ms = self.clock.now_ms();
        let retraction = self.shared.ids.next(now_ms);
        let reader = Reader { app, user: user.clone(), device: device.cloned(), retraction, now_ms };
        let read = self.queue.run(move |work| read(work, no, &reader, place)).await?;
        let Some(unread_before) = read else { return Ok(None) };
        Ok(self.book().membership(no, user).map(|membership| ReadMark { membership, unread_before }))
    }

    async fn set_notification(
        &self,
        app: AppId,
        user: &UserId,
        key: &ConversationKey,
        status: NotificationStatus,
    ) -> Result<Option<Membership>, StoreError> {
        let now_ms = self.clock.now_ms();
        let (by, of) = (user.clone(), key.clone());
        let set = self.queue.run(move |work| notify(work, app, &by, &of, status, now_ms)).await?;
        if !set {
            return Ok(None);
        }
        self.membership(app, user, key).await
    }
}

impl SqliteStore {
    /// A short look into the file from a place that cannot wait. `None` when that fails; logged.
    fn beside<T>(&self, look: impl FnOnce(&rusqlite::Connection) -> Result<T, Trouble>) -> Option<T> {
        let side = self.side.lock().unwrap_or_else(PoisonError::into_inner);
        match look(side.as_ref()?) {
            Ok(found) => Some(found),
            Err(error) => {
                tracing::error!(%error, "cursors of a device could not be read");
                None
            }
        }
    }
}
