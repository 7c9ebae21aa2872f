//! Who a client is: AppSign for native apps, token04 for all others.
//!
//! token04 is `"04"` + Base64 of big-endian (expire int64, IV length uint16, IV, cipher length uint16, cipher):
//! AES-256-CBC with PKCS#7 padding, keyed by the 32 characters of the ServerSecret. CBC proves nothing about
//! integrity, so the reader is strict and compares what stands outside the cipher with what stands inside.
//! Source: the vendor's public token generators, facts sheet section G.

use crate::store::{App, AppKey};
use aws_lc_rs::{
    cipher::{
        AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    constant_time::verify_slices_are_equal,
    iv::FixedLength,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hongyan_wire::{AppId, Code, Refusal, UserId, limits};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Most bytes of a token's Base64 text that are looked at.
const TOKEN_BYTES_MAX: usize = 4_096;
const IV_BYTES: usize = 16;

/// Why a token was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TokenFault {
    /// Does not begin with 04.
    #[error("the token must begin with 04")]
    Version,
    /// Not the documented layout, or the wrong secret.
    #[error("the token is damaged or was made with another ServerSecret")]
    Unreadable,
    /// For another app or user.
    #[error("the token was made for another app or user")]
    Mismatch,
    /// Lives longer than 24 days.
    #[error("the token lives longer than 24 days")]
    TooLong,
    /// Over.
    #[error("the token has expired")]
    Expired,
    /// Less than 30 s left.
    #[error("the token has less than 30 seconds left")]
    Short,
}

impl TokenFault {
    /// The documented error number.
    pub fn code(self) -> Code {
        match self {
            Self::Version => Code::TOKEN_VERSION,
            Self::Unreadable | Self::Mismatch | Self::TooLong => Code::TOKEN_INVALID,
            Self::Expired => Code::TOKEN_EXPIRED,
            Self::Short => Code::TOKEN_SHORT,
        }
    }
}

impl From<TokenFault> for Refusal {
    fn from(fault: TokenFault) -> Self {
        Refusal::new(fault.code(), fault.to_string())
    }
}

/// What is inside the cipher.
#[derive(Serialize, Deserialize)]
struct Claims {
    app_id: u32,
    user_id: String,
    nonce: i32,
    ctime: i64,
    expire: i64,
    #[serde(default)]
    payload: String,
}

/// Verifies a token04 for this app and user; gives its end as Unix time in s.
pub fn read_token04(
    token: &str,
    app: AppId,
    user: &UserId,
    secret: &str,
    now_s: u64,
) -> Result<u64, TokenFault> {
    let text = token.strip_prefix("04").ok_or(TokenFault::Version)?;
    if text.len() > TOKEN_BYTES_MAX {
        return Err(TokenFault::Unreadable);
    }
    let bytes = STANDARD.decode(text).map_err(|_| TokenFault::Unreadable)?;
    let (expire, iv, cipher) = split(&bytes).ok_or(TokenFault::Unreadable)?;
    check_time(expire, now_s)?;
    let plain = decrypt(secret, iv, cipher).ok_or(TokenFault::Unreadable)?;
    let claims: Claims = serde_json::from_slice(&plain).map_err(|_| TokenFault::Unreadable)?;
    if claims.expire != expire {
        return Err(TokenFault::Unreadable);
    }
    if claims.app_id != app.0 || claims.user_id != user.as_str() {
        return Err(TokenFault::Mismatch);
    }
    match claims.expire.checked_sub(claims.ctime) {
        Some(life) if life > 0 && life as u64 <= limits::TOKEN_LIFE_S_MAX => Ok(expire as u64),
        _ => Err(TokenFault::TooLong),
    }
}

/// The same with the app's ServerSecret, or the one before it while that is taken.
pub fn read_app_token(token: &str, app: &App, user: &UserId, now_ms: u64) -> Result<u64, TokenFault> {
    let mut read = Err(TokenFault::Unreadable);
    for secret in app.taken(AppKey::ServerSecret, now_ms) {
        read = read_token04(token, app.id, user, secret.expose(), now_ms / 1_000);
        // Only what could not be read may be another secret's.
        if read != Err(TokenFault::Unreadable) {
            break;
        }
    }
    read
}

/// What a token04 says, whoever it is for and however long it lives; for people who look into one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenText {
    /// AppID.
    pub app_id: u32,
    /// userID.
    pub user_id: String,
    /// Unix time in s.
    pub created_at: i64,
    /// Unix time in s.
    pub expires_at: i64,
    /// The payload.
    pub payload: String,
}

/// Opens a token04 without judging it.
pub fn open_token04(token: &str, secret: &str) -> Result<TokenText, TokenFault> {
    let text = token.strip_prefix("04").ok_or(TokenFault::Version)?;
    if text.len() > TOKEN_BYTES_MAX {
        return Err(TokenFault::Unreadable);
    }
    let bytes = STANDARD.decode(text).map_err(|_| TokenFault::Unreadable)?;
    let (_, iv, cipher) = split(&bytes).ok_or(TokenFault::Unreadable)?;
    let plain = decrypt(secret, iv, cipher).ok_or(TokenFault::Unreadable)?;
    let claims: Claims = serde_json::from_slice(&plain).map_err(|_| TokenFault::Unreadable)?;
    Ok(TokenText {
        app_id: claims.app_id,
        user_id: claims.user_id,
        created_at: claims.ctime,
        expires_at: claims.expire,
        payload: claims.payload,
    })
}

fn check_time(expire: i64, now_s: u64) -> Result<(), TokenFault> {
    let left = expire.saturating_sub_unsigned(now_s);
    match left {
        left if left <= 0 => Err(TokenFault::Expired),
        left if (left as u64) < limits::TOKEN_WARNING_S => Err(TokenFault::Short),
        _ => Ok(()),
    }
}

/// Expiry, IV and cipher text; `None` unless the lengths fit exactly.
fn split(bytes: &[u8]) -> Option<(i64, [u8; IV_BYTES], &[u8])> {
    let (expire, rest) = bytes.split_first_chunk::<8>()?;
    let (iv_len, rest) = rest.split_first_chunk::<2>()?;
    if u16::from_be_bytes(*iv_len) as usize != IV_BYTES {
        return None;
    }
    let (iv, rest) = rest.split_first_chunk::<IV_BYTES>()?;
    let (cipher_len, cipher) = rest.split_first_chunk::<2>()?;
    let whole = cipher.len() == u16::from_be_bytes(*cipher_len) as usize;
    let blocks = !cipher.is_empty() && cipher.len().is_multiple_of(16);
    (whole && blocks).then_some((i64::from_be_bytes(*expire), *iv, cipher))
}

fn decrypt(secret: &str, iv: [u8; IV_BYTES], cipher: &[u8]) -> Option<Vec<u8>> {
    let key = UnboundCipherKey::new(&AES_256, secret.as_bytes()).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let mut buffer = cipher.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    key.decrypt(&mut buffer, context).ok().map(|plain| plain.to_vec())
}

/// Makes a token04 as the vendor's generators do. `life_s` is 1..=24 days; `secret` has 32 characters.
pub fn make_token04(
    app: AppId,
    user: &UserId,
    secret: &str,
    life_s: u64,
    payload: &str,
    now_s: u64,
) -> Result<String, Refusal> {
    if life_s == 0 || life_s > limits::TOKEN_LIFE_S_MAX {
        return Err(Refusal::parameter("a token lives 1 second to 24 days (2073600 seconds)"));
    }
    let mut random = rand::rng();
    let expire = (now_s + life_s) as i64;
    let claims = Claims {
        app_id: app.0,
        user_id: user.as_str().to_owned(),
        nonce: random.random(),
        ctime: now_s as i64,
        expire,
        payload: payload.to_owned(),
    };
    let iv: [u8; IV_BYTES] =
        std::array::from_fn(|_| b"0123456789abcdefghijklmnopqrstuvwxyz"[random.random_range(0..36)]);
    let cipher =
        encrypt(secret, iv, &serde_json::to_vec(&claims).expect("claims are plain strings and numbers"))
            .ok_or_else(|| Refusal::parameter("a ServerSecret has 32 characters"))?;
    let mut bytes = Vec::with_capacity(cipher.len() + 28);
    bytes.extend(expire.to_be_bytes());
    bytes.extend((IV_BYTES as u16).to_be_bytes());
    bytes.extend(iv);
    let cipher_len = u16::try_from(cipher.len()).map_err(|_| Refusal::parameter("payload is too long"))?;
    bytes.extend(cipher_len.to_be_bytes());
    bytes.extend(cipher);
    Ok(format!("04{}", STANDARD.encode(bytes)))
}

fn encrypt(secret: &str, iv: [u8; IV_BYTES], plain: &[u8]) -> Option<Vec<u8>> {
    let key = UnboundCipherKey::new(&AES_256, secret.as_bytes()).ok()?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).ok()?;
    let mut buffer = plain.to_vec();
    key.less_safe_encrypt(&mut buffer, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    Some(buffer)
}

/// Whether this is the app's AppSign, or the one before it while that is taken.
pub fn shows_app_sign(given: &str, app: &App, now_ms: u64) -> bool {
    app.taken(AppKey::AppSign, now_ms).any(|sign| app_sign_matches(given, sign.expose()))
}

/// Whether an AppSign is the app's, without telling by timing how much of it was right.
pub fn app_sign_matches(given: &str, held: &str) -> bool {
    verify_slices_are_equal(given.as_bytes(), held.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const NOW: u64 = 1_800_000_000;

    fn ann() -> UserId {
        UserId::new("ann").unwrap()
    }

    fn token(life: u64) -> String {
        make_token04(AppId(7), &ann(), SECRET, life, "", NOW).unwrap()
    }

    fn read(token: &str, now: u64) -> Result<u64, TokenFault> {
        read_token04(token, AppId(7), &ann(), SECRET, now)
    }

    #[test]
    fn a_token_is_good_until_thirty_seconds_before_its_end() {
        let token = token(100);
        assert_eq!(read(&token, NOW), Ok(NOW + 100));
        assert_eq!(read(&token, NOW + 70), Ok(NOW + 100));
        assert_eq!(read(&token, NOW + 71), Err(TokenFault::Short));
        assert_eq!(read(&token, NOW + 100), Err(TokenFault::Expired));
    }

    #[test]
    fn a_token_is_for_one_app_one_user_and_one_secret() {
        let token = token(100);
        let bob = UserId::new("bob").unwrap();
        assert_eq!(read_token04(&token, AppId(8), &ann(), SECRET, NOW), Err(TokenFault::Mismatch));
        assert_eq!(read_token04(&token, AppId(7), &bob, SECRET, NOW), Err(TokenFault::Mismatch));
        let other = "f123456789abcdef0123456789abcdef";
        assert_eq!(read_token04(&token, AppId(7), &ann(), other, NOW), Err(TokenFault::Unreadable));
        assert_eq!(read(&token[2..], NOW), Err(TokenFault::Version));
    }

    #[test]
    fn a_moved_outer_expiry_is_noticed() {
        let token = token(100);
        let mut bytes = STANDARD.decode(&token[2..]).unwrap();
        bytes[7] ^= 0x40;
        assert_eq!(read(&format!("04{}", STANDARD.encode(bytes)), NOW), Err(TokenFault::Unreadable));
    }

    #[test]
    fn a_life_has_bounds() {
        assert!(make_token04(AppId(7), &ann(), SECRET, 0, "", NOW).is_err());
        assert!(make_token04(AppId(7), &ann(), SECRET, limits::TOKEN_LIFE_S_MAX + 1, "", NOW).is_err());
        assert!(make_token04(AppId(7), &ann(), "short", 10, "", NOW).is_err());
    }

    proptest! {
        #[test]
        fn any_damage_is_a_fault_and_never_a_panic(at in 0usize..150, bit in 0u8..8) {
            let good = token(1_000);
            let mut bytes = STANDARD.decode(&good[2..]).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let outcome = read(&format!("04{}", STANDARD.encode(bytes)), NOW);
            // The nonce is the one part whose change a reader without a MAC cannot see.
            prop_assert!(outcome.is_err() || outcome == Ok(NOW + 1_000));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,200}") {
            let _ = read(&text, NOW);
            let _ = read(&format!("04{text}"), NOW);
        }
    }
}
