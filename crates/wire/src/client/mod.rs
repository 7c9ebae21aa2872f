//! What a client asks: one type for the parameters of each method, one for its result.
//!
//! `Request` is the closed list of methods; the types behind it live in one file per topic and are all
//! public here. Answers and notifications of the server's own accord: `server`.

mod block;
mod call;
mod conversation;
mod group;
mod message;
mod push;
mod session;

pub use block::{BlockAction, BlockCheck, BlockChecked, BlockList, BlockPage, BlockResult, BlockUsers};
pub use call::{
    CallAnswer, CallCancel, CallCancelResult, CallEndResult, CallInvite, CallInviteResult, CallJoinResult,
    CallLeave, CallList, CallPage, CallQuitResult, CallRef, CallingInvite, CallingInviteResult,
};
pub use conversation::{
    ConversationList, ConversationPage, ConversationRef, ConversationResult, SetNotificationStatus,
    TotalUnread,
};
pub use group::{
    GroupChange, GroupCreate, GroupKicked, GroupListResult, GroupMembers, GroupRef, GroupResult, GroupUsers,
    MemberPage,
};
pub use message::{Cursor, History, HistoryPage, MessageRef, Revoke, RevokeResult, Send, SendResult};
pub use push::{PushClicked, PushRegister, PushRegistered, PushUnregister};
pub use session::{
    AppPhase, AppState, Login, LoginResult, PushRule, RenewToken, SetBadge, UserProfile, UserQuery,
    UserQueryResult, UserSelf,
};

use crate::{Refusal, frame::Incoming};
use serde::{Deserialize, Serialize};

/// Declares the methods of the protocol: variant, parameter type, name.
macro_rules! requests {
    ($($(#[$doc:meta])* $variant:ident($params:ty) = $method:literal,)*) => {
        /// One request or notification of a client, read and typed. Limits are checked by `check`.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Request {
            $($(#[$doc])* $variant($params),)*
        }

        impl Request {
            /// Every method name of the protocol.
            pub const METHODS: &'static [&'static str] = &[$($method),*];

            /// Reads the parameters of the frame's method.
            pub fn read(frame: &Incoming<'_>) -> Result<Self, Refusal> {
                match &*frame.method {
                    $($method => frame.params::<$params>().map(Self::$variant),)*
                    other => Err(Refusal::parameter(format!(
                        "there is no method {:?}; docs/protocol.md lists them", shorten(other)
                    ))),
                }
            }

            /// The name of the method.
            pub fn method(&self) -> &'static str {
                match self { $(Self::$variant(_) => $method,)* }
            }
        }
    };
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

requests! {
    /// Log in: the first request of a connection, but for `push.register` and `push.unregister`.
    Login(Login) = "session.login",
    /// Log out: clears the PushIDs bound to this user on this device before it answers.
    Logout(Empty) = "session.logout",
    /// Sign of life, every 10 s.
    Heartbeat(Empty) = "session.heartbeat",
    /// A new token in place of one that is about to expire.
    RenewToken(RenewToken) = "session.renewToken",
    /// The app went to the foreground or background; background counts as offline for push at once.
    AppState(AppState) = "app.state",
    /// Register a vendor's push token.
    PushRegister(PushRegister) = "push.register",
    /// Never push to this device again.
    PushUnregister(PushUnregister) = "push.unregister",
    /// The user tapped a notice.
    PushClicked(PushClicked) = "push.clicked",
    /// Names of users.
    UserQuery(UserQuery) = "user.query",
    /// What is known of oneself.
    UserSelf(Empty) = "user.self",
    /// Which platforms are not pushed while others are online.
    SetPushRule(PushRule) = "user.setPushRule",
    /// The number on the icon of one's own offline phones.
    SetBadge(SetBadge) = "user.setBadge",
    /// Block users.
    BlockAdd(BlockUsers) = "block.add",
    /// Let users in again.
    BlockRemove(BlockUsers) = "block.remove",
    /// A page of the block list.
    BlockList(BlockList) = "block.list",
    /// Whether a user is on the block list.
    BlockCheck(BlockCheck) = "block.check",
    /// Send a message.
    Send(Box<Send>) = "message.send",
    /// The listener of a delivery ran (notification, cumulative per conversation).
    Ack(Cursor) = "message.ack",
    /// Take a message back.
    Revoke(Box<Revoke>) = "message.revoke",
    /// A page of a conversation.
    History(History) = "message.history",
    /// A page of the conversation list.
    ConversationList(ConversationList) = "conversation.list",
    /// One entry of the conversation list.
    ConversationGet(ConversationRef) = "conversation.get",
    /// Everything in one conversation is read.
    ConversationRead(ConversationRef) = "conversation.read",
    /// Everything in every conversation is read.
    ConversationReadAll(Empty) = "conversation.readAll",
    /// Total unread count.
    ConversationTotalUnread(Empty) = "conversation.totalUnread",
    /// Do-not-disturb on or off.
    SetNotificationStatus(SetNotificationStatus) = "conversation.setNotificationStatus",
    /// Create a group.
    GroupCreate(GroupCreate) = "group.create",
    /// Join a group.
    GroupJoin(GroupRef) = "group.join",
    /// Leave a group.
    GroupLeave(GroupRef) = "group.leave",
    /// Bring users into a group.
    GroupInvite(GroupUsers) = "group.invite",
    /// Remove members.
    GroupKick(GroupUsers) = "group.kick",
    /// End a group for everybody; its groupID is never used again.
    GroupDismiss(GroupRef) = "group.dismiss",
    /// A page of the member list.
    GroupMembers(GroupMembers) = "group.members",
    /// The groups of this user.
    GroupList(Empty) = "group.list",
    /// What a group shows of itself.
    GroupGet(GroupRef) = "group.get",
    /// Invite users to a call.
    CallInvite(Box<CallInvite>) = "call.invite",
    /// Invite further users to a call of advanced mode.
    CallingInvite(Box<CallingInvite>) = "call.callingInvite",
    /// Take invitations back.
    CallCancel(Box<CallCancel>) = "call.cancel",
    /// Accept an invitation.
    CallAccept(CallAnswer) = "call.accept",
    /// Reject an invitation.
    CallReject(CallAnswer) = "call.reject",
    /// Come into a call of advanced mode, or take it over from another device.
    CallJoin(CallAnswer) = "call.join",
    /// Leave a call of advanced mode.
    CallQuit(Box<CallLeave>) = "call.quit",
    /// End a call of advanced mode for everybody.
    CallEnd(Box<CallLeave>) = "call.end",
    /// A page of one's own calls, newest first.
    CallList(CallList) = "call.list",
    /// The listener of `call.received` ran (notification).
    CallAck(CallRef) = "call.ack",
}

/// No parameters, or an empty result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}
