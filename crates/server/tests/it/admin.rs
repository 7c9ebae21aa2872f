//! `/api/v1`: asked over HTTP, with and without the operator's key (G9, G10).

use crate::{
    harness::{World, create_group, device, peer, until, user_id},
    several::{WINDOWS, other},
};
use hongyan_client::{AckPolicy, Draft};
use hongyan_emulator::{FaultAction, FaultSpec};
use hongyan_server::{admin::OperatorKey, store::DevicePolicy};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

impl World {
    /// Asks the API; (status, body).
    pub async fn api(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> (u16, Value) {
        let mut socket = TcpStream::connect(self.server.local_addr()).await.unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{key}\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    async fn asked(&self, path: &str) -> Value {
        let (status, body) = self.api("GET", path, None, Some(self.key().expose())).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub fn key(&self) -> OperatorKey {
        OperatorKey::of(self.data()).unwrap()
    }
}

#[tokio::test]
async fn without_the_key_nothing_is_told() {
    let world = World::start().await;
    let path = format!("/apps/{}/users/ann", world.app.id);
    for key in [None, Some("0123"), Some("")] {
        let (status, body) = world.api("GET", &path, None, key).await;
        assert_eq!((status, body["error"]["code"].is_string()), (401, true), "{key:?}");
    }
}

#[tokio::test]
async fn a_message_a_user_and_a_push_id_are_explained() {
    let world = World::with_push().await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    world.settled_trace(id.0).await;
    let trace = world.asked(&format!("/traces/{id}")).await;
    assert_eq!((&trace["devices"][0]["state"], &trace["settled"]), (&json!("pushed"), &json!(true)));
    let (status, _) =
        world.api("GET", &format!("/traces/{id}?appID=1"), None, Some(world.key().expose())).await;
    assert_eq!(status, 404, "another app sees nothing of it");
    let app = world.app.id;
    let bob = world.asked(&format!("/apps/{app}/users/bob")).await;
    assert_eq!(bob["sessions"], json!([]));
    let push_id = bob["pushIDs"][0]["pushID"].as_str().unwrap().to_owned();
    assert!(!bob.to_string().contains("token"), "no vendor token is told");
    let lines = world.asked(&format!("/apps/{app}/users/bob/traces")).await["traces"].clone();
    assert_eq!((&lines[0]["id"], &lines[0]["device"]["state"]), (&json!(id.to_string()), &json!("pushed")));
    let found = world.asked(&format!("/apps/{app}/push-ids/{push_id}")).await;
    assert_eq!(found["newest"]["traces"][0]["id"], json!(id.to_string()));
    let key = world.key();
    for (path, status) in
        [("/traces/7", 404), ("/traces/x", 400), (&*format!("/apps/{app}/users/nobody"), 404)]
    {
        assert_eq!(world.api("GET", path, None, Some(key.expose())).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn a_dry_run_says_who_would_be_pushed_who_not_and_why_and_sends_nothing() {
    let world = World::with_push().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    let _pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    world.register(&["carol"]).await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    let asked = json!({"senderUserID": "ann", "conversationID": "geese", "conversationType": 2,
        "pushConfig": {"title": "Ann", "content": "hello"}});
    let path = format!("/apps/{}/dry-run", world.app.id);
    let key = world.key();
    let ask = async |asked: &Value| world.api("POST", &path, Some(asked), Some(key.expose())).await;
    let (status, foreseen) = ask(&asked).await;
    assert_eq!(status, 200, "{foreseen}");
    let of = |id: &str| {
        let devices = foreseen["devices"].as_array().unwrap();
        devices.iter().find(|one| one["deviceID"] == id || one["userID"] == id).unwrap().clone()
    };
    assert_eq!(of(device("bob").as_str())["step"], "push");
    assert_eq!(of(other("bob", "pc").as_str())["step"], "wait");
    assert_eq!((&of("carol")["step"], &of("carol")["reason"]), (&json!("suppress"), &json!("not_bound")));
    let request = &foreseen["requests"][0];
    assert_eq!(request["pushType"], "0");
    assert_eq!(request["body"]["payload"]["notification"]["body"], "hello");
    until("nothing", || true).await;
    assert_eq!(world.requests(), 0, "nothing was sent");
    let unpushed = json!({"senderUserID": "ann", "conversationID": "bob", "conversationType": 0});
    assert_eq!(ask(&unpushed).await.1["devices"][0]["reason"], "no_push_config");
    let nobody = json!({"senderUserID": "ann", "conversationID": "nobody", "conversationType": 0});
    assert_eq!(ask(&nobody).await.0, 404);
    let wrong = json!({"senderUserID": "ann", "conversationID": "bob", "conversationType": 0,
        "pushConfig": {"title": "x".repeat(2_000)}});
    let (status, body) = ask(&wrong).await;
    assert!(status == 400 && body["error"]["message"].as_str().unwrap().contains("title"), "{body}");
}

#[tokio::test]
async fn an_alarm_is_told_with_the_vendors_words() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let body = FaultAction { code: Some("80300002".into()), ..FaultAction::default() };
    let fault = FaultSpec { next: Some(1), action: body, ..FaultSpec::default() };
    world.kit.as_ref().unwrap().emulator.add_fault(fault).unwrap();
    ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap();
    let mut alarms = json!([]);
    while alarms.as_array().unwrap().is_empty() {
        alarms = world.asked(&format!("/alarms?appID={}", world.app.id)).await["alarms"].clone();
    }
    assert_eq!((&alarms[0]["code"], &alarms[0]["vendor"]), (&json!("80300002"), &json!("harmony")));
    assert!(phone.notices().is_empty(), "the credential is paused, and the push waits");
    assert_eq!(
        world.asked("/alarms?appID=1").await["alarms"],
        json!([]),
        "another app's alarms are not told"
    );
}
