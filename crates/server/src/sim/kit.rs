//! The vendor of a simulation: the emulated Push Kit, asked directly, behind a line that can fail in every way.

use axum::{body::Body, http::Request};
use hongyan_emulator::{
    AppSpec, Clock, EmulatorConfig, EmulatorState, KeyBits, Phone, PhoneEvent, PhoneEvents, ProjectSpec,
    Reason, routes,
};
use hongyan_vendors::{Carried, Carrier, RawAnswer, TransportError, VendorRequest};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};
use tower::ServiceExt;

pub const PROJECT: &str = "101";
pub const BUNDLE: &str = "com.example.chat";
pub const CLIENT_ID: &str = "110000001";

/// How the line to the vendor is just now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Well,
    /// No connection.
    Down,
    /// 503 to everything.
    Busy,
    /// Requests arrive, answers do not.
    LosesAnswers,
    /// Any of these, by chance.
    Flaky,
}

pub struct Kit {
    pub state: EmulatorState,
    pub account: String,
    mood: Arc<Mutex<(Mood, StdRng)>>,
    phones: Vec<(Phone, PhoneEvents)>,
    /// How often a notice of this appMessageId was put on a phone's screen.
    pub shown: HashMap<(usize, String), u32>,
    tokens: Vec<String>,
    /// Phones whose token the vendor calls dead.
    pub dead: Vec<usize>,
}

/// One key for all histories: making one takes longer than a history.
fn account(state: &EmulatorState) -> String {
    static FILE: OnceLock<String> = OnceLock::new();
    let made = || state.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
    let file = FILE.get_or_init(made).clone();
    state.register_service_account(&file).unwrap();
    file
}

impl Kit {
    pub fn new(seed: u64, now_ms: u64, phones: usize) -> Self {
        let clock = Clock::manual(now_ms);
        let config = EmulatorConfig { clock, seed: Some(seed), log_len: 0, ..EmulatorConfig::default() };
        let state = EmulatorState::standing(&config).unwrap();
        let app = AppSpec::for_chat(BUNDLE, CLIENT_ID);
        let project = ProjectSpec { project_id: PROJECT.into(), apps: vec![app], ..ProjectSpec::default() };
        state.register_project(&project).unwrap();
        let account = account(&state);
        let mood = Arc::new(Mutex::new((Mood::Well, StdRng::seed_from_u64(seed ^ 0x6b69))));
        let mut kit = Self {
            state,
            account,
            mood,
            phones: vec![],
            shown: HashMap::new(),
            tokens: vec![],
            dead: vec![],
        };
        for number in 0..phones {
            let phone = kit.state.phone(&format!("phone-{number}")).unwrap();
            let events = phone.events().unwrap();
            kit.tokens.push(phone.ready(BUNDLE, PROJECT).unwrap());
            kit.phones.push((phone, events));
        }
        kit
    }

    pub fn token(&self, phone: usize) -> String {
        self.tokens[phone].clone()
    }

    pub fn set_mood(&self, mood: Mood) {
        self.mood.lock().unwrap().0 = mood;
    }

    /// The vendor calls a phone's token dead from now on.
    pub fn kill(&mut self, phone: usize) {
        self.state.kill_token(&self.tokens[phone], Reason::TokenFormatError).unwrap();
        self.dead.push(phone);
    }

    pub fn advance(&self, span: Duration) {
        self.state.clock().advance(span);
    }

    /// Counts what the phones showed since the last look.
    pub fn look(&mut self) {
        for (number, (_, events)) in self.phones.iter_mut().enumerate() {
            while let Some(event) = events.try_next() {
                if let PhoneEvent::NoticeShown { notice, .. } = &*event
                    && let Some(id) = &notice.app_message_id
                {
                    *self.shown.entry((number, id.to_string())).or_default() += 1;
                }
            }
        }
    }

    /// Whether a phone has a notice of this appMessageId on its screen.
    pub fn shows(&self, phone: usize, app_message_id: &str) -> bool {
        let notices = self.phones[phone].0.notices();
        notices.iter().any(|notice| notice.app_message_id.as_deref() == Some(app_message_id))
    }

    /// The line for one life of the server.
    pub fn line(&self) -> Arc<dyn Carrier> {
        Arc::new(Line { state: self.state.clone(), mood: self.mood.clone() })
    }
}

struct Line {
    state: EmulatorState,
    mood: Arc<Mutex<(Mood, StdRng)>>,
}

impl Line {
    fn mood(&self) -> Mood {
        let (mood, dice) = &mut *self.mood.lock().unwrap();
        match mood {
            Mood::Flaky => {
                [Mood::Well, Mood::Well, Mood::Down, Mood::Busy, Mood::LosesAnswers][dice.random_range(0..5)]
            }
            settled => *settled,
        }
    }
}

impl Carrier for Line {
    fn carry(&self, request: VendorRequest) -> Carried {
        let (mood, state) = (self.mood(), self.state.clone());
        Box::pin(async move {
            tokio::task::yield_now().await;
            match mood {
                Mood::Down => return Err(TransportError::Connect { reason: "simulated".into() }),
                Mood::Busy => {
                    let body = bytes::Bytes::from_static(b"{}");
                    return Ok(RawAnswer { status: 503, retry_after_s: None, body });
                }
                _ => {}
            }
            let answer = ask(state, request).await;
            // A crash of the server here has the request done and its answer lost.
            tokio::task::yield_now().await;
            match mood {
                Mood::LosesAnswers => Err(TransportError::Dropped { reason: "simulated".into() }),
                _ => Ok(answer),
            }
        })
    }
}

async fn ask(state: EmulatorState, request: VendorRequest) -> RawAnswer {
    let path = request.url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
    let mut built = Request::builder().method(request.method).uri(path);
    for (name, value) in &request.headers {
        built = built.header(*name, value);
    }
    let response = routes(state).oneshot(built.body(Body::from(request.body)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    RawAnswer { status, retry_after_s: None, body }
}
