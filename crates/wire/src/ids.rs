//! Identifiers. Each is a type of its own; a bare string or number never names two kinds of thing.

use crate::{Code, Refusal, limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr, sync::Arc};

/// A tenant: 1..=4294967295.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AppId(pub u32);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "app:{}", self.0)
    }
}

impl FromStr for AppId {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        match text.parse::<u32>() {
            Ok(n) if n > 0 => Ok(AppId(n)),
            _ => Err(Refusal::new(Code::BAD_APP_ID, "an AppID is a whole number from 1 to 4294967295")),
        }
    }
}

/// Makes a string identifier whose only constructor checks its limits.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the limits of this identifier. The refusal names the rule that was broken.
            pub fn new(text: &str) -> Result<Self, Refusal> {
                let check: fn(&str) -> Result<(), Refusal> = $check;
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}:{}", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                Self::new(&text).map_err(|refusal| serde::de::Error::custom(refusal.message))
            }
        }
    };
}

text_id!(
    /// A user inside an app: 1..=32 bytes of digits, Latin letters, blank and ``!#$%&()+-:;<=.>?@[]^_{}|~``.
    UserId,
    |text| check_visible("userID", text, limits::USER_ID_BYTES_MAX)
);
text_id!(
    /// A group inside an app: 1..=32 bytes, same letters as a userID; a client's own may not begin with `#`.
    GroupId,
    |text| check_visible("groupID", text, limits::GROUP_ID_BYTES_MAX)
);
text_id!(
    /// One installation of one app on one phone, browser or desktop: 8..=64 bytes of `A-Z a-z 0-9 - _ .`.
    DeviceId,
    |text| check_token("deviceID", text, 8, limits::DEVICE_ID_BYTES_MAX)
);
text_id!(
    /// Opaque name of (device, vendor token): 8..=64 bytes of `A-Z a-z 0-9 - _ .`.
    PushId,
    |text| check_token("pushID", text, 8, 64)
);

fn check_visible(what: &str, text: &str, bytes_max: usize) -> Result<(), Refusal> {
    const EXTRA: &str = "!#$%&()+-:;<=.>?@[]^_{}|~ ";
    if text.is_empty() || text.len() > bytes_max {
        return Err(Refusal::new(Code::BAD_PARAMETER, format!("{what} must have 1 to {bytes_max} bytes")));
    }
    match text.chars().find(|c| !c.is_ascii_alphanumeric() && !EXTRA.contains(*c)) {
        None => Ok(()),
        Some(_) => Err(Refusal::new(
            Code::BAD_PARAMETER,
            format!("{what} may hold only digits, Latin letters, blanks and {}", EXTRA.trim_end()),
        )),
    }
}

fn check_token(what: &str, text: &str, bytes_min: usize, bytes_max: usize) -> Result<(), Refusal> {
    let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !letters || text.len() < bytes_min || text.len() > bytes_max {
        return Err(Refusal::new(
            Code::BAD_PARAMETER,
            format!("{what} must have {bytes_min} to {bytes_max} bytes of letters, digits, '-', '_' and '.'"),
        ));
    }
    Ok(())
}

/// Makes a 63-bit, time-ordered identifier that travels as a decimal string (JavaScript holds only 53 bits).
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Refusal;
            fn from_str(text: &str) -> Result<Self, Refusal> {
                match text.parse::<u64>() {
                    Ok(n) if n > 0 && n <= i64::MAX as u64 && !text.starts_with('+') => Ok($name(n)),
                    _ => Err(Refusal::new(
                        Code::BAD_PARAMETER,
                        concat!($what, " must be a decimal number as the server gave it"),
                    )),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(|refusal: Refusal| serde::de::Error::custom(refusal.message))
            }
        }
    };
}

number_id!(
    /// A message, unique in the whole server and rising with time; also its row in the store.
    MessageId,
    "messageID"
);
number_id!(
    /// A call invitation, unique in the whole server and rising with time.
    CallId,
    "callID"
);

/// Place of a message in its conversation: 1, 2, 3, … without gaps. 0 means "before the first".
pub type Seq = u64;

/// Kind of a conversation, as the number ZIM gives it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ConversationType {
    /// Two users: 0.
    Peer = 0,
    /// A group: 2.
    Group = 2,
}

impl ConversationType {
    /// The number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl TryFrom<u64> for ConversationType {
    type Error = Refusal;
    fn try_from(number: u64) -> Result<Self, Refusal> {
        match number {
            0 => Ok(Self::Peer),
            2 => Ok(Self::Group),
            _ => Err(Refusal::new(Code::BAD_PARAMETER, "conversationType must be 0 (peer) or 2 (group)")),
        }
    }
}

impl Serialize for ConversationType {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for ConversationType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(from)?;
        Self::try_from(number).map_err(|refusal| serde::de::Error::custom(refusal.message))
    }
}

/// A conversation as one of its members names it: the other user, or the group.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ConversationKey {
    /// With this user.
    Peer(UserId),
    /// In this group.
    Group(GroupId),
}

impl ConversationKey {
    /// Reads the pair (`conversationID`, `conversationType`) of a frame.
    pub fn new(id: &str, kind: ConversationType) -> Result<Self, Refusal> {
        Ok(match kind {
            ConversationType::Peer => Self::Peer(UserId::new(id)?),
            ConversationType::Group => Self::Group(GroupId::new(id)?),
        })
    }

    /// The `conversationID` of a frame.
    pub fn id(&self) -> &str {
        match self {
            Self::Peer(user) => user.as_str(),
            Self::Group(group) => group.as_str(),
        }
    }

    /// The `conversationType` of a frame.
    pub fn kind(&self) -> ConversationType {
        match self {
            Self::Peer(_) => ConversationType::Peer,
            Self::Group(_) => ConversationType::Group,
        }
    }

    /// The key under which the others find the conversation that `user` calls by this one.
    pub fn as_seen_by_others(&self, user: &UserId) -> Self {
        match self {
            Self::Peer(_) => Self::Peer(user.clone()),
            Self::Group(group) => Self::Group(group.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_id_has_the_documented_letters_and_length() {
        for good in ["a", "user_1", "A-Z!#$%&()+-:;<=.>?@[]^_{}|~", "with blank", &"x".repeat(32)] {
            assert!(UserId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "用户", "a/b", "tab\t", "quote\"", &"x".repeat(33)] {
            assert_eq!(UserId::new(bad).unwrap_err().code, Code::BAD_PARAMETER, "{bad}");
        }
    }

    #[test]
    fn a_message_id_travels_as_a_string() {
        let id = MessageId(9_007_199_254_740_993);
        let text = serde_json::to_string(&id).unwrap();
        assert_eq!(text, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<MessageId>(&text).unwrap(), id);
        for bad in ["\"0\"", "\"-1\"", "\"+1\"", "\"9223372036854775808\"", "\"\"", "7"] {
            assert!(serde_json::from_str::<MessageId>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_peer_and_group_are_conversations() {
        assert!(serde_json::from_str::<ConversationType>("1").is_err());
        assert_eq!(serde_json::from_str::<ConversationType>("2").unwrap(), ConversationType::Group);
    }
}
