//! What a device gets when it comes: everything above its cursors, at most seven days old, in order, in pages.

use super::{Actor, Chat, Known, unavailable, view};
use crate::{
    hub::Seat,
    push::Signal,
    store::{CursorMove, Membership},
};
use bytes::Bytes;
use hongyan_wire::{ConversationKey, Refusal, Seq, client::Cursor, limits};
use std::{collections::HashMap, sync::Arc};

/// Times a sync looks again for messages that came meanwhile before it goes live with what it has. A device
/// then sees a jump in seq and fetches the rest itself.
const PASSES_MAX: usize = 32;
const DAY_MS: u64 = 24 * 3600 * 1_000;

impl Chat {
    /// Notes an acknowledgement of this device. An unknown conversation or a place beyond the tail is refused.
    pub fn acknowledge(&self, who: &Actor, cursor: &Cursor) -> Result<(), Refusal> {
        let key = ConversationKey::new(&cursor.conversation_id, cursor.conversation_type)?;
        let moved = CursorMove {
            app: who.app,
            user: who.user.clone(),
            device: who.device.clone(),
            key,
            seq: cursor.message_seq,
        };
        let conversation = self.store.acknowledge(moved).ok_or_else(|| {
            Refusal::parameter("messageSeq is beyond the newest message of the conversation")
        })?;
        self.push.send(Signal::Acked {
            app: who.app,
            user: who.user.clone(),
            device: who.device.clone(),
            conversation,
            seq: cursor.message_seq,
        });
        Ok(())
    }

    /// Brings a session up to date, then lets live messages through. What was revoked since the device's login
    /// before comes last: nothing that was read meanwhile with its old words comes after it.
    pub async fn sync(&self, who: &Actor, seat: &Arc<Seat>, known: &Known) -> Result<(), Refusal> {
        self.sync_messages(who, seat, known).await?;
        self.sync_revoked(who, seat, known.last_login_at).await
    }

    async fn sync_messages(&self, who: &Actor, seat: &Arc<Seat>, known: &Known) -> Result<(), Refusal> {
        let mut reached = self.cursors_of(who, known).await?;
        let login_at = seat.since;
        for pass in 1..=PASSES_MAX {
            for membership in self.store.memberships(who.app, &who.user).await.map_err(unavailable)? {
                if !self.sync_conversation(seat, &membership, &mut reached, login_at).await? {
                    return Ok(());
                }
            }
            if self.hub.finish_sync(seat, pass == PASSES_MAX) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where the device stands, by row number: the greater of what the store and what the device knows.
    async fn cursors_of(&self, who: &Actor, known: &Known) -> Result<HashMap<u64, Seq>, Refusal> {
        let kept = self.store.device_cursors(who.app, &who.device, &who.user).await.map_err(unavailable)?;
        for cursor in &known.cursors {
            // A device restored from a backup of another server may name what does not exist here: no harm.
            if let Err(refusal) = self.acknowledge(who, cursor) {
                tracing::debug!(user.id = %who.user, %refusal, "a cursor of a login was ignored");
            }
        }
        let mut reached: HashMap<u64, Seq> =
            kept.into_iter().map(|(conversation, seq)| (conversation.0, seq)).collect();
        for membership in self.store.memberships(who.app, &who.user).await.map_err(unavailable)? {
            let acked = self.store.acknowledged(&who.device, membership.conversation);
            let place = match reached.get(&membership.conversation.0).copied() {
                Some(kept) => kept.max(acked),
                None if acked > 0 => acked,
                None => self.first_place(&membership, known.since).await?,
            };
            reached.insert(membership.conversation.0, place);
        }
        Ok(reached)
    }

    /// Where a device begins in a conversation of which it has nothing yet: with what no device of the user has
    /// received, and with everything that came since it is the user's. What is older is history.
    async fn first_place(&self, membership: &Membership, since: u64) -> Result<Seq, Refusal> {
        let received = membership.received_seq;
        if received <= membership.visible_from || membership.order_key < since {
            return Ok(received);
        }
        let newer =
            self.store.messages_after(membership.conversation, membership.visible_from, since, 1).await;
        let first = newer.map_err(unavailable)?.messages.first().map_or(received, |first| first.seq - 1);
        Ok(received.min(first))
    }

    /// Sends what is missing of one conversation; `false` when the socket went.
    async fn sync_conversation(
        &self,
        seat: &Arc<Seat>,
        membership: &Membership,
        reached: &mut HashMap<u64, Seq>,
        login_at: u64,
    ) -> Result<bool, Refusal> {
        let place = reached.entry(membership.conversation.0).or_insert(membership.received_seq);
        *place = (*place).max(membership.visible_from);
        let not_before = self.clock.now_ms().saturating_sub(limits::OFFLINE_DAYS * DAY_MS);
        while !membership.disabled && *place < membership.last_seq {
            if !seat.mailbox.has_room().await {
                return Ok(false);
            }
            let page = self
                .store
                .messages_after(membership.conversation, *place, not_before, limits::SYNC_PAGE_MAX)
                .await
                .map_err(unavailable)?;
            let Some(last) = page.messages.last() else { break };
            *place = last.seq;
            let offline = page.messages.first().is_some_and(|first| first.timestamp <= login_at);
            let messages =
                page.messages.iter().map(|stored| view::message(stored, &membership.key)).collect();
            let frame = view::messages(&membership.key, messages, offline).to_frame();
            seat.mailbox.push(Bytes::from(frame));
            seat.note_synced(membership.conversation.0, *place);
            if !page.has_more {
                break;
            }
        }
        Ok(true)
    }
}
