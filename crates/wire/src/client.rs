//! What a client asks: one type for the parameters of each method, one for its result.

use crate::{
    AppId, CallId, Code, ConversationKey, ConversationType, DeviceId, GroupId, MessageId, PushId, Refusal, Seq,
    UserId,
    call::{Call, CallMode},
    conversation::{Conversation, NotificationStatus},
    frame::Incoming,
    group::{GroupProfile, Member, UserError},
    limits,
    message::{Content, Message, PushConfig},
};
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
    /// Names of users.
    UserQuery(UserQuery) = "user.query",
    /// Send a message.
    Send(Box<Send>) = "message.send",
    /// The listener of a delivery ran (notification, cumulative per conversation).
    Ack(Cursor) = "message.ack",
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
    /// Cancel a call nobody has accepted.
    CallCancel(Box<CallCancel>) = "call.cancel",
    /// Accept an invitation.
    CallAccept(CallAnswer) = "call.accept",
    /// Reject an invitation.
    CallReject(CallAnswer) = "call.reject",
    /// A page of one's own calls, newest first.
    CallList(CallList) = "call.list",
    /// The listener of `call.received` ran (notification).
    CallAck(CallRef) = "call.ack",
}

/// No parameters, or an empty result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// Parameters of `session.login`. Exactly one of `appSign` and `token` is given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The app.
    #[serde(rename = "appID")]
    pub app_id: AppId,
    /// 64 hex digits; native apps and HarmonyOS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// token04; web and all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who logs in; registered at the first login.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// Absent keeps the name of last time; ≤ 256 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// Stable name of this installation.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// ZIMPlatformType: 1 Windows … 6 web, 10 OHOS, 32 unknown.
    pub platform: u8,
    /// Version of the SDK, for traces; ≤ 32 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sdk_version: String,
    /// Where the app is now.
    #[serde(default)]
    pub state: AppPhase,
    /// Session of a connection that broke; the server then takes this one for its continuation.
    #[serde(rename = "resumeSessionID", default, skip_serializing_if = "Option::is_none")]
    pub resume_session_id: Option<String>,
    /// How far this device has come, ≤ 200 conversations; the server takes the greater of this and its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cursors: Vec<Cursor>,
}

impl std::fmt::Debug for Login {
    /// Without AppSign and token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({:?} {:?} {:?})", self.app_id, self.user_id, self.device_id)
    }
}

impl Login {
    /// Checks lengths and counts; credentials are the server's to verify.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.app_sign.is_some() == self.token.is_some() {
            return Err(Refusal::new(Code::LOGIN_FAILED, "send either appSign or token, not both and not neither"));
        }
        if self.user_name.as_ref().is_some_and(|name| name.len() > limits::USER_NAME_BYTES_MAX) {
            return Err(Refusal::parameter("userName has at most 256 bytes"));
        }
        if self.sdk_version.len() > 32 {
            return Err(Refusal::parameter("sdkVersion has at most 32 bytes"));
        }
        if self.cursors.len() > limits::LOGIN_CURSORS_MAX {
            return Err(Refusal::parameter("cursors holds at most 200 conversations; send the newest"));
        }
        if !matches!(self.platform, 1..=7 | 9 | 10 | 32) {
            return Err(Refusal::parameter("platform must be 1 to 7, 9, 10 or 32"));
        }
        Ok(())
    }
}

/// Result of `session.login`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginResult {
    /// Name of this session; send it as `resumeSessionID` when the connection breaks.
    #[serde(rename = "sessionID")]
    pub session_id: String,
    /// Whether the session named in `resumeSessionID` was continued.
    pub resumed: bool,
    /// Name of the user now.
    pub user_name: String,
    /// Avatar of the user now.
    pub user_avatar_url: String,
    /// Unix time of the server in ms.
    pub server_time: u64,
    /// Send `session.heartbeat` this often, in ms.
    pub heartbeat_interval: u64,
    /// The server ends the session after this much silence, in ms.
    pub heartbeat_timeout: u64,
    /// Total unread count at this moment.
    pub total_unread_message_count: u64,
    /// Whether a PushID of this device is bound to the user now.
    pub push_bound: bool,
}

/// Where the app is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppPhase {
    /// The user sees it.
    #[default]
    Foreground,
    /// The user does not; it may freeze at any time.
    Background,
}

/// Parameters of `app.state`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppState {
    /// "foreground" or "background".
    pub state: AppPhase,
}

/// Parameters of `session.renewToken`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewToken {
    /// token04.
    pub token: String,
}

impl std::fmt::Debug for RenewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RenewToken(…)")
    }
}

/// Parameters of `push.register`. Before login the app proves itself with `appID` and `appSign`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushRegister {
    /// Before login only.
    #[serde(rename = "appID", default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// Before login only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// Same as in login.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// "harmony" so far.
    pub vendor: String,
    /// What the vendor's SDK gave, ≤ 1024 bytes.
    pub token: String,
    /// Which of the app's two credential sets: 1 or 2.
    #[serde(default = "one")]
    pub app_type: u8,
    /// BCP 47 language of the device, ≤ 35 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locale: String,
}

fn one() -> u8 {
    1
}

impl std::fmt::Debug for PushRegister {
    /// Without token and AppSign.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushRegister({} {:?})", self.vendor, self.device_id)
    }
}

impl PushRegister {
    /// Checks lengths and ranges; whether the vendor exists is the server's to say.
    pub fn check(&self) -> Result<(), Refusal> {
        let fault = |text: &'static str| Err(Refusal::new(Code::PUSH_REGISTER_FAILED, text));
        if self.token.is_empty() || self.token.len() > limits::VENDOR_TOKEN_BYTES_MAX {
            return fault("token must have 1 to 1024 bytes");
        }
        if self.token.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return fault("token must not hold blanks or control characters");
        }
        if !(1..=2).contains(&self.app_type) {
            return fault("appType must be 1 or 2");
        }
        if self.locale.len() > 35 {
            return fault("locale has at most 35 bytes");
        }
        Ok(())
    }
}

/// Result of `push.register`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PushRegistered {
    /// The PushID: the same one for the same device and token.
    #[serde(rename = "pushID")]
    pub push_id: PushId,
}

/// Parameters of `push.unregister`. Before login the app proves itself with `appID` and `appSign`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushUnregister {
    /// Before login only.
    #[serde(rename = "appID", default, skip_serializing_if = "Option::is_none")]
    pub app_id: Option<AppId>,
    /// Before login only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_sign: Option<String>,
    /// Same as in login.
    #[serde(rename = "deviceID")]
    pub device_id: DeviceId,
    /// One PushID of the device; absent for all of them.
    #[serde(rename = "pushID", default, skip_serializing_if = "Option::is_none")]
    pub push_id: Option<PushId>,
}

impl std::fmt::Debug for PushUnregister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PushUnregister({:?} {:?})", self.device_id, self.push_id)
    }
}

/// Parameters of `user.query`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserQuery {
    /// 1..=10 users.
    #[serde(rename = "userIDs")]
    pub user_ids: Vec<UserId>,
}

/// Result of `user.query`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserQueryResult {
    /// Those that exist.
    pub user_list: Vec<UserProfile>,
    /// Those that do not.
    pub error_user_list: Vec<UserError>,
}

/// What a user shows of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserProfile {
    /// Who.
    #[serde(rename = "userID")]
    pub user_id: UserId,
    /// ≤ 256 bytes.
    pub user_name: String,
    /// ≤ 500 bytes.
    #[serde(default)]
    pub user_avatar_url: String,
}

/// Parameters of `message.send`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Send {
    /// The sender's own identifier, 1..=64 bytes, unique per user; the same one again gives the same message.
    #[serde(rename = "localMessageID")]
    pub local_message_id: String,
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// What it says.
    pub content: Content,
    /// Low 1, Medium 2, High 3.
    pub priority: u8,
    /// Push to those who do not acknowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
    /// Push mentioned members of a group even through do-not-disturb.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_notify_mentioned_users: bool,
    /// Do not raise unread counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_unread_message_count: bool,
}

impl Send {
    /// Checks all limits and gives the conversation.
    pub fn check(&self) -> Result<ConversationKey, Refusal> {
        if self.local_message_id.is_empty() || self.local_message_id.len() > limits::LOCAL_MESSAGE_ID_BYTES_MAX {
            return Err(Refusal::parameter("localMessageID must have 1 to 64 bytes"));
        }
        if !(1..=3).contains(&self.priority) {
            return Err(Refusal::parameter("priority must be 1 (low), 2 (medium) or 3 (high)"));
        }
        self.content.check()?;
        if let Some(push) = &self.push_config {
            push.check()?;
        }
        ConversationKey::new(&self.conversation_id, self.conversation_type)
    }
}

/// Result of `message.send`: the message as it is stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SendResult {
    /// With `localMessageID`.
    pub message: Message,
}

/// A place in a conversation. Parameters of `message.ack`; also part of login.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cursor {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Everything up to this place was handled.
    pub message_seq: Seq,
}

/// Parameters of `message.history`. At most one of `beforeSeq` and `afterSeq`; neither means the newest page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct History {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Messages below this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_seq: Option<Seq>,
    /// Messages above this place (to fill a gap).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_seq: Option<Seq>,
    /// 1..=100.
    pub count: u32,
}

/// Result of `message.history`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryPage {
    /// Rising by `messageSeq`.
    pub messages: Vec<Message>,
    /// Whether there is more in the asked direction.
    pub has_more: bool,
}

/// Names one conversation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConversationRef {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
}

impl ConversationRef {
    /// The typed key.
    pub fn key(&self) -> Result<ConversationKey, Refusal> {
        ConversationKey::new(&self.conversation_id, self.conversation_type)
    }
}

/// Parameters of `conversation.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConversationList {
    /// 1..=100.
    pub count: u32,
    /// `next` of the page before; absent for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Result of `conversation.list`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// By `orderKey`, newest first.
    pub conversation_list: Vec<Conversation>,
    /// For the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Result of `conversation.get`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ConversationResult {
    /// The entry.
    pub conversation: Conversation,
}

/// Result of `conversation.totalUnread`, `conversation.read` and `conversation.readAll`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TotalUnread {
    /// Without do-not-disturb conversations.
    pub total_unread_message_count: u64,
}

/// Parameters of `conversation.setNotificationStatus`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetNotificationStatus {
    /// userID or groupID.
    #[serde(rename = "conversationID")]
    pub conversation_id: String,
    /// Peer 0, Group 2.
    pub conversation_type: ConversationType,
    /// Notify 1, DoNotDisturb 2.
    pub notification_status: NotificationStatus,
}

/// Parameters of `group.create`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupCreate {
    /// The group; an empty groupID lets the server choose.
    pub group_info: GroupProfile,
    /// First members besides the creator, ≤ 100.
    #[serde(rename = "userIDs", default)]
    pub user_ids: Vec<UserId>,
}

/// Result of `group.create`, `group.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupChange {
    /// The group.
    pub group_info: GroupProfile,
    /// Members that were added.
    pub user_list: Vec<Member>,
    /// Users that were not.
    pub error_user_list: Vec<UserError>,
}

/// Names one group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRef {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
}

/// Result of `group.join` and `group.get`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupResult {
    /// The group.
    pub group_info: GroupProfile,
}

/// Parameters of `group.invite` and `group.kick`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupUsers {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
    /// 1..=100 users.
    #[serde(rename = "userIDs")]
    pub user_ids: Vec<UserId>,
}

/// Result of `group.kick`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupKicked {
    /// Those removed.
    #[serde(rename = "kickedUserIDs")]
    pub kicked_user_ids: Vec<UserId>,
    /// Those not.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `group.members`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupMembers {
    /// The group.
    #[serde(rename = "groupID")]
    pub group_id: GroupId,
    /// 1..=100.
    pub count: u32,
    /// Skip this many (`nextFlag` of the page before; 0 for the first).
    #[serde(default)]
    pub next_flag: u64,
}

/// Result of `group.members`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberPage {
    /// Owner, admins, then members by join time.
    pub user_list: Vec<Member>,
    /// For the next page; 0 on the last.
    pub next_flag: u64,
}

/// Result of `group.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupListResult {
    /// Groups this user is in now.
    pub group_list: Vec<GroupProfile>,
}

/// Parameters of `call.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallInvite {
    /// 1..=9 users, not the caller.
    pub invitees: Vec<UserId>,
    /// Seconds it rings, 1..=600; 0 or absent means 90.
    #[serde(default)]
    pub timeout: u32,
    /// General 0.
    #[serde(default = "general")]
    pub mode: CallMode,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
    /// Push to those who are not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

fn general() -> CallMode {
    CallMode::General
}

impl CallInvite {
    /// Checks all limits; gives the ring time in seconds.
    pub fn check(&self) -> Result<u32, Refusal> {
        if self.invitees.is_empty() {
            return Err(Refusal::parameter("invitees must name at least one user"));
        }
        if self.invitees.len() > limits::CALL_INVITEES_MAX {
            return Err(Refusal::new(Code::CALL_LIMIT, "a call invites at most 9 users"));
        }
        check_extended(&self.extended_data)?;
        if let Some(push) = &self.push_config {
            push.check()?;
        }
        match self.timeout {
            0 => Ok(limits::CALL_TIMEOUT_S_DEFAULT),
            s if s <= limits::CALL_TIMEOUT_S_MAX => Ok(s),
            _ => Err(Refusal::parameter("timeout must be 1 to 600 seconds")),
        }
    }
}

fn check_extended(text: &str) -> Result<(), Refusal> {
    if text.len() > limits::CALL_EXTENDED_BYTES_MAX {
        return Err(Refusal::parameter("extendedData of a call action has at most 2048 bytes"));
    }
    Ok(())
}

/// Result of `call.invite`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallInviteResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Seconds it rings.
    pub timeout: u32,
    /// Users that could not be invited.
    pub error_user_list: Vec<UserError>,
}

/// Parameters of `call.cancel`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallCancel {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// In general mode everybody is cancelled whoever is named here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitees: Vec<UserId>,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
    /// Push the cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_config: Option<PushConfig>,
}

impl CallCancel {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_extended(&self.extended_data)?;
        self.push_config.as_ref().map_or(Ok(()), PushConfig::check)
    }
}

/// Result of `call.cancel`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallCancelResult {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// Invitees that were not cancelled.
    pub error_invitees: Vec<UserId>,
}

/// Parameters of `call.accept` and `call.reject`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallAnswer {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
    /// ≤ 2 KB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extended_data: String,
}

impl CallAnswer {
    /// Checks all limits.
    pub fn check(&self) -> Result<(), Refusal> {
        check_extended(&self.extended_data)
    }
}

/// Names one call. Parameters of `call.ack`, result of `call.accept` and `call.reject`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRef {
    /// The call.
    #[serde(rename = "callID")]
    pub call_id: CallId,
}

/// Parameters of `call.list`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallList {
    /// 1..=100.
    pub count: u32,
    /// Calls older than this one; absent for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CallId>,
}

/// Result of `call.list`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallPage {
    /// Newest first.
    pub call_list: Vec<Call>,
    /// For the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<CallId>,
}

/// Names one message, for traces and tools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MessageRef {
    /// The message.
    #[serde(rename = "messageID")]
    pub message_id: MessageId,
}
