//! The opening handshake: which requests become WebSockets, and the answer to each.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The one subprotocol spoken here.
pub const SUBPROTOCOL: &str = "hongyan.v1";
/// From RFC 6455, section 1.3.
const ACCEPT_GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A handshake that is accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Handshake {
    accept: String,
    subprotocol: bool,
}

/// Why a request does not become a WebSocket: HTTP status and a sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    status: (u16, &'static str),
    sentence: &'static str,
}

impl Handshake {
    /// The answer that opens the WebSocket.
    pub fn answer(&self) -> String {
        let subprotocol = match self.subprotocol {
            true => format!("Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n"),
            false => String::new(),
        };
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n{subprotocol}\r\n",
            self.accept
        )
    }
}

impl Refused {
    /// The answer that refuses it.
    pub fn answer(&self) -> String {
        let (number, name) = self.status;
        let body = format!("{{\"error\":\"{}\"}}", self.sentence);
        let version = if number == 426 { "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" } else { "" };
        format!(
            "HTTP/1.1 {number} {name}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n{version}\r\n{body}",
            body.len()
        )
    }
}

/// Decides about a request for the WebSocket's path. `origins` empty allows every page.
pub fn check(request: &httparse::Request<'_, '_>, origins: &[String]) -> Result<Handshake, Refused> {
    let refuse = |number, name, sentence| Err(Refused { status: (number, name), sentence });
    if request.method != Some("GET") || request.version != Some(1) {
        return refuse(405, "Method Not Allowed", "a WebSocket is opened by GET with HTTP/1.1");
    }
    if !has_token(request, "connection", "upgrade") || !has_token(request, "upgrade", "websocket") {
        let sentence = "open this address as a WebSocket with subprotocol hongyan.v1";
        return refuse(426, "Upgrade Required", sentence);
    }
    if one(request, "sec-websocket-version") != Some("13") {
        return refuse(426, "Upgrade Required", "Sec-WebSocket-Version must be 13");
    }
    let Some(key) = one(request, "sec-websocket-key").filter(|key| is_key(key)) else {
        return refuse(400, "Bad Request", "Sec-WebSocket-Key must be one Base64 text of 16 bytes");
    };
    let offered = values(request, "sec-websocket-protocol").next().is_some();
    if offered && !has_token(request, "sec-websocket-protocol", SUBPROTOCOL) {
        return refuse(400, "Bad Request", "the only subprotocol here is hongyan.v1");
    }
    let origin = one(request, "origin");
    if !origins.is_empty() && origin.is_some_and(|origin| !origins.iter().any(|allowed| allowed == origin)) {
        return refuse(403, "Forbidden", "this origin may not connect; see limits.origins");
    }
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{ACCEPT_GUID}").as_bytes());
    Ok(Handshake { accept: STANDARD.encode(hash), subprotocol: offered })
}

fn values<'a>(request: &'a httparse::Request<'_, '_>, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.filter_map(|header| std::str::from_utf8(header.value).ok()).map(str::trim)
}

/// The value of a header that must be there once.
fn one<'a>(request: &'a httparse::Request<'_, '_>, name: &'a str) -> Option<&'a str> {
    let mut all = values(request, name);
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

fn has_token(request: &httparse::Request<'_, '_>, name: &str, token: &str) -> bool {
    values(request, name)
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

fn is_key(key: &str) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 5] = [
        ("Host", "localhost"),
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn decide(headers: &[(&str, &str)], origins: &[&str]) -> Result<Handshake, u16> {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let text = format!("GET /ws HTTP/1.1\r\n{lines}\r\n");
        let mut parsed = [httparse::EMPTY_HEADER; 16];
        let mut request = httparse::Request::new(&mut parsed);
        request.parse(text.as_bytes()).unwrap();
        let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        check(&request, &origins).map_err(|refused| refused.status.0)
    }

    fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
        let kept = GOOD.into_iter().filter(|(kept, _)| !kept.eq_ignore_ascii_case(name));
        kept.chain([(name, value)]).collect()
    }

    #[test]
    fn the_example_of_the_standard_is_answered_as_there() {
        let handshake = decide(&GOOD, &[]).unwrap();
        assert_eq!(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!handshake.answer().contains("Protocol:"));
        let ours = decide(&with("Sec-WebSocket-Protocol", "other, hongyan.v1"), &[]).unwrap();
        assert!(ours.answer().contains("Sec-WebSocket-Protocol: hongyan.v1\r\n"));
    }

    #[test]
    fn what_is_no_handshake_is_refused_with_its_status() {
        for (name, value, status) in [
            ("Upgrade", "h2c", 426),
            ("Connection", "close", 426),
            ("Sec-WebSocket-Version", "8", 426),
            ("Sec-WebSocket-Key", "short", 400),
            ("Sec-WebSocket-Protocol", "chat", 400),
        ] {
            assert_eq!(decide(&with(name, value), &[]), Err(status), "{name}: {value}");
        }
        let twice: Vec<_> = GOOD.into_iter().chain([GOOD[4]]).collect();
        assert_eq!(decide(&twice, &[]), Err(400));
    }

    #[test]
    fn an_allow_list_keeps_other_pages_out_and_lets_apps_in() {
        let allowed = ["https://chat.example.com"];
        assert!(decide(&with("Origin", allowed[0]), &allowed).is_ok());
        assert_eq!(decide(&with("Origin", "https://evil.example"), &allowed), Err(403));
        assert!(decide(&GOOD, &allowed).is_ok(), "native apps send no Origin");
    }
}
