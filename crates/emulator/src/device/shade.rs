//! The notification shade and the icons' badges: showing and replacing notices, tapping and dismissing them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::apps::AppState;
use super::events::PhoneEvent;
use super::phone::PhoneState;
use super::requests::PhoneError;
use crate::limits::NOTICES_MAX;
use crate::push_kit::message::{Alert, Category};
use crate::push_kit::receipts::Parcel;

/// A notification on the screen.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The emulator's name for this place in the shade; a replacing notice keeps it.
    pub id: Arc<str>,
    /// The app.
    pub bundle_name: Arc<str>,
    /// The sender's, or one the cloud made; 0..=2147483647.
    pub notify_id: u32,
    /// The sender's own ID, if it sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_message_id: Option<Arc<str>>,
    /// The category after rights were looked at.
    pub category: Category,
    /// First line.
    pub title: Arc<str>,
    /// The text.
    pub body: Arc<str>,
    /// An https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Arc<str>>,
    /// A file of the app; never with MARKETING.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<Arc<str>>,
    /// When it was shown, in ms since the Unix epoch.
    pub at: u64,
    /// The send request it came from.
    pub request_id: Arc<str>,
    /// `clickAction.data`.
    pub data: Arc<Map<String, Value>>,
    #[serde(skip)]
    target: Want,
}

/// What a tap starts.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tap {
    /// The app, now in front.
    pub bundle_name: Arc<str>,
    /// What its ability receives.
    pub want: Want,
}

/// The `want` an ability is started with.
#[derive(Clone, Debug, Serialize)]
pub struct Want {
    /// The keys of `clickAction.data`.
    pub parameters: Arc<Map<String, Value>>,
    /// `clickAction.uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<Arc<str>>,
    /// `clickAction.action`; wins over `uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Arc<str>>,
    /// Home page or inner page.
    pub target: Target,
}

/// Where a tap leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// `actionType` 0.
    Home,
    /// `actionType` 1.
    Page,
}

impl PhoneState {
    /// Shows a notice; one of the same app with the same notifyId gives its place to it.
    pub(super) fn show(&mut self, number: u64, parcel: &Parcel, alert: &Alert, now_ms: u64) {
        let same = |old: &Arc<Notice>| old.bundle_name == parcel.bundle && old.notify_id == alert.notify_id;
        let old = self.notices.iter().position(same).map(|at| self.notices.remove(at));
        let id = old.as_ref().map_or_else(|| Arc::from(format!("notice-{number}")), |old| old.id.clone());
        let notice = Arc::new(notice(id, parcel, alert, now_ms));
        self.notices.push(notice.clone());
        if self.notices.len() > NOTICES_MAX {
            let oldest = self.notices.remove(0);
            self.tell_gone(&oldest, "crowded_out");
        }
        self.emit(PhoneEvent::NoticeShown { notice, replaced: old.is_some() });
    }

    pub(super) fn revoke_shown(&mut self, bundle: &Arc<str>, notify_id: u32) {
        let revoked = |notice: &Arc<Notice>| notice.bundle_name == *bundle && notice.notify_id == notify_id;
        for notice in self.notices.extract_if(.., |notice| revoked(notice)).collect::<Vec<_>>() {
            self.tell_gone(&notice, "revoked");
        }
    }

    /// The app is removed, and its notices with it.
    pub(super) fn take_notices_of(&mut self, bundle: &str) {
        let of_app = |notice: &Arc<Notice>| *notice.bundle_name == *bundle;
        for notice in self.notices.extract_if(.., |notice| of_app(notice)).collect::<Vec<_>>() {
            self.tell_gone(&notice, "uninstalled");
        }
    }

    fn tell_gone(&mut self, notice: &Notice, reason: &'static str) {
        let (id, notify_id) = (notice.id.clone(), notice.notify_id);
        self.emit(PhoneEvent::NoticeRevoked { id, notify_id, reason });
    }

    /// The user taps a notice: it goes, its app comes to the front.
    pub(crate) fn tap(&mut self, id: &str, now_ms: u64) -> Result<Tap, PhoneError> {
        let notice = self.take_notice(id)?;
        self.set_app_state(&notice.bundle_name, AppState::Foreground, now_ms)?;
        Ok(Tap { bundle_name: notice.bundle_name.clone(), want: notice.target.clone() })
    }

    /// The user swipes a notice away.
    pub(crate) fn dismiss(&mut self, id: &str) -> Result<(), PhoneError> {
        self.take_notice(id).map(drop)
    }

    /// The user clears the shade. Badges stay.
    pub(crate) fn clear_notices(&mut self) {
        self.notices.clear();
    }

    fn take_notice(&mut self, id: &str) -> Result<Arc<Notice>, PhoneError> {
        let at = self.notices.iter().position(|notice| *notice.id == *id);
        at.map(|at| self.notices.remove(at)).ok_or_else(|| PhoneError::new("no such notice is shown"))
    }

    /// `setBadgeNumber` of the app.
    pub(crate) fn set_badge(&mut self, bundle: &str, number: u32) -> Result<(), PhoneError> {
        self.app(bundle)?;
        self.put_badge(&Arc::from(bundle), number);
        Ok(())
    }

    pub(super) fn put_badge(&mut self, bundle: &Arc<str>, number: u32) {
        let Some(app) = self.apps.get_mut(bundle) else { return };
        if app.badge != number {
            app.badge = number;
            self.emit(PhoneEvent::BadgeChanged { bundle_name: bundle.clone(), badge: number });
        }
    }
}

fn notice(id: Arc<str>, parcel: &Parcel, alert: &Alert, now_ms: u64) -> Notice {
    let click = &alert.click;
    let target = Want {
        parameters: click.data.clone(),
        uri: click.uri.clone(),
        action: click.action.clone(),
        target: if click.inner_page { Target::Page } else { Target::Home },
    };
    Notice {
        id,
        bundle_name: parcel.bundle.clone(),
        notify_id: alert.notify_id,
        app_message_id: alert.app_message_id.clone(),
        category: parcel.category,
        title: alert.title.clone(),
        body: alert.body.clone(),
        image: alert.image.clone(),
        sound: alert.sound.clone().filter(|_| parcel.category != Category::Marketing),
        at: now_ms,
        request_id: parcel.message.request_id.clone(),
        data: click.data.clone(),
        target,
    }
}
