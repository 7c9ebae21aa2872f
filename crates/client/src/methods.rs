//! A shortcut per method of the protocol.

use crate::{CallError, Client, Draft};
use hongyan_wire::{
    CallId, ConversationKey, DeviceId, GroupId, PushId, Seq, UserId,
    call::CallMode,
    client::*,
    conversation::{Conversation, NotificationStatus},
    group::GroupProfile,
    message::{Message, PushConfig},
};

/// Which page of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The newest messages.
    Newest,
    /// Below this place.
    Before(Seq),
    /// Above this place.
    After(Seq),
}

fn conversation(key: &ConversationKey) -> ConversationRef {
    ConversationRef { conversation_id: key.id().to_owned(), conversation_type: key.kind() }
}

impl Client {
    /// `session.logout`.
    pub async fn logout(&self) -> Result<(), CallError> {
        self.call::<_, Empty>("session.logout", &Empty {}).await.map(|_| ())
    }

    /// `session.heartbeat`.
    pub async fn heartbeat(&self) -> Result<(), CallError> {
        self.call::<_, Empty>("session.heartbeat", &Empty {}).await.map(|_| ())
    }

    /// `session.renewToken`.
    pub async fn renew_token(&self, token: &str) -> Result<(), CallError> {
        let params = RenewToken { token: token.to_owned() };
        self.call::<_, Empty>("session.renewToken", &params).await.map(|_| ())
    }

    /// `app.state`.
    pub async fn app_state(&self, state: AppPhase) -> Result<(), CallError> {
        self.call::<_, Empty>("app.state", &AppState { state }).await.map(|_| ())
    }

    /// `push.register`.
    pub async fn push_register(&self, push: &PushRegister) -> Result<PushId, CallError> {
        let registered: PushRegistered = self.call("push.register", push).await?;
        Ok(registered.push_id)
    }

    /// `push.register` of a HarmonyOS token by the logged-in user of `device_id`.
    pub async fn register_harmony(&self, device_id: &DeviceId, token: &str) -> Result<PushId, CallError> {
        let push = PushRegister {
            app_id: None,
            app_sign: None,
            device_id: device_id.clone(),
            vendor: "harmony".into(),
            token: token.to_owned(),
            app_type: 1,
            locale: "zh-CN".into(),
        };
        self.push_register(&push).await
    }

    /// `push.unregister`.
    pub async fn push_unregister(&self, push: &PushUnregister) -> Result<(), CallError> {
        self.call::<_, Empty>("push.unregister", push).await.map(|_| ())
    }

    /// `user.query`.
    pub async fn query_users(&self, user_ids: Vec<UserId>) -> Result<UserQueryResult, CallError> {
        self.call("user.query", &UserQuery { user_ids }).await
    }

    /// `message.send`.
    pub async fn send(&self, to: &ConversationKey, draft: &Draft) -> Result<Message, CallError> {
        let result: SendResult = self.call("message.send", &draft.params(to)).await?;
        Ok(result.message)
    }

    /// `message.ack`, a notification.
    pub async fn ack(&self, key: &ConversationKey, message_seq: Seq) -> Result<(), CallError> {
        let ConversationRef { conversation_id, conversation_type } = conversation(key);
        self.notify("message.ack", &Cursor { conversation_id, conversation_type, message_seq }).await
    }

    /// `message.history`.
    pub async fn history(&self, key: &ConversationKey, page: Page, count: u32) -> Result<HistoryPage, CallError> {
        let ConversationRef { conversation_id, conversation_type } = conversation(key);
        let (before_seq, after_seq) = match page {
            Page::Newest => (None, None),
            Page::Before(seq) => (Some(seq), None),
            Page::After(seq) => (None, Some(seq)),
        };
        let asked = History { conversation_id, conversation_type, before_seq, after_seq, count };
        self.call("message.history", &asked).await
    }

    /// `conversation.list`.
    pub async fn conversations(&self, count: u32, next: Option<String>) -> Result<ConversationPage, CallError> {
        self.call("conversation.list", &ConversationList { count, next }).await
    }

    /// `conversation.get`.
    pub async fn conversation(&self, key: &ConversationKey) -> Result<Conversation, CallError> {
        let result: ConversationResult = self.call("conversation.get", &conversation(key)).await?;
        Ok(result.conversation)
    }

    /// `conversation.read`; the total unread count afterwards.
    pub async fn read(&self, key: &ConversationKey) -> Result<u64, CallError> {
        let total: TotalUnread = self.call("conversation.read", &conversation(key)).await?;
        Ok(total.total_unread_message_count)
    }

    /// `conversation.readAll`; the total unread count afterwards.
    pub async fn read_all(&self) -> Result<u64, CallError> {
        let total: TotalUnread = self.call("conversation.readAll", &Empty {}).await?;
        Ok(total.total_unread_message_count)
    }

    /// `conversation.totalUnread`.
    pub async fn total_unread(&self) -> Result<u64, CallError> {
        let total: TotalUnread = self.call("conversation.totalUnread", &Empty {}).await?;
        Ok(total.total_unread_message_count)
    }

    /// `conversation.setNotificationStatus`.
    pub async fn set_notification(
        &self,
        key: &ConversationKey,
        notification_status: NotificationStatus,
    ) -> Result<Conversation, CallError> {
        let ConversationRef { conversation_id, conversation_type } = conversation(key);
        let set = SetNotificationStatus { conversation_id, conversation_type, notification_status };
        let result: ConversationResult = self.call("conversation.setNotificationStatus", &set).await?;
        Ok(result.conversation)
    }

    /// `group.create` with a groupID of one's own.
    pub async fn create_group(&self, group_id: &str, user_ids: Vec<UserId>) -> Result<GroupChange, CallError> {
        let group_info = GroupProfile {
            group_id: group_id.to_owned(),
            group_name: format!("{group_id} (name)"),
            ..Default::default()
        };
        self.call("group.create", &GroupCreate { group_info, user_ids }).await
    }

    /// `group.join`.
    pub async fn join_group(&self, group_id: &GroupId) -> Result<GroupProfile, CallError> {
        let result: GroupResult = self.call("group.join", &group(group_id)).await?;
        Ok(result.group_info)
    }

    /// `group.leave`.
    pub async fn leave_group(&self, group_id: &GroupId) -> Result<(), CallError> {
        self.call::<_, Empty>("group.leave", &group(group_id)).await.map(|_| ())
    }

    /// `group.invite`.
    pub async fn invite_to_group(
        &self,
        group_id: &GroupId,
        user_ids: Vec<UserId>,
    ) -> Result<GroupChange, CallError> {
        self.call("group.invite", &GroupUsers { group_id: group_id.clone(), user_ids }).await
    }

    /// `group.kick`.
    pub async fn kick_from_group(
        &self,
        group_id: &GroupId,
        user_ids: Vec<UserId>,
    ) -> Result<GroupKicked, CallError> {
        self.call("group.kick", &GroupUsers { group_id: group_id.clone(), user_ids }).await
    }

    /// `group.dismiss`.
    pub async fn dismiss_group(&self, group_id: &GroupId) -> Result<(), CallError> {
        self.call::<_, Empty>("group.dismiss", &group(group_id)).await.map(|_| ())
    }

    /// `group.members`.
    pub async fn group_members(
        &self,
        group_id: &GroupId,
        count: u32,
        next_flag: u64,
    ) -> Result<MemberPage, CallError> {
        self.call("group.members", &GroupMembers { group_id: group_id.clone(), count, next_flag }).await
    }

    /// `group.list`.
    pub async fn groups(&self) -> Result<Vec<GroupProfile>, CallError> {
        let result: GroupListResult = self.call("group.list", &Empty {}).await?;
        Ok(result.group_list)
    }

    /// `group.get`.
    pub async fn group(&self, group_id: &GroupId) -> Result<GroupProfile, CallError> {
        let result: GroupResult = self.call("group.get", &group(group_id)).await?;
        Ok(result.group_info)
    }

    /// `call.invite` in general mode; `timeout` in seconds.
    pub async fn invite(
        &self,
        invitees: Vec<UserId>,
        timeout: u32,
        push_config: Option<PushConfig>,
    ) -> Result<CallInviteResult, CallError> {
        let extended_data = String::new();
        let invite = CallInvite { invitees, timeout, mode: CallMode::General, extended_data, push_config };
        self.call("call.invite", &invite).await
    }

    /// `call.cancel`.
    pub async fn cancel_call(&self, call_id: CallId) -> Result<CallCancelResult, CallError> {
        let extended_data = String::new();
        let cancel = CallCancel { call_id, invitees: Vec::new(), extended_data, push_config: None };
        self.call("call.cancel", &cancel).await
    }

    /// `call.accept`.
    pub async fn accept_call(&self, call_id: CallId) -> Result<(), CallError> {
        let answer = CallAnswer { call_id, extended_data: String::new() };
        self.call::<_, CallRef>("call.accept", &answer).await.map(|_| ())
    }

    /// `call.reject`.
    pub async fn reject_call(&self, call_id: CallId) -> Result<(), CallError> {
        let answer = CallAnswer { call_id, extended_data: String::new() };
        self.call::<_, CallRef>("call.reject", &answer).await.map(|_| ())
    }

    /// `call.ack`, a notification.
    pub async fn call_ack(&self, call_id: CallId) -> Result<(), CallError> {
        self.notify("call.ack", &CallRef { call_id }).await
    }

    /// `call.list`.
    pub async fn calls(&self, count: u32, before: Option<CallId>) -> Result<CallPage, CallError> {
        self.call("call.list", &CallList { count, before }).await
    }
}

fn group(group_id: &GroupId) -> GroupRef {
    GroupRef { group_id: group_id.clone() }
}
