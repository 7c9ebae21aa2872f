//! From decisions to what is written: verdicts grouped, dispatches batched, and the devices that wait. Pure.

use super::{
    Reason,
    decide::{Cause, Step},
    gather::Seen,
    notice::{notice, with_badge},
    pending::{Decided, Look, Waiting},
};
use crate::store::{Decision, Intent, NewDispatch, Plan, Purpose, Subject, Target, Verdict};
use hongyan_vendors::{Notice, VendorKind, vendor};
use std::collections::BTreeMap;

/// One pass over one intent.
pub(super) struct Pass {
    pub look: Look,
    /// What is to be written.
    pub plan: Plan,
    pub waiting: Vec<Waiting>,
    pub decided: Decided,
}

impl Pass {
    /// Whether the store has to know of it. A pass that only waits changes nothing that a restart would not
    /// find out again.
    pub fn is_worth_writing(&self) -> bool {
        !self.plan.verdicts.is_empty() || self.plan.next_due.is_none()
    }
}

/// Puts a pass together. `seen` is `None` when the look was about acknowledgements only; `next_id` gives row
/// numbers for dispatches, rising.
pub(super) fn pass(look: Look, seen: Option<Seen>, now: u64, next_id: impl FnMut() -> u64) -> Pass {
    let mut sorted = Sorted { acked: look.acked.clone(), ..Sorted::default() };
    let (now, strategy) = match seen {
        Some(seen) => {
            seen.settled.into_iter().for_each(|one| sorted.sort(one));
            (seen.now, seen.strategy)
        }
        None => (now, Default::default()),
    };
    let decided = sorted.decided();
    let said = notice(&look.intent, strategy);
    let pushes = std::mem::take(&mut sorted.pushes);
    let (dispatches, pushed) = dispatches(&look, &pushes, now, &said, next_id);
    let own_due = sorted.waiting.iter().map(|waiting| waiting.until).min();
    let plan = Plan {
        intent: look.intent.id,
        verdicts: verdicts(sorted.acked, sorted.suppressed, pushed, now),
        dispatches,
        next_due: own_due.into_iter().chain(look.other_due).min(),
    };
    Pass { look, plan, waiting: sorted.waiting, decided }
}

/// By whose credential a notice goes, and the number for the icon: what goes one way is one request.
pub(super) type Way = (VendorKind, u8, Option<u8>);

/// Devices to push, and why each.
type Pushes = BTreeMap<Way, Vec<(Target, Cause)>>;

#[derive(Default)]
struct Sorted {
    acked: Vec<Target>,
    suppressed: BTreeMap<Reason, Vec<Target>>,
    pushes: Pushes,
    waiting: Vec<Waiting>,
}

impl Sorted {
    fn sort(&mut self, one: super::gather::Settled) {
        let target = one.target;
        match (one.step, one.via) {
            (Step::Acked, _) => self.acked.push(target),
            (Step::Wait(until, awaited), _) => self.waiting.push(Waiting { target, until, awaited }),
            (Step::Suppress(reason), _) => self.suppressed.entry(reason).or_default().push(target),
            (Step::Push(cause), Some((vendor, app_type))) => {
                self.pushes.entry((vendor, app_type, one.badge)).or_default().push((target, cause));
            }
            // Only a device with a PushID can be decided to be pushed.
            (Step::Push(_), None) => self.suppressed.entry(Reason::NotBound).or_default().push(target),
        }
    }

    fn decided(&self) -> Decided {
        let suppressed = self.suppressed.values().flatten();
        let pushed = self.pushes.values().flatten().map(|(target, _)| target);
        let all = self.acked.iter().chain(suppressed).chain(pushed);
        all.map(|target| (target.user.clone(), target.device.clone())).collect()
    }
}

/// Requests in batches, and the verdicts that refer to them: one per request and cause.
fn dispatches(
    look: &Look,
    pushes: &Pushes,
    now: u64,
    said: &Notice,
    mut next_id: impl FnMut() -> u64,
) -> (Vec<NewDispatch>, Vec<Verdict>) {
    let (mut dispatches, mut verdicts) = (Vec::new(), Vec::new());
    for (&(kind, app_type, badge), targets) in pushes {
        let said = with_badge(said, badge);
        let batch_max = vendor(kind).max_tokens(&said).max(1);
        for batch in targets.chunks(batch_max) {
            let id = next_id();
            verdicts.extend(by_cause(id, batch, now));
            dispatches.push(NewDispatch {
                id,
                app: look.intent.app,
                intent: look.intent.id,
                vendor: kind,
                app_type,
                is_call: is_call(&look.intent),
                notice: said.clone(),
                targets: batch.iter().map(|(target, _)| target.clone()).collect(),
                due_at: now,
                expires_at: look.intent.spec.expires_at,
                purpose: Purpose::Notice,
            });
        }
    }
    (dispatches, verdicts)
}

/// Whether it goes before messages: an invitation does, news of a call does not.
fn is_call(intent: &Intent) -> bool {
    matches!(intent.subject, Subject::Call { .. }) && intent.spec.kind.is_delivery()
}

fn by_cause(dispatch: u64, batch: &[(Target, Cause)], at: u64) -> impl Iterator<Item = Verdict> {
    let mut causes: BTreeMap<Cause, Vec<Target>> = BTreeMap::new();
    for (target, cause) in batch {
        causes.entry(*cause).or_default().push(target.clone());
    }
    causes.into_iter().map(move |(cause, targets)| {
        let decision = Decision::Pushed { dispatch, cause: cause.code().into() };
        Verdict { decision, targets, at }
    })
}

fn verdicts(
    acked: Vec<Target>,
    suppressed: BTreeMap<Reason, Vec<Target>>,
    pushed: Vec<Verdict>,
    at: u64,
) -> Vec<Verdict> {
    let acked = (!acked.is_empty()).then_some(Verdict { decision: Decision::Acked, targets: acked, at });
    let suppressed = suppressed.into_iter().map(|(reason, targets)| Verdict {
        decision: Decision::Suppressed { reason: reason.code().into() },
        targets,
        at,
    });
    acked.into_iter().chain(pushed).chain(suppressed).collect()
}
