//! Everything that can be asked of a store, as lines of text: two stores that look the same are the same.

use crate::store::{ConversationNo, Membership, Store};
use hongyan_wire::{AppId, DeviceId, GroupId, MessageId, PushId, UserId};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// What a portrait asks about.
#[derive(Clone, Default)]
pub struct Seen {
    pub users: BTreeSet<(AppId, UserId)>,
    pub devices: BTreeSet<DeviceId>,
    pub messages: BTreeSet<MessageId>,
    pub conversations: HashSet<ConversationNo>,
    pub groups: BTreeSet<GroupId>,
    pub push_ids: BTreeSet<PushId>,
    /// Calls.
    pub subjects: BTreeSet<u64>,
}

/// Question → answer.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Portrait(BTreeMap<String, String>);

const CURSOR: &str = "cursor";

impl Portrait {
    pub async fn of(store: &dyn Store, seen: &Seen) -> Self {
        let mut portrait = Self::default();
        for (app, user) in &seen.users {
            portrait.user(store, *app, user, seen).await;
        }
        for no in &seen.conversations {
            portrait.conversation(store, *no).await;
        }
        for id in &seen.messages {
            portrait.say(format!("message {id}"), store.message(*id).await.unwrap());
        }
        for subject in seen.subjects.iter().copied().chain(seen.messages.iter().map(|id| id.0)) {
            portrait.say(format!("trace {subject}"), store.trace(subject).await.unwrap());
        }
        portrait.pipeline(store).await;
        portrait.apps(store, seen).await;
        portrait
    }

    fn say(&mut self, question: String, answer: impl std::fmt::Debug) {
        self.0.insert(question, format!("{answer:#?}"));
    }

    async fn user(&mut self, store: &dyn Store, app: AppId, user: &UserId, seen: &Seen) {
        let name = format!("{app} {user}");
        let one = std::slice::from_ref(user);
        self.say(format!("user {name}"), store.users(app, one).await.unwrap());
        let mut memberships = store.memberships(app, user).await.unwrap();
        memberships.sort_by(|a, b| a.key.cmp(&b.key));
        for Membership { key, received_seq, .. } in &memberships {
            self.say(format!("{CURSOR} {name} {key:?}"), received_seq);
            let alone = store.membership(app, user, key).await.unwrap();
            assert!(memberships.contains(&alone.unwrap()), "one membership is as in the list");
        }
        let without = memberships.into_iter().map(|one| Membership { received_seq: 0, ..one });
        self.say(format!("memberships {name}"), without.collect::<Vec<_>>());
        self.say(format!("unread {name}"), store.total_unread(app, user).await.unwrap());
        self.say(format!("groups {name}"), store.groups_of(app, user).await.unwrap());
        self.say(format!("targets {name}"), store.push_targets(app, one).await.unwrap().remove(user));
        self.say(format!("calls {name}"), store.calls_of(app, user, None, 100).await.unwrap());
        self.say(format!("live calls {name}"), store.live_calls_of(app, user).await.unwrap());
        for device in &seen.devices {
            let mut cursors = store.device_cursors(app, device, user).await.unwrap();
            cursors.sort_unstable();
            self.say(format!("{CURSOR} {name} on {device}"), cursors);
        }
        for group in &seen.groups {
            self.say(format!("group {group}"), store.group(app, group).await.unwrap());
            self.say(format!("members {group}"), store.group_members(app, group, 0, 1_000).await.unwrap());
        }
        for id in &seen.push_ids {
            self.say(format!("push {id}"), store.push_target(app, id).await.unwrap());
        }
    }

    /// The whole log, read from both ends.
    async fn conversation(&mut self, store: &dyn Store, no: ConversationNo) {
        let mut upwards = Vec::new();
        loop {
            let after = upwards.last().map_or(0, |last: &crate::store::StoredMessage| last.seq);
            let page = store.messages_after(no, after, 0, 37).await.unwrap();
            upwards.extend(page.messages);
            if !page.has_more {
                break;
            }
        }
        let mut downwards = Vec::new();
        loop {
            let before = downwards.last().map_or(u64::MAX, |first: &crate::store::StoredMessage| first.seq);
            let page = store.messages_before(no, before, 0, 29).await.unwrap();
            downwards.extend(page.messages.into_iter().rev());
            if !page.has_more {
                break;
            }
        }
        downwards.reverse();
        assert_eq!(upwards, downwards, "the log is the same from both ends");
        let numbers: Vec<u64> = upwards.iter().map(|message| message.seq).collect();
        assert_eq!(numbers, (1..=upwards.len() as u64).collect::<Vec<_>>(), "the log has no gap");
        assert!(upwards.windows(2).all(|pair| pair[0].id < pair[1].id), "message IDs rise");
        assert!(
            upwards.windows(2).all(|pair| pair[0].timestamp <= pair[1].timestamp),
            "time does not go back"
        );
        self.say(format!("log {no:?}"), upwards);
    }

    async fn pipeline(&mut self, store: &dyn Store) {
        let intents = store.pending_intents(0, 1_000).await.unwrap();
        for intent in &intents {
            self.say(format!("verdicts {}", intent.id), store.verdicts(vec![intent.id]).await.unwrap());
        }
        self.say("pending intents".into(), intents);
        self.say("pending dispatches".into(), store.pending_dispatches(0, 1_000).await.unwrap());
        self.say("live calls".into(), store.live_calls().await.unwrap());
        self.say("health".into(), store.health());
    }

    async fn apps(&mut self, store: &dyn Store, seen: &Seen) {
        for app in store.apps().await.unwrap() {
            let keys =
                [&app.app_sign, &app.server_secret, &app.callback_secret].map(|key| key.expose().to_owned());
            self.say(format!("app {}", app.id), (&app, keys));
            self.credentials(store, app.id).await;
        }
        for (app, _) in &seen.users {
            self.credentials(store, *app).await;
        }
    }

    async fn credentials(&mut self, store: &dyn Store, app: AppId) {
        let credentials = store.credentials(app).await.unwrap();
        let files: Vec<String> = credentials.iter().map(|one| one.file.expose().to_owned()).collect();
        self.say(format!("credentials {app}"), (credentials, files));
        self.say(format!("strategies {app}"), store.strategies(app).await.unwrap());
    }

    pub fn without_cursors(&self) -> Self {
        let kept = self.0.iter().filter(|(question, _)| !question.starts_with(CURSOR));
        Self(kept.map(|(question, answer)| (question.clone(), answer.clone())).collect())
    }

    pub fn assert_same(&self, other: &Self, when: &str) {
        for (question, answer) in &self.0 {
            assert_eq!(Some(answer), other.0.get(question), "{question} {when}");
        }
        assert_eq!(self.0.len(), other.0.len(), "questions {when}");
    }
}
