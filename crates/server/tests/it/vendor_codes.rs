//! Every answer that Push Kit documents, for every kind of push, through the front door: how the device ends,
//! whether its token lives, who hears of it. The table is also the section "Answers" of `docs/vendors.md`.

use crate::harness::{WAIT, World, create_group, group, invite, peer, until, user_id};
use hongyan_client::Draft;
use hongyan_emulator::FaultSpec;
use hongyan_server::{
    push::trace::{DeviceState, DispatchViewState, TraceView},
    store::StoredStrategy,
};
use hongyan_wire::{ConversationType, client::Revoke, message::PushConfig};
use serde_json::{Value, json};
use std::{fmt::Write, time::Duration};

/// The kinds of push: name, and the resourcesID that makes it.
const KINDS: [(&str, &str); 4] =
    [("alert", "picture"), ("silent", "silent"), ("call", "call"), ("call as alert", "plain")];
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vendors.md");
const BEGIN: &str = "<!-- answers: written by a test from its table -->\n";
const END: &str = "<!-- end of answers -->\n";

/// How far time moves at once.
const STEP: Duration = Duration::from_secs(20);
/// Real time for what a step makes due.
const STEP_TAKES: Duration = Duration::from_millis(25);

/// An answer.
#[derive(Clone, Copy)]
enum Says {
    /// A business code for the whole request.
    Code(&'static str),
    /// A business code for a request with two devices.
    CodeForTwo(&'static str),
    /// Only a status.
    Status(u16),
    /// The connection breaks after the vendor took the request over.
    Breaks,
    /// A reason for the only token.
    Reason(&'static str),
    /// A reason for one token of two; the other is accepted.
    ReasonForOne(&'static str),
}

/// What the server does.
#[derive(Clone, Copy)]
enum Does {
    Pushed,
    /// The token gets a tombstone.
    Dies,
    /// It fails for a reason; the alarm, if any.
    Fails(&'static str, Option<&'static str>),
    /// It is tried again later; the alarm, if any.
    Later(Option<&'static str>),
    /// It follows advice at once: in words, and with how many requests altogether.
    Follows(&'static str, usize),
    /// The credential is paused, the push waits.
    Waits,
}

/// An answer, and what is done for the four kinds. Last: what is done when the answer to the advised request
/// is the same again.
type Row = (Says, [Does; 4], Option<Does>);

const REJECTED: Does = Does::Fails("vendor_rejected", Some("bad_request"));
const NO_RIGHT: Does = Does::Fails("vendor_configuration", Some("right_missing"));
const SIGNS: Does = Does::Follows("signs a new JWT", 2);
const AS_ALERT: &str = "sends an alert of category VOIP";
const LATER: Does = Does::Later(None);

const fn all(does: Does) -> [Does; 4] {
    [does; 4]
}

const ROWS: &[Row] = &[
    (Says::Code("80000000"), all(Does::Pushed), None),
    (Says::Code("80100001"), all(REJECTED), None),
    (Says::Code("80100003"), all(REJECTED), None),
    (Says::Code("80100004"), all(REJECTED), None),
    (
        Says::Code("80100022"),
        [Does::Follows("leaves the image out", 2), REJECTED, REJECTED, REJECTED],
        Some(REJECTED),
    ),
    (Says::Code("80200001"), all(SIGNS), Some(Does::Waits)),
    (Says::Code("80200005"), all(SIGNS), Some(Does::Later(Some("clock")))),
    (Says::Code("80200006"), all(Does::Waits), None),
    (Says::Code("80300002"), all(Does::Waits), None),
    (Says::Code("80300008"), all(Does::Follows("shortens the text", 2)), Some(REJECTED)),
    (Says::Code("80300010"), all(REJECTED), None),
    (Says::CodeForTwo("80300010"), all(Does::Follows("makes smaller requests", 3)), None),
    (Says::Code("80300029"), all(LATER), None),
    (Says::Code("80300030"), all(REJECTED), None),
    (Says::Code("80300036"), all(SIGNS), Some(Does::Waits)),
    (Says::Code("80300037"), all(Does::Waits), None),
    (Says::Code("81000001"), all(LATER), None),
    (Says::Code("80999999"), all(REJECTED), None),
    (Says::Status(302), all(Does::Waits), None),
    (Says::Status(400), all(REJECTED), None),
    (Says::Status(401), all(SIGNS), Some(Does::Waits)),
    (Says::Status(403), all(Does::Waits), None),
    (Says::Status(404), all(Does::Waits), None),
    (Says::Status(429), all(LATER), None),
    (Says::Status(500), all(LATER), None),
    (Says::Status(502), all(LATER), None),
    (Says::Status(503), all(LATER), None),
    (Says::Breaks, all(LATER), None),
    (Says::Reason("tokenFormatError"), all(Does::Dies), None),
    (Says::ReasonForOne("tokenFormatError"), all(Does::Dies), None),
    (Says::Reason("tokenPlatformNotSupport"), all(Does::Dies), None),
    (Says::Reason("noRight"), all(NO_RIGHT), None),
    (Says::ReasonForOne("noRight"), all(Does::Dies), None),
    (
        Says::Reason("noPushTypeRight"),
        [NO_RIGHT, NO_RIGHT, Does::Follows(AS_ALERT, 2), NO_RIGHT],
        Some(NO_RIGHT),
    ),
    (Says::Reason("notSupportPlayVoice"), all(REJECTED), None),
    (Says::Reason("noRightToSendThisLiveNotificationEvent"), all(NO_RIGHT), None),
    (Says::Reason("atomicUnableSendUnsubscribedMsg"), all(REJECTED), None),
    (Says::Reason("appinfoError"), all(LATER), None),
    (Says::ReasonForOne("appinfoError"), all(LATER), None),
    (Says::Reason("countryNotSupport"), all(Does::Fails("vendor_device", None)), None),
    (Says::Reason("disableSendHuaweiMsgBecauseOfPenalty"), all(Does::Waits), None),
    (Says::ReasonForOne("disableSendHuaweiMsgBecauseOfPenalty"), all(NO_RIGHT), None),
    (Says::Reason("differentImgVerifyPolicy"), all(REJECTED), None),
];

impl Says {
    fn devices(self) -> usize {
        if matches!(self, Says::CodeForTwo(_) | Says::ReasonForOne(_)) { 2 } else { 1 }
    }

    /// The fault that makes the emulator answer so; `token` is the one it is about.
    fn action(self, token: &str) -> Value {
        match self {
            Says::Code(code) | Says::CodeForTwo(code) => json!({"code": code}),
            Says::Status(status) => json!({"status": status}),
            Says::Breaks => json!({"drop": "after"}),
            Says::Reason(reason) | Says::ReasonForOne(reason) => {
                json!({"deadTokens": {"tokens": [token], "reason": reason}})
            }
        }
    }

    fn in_words(self) -> String {
        match self {
            Says::Code(code) => format!("`{code}`"),
            Says::CodeForTwo(code) => format!("`{code}`, several devices"),
            Says::Status(status) => format!("HTTP {status} without a known code"),
            Says::Breaks => "no answer".into(),
            Says::Reason(reason) => format!("`{reason}`, nothing accepted"),
            Says::ReasonForOne(reason) => format!("`{reason}`, others accepted"),
        }
    }
}

impl Does {
    /// (reason or "pushed", requests, whether the token is buried, alarm) when the answer came `times` times.
    fn wanted(self, times: usize) -> (&'static str, usize, bool, Option<&'static str>) {
        match self {
            Does::Pushed => ("pushed", 1, false, None),
            Does::Dies => ("token_gone", 1, true, None),
            Does::Fails(reason, alarm) => (reason, times, false, alarm),
            Does::Later(alarm) => ("pushed", times + 1, false, alarm),
            Does::Follows(AS_ALERT, requests) => ("pushed", requests, false, Some("right_missing")),
            Does::Follows(_, requests) => ("pushed", requests, false, None),
            Does::Waits => ("pushed", times + 1, false, Some("credential_refused")),
        }
    }

    fn in_words(self) -> String {
        let alarm = |alarm: Option<&str>| alarm.map_or(String::new(), |alarm| format!("; alarm `{alarm}`"));
        match self {
            Does::Pushed => "accepted".into(),
            Does::Dies => "fails as `token_gone`; the token gets a tombstone".into(),
            Does::Fails(reason, kind) => format!("fails as `{reason}`{}", alarm(kind)),
            Does::Later(kind) => format!("tried again later{}", alarm(kind)),
            Does::Follows(AS_ALERT, _) => format!("{AS_ALERT} at once; alarm `right_missing`"),
            Does::Follows(what, _) => format!("{what} and sends again at once"),
            Does::Waits => "waits: the credential is paused; alarm `credential_refused`".into(),
        }
    }
}

/// One kind of push through every row.
struct Stage {
    world: World,
    kind: &'static str,
    resources_id: &'static str,
    rows: usize,
}

impl Stage {
    async fn new(kind: usize) -> Self {
        let world = World::with_push().await;
        let picture = json!({"harmony": {"image": "https://img.example.com/a.png"}});
        let plain = json!({"harmony": {"push_type": 0}});
        for (name, options) in [("picture", picture), ("plain", plain)] {
            let strategy = StoredStrategy { resources_id: name.into(), options: options.to_string() };
            assert!(world.store().put_strategy(world.app.id, strategy).await.unwrap());
        }
        let (kind, resources_id) = KINDS[kind];
        Self { world, kind, resources_id, rows: 0 }
    }

    /// Pushes once while the vendor says this so many times, and looks what became of it.
    async fn play(&mut self, says: Says, times: usize, does: Does) {
        self.rows += 1;
        self.world.advance(Duration::from_secs(120));
        let names: Vec<String> =
            (0..says.devices()).map(|n| format!("{}-{}-{n}", self.kind.len(), self.rows)).collect();
        let mut tokens = Vec::new();
        for name in &names {
            let phone = self.world.phone(name).await;
            tokens.push(phone.get_token(crate::push_kit::BUNDLE).unwrap());
        }
        let began = self.world.clock.now_ms();
        let fault = json!({"next": times, "path": "messages:send", "action": says.action(&tokens[0])});
        let fault: FaultSpec = serde_json::from_value(fault).unwrap();
        let emulator = &self.world.kit.as_ref().unwrap().emulator;
        emulator.add_fault(fault).unwrap();
        let id = self.push(&names).await;
        let what = format!("{} {} times, {}", says.in_words(), times, self.kind);
        let (end, requests, alarms) = self.end_of(id, &names[0], does, began).await;
        emulator.clear_faults();
        let dead = self.is_buried(&names[0]).await;
        let (reason, asked, buried, alarm) = does.wanted(times);
        let alarms: Vec<&str> = alarms.iter().map(String::as_str).collect();
        let wanted = (reason, asked, buried, alarm.into_iter().collect::<Vec<_>>());
        assert_eq!((&*end, requests, dead, alarms), wanted, "{what}");
    }

    async fn push(&self, names: &[String]) -> u64 {
        let ann = self.world.client("ann").await;
        let push = PushConfig {
            title: "Ann".into(),
            content: "你好".repeat(40),
            resources_id: self.resources_id.into(),
            ..PushConfig::default()
        };
        let users: Vec<_> = names.iter().map(|name| user_id(name)).collect();
        if self.kind.starts_with("call") {
            invite(&ann, users, 600, Some(push)).await.unwrap().call_id.0
        } else if let [only] = names {
            ann.send(&peer(only), &Draft::text("x").push(push)).await.unwrap().message_id.0
        } else {
            let id = format!("geese-{}", self.rows);
            create_group(&ann, &id, users).await.unwrap();
            ann.send(&group(&id), &Draft::text("x").push(push)).await.unwrap().message_id.0
        }
    }

    /// The reason of the end, or "pushed"; the requests it took; the alarms. Time moves only for what waits.
    async fn end_of(&self, id: u64, name: &str, does: Does, began: u64) -> Ended {
        let mut alarms = None;
        if matches!(does, Does::Later(_) | Does::Waits) {
            // Success ends some alarms, so they are looked at before.
            self.until_trace(id, |trace| {
                !trace.dispatches.is_empty()
                    && asked(trace) >= 1
                    && trace.dispatches[0].state == DispatchViewState::Pending
            })
            .await;
            if let Does::Waits = does {
                until("the pause", || !self.alarms_since(began).is_empty()).await;
                let made = self.world.requests();
                for _ in 0..5 {
                    self.step().await;
                }
                assert!(!self.world.server.trace(id).await.unwrap().unwrap().settled);
                assert_eq!(self.world.requests(), made, "nothing is asked while it is paused");
            } else if let Does::Later(Some(_)) = does {
                until("the alarm", || !self.alarms_since(began).is_empty()).await;
            }
            alarms = Some(self.alarms_since(began));
            self.moving_on(id).await;
        }
        let trace = self.world.settled_trace(id).await;
        let alarms = alarms.unwrap_or_else(|| self.alarms_since(began));
        let requests = asked(&trace);
        (end_in(&trace, name), requests, alarms)
    }

    fn alarms_since(&self, began: u64) -> Vec<String> {
        let alarms = self.world.server.alarms(Some(self.world.app.id)).into_iter();
        alarms.filter(|alarm| alarm.last_at >= began).map(|alarm| alarm.kind).collect()
    }

    async fn is_buried(&self, name: &str) -> bool {
        let store = self.world.store();
        let user = user_id(name);
        let targets = store.push_targets(self.world.app.id, std::slice::from_ref(&user)).await.unwrap();
        targets[&user][0].tombstone.is_some()
    }

    async fn until_trace(&self, id: u64, come: impl Fn(&TraceView) -> bool) {
        let started = std::time::Instant::now();
        while !self.world.server.trace(id).await.unwrap().is_some_and(|trace| come(&trace)) {
            assert!(started.elapsed() < WAIT, "{id} waited in vain");
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass in steps until every device has its end.
    async fn moving_on(&self, id: u64) {
        let started = std::time::Instant::now();
        while !self.world.server.trace(id).await.unwrap().is_some_and(|trace| trace.settled) {
            assert!(started.elapsed() < WAIT, "{id} did not settle");
            self.step().await;
        }
    }

    /// Moves time on a little. What became due gets its time before more does.
    async fn step(&self) {
        // A call ends when its caller stays away.
        let _ann = self.world.client("ann").await;
        self.world.advance(STEP);
        let stepped = std::time::Instant::now();
        while stepped.elapsed() < STEP_TAKES {
            tokio::task::yield_now().await;
        }
    }
}

/// (reason or "pushed", requests, alarms).
type Ended = (String, usize, Vec<String>);

/// Requests made for one message or call.
fn asked(trace: &TraceView) -> usize {
    trace.dispatches.iter().map(|dispatch| dispatch.attempts.len()).sum()
}

fn end_in(trace: &TraceView, name: &str) -> String {
    let device = trace.devices.iter().find(|device| device.user_id.as_str() == name).unwrap();
    match device.state {
        DeviceState::Pushed => "pushed".into(),
        _ => device.reason.clone().unwrap_or_else(|| format!("{:?}", device.state)),
    }
}

async fn play(kind: usize) {
    let mut stage = Stage::new(kind).await;
    for (says, does, repeated) in ROWS {
        let does = does[kind];
        stage.play(*says, 1, does).await;
        if let (Does::Follows(..), Some(repeated)) = (does, repeated) {
            stage.play(*says, 2, *repeated).await;
        }
    }
}

#[tokio::test]
async fn every_answer_to_an_alert() {
    play(0).await;
}

#[tokio::test]
async fn every_answer_to_a_silent_push() {
    play(1).await;
}

#[tokio::test]
async fn every_answer_to_a_call() {
    play(2).await;
}

#[tokio::test]
async fn every_answer_to_a_call_shown_as_an_alert() {
    play(3).await;
}

/// The table for people.
fn page() -> String {
    let mut page =
        String::from("| Push Kit says | to | the server | said again |\n| --- | --- | --- | --- |\n");
    for (says, does, repeated) in ROWS {
        let words: Vec<String> = does.iter().map(|does| does.in_words()).collect();
        let mut kinds: Vec<(&str, Vec<&str>)> = Vec::new();
        for (place, word) in words.iter().enumerate() {
            match kinds.iter_mut().find(|(known, _)| known == word) {
                Some((_, names)) => names.push(KINDS[place].0),
                None => kinds.push((word, vec![KINDS[place].0])),
            }
        }
        for (word, names) in &kinds {
            let names = if kinds.len() == 1 { "every kind".into() } else { names.join(", ") };
            let follows =
                does.iter().any(|does| matches!(does, Does::Follows(..)) && does.in_words() == *word);
            let again = repeated.filter(|_| follows).map_or(String::new(), Does::in_words);
            writeln!(page, "| {} | {names} | {word} | {again} |", says.in_words()).unwrap();
        }
    }
    page
}

#[test]
fn the_page_shows_the_table() {
    let text = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has the mark where the table begins");
    let (table, after) = rest.split_once(END).expect("the page has the mark where the table ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", page())).unwrap();
        return;
    }
    assert_eq!(table, page(), "run the test with UPDATE_DOCS=1 and commit the file");
}

#[tokio::test]
async fn a_refusal_to_take_back_does_not_stop_sending() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let push = || PushConfig { title: "Ann".into(), content: "x".into(), ..PushConfig::default() };
    let draft = || Draft::text("x").push(push());
    let id = ann.send(&peer("bob"), &draft()).await.unwrap().message_id;
    world.settled_trace(id.0).await;
    let fault = json!({"next": 1, "path": "messages:revoke", "action": {"code": "80300002"}});
    let emulator = &world.kit.as_ref().unwrap().emulator;
    emulator.add_fault(serde_json::from_value(fault).unwrap()).unwrap();
    let revoke = Revoke {
        conversation_id: "bob".into(),
        conversation_type: ConversationType::Peer,
        message_id: id,
        revoke_extended_data: String::new(),
        push_config: None,
    };
    ann.message_revoke(&revoke).await.unwrap();
    until("the refusal", || !world.server.alarms(None).is_empty()).await;
    let kinds: Vec<String> = world.server.alarms(None).into_iter().map(|alarm| alarm.kind).collect();
    assert_eq!(kinds, ["right_missing"]);
    let next = ann.send(&peer("bob"), &draft()).await.unwrap().message_id;
    assert_eq!(end_in(&world.settled_trace(next.0).await, "bob"), "pushed");
    assert_eq!(phone.notices().len(), 2);
}
