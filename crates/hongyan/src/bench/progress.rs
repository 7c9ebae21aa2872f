//! A line on standard error that shows how far a bench is, when somebody is watching.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

const WIDTH: usize = 30;
const EVERY: Duration = Duration::from_millis(100);

/// Shows phases, or keeps quiet.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    shown: bool,
}

/// A phase under way. Dropping it takes the line away.
#[derive(Debug)]
pub struct Phase {
    task: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows when standard error is a terminal.
    pub fn of_terminal() -> Self {
        Self { shown: std::io::stderr().is_terminal() }
    }

    /// A phase that takes about this long.
    pub fn phase(&self, what: &str, about: Duration) -> Phase {
        if !self.shown {
            return Phase { task: None };
        }
        let what = what.to_owned();
        let show = async move {
            let begun = Instant::now();
            let mut ticks = tokio::time::interval(EVERY);
            loop {
                ticks.tick().await;
                write_line(&bar(&what, begun.elapsed(), about));
            }
        };
        Phase { task: Some(tokio::spawn(show)) }
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
            write_line("");
        }
    }
}

/// `sending  [#####……]  3.2 s`; it stops short of full while the phase lasts.
fn bar(what: &str, gone: Duration, about: Duration) -> String {
    let share = (gone.as_secs_f64() / about.as_secs_f64().max(0.001)).min(0.97);
    let full = (share * WIDTH as f64) as usize;
    let (full, rest) = ("#".repeat(full), "·".repeat(WIDTH - full));
    format!("{what:<32} [{full}{rest}] {:.1} s", gone.as_secs_f64())
}

/// Replaces the line. A terminal that went away is no reason to stop measuring.
fn write_line(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_and_is_never_full_before_the_end() {
        let second = Duration::from_secs(1);
        assert!(bar("x", second, second * 2).contains(&"#".repeat(WIDTH / 2)));
        assert!(!bar("x", second * 9, second).contains(&"#".repeat(WIDTH)));
        assert!(bar("x", second, Duration::ZERO).contains("1.0 s"));
    }
}
