//! Apps (tenants), their settings, push credentials and strategies.

use super::StoreError;
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::AppId;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// A tenant.
#[derive(Clone, Debug)]
pub struct App {
    /// uint32.
    pub id: AppId,
    /// For people; unique.
    pub name: String,
    /// 64 hex digits.
    pub app_sign: Secret,
    /// 32 characters; key of token04 and of the server API's signature.
    pub server_secret: Secret,
    /// Signs callbacks.
    pub callback_secret: Secret,
    /// Instant messaging is switched on: users can log in.
    pub enabled: bool,
    /// The app as a whole is switched on; else its clients are told that there is none.
    pub active: bool,
    /// Keys that were replaced.
    pub keys: AppKeys,
    /// Policies.
    pub settings: Arc<AppSettings>,
    /// Unix time in ms.
    pub created_at: u64,
}

/// One of an app's three keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AppKey {
    /// AppSign: native apps show it.
    AppSign,
    /// ServerSecret: token04 and the server API.
    ServerSecret,
    /// CallbackSecret: signs callbacks.
    CallbackSecret,
}

impl AppKey {
    /// Every key.
    pub const ALL: [AppKey; 3] = [AppKey::AppSign, AppKey::ServerSecret, AppKey::CallbackSecret];

    /// Its public name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AppSign => "appSign",
            Self::ServerSecret => "serverSecret",
            Self::CallbackSecret => "callbackSecret",
        }
    }

    /// Reads a public name back.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}

/// What became of each key before.
#[derive(Clone, Debug, Default)]
pub struct AppKeys {
    /// Of AppSign.
    pub app_sign: KeyHistory,
    /// Of ServerSecret.
    pub server_secret: KeyHistory,
    /// Of CallbackSecret.
    pub callback_secret: KeyHistory,
}

/// When a key was replaced last, and what it was before.
#[derive(Clone, Debug, Default)]
pub struct KeyHistory {
    /// Unix time in ms.
    pub rotated_at: Option<u64>,
    /// The one before, and until when (Unix ms) it is taken too.
    pub old: Option<(Secret, u64)>,
}

impl KeyHistory {
    /// The one before, while it is still taken.
    pub fn old_at(&self, now_ms: u64) -> Option<&Secret> {
        self.old.as_ref().filter(|(_, until)| now_ms < *until).map(|(old, _)| old)
    }
}

impl App {
    /// A key as it is now.
    pub fn key(&self, key: AppKey) -> &Secret {
        match key {
            AppKey::AppSign => &self.app_sign,
            AppKey::ServerSecret => &self.server_secret,
            AppKey::CallbackSecret => &self.callback_secret,
        }
    }

    /// What became of a key before.
    pub fn history(&self, key: AppKey) -> &KeyHistory {
        match key {
            AppKey::AppSign => &self.keys.app_sign,
            AppKey::ServerSecret => &self.keys.server_secret,
            AppKey::CallbackSecret => &self.keys.callback_secret,
        }
    }

    /// What is taken as this key now: itself, and for a while the one before.
    pub fn taken(&self, key: AppKey, now_ms: u64) -> impl Iterator<Item = &Secret> {
        std::iter::once(self.key(key)).chain(self.history(key).old_at(now_ms))
    }
}

/// What `change_app` changes; `None` leaves it as it is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AppChange {
    /// A new name, 1..=64 characters.
    pub name: Option<String>,
    /// Instant messaging on or off.
    pub enabled: Option<bool>,
    /// The app on or off.
    pub active: Option<bool>,
}

/// What `change_app` led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppChanged {
    /// It was changed.
    Done,
    /// Another app has this name.
    NameTaken,
    /// There is no such app.
    NoSuchApp,
}

/// What `create_app` needs.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// 1..=64 characters.
    pub name: String,
    /// Chosen, or the store picks a free random one.
    pub id: Option<AppId>,
}

/// Policies of one app. Stored as JSON; absent fields take their defaults.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// A live delivery not acknowledged within this time becomes a push, in ms.
    pub ack_deadline_ms: u64,
    /// A socket dropped without logout counts as online for messages this long, in ms.
    pub reconnect_grace_ms: u64,
    /// Heartbeat asked of clients, in ms.
    pub heartbeat_interval_ms: u64,
    /// Silence that ends a session, in ms.
    pub heartbeat_timeout_ms: u64,
    /// Messages a client may send per second (burst the same).
    pub messages_per_s: u32,
    /// A message notice is not sent later than this after the message, in s.
    pub push_ttl_s: u32,
    /// Members of a group.
    pub group_members_max: u32,
    /// Which devices of a user may be logged in at once.
    pub devices: DevicePolicy,
    /// Devices of a user at once, browsers included (policy `multi`).
    pub devices_max: u32,
    /// Browsers of a user at once (policy `multi`).
    pub web_devices_max: u32,
    /// Phones (Android, iOS, HarmonyOS) put each other out (policy `multi`).
    pub one_phone: bool,
    /// Desktops (Windows, macOS) put each other out (policy `multi`).
    pub one_desktop: bool,
    /// A device that was put out by another login keeps its PushID and is pushed until it logs out.
    pub push_to_kicked: bool,
    /// A message can be taken back for this long, in s.
    pub revoke_window_s: u32,
    /// Users that one request invites to a call.
    pub call_invitees_max: u32,
    /// People in a call, those whom it rings for included.
    pub call_people_max: u32,
    /// An invitee who has not received the invitation by then is NotYetReceived, if the caller asked for it, in ms.
    pub call_not_received_ms: u64,
    /// A call of advanced mode that nobody ends is ended after this long, in s.
    pub call_life_s: u32,
    /// What a missed-call notice says to whoever did not answer; empty: none is sent but by the caller's own wish.
    pub missed_call_content: String,
}

/// Which devices of a user may be logged in at once; the earliest login is put out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DevicePolicy {
    /// One device.
    #[default]
    Single,
    /// One browser and one other device.
    Dual,
    /// Several of all platforms, within `devices_max` and `web_devices_max`.
    Multi,
}

/// The policy with its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Devices {
    /// Single, dual or multi.
    pub policy: DevicePolicy,
    /// Devices at once.
    pub max: u32,
    /// Browsers at once.
    pub web_max: u32,
    /// Phones put each other out.
    pub one_phone: bool,
    /// Desktops put each other out.
    pub one_desktop: bool,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            ack_deadline_ms: 5_000,
            reconnect_grace_ms: 2_000,
            heartbeat_interval_ms: hongyan_wire::limits::HEARTBEAT_INTERVAL_MS,
            heartbeat_timeout_ms: hongyan_wire::limits::HEARTBEAT_TIMEOUT_MS,
            messages_per_s: 10,
            push_ttl_s: 86_400,
            group_members_max: 2_000,
            devices: DevicePolicy::Single,
            devices_max: 10,
            web_devices_max: 10,
            one_phone: false,
            one_desktop: false,
            push_to_kicked: true,
            revoke_window_s: 120,
            call_invitees_max: hongyan_wire::limits::CALL_INVITEES_MAX,
            call_people_max: hongyan_wire::limits::CALL_PEOPLE_MAX,
            call_not_received_ms: 5_000,
            call_life_s: 86_400,
            missed_call_content: String::new(),
        }
    }
}

impl AppSettings {
    /// How many devices of a user may be here.
    pub fn devices(&self) -> Devices {
        Devices {
            policy: self.devices,
            max: self.devices_max,
            web_max: self.web_devices_max,
            one_phone: self.one_phone,
            one_desktop: self.one_desktop,
        }
    }

    /// Each number with the least and the most that it may be; of a text its bytes.
    pub fn bounds(&self) -> [(&'static str, u64, u64, u64); 15] {
        [
            ("ack_deadline_ms", self.ack_deadline_ms, 100, 60_000),
            ("reconnect_grace_ms", self.reconnect_grace_ms, 0, 60_000),
            ("heartbeat_interval_ms", self.heartbeat_interval_ms, 1_000, 300_000),
            ("heartbeat_timeout_ms", self.heartbeat_timeout_ms, 2_000, 900_000),
            ("messages_per_s", self.messages_per_s.into(), 1, 1_000_000),
            ("push_ttl_s", self.push_ttl_s.into(), 30, 1_296_000),
            ("group_members_max", self.group_members_max.into(), 2, 100_000),
            ("devices_max", self.devices_max.into(), 1, 10),
            ("web_devices_max", self.web_devices_max.into(), 1, 10),
            ("revoke_window_s", self.revoke_window_s.into(), 0, 86_400),
            ("call_invitees_max", self.call_invitees_max.into(), 1, 99),
            ("call_people_max", self.call_people_max.into(), 2, 100),
            ("call_not_received_ms", self.call_not_received_ms, 1_000, 60_000),
            ("call_life_s", self.call_life_s.into(), 600, 2_592_000),
            ("missed_call_content", self.missed_call_content.len() as u64, 0, 512),
        ]
    }

    /// Checks every value against its bounds; the sentence names the setting and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        match self.bounds().into_iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
            Some(("missed_call_content", _, _, most)) => {
                Err(format!("missed_call_content must have at most {most} bytes"))
            }
            Some((name, _, least, most)) => Err(format!("{name} must be {least} to {most}")),
            None if self.heartbeat_timeout_ms <= self.heartbeat_interval_ms => {
                Err("heartbeat_timeout_ms must be longer than heartbeat_interval_ms".into())
            }
            None => Ok(()),
        }
    }
}

/// A vendor credential of an app.
#[derive(Clone, Debug)]
pub struct StoredCredential {
    /// Which vendor.
    pub vendor: VendorKind,
    /// 1 or 2.
    pub app_type: u8,
    /// The vendor's file as it was given (HarmonyOS: service-account JSON), checked before it is stored, and sealed
    /// there. Empty when it cannot be opened.
    pub file: Secret,
    /// HarmonyOS: app-level Client ID, needed for revoking.
    pub client_id: Option<String>,
    /// Instead of the vendor's public address (emulator, proxy).
    pub base_url: Option<String>,
    /// Rights that the app holds at the vendor, by the vendor's names; those left out count as held.
    pub rights: BTreeMap<String, bool>,
    /// Who signs the vendor's receipts, and with what; `None`: nobody does.
    pub callback: Option<StoredCallback>,
    /// Unix time in ms.
    pub updated_at: u64,
}

/// How a vendor's callbacks are signed, as it was entered in the vendor's console.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCallback {
    /// Callback user name.
    pub user: String,
    /// Callback secret. HarmonyOS: base64 or plain, both are understood.
    pub secret: Secret,
}

/// A push strategy: named vendor options, chosen by `resourcesID`.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredStrategy {
    /// ≤ 32 characters.
    pub resources_id: String,
    /// `hongyan_vendors::StrategyOptions` as JSON, checked before it is stored.
    pub options: String,
}

/// Apps and what belongs to them. Another process (the command line) may write here too.
#[async_trait::async_trait]
pub trait AppStore {
    /// Creates an app with fresh random keys. `None` when the name or the ID is taken.
    async fn create_app(&self, app: NewApp, now_ms: u64) -> Result<Option<App>, StoreError>;

    /// All apps, by ID.
    async fn apps(&self) -> Result<Vec<App>, StoreError>;

    /// One app, served from memory; a change by another process is seen within a second.
    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError>;

    /// Replaces the settings. `false` when there is no such app.
    async fn set_app_settings(&self, id: AppId, settings: AppSettings) -> Result<bool, StoreError>;

    /// Changes name and switches, all or nothing.
    async fn change_app(&self, id: AppId, change: AppChange) -> Result<AppChanged, StoreError>;

    /// Replaces a key by a fresh one, which it gives. Until `keep_until_ms` the one before is taken too; one that
    /// was still kept from an earlier rotation is not any more. `None` when there is no such app.
    async fn rotate_key(
        &self,
        id: AppId,
        key: AppKey,
        keep_until_ms: Option<u64>,
        now_ms: u64,
    ) -> Result<Option<Secret>, StoreError>;

    /// Takes the key before the present one no longer. `false` when there is none, or no such app.
    async fn retire_key(&self, id: AppId, key: AppKey) -> Result<bool, StoreError>;

    /// Sets or replaces the credential of (app, vendor, app_type).
    async fn put_credential(&self, app: AppId, credential: StoredCredential) -> Result<(), StoreError>;

    /// Credentials of an app, served from memory like `app`.
    async fn credentials(&self, app: AppId) -> Result<Vec<StoredCredential>, StoreError>;

    /// Removes a credential. `false` when there was none.
    async fn remove_credential(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
    ) -> Result<bool, StoreError>;

    /// Sets or replaces a strategy. `false` when the app already has its 10 strategies and this is a new one.
    async fn put_strategy(&self, app: AppId, strategy: StoredStrategy) -> Result<bool, StoreError>;

    /// Strategies of an app by name, served from memory like `app`.
    async fn strategies(&self, app: AppId) -> Result<Vec<StoredStrategy>, StoreError>;

    /// Removes a strategy. `false` when there was none.
    async fn remove_strategy(&self, app: AppId, resources_id: &str) -> Result<bool, StoreError>;
}
