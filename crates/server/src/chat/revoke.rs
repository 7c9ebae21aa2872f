//! Taking messages back: who may, within which time, and who is told.

use super::{Actor, Chat, unavailable, view};
use crate::{
    hub::Seat,
    push::Signal,
    store::{IntentKind, NewIntent, NewRevocation, Recipients, Revoke, Revoked, Thread},
};
use bytes::Bytes;
use hongyan_wire::{
    Code, ConversationKey, DeviceId, Refusal, UserId,
    client::{self, RevokeResult},
    limits,
    message::Message,
    server::{MessagesRevoked, Notification},
};

/// Revocations of one conversation a device is told of when it comes: the newest so many.
const TOLD_MAX: usize = limits::SYNC_PAGE_MAX;

impl Chat {
    /// Takes a message back and answers after that is on stable storage. Others are told by the task that also
    /// delivers messages, so nobody hears of it before the message itself.
    pub async fn revoke(&self, who: &Actor, asked: client::Revoke) -> Result<RevokeResult, Refusal> {
        let key = asked.check()?;
        let now_ms = self.clock.now_ms();
        let intent = asked.push_config.map(|push| NewIntent {
            sender: who.user.clone(),
            recipients: Recipients::of(&key),
            push,
            mentioned: Vec::new(),
            mention_all: false,
            notify_mentioned: false,
            call: None,
            kind: IntentKind::News,
            expires_at: now_ms + u64::from(who.settings.push_ttl_s) * 1_000,
        });
        let revocation = NewRevocation {
            app: who.app,
            user: who.user.clone(),
            device: who.device.clone(),
            key: key.clone(),
            message: asked.message_id,
            extended_data: asked.revoke_extended_data,
            window_ms: u64::from(who.settings.revoke_window_s) * 1_000,
            intent,
            now_ms,
        };
        match self.store.revoke_message(revocation).await.map_err(unavailable)? {
            Revoke::Done(revoked) => Ok(RevokeResult { message: for_operator(&revoked, &key)? }),
            Revoke::NoSuchMessage => Err(Refusal::new(
                Code::MESSAGE_FAILED,
                "there is no such message in this conversation; check messageID and conversationID",
            )),
            Revoke::TooLate => Err(Code::REVOKE_TOO_LATE.into()),
            Revoke::Already => Err(Code::ALREADY_REVOKED.into()),
            Revoke::NoRight if matches!(key, ConversationKey::Peer(_)) => {
                Err(Refusal::parameter("in a conversation of two only the sender can take a message back"))
            }
            Revoke::NoRight => Err(Code::GROUP_NO_RIGHT.into()),
            Revoke::NotMember if matches!(key, ConversationKey::Peer(_)) => Err(Code::NO_CONVERSATION.into()),
            Revoke::NotMember => Err(Code::NOT_IN_GROUP.into()),
        }
    }

    /// Tells everybody who is here, but the device that did it.
    pub(super) async fn deliver_revoked(&self, revoked: &Revoked) {
        let tell = |user: &UserId, frame: &Bytes| {
            let spared: Option<&DeviceId> = (*user == revoked.operator).then_some(&revoked.device);
            self.hub.deliver(revoked.app, user, spared, frame);
        };
        let seen_as = |key: &ConversationKey| frame(key, vec![view::message(&revoked.message, key)]);
        match &revoked.thread {
            Thread::Peer(sender, other) => {
                tell(sender, &seen_as(&ConversationKey::Peer(other.clone())));
                tell(other, &seen_as(&ConversationKey::Peer(sender.clone())));
            }
            Thread::Group(group, members) => {
                let frame = seen_as(&ConversationKey::Group(group.clone()));
                self.bring(revoked.app, &revoked.message, members, |member| tell(member, &frame)).await;
            }
        }
        self.push.send(Signal::Retraction);
        if let Some(intent) = &revoked.intent {
            self.push.send(Signal::Intent(intent.clone()));
        }
    }

    /// Tells a device what was taken back while it was away: what it has already it has with the old words.
    pub(super) async fn sync_revoked(&self, who: &Actor, seat: &Seat, since_ms: u64) -> Result<(), Refusal> {
        for membership in self.store.memberships(who.app, &who.user).await.map_err(unavailable)? {
            let revoked = self.store.revoked_since(membership.conversation, since_ms, TOLD_MAX).await;
            let visible = |seq: &u64| *seq > membership.visible_from && *seq <= membership.last_seq;
            let revoked = revoked.map_err(unavailable)?.into_iter().filter(|one| visible(&one.seq));
            let messages: Vec<Message> =
                revoked.map(|stored| view::message(&stored, &membership.key)).collect();
            if messages.is_empty() {
                continue;
            }
            if !seat.mailbox.has_room().await {
                return Ok(());
            }
            seat.mailbox.push(frame(&membership.key, messages));
        }
        Ok(())
    }
}

fn frame(key: &ConversationKey, messages: Vec<Message>) -> Bytes {
    let told =
        MessagesRevoked { conversation_id: key.id().to_owned(), conversation_type: key.kind(), messages };
    Bytes::from(Notification::MessagesRevoked(told).to_frame())
}

/// The answer: a sender gets the text of its own message back, to write it anew.
fn for_operator(revoked: &Revoked, key: &ConversationKey) -> Result<Message, Refusal> {
    let mut message = view::message(&revoked.message, key);
    if revoked.operator == revoked.message.sender
        && let Some(text) = &revoked.original_text
    {
        let mut content = message.content()?;
        if let Some(revoke) = &mut content.revoke {
            revoke.original_text_message_content = Some(text.clone());
        }
        message.content = view::raw(&view::content_text(&content)?);
    }
    Ok(message)
}
