//! The whole server in one process under a seeded script: sessions without sockets, the real store without
//! threads, the emulated Push Kit without a network, time by hand. A crash is the end of the runtime in the middle
//! of whatever it did.
//!
//! Each history is a few dozen random actions, faults and crashes, then calm; after it the guarantees are checked
//! for every accepted message and every device (`checks`). A failure prints its seed. `SIM_SEED=n` replays one,
//! `SIM_SECONDS=n` runs for so long (`make soak`).

mod checks;
mod clients;
mod kit;
mod life;
mod script;

use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

/// Histories of an ordinary test run.
const HISTORIES: u64 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn histories_keep_the_guarantees() {
    if let Some(seed) = number("SIM_SEED") {
        tell(&format!("{:?}", script::run(seed)));
        return;
    }
    let span = number("SIM_SECONDS").map(Duration::from_secs);
    let first = rand::rng().random_range(0..1 << 40);
    let (started, mut done, mut failed, mut all) = (Instant::now(), 0, Vec::new(), checks::Tally::default());
    while span.map_or(done < HISTORIES, |span| started.elapsed() < span) && failed.len() < 5 {
        let seed = first + done;
        match catch_unwind(AssertUnwindSafe(|| script::run(seed))) {
            Ok(tally) => all.add(tally),
            Err(_) => failed.push(seed),
        }
        done += 1;
    }
    let (took, per_minute) = (started.elapsed(), done as f64 * 60.0 / started.elapsed().as_secs_f64());
    let told = format!("{done} histories in {took:.1?}, {per_minute:.0} a minute");
    assert!(failed.is_empty(), "{told}; replay a failure with SIM_SEED: {failed:?}");
    assert!(all.messages > 0 && all.notices > 0, "nothing was checked");
    tell(&format!("{told}\n{all:#?}"));
}

/// A process died after the vendor had taken the notice of a call and before that was written; the next one let it
/// expire, and nobody took it from the screen when the call was over. Threads play a part: it came once in fifteen
/// runs.
#[test]
fn a_notice_of_which_the_dead_process_told_nobody_is_taken_back() {
    for _ in 0..20 {
        script::run(259_716_427_431);
    }
}

/// For whoever runs it with --nocapture.
fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn the_same_seed_gives_the_same_script() {
    let rolls = |seed| {
        let mut dice = StdRng::seed_from_u64(seed);
        (0..50).map(|_| script::Step::roll(&mut dice)).collect::<Vec<_>>()
    };
    assert_eq!(rolls(7), rolls(7));
    assert_ne!(rolls(7), rolls(8));
}
