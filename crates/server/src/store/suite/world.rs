//! A store on trial: where it is kept, a clock held by hand, and short words for what happens in it.

use super::portrait::{Portrait, Seen};
use crate::{
    clock::{Clock, TimeHand},
    store::*,
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{
    AppId, ConversationKey, DeviceId, GroupId, MessageId, PushId, Seq, UserId, group::GroupProfile,
    message::PushConfig,
};
use std::{sync::Arc, time::Duration};

/// Where a backend keeps one store.
pub trait Place: Sized {
    /// Opens it; the only one to do so until it is closed.
    async fn open(&self, clock: Clock) -> Arc<dyn Store>;
    /// A copy of it as it would be found if the process died now.
    async fn crashed(&self) -> Self;
}

/// The app in which everything happens, unless a promise is about apps.
pub const APP: AppId = AppId(7);
/// 2027-01-15; every world begins here.
pub const START_MS: u64 = 1_800_000_000_000;

/// A store, its clock, and what happened so far that can be asked for.
pub struct World<P> {
    place: P,
    clock: Clock,
    pub hand: TimeHand,
    pub store: Arc<dyn Store>,
    seen: Seen,
    sends: usize,
}

pub fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

pub fn device(name: &str) -> DeviceId {
    DeviceId::new(&format!("device-of-{name}")).unwrap()
}

pub fn peer(name: &str) -> ConversationKey {
    ConversationKey::Peer(user(name))
}

pub fn group(id: &str) -> ConversationKey {
    ConversationKey::Group(GroupId::new(id).unwrap())
}

pub fn group_id(id: &str) -> GroupId {
    GroupId::new(id).unwrap()
}

pub fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| user(name)).collect()
}

pub fn intent(from: &str, recipients: Recipients) -> NewIntent {
    NewIntent {
        kind: crate::store::IntentKind::Delivery,
        sender: user(from),
        recipients,
        push: PushConfig { title: "t".into(), content: "c".into(), ..PushConfig::default() },
        mentioned: Vec::new(),
        mention_all: false,
        notify_mentioned: false,
        call: None,
        expires_at: START_MS + 86_400_000,
    }
}

/// The message of an append that must have been stored, or repeated.
pub fn stored(outcome: Append) -> Arc<Appended> {
    match outcome {
        Append::Stored(appended) => appended,
        other => panic!("not stored: {other:?}"),
    }
}

pub fn seqs(page: &Page) -> Vec<Seq> {
    page.messages.iter().map(|message| message.seq).collect()
}

impl<P: Place> World<P> {
    pub async fn new(place: P) -> Self {
        let (clock, hand) = Clock::manual(START_MS);
        let store = place.open(clock.clone()).await;
        Self { place, clock, hand, store, seen: Seen::default(), sends: 0 }
    }

    pub fn now(&self) -> u64 {
        self.hand.now_ms()
    }

    pub fn later(&self, seconds: u64) {
        self.hand.advance(Duration::from_secs(seconds));
    }

    /// A login on the user's own device.
    pub async fn login(&mut self, name: &str) -> SignedIn {
        self.login_on(name, &device(name)).await
    }

    pub async fn login_on(&mut self, name: &str, device: &DeviceId) -> SignedIn {
        self.seen.users.insert((APP, user(name)));
        self.seen.devices.insert(device.clone());
        let login = LoginRecord {
            app: APP,
            user: user(name),
            name: None,
            device: device.clone(),
            platform: 9,
            now_ms: self.now(),
        };
        self.store.sign_in(login).await.unwrap()
    }

    pub async fn login_all(&mut self, names: &[&str]) {
        for name in names {
            self.login(name).await;
        }
    }

    /// A message with its own local ID, not sent yet.
    pub fn message(&mut self, from: &str, to: ConversationKey) -> NewMessage {
        self.sends += 1;
        NewMessage {
            app: APP,
            sender: user(from),
            sender_device: device(from),
            to,
            local_id: format!("local-{}", self.sends),
            content: format!("{{\"type\":1,\"message\":\"text {}\"}}", self.sends).into(),
            disable_unread: false,
            intent: None,
            now_ms: self.now(),
        }
    }

    pub async fn append(&mut self, message: NewMessage) -> Append {
        let outcome = self.store.append_message(message).await.unwrap();
        if let Append::Stored(appended) = &outcome {
            self.seen.messages.insert(appended.message.id);
            self.seen.conversations.insert(appended.message.conversation);
        }
        outcome
    }

    pub async fn send(&mut self, from: &str, to: ConversationKey) -> Arc<Appended> {
        let message = self.message(from, to);
        stored(self.append(message).await)
    }

    pub async fn send_many(&mut self, from: &str, to: ConversationKey, count: usize) {
        for _ in 0..count {
            self.send(from, to.clone()).await;
        }
    }

    /// Notes a conversation that was made without `append`.
    pub fn watch(&mut self, id: MessageId, conversation: ConversationNo) {
        self.seen.messages.insert(id);
        self.seen.conversations.insert(conversation);
    }

    pub fn watch_call(&mut self, call: u64) {
        self.seen.subjects.insert(call);
    }

    pub fn watch_app(&mut self, app: AppId, name: &str) {
        self.seen.users.insert((app, user(name)));
    }

    /// A group with its owner and members.
    pub async fn found(&mut self, id: &str, owner: &str, members: &[&str]) -> MemberChange {
        match self.try_found(id, owner, members, 100).await {
            GroupOutcome::Done(change) => *change,
            other => panic!("no group: {other:?}"),
        }
    }

    pub async fn try_found(&mut self, id: &str, owner: &str, members: &[&str], most: u32) -> GroupOutcome {
        let group = NewGroup {
            app: APP,
            profile: GroupProfile {
                group_id: id.into(),
                group_name: format!("name of {id}"),
                ..GroupProfile::default()
            },
            owner: user(owner),
            members: users(members),
            now_ms: self.now(),
        };
        let outcome = self.store.create_group(group, most).await.unwrap();
        if let GroupOutcome::Done(change) = &outcome {
            self.seen.groups.insert(group_id(&change.group.profile.group_id));
        }
        outcome
    }

    pub async fn add(&self, id: &str, by: &str, names: &[&str]) -> GroupOutcome {
        let (id, by, names) = (group_id(id), user(by), users(names));
        self.store.add_members(APP, &id, &by, &names, 100, self.now()).await.unwrap()
    }

    pub async fn remove(&self, id: &str, by: &str, names: &[&str]) -> GroupOutcome {
        let (id, by, names) = (group_id(id), user(by), users(names));
        self.store.remove_members(APP, &id, &by, &names, self.now()).await.unwrap()
    }

    pub async fn membership(&self, name: &str, key: &ConversationKey) -> Membership {
        self.store.membership(APP, &user(name), key).await.unwrap().expect("the user has this conversation")
    }

    pub async fn unread(&self, name: &str, key: &ConversationKey) -> u64 {
        self.membership(name, key).await.unread
    }

    pub async fn read(&self, name: &str, key: &ConversationKey, up_to: Option<Seq>) -> ReadMark {
        let mark = self.store.mark_read(APP, &user(name), None, key, up_to).await.unwrap();
        mark.expect("the user has this conversation")
    }

    /// Registers a token of the user's own device; binds it to `bind`.
    pub async fn register(&mut self, on: &str, token: &str, bind: Option<&str>) -> PushId {
        let push = NewPush {
            app: APP,
            device: device(on),
            user: bind.map(user),
            vendor: VendorKind::Harmony,
            token: token.into(),
            app_type: 1,
            locale: "zh-CN".into(),
            now_ms: self.now(),
        };
        let id = self.store.register_push(push).await.unwrap();
        self.seen.push_ids.insert(id.clone());
        id
    }

    pub async fn targets(&self, name: &str) -> Vec<PushTarget> {
        let found = self.store.push_targets(APP, &[user(name)]).await.unwrap();
        found.values().flat_map(|targets| targets.iter().cloned()).collect()
    }

    pub fn acknowledge(&self, name: &str, key: &ConversationKey, seq: Seq) -> Option<ConversationNo> {
        let moved = CursorMove { app: APP, user: user(name), device: device(name), key: key.clone(), seq };
        self.store.acknowledge(moved)
    }

    /// Closes the store and opens it again.
    pub async fn restart(&mut self) {
        self.store.close().await;
        self.store = self.place.open(self.clock.clone()).await;
    }

    /// Where the store is kept.
    pub fn home(&self) -> &P {
        &self.place
    }

    /// What a crash would leave now.
    pub async fn crashed(&self) -> P {
        self.place.crashed().await
    }

    /// Goes on with what a crash would have left.
    pub async fn die(&mut self) {
        let left = self.place.crashed().await;
        self.store.close().await;
        self.place = left;
        self.store = self.place.open(self.clock.clone()).await;
    }

    /// Looks at everything, then again after a crash, then after a close: it must be the same.
    pub async fn survives(&mut self) {
        let before = Portrait::of(&*self.store, &self.seen).await;
        let copy = self.place.crashed().await;
        let crashed = copy.open(self.clock.clone()).await;
        // What is coalesced may be lost in a crash; the devices bring it again.
        let found = Portrait::of(&*crashed, &self.seen).await;
        before.without_cursors().assert_same(&found.without_cursors(), "after a crash");
        crashed.close().await;
        self.restart().await;
        let found = Portrait::of(&*self.store, &self.seen).await;
        before.assert_same(&found, "after a restart");
        self.store.close().await;
    }
}
