//! Online debugging: what would become of a notice to a user or PushID, and sending it on the whole way of a real
//! message or call. Its trace is followed with the routes of `traces`.

use super::{
    Admin,
    gate::{Note, noted},
    passwords::fresh_token,
    refused::{Answer, Asked, Refused, Rule},
    strategies::stored,
};
use crate::{
    chat::Actor,
    push::Supposed,
    store::{App, LoginRecord},
};
use axum::{Extension, Json, extract::State, response::Response};
use hongyan_vendors::{NoticeKind, StrategyOptions, VendorKind};
use hongyan_wire::{
    AppId, ConversationType, DeviceId, PushId, Refusal, UserId,
    call::CallMode,
    client::{CallInvite, Send},
    message::{Content, PushConfig, kind},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who sends debugging notices unless another user is named.
pub(super) const SENDER: &str = "hongyan-console";
const SENDER_NAME: &str = "Hongyan console";
/// ZIMPlatformType of what is no device.
const PLATFORM: u8 = 0;
/// How long a call rings unless another time is named, in s.
const RING_S: u32 = 30;
/// Text of a debugging message without one.
const TEXT: &str = "Test 测试";

/// `POST /apps/{app}/dry-run`: a message in a conversation that is not sent.
pub(super) async fn dry_run(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(supposed): Asked<Supposed>,
) -> Answer {
    if let Some(push) = &supposed.push_config {
        push.check()?;
    }
    foresee(&admin, app.id, supposed, None).await
}

async fn foresee(admin: &Admin, app: AppId, supposed: Supposed, only: Option<&DeviceId>) -> Answer {
    let foreseen = admin.push.foresee(app, supposed).await?;
    let mut foreseen = foreseen.ok_or_else(|| {
        Refused::not_found("this sender has no such conversation in this app; check the three IDs")
    })?;
    foreseen.devices.retain(|one| only.is_none_or(|only| one.device_id.as_ref() == Some(only)));
    Ok(Json(serde_json::to_value(foreseen).unwrap_or_default()))
}

/// A notice to a user, or to the user of a PushID.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Debugging {
    #[serde(rename = "userID", default)]
    user_id: Option<UserId>,
    #[serde(rename = "pushID", default)]
    push_id: Option<PushId>,
    kind: Kind,
    #[serde(default)]
    title: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    payload: String,
    #[serde(rename = "resourcesID", default)]
    resources_id: Option<String>,
    #[serde(rename = "fromUserID", default)]
    from_user_id: Option<UserId>,
    #[serde(default)]
    ring_s: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Alert,
    Silent,
    Call,
}

/// Checked: to whom, from whom, with what.
struct Order {
    to: UserId,
    device: Option<DeviceId>,
    from: UserId,
    push: PushConfig,
}

impl Debugging {
    async fn order(&self, admin: &Admin, app: &App) -> Result<Order, Refused> {
        let (to, device) = self.receiver(admin, app.id).await?;
        let from = match &self.from_user_id {
            Some(from) => from.clone(),
            None => UserId::new(SENDER)?,
        };
        if from == to {
            return Err(
                Refused::input("fromUserID", "sender and receiver must differ").rule(Rule::SenderIsReceiver)
            );
        }
        let (resources_id, kind) = self.strategy(admin, app.id).await?;
        if kind == NoticeKind::Alert && self.title.trim().is_empty() {
            let rule = "a notice needs a title; the vendor refuses one without";
            return Err(Refused::input("title", rule).rule(Rule::TitleMissing));
        }
        let push = PushConfig {
            title: self.title.clone(),
            content: self.content.clone(),
            payload: self.payload.clone(),
            resources_id,
            ..PushConfig::default()
        };
        push.check()?;
        Ok(Order { to, device, from, push })
    }

    async fn receiver(&self, admin: &Admin, app: AppId) -> Result<(UserId, Option<DeviceId>), Refused> {
        match (&self.user_id, &self.push_id) {
            (Some(user), None) => {
                let known = admin.store.users(app, std::slice::from_ref(user)).await?;
                let known = known.into_iter().next().map(|user| (user.id, None));
                known.ok_or_else(|| Refused::not_found("this user has never logged in to this app"))
            }
            (None, Some(id)) => {
                let record = admin.store.push_record(app, id).await?;
                let record =
                    record.ok_or_else(|| Refused::not_found("there is no such PushID in this app"))?;
                let user = record.user.ok_or_else(|| {
                    Refused::conflict("push_id_unbound", "nobody is bound to this PushID")
                        .hint("it is bound again when a user logs in on its device")
                })?;
                Ok((user, Some(record.device)))
            }
            _ => Err(Refused::input("userID", "either userID or pushID")),
        }
    }

    /// The strategy by name, and what it makes: the one that was named, or the first of this kind. An alert needs
    /// none.
    async fn strategy(&self, admin: &Admin, app: AppId) -> Result<(String, NoticeKind), Refused> {
        let wanted = match self.kind {
            Kind::Alert => NoticeKind::Alert,
            Kind::Silent => NoticeKind::Silent,
            Kind::Call => NoticeKind::Call,
        };
        if let Some(name) = self.resources_id.as_ref().filter(|name| !name.is_empty()) {
            let kind = kind_of(&stored(admin, app, name).await?);
            return match self.kind == Kind::Call || kind == wanted {
                true => Ok((name.clone(), kind)),
                false => {
                    let rule = "this strategy makes another kind of notice";
                    Err(Refused::input("resourcesID", rule).rule(Rule::OtherKind))
                }
            };
        }
        if self.kind == Kind::Alert {
            return Ok((String::new(), NoticeKind::Alert));
        }
        let all = admin.store.strategies(app).await?;
        let fits = |options: &str| {
            serde_json::from_str::<StrategyOptions>(options).is_ok_and(|options| kind_of(&options) == wanted)
        };
        let found = all.into_iter().find(|one| fits(&one.options)).map(|one| one.resources_id);
        found.map(|name| (name, wanted)).ok_or_else(|| {
            let push_type = if self.kind == Kind::Silent { 6 } else { 10 };
            let message = "the app has no strategy that makes notices of this kind";
            let hint = format!("make one: {{\"harmony\":{{\"push_type\":{push_type}}}}}");
            Refused::conflict("strategy_missing", message).hint(hint)
        })
    }
}

fn kind_of(options: &StrategyOptions) -> NoticeKind {
    options.kind(VendorKind::Harmony).unwrap_or(NoticeKind::Alert)
}

/// `POST /apps/{app}/debug/dry-run`.
pub(super) async fn dry_run_to(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(asked): Asked<Debugging>,
) -> Answer {
    let order = asked.order(&admin, &app).await?;
    let supposed = Supposed {
        sender_user_id: order.from,
        conversation_id: order.to.to_string(),
        conversation_type: ConversationType::Peer,
        push_config: Some(order.push),
        mentioned_user_ids: Vec::new(),
        is_mention_all: false,
        is_notify_mentioned_users: false,
        is_call: asked.kind == Kind::Call,
    };
    foresee(&admin, app.id, supposed, order.device.as_ref()).await
}

/// `POST /apps/{app}/debug/send`.
pub(super) async fn send(
    State(admin): State<Admin>,
    Extension(app): Extension<App>,
    Asked(asked): Asked<Debugging>,
) -> Result<Response, Refused> {
    if !app.active || !app.enabled {
        let message = "the app, or its IM service, is switched off";
        return Err(Refused::conflict("app_off", message).hint("switch it on under the app's settings"));
    }
    let order = asked.order(&admin, &app).await?;
    let sender = actor(&admin, &app, &order.from).await?;
    let (to, device, strategy) = (order.to.clone(), order.device.clone(), order.push.resources_id.clone());
    let (id, what) = match asked.kind {
        Kind::Call => (invite(&admin, &sender, order, asked.ring_s.unwrap_or(RING_S)).await?, "call"),
        Kind::Alert | Kind::Silent => (message(&admin, &sender, order).await?, "message"),
    };
    let note = Note::on(&to).saying(format!("{what} {id}"));
    let answer = json!({
        "id": id, "kind": what, "userID": to, "deviceID": device, "resourcesID": strategy,
    });
    Ok(noted(Json(answer), note))
}

/// The sender; the console's own user is registered when it is missing.
async fn actor(admin: &Admin, app: &App, user: &UserId) -> Result<Actor, Refused> {
    let device = DeviceId::new(SENDER)?;
    let known = !admin.store.users(app.id, std::slice::from_ref(user)).await?.is_empty();
    match (known, user.as_str() == SENDER) {
        (true, _) => {}
        (false, true) => {
            let login = LoginRecord {
                app: app.id,
                user: user.clone(),
                name: Some(SENDER_NAME.to_owned()),
                device: device.clone(),
                platform: PLATFORM,
                now_ms: admin.clock.now_ms(),
            };
            admin.store.sign_in(login).await?;
            admin.store.sign_out(app.id, user, &device).await?;
        }
        (false, false) => return Err(Refused::not_found("the sender has never logged in to this app")),
    }
    Ok(Actor { app: app.id, user: user.clone(), device, settings: app.settings.clone() })
}

async fn message(admin: &Admin, sender: &Actor, order: Order) -> Result<String, Refused> {
    let text = if order.push.content.is_empty() { TEXT } else { &order.push.content };
    // A message has its own limit, shorter than a notice's.
    let text = cut(text, hongyan_wire::limits::MESSAGE_TEXT_BYTES_MAX).to_owned();
    let send = Send {
        local_message_id: fresh_token(),
        conversation_id: order.to.to_string(),
        conversation_type: ConversationType::Peer,
        content: Content {
            kind: kind::TEXT,
            message: text,
            sub_type: None,
            searched_content: None,
            extended_data: None,
            mentioned_user_ids: Vec::new(),
            is_mention_all: false,
            revoke: None,
        },
        priority: 2,
        push_config: Some(order.push),
        is_notify_mentioned_users: false,
        disable_unread_message_count: false,
    };
    let sent = admin.services.chat.send(sender, send).await.map_err(send_refused)?;
    Ok(sent.message.message_id.to_string())
}

/// The longest beginning of a text that fits and ends between two characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

async fn invite(admin: &Admin, sender: &Actor, order: Order, ring_s: u32) -> Result<String, Refused> {
    let invite = CallInvite {
        invitees: vec![order.to],
        timeout: ring_s,
        mode: CallMode::General,
        enable_not_received_check: false,
        extended_data: String::new(),
        push_config: Some(order.push),
    };
    let invited = admin.services.calls.invite(sender, invite).await.map_err(send_refused)?;
    Ok(invited.call_id.to_string())
}

fn send_refused(refusal: Refusal) -> Refused {
    Refused::conflict("send_refused", format!("{} ({})", refusal.message, refusal.code.0))
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!((cut("abc", 2), cut("abc", 3), cut("abc", 9)), ("ab", "abc", "abc"));
        assert_eq!((cut("鸿雁", 3), cut("鸿雁", 5), cut("鸿雁", 2)), ("鸿", "鸿", ""));
    }
}
