//! The strict reading of a send request: envelope, options, counts and size. An unknown field or a wrong
//! type is 80100003 with a tip naming it. Pure: bytes in, a typed message or a refusal out. The payloads:
//! `payload.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::codes::{Code, Refusal};
use super::fields::{Fields, illegal, shown};
use super::message::{Content, Message, PushType};
use super::payload;

/// Bytes of a body, its token list not counted.
pub(crate) const BODY_BYTES_MAX: usize = 4096;
/// Tokens of one request.
pub(crate) const TOKENS_MAX: usize = 1000;
/// Tokens of one test message.
pub(crate) const TEST_TOKENS_MAX: usize = 10;

const TTL_DEFAULT_S: i64 = 86_400;
const TTL_MAX_S: i64 = 1_296_000;
const BI_TAG_BYTES_MAX: usize = 64;
const RECEIPT_ID_BYTES_MAX: usize = 128;

/// What the cloud adds to a request.
pub(crate) struct Stamp {
    pub(crate) request_id: Arc<str>,
    pub(crate) now_ms: u64,
    /// For a notification that brings no notifyId.
    pub(crate) spare_notify_id: u32,
}

/// A request that passed, its tokens still borrowed from the body.
#[derive(Debug)]
pub(crate) struct Checked<'a> {
    pub(crate) message: Message,
    pub(crate) tokens: Vec<Cow<'a, str>>,
}

/// `target` or `revoke` tokens; borrows unless a token holds escapes.
#[derive(Deserialize)]
struct Token<'a>(#[serde(borrow)] Cow<'a, str>);

pub(crate) fn check(push_type: PushType, body: &[u8], stamp: Stamp) -> Result<Checked<'_>, Refusal> {
    let envelope = envelope(body)?;
    let (tokens, token_bytes) = target(envelope.get("target").copied())?;
    let options = options(push_type, envelope.get("pushOptions").copied())?;
    let content = match envelope.get("payload") {
        None => return Err(illegal("payload is missing")),
        Some(raw) => payload::read(push_type, &parse("payload", raw)?, &options, stamp.spare_notify_id)?,
    };
    count(tokens.len(), options.test)?;
    size(body.len().saturating_sub(token_bytes))?;
    Ok(Checked { message: message(push_type, options, content, stamp), tokens })
}

fn message(push_type: PushType, options: Options, content: Content, stamp: Stamp) -> Message {
    Message {
        request_id: stamp.request_id,
        push_type,
        expires_at_ms: stamp.now_ms.saturating_add(options.ttl_s * 1000),
        test: options.test,
        bi_tag: options.bi_tag,
        receipt_id: options.receipt_id,
        collapse_key: options.collapse_key,
        content,
    }
}

fn envelope(body: &[u8]) -> Result<BTreeMap<String, &RawValue>, Refusal> {
    let envelope: BTreeMap<String, &RawValue> = serde_json::from_slice(body)
        .map_err(|error| illegal(format!("the body is no JSON object: {error}")))?;
    match envelope.keys().find(|name| !matches!(name.as_str(), "payload" | "target" | "pushOptions")) {
        Some(name) => Err(illegal(format!("{} is not a known field", shown(name)))),
        None => Ok(envelope),
    }
}

fn parse(name: &str, raw: &RawValue) -> Result<Value, Refusal> {
    serde_json::from_str(raw.get()).map_err(|error| illegal(format!("{name} is not readable: {error}")))
}

/// The tokens, and how many bytes of the body they take: everything between the list's brackets.
fn target(raw: Option<&RawValue>) -> Result<(Vec<Cow<'_, str>>, usize), Refusal> {
    let raw = raw.ok_or_else(|| illegal("target is missing"))?;
    let target: BTreeMap<String, &RawValue> =
        serde_json::from_str(raw.get()).map_err(|_| illegal("target must be an object"))?;
    if let Some(name) = target.keys().find(|name| *name != "token") {
        return Err(illegal(format!("target.{} is not a known field", shown(name))));
    }
    let list = target.get("token").ok_or_else(|| illegal("target.token is missing"))?.get();
    Ok((tokens(list).ok_or_else(|| illegal("target.token must be an array of strings"))?, list.len() - 2))
}

/// A JSON text as a list of strings, or `None`. Shared with the revoke request.
pub(super) fn tokens(json: &str) -> Option<Vec<Cow<'_, str>>> {
    let list: Vec<Token> = serde_json::from_str(json).ok()?;
    Some(list.into_iter().map(|token| token.0).collect())
}

fn count(tokens: usize, test: bool) -> Result<(), Refusal> {
    if tokens == 0 || tokens > TOKENS_MAX {
        let text = format!("The number of tokens should be within 1 and {TOKENS_MAX}, it is {tokens}");
        return Err(Code::TokenCount.refuse(text));
    }
    if test && tokens > TEST_TOKENS_MAX {
        let text = format!("Test message: {tokens} tokens, the limit is {TEST_TOKENS_MAX}");
        return Err(Code::TestTokenCount.refuse(text));
    }
    Ok(())
}

fn size(bytes: usize) -> Result<(), Refusal> {
    if bytes <= BODY_BYTES_MAX {
        return Ok(());
    }
    let text =
        format!("The push message is too long: {bytes} bytes without tokens, the limit is {BODY_BYTES_MAX}");
    Err(Code::TooLong.refuse(text))
}

/// `pushOptions`, with its defaults.
pub(super) struct Options {
    pub(super) test: bool,
    pub(super) ttl_s: u64,
    pub(super) bi_tag: Option<Arc<str>>,
    pub(super) receipt_id: Option<Arc<str>>,
    pub(super) collapse_key: Option<u8>,
    pub(super) im_background: bool,
}

fn options(push_type: PushType, raw: Option<&RawValue>) -> Result<Options, Refusal> {
    let value = match raw {
        Some(raw) => parse("pushOptions", raw)?,
        None => Value::Object(serde_json::Map::new()),
    };
    let mut fields = Fields::new("pushOptions", &value)?;
    let options = Options {
        test: fields.flag("testMessage")?.unwrap_or(false),
        ttl_s: ttl(&mut fields)?,
        bi_tag: fields.short_text("biTag", BI_TAG_BYTES_MAX)?.map(Arc::from),
        receipt_id: fields.short_text("receiptId", RECEIPT_ID_BYTES_MAX)?.map(Arc::from),
        collapse_key: collapse_key(&mut fields, push_type)?,
        im_background: background_mode(&mut fields, push_type)?,
    };
    fields.finish()?;
    Ok(options)
}

fn ttl(fields: &mut Fields<'_>) -> Result<u64, Refusal> {
    let ttl_s = fields.integer("ttl")?.unwrap_or(TTL_DEFAULT_S);
    match u64::try_from(ttl_s) {
        Ok(seconds) if (1..=TTL_MAX_S).contains(&ttl_s) => Ok(seconds),
        _ => Err(Code::IllegalTtl
            .refuse(format!("Illegal expire time: ttl {ttl_s} is not within 1 and {TTL_MAX_S}"))),
    }
}

fn collapse_key(fields: &mut Fields<'_>, push_type: PushType) -> Result<Option<u8>, Refusal> {
    let key = match fields.ranged("collapseKey", -1..=100)? {
        None | Some(-1) => return Ok(None),
        Some(key) => key,
    };
    match push_type {
        PushType::Alert | PushType::Speech => Ok(u8::try_from(key).ok()),
        _ => Err(fields.tip("collapseKey", "is only for push-type 0 and 2")),
    }
}

fn background_mode(fields: &mut Fields<'_>, push_type: PushType) -> Result<bool, Refusal> {
    match fields.ranged("backgroundMode", 0..=1)? {
        Some(_) if push_type != PushType::Background => {
            Err(fields.tip("backgroundMode", "is only for push-type 6"))
        }
        mode => Ok(mode == Some(1)),
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
