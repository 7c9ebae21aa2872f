//! Traces as spans: a small collector takes what the server posts; it may be down, refuse, or ask for patience.

use crate::harness::{WAIT, World, peer, until};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use hongyan_client::Draft;
use hongyan_server::config::Config;
use hongyan_wire::{MessageId, message::PushConfig};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What the collector got, and what it answers next; 200 when nothing is ordered.
#[derive(Default)]
struct Book {
    requests: Mutex<Vec<(HeaderMap, Value)>>,
    answers: Mutex<VecDeque<StatusCode>>,
}

struct Collector {
    book: Arc<Book>,
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(book): State<Arc<Book>>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    book.requests.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap()));
    (book.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK), "{}")
}

impl Collector {
    async fn start(answers: &[u16]) -> Self {
        let answers = answers.iter().map(|status| StatusCode::from_u16(*status).unwrap()).collect();
        let book = Arc::new(Book { answers: Mutex::new(answers), ..Book::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let routes = Router::new().route("/v1/traces", post(take)).with_state(book.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { book, url, serving }
    }

    fn requests(&self) -> usize {
        self.book.requests.lock().unwrap().len()
    }

    /// Every span so far.
    fn spans(&self) -> Vec<Value> {
        let requests = self.book.requests.lock().unwrap();
        let all = requests.iter().flat_map(|(_, body)| {
            body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
        });
        all.collect()
    }

    async fn world(&self) -> World {
        World::with_push_and(|config| {
            *config = Config { telemetry: telemetry(&self.url), ..config.clone() };
        })
        .await
    }
}

fn telemetry(url: &str) -> hongyan_server::config::TelemetrySection {
    let text = format!(
        "[telemetry]\notlp_endpoint = \"{url}\"\notlp_headers = [\"x-api-key: k7\"]\nservice_name = \"im\"\n"
    );
    Config::from_text(&text, &[]).unwrap().telemetry
}

async fn send(world: &World, to: &str) -> MessageId {
    let content = "a body for nobody else".to_owned();
    let push = PushConfig { title: "a title".into(), content, ..PushConfig::default() };
    let ann = world.client("ann").await;
    let sent = ann.send(&peer(to), &Draft::text("a text").push(push)).await.unwrap();
    ann.abort();
    sent.message_id
}

/// Lets time go on until the collector was asked so often.
async fn asked(world: &World, collector: &Collector, times: usize) {
    until("the collector to be asked", || {
        world.advance(Duration::from_millis(100));
        collector.requests() >= times
    })
    .await;
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|one| one["key"] == key);
    &found.unwrap_or_else(|| panic!("no {key} in {span:#}"))["value"]
}

fn count(world: &World, name: &str) -> u64 {
    let text = world.server.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("hongyan_{name} ")));
    line.unwrap_or_else(|| panic!("no metric {name}")).parse().unwrap()
}

#[tokio::test]
async fn a_push_becomes_a_tree_of_spans() {
    let collector = Collector::start(&[]).await;
    let world = collector.world().await;
    let _phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    world.settled_trace(id.0).await;
    assert_eq!(collector.requests(), 0, "it lingers for receipts");
    asked(&world, &collector, 1).await;
    let spans = collector.spans();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["message", "decide push", "push harmony", "POST"]);
    let trace = spans[0]["traceId"].as_str().unwrap();
    assert!(trace.starts_with(&format!("{:016x}", id.0)), "{trace} is found by the message's ID");
    assert!(spans.iter().all(|span| span["traceId"] == trace));
    assert_eq!(attribute(&spans[0], "hongyan.message_id")["stringValue"], id.to_string().as_str());
    assert_eq!(attribute(&spans[0], "hongyan.devices.pushed")["intValue"], "1");
    assert_eq!(attribute(&spans[3], "http.response.status_code")["intValue"], "200");
    assert_eq!(spans[3]["parentSpanId"], spans[2]["spanId"]);
    let (headers, body) = collector.book.requests.lock().unwrap()[0].clone();
    assert_eq!(
        (&headers["x-api-key"], &headers["content-type"]),
        (&"k7".parse().unwrap(), &"application/json".parse().unwrap())
    );
    let resource = &body["resourceSpans"][0]["resource"];
    assert_eq!(attribute(resource, "service.name")["stringValue"], "im");
    let written = body.to_string();
    for secret in ["a text", "a title", "a body", "device-of-bob"] {
        assert!(!written.contains(secret), "{secret}");
    }
    until("the count", || count(&world, "otlp_spans_total") == 4).await;
}

#[tokio::test]
async fn a_busy_collector_is_asked_again_and_a_refusing_one_is_not() {
    let collector = Collector::start(&[503, 429, 200, 400]).await;
    let world = collector.world().await;
    let _phone = world.phone("bob").await;
    send(&world, "bob").await;
    asked(&world, &collector, 3).await;
    until("the count", || count(&world, "otlp_spans_total") == 4).await;
    assert_eq!(count(&world, "otlp_failed_requests_total"), 2);
    send(&world, "bob").await;
    asked(&world, &collector, 4).await;
    until("the drop", || count(&world, "otlp_dropped_spans_total") == 4).await;
    world.advance(Duration::from_secs(60));
    assert_eq!((collector.requests(), count(&world, "otlp_failed_requests_total")), (4, 3));
}

#[tokio::test]
async fn a_collector_that_is_down_holds_nothing_up() {
    let collector = Collector::start(&[]).await;
    collector.serving.abort();
    until("the collector to be gone", || collector.serving.is_finished()).await;
    let world = collector.world().await;
    let phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    assert!(
        phone.wait_notice(|notice| notice.data["messageID"] == id.to_string().as_str(), WAIT).await.is_some()
    );
    until("the drop", || {
        world.advance(Duration::from_millis(500));
        count(&world, "otlp_dropped_spans_total") == 4
    })
    .await;
    assert_eq!(count(&world, "otlp_failed_requests_total"), 3);
}

#[tokio::test]
async fn what_is_complete_goes_when_the_server_stops() {
    let collector = Collector::start(&[]).await;
    let world = collector.world().await;
    let _phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    world.settled_trace(id.0).await;
    let world = world.restart().await;
    assert_eq!(collector.spans().len(), 4, "without waiting for its time");
    drop(world);
}
