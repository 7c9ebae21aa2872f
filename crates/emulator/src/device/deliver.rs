//! What a phone does with a message that reached it, by kind of message: show a notice, hand it to the app in
//! front, keep it for the next start, change the badge, wake the app for a call. Each ends in one receipt.

use std::sync::Arc;

use serde_json::json;

use super::apps::{AppState, Cached, Permission};
use super::events::{MessageKind, PhoneEvent, Suppressed};
use super::phone::PhoneState;
use super::view::ProxyRow;
use crate::limits::PROXY_ROWS_MAX;
use crate::push_kit::message::{Alert, Background, Badge, Content};
use crate::push_kit::receipts::{Outcome, Parcel};
use crate::world::Office;

impl PhoneState {
    /// A message is here.
    pub(super) fn arrive(&mut self, office: &mut Office, parcel: &Parcel, now_ms: u64) {
        let outcome = match self.apps.get(&parcel.bundle) {
            None => Outcome::APP_UNINSTALLED,
            Some(app) if app.token.as_ref() != Some(&parcel.token) => Outcome::TOKEN_MISMATCH,
            Some(_) => self.deliver(office, parcel, now_ms),
        };
        office.receipt(parcel, outcome, now_ms);
    }

    fn deliver(&mut self, office: &mut Office, parcel: &Parcel, now_ms: u64) -> Outcome {
        match &parcel.message.content {
            Content::Alert(alert) => self.alert(office, parcel, alert, now_ms),
            Content::BadgeOnly(badge) => {
                self.change_badge(&parcel.bundle, *badge);
                Outcome::DELIVERED
            }
            Content::Background(background) => self.background(office, parcel, background, now_ms),
            Content::Call { extra_data } => self.call_arrives(office, parcel, extra_data, now_ms),
            // Nobody holds a right for these, so the cloud never lets one through.
            Content::NotEmulated => Outcome::NOT_SHOWN,
        }
    }

    fn alert(&mut self, office: &mut Office, parcel: &Parcel, alert: &Alert, now_ms: u64) -> Outcome {
        let Some(app) = self.apps.get_mut(&parcel.bundle) else { return Outcome::APP_UNINSTALLED };
        let (reason, outcome) = if app.permission != Permission::Allowed {
            (Suppressed::Permission, Outcome::SWITCHED_OFF)
        } else if alert.profile_id.as_ref().is_some_and(|profile| !app.profiles.contains(&**profile)) {
            (Suppressed::Profile, Outcome::PROFILE_NOT_BOUND)
        } else if alert.app_message_id.as_ref().is_some_and(|id| !app.first_sight(id, now_ms)) {
            (Suppressed::Duplicate, Outcome::NOT_SHOWN)
        } else if app.state == AppState::Foreground && !alert.foreground_show {
            self.give_to_front(parcel, alert);
            return Outcome::DELIVERED;
        } else {
            self.show(office.number(), parcel, alert, now_ms);
            if let Some(badge) = alert.badge {
                self.change_badge(&parcel.bundle, badge);
            }
            return Outcome::DELIVERED;
        };
        self.emit(PhoneEvent::NoticeSuppressed { bundle_name: parcel.bundle.clone(), reason });
        outcome
    }

    /// `foregroundShow` false and the app in front: its code gets the message, nothing is shown.
    fn give_to_front(&mut self, parcel: &Parcel, alert: &Alert) {
        let mut notification =
            json!({ "title": alert.title, "body": alert.body, "clickAction": alert.click.raw });
        if let Some(image) = &alert.image {
            notification["image"] = json!(image);
        }
        let data = json!({
            "data": "",
            "header": { "token": parcel.token },
            "messageAction": 0,
            "notification": notification,
        });
        let (bundle_name, kind, data) = (parcel.bundle.clone(), MessageKind::Default, Arc::new(data));
        self.emit(PhoneEvent::MessageReceived { bundle_name, kind, data });
    }

    fn change_badge(&mut self, bundle: &Arc<str>, badge: Badge) {
        let Some(app) = self.apps.get_mut(bundle) else { return };
        let number = badge.apply(app.badge);
        self.put_badge(bundle, number);
    }

    fn background(
        &mut self,
        office: &mut Office,
        parcel: &Parcel,
        background: &Background,
        now_ms: u64,
    ) -> Outcome {
        let Some(app) = self.apps.get_mut(&parcel.bundle) else { return Outcome::APP_UNINSTALLED };
        if app.state == AppState::Foreground || parcel.wakes {
            if app.state == AppState::Killed {
                self.change_state(&parcel.bundle, AppState::Background);
            }
            self.give_background(&parcel.bundle, &background.extra_data, &parcel.token);
            return Outcome::DELIVERED;
        }
        if background.proxied {
            app.proxy_rows.push_back(ProxyRow::new(office.number(), &background.extra_data, now_ms));
            if app.proxy_rows.len() > PROXY_ROWS_MAX {
                app.proxy_rows.pop_front();
            }
            return Outcome::DELIVERED;
        }
        let (extra_data, token) = (background.extra_data.clone(), parcel.token.clone());
        app.cached = Some(Cached { at_ms: now_ms, extra_data, token });
        Outcome::BACKGROUND_CACHED
    }
}
