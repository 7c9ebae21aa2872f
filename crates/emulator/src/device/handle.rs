//! A phone driven from Rust: the same methods as the socket's, for tests.

use std::sync::Arc;
use std::time::Duration;

use super::apps::AppState;
use super::events::{PhoneEvent, PhoneEvents};
use super::permission::Asked;
use super::requests::{PhoneError, dialog_answer};
use super::shade::{Notice, Tap};
use super::view::PhoneView;
use crate::state::EmulatorState;

/// A handle on one phone of an emulator. Clones drive the same phone.
#[derive(Clone)]
pub struct Phone {
    state: EmulatorState,
    device: Arc<str>,
}

/// `Err` is what the real system's API would reject with.
type Result<T> = std::result::Result<T, PhoneError>;

impl Phone {
    pub(crate) fn open(state: EmulatorState, device: &str) -> Result<Phone> {
        state.world().phones.open(device)?;
        Ok(Phone { state, device: Arc::from(device) })
    }

    /// The phone's ID.
    pub fn device_id(&self) -> &str {
        &self.device
    }

    /// Installs an app for a project; over an old one it is a reinstall with a new token.
    pub fn install(&self, bundle: &str, project: &str) -> Result<()> {
        self.state.world().install(&self.device, bundle, project)
    }

    /// Removes an app.
    pub fn uninstall(&self, bundle: &str) -> Result<()> {
        self.state.world().uninstall(&self.device, bundle)
    }

    /// Installs, allows notifications and gets a token, in one go.
    pub fn ready(&self, bundle: &str, project: &str) -> Result<String> {
        self.install(bundle, project)?;
        self.set_permission(bundle, true)?;
        self.get_token(bundle)
    }

    /// Starts, hides, freezes or kills an app.
    pub fn set_app_state(&self, bundle: &str, to: AppState) -> Result<()> {
        let mut world = self.state.world();
        let now_ms = world.now_ms;
        world.phone(&self.device)?.set_app_state(bundle, to, now_ms)
    }

    /// The app's push token. Fails with 1000900011 in flight mode, 1000900021 when the project has no such
    /// app.
    pub fn get_token(&self, bundle: &str) -> Result<String> {
        self.state.world().get_token(&self.device, bundle).map(|token| token.to_string())
    }

    /// Gives the token up.
    pub fn delete_token(&self, bundle: &str) -> Result<()> {
        self.state.world().delete_token(&self.device, bundle)
    }

    /// Lets the token change by itself; the app sees `token.updated`.
    pub fn rotate_token(&self, bundle: &str) -> Result<String> {
        self.state.world().rotate_token(&self.device, bundle).map(|token| token.to_string())
    }

    /// Binds a profile; up to 10, else 1000900015.
    pub fn bind_profile(&self, bundle: &str, profile: &str) -> Result<()> {
        self.state.world().phone(&self.device)?.bind_profile(bundle, profile)
    }

    /// Unbinds a profile.
    pub fn unbind_profile(&self, bundle: &str, profile: &str) -> Result<()> {
        self.state.world().phone(&self.device)?.unbind_profile(bundle, profile)
    }

    /// Asks for the notification permission and waits for the user, if the dialog shows; 1600004 when
    /// refused.
    pub async fn request_permission(&self, bundle: &str) -> Result<()> {
        let asked = self.state.world().phone(&self.device)?.request_permission(bundle)?;
        match asked {
            Asked::Allowed => Ok(()),
            Asked::Dialog(answer) => dialog_answer(answer.await).map(drop),
        }
    }

    /// The user answers the open dialog.
    pub fn answer_permission(&self, bundle: &str, allow: bool) -> Result<()> {
        self.state.world().phone(&self.device)?.answer_permission(bundle, allow)
    }

    /// The switch on the settings page.
    pub fn set_permission(&self, bundle: &str, allow: bool) -> Result<()> {
        self.state.world().phone(&self.device)?.set_permission(bundle, allow)
    }

    /// Network on, or flight mode.
    pub fn network(&self, online: bool) -> Result<()> {
        self.state.world().set_online(&self.device, online)
    }

    /// Lock screen on or off.
    pub fn lock(&self, locked: bool) -> Result<()> {
        self.state.world().phone(&self.device)?.lock(locked);
        Ok(())
    }

    /// Sleep control: only calls and VOIP notices come through.
    pub fn sleep(&self, sleeping: bool) -> Result<()> {
        self.state.world().set_sleeping(&self.device, sleeping)
    }

    /// Taps a notice.
    pub fn tap(&self, id: &str) -> Result<Tap> {
        let mut world = self.state.world();
        let now_ms = world.now_ms;
        world.phone(&self.device)?.tap(id, now_ms)
    }

    /// Swipes a notice away.
    pub fn dismiss(&self, id: &str) -> Result<()> {
        self.state.world().phone(&self.device)?.dismiss(id)
    }

    /// Clears the shade.
    pub fn clear_notices(&self) -> Result<()> {
        self.state.world().phone(&self.device)?.clear_notices();
        Ok(())
    }

    /// The app sets its own badge.
    pub fn set_badge(&self, bundle: &str, badge: u32) -> Result<()> {
        self.state.world().phone(&self.device)?.set_badge(bundle, badge)
    }

    /// The app reports an incoming call, or (`error`) that it cannot take it.
    pub fn report_call(&self, bundle: &str, call_id: &str, error: bool) -> Result<()> {
        self.state.world().phone(&self.device)?.report_call(bundle, call_id, error)
    }

    /// The shade, oldest first.
    pub fn notices(&self) -> Vec<Arc<Notice>> {
        self.state().map(|view| view.notices).unwrap_or_default()
    }

    /// The number on an app's icon; 0 when it is not installed.
    pub fn badge(&self, bundle: &str) -> u32 {
        let view = self.state().ok();
        view.and_then(|view| view.apps.into_iter().find(|app| *app.bundle_name == *bundle))
            .map_or(0, |app| app.badge)
    }

    /// Everything about the phone.
    pub fn state(&self) -> Result<PhoneView> {
        Ok(self.state.world().phone(&self.device)?.view())
    }

    /// Listens from now on. At most 16 listeners at a time.
    pub fn events(&self) -> Result<PhoneEvents> {
        self.state.world().phone(&self.device)?.listen()
    }

    /// The first notice `wanted` likes, shown already or within `timeout` (the machine's time).
    pub async fn wait_notice(
        &self,
        wanted: impl Fn(&Notice) -> bool,
        timeout: Duration,
    ) -> Option<Arc<Notice>> {
        let mut events = self.events().ok()?;
        if let Some(notice) = self.notices().into_iter().find(|notice| wanted(notice)) {
            return Some(notice);
        }
        let shown =
            |event: &PhoneEvent| matches!(event, PhoneEvent::NoticeShown { notice, .. } if wanted(notice));
        match &*events.wait(shown, timeout).await? {
            PhoneEvent::NoticeShown { notice, .. } => Some(notice.clone()),
            _ => None,
        }
    }
}
