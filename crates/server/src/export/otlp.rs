//! OTLP over HTTP in JSON: the shapes of protocol version 1, as far as they are needed here.

use super::spans::{Event, Kind, Span, Value};
use serde_json::{Map, Value as Json, json};

/// The body of a request to `/v1/traces`.
pub(super) fn body(service_name: &str, spans: &[Span]) -> Vec<u8> {
    let resource = [
        ("service.name", Value::Text(service_name.to_owned())),
        ("service.version", Value::Text(env!("CARGO_PKG_VERSION").to_owned())),
    ];
    let request = json!({
        "resourceSpans": [{
            "resource": { "attributes": attributes(&resource) },
            "scopeSpans": [{
                "scope": { "name": "hongyan.push", "version": env!("CARGO_PKG_VERSION") },
                "spans": spans.iter().map(span).collect::<Vec<_>>(),
            }],
        }],
    });
    request.to_string().into_bytes()
}

/// How many spans a collector says it did not take, in an answer of success.
pub(super) fn rejected(answer: &[u8]) -> usize {
    let answer: Json = serde_json::from_slice(answer).unwrap_or_default();
    let count = &answer["partialSuccess"]["rejectedSpans"];
    // 64-bit numbers are text in this JSON; some collectors write plain numbers.
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
    count.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX))
}

fn span(span: &Span) -> Json {
    let mut written = Map::new();
    let mut put = |name: &str, value: Json| written.insert(name.to_owned(), value);
    put("traceId", format!("{:032x}", span.trace_id).into());
    put("spanId", format!("{:016x}", span.span_id).into());
    if let Some(parent) = span.parent_id {
        put("parentSpanId", format!("{parent:016x}").into());
    }
    put("name", span.name.as_str().into());
    let kind = match span.kind {
        Kind::Internal => 1,
        Kind::Client => 3,
    };
    put("kind", kind.into());
    put("startTimeUnixNano", nanos(span.start_ms));
    put("endTimeUnixNano", nanos(span.end_ms.max(span.start_ms)));
    put("attributes", attributes(&span.attributes));
    put("events", span.events.iter().map(event).collect());
    // 2: error. What is not an error stays unset, as the specification asks of libraries.
    put("status", if span.failed { json!({ "code": 2 }) } else { json!({}) });
    Json::Object(written)
}

fn event(event: &Event) -> Json {
    json!({
        "timeUnixNano": nanos(event.at_ms),
        "name": event.name,
        "attributes": attributes(&event.attributes),
    })
}

fn attributes(attributes: &[(&str, Value)]) -> Json {
    let one = |(key, value): &(&str, Value)| {
        let value = match value {
            Value::Text(text) => json!({ "stringValue": text }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
        };
        json!({ "key": key, "value": value })
    };
    attributes.iter().map(one).collect()
}

/// Milliseconds as nanoseconds, in text: JSON's numbers are too short for them.
fn nanos(ms: u64) -> Json {
    (u128::from(ms) * 1_000_000).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_shape_of_the_protocol() {
        let span = Span {
            trace_id: 0xab,
            span_id: 0xc,
            parent_id: Some(0xd),
            name: "message".into(),
            kind: Kind::Client,
            start_ms: 1_800_000_000_123,
            end_ms: 1,
            attributes: vec![("n", Value::Number(5)), ("t", Value::Text("x".into()))],
            events: vec![Event { at_ms: 2, name: "arrived", attributes: vec![] }],
            failed: true,
        };
        let whole: Json = serde_json::from_slice(&body("im", &[span])).unwrap();
        let resource = &whole["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0],
            json!({"key": "service.name", "value": {"stringValue": "im"}})
        );
        assert_eq!(
            resource["scopeSpans"][0]["spans"][0],
            json!({
                "traceId": "000000000000000000000000000000ab", "spanId": "000000000000000c",
                "parentSpanId": "000000000000000d", "name": "message", "kind": 3,
                "startTimeUnixNano": "1800000000123000000", "endTimeUnixNano": "1800000000123000000",
                "attributes": [
                    {"key": "n", "value": {"intValue": "5"}},
                    {"key": "t", "value": {"stringValue": "x"}},
                ],
                "events": [{"timeUnixNano": "2000000", "name": "arrived", "attributes": []}],
                "status": {"code": 2},
            })
        );
    }

    #[test]
    fn a_partial_success_is_understood() {
        for (answer, count) in [
            ("", 0),
            ("{}", 0),
            ("{\"partialSuccess\":{}}", 0),
            ("{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}", 3),
            ("{\"partialSuccess\":{\"rejectedSpans\":4}}", 4),
            ("{\"partialSuccess\":{\"rejectedSpans\":-4}}", 0),
        ] {
            assert_eq!(rejected(answer.as_bytes()), count, "{answer}");
        }
    }
}
