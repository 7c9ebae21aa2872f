//! The real process is killed with SIGKILL at random instants under load, again and again, with vendor faults on.
//! Afterwards, for every message and call that was answered and every device: exactly one final state, whatever
//! is "pushed" was shown, nothing was shown twice on any phone, nothing is lost (G1–G4, G6).
//!
//! The emulated Push Kit lives in the test, so what phones showed outlives every crash. `CRASH_KILLS=300` makes it
//! longer than the dozen of an ordinary run.

use crate::program::{Program, Serving, run};
use hongyan_client::{CallError, Client, ClientOptions, Draft, LoginOptions, Page};
use hongyan_emulator::{DropMoment, DropWhen, FaultAction, FaultSpec, Phone, PhoneEvent};
use hongyan_server::{
    push::trace::{DeviceState, TraceView},
    store::sqlite::{KeySource, SqliteStore},
};
use hongyan_wire::{
    CallId, ConversationKey, DeviceId, GroupId, MessageId, UserId,
    call::CallMode,
    client::{CallInvite, Revoke},
    group::GroupProfile,
    message::PushConfig,
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const KILLS: u32 = 12;
const WAIT: Duration = Duration::from_secs(120);

fn kills() -> u32 {
    std::env::var("CRASH_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

fn bob() -> ConversationKey {
    ConversationKey::Peer(user("bob"))
}

fn geese() -> ConversationKey {
    ConversationKey::Group(GroupId::new("geese").unwrap())
}

/// What was answered.
#[derive(Default)]
struct Answered {
    messages: Vec<MessageId>,
    calls: Vec<CallId>,
}

/// How often each notice was put on a phone's screen, by appMessageId. Fed by a task a phone.
type Shown = Arc<Mutex<HashMap<(String, String), u32>>>;

fn watch(phone: &Phone, name: &str, shown: &Shown) {
    let (mut events, name, shown) = (phone.events().unwrap(), name.to_owned(), shown.clone());
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let PhoneEvent::NoticeShown { notice, .. } = &*event
                && let Some(id) = &notice.app_message_id
            {
                *shown.lock().unwrap().entry((name.clone(), id.to_string())).or_default() += 1;
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_process_dies_everything_answered_has_one_end_on_every_device() {
    let program = Arc::new(Program::with_push().await);
    let app = program.app.to_string();
    let set = ["app", "set", &app, "messages_per_s=1000", "devices=multi", "--data", program.data()];
    assert_eq!(run(&set).await.0, 0);
    let shown = Shown::default();
    for name in ["bob", "carol"] {
        watch(&program.phone(name).await, name, &shown);
    }
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut answered = Answered::default();
    for round in 0..kills() {
        if round % 3 == 0 {
            slow_vendor(&program);
        }
        let serving = program.serve().await;
        let stop = Duration::from_millis(30 + (seed.rotate_left(round * 5) ^ u64::from(round)) % 400);
        let more = load_until_killed(&program, serving, round, stop).await;
        answered.messages.extend(more.messages);
        answered.calls.extend(more.calls);
    }
    program.kit().clear_faults();
    let serving = program.serve().await;
    let logs = check_logs(&program, &answered).await;
    let ends = check_ends(&program, &answered, &shown).await;
    serving.stop().await;
    let twice: Vec<_> =
        shown.lock().unwrap().iter().filter(|(_, times)| **times > 1).map(|one| one.0.clone()).collect();
    assert!(twice.is_empty(), "shown more than once: {twice:?}");
    assert!(answered.messages.len() > kills() as usize, "only {} messages", answered.messages.len());
    println!(
        "{} kills, {} messages and {} calls answered, {logs} messages stored, ends of devices: {ends:?}",
        kills(),
        answered.messages.len(),
        answered.calls.len()
    );
}

fn slow_vendor(program: &Program) {
    let dropped = FaultAction { drop: Some(DropWhen::Named(DropMoment::After)), ..FaultAction::default() };
    let slow = FaultAction { delay_ms: Some(150), ..FaultAction::default() };
    let busy = FaultAction { status: Some(503), ..FaultAction::default() };
    for action in [dropped, slow, busy] {
        program.kit().add_fault(FaultSpec { next: Some(4), action, ..FaultSpec::default() }).unwrap();
    }
}

/// Sends, calls and revokes as fast as one client may until the process is killed.
async fn load_until_killed(
    program: &Arc<Program>,
    serving: Serving,
    round: u32,
    after: Duration,
) -> Answered {
    let sender = tokio::spawn(act(program.clone(), round));
    // Carol is here every other time, and acknowledges.
    let carol = tokio::spawn({
        let program = program.clone();
        async move {
            if round.is_multiple_of(2) {
                log_in(&program, "carol", "device-of-carol").await.ok()
            } else {
                None
            }
        }
    });
    tokio::time::timeout(after, std::future::pending::<()>()).await.unwrap_err();
    serving.kill().await;
    drop(carol.await.unwrap());
    sender.await.unwrap()
}

async fn act(program: Arc<Program>, round: u32) -> Answered {
    let mut answered = Answered::default();
    let Ok(client) = log_in(&program, "ann", "device-of-ann").await else { return answered };
    if round == 0 {
        let group_info = GroupProfile { group_id: "geese".into(), ..GroupProfile::default() };
        let made = client.group_create(group_info, vec![user("bob"), user("carol")]).await;
        assert!(!matches!(made, Err(CallError::Refused(_))), "{made:?}");
    }
    for number in 0..u32::MAX {
        let text = format!("{round}/{number}");
        let to = if number % 3 == 2 { geese() } else { bob() };
        match client.send(&to, &Draft::text(&text).push_notice("Ann", &text)).await {
            Ok(message) => {
                answered.messages.push(message.message_id);
                if number % 7 == 3 && revoke(&client, &to, message.message_id).await.is_err() {
                    return answered;
                }
            }
            // The group may not have come about before the first kill.
            Err(CallError::Refused(refusal)) if refusal.code.0 == 6_000_523 => {}
            Err(CallError::Refused(refusal)) => panic!("refused: {refusal}"),
            Err(_) => return answered,
        }
        if number % 10 == 5 {
            match client.call_invite(&invitation()).await {
                Ok(call) => answered.calls.push(call.call_id),
                Err(CallError::Refused(refusal)) if refusal.code.0 == 6_000_005 => {}
                Err(CallError::Refused(refusal)) => panic!("refused: {refusal}"),
                Err(_) => return answered,
            }
        }
    }
    answered
}

fn invitation() -> CallInvite {
    let push = PushConfig { title: "Ann".into(), content: "calls".into(), ..PushConfig::default() };
    CallInvite {
        invitees: vec![user("bob"), user("carol")],
        timeout: 2,
        mode: CallMode::General,
        enable_not_received_check: false,
        extended_data: String::new(),
        push_config: Some(push),
    }
}

async fn revoke(client: &Client, to: &ConversationKey, message_id: MessageId) -> Result<(), CallError> {
    let params = Revoke {
        conversation_id: to.id().to_owned(),
        conversation_type: to.kind(),
        message_id,
        revoke_extended_data: String::new(),
        push_config: None,
    };
    client.message_revoke(&params).await.map(drop)
}

async fn log_in(
    program: &Program,
    name: &str,
    device: &str,
) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await?;
    let login = LoginOptions::with_app_sign(program.app, &program.app_sign, name)?;
    client.login(login.device(DeviceId::new(device)?)).await?;
    Ok(client)
}

/// Every answered message is there once, seq has no gaps, and nothing is there twice (G1, G2, G3).
async fn check_logs(program: &Program, answered: &Answered) -> usize {
    let client = log_in(program, "ann", "device-of-ann").await.unwrap();
    let mut stored = HashSet::new();
    for key in [bob(), geese()] {
        let mut after = 0;
        loop {
            let page = client.history(&key, Page::After(after), 100).await.unwrap();
            for message in &page.messages {
                after += 1;
                assert_eq!(message.message_seq, after, "seq has a gap");
                assert!(stored.insert(message.message_id), "a message is there twice");
            }
            if !page.has_more {
                break;
            }
        }
    }
    for id in &answered.messages {
        assert!(stored.contains(id), "message {id} was answered and is gone");
    }
    stored.len()
}

/// Exactly one final state for every device, and what is pushed was shown (G4, G9).
async fn check_ends(program: &Program, answered: &Answered, shown: &Shown) -> BTreeMap<String, usize> {
    let store = SqliteStore::open_for_tools(Path::new(program.data()), &KeySource::Beside).unwrap();
    let mut ends = BTreeMap::new();
    let messages = answered.messages.iter().map(|id| (id.0, format!("m{id}")));
    let calls = answered.calls.iter().map(|id| (id.0, format!("c{id}")));
    let started = Instant::now();
    for (id, notice) in messages.chain(calls) {
        let trace = loop {
            let trace = TraceView::load(&store, None, id).await.unwrap().expect("it was answered");
            if trace.settled {
                break trace;
            }
            assert!(started.elapsed() < WAIT, "not settled in time: {}", trace.to_text());
            tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>()).await.unwrap_err();
        };
        let mut seen = HashSet::new();
        for view in &trace.devices {
            assert!(seen.insert((&view.user_id, &view.device_id)), "two ends: {}", trace.to_text());
            assert!(view.state != DeviceState::Pending, "no end: {}", trace.to_text());
            let screen = (view.user_id.to_string(), notice.clone());
            let on_phone = shown.lock().unwrap().contains_key(&screen);
            assert!(view.state != DeviceState::Pushed || on_phone, "never shown: {}", trace.to_text());
            let end = format!("{:?} {}", view.state, view.reason.as_deref().unwrap_or(""));
            *ends.entry(end.trim().to_lowercase()).or_default() += 1;
        }
        assert!(!trace.devices.is_empty(), "{}", trace.to_text());
    }
    ends
}
