//! Every frame of `crates/wire/fixtures/bad` at a real socket: its number, a sentence that names the fault, and
//! the connection lives on.

use crate::harness::{WAIT, World};
use hongyan_client::{CallError, Client};
use hongyan_wire::{Refusal, frame::Incoming};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};

/// The device in the fixtures.
const DEVICE: &str = "ohos-7c1f0a52e4";

#[tokio::test]
async fn every_bad_frame_is_refused_at_the_socket_as_its_fixture_says() {
    let world = World::start().await;
    world.register(&["bob"]).await;
    let ann = world.raw().await;
    ann.login(world.login("ann").device(DEVICE.parse().unwrap())).await.unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures/bad")).unwrap() {
        let path = entry.unwrap().path();
        let bad: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let frame = bad["frame"].as_str().unwrap();
        // A login is refused before its limits are looked at; so it goes to a connection of its own.
        let refusal = match frame.contains("session.login") {
            true => refused(&world.raw().await, frame).await,
            false => refused(&ann, frame).await,
        };
        let (name, says) = (path.display(), bad["says"].as_str().unwrap());
        assert_eq!(u64::from(refusal.code.0), bad["code"].as_u64().unwrap(), "{name}: {refusal}");
        assert!(refusal.message.contains(says), "{name}: {refusal}");
        world.advance(Duration::from_millis(100));
        ann.heartbeat().await.unwrap();
    }
    assert_eq!(ann.conversation_list(100, None).await.unwrap().conversation_list, []);
}

/// What the server answers to a frame, whether or not the answer has its id.
async fn refused(client: &Client, frame: &str) -> Refusal {
    match Incoming::parse(frame) {
        Ok(Incoming { id: Some(_), method, params, .. }) => {
            match client.call::<_, Value>(&method, &params).await {
                Err(CallError::Refused(refusal)) => refusal,
                other => panic!("{other:?} to {frame}"),
            }
        }
        _ => {
            client.send_raw(frame).await.unwrap();
            client.next_stray(WAIT).await.unwrap_or_else(|| panic!("no answer to {frame}"))
        }
    }
}
