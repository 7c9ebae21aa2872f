//! Projects and their apps as registered with the emulator: client IDs, rights, limits, where receipts go.
//! Public keys are in `auth.rs`, since they are looked at outside of the big lock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::message::Category;
use super::quotas::{Limits, ProjectCounters};
use super::receipts::{KeyMode, Receiver, Secret};
use crate::control::BadControl;
use crate::limits::{APPS_PER_PROJECT_MAX, KEYS_PER_PROJECT_MAX, PROJECTS_MAX};

/// A project to register. Registering again adds keys and apps, and replaces those named again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectSpec {
    /// The project in the URL and in the service-account file.
    pub project_id: String,
    /// Public halves of service-account keys.
    #[serde(default)]
    pub keys: Vec<KeySpec>,
    /// The project's apps.
    #[serde(default)]
    pub apps: Vec<AppSpec>,
    /// Receipt configurations that a message can choose by `pushOptions.receiptId`.
    #[serde(default)]
    pub receipt_configs: Vec<NamedReceiver>,
}

/// The public half of a service-account key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeySpec {
    /// The JWT's `kid`; unique over all projects.
    pub key_id: String,
    /// `-----BEGIN PUBLIC KEY-----` (SPKI) of an RSA key.
    pub public_key_pem: String,
    /// The JWT's `iss`.
    pub sub_account: String,
}

/// An app of a project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSpec {
    /// The bundle name phones install.
    pub bundle_name: String,
    /// The app-level Client ID in the revoke URL; unique over all projects.
    pub client_id: String,
    /// What the app may send; without a category's right the category becomes MARKETING.
    #[serde(default)]
    pub rights: BTreeSet<Right>,
    /// Whether the app may revoke; default true.
    #[serde(default = "yes")]
    pub revoke_allowed: bool,
    /// Where receipts are posted; none: no receipts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
    /// Callback user name; the callback header is sent when user and secret are both there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_user: Option<String>,
    /// Callback secret.
    #[serde(default, skip_serializing)]
    pub receipt_secret: Option<Secret>,
    /// How the secret becomes a key; default `base64`.
    #[serde(default)]
    pub receipt_key_mode: KeyMode,
}

impl AppSpec {
    /// An app with the rights that chat and calls need, allowed to revoke, without receipts.
    pub fn for_chat(bundle_name: &str, client_id: &str) -> Self {
        Self {
            bundle_name: bundle_name.into(),
            client_id: client_id.into(),
            rights: [Right::Im, Right::Voip, Right::MissCall, Right::Call].into(),
            revoke_allowed: true,
            receipt_url: None,
            receipt_user: None,
            receipt_secret: None,
            receipt_key_mode: KeyMode::default(),
        }
    }
}

/// A receipt configuration with a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamedReceiver {
    /// What `pushOptions.receiptId` says.
    pub receipt_id: String,
    /// Where receipts are posted.
    pub url: String,
    /// Callback user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Callback secret.
    #[serde(default, skip_serializing)]
    pub secret: Option<Secret>,
    /// How the secret becomes a key; default `base64`.
    #[serde(default)]
    pub key_mode: KeyMode,
}

fn yes() -> bool {
    true
}

/// A right of an app: one per category, one for calls, one for background mode 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Right {
    /// Category IM; also badge-only messages.
    Im,
    /// Category VOIP.
    Voip,
    /// Category MISS_CALL.
    MissCall,
    /// Category SUBSCRIPTION.
    Subscription,
    /// Category TRAVEL.
    Travel,
    /// Category HEALTH.
    Health,
    /// Category WORK.
    Work,
    /// Category ACCOUNT.
    Account,
    /// Category EXPRESS.
    Express,
    /// Category FINANCE.
    Finance,
    /// Category DEVICE_REMINDER.
    DeviceReminder,
    /// Category MAIL.
    Mail,
    /// Push-type 10.
    Call,
    /// Push-type 6 with `backgroundMode` 1.
    ImBackground,
}

impl Right {
    fn of(category: Category) -> Option<Right> {
        Some(match category {
            Category::Im => Right::Im,
            Category::Voip => Right::Voip,
            Category::MissCall => Right::MissCall,
            Category::Subscription => Right::Subscription,
            Category::Travel => Right::Travel,
            Category::Health => Right::Health,
            Category::Work => Right::Work,
            Category::Account => Right::Account,
            Category::Express => Right::Express,
            Category::Finance => Right::Finance,
            Category::DeviceReminder => Right::DeviceReminder,
            Category::Mail => Right::Mail,
            Category::PlayVoice | Category::Marketing => return None,
        })
    }
}

/// All projects.
#[derive(Default)]
pub(crate) struct Projects {
    pub(crate) by_id: BTreeMap<Arc<str>, Project>,
    clients: BTreeMap<String, (Arc<str>, Arc<str>)>,
    receivers_made: u64,
}

#[derive(Default)]
pub(crate) struct Project {
    pub(crate) apps: BTreeMap<Arc<str>, App>,
    pub(crate) limits: Limits,
    pub(crate) counters: ProjectCounters,
    named_receivers: BTreeMap<String, Arc<Receiver>>,
    keys: BTreeSet<String>,
}

pub(crate) struct App {
    pub(crate) bundle: Arc<str>,
    pub(crate) spec: AppSpec,
    receiver: Option<Arc<Receiver>>,
}

impl App {
    pub(crate) fn holds(&self, right: Right) -> bool {
        self.spec.rights.contains(&right)
    }

    /// The category the phone shows: what the app has no right for is MARKETING, silently.
    pub(crate) fn effective(&self, category: Category) -> Category {
        match Right::of(category) {
            Some(right) if self.holds(right) => category,
            _ => Category::Marketing,
        }
    }
}

impl Project {
    /// The receiver of a message's receipts: the named one, else the app's.
    pub(crate) fn receiver(&self, app: &App, receipt_id: Option<&str>) -> Option<Arc<Receiver>> {
        let named = receipt_id.and_then(|id| self.named_receivers.get(id));
        named.or(app.receiver.as_ref()).cloned()
    }
}

impl Projects {
    /// Adds or extends a project. Nothing is changed when anything is wrong.
    pub(crate) fn register(&mut self, spec: &ProjectSpec, limits: Limits) -> Result<Arc<str>, BadControl> {
        self.check(spec)?;
        let receivers = self.receivers_of(spec)?;
        let id: Arc<str> = match self.by_id.get_key_value(spec.project_id.as_str()) {
            Some((id, _)) => id.clone(),
            None => Arc::from(spec.project_id.as_str()),
        };
        let fresh = || Project { limits, ..Project::default() };
        let project = self.by_id.entry(id.clone()).or_insert_with(fresh);
        project.keys.extend(spec.keys.iter().map(|key| key.key_id.clone()));
        for (app, receiver) in spec.apps.iter().zip(receivers.apps) {
            let bundle: Arc<str> = Arc::from(app.bundle_name.as_str());
            let new = App { bundle: bundle.clone(), spec: app.clone(), receiver };
            if let Some(old) = project.apps.insert(bundle.clone(), new) {
                self.clients.remove(&old.spec.client_id);
            }
            self.clients.insert(app.client_id.clone(), (id.clone(), bundle));
        }
        for (named, receiver) in spec.receipt_configs.iter().zip(receivers.named) {
            project.named_receivers.insert(named.receipt_id.clone(), receiver);
        }
        Ok(id)
    }

    fn check(&self, spec: &ProjectSpec) -> Result<(), BadControl> {
        if !name_ok(&spec.project_id) {
            return Err(BadControl::new("projectId must have 1 to 128 letters, digits, dots, - or _"));
        }
        let known = self.by_id.get(spec.project_id.as_str());
        if known.is_none() && self.by_id.len() >= PROJECTS_MAX {
            return Err(BadControl::new(format!("there are {PROJECTS_MAX} projects already")));
        }
        let (keys, apps) = known.map_or((0, 0), |project| (project.keys.len(), project.apps.len()));
        if keys + spec.keys.len() > KEYS_PER_PROJECT_MAX || apps + spec.apps.len() > APPS_PER_PROJECT_MAX {
            return Err(BadControl::new("too many keys or apps in one project"));
        }
        spec.apps.iter().try_for_each(|app| self.check_app(&spec.project_id, app))
    }

    fn check_app(&self, project_id: &str, app: &AppSpec) -> Result<(), BadControl> {
        if !name_ok(&app.bundle_name) || !name_ok(&app.client_id) {
            let text = "bundleName and clientId must have 1 to 128 letters, digits, dots, - or _";
            return Err(BadControl::new(text));
        }
        match self.clients.get(&app.client_id) {
            Some((project, bundle)) if (&**project, &**bundle) != (project_id, &app.bundle_name) => {
                Err(BadControl::new(format!("clientId {} belongs to another app", app.client_id)))
            }
            _ => Ok(()),
        }
    }

    fn receivers_of(&mut self, spec: &ProjectSpec) -> Result<Receivers, BadControl> {
        let mut made = Receivers { apps: Vec::new(), named: Vec::new() };
        for app in &spec.apps {
            let receiver = match &app.receipt_url {
                None => None,
                Some(url) => Some(self.receiver(
                    url,
                    app.receipt_user.as_deref(),
                    app.receipt_secret.as_ref(),
                    app.receipt_key_mode,
                )?),
            };
            made.apps.push(receiver);
        }
        for named in &spec.receipt_configs {
            let receiver =
                self.receiver(&named.url, named.user.as_deref(), named.secret.as_ref(), named.key_mode)?;
            made.named.push(receiver);
        }
        Ok(made)
    }

    fn receiver(
        &mut self,
        url: &str,
        user: Option<&str>,
        secret: Option<&Secret>,
        mode: KeyMode,
    ) -> Result<Arc<Receiver>, BadControl> {
        self.receivers_made += 1;
        Receiver::new(self.receivers_made, url, user, secret, mode).map(Arc::new)
    }

    /// Changes where an app's receipts go; `None` stops them.
    pub(crate) fn set_receiver(&mut self, order: &ReceiverOrder) -> Result<(), BadControl> {
        let receiver = match &order.url {
            None => None,
            Some(url) => {
                Some(self.receiver(url, order.user.as_deref(), order.secret.as_ref(), order.key_mode)?)
            }
        };
        let app = self
            .by_id
            .get_mut(order.project_id.as_str())
            .and_then(|project| project.apps.get_mut(order.bundle_name.as_str()))
            .ok_or_else(|| BadControl::unknown("this project has no such app"))?;
        app.receiver = receiver;
        app.spec.receipt_url = order.url.clone();
        app.spec.receipt_user = order.user.clone();
        app.spec.receipt_secret = order.secret.clone();
        app.spec.receipt_key_mode = order.key_mode;
        Ok(())
    }

    /// Project and bundle name of a Client ID.
    pub(crate) fn of_client(&self, client_id: &str) -> Option<(Arc<str>, Arc<str>)> {
        self.clients.get(client_id).cloned()
    }
}

struct Receivers {
    apps: Vec<Option<Arc<Receiver>>>,
    named: Vec<Arc<Receiver>>,
}

/// Where an app's receipts shall go from now on.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiverOrder {
    /// The app's project.
    pub project_id: String,
    /// The app.
    pub bundle_name: String,
    /// http or https; `null` or absent: no receipts.
    #[serde(default)]
    pub url: Option<String>,
    /// Callback user name.
    #[serde(default)]
    pub user: Option<String>,
    /// Callback secret.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// How the secret becomes a key; default `base64`.
    #[serde(default)]
    pub key_mode: KeyMode,
}

/// Names that can stand in a URL and a table: 1..=128 of letters, digits, `.`, `-`, `_`.
pub(crate) fn name_ok(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(allowed)
}
