//! What happens in a history: random actions of users, devices, vendor, disk and time, and crashes in between.

use super::{
    checks,
    clients::{Answer, App as Client, accepted},
    kit::{Kit, Mood},
    life::Life,
};
use crate::{
    clock::{Clock, TimeHand},
    session::Ending,
    store::App,
};
use hongyan_wire::{
    CallId, MessageId,
    client::{AppPhase, PushRegister},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tempfile::TempDir;
use tokio::runtime::Handle;

const START_MS: u64 = 1_800_000_000_000;
const STEPS: std::ops::Range<u32> = 20..60;
/// ZIMPlatformType.
const OHOS: u8 = 10;
const WINDOWS: u8 = 1;

/// One action.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    Connect { who: usize, acks: bool, background: bool },
    Drop { who: usize },
    LogOut { who: usize },
    Background { who: usize, on: bool },
    Send { who: usize, to_group: bool, pushed: bool, badge: bool },
    Revoke { nth: usize },
    Read { who: usize, group: bool },
    Invite { who: usize },
    CallAct { who: usize, act: u8 },
    Later { ms: u64 },
    Vendor { mood: u8 },
    KillToken { who: usize },
    Register { who: usize },
    SickDisk { full: bool },
    Crash { after_turns: u32 },
    Stop,
}

impl Step {
    pub fn roll(dice: &mut StdRng) -> Self {
        let who = dice.random_range(0..CLIENTS.len());
        match dice.random_range(0..100) {
            0..19 => Self::Connect { who, acks: dice.random_bool(0.8), background: dice.random_bool(0.15) },
            19..22 => Self::Drop { who },
            22..23 => Self::LogOut { who },
            23..25 => Self::Background { who, on: dice.random_bool(0.6) },
            25..50 => Self::Send {
                who,
                to_group: dice.random_bool(0.4),
                pushed: dice.random_bool(0.9),
                badge: dice.random_bool(0.3),
            },
            50..55 => Self::Revoke { nth: dice.random_range(0..8) },
            55..60 => Self::Read { who, group: dice.random_bool(0.5) },
            60..64 => Self::Invite { who },
            64..68 => Self::CallAct { who, act: dice.random_range(0..3) },
            68..82 => Self::Later { ms: [50, 700, 2_500, 6_000, 40_000][dice.random_range(0..5)] },
            82..88 => Self::Vendor { mood: dice.random_range(0..5) },
            88..89 => Self::KillToken { who },
            89..91 => Self::Register { who },
            91..92 => Self::SickDisk { full: dice.random_bool(0.5) },
            92..96 => Self::Crash { after_turns: dice.random_range(0..40) },
            96..97 => Self::Stop,
            _ => Self::Later { ms: 200 },
        }
    }
}

/// User, device, phone.
const CLIENTS: [(&str, &str, Option<usize>, u8); 5] = [
    ("ann", "ann-phone", Some(0), OHOS),
    ("bob", "bob-phone", Some(1), OHOS),
    ("bob", "bob-tablet", Some(2), OHOS),
    ("bob", "bob-desktop", None, WINDOWS),
    ("carol", "carol-phone", Some(3), OHOS),
];
const PHONES: usize = 4;

/// A message somebody sent.
pub struct Sent {
    pub by: usize,
    pub to_group: bool,
    pub to: &'static str,
    pub pushed: bool,
    pub params: Value,
    /// Once the server answered.
    pub id: Option<MessageId>,
    /// It may be revoked: asked for; it is: answered.
    pub revoke_asked: bool,
    pub revoked: bool,
}

/// What a request of the script was.
enum Asked {
    Send(usize),
    Revoke(usize),
    Invite,
    Other,
}

pub struct History {
    pub clients: Vec<Client>,
    pub kit: Kit,
    pub sent: Vec<Sent>,
    pub calls: BTreeMap<u64, usize>,
    pub app: App,
    pub crashes: usize,
    asked: Vec<Asked>,
    /// Where tasks of the life at hand run.
    here: Handle,
    dice: StdRng,
    clock: Clock,
    hand: TimeHand,
    dir: TempDir,
}

/// Plays one history and checks it.
pub fn run(seed: u64) -> checks::Tally {
    let mut dice = StdRng::seed_from_u64(seed);
    let (clock, hand) = Clock::manual(START_MS);
    let dir =
        TempDir::new_in(if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).unwrap();
    let kit = Kit::new(seed, START_MS, PHONES);
    let life = Life::begin(dir.path(), &clock, &kit);
    let app = life.found(&clock, &kit);
    let clients =
        CLIENTS.iter().map(|(user, device, phone, platform)| Client::new(user, device, *phone, *platform));
    let steps = dice.random_range(STEPS);
    let mut history = History {
        clients: clients.collect(),
        kit,
        sent: Vec::new(),
        calls: BTreeMap::new(),
        app,
        crashes: 0,
        asked: Vec::new(),
        here: life.runtime.handle().clone(),
        dice,
        clock,
        hand,
        dir,
    };
    let mut life = history.set_up(life);
    for _ in 0..steps {
        let step = Step::roll(&mut history.dice);
        life = history.play(life, step);
    }
    life = history.calm(life);
    checks::all(&mut history, &life)
}

impl History {
    /// Everybody logs in once, registers for push, and is in the group.
    fn set_up(&mut self, life: Life) -> Life {
        for who in 0..self.clients.len() {
            self.connect(&life, who, true, AppPhase::Foreground);
            self.register(who);
            self.exchange(&life);
        }
        let group =
            json!({"groupInfo": {"groupID": "geese", "groupName": "Geese"}, "userIDs": ["bob", "carol"]});
        self.ask(0, Asked::Other, "group.create", &group);
        self.exchange(&life);
        life
    }

    fn connect(&mut self, life: &Life, who: usize, acks: bool, state: AppPhase) {
        let sign = self.app.app_sign.expose().to_owned();
        let key = (self.app.id, sign.as_str());
        life.runtime.block_on(self.clients[who].connect(&life.core, key, acks, state));
    }

    fn register(&mut self, who: usize) {
        let Some(phone) = self.clients[who].phone.filter(|phone| !self.kit.dead.contains(phone)) else {
            return;
        };
        let params = PushRegister {
            app_id: None,
            app_sign: None,
            device_id: self.clients[who].device.clone(),
            vendor: "harmony".into(),
            token: self.kit.token(phone),
            app_type: 1,
            locale: String::new(),
        };
        self.ask(who, Asked::Other, "push.register", &params);
    }

    fn ask<P: serde::Serialize>(&mut self, who: usize, asked: Asked, method: &str, params: &P) {
        self.asked.push(asked);
        let number = self.asked.len() - 1;
        let _inside = self.here.enter();
        self.clients[who].ask(number, method, params);
    }

    /// Lets server and clients talk until both are quiet.
    fn exchange(&mut self, life: &Life) {
        for _ in 0..6 {
            life.settle();
            if !self.listen(life) {
                break;
            }
        }
        self.kit.look();
    }

    /// Clients read what came. Whether there was something.
    fn listen(&mut self, life: &Life) -> bool {
        let now_ms = self.clock.now_ms();
        let _inside = life.runtime.enter();
        let mut answers = Vec::new();
        for client in &mut self.clients {
            answers.extend(client.listen(now_ms));
        }
        let some = !answers.is_empty();
        for (ask, answer) in answers {
            self.note(ask, &answer);
        }
        some
    }

    fn note(&mut self, ask: usize, answer: &Answer) {
        match (&self.asked[ask], answer) {
            (Asked::Send(nth), Answer::Result(result)) => self.sent[*nth].id = Some(accepted(result)),
            (Asked::Revoke(nth), Answer::Result(_)) => self.sent[*nth].revoked = true,
            // It was done before, and the answer was lost.
            (Asked::Revoke(nth), Answer::Refused(6_000_279)) => self.sent[*nth].revoked = true,
            (Asked::Invite, Answer::Result(result)) => {
                let result: Value = serde_json::from_str(result).unwrap();
                let id: CallId = result["callID"].as_str().unwrap().parse().unwrap();
                self.calls.insert(id.0, ask);
            }
            _ => {}
        }
    }

    fn advance(&mut self, span: Duration) {
        self.kit.advance(span);
        self.hand.advance(span);
    }

    fn play(&mut self, life: Life, step: Step) -> Life {
        match step {
            Step::Connect { who, acks, background } => {
                let state = if background { AppPhase::Background } else { AppPhase::Foreground };
                self.connect(&life, who, acks, state);
                self.resend(who);
            }
            Step::Drop { who } => {
                let _inside = life.runtime.enter();
                self.clients[who].disconnect(Ending::Dropped);
            }
            Step::LogOut { who } => self.ask(who, Asked::Other, "session.logout", &json!({})),
            Step::Background { who, on } => {
                let state = if on { "background" } else { "foreground" };
                self.ask(who, Asked::Other, "app.state", &json!({ "state": state }));
            }
            Step::Send { who, to_group, pushed, badge } => self.send(who, to_group, pushed, badge),
            Step::Revoke { nth } => self.revoke(nth),
            Step::Read { who, group } => {
                let peer = if self.clients[who].user.as_str() == "ann" { "bob" } else { "ann" };
                let (id, kind) = if group { ("geese", 2) } else { (peer, 0) };
                let params = json!({"conversationID": id, "conversationType": kind});
                self.ask(who, Asked::Other, "conversation.read", &params);
            }
            Step::Invite { who } => {
                let others: Vec<&str> = ["ann", "bob", "carol"]
                    .into_iter()
                    .filter(|user| *user != self.clients[who].user.as_str())
                    .collect();
                let params = json!({"invitees": others, "timeout": 30, "mode": 0,
                    "pushConfig": {"title": "call", "content": "rings"}});
                self.ask(who, Asked::Invite, "call.invite", &params);
            }
            Step::CallAct { who, act } => {
                if let Some((id, _)) = self.calls.last_key_value() {
                    let params = json!({"callID": id.to_string()});
                    let method = ["call.accept", "call.reject", "call.cancel"][usize::from(act)];
                    self.ask(who, Asked::Other, method, &params);
                }
            }
            Step::Later { ms } => self.advance(Duration::from_millis(ms)),
            Step::Vendor { mood } => {
                let moods = [Mood::Well, Mood::Down, Mood::Busy, Mood::LosesAnswers, Mood::Flaky];
                self.kit.set_mood(moods[usize::from(mood)]);
            }
            Step::KillToken { who } => {
                if let Some(phone) = self.clients[who].phone {
                    self.kit.kill(phone);
                }
            }
            Step::Register { who } => self.register(who),
            Step::SickDisk { full: true } => life.disk.limit_pages(1),
            Step::SickDisk { full: false } => life.disk.fail_next_commit(),
            Step::Crash { after_turns } => return self.crash(life, after_turns),
            Step::Stop => return self.stop(life),
        }
        // Half of the time the next thing happens in the middle of this one.
        match self.dice.random_bool(0.5) {
            true => self.exchange(&life),
            false => {
                life.turns(self.dice.random_range(0..30));
                self.listen(&life);
            }
        }
        life
    }

    fn send(&mut self, who: usize, to_group: bool, pushed: bool, badge: bool) {
        let from = self.clients[who].user.as_str();
        let to = match (to_group, from) {
            (true, _) => "geese",
            (false, "ann") => "bob",
            (false, _) => "ann",
        };
        if !self.clients[who].is_awake() {
            return;
        }
        let nth = self.sent.len();
        let local_id = format!("local-{nth}");
        let mut params = json!({
            "localMessageID": local_id, "conversationID": to, "conversationType": if to_group { 2 } else { 0 },
            "content": {"type": 1, "message": format!("message {nth}")}, "priority": 1,
        });
        if pushed {
            params["pushConfig"] =
                json!({"title": "sim", "content": format!("notice {nth}"), "enableBadge": badge});
        }
        self.sent.push(Sent {
            by: who,
            to_group,
            to,
            pushed,
            params: params.clone(),
            id: None,
            revoke_asked: false,
            revoked: false,
        });
        self.ask(who, Asked::Send(nth), "message.send", &params);
    }

    /// What was not answered is sent again by the same user, as an SDK does.
    fn resend(&mut self, who: usize) {
        for nth in 0..self.sent.len() {
            let sent = &self.sent[nth];
            if sent.id.is_none() && sent.by == who && self.clients[who].is_awake() {
                let params = sent.params.clone();
                self.ask(who, Asked::Send(nth), "message.send", &params);
            }
        }
    }

    fn revoke(&mut self, back: usize) {
        let Some(nth) = self.sent.len().checked_sub(1 + back) else { return };
        let sent = &mut self.sent[nth];
        let Some(id) = sent.id.filter(|_| self.clients[sent.by].is_awake()) else { return };
        sent.revoke_asked = true;
        let params = json!({"conversationID": sent.to, "conversationType": if sent.to_group { 2 } else { 0 },
            "messageID": id});
        let by = sent.by;
        self.ask(by, Asked::Revoke(nth), "message.revoke", &params);
    }

    /// The process is gone between two instructions.
    fn crash(&mut self, life: Life, after_turns: u32) -> Life {
        self.crashes += 1;
        life.turns(after_turns);
        {
            let _inside = life.runtime.enter();
            self.clients.iter_mut().for_each(Client::vanish);
        }
        let Life { runtime, core, .. } = life;
        // The tasks first: nothing may notice that anything else is gone.
        drop(runtime);
        drop(core);
        self.kit.look();
        self.begin()
    }

    fn begin(&mut self) -> Life {
        let life = Life::begin(self.dir.path(), &self.clock, &self.kit);
        self.here = life.runtime.handle().clone();
        life
    }

    /// The process stops in order: the store writes what it kept in memory.
    fn stop(&mut self, life: Life) -> Life {
        {
            let _inside = life.runtime.enter();
            self.clients.iter_mut().for_each(Client::vanish);
        }
        life.runtime.block_on(life.core.services.store.close());
        let Life { runtime, core, .. } = life;
        drop(runtime);
        drop(core);
        self.begin()
    }

    /// Vendor and disk are well again, clients come and stay, and there is time for everything.
    fn calm(&mut self, life: Life) -> Life {
        self.kit.set_mood(Mood::Well);
        life.disk.limit_pages(0);
        let life = self.stop(life);
        self.exchange(&life);
        for who in 0..self.clients.len() {
            // Somebody else's turn to be away: a phone that stays off must be pushed.
            if self.clients[who].user.as_str() == "ann" || self.dice.random_bool(0.5) {
                self.connect(&life, who, true, AppPhase::Foreground);
                self.resend(who);
                self.exchange(&life);
            }
        }
        // As long as retries may take, then as long as the longest notice lives.
        for span_s in [2; 10].into_iter().chain([30; 30]).chain([1_800; 56]) {
            self.advance(Duration::from_secs(span_s));
            self.exchange(&life);
        }
        life
    }
}
