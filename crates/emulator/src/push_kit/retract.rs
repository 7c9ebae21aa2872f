//! Taking messages back: the request with its own error codes, and its effect on what is queued and what is
//! shown but not tapped. The badge stays as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::answer::{Answer, Reason, Refused};
use super::check::{self, TOKENS_MAX};
use super::codes::{Code, Refusal};
use super::fields::{illegal, shown};
use crate::device::{Fate, token_shaped};
use crate::world::World;

/// A revoke request that was read.
#[derive(Debug)]
pub(crate) struct Revocation<'a> {
    pub(crate) notify_id: u32,
    pub(crate) tokens: Vec<Cow<'a, str>>,
}

/// Reads the body; only push-type 0 and 2 can be revoked.
pub(crate) fn check<'a>(push_type: Option<&str>, body: &'a [u8]) -> Result<Revocation<'a>, Refusal> {
    if !matches!(push_type, Some("0" | "2")) {
        return Err(illegal("the push-type header must be 0 or 2"));
    }
    let fields: BTreeMap<String, &RawValue> = serde_json::from_slice(body)
        .map_err(|error| illegal(format!("the body is no JSON object: {error}")))?;
    if let Some(name) = fields.keys().find(|name| !matches!(name.as_str(), "notifyId" | "token")) {
        return Err(illegal(format!("{} is not a known field", shown(name))));
    }
    let (Some(notify_id), Some(list)) = (fields.get("notifyId"), fields.get("token")) else {
        return Err(
            Code::RevokeNotAllowed.refuse("No permission to revoke: token and notifyId must both be sent")
        );
    };
    let notify_id = serde_json::from_str::<i64>(notify_id.get())
        .ok()
        .filter(|number| (0..=i64::from(i32::MAX)).contains(number))
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| illegal("notifyId must be an integer within 0 and 2147483647"))?;
    let tokens = check::tokens(list.get()).ok_or_else(|| illegal("token must be an array of strings"))?;
    if tokens.is_empty() || tokens.len() > TOKENS_MAX {
        let text =
            format!("The number of tokens should be within 1 and {TOKENS_MAX}, it is {}", tokens.len());
        return Err(Code::TokenCount.refuse(text));
    }
    Ok(Revocation { notify_id, tokens })
}

impl World {
    /// Answers a checked revocation and carries it out. `project_id` is the JWT's.
    pub(crate) fn revoke(
        &mut self,
        project_id: &str,
        client_id: &str,
        revocation: &Revocation<'_>,
    ) -> Answer {
        let bundle = match self.revoking_app(project_id, client_id) {
            Ok(bundle) => bundle,
            Err(refusal) => return refusal.into(),
        };
        if let Err(refusal) = self.one_app(project_id, &bundle, &revocation.tokens) {
            return refusal.into();
        }
        let mut refused = Refused::default();
        let mut accepted = 0;
        for token in &revocation.tokens {
            match self.revoke_one(token, revocation.notify_id) {
                Ok(()) => accepted += 1,
                Err(reason) => refused.add(reason, token),
            }
        }
        refused.answer(accepted, Code::RevokePartialSuccess)
    }

    fn revoking_app(&self, project_id: &str, client_id: &str) -> Result<Arc<str>, Refusal> {
        let no_app =
            || Code::NoPermission.refuse("No permission: this is no Client ID of an app of the project");
        let (project, bundle) = self.projects.of_client(client_id).ok_or_else(no_app)?;
        if *project != *project_id {
            return Err(no_app());
        }
        let app = self.projects.by_id.get(&project).and_then(|project| project.apps.get(&bundle));
        if app.is_some_and(|app| app.spec.revoke_allowed) {
            return Ok(bundle);
        }
        Err(Code::RevokeNotAllowed.refuse("No permission to revoke: the app is not allowed to"))
    }

    /// All tokens that are known must belong to the one app of the Client ID.
    fn one_app(&self, project_id: &str, bundle: &Arc<str>, tokens: &[Cow<'_, str>]) -> Result<(), Refusal> {
        let known = || tokens.iter().filter_map(|token| self.phones.token(token)).map(|(_, record)| record);
        let mut apps = known().map(|record| (&record.project, &record.bundle));
        let Some(first) = apps.next() else { return Ok(()) };
        if apps.any(|app| app != first) {
            return Err(Code::SeveralApps.refuse("The tokens belong to several apps"));
        }
        if (&**first.0, &**first.1) != (project_id, &**bundle) {
            return Err(Code::NotOfThisClient.refuse("The tokens do not belong to this Client ID"));
        }
        Ok(())
    }

    fn revoke_one(&mut self, token: &str, notify_id: u32) -> Result<(), Reason> {
        if !token_shaped(token) {
            return Err(Reason::TokenFormatError);
        }
        let (_, record) = self.phones.token(token).ok_or(Reason::TokenFormatError)?;
        match record.fate {
            Fate::Killed(reason) => return Err(reason),
            // Nothing of the old token is left on the phone.
            Fate::Gone => return Ok(()),
            Fate::Alive => {}
        }
        let record = record.clone();
        if let Some(phone) = self.phones.get_mut(&record.device) {
            phone.revoke(&record.bundle, notify_id);
        }
        Ok(())
    }
}
