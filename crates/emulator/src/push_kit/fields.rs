//! Reads one JSON object against its field table: every field is asked for by name, type and range, and
//! whatever was not asked for is refused. Each refusal is 80100003 with a tip that names the field.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::codes::{Code, Refusal};

/// An object being read. `path` is its name in tips: `payload.notification`.
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

/// 80100003 with the documented wording around `tip`.
pub(super) fn illegal(tip: impl std::fmt::Display) -> Refusal {
    Code::IllegalPayload.refuse(format!("Illegal payload, {tip}"))
}

impl<'a> Fields<'a> {
    pub(super) fn new(path: impl Into<String>, value: &'a Value) -> Result<Fields<'a>, Refusal> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Fields { path, map, known: Vec::new() }),
            other => Err(illegal(format!("{path} must be an object, not {}", kind(other)))),
        }
    }

    /// Whether the object has this field; does not count as reading it.
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn tip(&self, name: &str, what: impl std::fmt::Display) -> Refusal {
        illegal(format!("{} {what}", self.name(name)))
    }

    fn name(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.map.get(name)
    }

    pub(super) fn needed(&mut self, name: &'static str) -> Result<&'a Value, Refusal> {
        self.value(name).ok_or_else(|| self.tip(name, "is missing"))
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_type(name, "a string", other)),
        }
    }

    /// A text that is there and not empty.
    pub(super) fn needed_text(&mut self, name: &'static str) -> Result<&'a str, Refusal> {
        match self.text(name)? {
            None => Err(self.tip(name, "is missing")),
            Some("") => Err(self.tip(name, "must not be empty")),
            Some(text) => Ok(text),
        }
    }

    /// A text of 1 to `bytes_max` bytes, or none.
    pub(super) fn short_text(
        &mut self,
        name: &'static str,
        bytes_max: usize,
    ) -> Result<Option<&'a str>, Refusal> {
        match self.text(name)? {
            Some(text) if text.is_empty() || text.len() > bytes_max => {
                Err(self.tip(name, format!("must have 1 to {bytes_max} bytes, not {}", text.len())))
            }
            text => Ok(text),
        }
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.wrong_type(name, "a boolean", other)),
        }
    }

    pub(super) fn integer(&mut self, name: &'static str) -> Result<Option<i64>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.wrong_type(name, "an integer", value)),
            },
        }
    }

    /// An integer within `range`, or none.
    pub(super) fn ranged(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        match self.integer(name)? {
            Some(number) if !range.contains(&number) => {
                let (low, high) = range.into_inner();
                Err(self.tip(name, format!("must be within {low} and {high}, not {number}")))
            }
            number => Ok(number),
        }
    }

    pub(super) fn wrong_type(&self, name: &str, wanted: &str, got: &Value) -> Refusal {
        self.tip(name, format!("must be {wanted}, not {}", kind(got)))
    }

    /// Refuses the first field nobody asked for.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        match self.map.keys().find(|name| !self.known.contains(&name.as_str())) {
            Some(name) => Err(self.tip(&shown(name), "is not a known field")),
            None => Ok(()),
        }
    }
}

/// A foreign field name, cut so that an answer stays small.
pub(super) fn shown(name: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    name.chars().take(SHOWN_CHARS_MAX).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a fraction",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
