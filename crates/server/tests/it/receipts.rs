//! Receipts through the front door: posted by the emulated Push Kit and by hand, in both key modes; what each
//! result changes; who is not believed; what is too much.

use crate::{
    harness::{WAIT, World, device, peer, register, until, user_id},
    push_kit::{BUNDLE, PROJECT},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hongyan_client::Draft;
use hongyan_emulator::{FaultAction, FaultSpec, KeyMode, Phone, ReceiptPolicy, ReceiverOrder};
use hongyan_server::{
    app::Server,
    clock::Clock,
    config::Config,
    push::trace::{DeviceState, TraceView},
    store::{NewApp, PushTarget, StoredCallback, StoredCredential},
};
use hongyan_vendors::{Secret, Transport, TransportConfig, VendorKind, VendorRequest};
use hongyan_wire::{MessageId, message::PushConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

const CALLBACK_USER: &str = "hongyan";
/// Base64 of "secret-key-bytes"; as plain text it is a key as well.
const CALLBACK_SECRET: &str = "c2VjcmV0LWtleS1ieXRlcw==";
const SUCCESS: &str = r#"{"code":"0","message":"success"}"#;

/// Gives the credential its callback secret, and tells the emulator to sign with `secret`.
async fn signed(world: &World, mode: KeyMode, secret: &str) {
    let store = world.store();
    let mut credential = store.credentials(world.app.id).await.unwrap().remove(0);
    credential.callback =
        Some(StoredCallback { user: CALLBACK_USER.into(), secret: Secret::new(CALLBACK_SECRET) });
    store.put_credential(world.app.id, credential).await.unwrap();
    let order = ReceiverOrder {
        project_id: PROJECT.into(),
        bundle_name: BUNDLE.into(),
        url: Some(format!("http://{}{}", world.server.local_addr(), path(world))),
        user: Some(CALLBACK_USER.into()),
        secret: Some(secret.into()),
        key_mode: mode,
    };
    world.kit.as_ref().unwrap().emulator.set_receipts(&order).unwrap();
}

fn path(world: &World) -> String {
    format!("/receipts/harmony/{}", world.app.id)
}

async fn signed_world() -> World {
    let world = World::with_push().await;
    signed(&world, KeyMode::Base64, CALLBACK_SECRET).await;
    world
}

/// ann sends somebody a text that may be pushed.
async fn send(world: &World, to: &str) -> MessageId {
    let push = PushConfig { title: "Ann".into(), content: "hello".into(), ..PushConfig::default() };
    let ann = world.client("ann").await;
    let sent = ann.send(&peer(to), &Draft::text("hello").push(push)).await.unwrap();
    ann.abort();
    sent.message_id
}

/// The trace once it is settled and the one device has a receipt: that may come before the vendor's answer.
async fn reported(world: &World, id: MessageId) -> TraceView {
    let started = std::time::Instant::now();
    loop {
        let trace = world.server.trace(id.0).await.unwrap().unwrap();
        if trace.settled && trace.devices.first().is_some_and(|device| device.receipt.is_some()) {
            return trace;
        }
        assert!(started.elapsed() < WAIT, "no receipt came: {trace:#?}");
        tokio::task::yield_now().await;
    }
}

/// The alarm of this kind. It is raised after the receipt is kept, so that the receipt may be seen before it.
async fn raised(world: &World, kind: &str) -> hongyan_server::store::Alarm {
    let started = std::time::Instant::now();
    loop {
        let alarms = world.server.alarms(Some(world.app.id));
        if let Some(raised) = alarms.into_iter().find(|alarm| alarm.kind == kind) {
            return raised;
        }
        assert!(started.elapsed() < WAIT, "no alarm {kind}");
        tokio::task::yield_now().await;
    }
}

async fn target(world: &World, user: &str) -> Option<PushTarget> {
    let mut found = world.store().push_targets(world.app.id, &[user_id(user)]).await.unwrap();
    found.remove(&user_id(user)).map(|targets| targets[0].clone())
}

/// (state, reason) of the one device of a message to this user.
async fn next_verdict(world: &World, to: &str) -> (DeviceState, Option<String>) {
    let id = send(world, to).await;
    let trace = world.settled_trace(id.0).await;
    (trace.devices[0].state, trace.devices[0].reason.clone())
}

/// Posts a body; status and answer.
async fn post(address: &str, signature: Option<String>, body: impl Into<Vec<u8>>) -> (u16, String) {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(signature.map(|value| ("x-huawei-callback-id", value)));
    let request = VendorRequest {
        method: hyper::Method::POST,
        url: format!("http://{address}"),
        headers,
        body: body.into().into(),
    };
    let answer = Transport::new(TransportConfig::default()).send(&request).await.unwrap();
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

/// A header as the vendor signs it.
fn signature(at_ms: u64, secret: &str) -> Option<String> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &STANDARD.decode(secret).unwrap());
    let value = STANDARD.encode(aws_lc_rs::hmac::sign(&key, format!("{at_ms}n-1{CALLBACK_USER}").as_bytes()));
    Some(format!("timestamp={at_ms}; nonce=n-1; value={value}"))
}

fn now_signed(world: &World) -> Option<String> {
    signature(world.clock.now_ms(), CALLBACK_SECRET)
}

fn status(token: &str, message: MessageId, result: u32) -> Value {
    json!({
        "token": token, "pushType": 0, "appPackageName": BUNDLE, "biTag": format!("m{message}"),
        "requestId": "by-hand", "deliveryStatus": {"result": result, "timestamp": 1_764_000_000_123_u64},
    })
}

fn batch(statuses: &[Value]) -> Vec<u8> {
    json!({ "statuses": statuses }).to_string().into_bytes()
}

async fn metric(world: &World, name: &str) -> u64 {
    let url = format!("http://{}/metrics", world.server.local_addr());
    let method = hyper::Method::GET;
    let request = VendorRequest { method, url, headers: Vec::new(), body: Default::default() };
    let answer = Transport::new(TransportConfig::default()).send(&request).await.unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("hongyan_{name} ")));
    line.unwrap_or_else(|| panic!("no metric {name} in {text}")).parse().unwrap()
}

#[tokio::test]
async fn push_kit_says_that_a_notice_arrived_in_both_key_modes() {
    for mode in [KeyMode::Base64, KeyMode::Raw] {
        let world = World::with_push().await;
        signed(&world, mode, CALLBACK_SECRET).await;
        let _phone = world.phone("bob").await;
        let trace = reported(&world, send(&world, "bob").await).await;
        let receipt = trace.devices[0].receipt.as_ref().unwrap();
        assert_eq!((receipt.name.as_str(), receipt.result), ("arrived", 0));
        let event = trace.events.iter().find(|event| event.step == Some(8)).unwrap();
        assert_eq!((event.name.as_str(), event.device_id.as_ref()), ("arrived", Some(&device("bob"))));
        let text = trace.to_text();
        assert!(text.contains("arrived               Delivered to the device."), "{text}");
        let emulator = &world.kit.as_ref().unwrap().emulator;
        until("the answer", || emulator.receipt_counts().delivered == 1).await;
        assert_eq!((metric(&world, "receipt_batches_total").await, emulator.receipt_counts().failed), (1, 0));
        assert_eq!(metric(&world, "receipts_total{verdict=\"delivered\"}").await, 1);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_not_believed() {
    let world = World::with_push().await;
    signed(&world, KeyMode::Base64, "b3RoZXI=").await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    emulator.set_receipt_policy(ReceiptPolicy { attempts: 1, ..ReceiptPolicy::default() }).unwrap();
    let _phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    until("the refusal", || emulator.receipt_counts().failed == 1).await;
    assert_eq!(metric(&world, "receipt_batches_refused_total").await, 1);
    assert!(world.settled_trace(id.0).await.devices[0].receipt.is_none());
}

/// What a result leaves of the PushID.
#[derive(PartialEq, Debug)]
enum Left {
    Alive,
    Dead(&'static str),
    Suspended(&'static str),
    Unbound,
}

#[tokio::test]
async fn each_result_has_its_effect_on_the_device() {
    use Left::{Alive, Dead, Suspended, Unbound};
    let table = [
        (0, "arrived", Alive),
        (2, "not_delivered", Dead("receipt 2")),
        (5, "not_delivered", Dead("receipt 5")),
        (6, "not_shown", Suspended("notifications_off")),
        (10, "not_delivered", Suspended("device_inactive")),
        (14, "not_delivered", Alive),
        (15, "not_delivered", Alive),
        (27, "held", Alive),
        (31, "arrived", Alive),
        (51, "held", Alive),
        (102, "not_delivered", Alive),
        (144, "not_shown", Unbound),
        (151, "not_shown", Alive),
        (188, "not_shown", Alive),
        (256, "not_delivered", Alive),
        (259, "not_delivered", Alive),
        (4711, "reported", Alive),
    ];
    let world = signed_world().await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    for (result, name, left) in table {
        let user = format!("user-{result}");
        let _phone = world.phone(&user).await;
        let action = FaultAction { receipt_result: Some(result), ..FaultAction::default() };
        emulator.add_fault(FaultSpec { next: Some(1), action, ..FaultSpec::default() }).unwrap();
        let trace = reported(&world, send(&world, &user).await).await;
        let receipt = trace.devices[0].receipt.as_ref().unwrap();
        assert_eq!((receipt.name.as_str(), receipt.result), (name, u32::try_from(result).unwrap()));
        assert_eq!(trace.devices[0].state, DeviceState::Pushed, "the vendor took it, whatever came of it");
        let found = target(&world, &user).await;
        let dead = found.as_ref().and_then(|found| found.tombstone.as_ref()).map(|stone| stone.code.clone());
        let mute = found.as_ref().and_then(|found| found.suspension.clone()).map(|mute| mute.reason);
        let (expected, reason) = match left {
            Alive => ((true, None, None), None),
            Dead(code) => ((true, Some(code.to_owned()), None), Some("token_gone")),
            Suspended(reason) => ((true, None, Some(reason.to_owned())), Some(reason)),
            Unbound => ((false, None, None), Some("not_bound")),
        };
        assert_eq!((found.is_some(), dead, mute), expected, "{result}");
        let next = next_verdict(&world, &user).await;
        assert_eq!(next.1.as_deref(), reason, "{result}: what the next message meets");
    }
}

#[tokio::test]
async fn limits_and_refused_content_raise_alarms() {
    let world = signed_world().await;
    let emulator = &world.kit.as_ref().unwrap().emulator;
    let _phone = world.phone("bob").await;
    for (result, kind) in [(256, "quota"), (259, "bad_request")] {
        let action = FaultAction { receipt_result: Some(result), ..FaultAction::default() };
        emulator.add_fault(FaultSpec { next: Some(1), action, ..FaultSpec::default() }).unwrap();
        reported(&world, send(&world, "bob").await).await;
        let raised = raised(&world, kind).await;
        assert_eq!((raised.code.as_str(), raised.count), (format!("receipt {result}").as_str(), 1));
    }
}

/// Switches the notifications of the app off or on, as its user does.
fn allow(phone: &Phone, allowed: bool) {
    phone.set_permission(BUNDLE, allowed).unwrap();
}

#[tokio::test]
async fn switched_off_notifications_keep_a_device_from_being_pushed_until_it_logs_in() {
    let world = signed_world().await;
    let phone = world.phone("bob").await;
    allow(&phone, false);
    let trace = reported(&world, send(&world, "bob").await).await;
    assert_eq!(trace.devices[0].receipt.as_ref().unwrap().result, 6);
    let off = (DeviceState::Suppressed, Some("notifications_off".to_owned()));
    assert_eq!(next_verdict(&world, "bob").await, off);
    allow(&phone, true);
    assert_eq!(next_verdict(&world, "bob").await, off, "nobody told the server yet");
    world.client("bob").await.abort();
    world.gone("bob").await;
    assert_eq!(next_verdict(&world, "bob").await, (DeviceState::Pushed, None));
}

#[tokio::test]
async fn an_uninstalled_app_loses_its_token_until_it_registers_anew() {
    let world = signed_world().await;
    let phone = world.phone("bob").await;
    phone.uninstall(BUNDLE).unwrap();
    let trace = reported(&world, send(&world, "bob").await).await;
    assert_eq!(trace.devices[0].receipt.as_ref().unwrap().result, 2);
    assert_eq!(next_verdict(&world, "bob").await.1.as_deref(), Some("token_gone"));
    let token = phone.ready(BUNDLE, PROJECT).unwrap();
    let bob = world.client("bob").await;
    register(&bob, "bob", &token).await;
    bob.abort();
    world.gone("bob").await;
    assert_eq!(next_verdict(&world, "bob").await, (DeviceState::Pushed, None));
}

#[tokio::test]
async fn a_repeated_batch_changes_nothing_and_is_answered_alike() {
    let world = signed_world().await;
    let phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    reported(&world, id).await;
    let token = phone.get_token(BUNDLE).unwrap();
    let address = format!("{}{}", world.server.local_addr(), path(&world));
    let body = batch(&[status(&token, id, 27), status(&token, id, 27), status(&token, id, 6)]);
    for _ in 0..3 {
        let answer = post(&address, now_signed(&world), body.clone()).await;
        assert_eq!(answer, (200, SUCCESS.to_owned()));
    }
    let (kept, repeated) = (metric(&world, "receipts_total{verdict=\"held\"}").await, 7);
    assert_eq!((kept, metric(&world, "receipts_repeated_total").await), (1, repeated));
    // A login lifts the suspension; the batch that caused it, posted again, does not bring it back.
    assert!(target(&world, "bob").await.unwrap().suspension.is_some());
    world.client("bob").await.abort();
    assert_eq!(post(&address, now_signed(&world), body).await.0, 200);
    assert!(target(&world, "bob").await.unwrap().suspension.is_none());
}

#[tokio::test]
async fn strange_receipts_are_counted_and_answered_with_success() {
    let world = signed_world().await;
    let phone = world.phone("bob").await;
    let id = send(&world, "bob").await;
    reported(&world, id).await;
    let token = phone.get_token(BUNDLE).unwrap();
    let address = format!("{}{}", world.server.local_addr(), path(&world));
    let mut foreign = status(&token, id, 2);
    foreign["biTag"] = json!("somebody-else's");
    let mut untagged = status(&token, id, 2);
    untagged.as_object_mut().unwrap().remove("biTag");
    let mut endless = status(&token, id, 2);
    endless["requestId"] = json!("r".repeat(4_000));
    let strange = [
        status("MA-nobody", id, 2),
        status(&token, MessageId(7), 2),
        foreign,
        untagged,
        endless,
        json!({"token": 5}),
        json!("nonsense"),
    ];
    let answer = post(&address, now_signed(&world), batch(&strange)).await;
    assert_eq!(answer, (200, SUCCESS.to_owned()));
    assert_eq!(metric(&world, "receipts_unknown_total").await, 5);
    assert_eq!(metric(&world, "receipts_unreadable_total").await, 2);
    assert!(target(&world, "bob").await.unwrap().tombstone.is_none());
    assert_eq!(post(&address, now_signed(&world), batch(&[])).await, (200, SUCCESS.to_owned()));
}

/// Path, signature, body, status, and what the sentence says.
type Knock<'a> = (&'a str, Option<String>, &'a [u8], u16, &'a str);

#[tokio::test]
async fn what_is_wrong_is_refused_with_a_sentence() {
    let world = signed_world().await;
    let own = path(&world);
    let (good, at) = (now_signed(&world), world.clock.now_ms());
    let old = signature(at - 600_001, CALLBACK_SECRET);
    let unborn = signature(at + 600_001, CALLBACK_SECRET);
    let many = batch(&vec![status("MA", MessageId(1), 0); 101]);
    let huge = vec![b' '; 256 * 1024 + 1];
    let empty = batch(&[]);
    let table: [Knock<'_>; 15] = [
        (&own, None, &empty, 401, "is missing"),
        (&own, Some("nonsense".into()), &empty, 401, "has not the form"),
        (&own, signature(at, "b3RoZXI="), &empty, 401, "does not fit"),
        (&own, old, &empty, 401, "too far"),
        (&own, unborn, &empty, 401, "too far"),
        (&own, None, &huge, 401, "is missing"),
        (&own, good.clone(), &huge, 413, "larger"),
        (&own, good.clone(), &many, 400, "at most 100"),
        (&own, good.clone(), b"", 400, "statuses"),
        (&own, good.clone(), b"{\"statuses\":7}", 400, "statuses"),
        (&format!("{own}/2"), good.clone(), &empty, 404, "no credential"),
        (&format!("{own}/3"), good.clone(), &empty, 404, "no credential"),
        ("/receipts/harmony/99", good.clone(), &empty, 404, "no credential"),
        ("/receipts/harmony/bob", good.clone(), &empty, 404, "no credential"),
        ("/receipts/nokia/7", good, &empty, 404, "no credential"),
    ];
    for (path, signature, body, expected, says) in table {
        let (status, answer) = post(&format!("{}{path}", world.server.local_addr()), signature, body).await;
        assert_eq!(status, expected, "{path}: {answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["error"].as_str().unwrap().contains(says), "{answer}");
    }
    assert_eq!(metric(&world, "receipt_batches_total").await, 0);
    assert_eq!(metric(&world, "receipt_batches_refused_total").await, 15);
}

#[tokio::test]
async fn without_a_secret_receipts_are_taken_only_where_that_is_allowed() {
    for unsigned in [false, true] {
        let dir = TempDir::new().unwrap();
        let mut config = Config::default();
        config.server.data = dir.path().to_owned();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.receipts.unsigned = unsigned;
        let server = Server::start(config, Clock::system(), axum::Router::new()).await.unwrap();
        let store = server.store();
        let app = store.create_app(NewApp { name: "test".into(), id: None }, 1).await.unwrap().unwrap();
        let credential = StoredCredential {
            rights: Default::default(),
            vendor: VendorKind::Harmony,
            app_type: 2,
            file: Secret::new("{}"),
            client_id: None,
            base_url: None,
            callback: None,
            updated_at: 1,
        };
        store.put_credential(app.id, credential).await.unwrap();
        let address = format!("{}/receipts/harmony/{}/2", server.local_addr(), app.id);
        let (status, answer) = post(&address, None, batch(&[])).await;
        match unsigned {
            true => assert_eq!((status, answer.as_str()), (200, SUCCESS)),
            false => assert!(status == 401 && answer.contains("--callback-user"), "{status} {answer}"),
        }
        server.shutdown().await;
    }
}
