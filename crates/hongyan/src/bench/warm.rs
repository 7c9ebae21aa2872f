//! A server that has worked before it is measured. A fresh one grows with its first sessions whatever their number:
//! threads take their stacks and their first memory, statements are compiled, caches fill up to their bounds.

use super::{
    traffic::{Receivers, send_all},
    usage::Usage,
};
use hongyan_client::load::{Arrivals, Marks, Pace, Place, SendPlan, Until};
use hongyan_wire::{ConversationKey, UserId};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Users that send before the measured ones come; as many receive.
const SENDERS: usize = 200;
/// Messages that they exchange: more than the bounded caches of pages and of newest messages hold.
pub const MESSAGES: u64 = 300_000;
/// Unanswered messages of each sender.
const WINDOW: usize = 8;
/// Later all of them send so many a second …
const QUIET_PER_S: u32 = 5_000;
/// … and each so many.
const QUIET_MESSAGES: u64 = 100;
/// Calm is when memory moved by less than this share …
const CALM_SHARE: f64 = 0.002;
/// … in all of so many looks …
const CALM_LOOKS: u32 = 8;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// … or after this long.
const CALM_WITHIN: Duration = Duration::from_secs(20);

/// About how long it takes to warm up, for a progress bar.
pub const ABOUT: Duration = Duration::from_secs(15);

/// Lets users log in, exchange messages as later the measured ones do, and go; then, as on any day, a few at a quiet
/// pace: a thread finds what others have freed of its memory only while it works.
pub async fn warm_up(place: &Place, prefix: &str, messages: u64) -> anyhow::Result<()> {
    let (each, marks) = ((messages / SENDERS as u64).max(1), Marks::new(Instant::now(), 0));
    exchange(place, prefix, &marks, None, each).await?;
    exchange(place, prefix, &marks, Some(QUIET_PER_S), each.min(QUIET_MESSAGES)).await
}

/// Half of the users send so many messages each to the other half.
async fn exchange(
    place: &Place,
    prefix: &str,
    marks: &Arc<Marks>,
    rate: Option<u32>,
    each: u64,
) -> anyhow::Result<()> {
    let name = |number: usize| format!("{prefix}w{number}");
    let mut senders = place.log_in_all((0..2 * SENDERS).map(name)).await?;
    let arrivals = Arc::new(Arrivals::new(Instant::now()));
    let mut receivers = Receivers::start(senders.split_off(SENDERS), arrivals);
    let to =
        (0..SENDERS).map(|number| Ok(vec![ConversationKey::Peer(UserId::new(&name(SENDERS + number))?)]));
    let to = to.collect::<anyhow::Result<Vec<_>>>()?;
    let plan = |number: usize| SendPlan {
        to: to[number].clone(),
        push: false,
        window: WINDOW,
        pace: Pace::share(rate, number, SENDERS),
        until: Until::Count(each),
        marks: marks.clone(),
    };
    let crowd = send_all(senders, plan).await?;
    receivers.settle(each * SENDERS as u64).await?;
    drop((crowd, receivers));
    Ok(())
}

/// Waits until memory stands still, as far as it ever does, and gives what is used then. `look` also gives the server
/// something to do: an allocator gives memory back only while it is asked for some.
pub async fn calm(mut look: impl AsyncFnMut() -> anyhow::Result<Usage>) -> anyhow::Result<Usage> {
    let begun = Instant::now();
    let (mut usage, mut still) = (look().await?, 0);
    while still < CALM_LOOKS && begun.elapsed() < CALM_WITHIN {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = look().await?;
        let moved = now.rss.abs_diff(usage.rss) as f64;
        if moved > usage.rss as f64 * CALM_SHARE {
            (usage, still) = (now, 0);
        } else {
            still += 1;
        }
    }
    look().await
}
