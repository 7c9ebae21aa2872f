//! Sending: checked, stored with its push intent in one transaction, answered after that.

use super::{Actor, Chat, unavailable, view};
use crate::store::{Append, IntentKind, NewIntent, NewMessage, Recipients};
use bytes::Bytes;
use hongyan_wire::{
    Code, ConversationKey, MessageId, Refusal, UserId,
    client::{Send, SendResult},
    message::Message,
};
use std::sync::Arc;

impl Chat {
    /// Accepts one message. Everything up to the hand-over to the store happens when this is first polled, so
    /// that sends of one connection keep their order.
    pub async fn send(&self, who: &Actor, send: Send) -> Result<SendResult, Refusal> {
        let to = send.check()?;
        if matches!(&to, ConversationKey::Peer(user) if *user == who.user) {
            return Err(Refusal::parameter("a message to oneself is not possible"));
        }
        if let ConversationKey::Peer(user) = &to
            && self.store.is_blocked(who.app, user, &who.user)
        {
            return Err(Code::BLOCKED.into());
        }
        if !send.content.is_stored() {
            return self.pass_on(who, &to, &send).await;
        }
        let content: Arc<str> = view::content_text(&send.content)?.into();
        let now_ms = self.clock.now_ms();
        let message = NewMessage {
            app: who.app,
            sender: who.user.clone(),
            sender_device: who.device.clone(),
            to: to.clone(),
            local_id: send.local_message_id.clone(),
            content,
            disable_unread: send.disable_unread_message_count,
            intent: intent(who, &to, &send, now_ms),
            now_ms,
        };
        match self.store.append_message(message).await.map_err(unavailable)? {
            Append::Stored(appended) | Append::Duplicate(appended) => {
                let message = view::message(&appended.message, &to);
                Ok(SendResult {
                    message: Message { local_message_id: Some(send.local_message_id), ..message },
                })
            }
            Append::Conflict => Err(Refusal::parameter(
                "this localMessageID was used for another message; make a new one for every message",
            )),
            Append::NoSuchUser => Err(Code::NO_TARGET.into()),
            Append::NoSuchGroup => Err(Code::NO_SUCH_GROUP.into()),
            Append::NotMember => Err(Code::NOT_IN_GROUP.into()),
        }
    }

    /// Command messages go to whoever is there and leave no trace.
    async fn pass_on(&self, who: &Actor, to: &ConversationKey, send: &Send) -> Result<SendResult, Refusal> {
        let receivers = self.present_receivers(who, to).await?;
        let now_ms = self.clock.now_ms();
        let id = MessageId(self.store.next_dispatch_id(now_ms));
        let content = view::content_text(&send.content)?;
        let as_read_by = |key: &ConversationKey| view::passing(id, key, &who.user, now_ms, &content);
        let seen_key = to.as_seen_by_others(&who.user);
        let frame = Bytes::from(view::messages(&seen_key, vec![as_read_by(&seen_key)], false).to_frame());
        for user in &receivers {
            self.hub.deliver(who.app, user, None, &frame);
        }
        let local_message_id = Some(send.local_message_id.clone());
        Ok(SendResult { message: Message { local_message_id, ..as_read_by(to) } })
    }

    async fn present_receivers(&self, who: &Actor, to: &ConversationKey) -> Result<Vec<UserId>, Refusal> {
        match to {
            ConversationKey::Peer(user) => {
                let found =
                    self.store.users(who.app, std::slice::from_ref(user)).await.map_err(unavailable)?;
                if found.is_empty() { Err(Code::NO_TARGET.into()) } else { Ok(vec![user.clone()]) }
            }
            ConversationKey::Group(id) => {
                let group = self.store.group(who.app, id).await.map_err(unavailable)?;
                let members = group.ok_or(Code::NO_SUCH_GROUP)?.members;
                if !members.contains(&who.user) {
                    return Err(Code::NOT_IN_GROUP.into());
                }
                Ok(members.iter().filter(|member| **member != who.user).cloned().collect())
            }
        }
    }
}

/// What is to be pushed, if the sender asked for it.
fn intent(who: &Actor, to: &ConversationKey, send: &Send, now_ms: u64) -> Option<NewIntent> {
    let push = send.push_config.clone()?;
    Some(NewIntent {
        sender: who.user.clone(),
        recipients: Recipients::of(to),
        push,
        mentioned: send.content.mentioned_user_ids.clone(),
        mention_all: send.content.is_mention_all,
        notify_mentioned: send.is_notify_mentioned_users,
        call: None,
        kind: IntentKind::Delivery,
        expires_at: now_ms + u64::from(who.settings.push_ttl_s) * 1_000,
    })
}
