//! Misbehaviour on demand: which vendor requests are hit, for the next N or by chance, and what happens to
//! them.

use std::collections::HashSet;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::control::BadControl;
use crate::limits::{FAULT_DELAY_MAX_MS, FAULTS_MAX};
use crate::push_kit::answer::Reason;
use crate::push_kit::message::PushType;

/// A fault to put in force. Exactly one of `next` and `share` must be given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FaultSpec {
    /// Only requests whose path contains this, such as `messages:revoke`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Only requests of this project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Only requests with this push-type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_type: Option<u8>,
    /// Hits the next N requests, then is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// Hits this share of requests, 0 < share ≤ 1, until it is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// What happens.
    pub action: FaultAction,
}

/// What happens to a request that a fault hits. Several can be combined.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FaultAction {
    /// Answered with this HTTP status, 200..=599, and not processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answered with this business code, and not processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The answer's `msg`; without `code` the whole body as plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// Waits first, up to 10 minutes, by the emulator's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Drops the connection instead of answering.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<DropWhen>,
    /// Some tokens are refused as dead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead_tokens: Option<DeadTokens>,
    /// Some tokens, but never all, are refused for another reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<Partial>,
    /// A `Retry-After` header with the answer, in seconds.
    #[serde(rename = "retryAfterS", skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// Accepted, but no phone gets it: receipts tell this result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_result: Option<i32>,
}

/// When the connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "drop must be true, \"before\" or \"after\"")]
pub enum DropWhen {
    /// `true` is the same as `"before"`; `false` drops nothing.
    Flag(bool),
    /// Named.
    Named(DropMoment),
}

/// Before the request is processed, or after it, so that only the answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DropMoment {
    /// The request has no effect.
    Before,
    /// The request has its effect, the caller does not know.
    After,
}

/// Tokens refused as dead: a share of them, a list, or both with the reason to give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "deadTokens must be a share 0..1, a list of tokens, or {share, tokens, reason}"
)]
pub enum DeadTokens {
    /// Each token with this probability.
    Share(f64),
    /// These tokens.
    List(HashSet<String>),
    /// Spelled out.
    Full(DeadTokensFull),
}

/// See [`DeadTokens`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadTokensFull {
    /// Each token with this probability.
    #[serde(default)]
    pub share: f64,
    /// These tokens.
    #[serde(default)]
    pub tokens: HashSet<String>,
    /// The reason given; default `tokenFormatError`.
    #[serde(default = "dead")]
    pub reason: Reason,
}

fn dead() -> Reason {
    Reason::TokenFormatError
}

/// Tokens refused although they live: a share (with reason `appinfoError`), or share and reason.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "partial must be a share 0..1 or {share, reason}")]
pub enum Partial {
    /// This share of the tokens, rounded up, at least one accepted.
    Share(f64),
    /// Spelled out.
    Full {
        /// As above.
        share: f64,
        /// The reason given.
        reason: Reason,
    },
}

impl FaultAction {
    pub(crate) fn delay(&self) -> Option<Duration> {
        self.delay_ms.map(Duration::from_millis)
    }

    pub(crate) fn drops(&self) -> Option<DropMoment> {
        match self.drop? {
            DropWhen::Flag(true) => Some(DropMoment::Before),
            DropWhen::Flag(false) => None,
            DropWhen::Named(moment) => Some(moment),
        }
    }

    /// Whether the answer is given here and the request not processed.
    pub(crate) fn answers(&self) -> bool {
        self.status.is_some() || self.code.is_some()
    }

    fn check(&self) -> Result<(), BadControl> {
        let bad = |text: &str| Err(BadControl::new(text));
        if *self == FaultAction::default() {
            return bad("action is empty");
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return bad("action.status must be within 200 and 599");
        }
        if self.delay_ms.is_some_and(|delay| delay > FAULT_DELAY_MAX_MS) {
            return bad("action.delayMs must be at most 600000");
        }
        if (self.retry_after_s.is_some() || self.msg.is_some()) && !self.answers() {
            return bad("action.retryAfterS and msg need a status or a code");
        }
        let share = match &self.dead_tokens {
            Some(DeadTokens::Share(share)) => *share,
            Some(DeadTokens::Full(full)) => full.share,
            Some(DeadTokens::List(_)) | None => 0.0,
        };
        let partial = match self.partial {
            Some(Partial::Share(share) | Partial::Full { share, .. }) => share,
            None => 0.0,
        };
        if !(0.0..=1.0).contains(&share) || !(0.0..=1.0).contains(&partial) {
            return bad("shares must be within 0 and 1");
        }
        Ok(())
    }
}

/// A fault in force.
#[derive(Clone, Debug, Serialize)]
pub struct Fault {
    /// For removing it.
    pub id: u64,
    /// Requests hit so far.
    pub hits: u64,
    /// As ordered; `next` counts down.
    #[serde(flatten)]
    pub spec: FaultSpec,
}

/// What is known of a request when faults are looked up.
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) project_id: Option<&'a str>,
    pub(crate) push_type: Option<PushType>,
}

/// All faults in force; the oldest that fits a request hits it.
pub(crate) struct Faults {
    list: Vec<Fault>,
    made: u64,
    chance: StdRng,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Faults {
        Faults { list: Vec::new(), made: 0, chance: StdRng::seed_from_u64(seed) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.list
    }

    pub(crate) fn add(&mut self, spec: FaultSpec) -> Result<u64, BadControl> {
        match (spec.next, spec.share) {
            (Some(next), None) if next > 0 => {}
            (None, Some(share)) if share > 0.0 && share <= 1.0 => {}
            _ => {
                return Err(BadControl::new(
                    "exactly one of next (1 or more) and share (over 0, up to 1) is needed",
                ));
            }
        }
        spec.action.check()?;
        if self.list.len() >= FAULTS_MAX {
            return Err(BadControl::new(format!("{FAULTS_MAX} faults are in force already")));
        }
        self.made += 1;
        self.list.push(Fault { id: self.made, hits: 0, spec });
        Ok(self.made)
    }

    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.list.len();
        self.list.retain(|fault| fault.id != id);
        self.list.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// The fault that hits this request, if any, with chance for its tokens.
    pub(crate) fn pick(&mut self, target: &Target<'_>) -> Option<Meddling> {
        let Faults { list, chance, .. } = self;
        let at = list.iter().position(|fault| fits(&fault.spec, target) && strikes(&fault.spec, chance))?;
        let fault = &mut list[at];
        fault.hits += 1;
        let (id, action) = (fault.id, fault.spec.action.clone());
        if let Some(next) = &mut fault.spec.next {
            *next -= 1;
            if *next == 0 {
                list.remove(at);
            }
        }
        Some(Meddling { fault: Some(id), action, chance: StdRng::seed_from_u64(chance.random()) })
    }
}

fn fits(spec: &FaultSpec, target: &Target<'_>) -> bool {
    spec.path.as_ref().is_none_or(|path| target.path.contains(path.as_str()))
        && spec.project_id.as_ref().is_none_or(|project| target.project_id == Some(project.as_str()))
        && spec.push_type.is_none_or(|number| target.push_type.is_some_and(|kind| kind.number() == number))
}

fn strikes(spec: &FaultSpec, chance: &mut StdRng) -> bool {
    spec.share.is_none_or(|share| chance.random_bool(share))
}

/// A fault's hold on one request.
pub(crate) struct Meddling {
    pub(crate) fault: Option<u64>,
    pub(crate) action: FaultAction,
    chance: StdRng,
}

impl Meddling {
    /// Leaves the request alone.
    pub(crate) fn none() -> Meddling {
        Meddling { fault: None, action: FaultAction::default(), chance: StdRng::seed_from_u64(0) }
    }

    /// Why this token is to be refused, if it is.
    pub(crate) fn dead(&mut self, token: &str) -> Option<Reason> {
        let (dead, reason) = match self.action.dead_tokens.as_ref()? {
            DeadTokens::Share(share) => (self.chance.random_bool(*share), dead()),
            DeadTokens::List(tokens) => (tokens.contains(token), dead()),
            DeadTokens::Full(full) => {
                (full.tokens.contains(token) || self.chance.random_bool(full.share), full.reason)
            }
        };
        dead.then_some(reason)
    }

    /// How many of `accepted` tokens stay accepted, and the reason for the others.
    pub(crate) fn partial(&self, accepted: usize) -> (usize, Reason) {
        let (share, reason) = match self.action.partial {
            None => return (accepted, Reason::AppinfoError),
            Some(Partial::Share(share)) => (share, Reason::AppinfoError),
            Some(Partial::Full { share, reason }) => (share, reason),
        };
        // At most 1000 tokens, so the product fits and is never negative.
        let refused = (accepted as f64 * share).ceil() as usize;
        (accepted - refused.min(accepted.saturating_sub(1)), reason)
    }

    pub(crate) fn receipt_result(&self) -> Option<i32> {
        self.action.receipt_result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: serde_json::Value) -> FaultSpec {
        serde_json::from_value(json).unwrap()
    }

    const SEND: Target<'_> =
        Target { path: "/v3/p1/messages:send", project_id: Some("p1"), push_type: Some(PushType::Alert) };

    #[test]
    fn next_counts_down_and_goes() {
        let mut faults = Faults::new(1);
        faults.add(spec(serde_json::json!({"next": 2, "action": {"status": 503}}))).unwrap();
        let hits: Vec<bool> = (0..3).map(|_| faults.pick(&SEND).is_some()).collect();
        assert_eq!(hits, [true, true, false]);
        assert!(faults.is_empty());
    }

    #[test]
    fn a_fault_hits_only_what_it_names() {
        let cases = [
            (serde_json::json!({"path": "messages:send"}), true),
            (serde_json::json!({"path": "messages:revoke"}), false),
            (serde_json::json!({"projectId": "p1", "pushType": 0}), true),
            (serde_json::json!({"projectId": "p2"}), false),
            (serde_json::json!({"pushType": 10}), false),
        ];
        for (mut json, hit) in cases {
            json["share"] = 1.0.into();
            json["action"] = serde_json::json!({"drop": true});
            let mut faults = Faults::new(1);
            faults.add(spec(json.clone())).unwrap();
            assert_eq!(faults.pick(&SEND).is_some(), hit, "{json}");
        }
    }

    #[test]
    fn a_share_hits_about_that_many() {
        let mut faults = Faults::new(42);
        faults.add(spec(serde_json::json!({"share": 0.25, "action": {"delayMs": 1}}))).unwrap();
        let hits = (0..4000).filter(|_| faults.pick(&SEND).is_some()).count();
        assert!((800..1200).contains(&hits), "{hits}");
    }

    #[test]
    fn bad_faults_are_refused() {
        let bad = [
            serde_json::json!({"action": {"status": 503}}),
            serde_json::json!({"next": 1, "share": 0.5, "action": {"status": 503}}),
            serde_json::json!({"next": 0, "action": {"status": 503}}),
            serde_json::json!({"share": 1.5, "action": {"status": 503}}),
            serde_json::json!({"next": 1, "action": {}}),
            serde_json::json!({"next": 1, "action": {"status": 42}}),
            serde_json::json!({"next": 1, "action": {"retryAfterS": 3}}),
            serde_json::json!({"next": 1, "action": {"deadTokens": 2.0}}),
            serde_json::json!({"next": 1, "action": {"delayMs": 600_001}}),
        ];
        for json in bad {
            assert!(Faults::new(1).add(spec(json.clone())).is_err(), "{json}");
        }
    }

    #[test]
    fn partial_leaves_at_least_one() {
        let with = |partial: serde_json::Value| {
            let mut faults = Faults::new(1);
            faults.add(spec(serde_json::json!({"next": 1, "action": {"partial": partial}}))).unwrap();
            faults.pick(&SEND).unwrap()
        };
        assert_eq!(with(0.5.into()).partial(10), (5, Reason::AppinfoError));
        assert_eq!(with(0.01.into()).partial(10).0, 9);
        assert_eq!(with(1.0.into()).partial(10).0, 1);
        assert_eq!(with(1.0.into()).partial(1).0, 1);
        assert_eq!(with(1.0.into()).partial(0).0, 0);
        let full = serde_json::json!({"share": 0.2, "reason": "countryNotSupport"});
        assert_eq!(with(full).partial(10), (8, Reason::CountryNotSupport));
    }
}
