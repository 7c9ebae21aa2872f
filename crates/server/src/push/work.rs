//! One dispatch on its way: what is left of it, and what was tried already. Pure.

use super::lanes::LaneKey;
use crate::store::{Dispatch, NewDispatch, Target, TargetEnd};
use hongyan_vendors::{Advice, vendor};
use std::collections::HashSet;

/// Tries that are remembered over a restart.
const TRIES_RESUMED_MAX: u32 = 5;

/// A dispatch in memory. Its notice may have been changed by a vendor's advice; its ids never are.
#[derive(Clone, Debug)]
pub(super) struct Work {
    request: NewDispatch,
    /// Requests made so far, also before a restart.
    attempts: u32,
    /// Tries so far: a try may take several requests when advice is followed or the devices are split.
    tries: u32,
    /// Unix time in ms since when it could have gone out; for the latency.
    ready_at: u64,
    /// Devices in one request.
    split: usize,
    resigned: bool,
    shortened: bool,
    without_image: bool,
    as_alert: bool,
}

impl Work {
    /// Work that the planner just made.
    pub fn new(request: NewDispatch) -> Self {
        let ready_at = request.due_at;
        let split = vendor(request.vendor).max_tokens(&request.notice).max(1);
        Self {
            request,
            attempts: 0,
            tries: 0,
            ready_at,
            split,
            resigned: false,
            shortened: false,
            without_image: false,
            as_alert: false,
        }
    }

    /// Work as it was left in the store. Which of its requests were probes is not known any more: some tries
    /// are left to it for sure.
    pub fn resumed(dispatch: Dispatch) -> Self {
        let attempts = dispatch.attempts;
        Self { attempts, tries: attempts.min(TRIES_RESUMED_MAX), ..Self::new(dispatch.request) }
    }

    pub fn id(&self) -> u64 {
        self.request.id
    }

    pub fn lane(&self) -> LaneKey {
        ((self.request.app, self.request.vendor, self.request.app_type), self.request.is_call)
    }

    pub fn due_at(&self) -> u64 {
        self.request.due_at
    }

    pub fn devices(&self) -> usize {
        self.request.targets.len()
    }

    pub fn request(&self) -> &NewDispatch {
        &self.request
    }

    pub fn ready_at(&self) -> u64 {
        self.ready_at
    }

    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// Counts a try.
    pub fn tried(&mut self) {
        self.tries += 1;
    }

    /// Number of the request that is about to be made, from 1.
    pub fn next_attempt(&mut self) -> u32 {
        self.attempts += 1;
        self.attempts
    }

    /// Targets in groups that fit into a request.
    pub fn split(&self, targets: Vec<Target>) -> Vec<Vec<Target>> {
        targets.chunks(self.split.max(1)).map(<[Target]>::to_vec).collect()
    }

    /// Takes out targets that have their end now.
    pub fn end(&mut self, ended: &[(Target, TargetEnd)]) {
        let ended: HashSet<&Target> = ended.iter().map(|(target, _)| target).collect();
        self.request.targets.retain(|target| !ended.contains(target));
    }

    /// Puts it off until its next try.
    pub fn put_off(&mut self, until: u64) {
        self.request.due_at = until;
    }

    /// Follows a vendor's advice; `false` when it was followed already or there is nothing to change.
    pub fn follow(&mut self, advice: Advice) -> bool {
        let notice = &mut self.request.notice;
        let first = |done: &mut bool| !std::mem::replace(done, true);
        match advice {
            Advice::None | Advice::PauseCredential => false,
            Advice::ResignJwt => first(&mut self.resigned),
            Advice::ShortenBody if first(&mut self.shortened) => {
                *notice = notice.with_short_body();
                true
            }
            Advice::DropImage if first(&mut self.without_image) => {
                *notice = notice.without_image();
                true
            }
            Advice::FallBackToAlert if first(&mut self.as_alert) => {
                *notice = notice.as_alert();
                true
            }
            // Smaller with every advice, so it ends.
            Advice::SplitTo(size) if size >= 1 && size < self.split => {
                self.split = size;
                true
            }
            _ => false,
        }
    }
}
