//! A connection before login: it may log in, or register and unregister a push token with its AppSign.

use super::{
    Active, Services, devices,
    identity::{read_app_token, shows_app_sign},
    push_tokens,
};
use crate::{
    chat::{Actor, Known, unavailable},
    hub::{Arrival, Seat, SessionId},
    store::{App, AppSettings, LoginRecord, SignedIn},
};
use hongyan_wire::{
    AppId, CloseCode, Code, Refusal,
    client::{Empty, Login, LoginResult, Request},
    frame::{self, Incoming},
};
use std::sync::Arc;

/// Refused requests after which a connection is closed: nobody guesses keys for long.
const REFUSALS_MAX: u32 = 5;

/// A connection that has not logged in.
pub struct Greeting {
    services: Arc<Services>,
    refusals: u32,
}

/// What one frame led to.
pub enum Greeted {
    /// Send this; the phase stays.
    Reply(String),
    /// Send this, then the mailbox of the session; the connection belongs to a user now.
    LoggedIn {
        /// The answer to the login, to be written before anything from the mailbox.
        reply: String,
        /// The session.
        active: Active,
    },
    /// Send the text, if any, and close.
    Close(CloseCode, Option<String>),
}

impl Greeting {
    /// A new connection.
    pub fn new(services: Arc<Services>) -> Self {
        Self { services, refusals: 0 }
    }

    /// Unix time in ms by which the login must have come.
    pub fn deadline_ms(&self) -> u64 {
        self.services.clock.now_ms() + self.services.limits.login_deadline_ms
    }

    /// Handles one text frame.
    pub async fn handle(&mut self, text: &str) -> Greeted {
        let incoming = match Incoming::parse(text) {
            Ok(incoming) => incoming,
            Err(refusal) => return self.refuse(None, &refusal),
        };
        let request = match Request::read(&incoming) {
            Ok(request) => request,
            Err(refusal) => return self.refuse(incoming.id, &refusal),
        };
        if self.services.is_draining() {
            return Greeted::Close(CloseCode::GoingAway, None);
        }
        let Some(id) = incoming.id else {
            let refusal = Refusal::parameter("before login every frame must be a request with an id");
            return self.refuse(None, &refusal);
        };
        match self.answer(id, request).await {
            Ok(greeted) => greeted,
            Err(refusal) => self.refuse(Some(id), &refusal),
        }
    }

    async fn answer(&self, id: u64, request: Request) -> Result<Greeted, Refusal> {
        match request {
            Request::Login(login) => {
                let logged_in = self.log_in(id, login).await;
                match &logged_in {
                    Ok(_) => self.services.counts.logged_in(),
                    Err(refusal) => self.services.counts.login_refused(refusal.code),
                }
                logged_in
            }
            Request::PushRegister(push) => {
                let app = self.native_app(push.app_id, push.app_sign.as_deref()).await?;
                let registered = push_tokens::register(&self.services, app.id, None, push).await?;
                Ok(Greeted::Reply(frame::answer(id, &registered)))
            }
            Request::PushUnregister(push) => {
                let app = self.native_app(push.app_id, push.app_sign.as_deref()).await?;
                push_tokens::unregister(&self.services, app.id, push).await?;
                Ok(Greeted::Reply(frame::answer(id, &Empty {})))
            }
            other => Err(Refusal::new(
                Code::NOT_LOGGED_IN,
                format!("{} needs a login; send session.login first", other.method()),
            )),
        }
    }

    /// The app of a request that proves itself by AppSign.
    async fn native_app(&self, id: Option<AppId>, sign: Option<&str>) -> Result<App, Refusal> {
        let (Some(id), Some(sign)) = (id, sign) else {
            return Err(Refusal::new(Code::NOT_LOGGED_IN, "before login send appID and appSign with it"));
        };
        let app = self.app(id).await?;
        match shows_app_sign(sign, &app, self.services.clock.now_ms()) {
            true => Ok(app),
            false => Err(Code::LOGIN_FAILED.into()),
        }
    }

    /// An app that is switched off is told as one that is not there.
    async fn app(&self, id: AppId) -> Result<App, Refusal> {
        let app = self.services.store.app(id).await.map_err(unavailable)?;
        Ok(app.filter(|app| app.active).ok_or(Code::BAD_APP_ID)?)
    }

    async fn log_in(&self, id: u64, login: Login) -> Result<Greeted, Refusal> {
        login.check()?;
        let app = self.app(login.app_id).await?;
        if !app.enabled {
            return Err(Code::NOT_ENABLED.into());
        }
        let token_ends_at = self.verify(&app, &login)?;
        let signed_in = self.sign_in(&login).await?;
        let who = Actor {
            app: app.id,
            user: login.user_id.clone(),
            device: login.device_id.clone(),
            settings: app.settings,
        };
        let hub = &self.services.hub;
        let seating = hub.arrive(self.arrival(&login, &who.settings));
        if let Some(ends_at) = token_ends_at {
            seating.seat().set_token_end(ends_at);
        }
        let resumed = self.make_way(&who, seating.seat(), login.resume_session_id.as_deref()).await?;
        let total = self.services.store.total_unread(who.app, &who.user).await.map_err(unavailable)?;
        let result = LoginResult {
            session_id: seating.seat().session_id.to_string(),
            resumed,
            user_name: signed_in.user.name,
            user_avatar_url: signed_in.user.avatar_url,
            server_time: self.services.clock.now_ms(),
            heartbeat_interval: who.settings.heartbeat_interval_ms,
            heartbeat_timeout: who.settings.heartbeat_timeout_ms,
            total_unread_message_count: total,
            push_bound: signed_in.push_bound,
        };
        tracing::debug!(app.id = %who.app, user.id = %who.user, resumed, "logged in");
        let device =
            Known { cursors: login.cursors, last_login_at: signed_in.last_login_at, since: signed_in.since };
        let active = Active::start(self.services.clone(), who, seating, device);
        Ok(Greeted::LoggedIn { reply: frame::answer(id, &result), active })
    }

    /// Checks AppSign or token; gives the token's end in ms.
    fn verify(&self, app: &App, login: &Login) -> Result<Option<u64>, Refusal> {
        if let Some(sign) = &login.app_sign {
            return match shows_app_sign(sign, app, self.services.clock.now_ms()) {
                true => Ok(None),
                false => Err(Code::LOGIN_FAILED.into()),
            };
        }
        let token = login.token.as_deref().unwrap_or_default();
        let ends_at = read_app_token(token, app, &login.user_id, self.services.clock.now_ms())?;
        Ok(Some(ends_at * 1_000))
    }

    async fn sign_in(&self, login: &Login) -> Result<SignedIn, Refusal> {
        let record = LoginRecord {
            app: login.app_id,
            user: login.user_id.clone(),
            name: login.user_name.clone().filter(|name| !name.is_empty()),
            device: login.device_id.clone(),
            platform: login.platform,
            now_ms: self.services.clock.now_ms(),
        };
        self.services.store.sign_in(record).await.map_err(unavailable)
    }

    fn arrival(&self, login: &Login, settings: &AppSettings) -> Arrival {
        Arrival {
            session_id: SessionId::random(),
            app: login.app_id,
            user: login.user_id.clone(),
            device: login.device_id.clone(),
            platform: login.platform,
            phase: login.state,
            silence_ms: settings.heartbeat_timeout_ms,
            now_ms: self.services.clock.now_ms(),
        }
    }

    /// Ends the sessions that the app's policy does not allow beside the new one. A session that this login
    /// continues closes quietly. Whether one was continued.
    async fn make_way(
        &self,
        who: &Actor,
        seat: &Arc<Seat>,
        continues: Option<&str>,
    ) -> Result<bool, Refusal> {
        // Looked at after the arrival: of two logins at the same moment the later one sees the earlier.
        let mut older = self.services.hub.seats_of(who.app, &who.user);
        older.retain(|other| other.number < seat.number);
        let leaving = devices::leaving(&who.settings.devices(), seat, &older);
        let mut resumed = false;
        for other in leaving {
            let continued = continues.is_some_and(|id| other.session_id.to_string() == id);
            resumed |= continued;
            let same_device = other.device == seat.device;
            if !continued && !same_device && !who.settings.push_to_kicked {
                let gone = self.services.store.sign_out(who.app, &who.user, &other.device).await;
                gone.map_err(unavailable)?;
            }
            other.mailbox.close(if continued { CloseCode::GoingAway } else { CloseCode::KickedOut });
        }
        Ok(resumed)
    }

    fn refuse(&mut self, id: Option<u64>, refusal: &Refusal) -> Greeted {
        self.refusals += 1;
        let reply = frame::refusal(id, refusal);
        match self.refusals >= REFUSALS_MAX {
            true => Greeted::Close(CloseCode::Protocol, Some(reply)),
            false => Greeted::Reply(reply),
        }
    }
}
