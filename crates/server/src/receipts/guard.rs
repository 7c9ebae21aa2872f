//! Whom to believe: the vendor's signature over the callback's time, and how old that may be. Pure.

use super::ReceiptPolicy;
use crate::store::StoredCallback;
use hongyan_vendors::harmony::receipt::{CallbackError, verify_callback};

/// Why a caller is not believed. The sentences are for whoever sets it up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Distrust {
    /// Nothing to check it with.
    #[error(
        "this credential has no callback user and secret, so its receipts cannot be checked; \
         set them with: hongyan push credential set … --callback-user … --callback-secret …"
    )]
    Unsigned,
    /// The header is missing, malformed, or not signed with the secret.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// Signed too long ago, or in the future.
    #[error("the timestamp in X-HUAWEI-CALLBACK-ID is too far from this server's time")]
    Skew,
}

/// Judges the header of a callback.
pub(super) fn check(
    policy: &ReceiptPolicy,
    callback: Option<&StoredCallback>,
    header: Option<&str>,
    now_ms: u64,
) -> Result<(), Distrust> {
    let Some(StoredCallback { user, secret }) = callback else {
        return if policy.unsigned { Ok(()) } else { Err(Distrust::Unsigned) };
    };
    let signed_at_ms = verify_callback(header, user, secret)?.signed_at_ms;
    match u128::from(now_ms.abs_diff(signed_at_ms)) <= policy.skew_max.as_millis() {
        true => Ok(()),
        false => Err(Distrust::Skew),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use hongyan_vendors::Secret;
    use std::time::Duration;

    const AT: u64 = 1_800_000_000_000;

    fn header(at: u64) -> String {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"secret!");
        let value = STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("{at}n1ann").as_bytes()));
        format!("timestamp={at}; nonce=n1; value={value}")
    }

    #[test]
    fn the_time_of_the_signature_is_bounded_both_ways() {
        let policy = ReceiptPolicy { unsigned: true, skew_max: Duration::from_secs(600) };
        let callback = StoredCallback { user: "ann".into(), secret: Secret::new("secret!") };
        let judged = |now| check(&policy, Some(&callback), Some(&header(AT)), now);
        for (now, expected) in [
            (AT, Ok(())),
            (AT + 600_000, Ok(())),
            (AT - 600_000, Ok(())),
            (AT + 600_001, Err(Distrust::Skew)),
            (AT - 600_001, Err(Distrust::Skew)),
            (0, Err(Distrust::Skew)),
            (u64::MAX, Err(Distrust::Skew)),
        ] {
            assert_eq!(judged(now), expected, "{now}");
        }
        // Who has a secret must sign, whatever is allowed to those who have none.
        let missing = Err(Distrust::Callback(CallbackError::Missing));
        assert_eq!(check(&policy, Some(&callback), None, AT), missing);
    }

    #[test]
    fn without_a_secret_the_policy_decides() {
        for (unsigned, expected) in [(true, Ok(())), (false, Err(Distrust::Unsigned))] {
            let policy = ReceiptPolicy { unsigned, skew_max: Duration::from_secs(1) };
            assert_eq!(check(&policy, None, Some(&header(AT)), AT), expected);
        }
    }
}
