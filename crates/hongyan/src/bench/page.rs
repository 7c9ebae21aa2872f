//! docs/benchmarks.md: targets, figures, conditions. Whether a target is met is worked out here, not
//! written by hand.

use super::{all::Found, report::Report};
use serde_json::Value;
use std::fmt::Write;

/// A figure that should reach something.
pub struct Goal {
    /// Name of the figure.
    pub figure: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// The target.
    pub target: f64,
    /// Whether more is better.
    pub more: bool,
}

const fn least(figure: &'static str, what: &'static str, target: f64) -> Goal {
    Goal { figure, what, target, more: true }
}

const fn most(figure: &'static str, what: &'static str, target: f64) -> Goal {
    Goal { figure, what, target, more: false }
}

/// Targets of the benches, in the words of the page.
pub const PEER: &[Goal] = &[least("msgs_per_s", "1:1 messages a second, 1 000 senders, window 1", 50_000.0)];
/// At a pace.
pub const PEER_PACED: &[Goal] = &[most("ack_p99_ms", "answer p99 at 20 000 messages a second, ms", 2.0)];
/// With a window.
pub const PEER_WINDOW: &[Goal] = &[least("msgs_per_s", "1:1 messages a second, window 32", 120_000.0)];
/// Receivers away.
pub const OFFLINE: &[Goal] = &[
    least("accepted_per_s", "messages a second to the absent", 50_000.0),
    least("drain_per_s", "messages a second when they come", 200_000.0),
];
/// Sessions.
pub const IDLE: &[Goal] = &[
    most("rss_bytes_per_session", "process memory of an idle session, bytes", 3_000.0),
    most("rss_bytes_per_session_after_traffic", "the same after it sent and received", 3_000.0),
];
/// Sessions on pipes.
pub const IDLE_IN_MEMORY: &[Goal] =
    &[most("rss_bytes_per_session", "the same idle, 100 000 sessions in memory, bytes", 3_000.0)];
/// Very many of them.
pub const IDLE_MILLION: &[Goal] =
    &[most("rss_bytes_per_session", "the same idle, a million sessions in memory, bytes", 3_000.0)];
/// Groups.
pub const FANOUT: &[Goal] = &[
    least("recipients_per_s", "recipients of group messages a second", 100_000.0),
    most("last_recipient_p50_ms", "until the last of 10 000 members, ms", 120.0),
];
/// Pushes.
pub const PUSH: &[Goal] = &[
    least("dispatches_per_s", "single pushes a second", 30_000.0),
    least("notices_per_s", "notices a second, 1 000 a request", 1_000_000.0),
    most("commit_to_accept_p99_ms", "commit to accept p99 at 1 000 a second, ms", 5.0),
];
/// Calls.
pub const CALL: &[Goal] = &[most("invite_to_ring_p99_ms", "invitation to ring p99, ms", 20.0)];
/// Starts.
pub const RESTART: &[Goal] = &[most("ready_ms", "ready after kill -9, ms", 2_000.0)];
/// Growth.
pub const GROWTH: &[Goal] = &[
    most("growth_ratio", "cost of a send, most stored messages to fewest", 1.2),
    most("group_growth_ratio", "cost of a send, largest group to smallest", 1.2),
];

/// A target and what was found.
pub struct Outcome {
    /// What it is.
    pub what: &'static str,
    /// The target.
    pub target: f64,
    /// What was found; `None` when the bench failed.
    pub found: Option<f64>,
    /// Whether more is better.
    pub more: bool,
}

impl Outcome {
    /// Reached.
    pub fn is_met(&self) -> bool {
        self.found.is_some_and(|found| if self.more { found >= self.target } else { found <= self.target })
    }

    /// How far: 1 is the target, more is better, 0 when nothing was found.
    pub fn reach(&self) -> f64 {
        let Some(found) = self.found else { return 0.0 };
        let (up, down) = if self.more { (found, self.target) } else { (self.target, found) };
        up / down.max(1e-9)
    }
}

impl Outcome {
    /// The figure for people.
    pub fn shown(&self) -> String {
        self.found.map_or_else(|| "failed".to_owned(), grouped)
    }
}

/// All targets with what was found, in order.
pub fn outcomes(found: &[Found]) -> Vec<Outcome> {
    let of = |found: &Found, goal: &Goal| {
        let value = found.report.as_ref().ok().and_then(|report| report.to_json()[goal.figure].as_f64());
        Outcome { what: goal.what, target: goal.target, found: value, more: goal.more }
    };
    found.iter().flat_map(|found| found.goals.iter().map(move |goal| of(found, goal))).collect()
}

const HEAD: &str = "# Benchmarks

Written by `make bench`; do not edit. Server, load generator and emulated vendor share the machine, every
bench runs once on fresh data, and the disk is a real one: an answer comes after the flush. One run says
little about differences below a tenth.

";

const NOTES: &str = include_str!("notes.md");

/// The page.
pub fn page(found: &[Found]) -> String {
    let mut text = HEAD.to_owned();
    let first = found.iter().find_map(|one| one.report.as_ref().ok());
    let conditions = first.map(Report::to_json).unwrap_or_default();
    let shown = |name: &str| conditions[name].to_string().trim_matches('"').to_owned();
    line(&mut text, format_args!("| condition | |\n| --- | --- |"));
    for (name, label) in [
        ("version", "version"),
        ("build", "build"),
        ("cores", "cores"),
        ("kernel", "Linux"),
        ("load_average_before", "load average before"),
    ] {
        line(&mut text, format_args!("| {label} | {} |", shown(name)));
    }
    line(&mut text, format_args!("\n## Targets\n\n| what | target | found | |\n| --- | --- | --- | --- |"));
    for one in outcomes(found) {
        let (sign, met) =
            (if one.more { "≥" } else { "≤" }, if one.is_met() { "met" } else { "**not met**" });
        line(
            &mut text,
            format_args!("| {} | {sign} {} | {} | {met} |", one.what, grouped(one.target), one.shown()),
        );
    }
    line(&mut text, format_args!("\n![How far each target is reached](images/benchmarks.svg)\n\n## Figures"));
    for one in found {
        line(&mut text, format_args!("\n### `hongyan bench {}`\n", one.command));
        match &one.report {
            Ok(report) => figures(&mut text, report),
            Err(why) => line(&mut text, format_args!("Failed: {why}")),
        }
    }
    text.push('\n');
    text.push_str(NOTES);
    text
}

fn figures(text: &mut String, report: &Report) {
    line(text, format_args!("| figure | |\n| --- | --- |"));
    for (name, value) in report.figures() {
        if ["bench", "cores", "build", "version", "kernel"].contains(&name.as_str()) || value.is_null() {
            continue;
        }
        match value {
            Value::Array(rows) => {
                for row in rows {
                    line(text, format_args!("| {name} | `{row}` |"));
                }
            }
            Value::Number(number) => {
                line(text, format_args!("| {name} | {} |", grouped(number.as_f64().unwrap_or_default())));
            }
            other => line(text, format_args!("| {name} | {} |", other.as_str().unwrap_or_default())),
        }
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{what}").expect("writing to a string does not fail");
}

/// `1 234 567` or `1.25`.
pub fn grouped(value: f64) -> String {
    if value.fract() != 0.0 {
        return format!("{value}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(msgs_per_s: f64) -> Vec<Found> {
        let mut report = Report::new("peer");
        report.put("msgs_per_s", msgs_per_s);
        vec![Found { command: "peer", report: Ok(report), goals: PEER }]
    }

    #[test]
    fn a_target_is_met_or_not_and_the_page_says_so() {
        assert!(page(&found(50_001.0)).contains("| ≥ 50 000 | 50 001 | met |"));
        assert!(page(&found(49_999.0)).contains("| ≥ 50 000 | 49 999 | **not met** |"));
        assert!((outcomes(&found(25_000.0))[0].reach() - 0.5).abs() < 1e-9);
        let quick = Outcome { what: "", target: 2.0, found: Some(1.0), more: false };
        assert!(quick.is_met() && (quick.reach() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_bench_that_failed_is_told_and_meets_nothing() {
        let failed = [Found { command: "peer", report: Err("the disk is full".into()), goals: PEER }];
        assert!(page(&failed).contains("| ≥ 50 000 | failed | **not met** |"));
        assert!(page(&failed).contains("Failed: the disk is full"));
        assert_eq!(outcomes(&failed)[0].reach(), 0.0);
    }

    #[test]
    fn numbers_are_grouped_by_threes() {
        let shown = [0.0, 12.0, 1_234.0, 1_234_567.0, 0.25].map(grouped);
        assert_eq!(shown, ["0", "12", "1 234", "1 234 567", "0.25"]);
    }
}
