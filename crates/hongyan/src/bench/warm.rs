//! A server that has worked before it is measured. A fresh one grows with its first sessions whatever their number:
//! threads take their stacks and their first memory, statements are compiled, caches fill up to their bounds.

use super::{
    traffic::{Receivers, send_all},
    usage::Usage,
};
use hongyan_client::load::{Arrivals, Marks, Pace, Place, SendPlan, Until};
use hongyan_wire::{ConversationKey, UserId};
use std::time::{Duration, Instant};

/// Users that come before the measured ones. Half of them send to the other half.
const USERS: usize = 400;
/// Messages that they exchange: more than the bounded caches of pages and of newest messages hold.
pub const MESSAGES: u64 = 300_000;
/// Unanswered messages of each sender.
const WINDOW: usize = 8;
/// Calm is when memory moved by less than this share …
const CALM_SHARE: f64 = 0.002;
/// … in all of so many looks …
const CALM_LOOKS: u32 = 8;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// … or after this long.
const CALM_WITHIN: Duration = Duration::from_secs(20);

/// About how long it takes to warm up, for a progress bar.
pub const ABOUT: Duration = Duration::from_secs(15);

/// Lets users log in, exchange messages as later the measured ones do, and go.
pub async fn warm_up(place: &Place, prefix: &str, messages: u64) -> anyhow::Result<()> {
    let names = (0..USERS).map(|number| format!("{prefix}w{number}"));
    let mut senders = place.log_in_all(names).await?;
    let begun = Instant::now();
    let mut receivers = Receivers::start(senders.split_off(USERS / 2), Arrivals::new(begun).into());
    let marks = Marks::new(begun, 0);
    let to = |number: usize| {
        let user = UserId::new(&format!("{prefix}w{}", USERS / 2 + number));
        Ok::<_, anyhow::Error>(vec![ConversationKey::Peer(user?)])
    };
    let to = (0..USERS / 2).map(to).collect::<Result<Vec<_>, _>>()?;
    let each = (messages / (USERS as u64 / 2)).max(1);
    let crowd = send_all(senders, |number| SendPlan {
        to: to[number].clone(),
        push: false,
        window: WINDOW,
        pace: Pace::Full,
        until: Until::Count(each),
        marks: marks.clone(),
    })
    .await?;
    receivers.settle(each * (USERS as u64 / 2)).await?;
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
