//! What the pipeline counts per app, for series: plain numbers that only rise, in memory.

use crate::store::{Decision, Figures, TargetEnd, Verdict};
use hongyan_wire::AppId;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Numbers since the start, by app. Levels in them are not used.
#[derive(Debug, Default)]
pub struct Tallies(Mutex<BTreeMap<AppId, Figures>>);

impl Tallies {
    /// All of them, by app.
    pub fn all(&self) -> BTreeMap<AppId, Figures> {
        self.lock().clone()
    }

    /// Verdicts were written.
    pub(super) fn decided(&self, app: AppId, verdicts: &[Verdict]) {
        let mut tallies = self.lock();
        let figures = tallies.entry(app).or_default();
        for verdict in verdicts {
            let devices = verdict.targets.len() as u64;
            match &verdict.decision {
                Decision::Acked => figures.acked += devices,
                Decision::Suppressed { reason } if reason == super::Reason::Expired.code() => {
                    figures.expired += devices;
                }
                Decision::Suppressed { .. } => figures.suppressed += devices,
                Decision::Pushed { .. } => {}
            }
        }
    }

    /// Devices of a notice got their end from the dispatcher.
    pub(super) fn ended<'a>(&self, app: AppId, ends: impl Iterator<Item = &'a TargetEnd>) {
        let mut tallies = self.lock();
        let figures = tallies.entry(app).or_default();
        for end in ends {
            match end {
                TargetEnd::Accepted => figures.pushed += 1,
                TargetEnd::Failed { .. } => figures.failed += 1,
                TargetEnd::Suppressed { .. } => figures.suppressed += 1,
                TargetEnd::Expired => figures.expired += 1,
                TargetEnd::Retracted { .. } => figures.retracted += 1,
            }
        }
    }

    /// A request was made. `took_ms` is `None` when no answer came.
    pub(super) fn asked(&self, app: AppId, took_ms: Option<u64>, failed: bool) {
        let mut tallies = self.lock();
        let figures = tallies.entry(app).or_default();
        figures.requests += 1;
        figures.errors += u64::from(failed);
        figures.answers += u64::from(took_ms.is_some());
        figures.answers_ms += took_ms.unwrap_or(0);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<AppId, Figures>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
