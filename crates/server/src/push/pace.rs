//! How fast one credential may be used, and whether at all: adaptive concurrency, devices a second, a circuit
//! breaker, and the pause of a credential that the vendor refuses.
//!
//! Pure: it is told what starts and what came of it, and says what may start next. A vendor that is slow or
//! asks for patience gets less at a time; one that is in trouble gets one probe now and then; work that waits
//! here was not tried.

use std::time::Duration;

/// Failures in a row that open the circuit.
const FAILURES_MAX: u32 = 5;
/// Answers that are looked at for their share of failures.
const SHARE_WINDOW: u32 = 32;
/// Failures of that window that open the circuit.
const SHARE_MAX: u32 = 16;
/// Fewest devices a second that flow control can lead to.
const DEVICES_PER_S_MIN: f64 = 10.0;
/// What is left of the rate at which the vendor asked for patience.
const RATE_CUT: f64 = 0.7;
/// Growth of the rate in a second without flow control.
const RATE_GROWTH_PER_S: f64 = 0.05;
/// After so long without flow control the rate is not limited any more, in ms.
const RATE_FORGOTTEN_MS: u64 = 60_000;
/// Answers of requests that ran together count as one sign of too much, in ms.
const CUT_EVERY_MS: u64 = 1_000;
/// An answer is slow when it takes this many times the usual …
const SLOW_FACTOR: f64 = 3.0;
/// … and this much more, in ms.
const SLOW_MARGIN_MS: f64 = 250.0;
/// What a slow answer leaves of the concurrency.
const SLOW_CUT: f64 = 0.9;
/// Longest wish of a vendor that is honoured, in ms.
const HOLD_MS_MAX: u64 = 3_600_000;

/// Bounds of a credential's pace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PaceLimits {
    /// Requests under way at most; at least 1.
    pub concurrency_max: usize,
    /// How long an open circuit stays open before the first probe.
    pub open_first: Duration,
    /// Doubles with every failed probe up to this.
    pub open_longest: Duration,
    /// How long a refused credential is left alone before the first probe.
    pub pause_first: Duration,
    /// Doubles with every refused probe up to this.
    pub pause_longest: Duration,
}

impl Default for PaceLimits {
    fn default() -> Self {
        Self {
            concurrency_max: 32,
            open_first: Duration::from_secs(1),
            open_longest: Duration::from_secs(60),
            pause_first: Duration::from_secs(300),
            pause_longest: Duration::from_secs(3_600),
        }
    }
}

/// What an exchange told about its credential.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Report {
    /// The vendor answered in good order, whatever it said of the devices.
    Fine { took_ms: u64 },
    /// The vendor asks for patience, perhaps for how long.
    Flow { hold: Option<Duration> },
    /// No answer, or the vendor is in trouble.
    Trouble { hold: Option<Duration> },
    /// The vendor refuses the credential as it was stored at `stamp`.
    Refused { stamp: u64 },
}

/// Why nothing but probes may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// The vendor is in trouble.
    Trouble,
    /// The vendor refuses the credential that was stored at `stamp`, since `since`.
    Refused { since: u64, stamp: u64 },
}

/// What a piece of work is admitted as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    /// One among others.
    Usual,
    /// The one request that finds out whether the trouble is over.
    Probe,
}

/// Whether something may start now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gate {
    /// It may.
    Open(Pass),
    /// Not before this Unix time in ms.
    Until(u64),
    /// Not before something under way has ended.
    Busy,
}

#[derive(Clone, Copy, Debug)]
struct Shut {
    why: Why,
    /// Probes that failed.
    round: u32,
    until: u64,
    probing: bool,
}

/// Devices a second, learnt from flow control.
#[derive(Clone, Copy, Debug)]
struct Rate {
    per_s: f64,
    /// Devices that may start now; below zero after a large request.
    credit: f64,
    at: u64,
    grown_at: u64,
    cut_at: u64,
}

/// Devices started in the second that runs, and in the one before it.
#[derive(Clone, Copy, Default, Debug)]
struct Recent {
    second: u64,
    now: u64,
    before: u64,
}

/// The pace of one credential.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    limits: PaceLimits,
    in_flight: usize,
    window: f64,
    cut_at: Option<u64>,
    /// Usual time of an answer in ms, slow to rise.
    usual_ms: Option<f64>,
    rate: Option<Rate>,
    recent: Recent,
    hold_until: u64,
    failures: u32,
    /// Answers and failures of the window that fills.
    answers: (u32, u32),
    shut: Option<Shut>,
}

impl Pace {
    pub fn new(limits: PaceLimits) -> Self {
        Self {
            limits,
            in_flight: 0,
            window: limits.concurrency_max.max(1) as f64,
            cut_at: None,
            usual_ms: None,
            rate: None,
            recent: Recent::default(),
            hold_until: 0,
            failures: 0,
            answers: (0, 0),
            shut: None,
        }
    }

    /// Requests that may be under way now.
    pub fn limit(&self) -> usize {
        (self.window as usize).clamp(1, self.concurrency_max())
    }

    /// What `limit` never exceeds.
    pub fn concurrency_max(&self) -> usize {
        self.limits.concurrency_max.max(1)
    }

    /// Devices a second that may start; `None` while nothing limits them.
    pub fn devices_per_s(&self) -> Option<f64> {
        self.rate.map(|rate| rate.per_s)
    }

    /// Why only probes may start, since when they may, and whether one is under way.
    pub fn shut(&self) -> Option<(Why, u64, bool)> {
        self.shut.map(|shut| (shut.why, shut.until, shut.probing))
    }

    /// Until when the vendor asked for patience; 0 for never.
    pub fn hold_until(&self) -> u64 {
        self.hold_until
    }

    /// Whether something may start.
    pub fn gate(&self, now: u64) -> Gate {
        let not_before = self.shut.map_or(0, |shut| shut.until).max(self.hold_until).max(self.credit_at(now));
        if self.shut.is_some_and(|shut| shut.probing) || self.in_flight >= self.limit() {
            return Gate::Busy;
        }
        if now < not_before {
            return Gate::Until(not_before);
        }
        Gate::Open(if self.shut.is_some() { Pass::Probe } else { Pass::Usual })
    }

    /// Something of so many devices starts, as the gate admitted it.
    pub fn started(&mut self, pass: Pass, devices: usize, now: u64) {
        self.in_flight += 1;
        self.recent.note(devices as u64, now);
        if let Some(rate) = &mut self.rate {
            rate.fill(now);
            rate.credit -= devices as f64;
        }
        if let (Pass::Probe, Some(shut)) = (pass, &mut self.shut) {
            shut.probing = true;
        }
    }

    /// Something ended. `reports` is what its requests told, in order; empty when none was made. `roll` is a
    /// random number in 0.0..1.0.
    pub fn ended(&mut self, pass: Pass, reports: &[Report], now: u64, roll: f64) {
        self.in_flight -= 1;
        if let (Pass::Probe, Some(shut)) = (pass, &mut self.shut) {
            shut.probing = false;
        }
        for report in reports {
            self.take(pass, *report, now, roll);
        }
    }

    /// The vendor refused this credential before the program started.
    pub fn refused_before(&mut self, since: u64, stamp: u64, now: u64) {
        let until = now + ms(self.limits.pause_first);
        self.shut = Some(Shut { why: Why::Refused { since, stamp }, round: 0, until, probing: false });
    }

    /// Somebody has acted: a refused credential is used again at once. `false` when it was not paused.
    pub fn resume(&mut self) -> bool {
        let paused = matches!(self.shut, Some(Shut { why: Why::Refused { .. }, .. }));
        if paused {
            self.reopen();
        }
        paused
    }

    fn take(&mut self, pass: Pass, report: Report, now: u64, roll: f64) {
        match report {
            Report::Fine { took_ms } => self.fine(pass, took_ms, now),
            Report::Flow { hold } => {
                self.hold(hold, now);
                self.slow_down(now);
                self.failed(pass, false, now, roll);
            }
            Report::Trouble { hold } => {
                self.hold(hold, now);
                self.failed(pass, true, now, roll);
            }
            Report::Refused { stamp } => self.refuse(pass, stamp, now, roll),
        }
    }

    fn fine(&mut self, pass: Pass, took_ms: u64, now: u64) {
        match self.shut {
            // What was under way when a credential was refused proves nothing about it.
            Some(Shut { why: Why::Refused { .. }, .. }) if pass == Pass::Usual => return,
            Some(_) => self.reopen(),
            None => {}
        }
        self.failures = 0;
        self.count(false);
        if let Some(rate) = &mut self.rate {
            rate.grow(now);
        }
        self.rate = self.rate.filter(|rate| now < rate.cut_at.saturating_add(RATE_FORGOTTEN_MS));
        self.follow_latency(took_ms as f64, now);
    }

    /// One more at a time per round of answers; a tenth less when answers take much longer than usual.
    fn follow_latency(&mut self, took_ms: f64, now: u64) {
        let usual = *self.usual_ms.get_or_insert(took_ms);
        self.usual_ms = Some(if took_ms < usual { took_ms } else { usual + (took_ms - usual) * 0.01 });
        if took_ms > usual * SLOW_FACTOR + SLOW_MARGIN_MS {
            self.cut(SLOW_CUT, now);
        } else {
            self.window = (self.window + 1.0 / self.window).min(self.concurrency_max() as f64);
        }
    }

    fn slow_down(&mut self, now: u64) {
        let recent = self.recent.per_s(now) as f64;
        if self.cut(0.5, now) {
            let known = self.rate.map_or(recent, |rate| rate.per_s.min(recent.max(DEVICES_PER_S_MIN)));
            let per_s = (known * RATE_CUT).max(DEVICES_PER_S_MIN);
            self.rate = Some(Rate { per_s, credit: 0.0, at: now, grown_at: now, cut_at: now });
        }
    }

    /// Lowers the concurrency, once for answers that came together.
    fn cut(&mut self, factor: f64, now: u64) -> bool {
        let due = self.cut_at.is_none_or(|at| now >= at.saturating_add(CUT_EVERY_MS));
        if due {
            self.cut_at = Some(now);
            self.window = (self.window * factor).max(1.0);
        }
        due
    }

    fn hold(&mut self, hold: Option<Duration>, now: u64) {
        if let Some(hold) = hold {
            self.hold_until = self.hold_until.max(now + ms(hold).min(HOLD_MS_MAX));
        }
    }

    fn failed(&mut self, pass: Pass, counts_for_share: bool, now: u64, roll: f64) {
        self.failures = self.failures.saturating_add(1);
        let by_share = counts_for_share && self.count(true);
        match &mut self.shut {
            Some(shut) if pass == Pass::Probe => {
                shut.round = shut.round.saturating_add(1);
                let (first, longest) = self.limits.bounds(shut.why);
                shut.until = now + pause(first, longest, shut.round, roll);
            }
            Some(_) => {}
            None if self.failures >= FAILURES_MAX || by_share => {
                let until = now + pause(self.limits.open_first, self.limits.open_longest, 0, roll);
                self.shut = Some(Shut { why: Why::Trouble, round: 0, until, probing: false });
                self.answers = (0, 0);
            }
            None => {}
        }
    }

    fn refuse(&mut self, pass: Pass, stamp: u64, now: u64, roll: f64) {
        let (since, round) = match self.shut {
            // What was under way when it was refused first is refused with it.
            Some(Shut { why: Why::Refused { .. }, .. }) if pass == Pass::Usual => return,
            Some(Shut { why: Why::Refused { since, .. }, round, .. }) => (since, round.saturating_add(1)),
            _ => (now, 0),
        };
        let until = now + pause(self.limits.pause_first, self.limits.pause_longest, round, roll);
        self.shut = Some(Shut { why: Why::Refused { since, stamp }, round, until, probing: false });
    }

    fn reopen(&mut self) {
        self.shut = None;
        self.failures = 0;
        self.answers = (0, 0);
    }

    /// Counts an answer of the window; whether too many of it are failures.
    fn count(&mut self, failure: bool) -> bool {
        if self.answers.0 >= SHARE_WINDOW {
            self.answers = (0, 0);
        }
        self.answers.0 += 1;
        self.answers.1 += u32::from(failure);
        self.answers.1 >= SHARE_MAX
    }

    /// When the next device may start by the rate.
    fn credit_at(&self, now: u64) -> u64 {
        let Some(mut rate) = self.rate else { return 0 };
        rate.fill(now);
        if rate.credit >= 0.0 { 0 } else { now + (-rate.credit / rate.per_s * 1e3).ceil() as u64 }
    }
}

impl PaceLimits {
    fn bounds(&self, why: Why) -> (Duration, Duration) {
        match why {
            Why::Trouble => (self.open_first, self.open_longest),
            Why::Refused { .. } => (self.pause_first, self.pause_longest),
        }
    }
}

impl Rate {
    /// Credit grows with time, up to what one second gives.
    fn fill(&mut self, now: u64) {
        let gone_ms = now.saturating_sub(self.at);
        self.credit = (self.credit + self.per_s * gone_ms as f64 / 1e3).min(self.per_s);
        self.at = self.at.max(now);
    }

    fn grow(&mut self, now: u64) {
        let gone_ms = now.saturating_sub(self.grown_at).min(1_000);
        self.fill(now);
        self.grown_at = now;
        self.per_s *= 1.0 + RATE_GROWTH_PER_S * gone_ms as f64 / 1e3;
    }
}

impl Recent {
    fn turn(&mut self, now: u64) {
        let second = now / 1_000;
        if second != self.second {
            self.before = if second == self.second + 1 { self.now } else { 0 };
            (self.second, self.now) = (second, 0);
        }
    }

    fn note(&mut self, devices: u64, now: u64) {
        self.turn(now);
        self.now += devices;
    }

    fn per_s(&mut self, now: u64) -> u64 {
        self.turn(now);
        self.now.max(self.before)
    }
}

/// A pause that doubles with every round, half of it by chance so that credentials do not come back together.
fn pause(first: Duration, longest: Duration, round: u32, roll: f64) -> u64 {
    let doubled = 1u64.checked_shl(round).unwrap_or(u64::MAX);
    let bound = ms(first).saturating_mul(doubled).min(ms(longest)).max(1);
    bound / 2 + (bound as f64 / 2.0 * roll.clamp(0.0, 1.0)).ceil() as u64
}

fn ms(span: Duration) -> u64 {
    span.as_millis() as u64
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
