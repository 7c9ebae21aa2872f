//! The real process is killed with SIGKILL at random instants under load, again and again. Afterwards, for
//! every message that was answered: it is in the conversation once, the offline phone showed one notice for it
//! (G6) and its trace has exactly one final state for the device (G1, G3, G4).
//!
//! The emulated Push Kit lives in the test, so what phones showed outlives every crash. One kill in three falls
//! while the vendor answers slowly or drops the connection after accepting: the moment between accept and record.

use crate::program::{Program, Serving};
use hongyan_client::{CallError, Client, ClientOptions, Draft, LoginOptions, Page};
use hongyan_emulator::{DropMoment, DropWhen, FaultAction, FaultSpec};
use hongyan_wire::{Code, ConversationKey, MessageId, UserId};
use std::{collections::HashMap, sync::Arc, time::Duration};

const KILLS: u32 = 12;
const WAIT: Duration = Duration::from_secs(60);

fn bob() -> ConversationKey {
    ConversationKey::Peer(UserId::new("bob").unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_stored_once_and_pushed_once_whenever_the_process_dies() {
    let program = Arc::new(Program::with_push().await);
    let phone = program.phone("bob").await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut accepted: Vec<MessageId> = Vec::new();
    for round in 0..KILLS {
        if round % 3 == 0 {
            slow_vendor(&program);
        }
        let serving = program.serve().await;
        let stop = Duration::from_millis(40 + (seed.rotate_left(round * 5) % 400));
        accepted.extend(send_until_killed(&program, serving, round, stop).await);
    }
    program.kit().clear_faults();
    let serving = program.serve().await;
    check_conversation(&program, &accepted).await;
    check_phone(&phone, &accepted).await;
    check_traces(&program, &accepted).await;
    serving.stop().await;
    assert!(accepted.len() > KILLS as usize, "only {} messages were accepted", accepted.len());
    println!("{} messages accepted over {KILLS} kills", accepted.len());
}

fn slow_vendor(program: &Program) {
    let dropped = FaultAction { drop: Some(DropWhen::Named(DropMoment::After)), ..FaultAction::default() };
    let slow = FaultAction { delay_ms: Some(150), ..FaultAction::default() };
    for action in [dropped, slow] {
        program.kit().add_fault(FaultSpec { next: Some(4), action, ..FaultSpec::default() }).unwrap();
    }
}

/// Sends as fast as one client may until the process is killed; the messages that were answered.
async fn send_until_killed(
    program: &Arc<Program>,
    serving: Serving,
    round: u32,
    after: Duration,
) -> Vec<MessageId> {
    let sender = tokio::spawn(send_all(program.clone(), round));
    tokio::time::timeout(after, std::future::pending::<()>()).await.unwrap_err();
    serving.kill().await;
    sender.await.unwrap()
}

async fn send_all(program: Arc<Program>, round: u32) -> Vec<MessageId> {
    let mut answered = Vec::new();
    let Ok(client) = ann(&program).await else { return answered };
    for number in 0..u32::MAX {
        let draft = Draft::text(format!("{round}/{number}")).push_notice("Ann", &format!("{round}/{number}"));
        match client.send(&bob(), &draft).await {
            Ok(message) => answered.push(message.message_id),
            // Ten at once, then ten a second: a heartbeat passes the time.
            Err(CallError::Refused(refusal)) if refusal.code == Code::RATE_LIMITED => {
                if client.heartbeat().await.is_err() {
                    return answered;
                }
            }
            Err(CallError::Refused(refusal)) => panic!("refused: {refusal}"),
            Err(_) => return answered,
        }
    }
    answered
}

async fn ann(program: &Program) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let client = Client::connect_with(&program.ws(), ClientOptions::default()).await?;
    client.login(LoginOptions::with_app_sign(program.app, &program.app_sign, "ann")?).await?;
    Ok(client)
}

/// Every answered message is there once, seq has no gaps, and nothing is there twice (G1, G2, G3).
async fn check_conversation(program: &Program, accepted: &[MessageId]) {
    let client = ann(program).await.unwrap();
    let mut stored = HashMap::new();
    let mut after = 0;
    loop {
        let page = client.history(&bob(), Page::After(after), 100).await.unwrap();
        for message in &page.messages {
            after += 1;
            assert_eq!(message.message_seq, after, "seq has a gap");
            let text = message.content().unwrap().message;
            assert!(stored.insert(text, message.message_id).is_none(), "a message is there twice");
        }
        if !page.has_more {
            break;
        }
    }
    let ids: std::collections::HashSet<_> = stored.values().collect();
    for id in accepted {
        assert!(ids.contains(id), "message {id} was answered and is gone");
    }
}

/// The offline phone showed one notice for every answered message (G4, G6). What was stored without an answer
/// may have been shown too, but nothing twice.
async fn check_phone(phone: &hongyan_emulator::Phone, accepted: &[MessageId]) {
    for id in accepted {
        let id = id.to_string();
        let shown = phone.wait_notice(|notice| notice.data["messageID"] == id.as_str(), WAIT).await;
        assert!(shown.is_some(), "message {id} was answered and never shown");
    }
    let mut seen = HashMap::new();
    for notice in phone.notices() {
        let id = notice.data["messageID"].to_string();
        assert!(seen.insert(id.clone(), ()).is_none(), "message {id} is in the shade twice");
    }
}

/// Every device of every answered message has exactly one final state, and it is "pushed" (G4, G9).
async fn check_traces(program: &Program, accepted: &[MessageId]) {
    for id in accepted {
        let trace = program.settled_trace(&id.to_string(), WAIT).await;
        let devices = trace["devices"].as_array().unwrap();
        assert_eq!(devices.len(), 1, "{trace:#}");
        assert_eq!(devices[0]["state"], "pushed", "{trace:#}");
    }
}
