//! The envelope: JSON-RPC 2.0, one object a text frame. Requests go from the client, notifications both ways.

use crate::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a client sent: a request (with `id`) or a notification (without). `params` is read by its method.
#[derive(Debug, Deserialize)]
pub struct Incoming<'a> {
    /// Must be "2.0".
    #[serde(borrow)]
    pub jsonrpc: Cow<'a, str>,
    /// Chosen by the client, 0..=2^53-1; the answer repeats it. Absent in a notification.
    #[serde(default)]
    pub id: Option<u64>,
    /// `topic.action`.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// An object; absent means `{}`.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
}

impl<'a> Incoming<'a> {
    /// Reads the envelope of one text frame.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        let frame: Self = serde_json::from_str(text).map_err(|error| {
            Refusal::parameter(format!("the frame is not a JSON-RPC 2.0 object: {}", describe(&error)))
        })?;
        if frame.jsonrpc != "2.0" {
            return Err(Refusal::parameter("jsonrpc must be \"2.0\""));
        }
        Ok(frame)
    }

    /// Reads `params` into the type of its method. Unknown fields are refused by the types themselves.
    pub fn params<T: Deserialize<'a>>(&self) -> Result<T, Refusal> {
        let text = self.params.map_or("{}", RawValue::get);
        serde_json::from_str(text)
            .map_err(|error| Refusal::parameter(format!("params of {}: {}", self.method, describe(&error))))
    }
}

/// The words of a JSON error without its position, which means nothing to the reader of one frame.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A request or notification about to be written, by client or server.
#[derive(Debug, Serialize)]
pub struct Outgoing<'a, P: Serialize> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    method: &'a str,
    params: &'a P,
}

/// The text of a request that expects an answer.
pub fn request<P: Serialize>(id: u64, method: &str, params: &P) -> String {
    to_text(&Outgoing { jsonrpc: "2.0", id: Some(id), method, params })
}

/// The text of a notification.
pub fn notification<P: Serialize>(method: &str, params: &P) -> String {
    to_text(&Outgoing { jsonrpc: "2.0", id: None, method, params })
}

/// The text of a successful answer.
pub fn answer<R: Serialize>(id: u64, result: &R) -> String {
    #[derive(Serialize)]
    struct Answer<'a, R> {
        jsonrpc: &'static str,
        id: u64,
        result: &'a R,
    }
    to_text(&Answer { jsonrpc: "2.0", id, result })
}

/// The text of a refusal. `id` is absent when the request could not even be read.
pub fn refusal(id: Option<u64>, error: &Refusal) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        jsonrpc: &'static str,
        id: Option<u64>,
        error: &'a Refusal,
    }
    to_text(&Answer { jsonrpc: "2.0", id, error })
}

fn to_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("wire types hold only strings, numbers and string-keyed maps")
}

/// What a server sent, as a client reads it.
#[derive(Debug, Deserialize)]
pub struct FromServer<'a> {
    /// The request this answers; absent or null in a notification.
    #[serde(default)]
    pub id: Option<u64>,
    /// Name of a notification.
    #[serde(borrow, default)]
    pub method: Option<Cow<'a, str>>,
    /// Parameters of a notification.
    #[serde(borrow, default)]
    pub params: Option<&'a RawValue>,
    /// Result of a request.
    #[serde(borrow, default)]
    pub result: Option<&'a RawValue>,
    /// Refusal of a request.
    #[serde(default)]
    pub error: Option<Refusal>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn a_frame_that_is_no_envelope_is_refused_with_a_sentence() {
        for text in ["", "[]", "7", "{}", "{\"jsonrpc\":\"1.0\",\"method\":\"x\"}", "{\"jsonrpc\":\"2.0\"}"] {
            let refusal = Incoming::parse(text).unwrap_err();
            assert_eq!(refusal.code, Code::BAD_PARAMETER, "{text}");
            assert!(!refusal.message.is_empty());
        }
    }

    #[test]
    fn a_notification_has_no_id() {
        assert_eq!(
            notification("app.state", &serde_json::json!({"state": "background"})),
            r#"{"jsonrpc":"2.0","method":"app.state","params":{"state":"background"}}"#
        );
    }
}
