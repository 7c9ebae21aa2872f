//! The ready dashboard asks for metrics that this server has.

use crate::harness::{World, peer};
use hongyan_client::Draft;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// Names of metrics in an expression.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expression.split(move |c| !letter(c)).filter(|word| word.starts_with("hongyan_"))
}

#[tokio::test]
async fn every_panel_asks_for_metrics_that_are_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/grafana/hongyan.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let world = World::with_push().await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    let sent = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap();
    world.settled_trace(sent.message_id.0).await;
    let text = world.server.metrics();
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut known = BTreeSet::new();
    for line in described {
        let (name, kind) = line.split_once(' ').unwrap();
        known.insert(match kind {
            "counter" => format!("{name}_total"),
            "histogram" => format!("{name}_bucket"),
            _ => name.to_owned(),
        });
    }
    let mut asked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            let names: Vec<&str> = named(expression).collect();
            assert!(!names.is_empty(), "{expression}");
            asked.extend(names.into_iter().map(str::to_owned));
        }
    }
    let missing: Vec<_> = asked.difference(&known).collect();
    assert!(missing.is_empty(), "no such metrics: {missing:?}; there are {known:?}");
    assert!(asked.len() > 20, "{asked:?}");
}
