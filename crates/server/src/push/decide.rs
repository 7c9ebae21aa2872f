//! The decision about one device: acknowledged, push now, wait until, or not pushed and why. Pure.
//!
//! Everything it needs is in its arguments, so a decision can be replayed, explained and asked beforehand.

use super::Reason;

/// What is decided, and the app's policies for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// A call invitation; otherwise a message.
    pub is_call: bool,
    /// It tells of what became of the message or call; connected devices were told directly.
    pub is_news: bool,
    /// Unix time in ms of the message or call.
    pub created_at: u64,
    /// Unix time in ms after which nothing is sent.
    pub expires_at: u64,
    /// How long a live delivery may stay unacknowledged, in ms.
    pub ack_deadline_ms: u64,
    /// How long a dropped socket counts as online for messages, in ms.
    pub reconnect_grace_ms: u64,
    /// For messages from before a restart: nobody is pushed before this Unix time in ms, so that clients can
    /// come back and acknowledge. 0 otherwise.
    pub not_before: u64,
    /// Unix time in ms.
    pub now: u64,
}

/// What is known of a recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Person {
    /// Do-not-disturb is on in this conversation.
    pub undisturbed: bool,
    /// Mentioned, in a group, by a sender who wants the mentioned to be notified all the same.
    pub mentioned: bool,
    /// The message was taken back.
    pub revoked: bool,
    /// Has the sender on the block list.
    pub blocked: bool,
    /// Read the conversation up to this message already.
    pub has_read: bool,
    /// No longer a member of the group.
    pub left: bool,
    /// Where the user stands in the call, for calls.
    pub call: Standing,
}

/// Where a user stands in a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Standing {
    /// It rings for the user, or it is no call.
    #[default]
    Ringing,
    /// The user accepted or rejected.
    Answered,
    /// Cancelled, timed out, ended.
    Over,
}

/// What is known of one of the recipient's devices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Device {
    /// It acknowledged this delivery, or a later one of the conversation; for calls also: it answered.
    pub acked: bool,
    /// It has a session.
    pub live: Option<Live>,
    /// Unix time in ms at which its socket dropped without logout, if lately.
    pub dropped_at: Option<u64>,
    /// Whether a push could go out, and why not.
    pub pushable: Result<(), Reason>,
    /// What the user's rule says about this device's platform.
    pub rule: Rule,
}

/// Whether the user's rule keeps a device quiet because another platform is online. Presence is not trusted:
/// the other device has to acknowledge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rule {
    /// It says nothing.
    #[default]
    Idle,
    /// A device of the other platform is here and has until this Unix time in ms to acknowledge.
    Until(u64),
    /// A device of the other platform acknowledged.
    Holds,
}

/// A session of a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Live {
    /// Unix time in ms since when its app is in the background, as it said itself; `None`: in front.
    pub away_since: Option<u64>,
    /// Unix time in ms of the login.
    pub since: u64,
}

impl Live {
    /// Whether the app is in the background.
    pub fn is_away(&self) -> bool {
        self.away_since.is_some()
    }
}

/// The decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It has the message.
    Acked,
    /// Push now.
    Push(Cause),
    /// Decide again at this Unix time in ms (in the future), or when something changes.
    Wait(u64, Awaited),
    /// No push.
    Suppress(Reason),
}

/// Why a device needs a push.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cause {
    /// It has no session.
    NoSession,
    /// Its connection broke and it did not come back within the reconnect grace.
    StayedAway,
    /// Its app is in the background.
    Background,
    /// It has a session, but did not acknowledge in time.
    NotAcknowledged,
}

impl Cause {
    /// As it is stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoSession => "no_session",
            Self::StayedAway => "stayed_away",
            Self::Background => "background",
            Self::NotAcknowledged => "not_acknowledged",
        }
    }
}

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Awaited {
    /// The live delivery's acknowledgement.
    Ack,
    /// The dropped socket's return.
    Reconnect,
    /// Clients' return after a restart of the server.
    Restart,
    /// The acknowledgement of another platform's device, for which the user's rule keeps this one quiet.
    OtherPlatform,
}

/// Decides for one device.
pub fn decide(case: &Case, person: &Person, device: &Device) -> Step {
    if device.acked && !case.is_news && !came_while_away(case, device) {
        return Step::Acked;
    }
    if let Some(reason) = settled(case, person) {
        return Step::Suppress(reason);
    }
    if case.is_news && device.live.is_some_and(|live| !live.is_away()) {
        return Step::Suppress(Reason::Online);
    }
    match device.rule {
        Rule::Holds => return Step::Suppress(Reason::PlatformRule),
        Rule::Until(until) if case.now < until => return Step::Wait(until, Awaited::OtherPlatform),
        Rule::Until(_) | Rule::Idle => {}
    }
    if let Some((until, awaited)) = patience(case, device)
        && case.now < until
    {
        return Step::Wait(until, awaited);
    }
    match device.pushable {
        Ok(()) if person.undisturbed && !person.mentioned => Step::Suppress(Reason::DoNotDisturb),
        Ok(()) => Step::Push(cause(device)),
        Err(reason) => Step::Suppress(reason),
    }
}

/// An app in the background takes and acknowledges what comes as long as the system lets it live, but nobody looks
/// at it: only a notice can tell its user. Without a way to push, what it acknowledged it has.
fn came_while_away(case: &Case, device: &Device) -> bool {
    let away_since = device.live.and_then(|live| live.away_since);
    away_since.is_some_and(|since| since <= case.created_at) && device.pushable.is_ok()
}

fn cause(device: &Device) -> Cause {
    match (device.live, device.dropped_at) {
        (Some(live), _) if live.is_away() => Cause::Background,
        (Some(_), _) => Cause::NotAcknowledged,
        (None, Some(_)) => Cause::StayedAway,
        (None, None) => Cause::NoSession,
    }
}

/// What makes a push pointless for every device of this person.
fn settled(case: &Case, person: &Person) -> Option<Reason> {
    match person.call {
        _ if case.is_news => {}
        Standing::Answered => return Some(Reason::CallAnswered),
        Standing::Over => return Some(Reason::CallOver),
        Standing::Ringing => {}
    }
    if person.revoked && !case.is_news {
        return Some(Reason::Revoked);
    }
    if person.blocked {
        return Some(Reason::Blocked);
    }
    if case.now >= case.expires_at {
        return Some(Reason::Expired);
    }
    if person.left {
        return Some(Reason::NotMember);
    }
    (person.has_read && !case.is_news).then_some(Reason::ReadElsewhere)
}

/// Waiting never eats more than half of the life: a call that rings for two seconds is pushed after one.
fn half_life(case: &Case) -> u64 {
    case.created_at + case.expires_at.saturating_sub(case.created_at) / 2
}

/// Unix time in ms by which a device that is here must have acknowledged.
pub fn ack_by(case: &Case, live: &Live) -> u64 {
    // Who logged in later got the delivery later. Coming and going does not put a push off for ever.
    let delivered_at = case.created_at.max(live.since).min(case.created_at + case.ack_deadline_ms);
    (delivered_at + case.ack_deadline_ms).min(half_life(case))
}

/// Until when an unacknowledged device is waited for; `None`: not at all.
fn patience(case: &Case, device: &Device) -> Option<(u64, Awaited)> {
    let (half_life, ack_wait_ms) = (half_life(case), case.ack_deadline_ms);
    if let Some(live) = device.live {
        // In the background it is offline for push; but if no push can go out, nothing is lost by waiting.
        if live.is_away() && device.pushable.is_ok() {
            return None;
        }
        return Some((ack_by(case, &live), Awaited::Ack));
    }
    if case.is_call {
        return None;
    }
    let last = case.created_at.saturating_add(ack_wait_ms + ack_wait_ms + case.reconnect_grace_ms);
    let back_by = device.dropped_at.map_or(0, |at| at + case.reconnect_grace_ms).min(last);
    match case.not_before > back_by {
        true => Some((case.not_before.min(half_life), Awaited::Restart)),
        false => Some((back_by.min(half_life), Awaited::Reconnect)),
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
