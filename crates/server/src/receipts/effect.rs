//! What a receipt changes of a PushID. Pure.

use crate::{
    push::{AlarmKind, Reason},
    store::ReceiptEffect,
};
use hongyan_vendors::harmony::receipt::ReceiptVerdict;

/// Push Kit's number for a device without network for 30 days.
const INACTIVE: u32 = 10;

/// What follows from Push Kit's result number.
pub(super) fn of_harmony(result: u32) -> ReceiptEffect {
    match ReceiptVerdict::of(result) {
        ReceiptVerdict::TokenGone => ReceiptEffect::Bury { code: format!("receipt {result}") },
        ReceiptVerdict::Suspended => {
            let reason = if result == INACTIVE { Reason::DeviceInactive } else { Reason::NotificationsOff };
            ReceiptEffect::Suspend { reason: reason.code().into() }
        }
        ReceiptVerdict::AccountUnbound => ReceiptEffect::Unbind,
        ReceiptVerdict::Delivered
        | ReceiptVerdict::Throttled
        | ReceiptVerdict::ContentRefused
        | ReceiptVerdict::Misconfigured
        | ReceiptVerdict::Held
        | ReceiptVerdict::Superseded
        | ReceiptVerdict::Failed
        | ReceiptVerdict::Unknown => ReceiptEffect::None,
    }
}

/// What an operator has to look at.
pub(super) fn alarm_of(verdict: ReceiptVerdict) -> Option<AlarmKind> {
    match verdict {
        ReceiptVerdict::Throttled => Some(AlarmKind::Quota),
        ReceiptVerdict::ContentRefused | ReceiptVerdict::Misconfigured => Some(AlarmKind::Request),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_result_has_its_documented_effect() {
        let bury = |code: &str| ReceiptEffect::Bury { code: code.into() };
        let suspend = |reason: &str| ReceiptEffect::Suspend { reason: reason.into() };
        let table = [
            (2, bury("receipt 2")),
            (5, bury("receipt 5")),
            (6, suspend("notifications_off")),
            (10, suspend("device_inactive")),
            (144, ReceiptEffect::Unbind),
        ];
        for (result, effect) in table.clone() {
            assert_eq!(of_harmony(result), effect, "{result}");
        }
        let acting = table.map(|(result, _)| result);
        for result in (0..300).filter(|result| !acting.contains(result)) {
            assert_eq!(of_harmony(result), ReceiptEffect::None, "{result}");
        }
    }

    #[test]
    fn an_operator_hears_of_limits_content_and_settings() {
        let with = |kind| (0..300).filter(move |result| alarm_of(ReceiptVerdict::of(*result)) == Some(kind));
        assert_eq!(with(AlarmKind::Quota).collect::<Vec<_>>(), [102, 256]);
        let requests = [31, 259, 261, 262, 264, 265, 268, 269];
        assert_eq!(with(AlarmKind::Request).collect::<Vec<_>>(), requests);
    }
}
