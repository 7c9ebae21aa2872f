//! What tests of requests share: the limits that a request checks, and its parameters as JSON.

use hongyan_wire::{Refusal, client::Request};
use serde::Serialize;
use serde_json::Value;

/// The parameters as they are written.
pub fn params_of(request: &Request) -> Value {
    fn value<T: Serialize>(params: &T) -> Value {
        serde_json::to_value(params).unwrap()
    }
    match request {
        Request::Login(p) => value(p),
        Request::Logout(p) | Request::Heartbeat(p) | Request::UserSelf(p) => value(p),
        Request::ConversationReadAll(p) | Request::ConversationTotalUnread(p) | Request::GroupList(p) => {
            value(p)
        }
        Request::RenewToken(p) => value(p),
        Request::AppState(p) => value(p),
        Request::PushRegister(p) => value(p),
        Request::PushUnregister(p) => value(p),
        Request::PushClicked(p) => value(p),
        Request::UserQuery(p) => value(p),
        Request::SetPushRule(p) => value(p),
        Request::SetBadge(p) => value(p),
        Request::BlockAdd(p) | Request::BlockRemove(p) => value(p),
        Request::BlockList(p) => value(p),
        Request::BlockCheck(p) => value(p),
        Request::Revoke(p) => value(p),
        Request::Send(p) => value(p),
        Request::Ack(p) => value(p),
        Request::History(p) => value(p),
        Request::ConversationList(p) => value(p),
        Request::ConversationGet(p) | Request::ConversationRead(p) => value(p),
        Request::SetNotificationStatus(p) => value(p),
        Request::GroupCreate(p) => value(p),
        Request::GroupJoin(p) | Request::GroupLeave(p) | Request::GroupDismiss(p) | Request::GroupGet(p) => {
            value(p)
        }
        Request::GroupInvite(p) | Request::GroupKick(p) => value(p),
        Request::GroupMembers(p) => value(p),
        Request::CallInvite(p) => value(p),
        Request::CallCancel(p) => value(p),
        Request::CallingInvite(p) => value(p),
        Request::CallAccept(p) | Request::CallReject(p) | Request::CallJoin(p) => value(p),
        Request::CallQuit(p) | Request::CallEnd(p) => value(p),
        Request::CallList(p) => value(p),
        Request::CallAck(p) => value(p),
    }
}

/// The limits that a request checks by itself; what needs the store or the app is the server's to test.
pub fn limits_of(request: &Request) -> Result<(), Refusal> {
    match request {
        Request::Login(p) => p.check(),
        Request::PushRegister(p) => p.check(),
        Request::Send(p) => p.check().map(drop),
        Request::Revoke(p) => p.check().map(drop),
        Request::PushClicked(p) => p.check(),
        Request::SetPushRule(p) => p.check(),
        Request::SetBadge(p) => p.check(),
        Request::BlockAdd(p) | Request::BlockRemove(p) => p.check(),
        Request::GroupCreate(p) => p.group_info.check(),
        Request::CallInvite(p) => p.check().map(drop),
        Request::CallCancel(p) => p.check(),
        Request::CallingInvite(p) => p.check(),
        Request::CallAccept(p) | Request::CallReject(p) | Request::CallJoin(p) => p.check(),
        Request::CallQuit(p) | Request::CallEnd(p) => p.check(),
        _ => Ok(()),
    }
}
