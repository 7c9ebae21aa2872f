//! One typed shortcut for each method of the protocol. What each refuses: docs/protocol.md.

use crate::{CallError, Client, Draft, link::ack_cursor};
use hongyan_wire::{
    CallId, ConversationKey, GroupId, PushId, Seq, UserId,
    client::{
        AppPhase, AppState, BlockCheck, BlockChecked, BlockList, BlockPage, BlockResult, BlockUsers,
        CallAnswer, CallCancel, CallCancelResult, CallEndResult, CallInvite, CallInviteResult,
        CallJoinResult, CallLeave, CallList, CallPage, CallQuitResult, CallRef, CallingInvite,
        CallingInviteResult, ConversationList, ConversationPage, ConversationRef, ConversationResult, Cursor,
        Empty, GroupChange, GroupCreate, GroupKicked, GroupListResult, GroupMembers, GroupRef, GroupResult,
        GroupUsers, History, HistoryPage, MemberPage, PushClicked, PushRegister, PushRegistered, PushRule,
        PushUnregister, RenewToken, Revoke, RevokeResult, SendResult, SetBadge, SetNotificationStatus,
        TotalUnread, UserQuery, UserQueryResult, UserSelf,
    },
    conversation::{Conversation, NotificationStatus},
    group::GroupProfile,
    message::Message,
    server::Messages,
};

/// Which page of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The newest messages.
    Newest,
    /// Messages below this place.
    Before(Seq),
    /// Messages above this place.
    After(Seq),
}

fn reference(conversation: &ConversationKey) -> ConversationRef {
    ConversationRef { conversation_id: conversation.id().to_owned(), conversation_type: conversation.kind() }
}

/// The session itself.
impl Client {
    /// `session.logout`.
    pub async fn logout(&self) -> Result<(), CallError> {
        self.call::<_, Empty>("session.logout", &Empty {}).await.map(drop)
    }

    /// `session.heartbeat`, for tests that send their own.
    pub async fn heartbeat(&self) -> Result<(), CallError> {
        self.call::<_, Empty>("session.heartbeat", &Empty {}).await.map(drop)
    }

    /// `session.renewToken`.
    pub async fn renew_token(&self, token: &str) -> Result<(), CallError> {
        let params = RenewToken { token: token.to_owned() };
        self.call::<_, Empty>("session.renewToken", &params).await.map(drop)
    }

    /// `app.state`.
    pub async fn app_state(&self, state: AppPhase) -> Result<(), CallError> {
        self.call::<_, Empty>("app.state", &AppState { state }).await.map(drop)
    }

    /// `push.register`; gives the PushID.
    pub async fn push_register(&self, params: &PushRegister) -> Result<PushId, CallError> {
        self.call::<_, PushRegistered>("push.register", params).await.map(|result| result.push_id)
    }

    /// `push.unregister`.
    pub async fn push_unregister(&self, params: &PushUnregister) -> Result<(), CallError> {
        self.call::<_, Empty>("push.unregister", params).await.map(drop)
    }

    /// `user.query`, 1..=10 users.
    pub async fn user_query(&self, user_ids: Vec<UserId>) -> Result<UserQueryResult, CallError> {
        self.call("user.query", &UserQuery { user_ids }).await
    }
}

/// The user itself.
impl Client {
    /// `user.self`.
    pub async fn user_self(&self) -> Result<UserSelf, CallError> {
        self.call("user.self", &Empty {}).await
    }

    /// `user.setPushRule`.
    pub async fn user_set_push_rule(&self, rule: &PushRule) -> Result<PushRule, CallError> {
        self.call("user.setPushRule", rule).await
    }

    /// `user.setBadge`.
    pub async fn user_set_badge(&self, badge: u32) -> Result<(), CallError> {
        self.call::<_, Empty>("user.setBadge", &SetBadge { badge }).await.map(drop)
    }

    /// `block.add`, 1..=20 users.
    pub async fn block_add(&self, user_ids: Vec<UserId>) -> Result<BlockResult, CallError> {
        self.call("block.add", &BlockUsers { user_ids }).await
    }

    /// `block.remove`, 1..=20 users.
    pub async fn block_remove(&self, user_ids: Vec<UserId>) -> Result<BlockResult, CallError> {
        self.call("block.remove", &BlockUsers { user_ids }).await
    }

    /// `block.list`, 1..=100 users from the place that the page before gave.
    pub async fn block_list(&self, count: u32, next: Option<UserId>) -> Result<BlockPage, CallError> {
        self.call("block.list", &BlockList { count, next }).await
    }

    /// `block.check`.
    pub async fn block_check(&self, user_id: UserId) -> Result<bool, CallError> {
        let checked: BlockChecked = self.call("block.check", &BlockCheck { user_id }).await?;
        Ok(checked.is_user_in_blacklist)
    }
}

/// Messages and conversations.
impl Client {
    /// `message.revoke`; gives what is left of the message.
    pub async fn message_revoke(&self, params: &Revoke) -> Result<Message, CallError> {
        self.call::<_, RevokeResult>("message.revoke", params).await.map(|result| result.message)
    }

    /// `push.clicked`.
    pub async fn push_clicked(&self, params: &PushClicked) -> Result<(), CallError> {
        self.call::<_, Empty>("push.clicked", params).await.map(drop)
    }

    /// `message.send`; gives the message as it is stored.
    pub async fn send(&self, to: &ConversationKey, draft: &Draft) -> Result<Message, CallError> {
        self.call::<_, SendResult>("message.send", &draft.params(to)).await.map(|result| result.message)
    }

    /// Sends a text.
    pub async fn send_text(&self, to: &ConversationKey, text: &str) -> Result<Message, CallError> {
        self.send(to, &Draft::text(text)).await
    }

    /// Sends a custom message.
    pub async fn send_custom(
        &self,
        to: &ConversationKey,
        sub_type: u32,
        text: &str,
    ) -> Result<Message, CallError> {
        self.send(to, &Draft::custom(sub_type, text)).await
    }

    /// Sends a command.
    pub async fn send_command(&self, to: &ConversationKey, bytes: &[u8]) -> Result<Message, CallError> {
        self.send(to, &Draft::command(bytes)).await
    }

    /// `message.ack`: everything up to this place was handled.
    pub async fn ack(&self, conversation: &ConversationKey, message_seq: Seq) -> Result<(), CallError> {
        let cursor = Cursor {
            conversation_id: conversation.id().to_owned(),
            conversation_type: conversation.kind(),
            message_seq,
        };
        self.notify("message.ack", &cursor).await
    }

    /// `message.ack` for what one notification brought; nothing when it held command messages only.
    pub async fn ack_messages(&self, messages: &Messages) -> Result<(), CallError> {
        match ack_cursor(messages) {
            Some(cursor) => self.notify("message.ack", &cursor).await,
            None => Ok(()),
        }
    }

    /// `message.history`, 1..=100 messages.
    pub async fn history(
        &self,
        conversation: &ConversationKey,
        page: Page,
        count: u32,
    ) -> Result<HistoryPage, CallError> {
        let (before_seq, after_seq) = match page {
            Page::Newest => (None, None),
            Page::Before(seq) => (Some(seq), None),
            Page::After(seq) => (None, Some(seq)),
        };
        let params = History {
            conversation_id: conversation.id().to_owned(),
            conversation_type: conversation.kind(),
            before_seq,
            after_seq,
            count,
        };
        self.call("message.history", &params).await
    }

    /// `conversation.list`, 1..=100 entries; `next` comes from the page before.
    pub async fn conversation_list(
        &self,
        count: u32,
        next: Option<String>,
    ) -> Result<ConversationPage, CallError> {
        self.call("conversation.list", &ConversationList { count, next }).await
    }

    /// `conversation.get`.
    pub async fn conversation_get(&self, conversation: &ConversationKey) -> Result<Conversation, CallError> {
        let result: ConversationResult = self.call("conversation.get", &reference(conversation)).await?;
        Ok(result.conversation)
    }

    /// `conversation.read`; gives the total unread count.
    pub async fn conversation_read(&self, conversation: &ConversationKey) -> Result<u64, CallError> {
        let result: TotalUnread = self.call("conversation.read", &reference(conversation)).await?;
        Ok(result.total_unread_message_count)
    }

    /// `conversation.readAll`; gives the total unread count.
    pub async fn conversation_read_all(&self) -> Result<u64, CallError> {
        let result: TotalUnread = self.call("conversation.readAll", &Empty {}).await?;
        Ok(result.total_unread_message_count)
    }

    /// `conversation.totalUnread`.
    pub async fn total_unread(&self) -> Result<u64, CallError> {
        let result: TotalUnread = self.call("conversation.totalUnread", &Empty {}).await?;
        Ok(result.total_unread_message_count)
    }

    /// `conversation.setNotificationStatus`.
    pub async fn set_notification_status(
        &self,
        conversation: &ConversationKey,
        notification_status: NotificationStatus,
    ) -> Result<(), CallError> {
        let params = SetNotificationStatus {
            conversation_id: conversation.id().to_owned(),
            conversation_type: conversation.kind(),
            notification_status,
        };
        self.call::<_, ConversationResult>("conversation.setNotificationStatus", &params).await.map(drop)
    }
}

/// Groups.
impl Client {
    /// `group.create`; an empty groupID in the profile lets the server choose.
    pub async fn group_create(
        &self,
        group_info: GroupProfile,
        user_ids: Vec<UserId>,
    ) -> Result<GroupChange, CallError> {
        self.call("group.create", &GroupCreate { group_info, user_ids }).await
    }

    /// `group.join`.
    pub async fn group_join(&self, group_id: &GroupId) -> Result<GroupProfile, CallError> {
        self.group_profile("group.join", group_id).await
    }

    /// `group.get`.
    pub async fn group_get(&self, group_id: &GroupId) -> Result<GroupProfile, CallError> {
        self.group_profile("group.get", group_id).await
    }

    async fn group_profile(&self, method: &str, group_id: &GroupId) -> Result<GroupProfile, CallError> {
        let result: GroupResult = self.call(method, &GroupRef { group_id: group_id.clone() }).await?;
        Ok(result.group_info)
    }

    /// `group.leave`.
    pub async fn group_leave(&self, group_id: &GroupId) -> Result<(), CallError> {
        self.call::<_, Empty>("group.leave", &GroupRef { group_id: group_id.clone() }).await.map(drop)
    }

    /// `group.dismiss`.
    pub async fn group_dismiss(&self, group_id: &GroupId) -> Result<(), CallError> {
        self.call::<_, Empty>("group.dismiss", &GroupRef { group_id: group_id.clone() }).await.map(drop)
    }

    /// `group.invite`, 1..=100 users.
    pub async fn group_invite(
        &self,
        group_id: &GroupId,
        user_ids: Vec<UserId>,
    ) -> Result<GroupChange, CallError> {
        self.call("group.invite", &GroupUsers { group_id: group_id.clone(), user_ids }).await
    }

    /// `group.kick`, 1..=100 users.
    pub async fn group_kick(
        &self,
        group_id: &GroupId,
        user_ids: Vec<UserId>,
    ) -> Result<GroupKicked, CallError> {
        self.call("group.kick", &GroupUsers { group_id: group_id.clone(), user_ids }).await
    }

    /// `group.members`, 1..=100 members; `next_flag` comes from the page before, 0 for the first.
    pub async fn group_members(
        &self,
        group_id: &GroupId,
        count: u32,
        next_flag: u64,
    ) -> Result<MemberPage, CallError> {
        self.call("group.members", &GroupMembers { group_id: group_id.clone(), count, next_flag }).await
    }

    /// `group.list`.
    pub async fn group_list(&self) -> Result<Vec<GroupProfile>, CallError> {
        let result: GroupListResult = self.call("group.list", &Empty {}).await?;
        Ok(result.group_list)
    }
}

/// Calls.
impl Client {
    /// `call.invite`.
    pub async fn call_invite(&self, params: &CallInvite) -> Result<CallInviteResult, CallError> {
        self.call("call.invite", params).await
    }

    /// `call.cancel`.
    pub async fn call_cancel(&self, params: &CallCancel) -> Result<CallCancelResult, CallError> {
        self.call("call.cancel", params).await
    }

    /// `call.accept`.
    pub async fn call_accept(&self, call_id: CallId, extended_data: &str) -> Result<(), CallError> {
        self.call_answer("call.accept", call_id, extended_data).await
    }

    /// `call.reject`.
    pub async fn call_reject(&self, call_id: CallId, extended_data: &str) -> Result<(), CallError> {
        self.call_answer("call.reject", call_id, extended_data).await
    }

    async fn call_answer(&self, method: &str, call_id: CallId, extended_data: &str) -> Result<(), CallError> {
        let params = CallAnswer { call_id, extended_data: extended_data.to_owned() };
        self.call::<_, CallRef>(method, &params).await.map(drop)
    }

    /// `call.callingInvite`.
    pub async fn calling_invite(&self, params: &CallingInvite) -> Result<CallingInviteResult, CallError> {
        self.call("call.callingInvite", params).await
    }

    /// `call.join`.
    pub async fn call_join(&self, call_id: CallId, extended_data: &str) -> Result<CallJoinResult, CallError> {
        let params = CallAnswer { call_id, extended_data: extended_data.to_owned() };
        self.call("call.join", &params).await
    }

    /// `call.quit`.
    pub async fn call_quit(&self, params: &CallLeave) -> Result<CallQuitResult, CallError> {
        self.call("call.quit", params).await
    }

    /// `call.end`.
    pub async fn call_end(&self, params: &CallLeave) -> Result<CallEndResult, CallError> {
        self.call("call.end", params).await
    }

    /// `call.list`, 1..=100 calls older than `before`, newest first.
    pub async fn call_list(&self, count: u32, before: Option<CallId>) -> Result<CallPage, CallError> {
        self.call("call.list", &CallList { count, before }).await
    }

    /// `call.ack`.
    pub async fn call_ack(&self, call_id: CallId) -> Result<(), CallError> {
        self.notify("call.ack", &CallRef { call_id }).await
    }
}
