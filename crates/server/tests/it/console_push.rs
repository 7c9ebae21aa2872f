//! Push through the console: credentials, strategies, debugging, finding traces, users and devices, series.

use crate::{
    console::Person,
    harness::{World, create_group, peer, until, user_id},
};
use hongyan_client::Draft;
use hongyan_emulator::{FaultAction, FaultSpec};
use serde_json::{Value, json};
use std::time::Duration;

async fn find(world: &World, owner: &Person, query: &str) -> Vec<Value> {
    let path = format!("/apps/{}/traces{query}", world.app.id);
    world.good(owner, "GET", &path, None).await["traces"].as_array().unwrap().clone()
}

/// The vendor answers the next request so.
fn fail_with(world: &World, code: &str, message: &str) {
    let action = FaultAction { code: Some(code.into()), msg: Some(message.into()), ..FaultAction::default() };
    let fault = FaultSpec { next: Some(1), action, ..FaultSpec::default() };
    world.kit.as_ref().unwrap().emulator.add_fault(fault).unwrap();
}

fn ids(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_credential_is_checked_stored_tried_and_removed() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let kit = world.kit.as_ref().unwrap();
    let check = async |file: &str| {
        let asked = json!({ "vendor": "harmony", "appType": 2, "file": file });
        world.good(&owner, "POST", &format!("/apps/{app}/credentials/check"), Some(&asked)).await
    };
    let good = check(&kit.account).await;
    assert_eq!((&good["ok"], &good["findings"][1]["check"]), (&json!(true), &json!("signature")));
    let codes = |found: &Value| {
        let codes =
            found["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes(&good), ["fields_good", "signature_good"]);
    let broken = check("{").await;
    assert_eq!(
        (codes(&broken), &broken["findings"][0]["values"]["line"]),
        (vec!["file_not_json".to_owned()], &json!(1))
    );
    let bad = check("{}").await;
    assert_eq!(codes(&bad), ["field_missing"]);
    assert_eq!((&bad["ok"], &bad["projectID"]), (&json!(false), &Value::Null), "{bad}");
    let path = format!("/apps/{app}/credentials/harmony/2");
    let refused = world.ask(&owner, "PUT", &path, Some(&json!({ "file": "{}" }))).await;
    assert_eq!(refused.code(), "credential_refused");
    assert_eq!(refused.body["error"]["fields"][0]["code"], "field_missing");
    let missing = world.ask(&owner, "PUT", &path, Some(&json!({ "clientID": "1" }))).await;
    assert_eq!(missing.code(), "invalid_input", "a new one needs its file");
    let new = json!({
        "file": kit.account, "baseURL": kit.emulator.base_url(), "callbackUser": "hook",
        "callbackSecret": "s3cret", "rights": { "voip": false },
    });
    let stored = world.good(&owner, "PUT", &path, Some(&new)).await;
    assert_eq!((&stored["usable"], &stored["rights"]["voip"]), (&json!(true), &json!(false)));
    assert_eq!(stored["receiptsPath"], format!("/receipts/harmony/{app}/2"));
    let later = world.good(&owner, "PUT", &path, Some(&json!({ "clientID": "105" }))).await;
    assert_eq!(
        (&later["clientID"], &later["callbackUser"]),
        (&json!("105"), &json!("hook")),
        "the rest stays"
    );
    let unknown = json!({ "rights": { "colour": true } });
    assert_eq!(world.ask(&owner, "PUT", &path, Some(&unknown)).await.code(), "credential_refused");
    let tried = world.good(&owner, "POST", &format!("{path}/test"), Some(&json!({}))).await;
    assert_eq!((&tried["verdict"], &tried["accepted"]), (&json!("works"), &json!(false)), "{tried}");
    fail_with(&world, "80300002", "no permission");
    let tried = world.good(&owner, "POST", &format!("{path}/test"), Some(&json!({}))).await;
    assert_eq!(tried["verdict"], "refused", "{tried}");
    let all = world.good(&owner, "GET", &format!("/apps/{app}/credentials"), None).await;
    assert_eq!(all["credentials"].as_array().unwrap().len(), 2);
    assert_eq!(world.ask(&owner, "DELETE", &path, None).await.status, 204);
    assert_eq!(world.ask(&owner, "DELETE", &path, None).await.status, 404);
}

#[tokio::test]
async fn a_strategy_is_kept_and_shows_its_request() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let path = format!("/apps/{app}/strategies");
    let put = json!({ "options": { "harmony": { "category": "VOIP" } } });
    world.good(&owner, "PUT", &format!("{path}/ring"), Some(&put)).await;
    let bad = json!({ "options": { "harmony": { "click_type": 7 } } });
    let refused = world.ask(&owner, "PUT", &format!("{path}/bad"), Some(&bad)).await;
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("click_type"), "{}", refused.body);
    let preview = format!("{path}-preview");
    let asked = json!({ "resourcesID": "ring", "title": "Ann", "content": "hello", "devices": 2 });
    let shown = world.good(&owner, "POST", &preview, Some(&asked)).await;
    let body = &shown["body"];
    assert_eq!(body["payload"]["notification"]["category"], "VOIP", "{shown}");
    assert_eq!(body["target"]["token"], json!(["PushID-1", "PushID-2"]));
    assert!(shown["url"].as_str().unwrap().ends_with("messages:send"), "{shown}");
    let bearer = shown["headers"].as_array().unwrap().iter().find(|one| one["name"] == "authorization");
    assert_eq!(bearer.unwrap()["value"], "Bearer …");
    let silent = json!({ "options": { "harmony": { "push_type": 6 } }, "payload": "x" });
    assert_eq!(world.good(&owner, "POST", &preview, Some(&silent)).await["pushType"], "6");
    let other = json!({ "appType": 2 });
    assert_eq!(world.ask(&owner, "POST", &preview, Some(&other)).await.code(), "no_credential");
    assert_eq!(world.ask(&owner, "DELETE", &format!("{path}/ring"), None).await.status, 204);
    assert_eq!(world.requests(), 0, "nothing was sent");
}

#[tokio::test]
async fn a_notice_is_foreseen_sent_and_followed_hop_by_hop() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    world.phone("bob").await;
    let order = json!({ "userID": "bob", "kind": "alert", "title": "Test", "content": "hello" });
    let dry = world.good(&owner, "POST", &format!("/apps/{app}/debug/dry-run"), Some(&order)).await;
    assert_eq!((&dry["devices"][0]["step"], world.requests()), (&json!("push"), 0), "{dry}");
    let send = format!("/apps/{app}/debug/send");
    let sent = world.good(&owner, "POST", &send, Some(&order)).await;
    let id = sent["id"].as_str().unwrap().to_owned();
    world.settled_trace(id.parse().unwrap()).await;
    let trace = world.good(&owner, "GET", &format!("/apps/{app}/traces/{id}"), None).await;
    assert_eq!((&trace["counts"]["pushed"], &trace["devicesTotal"]), (&json!(1), &json!(1)));
    let hops: Vec<_> =
        trace["devices"][0]["hops"].as_array().unwrap().iter().map(|hop| &hop["state"]).collect();
    assert_eq!(hops, ["ok", "ok", "ok", "none"], "{trace}");
    let last = trace["events"].as_array().unwrap().last().unwrap()["at"].as_u64().unwrap();
    let later = world.good(&owner, "GET", &format!("/apps/{app}/traces/{id}?after={last}"), None).await;
    assert_eq!((&later["events"], &later["eventsTotal"]), (&json!([]), &trace["eventsTotal"]));
    for way in ["send", "dry-run"] {
        let before = world.requests();
        let untitled = json!({ "userID": "bob", "kind": "alert", "title": " ", "content": "hello" });
        let path = format!("/apps/{app}/debug/{way}");
        let refused = world.ask(&owner, "POST", &path, Some(&untitled)).await;
        assert_eq!(refused.code(), "invalid_input", "the vendor would refuse it");
        let field = &refused.body["error"]["fields"][0];
        assert_eq!((&field["field"], &field["code"]), (&json!("title"), &json!("title_missing")));
        assert_eq!(world.requests(), before);
    }
    let silent = json!({ "userID": "bob", "kind": "silent", "payload": "x" });
    let sent = world.good(&owner, "POST", &send, Some(&silent)).await;
    assert_eq!(sent["resourcesID"], "silent");
    let call = json!({ "userID": "bob", "kind": "call", "title": "Ring", "ringS": 30 });
    let dry = world.good(&owner, "POST", &format!("/apps/{app}/debug/dry-run"), Some(&call)).await;
    assert_eq!((&dry["devices"][0]["step"], &dry["requests"][0]["pushType"]), (&json!("push"), &json!("10")));
    let sent = world.good(&owner, "POST", &send, Some(&call)).await;
    assert_eq!((&sent["kind"], &sent["resourcesID"]), (&json!("call"), &json!("call")));
    let nobody = json!({ "userID": "nobody", "kind": "alert" });
    assert_eq!(world.ask(&owner, "POST", &send, Some(&nobody)).await.code(), "not_found");
}

#[tokio::test]
async fn the_hop_that_failed_is_named_with_the_vendors_words_and_advice() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    world.register(&["carol"]).await;
    world.phone("bob").await;
    let send = async |user: &str| {
        let order = json!({ "userID": user, "kind": "alert", "title": "Test" });
        let sent = world.good(&owner, "POST", &format!("/apps/{app}/debug/send"), Some(&order)).await;
        let id = sent["id"].as_str().unwrap().to_owned();
        world.settled_trace(id.parse().unwrap()).await;
        world.good(&owner, "GET", &format!("/apps/{app}/traces/{id}"), None).await["devices"][0].clone()
    };
    let unbound = send("carol").await;
    assert_eq!(
        (&unbound["hops"][0]["state"], &unbound["hops"][0]["code"]),
        (&json!("failed"), &json!("not_bound"))
    );
    assert!(unbound["hops"][0]["advice"]["zh"].as_str().unwrap().contains("registerPush"));
    fail_with(&world, "80100003", "wrong message");
    let refused = send("bob").await;
    let vendor = &refused["hops"][2];
    assert_eq!((&vendor["state"], &vendor["code"]), (&json!("failed"), &json!("80100003")), "{refused}");
    assert!(vendor["vendorWords"].is_string() && vendor["advice"]["en"].is_string(), "{vendor}");
}

#[tokio::test]
async fn traces_are_found_by_what_is_known_of_them() {
    let world = World::with_push().await;
    let owner = world.owner().await;
    world.phone("bob").await;
    world.register(&["carol"]).await;
    let ann = world.client("ann").await;
    create_group(&ann, "geese", vec![user_id("bob"), user_id("carol")]).await.unwrap();
    let say = async |to, text: &str| {
        let sent = ann.send(&to, &Draft::text(text).push_notice("Ann", text)).await.unwrap();
        world.settled_trace(sent.message_id.0).await;
        world.advance(Duration::from_secs(20));
        sent.message_id.to_string()
    };
    let to_bob = say(peer("bob"), "one").await;
    let to_carol = say(peer("carol"), "two").await;
    let to_all = say(crate::harness::group("geese"), "three").await;
    let all = [&*to_all, &*to_carol, &*to_bob];
    let check = async |when: &str| {
        assert_eq!(ids(&find(&world, &owner, "").await), all, "{when}");
        let pushed = find(&world, &owner, "?outcome=pushed").await;
        assert_eq!(ids(&pushed), [&*to_all, &*to_bob], "{when}");
        let suppressed = find(&world, &owner, "?outcome=suppressed").await;
        assert_eq!(ids(&suppressed), [&*to_all, &*to_carol], "{when}");
        assert_eq!(suppressed[0]["counts"]["suppressed"], 1, "{when}");
        assert!(find(&world, &owner, "?kind=call").await.is_empty(), "{when}");
        assert_eq!(find(&world, &owner, "?kind=message&outcome=pushed").await.len(), 2, "{when}");
        let carol = find(&world, &owner, "?userID=carol").await;
        assert_eq!(ids(&carol), [&*to_all, &*to_carol], "{when}");
        assert_eq!(carol[0]["device"]["reason"], "not_bound", "{when}");
        assert!(find(&world, &owner, "?userID=carol&outcome=pushed").await.is_empty(), "{when}");
        assert_eq!(ids(&find(&world, &owner, "?senderUserID=ann").await), all, "{when}");
        let first = all[2].parse::<u64>().unwrap();
        let at = hongyan_server::store::time_of_id(first);
        assert_eq!(ids(&find(&world, &owner, &format!("?to={}", at + 1_000)).await), [&*to_bob], "{when}");
        assert_eq!(find(&world, &owner, &format!("?from={}", at + 1_000)).await.len(), 2, "{when}");
    };
    check("as it stands").await;
    // Whatever stands in heads by now and what does not must make no difference.
    let heads = async || {
        let filter = hongyan_server::store::HeadFilter::default();
        world.store().heads(world.app.id, filter, u64::MAX, 10).await.unwrap().heads.len()
    };
    for _ in 0..2_000 {
        if heads().await == 3 {
            break;
        }
        world.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(heads().await, 3);
    check("from heads").await;
    let page = world.good(&owner, "GET", &format!("/apps/{}/traces?count=2", world.app.id), None).await;
    assert_eq!(ids(page["traces"].as_array().unwrap()), all[..2]);
    let next = page["next"].as_str().unwrap();
    assert_eq!(ids(&find(&world, &owner, &format!("?count=2&before={next}")).await), [&*to_bob]);
    let path = format!("/apps/{}/traces/{to_all}", world.app.id);
    let devices = world.good(&owner, "GET", &format!("{path}/devices?state=pushed"), None).await;
    assert_eq!(devices["devices"].as_array().unwrap().len(), 1);
    let one = world.good(&owner, "GET", &format!("{path}/devices?count=1"), None).await;
    let rest = format!("{path}/devices?count=5&after={}", one["next"].as_str().unwrap());
    assert_eq!(world.good(&owner, "GET", &rest, None).await["devices"].as_array().unwrap().len(), 1);
    let file = world.ask(&owner, "GET", &format!("{path}/export"), None).await;
    assert!(file.head.to_lowercase().contains("content-disposition: attachment"), "{}", file.head);
    assert_eq!(file.body["id"], *to_all);
}

#[tokio::test]
async fn a_paused_credential_is_used_again_when_its_operator_says_so() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    fail_with(&world, "80300002", "no permission");
    let sent = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap();
    let path = format!("/apps/{app}/credentials");
    let circuit = async || {
        let all = world.good(&owner, "GET", &path, None).await;
        all["credentials"][0]["circuit"].as_str().unwrap_or_default().to_owned()
    };
    while circuit().await != "paused" {
        tokio::task::yield_now().await;
    }
    let alarms = world.good(&owner, "GET", &format!("/alarms?appID={app}"), None).await;
    assert!(alarms["alarms"][0]["advice"]["zh"].as_str().unwrap().ends_with('。'), "{alarms}");
    let ended = world.good(&owner, "POST", &format!("{path}/harmony/1/resume"), None).await;
    assert_eq!(ended["ended"], 1);
    assert_eq!(world.good(&owner, "GET", "/alarms", None).await["alarms"], json!([]));
    for _ in 0..2_000 {
        if !phone.notices().is_empty() {
            break;
        }
        world.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(phone.notices().len(), 1, "the push that waited went out");
    world.settled_trace(sent.message_id.0).await;
}

#[tokio::test]
async fn users_are_found_kicked_and_their_push_ids_unbound() {
    let world = World::with_push().await;
    let (owner, app) = (world.owner().await, world.app.id);
    world.phone("bob").await;
    world.register(&["ann", "bobby"]).await;
    let bob = world.client("bob").await;
    let page = world.good(&owner, "GET", &format!("/apps/{app}/users?prefix=bob&count=1"), None).await;
    assert_eq!((&page["users"][0]["userID"], &page["users"][0]["sessions"]), (&json!("bob"), &json!(1)));
    let rest = format!("/apps/{app}/users?prefix=bob&after={}", page["next"].as_str().unwrap());
    let rest = world.good(&owner, "GET", &rest, None).await;
    assert_eq!((&rest["users"][0]["userID"], &rest["next"]), (&json!("bobby"), &Value::Null));
    let user = world.good(&owner, "GET", &format!("/apps/{app}/users/bob"), None).await;
    assert_eq!(
        (&user["devices"][0]["deviceID"], &user["pushIDs"][0]["state"]),
        (&json!("device-of-bob"), &json!("bound"))
    );
    let kick = format!("/apps/{app}/users/bob/kick");
    let session = json!({ "sessionID": user["sessions"][0]["sessionID"] });
    assert_eq!(world.good(&owner, "POST", &kick, Some(&session)).await["ended"], 1);
    until("the session to be closed", || !bob.is_open()).await;
    world.gone("bob").await;
    assert_eq!(world.ask(&owner, "POST", &kick, Some(&json!({}))).await.status, 404);
    let id = user["pushIDs"][0]["pushID"].as_str().unwrap();
    let path = format!("/apps/{app}/push-ids/{id}");
    assert_eq!(world.ask(&owner, "POST", &format!("{path}/unbind"), None).await.status, 204);
    let one = world.good(&owner, "GET", &path, None).await;
    assert_eq!((&one["pushID"]["state"], &one["pushID"]["userID"]), (&json!("unbound"), &Value::Null));
    let order = json!({ "pushID": id, "kind": "alert" });
    let refused = world.ask(&owner, "POST", &format!("/apps/{app}/debug/send"), Some(&order)).await;
    assert_eq!(refused.code(), "push_id_unbound");
    world.client("bob").await;
    assert_eq!(world.good(&owner, "GET", &path, None).await["pushID"]["state"], "bound", "by the next login");
}

#[tokio::test]
async fn figures_come_together_minute_by_minute() {
    let world = World::with_push().await;
    // Before the time moves: the recorder counts for the minute in which it began until it looks again. A test that
    // began three seconds before the end of a minute asked from the next one on, and its figures were in this one.
    let from = world.clock.now_ms();
    let owner = world.owner().await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    for text in ["one", "two", "three"] {
        let sent = ann.send(&peer("bob"), &Draft::text(text).push_notice("Ann", text)).await.unwrap();
        world.settled_trace(sent.message_id.0).await;
    }
    let mut pushed = 0;
    for _ in 0..2_000 {
        let series = world.good(&owner, "GET", &format!("/series?span=minute&from={from}"), None).await;
        let sum =
            |name: &str| -> u64 { series[name].as_array().unwrap().iter().filter_map(Value::as_u64).sum() };
        pushed = sum("pushed");
        if pushed == 3 {
            assert_eq!((sum("messages"), sum("requests"), sum("failed")), (3, 3, 0), "{series}");
            assert_eq!(series["at"].as_array().unwrap().len(), series["sessions"].as_array().unwrap().len());
            break;
        }
        world.advance(Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    assert_eq!(pushed, 3, "the minute was written");
    let now = world.good(&owner, "GET", "/dashboard", None).await;
    assert_eq!((&now["lastHour"]["pushed"], &now["errorShare"]), (&json!(3), &json!(0.0)), "{now}");
    assert!(now["latencyMsMean"].is_number() && now["storeAcceptsWrites"] == true, "{now}");
    let hours =
        world.good(&owner, "GET", &format!("/series?span=hour&from={}", from - 3_600_000), None).await;
    let sum: u64 = hours["pushed"].as_array().unwrap().iter().filter_map(Value::as_u64).sum();
    assert_eq!(sum, 3);
    let wide = world.ask(&owner, "GET", "/series?span=minute&from=1", None).await;
    assert_eq!(wide.code(), "invalid_input", "an answer has a bound");
}
