//! An installed app: its life (killed, in front, behind, frozen), token, badge, bound profiles, and what
//! waits for its next start. Installing, removing and starting it are here; the permission dialog is
//! `permission`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;

use super::events::{MessageKind, PhoneEvent};
use super::phone::PhoneState;
use super::phones::{Fate, TokenRecord};
use super::requests::PhoneError;
use super::view::ProxyRow;
use crate::limits::{APPS_PER_PHONE_MAX, MESSAGE_IDS_MAX};
use crate::push_kit::projects::name_ok;
use crate::world::World;

/// A cached background message is given to the app within this time.
const CACHED_FOR_MS: u64 = 7 * 86_400_000;
/// The phone shows one appMessageId once within this time.
const MESSAGE_ID_WINDOW_MS: u64 = 86_400_000;
/// Profile IDs one app may bind.
const PROFILES_MAX: usize = 10;
const PROFILE_ID_BYTES_MAX: usize = 64;

/// The notification permission of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// Never asked; nothing is shown.
    Unasked,
    /// Notifications are shown.
    Allowed,
    /// Refused in the dialog or switched off in the settings.
    Denied,
}

/// Where an app is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AppState {
    /// No process.
    Killed,
    /// On the screen. One app at a time.
    Foreground,
    /// Running, not on the screen.
    Background,
    /// Suspended by the system.
    Frozen,
}

pub(crate) struct AppOnPhone {
    pub(super) project: Arc<str>,
    pub(super) permission: Permission,
    pub(super) state: AppState,
    pub(super) token: Option<Arc<str>>,
    pub(super) badge: u32,
    pub(super) profiles: BTreeSet<String>,
    /// Those waiting for the answer to the open dialog.
    pub(super) dialog: Option<Vec<oneshot::Sender<bool>>>,
    /// The newest background message, for the next start.
    pub(super) cached: Option<Cached>,
    pub(super) proxy_rows: VecDeque<ProxyRow>,
    seen: SeenIds,
}

pub(super) struct Cached {
    pub(super) at_ms: u64,
    pub(super) extra_data: Arc<str>,
    pub(super) token: Arc<str>,
}

/// appMessageIds of the last 24 h.
#[derive(Default)]
struct SeenIds {
    first_ms: HashMap<Arc<str>, u64>,
    order: VecDeque<Arc<str>>,
}

impl SeenIds {
    /// True when this ID was not seen within 24 h; then it is remembered.
    fn first(&mut self, id: &Arc<str>, now_ms: u64) -> bool {
        while let Some(oldest) = self.order.front() {
            let at_ms = self.first_ms.get(oldest).copied().unwrap_or(0);
            if at_ms + MESSAGE_ID_WINDOW_MS > now_ms && self.order.len() < MESSAGE_IDS_MAX {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.first_ms.remove(&oldest);
            }
        }
        if self.first_ms.contains_key(id) {
            return false;
        }
        self.first_ms.insert(id.clone(), now_ms);
        self.order.push_back(id.clone());
        true
    }
}

impl AppOnPhone {
    fn new(project: Arc<str>) -> AppOnPhone {
        AppOnPhone {
            project,
            permission: Permission::Unasked,
            state: AppState::Killed,
            token: None,
            badge: 0,
            profiles: BTreeSet::new(),
            dialog: None,
            cached: None,
            proxy_rows: VecDeque::new(),
            seen: SeenIds::default(),
        }
    }

    pub(super) fn first_sight(&mut self, app_message_id: &Arc<str>, now_ms: u64) -> bool {
        self.seen.first(app_message_id, now_ms)
    }
}

impl World {
    /// Installs an app; on top of an old one it is a reinstall: everything of the old one is gone.
    pub(crate) fn install(&mut self, device: &str, bundle: &str, project: &str) -> Result<(), PhoneError> {
        if !name_ok(bundle) || !name_ok(project) {
            let text = "bundleName and projectId must have 1 to 128 letters, digits, dots, - or _";
            return Err(PhoneError::new(text));
        }
        let phone = self.phone(device)?;
        if phone.apps.contains_key(bundle) {
            self.uninstall(device, bundle)?;
        }
        let phone = self.phone(device)?;
        if phone.apps.len() >= APPS_PER_PHONE_MAX {
            return Err(PhoneError::new(format!("the phone has {APPS_PER_PHONE_MAX} apps already")));
        }
        phone.apps.insert(Arc::from(bundle), AppOnPhone::new(Arc::from(project)));
        phone.emit(PhoneEvent::AppState { bundle_name: Arc::from(bundle), state: AppState::Killed });
        Ok(())
    }

    /// Removes an app with its notices; its token is not valid any more.
    pub(crate) fn uninstall(&mut self, device: &str, bundle: &str) -> Result<(), PhoneError> {
        let phone = self.phone(device)?;
        let app = phone.apps.remove(bundle).ok_or_else(|| not_installed(bundle))?;
        phone.take_notices_of(bundle);
        phone.calls.retain(|call| *call.bundle != *bundle);
        if let Some(token) = &app.token {
            self.phones.retire(token);
        }
        Ok(())
    }

    /// The app's token; made at the first call.
    pub(crate) fn get_token(&mut self, device: &str, bundle: &str) -> Result<Arc<str>, PhoneError> {
        let phone = self.phone(device)?;
        let online = phone.online;
        let app = phone.app(bundle)?;
        if let Some(token) = &app.token {
            return Ok(token.clone());
        }
        if !online {
            return Err(PhoneError::coded(1_000_900_011, "no network"));
        }
        let project = app.project.clone();
        let Some(known) = self.projects.by_id.get(&project).and_then(|project| project.apps.get(bundle))
        else {
            return Err(PhoneError::coded(1_000_900_021, "the app is not registered in this project"));
        };
        let bundle = known.bundle.clone();
        let phone = self.phone(device)?;
        phone.tokens_made += 1;
        let (device_id, number) = (phone.id.clone(), phone.tokens_made);
        let record = TokenRecord { device: device_id, bundle: bundle.clone(), project, fate: Fate::Alive };
        let token = self.phones.issue(record, number);
        self.phone(device)?.app(&bundle)?.token = Some(token.clone());
        Ok(token)
    }

    /// Gives the token up; the next [`World::get_token`] makes another. Unbinds all profiles.
    pub(crate) fn delete_token(&mut self, device: &str, bundle: &str) -> Result<(), PhoneError> {
        let phone = self.phone(device)?;
        let app = phone.app(bundle)?;
        app.profiles.clear();
        let Some(token) = app.token.take() else { return Ok(()) };
        self.phones.retire(&token);
        Ok(())
    }

    /// The token changes by itself, as when a phone is taken abroad: the app is told the new one.
    pub(crate) fn rotate_token(&mut self, device: &str, bundle: &str) -> Result<Arc<str>, PhoneError> {
        self.delete_token(device, bundle)?;
        let token = self.get_token(device, bundle)?;
        let (bundle_name, token_text) = (Arc::from(bundle), token.clone());
        self.phone(device)?.emit(PhoneEvent::TokenUpdated { bundle_name, token: token_text });
        Ok(token)
    }
}

impl PhoneState {
    /// Moves an app through its life. Only one app is in front; starting hands over the cached message.
    pub(crate) fn set_app_state(
        &mut self,
        bundle: &str,
        to: AppState,
        now_ms: u64,
    ) -> Result<(), PhoneError> {
        let before = self.app(bundle)?.state;
        if to == AppState::Foreground {
            let in_front = |app: &AppOnPhone| app.state == AppState::Foreground;
            let others: Vec<Arc<str>> = self
                .apps
                .iter()
                .filter(|(name, app)| ***name != *bundle && in_front(app))
                .map(|(name, _)| name.clone())
                .collect();
            for other in others {
                self.change_state(&other, AppState::Background);
            }
        }
        self.change_state(bundle, to);
        let started = before == AppState::Killed && to != AppState::Killed;
        if started || to == AppState::Foreground {
            self.hand_over_cached(bundle, now_ms);
        }
        Ok(())
    }

    /// Changes the state and says so, if it is a change.
    pub(super) fn change_state(&mut self, bundle: &str, to: AppState) {
        let Some((name, app)) = self.apps.iter_mut().find(|(name, _)| ***name == *bundle) else { return };
        if app.state == to {
            return;
        }
        app.state = to;
        if to == AppState::Killed {
            // A dialog goes with its app, unanswered.
            app.dialog = None;
        }
        let event = PhoneEvent::AppState { bundle_name: name.clone(), state: to };
        self.emit(event);
    }

    fn hand_over_cached(&mut self, bundle: &str, now_ms: u64) {
        let Some(cached) = self.apps.get_mut(bundle).and_then(|app| app.cached.take()) else { return };
        if cached.at_ms + CACHED_FOR_MS > now_ms {
            self.give_background(&Arc::from(bundle), &cached.extra_data, &cached.token);
        }
    }

    /// A background message reaches the app's code.
    pub(super) fn give_background(&mut self, bundle: &Arc<str>, extra_data: &str, token: &str) {
        let data = Arc::new(json!({ "data": extra_data, "header": { "token": token } }));
        self.emit(PhoneEvent::MessageReceived {
            bundle_name: bundle.clone(),
            kind: MessageKind::Background,
            data,
        });
    }

    pub(crate) fn bind_profile(&mut self, bundle: &str, profile: &str) -> Result<(), PhoneError> {
        if profile.is_empty() || profile.len() > PROFILE_ID_BYTES_MAX {
            return Err(PhoneError::coded(
                401,
                format!("profileId must have 1 to {PROFILE_ID_BYTES_MAX} bytes"),
            ));
        }
        let app = self.app(bundle)?;
        if app.profiles.len() >= PROFILES_MAX && !app.profiles.contains(profile) {
            return Err(PhoneError::coded(
                1_000_900_015,
                format!("the app has bound {PROFILES_MAX} profiles already"),
            ));
        }
        app.profiles.insert(profile.to_owned());
        Ok(())
    }

    pub(crate) fn unbind_profile(&mut self, bundle: &str, profile: &str) -> Result<(), PhoneError> {
        self.app(bundle)?.profiles.remove(profile);
        Ok(())
    }
}

pub(super) fn not_installed(bundle: &str) -> PhoneError {
    let shown: String = bundle.chars().take(128).collect();
    PhoneError::new(format!("{shown} is not installed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_message_id_counts_for_a_day() {
        let mut seen = SeenIds::default();
        let id: Arc<str> = Arc::from("m1");
        assert!(seen.first(&id, 1000));
        assert!(!seen.first(&id, 1000 + MESSAGE_ID_WINDOW_MS - 1));
        assert!(seen.first(&id, 1000 + MESSAGE_ID_WINDOW_MS));
    }

    #[test]
    fn the_memory_of_ids_is_bounded() {
        let mut seen = SeenIds::default();
        for number in 0..MESSAGE_IDS_MAX + 10 {
            assert!(seen.first(&Arc::from(number.to_string()), 1));
        }
        assert_eq!(seen.order.len(), MESSAGE_IDS_MAX);
        assert_eq!(seen.first_ms.len(), MESSAGE_IDS_MAX);
    }
}
