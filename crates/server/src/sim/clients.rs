//! A client of a simulation: an app on a device, talking to a session without a socket. It remembers across
//! connections what an app would: what it received, how far it acknowledged, what it sent without an answer.

use crate::{
    app::Core,
    session::{Active, Ending, Greeted, Greeting},
};
use futures_util::FutureExt;
use hongyan_wire::{
    AppId, CloseCode, DeviceId, MessageId, UserId,
    client::{AppPhase, Cursor, Login, SendResult},
    frame::{self, FromServer},
    message::{Message, kind},
    server::Notification,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Which action of the script a request belongs to.
pub type Ask = usize;

/// An app on a device.
pub struct App {
    pub user: UserId,
    pub device: DeviceId,
    /// The emulated phone with its push token; `None`: a desktop without push.
    pub phone: Option<usize>,
    pub platform: u8,
    pub received: HashSet<MessageId>,
    pub revoked: HashSet<MessageId>,
    pub rang: HashSet<u64>,
    cursors: BTreeMap<(String, u8), Cursor>,
    link: Option<Link>,
}

struct Link {
    active: Active,
    acks: bool,
    next_id: u64,
    asked: HashMap<u64, Ask>,
}

/// An answer to a request of the script.
pub enum Answer {
    Result(String),
    Refused(u32),
}

impl App {
    pub fn new(user: &str, device: &str, phone: Option<usize>, platform: u8) -> Self {
        Self {
            user: UserId::new(user).unwrap(),
            device: DeviceId::new(device).unwrap(),
            phone,
            platform,
            received: HashSet::new(),
            revoked: HashSet::new(),
            rang: HashSet::new(),
            cursors: BTreeMap::new(),
            link: None,
        }
    }

    /// Logs in. A client that does not acknowledge is one that froze with its socket open.
    pub async fn connect(&mut self, core: &Core, (app, sign): (AppId, &str), acks: bool, state: AppPhase) {
        self.disconnect(Ending::Dropped);
        let login = Login {
            app_id: app,
            app_sign: Some(sign.to_owned()),
            token: None,
            user_id: self.user.clone(),
            user_name: None,
            device_id: self.device.clone(),
            platform: self.platform,
            sdk_version: String::new(),
            state,
            resume_session_id: None,
            cursors: self.cursors.values().cloned().collect(),
        };
        let mut greeting = Greeting::new(core.services.clone());
        let text = frame::request(1, "session.login", &login);
        if let Greeted::LoggedIn { active, .. } = greeting.handle(&text).await {
            self.link = Some(Link { active, acks, next_id: 2, asked: HashMap::new() });
        }
    }

    pub fn disconnect(&mut self, ending: Ending) {
        if let Some(link) = self.link.take() {
            link.active.end(ending);
        }
    }

    /// The server is gone: nothing is said to anybody.
    pub fn vanish(&mut self) {
        if let Some(link) = self.link.take() {
            drop(link.active);
        }
    }

    /// Sends a request. Its answer comes out of `listen` some time later, or never.
    pub fn ask<P: Serialize>(&mut self, ask: Ask, method: &str, params: &P) {
        let Some(link) = &mut self.link else { return };
        let id = link.next_id;
        link.next_id += 1;
        link.asked.insert(id, ask);
        say(&link.active, &frame::request(id, method, params));
    }

    /// Whether it sends signs of life.
    pub fn is_awake(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.acks)
    }

    /// Reads everything that came; acknowledges, unless it is frozen.
    pub fn listen(&mut self, now_ms: u64) -> Vec<(Ask, Answer)> {
        let Some(link) = &self.link else { return Vec::new() };
        if !link.acks {
            // Frozen: the socket's buffer fills, nobody reads.
            return Vec::new();
        }
        link.active.seat().heard(now_ms);
        let Some((frames, close)) = link.active.seat().mailbox.take().now_or_never() else {
            return Vec::new();
        };
        let mut answers = Vec::new();
        for text in frames {
            answers.extend(self.hear(std::str::from_utf8(&text).unwrap()));
        }
        if let Some(code) = close {
            let logged_out = matches!(code, CloseCode::LoggedOut | CloseCode::KickedOut);
            self.disconnect(if logged_out { Ending::Ended } else { Ending::Dropped });
        }
        answers
    }

    fn hear(&mut self, text: &str) -> Option<(Ask, Answer)> {
        let frame: FromServer<'_> = serde_json::from_str(text).unwrap();
        let link = self.link.as_mut()?;
        if let Some(id) = frame.id {
            let ask = link.asked.remove(&id)?;
            return Some(match (frame.result, frame.error) {
                (Some(result), _) => (ask, Answer::Result(result.get().to_owned())),
                (None, refusal) => (ask, Answer::Refused(refusal.map_or(0, |refusal| refusal.code.0))),
            });
        }
        match Notification::read(&frame)?.unwrap() {
            Notification::Messages(told) => {
                for message in &told.messages {
                    self.take(message);
                }
                let last = told.messages.last()?;
                let cursor = Cursor {
                    conversation_id: told.conversation_id,
                    conversation_type: told.conversation_type,
                    message_seq: last.message_seq,
                };
                let key = (cursor.conversation_id.clone(), cursor.conversation_type.number());
                say(&self.link.as_ref()?.active, &frame::notification("message.ack", &cursor));
                self.cursors.insert(key, cursor);
            }
            Notification::MessagesRevoked(told) => {
                self.revoked.extend(told.messages.iter().map(|message| message.message_id));
            }
            Notification::CallReceived(call) => {
                self.rang.insert(call.call_id.0);
                let params = serde_json::json!({"callID": call.call_id});
                say(&link.active, &frame::notification("call.ack", &params));
            }
            _ => {}
        }
        None
    }

    fn take(&mut self, message: &Message) {
        self.received.insert(message.message_id);
        if message.content().is_ok_and(|content| content.kind == kind::REVOKE) {
            self.revoked.insert(message.message_id);
        }
    }
}

/// Hands a frame in as a connection does: what takes time goes on beside.
fn say(active: &Active, text: &str) {
    if let Some(mut work) = active.handle(text)
        && (&mut work).now_or_never().is_none()
    {
        tokio::spawn(work);
    }
}

/// The ID of a message that was accepted.
pub fn accepted(result: &str) -> MessageId {
    serde_json::from_str::<SendResult>(result).unwrap().message.message_id
}
