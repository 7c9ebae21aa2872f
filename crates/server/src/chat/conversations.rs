//! The conversation list, reading, do-not-disturb and history.

use super::{Actor, Chat, unavailable, view};
use crate::{
    push::Signal,
    store::{Membership, ReadMark},
};
use hongyan_wire::{
    AppId, Code, ConversationKey, Refusal, Seq, UserId,
    client::{
        ConversationList, ConversationPage, ConversationResult, History, HistoryPage, SetNotificationStatus,
        TotalUnread,
    },
    conversation::{Conversation, ConversationChange, ConversationEvent},
    limits,
    message::Message,
    server::{ConversationChanged, Notification},
};
use std::collections::HashMap;

/// Sorts the list and names a place in it: newest first, then by name.
type Place = (std::cmp::Reverse<u64>, u8, String);

impl Chat {
    /// A page of the conversation list, newest first.
    pub async fn list_conversations(
        &self,
        who: &Actor,
        asked: ConversationList,
    ) -> Result<ConversationPage, Refusal> {
        if asked.count == 0 || asked.count > limits::CONVERSATION_PAGE_MAX {
            return Err(Refusal::parameter("count must be 1 to 100"));
        }
        let after = asked.next.as_deref().map(read_place).transpose()?;
        let mut all = self.store.memberships(who.app, &who.user).await.map_err(unavailable)?;
        all.sort_by_key(place);
        all.retain(|membership| after.as_ref().is_none_or(|after| place(membership) > *after));
        let more = all.len() > asked.count as usize;
        all.truncate(asked.count as usize);
        let next = if more { all.last().map(write_place) } else { None };
        Ok(ConversationPage { conversation_list: self.entries(who.app, all).await?, next })
    }

    /// One entry.
    pub async fn conversation(
        &self,
        who: &Actor,
        key: &ConversationKey,
    ) -> Result<ConversationResult, Refusal> {
        let membership = self.membership(who, key).await?;
        Ok(ConversationResult { conversation: self.entry(who.app, membership).await? })
    }

    /// Marks one conversation as read and tells the user's other devices.
    pub async fn read_conversation(
        &self,
        who: &Actor,
        key: &ConversationKey,
    ) -> Result<TotalUnread, Refusal> {
        let mark = self.mark_read(who, key).await?;
        let mark = mark.ok_or(Code::NO_CONVERSATION)?;
        let total = self.total_unread(who).await?;
        if mark.unread_before > 0 {
            self.tell_changed(who, vec![mark.membership], ConversationEvent::Updated, Some(total)).await?;
        }
        Ok(total)
    }

    /// Marks every conversation as read.
    pub async fn read_all(&self, who: &Actor) -> Result<TotalUnread, Refusal> {
        let mut changed = Vec::new();
        for membership in self.store.memberships(who.app, &who.user).await.map_err(unavailable)? {
            if membership.unread == 0 {
                continue;
            }
            let key = &membership.key;
            let mark = self.mark_read(who, key).await?;
            changed.extend(mark.map(|mark| mark.membership));
        }
        let total = self.total_unread(who).await?;
        if !changed.is_empty() {
            self.tell_changed(who, changed, ConversationEvent::Updated, Some(total)).await?;
        }
        Ok(total)
    }

    /// Reads a conversation to its end; notices of it on other devices go.
    async fn mark_read(&self, who: &Actor, key: &ConversationKey) -> Result<Option<ReadMark>, Refusal> {
        let mark = self.store.mark_read(who.app, &who.user, Some(&who.device), key, None).await;
        let mark = mark.map_err(unavailable)?;
        if mark.as_ref().is_some_and(|mark| mark.unread_before > 0) {
            self.push.send(Signal::Retraction);
            self.push.send(Signal::UserChanged { app: who.app, user: who.user.clone() });
        }
        Ok(mark)
    }

    /// Unread messages over everything that may disturb.
    pub async fn total_unread(&self, who: &Actor) -> Result<TotalUnread, Refusal> {
        let total = self.store.total_unread(who.app, &who.user).await.map_err(unavailable)?;
        Ok(TotalUnread { total_unread_message_count: total })
    }

    /// Do-not-disturb on or off.
    pub async fn set_notification(
        &self,
        who: &Actor,
        set: SetNotificationStatus,
    ) -> Result<ConversationResult, Refusal> {
        let key = ConversationKey::new(&set.conversation_id, set.conversation_type)?;
        let set = self.store.set_notification(who.app, &who.user, &key, set.notification_status);
        let membership = set.await.map_err(unavailable)?.ok_or(Code::NO_CONVERSATION)?;
        let total = self.total_unread(who).await?;
        self.tell_changed(who, vec![membership.clone()], ConversationEvent::Updated, Some(total)).await?;
        Ok(ConversationResult { conversation: self.entry(who.app, membership).await? })
    }

    /// A page of a conversation.
    pub async fn history(&self, who: &Actor, asked: History) -> Result<HistoryPage, Refusal> {
        if asked.count == 0 || asked.count > limits::HISTORY_PAGE_MAX {
            return Err(Refusal::parameter("count must be 1 to 100"));
        }
        if asked.before_seq.is_some() && asked.after_seq.is_some() {
            return Err(Refusal::parameter("give beforeSeq or afterSeq, not both"));
        }
        let key = ConversationKey::new(&asked.conversation_id, asked.conversation_type)?;
        let Some(own) = self.store.membership(who.app, &who.user, &key).await.map_err(unavailable)? else {
            return Ok(HistoryPage { messages: Vec::new(), has_more: false });
        };
        let count = asked.count as usize;
        let page = match asked.after_seq {
            Some(after) => {
                let after = after.max(own.visible_from);
                self.store.messages_after(own.conversation, after, 0, count).await
            }
            None => {
                let before = asked.before_seq.unwrap_or(Seq::MAX).min(own.last_seq + 1);
                self.store.messages_before(own.conversation, before, own.visible_from, count).await
            }
        };
        let page = page.map_err(unavailable)?;
        // Whoever left a group sees nothing that came later.
        let beyond = page.messages.last().is_some_and(|last| last.seq >= own.last_seq);
        let has_more = page.has_more && !(asked.after_seq.is_some() && beyond);
        let visible = page.messages.iter().filter(|stored| stored.seq <= own.last_seq);
        let messages = visible.map(|stored| view::message(stored, &key)).collect();
        Ok(HistoryPage { messages, has_more })
    }

    async fn membership(&self, who: &Actor, key: &ConversationKey) -> Result<Membership, Refusal> {
        let found = self.store.membership(who.app, &who.user, key).await.map_err(unavailable)?;
        found.ok_or_else(|| Code::NO_CONVERSATION.into())
    }

    /// Tells the user's other devices that entries of the list changed.
    pub(super) async fn tell_changed(
        &self,
        who: &Actor,
        changed: Vec<Membership>,
        event: ConversationEvent,
        total: Option<TotalUnread>,
    ) -> Result<(), Refusal> {
        if self.hub.seats_of(who.app, &who.user).len() < 2 {
            return Ok(());
        }
        let entries = self.entries(who.app, changed).await?;
        let except = Some(&who.device);
        self.tell(who.app, &who.user, except, &changes(entries, event));
        if let Some(total) = total {
            self.tell(who.app, &who.user, except, &Notification::TotalUnreadChanged(total));
        }
        Ok(())
    }

    /// Tells all devices of a user that its entry for a group was added or disabled.
    pub(super) async fn tell_entry(
        &self,
        app: AppId,
        user: &UserId,
        key: &ConversationKey,
        event: ConversationEvent,
    ) -> Result<(), Refusal> {
        if self.hub.seats_of(app, user).is_empty() {
            return Ok(());
        }
        if let Some(membership) = self.store.membership(app, user, key).await.map_err(unavailable)? {
            let entry = self.entry(app, membership).await?;
            self.tell(app, user, None, &changes(vec![entry], event));
        }
        Ok(())
    }

    async fn entry(&self, app: AppId, membership: Membership) -> Result<Conversation, Refusal> {
        let entries = self.entries(app, vec![membership]).await?;
        Ok(entries.into_iter().next().expect("one membership gives one entry"))
    }

    async fn entries(&self, app: AppId, all: Vec<Membership>) -> Result<Vec<Conversation>, Refusal> {
        let names = self.names(app, &all).await?;
        let mut entries = Vec::with_capacity(all.len());
        for membership in all {
            let (name, avatar) = names.get(&membership.key).cloned().unwrap_or_default();
            let last_message = self.last_message(&membership).await?;
            entries.push(Conversation {
                conversation_id: membership.key.id().to_owned(),
                kind: membership.key.kind(),
                conversation_name: name,
                conversation_avatar_url: avatar,
                notification_status: membership.notification,
                unread_message_count: membership.unread,
                read_message_seq: membership.read_seq,
                last_message_seq: membership.last_seq,
                last_message,
                order_key: membership.order_key,
                is_disabled: membership.disabled,
            });
        }
        Ok(entries)
    }

    async fn last_message(&self, membership: &Membership) -> Result<Option<Message>, Refusal> {
        if membership.last_seq <= membership.visible_from {
            return Ok(None);
        }
        let page = self
            .store
            .messages_before(membership.conversation, membership.last_seq + 1, membership.visible_from, 1)
            .await
            .map_err(unavailable)?;
        Ok(page.messages.last().map(|stored| view::message(stored, &membership.key)))
    }

    /// Name and avatar of each conversation.
    async fn names(
        &self,
        app: AppId,
        all: &[Membership],
    ) -> Result<HashMap<ConversationKey, (String, String)>, Refusal> {
        let mut names = HashMap::new();
        let mut peers = Vec::new();
        for membership in all {
            match &membership.key {
                ConversationKey::Peer(user) => peers.push(user.clone()),
                ConversationKey::Group(id) => {
                    if let Some(group) = self.store.group(app, id).await.map_err(unavailable)? {
                        let shown = (group.profile.group_name, group.profile.group_avatar_url);
                        names.insert(membership.key.clone(), shown);
                    }
                }
            }
        }
        for (id, user) in self.users_by_id(app, &peers).await? {
            names.insert(ConversationKey::Peer(id), (user.name, user.avatar_url));
        }
        Ok(names)
    }
}

fn changes(entries: Vec<Conversation>, event: ConversationEvent) -> Notification {
    let info_list =
        entries.into_iter().map(|conversation| ConversationChange { event, conversation }).collect();
    Notification::ConversationChanged(ConversationChanged { info_list })
}

fn place(membership: &Membership) -> Place {
    let key = &membership.key;
    (std::cmp::Reverse(membership.order_key), key.kind().number(), key.id().to_owned())
}

fn write_place(membership: &Membership) -> String {
    format!("{}:{}:{}", membership.order_key, membership.key.kind().number(), membership.key.id())
}

fn read_place(text: &str) -> Result<Place, Refusal> {
    let mut parts = text.splitn(3, ':');
    let mut part = || parts.next().unwrap_or_default();
    match (part().parse(), part().parse(), part()) {
        (Ok(order), Ok(kind), id) if !id.is_empty() => Ok((std::cmp::Reverse(order), kind, id.to_owned())),
        _ => Err(Refusal::parameter("next must be the text that the page before gave")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_is_read_back() {
        let newer = read_place("20:2:a:b").unwrap();
        let older = read_place("10:0:ann").unwrap();
        assert!(newer < older, "newest first");
        assert_eq!(newer.2, "a:b");
        for bad in ["", "x", "1:2", "1:2:", "a:b:c"] {
            assert!(read_place(bad).is_err(), "{bad}");
        }
    }
}
