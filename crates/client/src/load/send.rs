//! The sending side: keeps a window of unanswered messages full, or keeps a pace whatever the answers do.

use super::{
    ANSWER_TIMEOUT, Histogram, Line, LoadError,
    line::unreadable,
    template::{FIRST_ID, Template},
};
use hongyan_wire::{ConversationKey, frame::FromServer};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{sleep_until, timeout};

/// How fast.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// The next one when an answer makes room in the window.
    Full,
    /// One each so often, the first after a part of that time. The latency of a send that was due while the window
    /// was full counts from the time it was due: a slow answer cannot hide that the next send was late.
    Each {
        /// Between two.
        every: Duration,
        /// Before the first.
        first: Duration,
    },
}

impl Pace {
    /// The pace of one of `senders` that together send `rate` messages a second, spread evenly: people do not press
    /// "send" at the same instant, and a burst would measure how long its own queue takes. Without a rate: full.
    pub fn share(rate: Option<u32>, number: usize, senders: usize) -> Self {
        let Some(rate) = rate else { return Self::Full };
        let every = Duration::from_secs_f64(senders as f64 / f64::from(rate));
        Self::Each { every, first: every.mul_f64(number as f64 / senders as f64) }
    }
}

/// How long.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Until {
    /// Until then.
    At(Instant),
    /// So many.
    Count(u64),
}

/// What one sender sends.
#[derive(Clone, Debug)]
pub struct SendPlan {
    /// Conversations, in turn; at least one.
    pub to: Vec<ConversationKey>,
    /// With a pushConfig.
    pub push: bool,
    /// Unanswered messages at most, 1..=64.
    pub window: usize,
    /// How fast.
    pub pace: Pace,
    /// How long.
    pub until: Until,
    /// Shared by all senders of a load.
    pub marks: Arc<Marks>,
}

impl SendPlan {
    /// One request to the first conversation, for whoever writes and reads by himself.
    pub fn one(&self) -> Option<String> {
        let number = self.marks.next.fetch_add(1, Ordering::Relaxed);
        let sent_us = self.marks.begun.elapsed().as_micros() as u64;
        let mut template = Template::new(self.to.first()?, self.push);
        Some(template.fill(FIRST_ID + number, number, sent_us).to_owned())
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// From send to answer.
    pub ack: Histogram,
}

/// Numbers messages over all senders, and remembers when the first so many were answered.
#[derive(Debug)]
pub struct Marks {
    begun: Instant,
    next: AtomicU64,
    /// In µs since `begun`; 0: not yet.
    answered_us: Vec<AtomicU64>,
}

impl Marks {
    /// Remembers the first `kept` messages.
    pub fn new(begun: Instant, kept: usize) -> Arc<Self> {
        let answered_us = (0..kept).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { begun, next: AtomicU64::new(1), answered_us })
    }

    /// When this message was answered, if it was and is remembered.
    pub fn answered(&self, number: u64) -> Option<Instant> {
        let us = self.answered_us.get(number as usize)?.load(Ordering::Acquire);
        (us > 0).then(|| self.begun + Duration::from_micros(us))
    }

    /// Messages numbered so far.
    pub fn sent(&self) -> u64 {
        self.next.load(Ordering::Relaxed) - 1
    }

    fn note(&self, number: u64, at: Instant) {
        if let Some(mark) = self.answered_us.get(number as usize) {
            mark.store((at - self.begun).as_micros().max(1) as u64, Ordering::Release);
        }
    }
}

/// A message whose answer has not come.
struct UnderWay {
    id: u64,
    number: u64,
    sent: Instant,
}

struct Sender<'a> {
    plan: &'a SendPlan,
    templates: Vec<Template>,
    under_way: Vec<UnderWay>,
    begun: u64,
    due: Instant,
    /// A send was due while the window was full.
    held_up: bool,
    sent: Sent,
}

/// Sends by the plan and waits for the last answers, at most 30 s each.
///
/// # Errors
/// Ends at the first refusal: a load that is refused measures nothing.
pub async fn send(line: &mut Line, plan: &SendPlan) -> Result<Sent, LoadError> {
    let templates = plan.to.iter().map(|to| Template::new(to, plan.push)).collect();
    let first = if let Pace::Each { first, .. } = plan.pace { first } else { Duration::ZERO };
    let (due, sent) = (Instant::now() + first, Sent::default());
    let mut sender = Sender { plan, templates, under_way: Vec::new(), begun: 0, due, held_up: false, sent };
    loop {
        sender.put_all(line);
        line.flush().await?;
        let more = sender.has_more();
        if !more && sender.under_way.is_empty() {
            return Ok(sender.sent);
        }
        match plan.pace {
            Pace::Each { .. } if more && sender.under_way.len() < plan.window => tokio::select! {
                filled = line.fill() => filled?,
                () = sleep_until(sender.due.into()) => continue,
            },
            _ => timeout(ANSWER_TIMEOUT, line.fill()).await.map_err(|_| LoadError::Late("an answer"))??,
        }
        let now = Instant::now();
        while let Some(text) = line.take()? {
            if let Some(id) = answered_id(text)? {
                sender.answered(id, now);
            }
        }
    }
}

impl Sender<'_> {
    fn has_more(&self) -> bool {
        match self.plan.until {
            Until::At(end) => Instant::now() < end && self.due < end,
            Until::Count(count) => self.begun < count,
        }
    }

    fn put_all(&mut self, line: &mut Line) {
        while self.under_way.len() < self.plan.window && self.has_more() {
            let now = Instant::now();
            let sent = match self.plan.pace {
                Pace::Each { .. } if self.due > now => {
                    self.held_up = false;
                    return;
                }
                Pace::Each { every, .. } => {
                    let due = self.due;
                    self.due += every;
                    // The timer's own lateness, up to a millisecond, is not the server's.
                    if self.held_up { due } else { now }
                }
                Pace::Full => now,
            };
            let marks = &self.plan.marks;
            let number = marks.next.fetch_add(1, Ordering::Relaxed);
            let id = FIRST_ID + self.begun;
            let turn = self.begun as usize % self.templates.len();
            let sent_us = sent.saturating_duration_since(marks.begun).as_micros() as u64;
            line.put(self.templates[turn].fill(id, number, sent_us));
            self.under_way.push(UnderWay { id, number, sent });
            self.begun += 1;
        }
        self.held_up = self.has_more();
    }

    fn answered(&mut self, id: u64, now: Instant) {
        if let Some(at) = self.under_way.iter().position(|one| one.id == id) {
            let one = self.under_way.swap_remove(at);
            self.sent.ack.record(now.saturating_duration_since(one.sent));
            self.plan.marks.note(one.number, now);
        }
    }
}

/// The id of a successful answer; `None` for a notification.
fn answered_id(text: &str) -> Result<Option<u64>, LoadError> {
    if let Some(rest) = text.strip_prefix(r#"{"jsonrpc":"2.0","id":"#) {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if rest[digits..].starts_with(r#","result":"#) {
            return rest[..digits].parse().map(Some).map_err(unreadable);
        }
    }
    let frame: FromServer<'_> = serde_json::from_str(text).map_err(unreadable)?;
    match frame.error {
        Some(refusal) => Err(refusal.into()),
        None => Ok(frame.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of a thousand senders once began in the same instant: at a quarter of what the server can do, half of the
    /// answers took 14 ms, which was the length of the burst.
    #[test]
    fn senders_at_a_pace_take_turns() {
        let first = |number| match Pace::share(Some(1_000), number, 4) {
            Pace::Each { every, first } => (every.as_millis(), first.as_millis()),
            Pace::Full => panic!("a share has a pace"),
        };
        assert_eq!([0, 1, 2, 3].map(first), [(4, 0), (4, 1), (4, 2), (4, 3)]);
    }

    #[test]
    fn answers_are_told_from_notifications_and_refusals() {
        assert_eq!(answered_id(r#"{"jsonrpc":"2.0","id":17,"result":{}}"#).unwrap(), Some(17));
        assert_eq!(answered_id(r#"{"id":17,"jsonrpc":"2.0","result":{}}"#).unwrap(), Some(17));
        assert_eq!(answered_id(r#"{"jsonrpc":"2.0","method":"x.y","params":{}}"#).unwrap(), None);
        let refused = r#"{"jsonrpc":"2.0","id":17,"error":{"code":6000005,"message":"slow down"}}"#;
        assert!(matches!(answered_id(refused), Err(LoadError::Refused(_))));
        assert!(answered_id("nonsense").is_err());
    }
}
