//! The notification permission: a dialog that is shown once, and the switch on the settings page.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::apps::Permission;
use super::events::PhoneEvent;
use super::phone::PhoneState;
use super::requests::PhoneError;
use crate::limits::DIALOGS_WAITING_MAX;

/// What asking for the permission leads to.
pub(crate) enum Asked {
    /// It was allowed before.
    Allowed,
    /// The dialog is open; the answer comes here.
    Dialog(oneshot::Receiver<bool>),
}

/// How a refusal reaches the app.
pub(crate) fn refused() -> PhoneError {
    PhoneError::coded(1_600_004, "notifications are not enabled")
}

impl PhoneState {
    /// Asks once; a refusal is for good, until the settings page changes it.
    pub(crate) fn request_permission(&mut self, bundle: &str) -> Result<Asked, PhoneError> {
        let app = self.app(bundle)?;
        match app.permission {
            Permission::Allowed => return Ok(Asked::Allowed),
            Permission::Denied => return Err(refused()),
            Permission::Unasked => {}
        }
        let first = app.dialog.is_none();
        let waiting = app.dialog.get_or_insert_default();
        waiting.retain(|asker| !asker.is_closed());
        if waiting.len() >= DIALOGS_WAITING_MAX {
            return Err(PhoneError::new("the dialog is open and asked for too often"));
        }
        let (asker, answer) = oneshot::channel();
        waiting.push(asker);
        if first {
            self.emit(PhoneEvent::PermissionDialog { bundle_name: Arc::from(bundle) });
        }
        Ok(Asked::Dialog(answer))
    }

    /// The user taps a button of the dialog.
    pub(crate) fn answer_permission(&mut self, bundle: &str, allow: bool) -> Result<(), PhoneError> {
        let app = self.app(bundle)?;
        let waiting = app.dialog.take().ok_or_else(|| PhoneError::new("no permission dialog is open"))?;
        app.permission = if allow { Permission::Allowed } else { Permission::Denied };
        for asker in waiting {
            // One who left needs no answer.
            let _ = asker.send(allow);
        }
        Ok(())
    }

    /// The switch on the settings page.
    pub(crate) fn set_permission(&mut self, bundle: &str, allow: bool) -> Result<(), PhoneError> {
        self.app(bundle)?.permission = if allow { Permission::Allowed } else { Permission::Denied };
        Ok(())
    }
}
