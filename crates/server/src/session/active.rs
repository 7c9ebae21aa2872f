//! A connection that belongs to a user: each frame is read, checked against the phase, and handed on.

use super::{Services, identity::read_app_token, push_tokens, rate::Rate};
use crate::{
    chat::{Actor, Known, unavailable},
    hub::{Seat, Seating},
    push::Signal,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hongyan_wire::{
    CloseCode, Code, Refusal,
    client::{AppPhase, Empty, PushClicked, RenewToken, Request, Send},
    frame::{self, Incoming},
};
use serde::Serialize;
use std::sync::{Arc, atomic::AtomicU64};
use tokio::sync::OwnedSemaphorePermit;

/// A logged-in session. Dropping it, or `end`, frees its seat and stops its sync.
pub struct Active {
    device: Arc<Device>,
    /// Dropping it stops the sync.
    seating: Seating,
}

/// What requests of one session share.
struct Device {
    services: Arc<Services>,
    who: Actor,
    seat: Arc<Seat>,
    messages: Rate,
    commands: Rate,
    sent: Arc<AtomicU64>,
}

/// How a connection went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The socket went, or was closed for silence or slowness: a reconnect grace begins.
    Dropped,
    /// The session ended on purpose (logout, kicked out, token expired, drain).
    Ended,
}

/// Command messages a client may send per second (ZIM: 30).
const COMMANDS_PER_S: u32 = 30;

impl Active {
    /// Begins the session: its sync runs beside it, owned by it.
    pub(super) fn start(services: Arc<Services>, who: Actor, seating: Seating, known: Known) -> Self {
        let device = Arc::new(Device {
            messages: Rate::default(),
            commands: Rate::default(),
            seat: seating.seat().clone(),
            sent: services.counts.of_app(who.app),
            services,
            who,
        });
        device.wake_push();
        // Its end is told by the seat: a handle of the task would keep the task's memory for as long as the session
        // lasts.
        let (seat, syncing) = (device.seat.clone(), device.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = seat.mailbox.abandoned() => {}
                () = syncing.catch_up_in_turn(known) => {}
            }
        });
        Self { device, seating }
    }

    /// Handles one text frame. What can be answered at once goes into the mailbox before this returns; the
    /// rest is a future that puts its answer there. Poll it once before handing in the next frame: that keeps
    /// the order of sends.
    pub fn handle(&self, text: &str) -> Option<BoxFuture<'static, ()>> {
        let incoming = match Incoming::parse(text) {
            Ok(incoming) => incoming,
            Err(refusal) => return self.device.reply(frame::refusal(None, &refusal)),
        };
        let id = incoming.id;
        match (Request::read(&incoming), id) {
            (Ok(Request::Ack(cursor)), _) => {
                self.device.noted(id, |device| device.services.chat.acknowledge(&device.who, &cursor))
            }
            (Ok(Request::Heartbeat(_)), Some(id)) => self.device.reply(frame::answer(id, &Empty {})),
            // A future of its own: that of any request is as large as the largest, and has to be moved.
            (Ok(Request::Send(send)), id) => Some(Box::pin(self.device.clone().serve_send(id, send))),
            (Ok(request), id) => Some(Box::pin(self.device.clone().serve(id, request))),
            (Err(refusal), id) => self.device.reply(frame::refusal(id, &refusal)),
        }
    }

    /// The seat with the mailbox that the gateway writes out.
    pub fn seat(&self) -> &Arc<Seat> {
        &self.device.seat
    }

    /// Leaves the hub. After `Dropped` the device counts as online for messages during its reconnect grace.
    pub fn end(self, ending: Ending) {
        let now_ms = self.device.services.clock.now_ms();
        match ending {
            Ending::Dropped => self.seating.drop_out(now_ms),
            Ending::Ended => drop(self.seating),
        }
        self.device.wake_push();
    }
}

impl Device {
    /// Waits for a place, as something small, and catches up.
    async fn catch_up_in_turn(self: Arc<Self>, known: Known) {
        let looks = self.services.looks.clone();
        // The places are never closed.
        if let Ok(place) = looks.acquire_owned().await {
            Box::pin(self.catch_up(known, place)).await;
        }
    }

    /// Everything a device missed, then live messages. The place is given back after the first look: a client that
    /// takes its messages slowly keeps nobody out.
    async fn catch_up(self: Arc<Self>, known: Known, place: OwnedSemaphorePermit) {
        self.services.calls.ring_again(&self.who, &self.seat).await;
        drop(place);
        if let Err(refusal) = self.services.chat.sync(&self.who, &self.seat, &known).await {
            tracing::warn!(app.id = %self.who.app, user.id = %self.who.user, %refusal, "a sync was cut short");
            self.seat.mailbox.close(CloseCode::Fault);
        }
    }

    fn reply(&self, text: String) -> Option<BoxFuture<'static, ()>> {
        self.seat.mailbox.push(Bytes::from(text));
        None
    }

    /// For notifications: only a refusal of one that carried an id is answered.
    fn noted(
        &self,
        id: Option<u64>,
        act: impl FnOnce(&Self) -> Result<(), Refusal>,
    ) -> Option<BoxFuture<'static, ()>> {
        match (act(self), id) {
            (Ok(()), Some(id)) => self.reply(frame::answer(id, &Empty {})),
            (Ok(()), None) => None,
            (Err(refusal), id) => self.reply(frame::refusal(id, &refusal)),
        }
    }

    async fn serve(self: Arc<Self>, id: Option<u64>, request: Request) {
        let ending = matches!(request, Request::Logout(_));
        let answer = self.answer(id, request).await;
        self.put_answer(id, answer);
        if ending {
            self.seat.mailbox.close(CloseCode::LoggedOut);
        }
    }

    async fn serve_send(self: Arc<Self>, id: Option<u64>, send: Box<Send>) {
        let sent = self.send(*send).await;
        self.put_answer(id, text(id.unwrap_or_default(), sent));
    }

    fn put_answer(&self, id: Option<u64>, answer: Result<String, Refusal>) {
        let text = match (answer, id) {
            (Ok(text), Some(_)) => text,
            (Ok(_), None) => return,
            (Err(refusal), id) => frame::refusal(id, &refusal),
        };
        self.seat.mailbox.push(Bytes::from(text));
    }

    /// The answer to one request, as text.
    async fn answer(&self, id: Option<u64>, request: Request) -> Result<String, Refusal> {
        let (chat, calls, who) = (&self.services.chat, &self.services.calls, &self.who);
        let id = id.unwrap_or_default();
        match request {
            Request::Revoke(asked) => text(id, chat.revoke(who, *asked).await),
            Request::BlockAdd(asked) => text(id, chat.block(who, asked).await),
            Request::BlockRemove(asked) => text(id, chat.unblock(who, asked).await),
            Request::BlockList(asked) => text(id, chat.list_blocked(who, asked).await),
            Request::BlockCheck(asked) => text(id, Ok(chat.check_blocked(who, &asked))),
            Request::PushClicked(clicked) => empty(id, self.clicked(&clicked).await),
            Request::UserSelf(_) => text(id, chat.own_profile(who).await),
            Request::SetPushRule(rule) => text(id, chat.set_push_rule(who, rule).await),
            Request::SetBadge(asked) => empty(id, chat.set_badge(who, asked)),
            Request::History(asked) => text(id, chat.history(who, asked).await),
            Request::ConversationList(asked) => text(id, chat.list_conversations(who, asked).await),
            Request::ConversationGet(asked) => text(id, chat.conversation(who, &asked.key()?).await),
            Request::ConversationRead(asked) => text(id, chat.read_conversation(who, &asked.key()?).await),
            Request::ConversationReadAll(_) => text(id, chat.read_all(who).await),
            Request::ConversationTotalUnread(_) => text(id, chat.total_unread(who).await),
            Request::SetNotificationStatus(set) => text(id, chat.set_notification(who, set).await),
            Request::UserQuery(query) => text(id, chat.query_users(who, query).await),
            Request::GroupCreate(asked) => text(id, chat.create_group(who, asked).await),
            Request::GroupJoin(group) => text(id, chat.join_group(who, &group.group_id).await),
            Request::GroupLeave(group) => empty(id, chat.leave_group(who, &group.group_id).await),
            Request::GroupInvite(asked) => text(id, chat.invite_to_group(who, asked).await),
            Request::GroupKick(asked) => text(id, chat.kick_from_group(who, asked).await),
            Request::GroupDismiss(group) => empty(id, chat.dismiss_group(who, &group.group_id).await),
            Request::GroupMembers(asked) => text(id, chat.group_members(who, asked).await),
            Request::GroupList(_) => text(id, chat.groups(who).await),
            Request::GroupGet(group) => text(id, chat.group(who, &group.group_id).await),
            Request::CallInvite(invite) => text(id, calls.invite(who, *invite).await),
            Request::CallCancel(cancel) => text(id, calls.cancel(who, *cancel).await),
            Request::CallAccept(answer) => text(id, calls.accept(who, answer).await),
            Request::CallReject(answer) => text(id, calls.reject(who, answer).await),
            Request::CallingInvite(asked) => text(id, calls.calling_invite(who, *asked).await),
            Request::CallJoin(asked) => text(id, calls.join(who, asked).await),
            Request::CallQuit(asked) => text(id, calls.quit(who, *asked).await),
            Request::CallEnd(asked) => text(id, calls.end(who, *asked).await),
            Request::CallList(asked) => text(id, calls.list(who, asked).await),
            Request::CallAck(call) => empty(id, calls.acknowledge(who, call).await),
            request => self.answer_session(id, request).await,
        }
    }

    /// Requests about the session itself.
    async fn answer_session(&self, id: u64, request: Request) -> Result<String, Refusal> {
        match request {
            Request::Logout(_) => empty(id, self.log_out().await),
            Request::RenewToken(renew) => empty(id, self.renew_token(&renew).await),
            Request::AppState(app) => empty(id, self.app_state(app.state)),
            Request::PushRegister(push) => {
                self.own_device(&push.device_id)?;
                let user = Some(self.who.user.clone());
                text(id, push_tokens::register(&self.services, self.who.app, user, push).await)
            }
            Request::PushUnregister(push) => {
                self.own_device(&push.device_id)?;
                empty(id, push_tokens::unregister(&self.services, self.who.app, push).await)
            }
            Request::Login(_) => Err(Code::ALREADY_LOGGED_IN.into()),
            other => Err(Refusal::parameter(format!("{} is not possible now", other.method()))),
        }
    }

    async fn send(&self, send: Send) -> Result<hongyan_wire::client::SendResult, Refusal> {
        let now_ms = self.services.clock.now_ms();
        let allowed = match send.content.is_stored() {
            true => self.messages.allow(self.who.settings.messages_per_s, now_ms),
            false => self.commands.allow(COMMANDS_PER_S, now_ms),
        };
        if !allowed {
            return Err(Code::RATE_LIMITED.into());
        }
        let sent = self.services.chat.send(&self.who, send).await?;
        self.services.counts.sent(&self.sent);
        Ok(sent)
    }

    async fn log_out(&self) -> Result<(), Refusal> {
        let Actor { app, user, device, .. } = &self.who;
        self.services.store.sign_out(*app, user, device).await.map_err(unavailable)?;
        // Whoever is still here on another device has not left.
        let others = self.services.hub.seats_of(*app, user).len() > 1;
        if !others {
            self.services.calls.user_left(*app, user).await;
        }
        self.wake_push();
        Ok(())
    }

    async fn renew_token(&self, renew: &RenewToken) -> Result<(), Refusal> {
        let app =
            self.services.store.app(self.who.app).await.map_err(unavailable)?.ok_or(Code::BAD_APP_ID)?;
        let ends_at = read_app_token(&renew.token, &app, &self.who.user, self.services.clock.now_ms())?;
        self.seat.set_token_end(ends_at * 1_000);
        Ok(())
    }

    /// A tap on a notice, for the trace. One on a notice whose trace is gone is harmless.
    async fn clicked(&self, clicked: &PushClicked) -> Result<(), Refusal> {
        clicked.check()?;
        let message = clicked.message_id.map(|id| id.0);
        let subject = message.or(clicked.call_id.map(|id| id.0)).unwrap_or_default();
        let (Actor { app, user, device, .. }, now_ms) = (&self.who, self.services.clock.now_ms());
        let known = self.services.store.note_click(*app, subject, user, device, now_ms).await;
        if !known.map_err(unavailable)? {
            tracing::debug!(user.id = %user, subject, "a tapped notice is not known");
        }
        Ok(())
    }

    fn app_state(&self, phase: AppPhase) -> Result<(), Refusal> {
        self.seat.set_phase(phase, self.services.clock.now_ms());
        self.wake_push();
        Ok(())
    }

    fn own_device(&self, device: &hongyan_wire::DeviceId) -> Result<(), Refusal> {
        match *device == self.who.device {
            true => Ok(()),
            false => Err(Refusal::parameter("deviceID must be the one of the login")),
        }
    }

    /// Presence of the user changed: what waits for it may be decided anew.
    fn wake_push(&self) {
        self.services.push.send(Signal::UserChanged { app: self.who.app, user: self.who.user.clone() });
    }
}

fn text<R: Serialize>(id: u64, result: Result<R, Refusal>) -> Result<String, Refusal> {
    result.map(|result| frame::answer(id, &result))
}

fn empty(id: u64, result: Result<(), Refusal>) -> Result<String, Refusal> {
    text(id, result.map(|()| Empty {}))
}
