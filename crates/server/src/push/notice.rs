//! From an intent to the notice that a vendor is given.
//!
//! Its ids come from the message or call alone: every retry, every restart and every device gets the same, so
//! that a device can drop what it has shown already.

use crate::store::{Intent, IntentKind, Subject};
use hongyan_vendors::{Badge, Category, Notice, NoticeKind, Route, StrategyOptions, VendorKind};

/// Largest number that vendors show on an icon, and largest step that they take.
const BADGE_MAX: u8 = 99;

/// What is said about this intent. `strategy` is the one its `resourcesID` names, or the default.
///
/// Without a strategy both messages and calls are plain alerts; a strategy turns them into silent notices or
/// in-app calls.
pub fn notice(intent: &Intent, strategy: StrategyOptions) -> Notice {
    let push = &intent.spec.push;
    let (subject, app_message_id) = match &intent.subject {
        // News has a number of its own: the notice it is about may be taken back at the same time.
        Subject::Message { message, .. } if !intent.spec.kind.is_delivery() => {
            (intent.id, format!("m{message}-{}", intent.id))
        }
        Subject::Call { call, .. } if !intent.spec.kind.is_delivery() => {
            (intent.id, format!("c{call}-{}", intent.id))
        }
        Subject::Message { message, .. } => (message.0, format!("m{message}")),
        Subject::Call { call, .. } if call.0 == intent.id => (call.0, format!("c{call}")),
        // Said later about the same call: it takes the invitation's place on the device.
        Subject::Call { call, .. } => (call.0, format!("c{call}-{}", intent.id)),
    };
    let said = Notice {
        kind: NoticeKind::Alert,
        title: push.title.clone(),
        body: push.content.clone(),
        payload: Some(push.payload.clone()).filter(|payload| !payload.is_empty()),
        route: route(intent),
        notify_id: notify_id(subject),
        app_message_id,
        badge: badge(push.enable_badge, push.badge_increment),
        collapse_key: None,
        expires_at_ms: intent.spec.expires_at,
        category_hint: match (&intent.subject, intent.spec.kind) {
            (_, IntentKind::MissedCall) => Category::MissedCall,
            (Subject::Call { .. }, IntentKind::Delivery) => Category::CallInvite,
            _ => Category::Message,
        },
        strategy,
    };
    // Whatever the strategy says: what tells that a call is over does not ring.
    let rings = VendorKind::ALL.iter().any(|kind| said.strategy.kind(*kind) == Some(NoticeKind::Call));
    if rings && !intent.spec.kind.is_delivery() { said.as_alert() } else { said }
}

/// The intent that a notice's `app_message_id` was made for, or the dispatch itself for one that only sets a
/// badge; `None` for a text that is none of ours.
pub fn intent_of(app_message_id: &str) -> Option<u64> {
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    if let Some(badge) = app_message_id.strip_prefix('b') {
        return number(badge);
    }
    let subject = app_message_id.strip_prefix(['m', 'c'])?;
    match subject.split_once('-') {
        Some((subject, intent)) => number(subject).and(number(intent)),
        None => number(subject),
    }
}

fn route(intent: &Intent) -> Route {
    match &intent.subject {
        Subject::Message { message, key, .. } => Route::Conversation {
            conversation_id: key.id().to_owned(),
            conversation_type: key.kind().number(),
            sender_id: intent.spec.sender.to_string(),
            message_id: message.to_string(),
        },
        Subject::Call { call, mode } => Route::Call {
            call_id: call.to_string(),
            inviter_id: intent.spec.sender.to_string(),
            mode: *mode as u8,
        },
    }
}

fn badge(enabled: bool, step: u32) -> Option<Badge> {
    (enabled && step > 0).then(|| Badge::Add(badge_number(step.into())))
}

/// What an icon can show of this many.
pub(super) fn badge_number(count: u64) -> u8 {
    u8::try_from(count).unwrap_or(BADGE_MAX).min(BADGE_MAX)
}

/// The same notice with the number for one user's icon, where there is one.
pub(super) fn with_badge(said: &Notice, number: Option<u8>) -> Notice {
    Notice { badge: number.map(Badge::Set).or(said.badge), ..said.clone() }
}

/// 31 well-mixed bits of an ID, never 0. IDs rise with time, so their low bits alone would collide often.
///
/// This must never change: a notice sent before an update and repeated after it has to carry the same number.
pub(super) fn notify_id(id: u64) -> u32 {
    let mut mixed = id.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    ((mixed >> 33) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{NewIntent, Recipients};
    use hongyan_wire::{
        AppId, CallId, ConversationKey, GroupId, MessageId, UserId, call::CallMode, message::PushConfig,
    };
    use std::collections::HashSet;

    fn intent(subject: Subject) -> Intent {
        let push = PushConfig {
            title: "Ann".into(),
            content: "hello".into(),
            payload: "p".into(),
            enable_badge: true,
            badge_increment: 200,
            ..PushConfig::default()
        };
        let spec = NewIntent {
            sender: UserId::new("ann").unwrap(),
            recipients: Recipients::Others,
            push,
            mentioned: vec![],
            mention_all: false,
            notify_mentioned: false,
            call: None,
            kind: IntentKind::Delivery,
            expires_at: 9_000,
        };
        Intent { id: 7, app: AppId(1), subject, spec, created_at: 1_000, due_at: 1_000 }
    }

    fn message(id: u64) -> Intent {
        intent(Subject::Message {
            message: MessageId(id),
            conversation: 3,
            key: ConversationKey::Group(GroupId::new("geese").unwrap()),
            seq: 5,
        })
    }

    #[test]
    fn ids_come_from_the_message_alone() {
        let first = notice(&message(42), StrategyOptions::default());
        let mut later = message(42);
        (later.id, later.created_at, later.due_at, later.spec.expires_at) = (8, 5_000, 6_000, 10_000);
        later.spec.push.title = "another".into();
        let second = notice(&later, StrategyOptions::default());
        assert_eq!(first.notify_id, second.notify_id);
        assert_eq!(first.app_message_id, second.app_message_id);
        assert_eq!(first.app_message_id, "m42");
    }

    #[test]
    fn the_numbers_never_change() {
        let known = [(1, 1_216_681_718), (42, 1_592_498_451), (8_393_830_400_000_000, 968_665_249)];
        for (id, expected) in known {
            assert_eq!(notify_id(id), expected, "{id}");
        }
    }

    #[test]
    fn neighbouring_ids_get_numbers_far_apart() {
        let ids = (0..10_000u64).map(|n| notify_id((500_000_000_000 + n) << 22));
        assert_eq!(ids.collect::<HashSet<_>>().len(), 10_000);
    }

    #[test]
    fn a_message_leads_to_its_conversation() {
        let notice = notice(&message(42), StrategyOptions::default());
        assert_eq!(notice.check(), Ok(()));
        assert_eq!((notice.title.as_str(), notice.body.as_str()), ("Ann", "hello"));
        assert_eq!((notice.payload.as_deref(), notice.badge), (Some("p"), Some(Badge::Add(99))));
        assert_eq!((notice.expires_at_ms, notice.category_hint), (9_000, Category::Message));
        let Route::Conversation { conversation_id, conversation_type, sender_id, message_id } = notice.route
        else {
            panic!("a message's notice leads to its conversation");
        };
        assert_eq!(
            (conversation_id.as_str(), conversation_type, sender_id.as_str(), message_id.as_str()),
            ("geese", 2, "ann", "42")
        );
    }

    #[test]
    fn a_call_is_an_alert_of_its_own_category_unless_a_strategy_says_more() {
        let mut call = intent(Subject::Call { call: CallId(42), mode: CallMode::Advanced });
        call.id = 42;
        let notice = notice(&call, StrategyOptions::default());
        assert_eq!((notice.kind, notice.category_hint), (NoticeKind::Alert, Category::CallInvite));
        assert_eq!(notice.app_message_id, "c42");
        let expected = Route::Call { call_id: "42".into(), inviter_id: "ann".into(), mode: 1 };
        assert_eq!(notice.route, expected);
        call.id = 43;
        let later = super::notice(&call, StrategyOptions::default());
        assert_eq!((later.notify_id, later.app_message_id.as_str()), (notice.notify_id, "c42-43"));
    }

    #[test]
    fn a_badge_needs_both_the_switch_and_a_step() {
        assert_eq!(badge(true, 1), Some(Badge::Add(1)));
        assert_eq!((badge(false, 1), badge(true, 0)), (None, None));
    }

    #[test]
    fn the_intent_is_found_by_the_name_of_its_notice() {
        let call = Subject::Call { call: CallId(5), mode: CallMode::General };
        for intent in [message(7), Intent { id: 5, ..intent(call.clone()) }, Intent { id: 9, ..intent(call) }]
        {
            assert_eq!(
                intent_of(&notice(&intent, StrategyOptions::default()).app_message_id),
                Some(intent.id)
            );
        }
        for strange in
            ["", "m", "c", "b", "7", "m-7", "m7-", "b7-1", "c5-", "c-5", "m+7", "x7", "m99999999999999999999"]
        {
            assert_eq!(intent_of(strange), None, "{strange}");
        }
    }
}
