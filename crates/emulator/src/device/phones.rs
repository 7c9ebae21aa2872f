//! All phones, and the index of every token ever given out: whose it is, and whether it still counts.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::phone::PhoneState;
use super::requests::PhoneError;
use crate::limits::{GONE_TOKENS_MAX, PHONES_MAX};
use crate::push_kit::answer::Reason;

/// Characters of a token.
const TOKEN_LEN: usize = 112;
const TOKEN_START: &str = "MA";
const DEVICE_ID_BYTES_MAX: usize = 128;

/// Every phone by its device ID.
pub(crate) struct Phones {
    by_id: HashMap<Arc<str>, PhoneState>,
    tokens: HashMap<Arc<str>, TokenRecord>,
    /// Tokens no longer valid, oldest first.
    gone: VecDeque<Arc<str>>,
    key: hmac::Key,
}

/// Whose a token is.
#[derive(Clone, Debug)]
pub(crate) struct TokenRecord {
    pub(crate) device: Arc<str>,
    pub(crate) bundle: Arc<str>,
    pub(crate) project: Arc<str>,
    pub(crate) fate: Fate,
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Alive,
    /// Uninstalled or replaced. The cloud does not know yet: it accepts, and a receipt (2 or 5) tells.
    Gone,
    /// Killed by control: refused with this reason.
    Killed(Reason),
}

/// Whether a text could be a token at all.
pub(crate) fn token_shaped(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == TOKEN_LEN && text.starts_with(TOKEN_START) && text.bytes().all(allowed)
}

impl Phones {
    pub(crate) fn new(seed: u64) -> Phones {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &seed.to_be_bytes());
        Phones { by_id: HashMap::new(), tokens: HashMap::new(), gone: VecDeque::new(), key }
    }

    pub(crate) fn get(&self, device: &str) -> Option<&PhoneState> {
        self.by_id.get(device)
    }

    pub(crate) fn get_mut(&mut self, device: &str) -> Option<&mut PhoneState> {
        self.by_id.get_mut(device)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &PhoneState> {
        self.by_id.values()
    }

    /// The phone, made when it is new.
    pub(crate) fn open(&mut self, device: &str) -> Result<&mut PhoneState, PhoneError> {
        if !self.by_id.contains_key(device) {
            if device.is_empty() || device.len() > DEVICE_ID_BYTES_MAX || device.chars().any(char::is_control)
            {
                let text =
                    format!("deviceId must have 1 to {DEVICE_ID_BYTES_MAX} bytes and no control characters");
                return Err(PhoneError::new(text));
            }
            if self.by_id.len() >= PHONES_MAX {
                return Err(PhoneError::new(format!("there are {PHONES_MAX} phones already")));
            }
            let id: Arc<str> = Arc::from(device);
            self.by_id.insert(id.clone(), PhoneState::new(id));
        }
        self.by_id.get_mut(device).ok_or_else(|| PhoneError::new("no such phone"))
    }

    /// The record of a token, with the shared text of the token itself.
    pub(crate) fn token(&self, text: &str) -> Option<(&Arc<str>, &TokenRecord)> {
        self.tokens.get_key_value(text)
    }

    /// Makes the `number`th token of a phone; the same seed, names and number give the same text.
    pub(crate) fn issue(&mut self, record: TokenRecord, number: u32) -> Arc<str> {
        let name = format!("{}\n{}\n{}\n{number}", record.device, record.project, record.bundle);
        let mut bytes = Vec::with_capacity(96);
        for block in 0..3_u8 {
            let mut context = hmac::Context::with_key(&self.key);
            context.update(&[block]);
            context.update(name.as_bytes());
            bytes.extend_from_slice(context.sign().as_ref());
        }
        let mut token = TOKEN_START.to_owned();
        token.push_str(&URL_SAFE_NO_PAD.encode(bytes));
        token.truncate(TOKEN_LEN);
        let token: Arc<str> = Arc::from(token);
        self.tokens.insert(token.clone(), record);
        token
    }

    /// The token is valid no more; the cloud learns it only through receipts.
    pub(crate) fn retire(&mut self, token: &Arc<str>) {
        let Some(record) = self.tokens.get_mut(token) else { return };
        if record.fate == Fate::Alive {
            record.fate = Fate::Gone;
        }
        self.gone.push_back(token.clone());
        if self.gone.len() > GONE_TOKENS_MAX
            && let Some(oldest) = self.gone.pop_front()
        {
            self.tokens.remove(&oldest);
        }
    }

    /// Makes the cloud refuse this token from now on. False when it was never given out.
    pub(crate) fn kill(&mut self, token: &str, reason: Reason) -> bool {
        match self.tokens.get_mut(token) {
            Some(record) => {
                record.fate = Fate::Killed(reason);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(device: &str) -> TokenRecord {
        let (bundle, project) = (Arc::from("com.example.chat"), Arc::from("p1"));
        TokenRecord { device: Arc::from(device), bundle, project, fate: Fate::Alive }
    }

    #[test]
    fn tokens_are_shaped_as_documented_and_stable() {
        let mut phones = Phones::new(7);
        let first = phones.issue(record("d1"), 0);
        assert!(token_shaped(&first), "{first}");
        assert_eq!(phones.issue(record("d1"), 0), first);
        assert_ne!(phones.issue(record("d1"), 1), first);
        assert_ne!(phones.issue(record("d2"), 0), first);
        assert_ne!(Phones::new(8).issue(record("d1"), 0), first);
    }

    #[test]
    fn what_is_no_token_is_seen() {
        let good = format!("MA{}", "a".repeat(110));
        assert!(token_shaped(&good));
        for bad in [
            "",
            "MA",
            &good[1..],
            &format!("{good}a"),
            &good.replace("MA", "MB"),
            &good.replace("aaa", "a%a"),
        ] {
            assert!(!token_shaped(bad), "{bad}");
        }
    }
}
