//! Numbers that a client sees: error codes (ZIM's, `6000xxx`) and WebSocket close codes.
//!
//! The range of a close code says what a client does next: 4000–4099 reconnect by yourself, 4100–4199 stop
//! and tell the user.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// An error number. The constants are those Hongyan answers; each says what the client can do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Code(pub u32);

/// Declares the codes with name, number and a default sentence, and a table of all of them for the docs.
macro_rules! codes {
    ($($name:ident = $number:literal, $sentence:literal;)*) => {
        impl Code {
            $(#[doc = concat!(stringify!($number), ": ", $sentence)] pub const $name: Code = Code($number);)*

            /// Every code that Hongyan answers: (name, code, sentence).
            pub const ALL: &'static [(&'static str, Code, &'static str)] =
                &[$((stringify!($name), Code::$name, $sentence)),*];
        }
    };
}

codes! {
    BAD_PARAMETER = 6000001, "a parameter is missing, has the wrong type or breaks a limit; the sentence says which";
    BAD_APP_ID = 6000003, "there is no such app here; check the AppID";
    RATE_LIMITED = 6000005, "too many requests; slow down and try again";
    SERVICE = 6000007, "the server could not do this now; try again";
    CUT_OFF = 6000009, "the connection went before the answer came; the same localMessageID may be sent again";
    NO_SUCH_USER = 6000011, "this user has never logged in to the app";
    NOT_ENABLED = 6000014, "instant messaging is switched off for this app";
    LOGIN_FAILED = 6000101, "the login was refused; check AppID and AppSign";
    TOKEN_INVALID = 6000103, "the token is not valid for this app and user; make a new one";
    TOKEN_EXPIRED = 6000106, "the token has expired; make a new one";
    TOKEN_VERSION = 6000107, "the token is not of version 04";
    TOKEN_SHORT = 6000108, "the token has less than 30 seconds left; make a new one";
    ALREADY_LOGGED_IN = 6000111, "this connection already belongs to a user; log out first";
    NOT_LOGGED_IN = 6000121, "log in first";
    MESSAGE_FAILED = 6000203, "the message was not accepted; the sentence says why";
    NO_TARGET = 6000204, "the receiver does not exist";
    MUTED = 6000231, "you may not speak in this conversation now";
    REVOKE_TOO_LATE = 6000278, "the time in which this message could be revoked is over";
    ALREADY_REVOKED = 6000279, "this message was revoked already";
    BLOCKED = 6000284, "the receiver has blocked you";
    CALL_FAILED = 6000270, "only who is in the call may do this; accept or join it first";
    CALL_CANCEL_FAILED = 6000271, "the call was already accepted and cannot be cancelled; end it";
    CALL_LIMIT = 6000272, "too many people for one call";
    CALL_NOT_INVITER = 6000273, "only the one who invited may do this";
    CALL_NOT_INVITEE = 6000274, "you are not invited to this call, or have answered already";
    CALL_EXISTS = 6000275, "a call with this callID exists";
    CALL_GONE = 6000276, "there is no such call, or it is over";
    CALL_NOBODY = 6000281, "none of the invited users is registered";
    CALL_IN_ALREADY = 6000283, "the user is in this call already, on this device";
    CALL_MODE = 6000286, "this action exists only for calls of advanced mode";
    PUSH_ID_INVALID = 6000401, "there is no such PushID on this device; register again";
    PUSH_REGISTER_FAILED = 6000404, "the push token could not be registered; the sentence says why";
    GROUP_CREATE_FAILED = 6000503, "the group was not created; the sentence says why";
    NOT_IN_GROUP = 6000521, "the user is not a member of this group";
    ALREADY_IN_GROUP = 6000522, "the user is a member of this group already";
    NO_SUCH_GROUP = 6000523, "there is no such group";
    GROUP_EXISTS = 6000524, "a group with this groupID exists";
    GROUP_FULL = 6000525, "the group has its full number of members";
    GROUP_ID_USED = 6000527, "this groupID belonged to a dismissed group and cannot be used again";
    GROUP_NO_RIGHT = 6000541, "your role in the group does not allow this";
    NO_CONVERSATION = 6000603, "there is no such conversation";
    BLOCKED_ALREADY = 6000804, "this user is on the block list already";
    BLOCK_SELF = 6000805, "nobody can block oneself";
    NOT_BLOCKED = 6000806, "this user is not on the block list";
    BLOCK_LIST_FULL = 6000808, "the block list has its full number of users";
    BLOCK_TOO_MANY = 6000809, "at most 20 users can be named at once";
    BLOCK_NO_USER = 6000811, "this user has never logged in to the app";
}

impl Code {
    /// The default sentence of a code of this server; empty for a number it never answers.
    pub fn sentence(self) -> &'static str {
        Self::ALL.iter().find(|(_, code, _)| *code == self).map_or("", |(_, _, sentence)| sentence)
    }

    /// Whether the same request may succeed a little later without anything being changed.
    pub fn may_try_again(self) -> bool {
        [Self::RATE_LIMITED, Self::SERVICE, Self::CUT_OFF].contains(&self)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a request is answered when it is refused: a number and a sentence that says what to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The number, as ZIM documents it.
    pub code: Code,
    /// One sentence for a developer; never holds secrets or message bodies.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with its own sentence.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// Shorthand for the most common one: a bad parameter.
    pub fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BAD_PARAMETER, message)
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, code.sentence())
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Refusal {}

/// Why the server closed a WebSocket. 4000–4099: reconnect. 4100–4199: do not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum CloseCode {
    /// The server restarts or drains; come back after a random short wait.
    GoingAway = 4001,
    /// The client did not read fast enough; its mailbox was full. Come back and sync.
    TooSlow = 4002,
    /// Nothing was heard for the heartbeat timeout.
    Silent = 4003,
    /// No login within the deadline.
    LoginDeadline = 4004,
    /// Too many connections wait for their login; come back later.
    Busy = 4005,
    /// The server met a fault of its own on this connection.
    Fault = 4006,
    /// A newer login of the same user took this one's place.
    KickedOut = 4101,
    /// The token expired and was not renewed.
    TokenExpired = 4102,
    /// The client logged out; nothing more to say.
    LoggedOut = 4103,
    /// The client broke the protocol (not text, not WebSocket, unmasked, bad UTF-8).
    Protocol = 4104,
    /// A frame was larger than allowed.
    TooLarge = 4105,
    /// The app was disabled or its keys changed.
    AppClosed = 4106,
}

impl CloseCode {
    /// The number in the close frame.
    pub fn number(self) -> u16 {
        self as u16
    }

    /// Whether a client should come back by itself.
    pub fn reconnect(self) -> bool {
        self.number() < 4100
    }

    /// A short reason for the close frame, ASCII, at most 123 bytes.
    pub fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "server going away, reconnect",
            Self::TooSlow => "reading too slowly, reconnect and sync",
            Self::Silent => "no heartbeat",
            Self::LoginDeadline => "no login in time",
            Self::Busy => "too many connections before login, try later",
            Self::Fault => "server fault, reconnect",
            Self::KickedOut => "kicked out by a newer login",
            Self::TokenExpired => "token expired",
            Self::LoggedOut => "logged out",
            Self::Protocol => "protocol error",
            Self::TooLarge => "frame too large",
            Self::AppClosed => "app disabled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_name_and_a_sentence() {
        for (index, (name, code, sentence)) in Code::ALL.iter().enumerate() {
            assert!(sentence.len() > 10, "{name}");
            assert_eq!(code.sentence(), *sentence);
            assert!(
                Code::ALL[index + 1..].iter().all(|(_, other, _)| other != code),
                "{name} is there twice"
            );
        }
    }

    #[test]
    fn the_range_of_a_close_code_says_whether_to_come_back() {
        assert!(CloseCode::GoingAway.reconnect() && CloseCode::Silent.reconnect());
        assert!(!CloseCode::KickedOut.reconnect() && !CloseCode::TooLarge.reconnect());
    }
}
