//! What the server tells by itself: one type for each notification.

use crate::{
    CallId, ConversationType, GroupId, Refusal, UserId,
    call::{CallMode, CallUser},
    client::{BlockAction, PushRule, TotalUnread, UserProfile},
    conversation::ConversationChange,
    frame::FromServer,
    group::{GroupEvent, GroupProfile, GroupState, Member, MemberEvent},
    message::Message,
};
use serde::{Deserialize, Serialize};

/// Declares the notifications: variant, parameter type, name.
macro_rules! notifications {
    ($($(#[$doc:meta])* $variant:ident($params:ty) = $method:literal,)*) => {
        /// One notification of the server.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Notification {
            $($(#[$doc])* $variant($params),)*
        }

        impl Notification {
            /// Every notification name of the protocol.
            pub const METHODS: &'static [&'static str] = &[$($method),*];

            /// Reads a notification. `None` for a name this version does not know: ignore it.
            pub fn read(frame: &FromServer<'_>) -> Option<Result<Self, Refusal>> {
                let params = frame.params.map_or("{}", |raw| raw.get());
                match frame.method.as_deref()? {
                    $($method => Some(serde_json::from_str::<$params>(params)
                        .map(Self::$variant)
                        .map_err(|error| Refusal::parameter(format!("{}: {error}", $method)))),)*
                    _ => None,
                }
            }

            /// The name.
            pub fn method(&self) -> &'static str {
                match self { $(Self::$variant(_) => $method,)* }
            }

            /// The text frame.
            pub fn to_frame(&self) -> String {
                match self { $(Self::$variant(params) => crate::frame::notification($method, params),)* }
            }
        }
    };
}

notifications! {
    /// The token expires soon.
    TokenWillExpire(TokenWillExpire) = "session.tokenWillExpire",
    /// Messages, live or of the offline period.
    Messages(Messages) = "message.received",
    /// Messages were taken back.
    MessagesRevoked(MessagesRevoked) = "message.revoked",
    /// The user's own block list changed on another device.
    BlockChanged(BlockChanged) = "block.changed",
    /// The user's own push rule changed on another device.
    PushRuleChanged(PushRule) = "user.pushRuleChanged",
    /// Entries of the conversation list changed by something else than a message.
    ConversationChanged(ConversationChanged) = "conversation.changed",
    /// The total unread count changed by something else than a message.
    TotalUnreadChanged(TotalUnread) = "conversation.totalUnreadChanged",
    /// The user's own state in a group changed.
    GroupState(GroupStateChanged) = "group.stateChanged",
    /// The member list of a group changed.
    GroupMembers(GroupMembersChanged) = "group.memberStateChanged",
    /// A call was created (to the caller's devices).
    CallCreated(CallCreated) = "call.created",
    /// An invitation. Answer with `call.ack` when the listener ran.
    CallReceived(CallReceived) = "call.received",
    /// The inviter cancelled.
    CallCancelled(CallCancelled) = "call.cancelled",
    /// This user did not answer in time.
    CallTimeout(CallTimeout) = "call.timeout",
    /// The call is over.
    CallEnded(CallEnded) = "call.ended",
    /// States of users in the call changed.
    CallUserState(CallUserStateChanged) = "call.userStateChanged",
}

/// `session.tokenWillExpire`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenWillExpire {
    /// Seconds left, ≤ 30.
    pub second: u64,
}

/// `message.received`: messages of one conversation, rising by `messageSeq`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Messages {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// 1..=50 messages.
    pub messages: Vec<Message>,
    /// They were sent while this device was away.
    pub is_offline_message: bool,
}

/// `message.revoked`: messages of one conversation as they are now, content of type 31.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessagesRevoked {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// 1..=50 messages.
    pub messages: Vec<Message>,
}

/// `block.changed`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockChanged {
    /// Added 0, Removed 1.
    pub action: BlockAction,
    /// Whom.
    pub user_list: Vec<UserProfile>,
}

/// `conversation.changed`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationChanged {
    /// 1.. changes.
    pub info_list: Vec<ConversationChange>,
}

/// `group.stateChanged`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupStateChanged {
    /// In or out.
    pub state: GroupState,
    /// Why.
    pub event: GroupEvent,
    /// Who did it.
    #[serde(rename = "operatedUserID")]
    pub operated_user_id: UserId,
    /// The group.
    pub group_info: GroupProfile,
}

/// `group.memberStateChanged`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupMembersChanged {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
    /// In or out.
    pub state: GroupState,
    /// Why.
    pub event: MemberEvent,
    /// Who did it.
    #[serde(rename = "operatedUserID")]
    pub operated_user_id: UserId,
    /// Whom it concerns.
    pub user_list: Vec<Member>,
}

/// `call.created`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCreated {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
    /// Who calls.
    pub caller: UserId,
    /// What the caller sent along.
    pub extended_data: String,
    /// Seconds it rings.
    pub timeout: u32,
    /// Unix time in ms.
    pub create_time: u64,
    /// Everybody, the caller first.
    pub call_user_list: Vec<CallUser>,
}

/// `call.received`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallReceived {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
    /// Who started the call.
    pub caller: UserId,
    /// Who invited this user.
    pub inviter: UserId,
    /// What the inviter sent along.
    pub extended_data: String,
    /// Seconds it rings in all.
    pub timeout: u32,
    /// Unix time in ms.
    pub create_time: u64,
    /// Everybody, the caller first.
    pub call_user_list: Vec<CallUser>,
}

/// `call.cancelled`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCancelled {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
    /// Who cancelled.
    pub inviter: UserId,
    /// What was sent along.
    pub extended_data: String,
}

/// `call.timeout`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CallTimeout {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
}

/// `call.ended`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallEnded {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// General 0, Advanced 1.
    pub mode: CallMode,
    /// Who started it.
    pub caller: UserId,
    /// Who ended it; the last to answer or the caller when it ended by itself.
    #[serde(rename = "operatedUserID")]
    pub operated_user_id: UserId,
    /// What was sent along.
    pub extended_data: String,
    /// Unix time in ms.
    pub end_time: u64,
}

/// `call.userStateChanged`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallUserStateChanged {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Those that changed.
    pub call_user_list: Vec<CallUser>,
}
