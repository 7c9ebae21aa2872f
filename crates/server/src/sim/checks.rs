//! What must hold after a history, for every accepted message and call and every device (G2, G3, G4, G6, G7).

use super::{life::Life, script::History};
use crate::{
    push::trace::{DeviceState, DeviceView, TraceView},
    store::IntentKind,
};
use hongyan_wire::{ConversationKey, DeviceId, GroupId, MessageId, UserId, call::CallState};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How many of what the histories had, so that one sees that the checks had something to check.
#[derive(Default, Debug)]
pub struct Tally {
    pub crashes: usize,
    pub messages: usize,
    pub revoked: usize,
    pub calls: usize,
    pub notices: usize,
    /// Devices by how they ended, and why.
    pub ends: BTreeMap<String, usize>,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.crashes += other.crashes;
        self.messages += other.messages;
        self.revoked += other.revoked;
        self.calls += other.calls;
        self.notices += other.notices;
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
    }
}

pub fn all(history: &mut History, life: &Life) -> Tally {
    history.kit.look();
    no_notice_twice(history);
    the_log_is_whole(history, life);
    let ends = every_message_has_its_ends(history, life);
    every_call_has_its_end(history, life);
    Tally {
        crashes: history.crashes,
        messages: history.sent.iter().filter(|sent| sent.id.is_some()).count(),
        revoked: history.sent.iter().filter(|sent| sent.revoked).count(),
        calls: history.calls.len(),
        notices: history.kit.shown.len(),
        ends,
    }
}

/// G6.
fn no_notice_twice(history: &History) {
    let twice: Vec<_> = history.kit.shown.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "shown more than once: {twice:?}");
}

fn log(
    history: &History,
    life: &Life,
    user: &str,
    key: &ConversationKey,
) -> Vec<crate::store::StoredMessage> {
    let store = &life.core.services.store;
    life.runtime.block_on(async {
        let user = UserId::new(user).unwrap();
        let Some(own) = store.membership(history.app.id, &user, key).await.unwrap() else {
            return Vec::new();
        };
        store.messages_after(own.conversation, 0, 0, 1_000).await.unwrap().messages
    })
}

/// G1, G2, G3: every answered message is there once, and places have no gaps.
fn the_log_is_whole(history: &History, life: &Life) {
    let bob = ConversationKey::Peer(UserId::new("bob").unwrap());
    let carol = ConversationKey::Peer(UserId::new("carol").unwrap());
    let geese = ConversationKey::Group(GroupId::new("geese").unwrap());
    let mut found: HashMap<MessageId, usize> = HashMap::new();
    for key in [&bob, &carol, &geese] {
        let messages = log(history, life, "ann", key);
        for (place, message) in messages.iter().enumerate() {
            assert_eq!(message.seq, place as u64 + 1, "a gap in {key:?}");
            *found.entry(message.id).or_default() += 1;
        }
    }
    for sent in &history.sent {
        if let Some(id) = sent.id {
            assert_eq!(found.get(&id), Some(&1), "message {id} was answered");
        }
    }
    let answered: HashSet<_> = history.sent.iter().filter_map(|sent| sent.id).collect();
    let unknown = found.keys().filter(|id| !answered.contains(*id)).count();
    let unanswered = history.sent.iter().filter(|sent| sent.id.is_none()).count();
    assert!(unknown <= unanswered, "{unknown} messages that nobody sent");
}

fn trace(life: &Life, id: u64) -> Option<TraceView> {
    life.runtime.block_on(life.core.push.trace(None, id)).unwrap()
}

/// G4, G7.
fn every_message_has_its_ends(history: &History, life: &Life) -> BTreeMap<String, usize> {
    let mut ends = BTreeMap::new();
    for sent in history.sent.iter().filter(|sent| sent.pushed) {
        let Some(id) = sent.id else { continue };
        let trace = trace(life, id.0).unwrap_or_else(|| panic!("message {id} has no trace"));
        assert!(trace.settled, "not settled after all this time: {}", trace.to_text());
        let views = of_delivery(&trace);
        let sender = &history.clients[sent.by].user;
        let mut seen = BTreeSet::new();
        for view in &views {
            assert!(view.user_id != *sender, "the sender's own devices are not pushed: {}", trace.to_text());
            assert!(
                seen.insert((view.user_id.clone(), view.device_id.clone())),
                "two ends: {}",
                trace.to_text()
            );
            one_end(history, &trace, id, view, sent.revoked);
            let end = format!("{:?} {}", view.state, view.reason.as_deref().unwrap_or(""));
            *ends.entry(end.trim().to_lowercase()).or_default() += 1;
        }
        for recipient in recipients(history, sent.to_group, sent.to, sender) {
            let has_end = views.iter().any(|view| view.user_id == recipient);
            assert!(has_end, "{recipient} has no end: {}", trace.to_text());
        }
    }
    ends
}

fn of_delivery(trace: &TraceView) -> Vec<&DeviceView> {
    trace.devices.iter().filter(|view| view.about == IntentKind::Delivery).collect()
}

fn recipients(history: &History, to_group: bool, to: &str, sender: &UserId) -> BTreeSet<UserId> {
    let users = history.clients.iter().map(|client| &client.user);
    users.filter(|user| *user != sender && (to_group || user.as_str() == to)).cloned().collect()
}

fn one_end(history: &History, trace: &TraceView, id: MessageId, view: &DeviceView, revoked: bool) {
    let client = view.device_id.as_ref().and_then(|device| client_of(history, device));
    let shown = |phone: usize| history.kit.shown.contains_key(&(phone, format!("m{id}")));
    let told = || trace.to_text();
    match (view.state, client) {
        (DeviceState::Pending, _) => panic!("no end: {}", told()),
        (DeviceState::Acked, Some(client)) => {
            assert!(client.received.contains(&id), "acked what never came: {}", told());
        }
        (DeviceState::Pushed, Some(client)) => {
            let phone = client.phone.unwrap_or_else(|| panic!("a desktop was pushed: {}", told()));
            assert!(shown(phone), "accepted and never shown: {}", told());
            let alive = !history.kit.dead.contains(&phone);
            let on_screen = history.kit.shows(phone, &format!("m{id}"));
            assert!(!(revoked && alive && on_screen), "revoked and still there: {}", told());
        }
        (DeviceState::Acked | DeviceState::Pushed, None) => panic!("whose device is that? {}", told()),
        (DeviceState::Suppressed | DeviceState::Failed | DeviceState::Retracted, _) => {
            assert!(view.reason.is_some() && view.reason_text.is_some(), "no reason: {}", told());
        }
        (DeviceState::Expired, _) => {}
    }
}

fn client_of<'a>(history: &'a History, device: &DeviceId) -> Option<&'a super::clients::App> {
    history.clients.iter().find(|client| client.device == *device)
}

fn every_call_has_its_end(history: &History, life: &Life) {
    for id in history.calls.keys() {
        let store = &life.core.services.store;
        let call =
            life.runtime.block_on(store.call(hongyan_wire::CallId(*id))).unwrap().expect("it was answered");
        assert_eq!(call.state, CallState::Ended, "a call outlived its timeout: {call:?}");
        assert!(call.users.iter().all(|user| !user.state.rings()), "{call:?}");
        let trace = trace(life, *id).expect("it carries a pushConfig");
        assert!(trace.settled, "{}", trace.to_text());
        let mut seen = BTreeSet::new();
        for view in of_delivery(&trace) {
            assert!(view.state != DeviceState::Pending, "{}", trace.to_text());
            assert!(seen.insert((view.user_id.clone(), view.device_id.clone())), "{}", trace.to_text());
        }
        // Whatever it left on a screen was taken back.
        for client in &history.clients {
            let Some(phone) = client.phone.filter(|phone| !history.kit.dead.contains(phone)) else {
                continue;
            };
            let rings_on = history.kit.shows(phone, &format!("c{id}"));
            assert!(!rings_on, "still on the screen of {:?}: {}", client.device, trace.to_text());
        }
    }
}
