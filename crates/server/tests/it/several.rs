//! Several devices of one user: who may be here, what they share, whom the user's rule keeps quiet.

use crate::harness::{World, device, messages, peer, user_id};
use hongyan_client::{AckPolicy, Client, Draft};
use hongyan_emulator::Phone;
use hongyan_server::{
    push::trace::{DeviceState, TraceView},
    store::{AppSettings, DevicePolicy},
};
use hongyan_wire::{DeviceId, client::PushRule, server::Notification};
use std::time::Duration;

pub const WINDOWS: u8 = 1;
pub const WEB: u8 = 6;
/// What the client says of itself unless told otherwise.
const LINUX: u8 = 5;

impl World {
    /// Changes the app's policies for sessions that log in from now on.
    pub async fn set(&self, change: impl FnOnce(&mut AppSettings)) {
        let app = self.store().app(self.app.id).await.unwrap().unwrap();
        let mut settings = (*app.settings).clone();
        change(&mut settings);
        settings.check().unwrap();
        assert!(self.store().set_app_settings(self.app.id, settings).await.unwrap());
    }

    /// A logged-in client on another device of the user.
    pub async fn device(&self, user: &str, name: &str, platform: u8, ack: AckPolicy) -> Client {
        let client = self.raw_with(ack).await;
        let login = self.login(user).device(other(user, name)).platform(platform);
        client.login(login).await.unwrap();
        let (hub, user) = (self.server.hub(), user_id(user));
        let synced = || hub.seats_of(self.app.id, &user).iter().all(|seat| !seat.is_syncing());
        crate::harness::until("the sync", synced).await;
        client
    }
}

/// The ID of another device of this user.
pub fn other(user: &str, name: &str) -> DeviceId {
    DeviceId::new(&format!("{name}-of-{user}")).unwrap()
}

/// How the trace ends for one device.
pub fn state_of<'a>(trace: &'a TraceView, of: &DeviceId) -> (DeviceState, Option<&'a str>) {
    let found: Vec<_> = trace.devices.iter().filter(|one| one.device_id.as_ref() == Some(of)).collect();
    assert_eq!(found.len(), 1, "one final state for {of:?}: {trace:#?}");
    (found[0].state, found[0].reason.as_deref())
}

async fn phone_and_pc(ack_of_pc: AckPolicy) -> (World, Phone, Client, Client) {
    let world = World::with_push().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    let pc = world.device("bob", "pc", WINDOWS, ack_of_pc).await;
    (world, phone, ann, pc)
}

#[tokio::test]
async fn the_policy_says_who_is_put_out() {
    let world = World::start().await;
    let first = world.client("bob").await;
    let web = world.device("bob", "web", WEB, AckPolicy::Auto).await;
    assert_eq!(first.closed().await, Some(4101), "single: the newer login puts the older one out");
    world.set(|settings| settings.devices = DevicePolicy::Dual).await;
    let phone = world.client("bob").await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    assert_eq!(phone.closed().await, Some(4101), "dual: one browser and one other");
    assert!(web.is_open() && pc.is_open());
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let phone = world.client("bob").await;
    assert!(web.is_open() && pc.is_open() && phone.is_open());
}

#[tokio::test]
async fn a_message_sent_on_one_device_reaches_the_others_and_reading_is_shared() {
    let world = World::start().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    world.register(&["ann"]).await;
    let (phone, pc) = (world.client("bob").await, world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await);
    let sent = phone.send(&peer("ann"), &Draft::text("from the phone")).await.unwrap();
    assert_eq!(messages(&pc).await.messages[0].message_id, sent.message_id);
    let ann = world.client("ann").await;
    ann.send(&peer("bob"), &Draft::text("hello both")).await.unwrap();
    messages(&phone).await;
    messages(&pc).await;
    phone.conversation_read(&peer("ann")).await.unwrap();
    let total =
        pc.expect(|told| matches!(told, Notification::TotalUnreadChanged(_)), crate::harness::WAIT).await;
    let Some(Notification::TotalUnreadChanged(total)) = total else { panic!("the other device is not told") };
    assert_eq!(total.total_unread_message_count, 0);
}

#[tokio::test]
async fn each_device_has_its_own_fate() {
    let (world, phone, ann, _pc) = phone_and_pc(AckPolicy::Auto).await;
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    let trace = world.settled_trace(id.0).await;
    assert_eq!(state_of(&trace, &device("bob")), (DeviceState::Pushed, None), "no rule: the phone is pushed");
    assert_eq!(state_of(&trace, &other("bob", "pc")).0, DeviceState::Acked);
    assert_eq!(phone.notices().len(), 1);
}

#[tokio::test]
async fn the_users_rule_keeps_the_phone_quiet_while_the_pc_acknowledges() {
    let (world, phone, ann, pc) = phone_and_pc(AckPolicy::Auto).await;
    let rule =
        PushRule { online_platforms: vec![WINDOWS], not_to_receive_offline_push_platforms: vec![LINUX] };
    assert_eq!(pc.user_set_push_rule(&rule).await.unwrap(), rule);
    assert_eq!(pc.user_self().await.unwrap().offline_push_rule, rule);
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    messages(&pc).await;
    let trace = loop {
        // In small steps: the acknowledgement is on its way, and must not be overtaken by its deadline.
        world.advance(Duration::from_millis(10));
        let trace = world.server.trace(id.0).await.unwrap();
        if let Some(trace) = trace.filter(|trace| trace.settled) {
            break trace;
        }
    };
    assert_eq!(state_of(&trace, &device("bob")), (DeviceState::Suppressed, Some("platform_rule")));
    assert!(phone.notices().is_empty());
}

#[tokio::test]
async fn a_pc_that_only_looks_online_does_not_keep_the_phone_quiet() {
    // G5 for the rule: its socket is open, but it does not acknowledge.
    let (world, phone, ann, pc) = phone_and_pc(AckPolicy::Never).await;
    let rule =
        PushRule { online_platforms: vec![WINDOWS], not_to_receive_offline_push_platforms: vec![LINUX] };
    pc.user_set_push_rule(&rule).await.unwrap();
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    crate::harness::until("the notice", || {
        world.advance(Duration::from_millis(500));
        !phone.notices().is_empty()
    })
    .await;
    let trace = world.settled_trace(id.0).await;
    assert_eq!(state_of(&trace, &device("bob")).0, DeviceState::Pushed);
}

#[tokio::test]
async fn a_device_that_was_put_out_keeps_its_pushes_or_not_as_the_app_wants() {
    let world = World::with_push().await;
    let phone = world.phone("bob").await;
    let ann = world.client("ann").await;
    for (keeps, notices) in [(true, 1), (false, 1)] {
        world.set(|settings| settings.push_to_kicked = keeps).await;
        let old = world.client("bob").await;
        world.advance(Duration::from_secs(1));
        let new = world.device("bob", "new", WINDOWS, AckPolicy::Auto).await;
        assert_eq!(old.closed().await, Some(4101));
        world.advance(Duration::from_secs(10));
        let id =
            ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
        world.settled_trace(id.0).await;
        assert_eq!(phone.notices().len(), notices, "push_to_kicked = {keeps}");
        new.abort();
        world.gone("bob").await;
    }
}

#[tokio::test]
async fn a_device_that_was_away_gets_what_another_of_the_user_received() {
    // Found by simulation: it had no cursor yet and began where the other device stood, so it never got the
    // message and, by acknowledging a later one, seemed to have it.
    let world = World::start().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    let (phone, pc) = (world.client("bob").await, world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await);
    pc.abort();
    let ann = world.client("ann").await;
    world.advance(Duration::from_secs(1));
    let id = ann.send(&peer("bob"), &Draft::text("to the phone first")).await.unwrap().message_id;
    messages(&phone).await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    assert_eq!(messages(&pc).await.messages[0].message_id, id);
    world.advance(Duration::from_secs(1));
    let new = world.device("bob", "new", WINDOWS, AckPolicy::Auto).await;
    let told = new.expect(|told| matches!(told, Notification::Messages(_)), crate::harness::QUIET).await;
    assert!(told.is_none(), "what is older than the device is history: {told:?}");
}

#[tokio::test]
async fn a_restart_in_order_gives_no_device_a_second_end() {
    // A stop in order sees the devices leave; what a crash leaves behind is tested beside the pipeline.
    let world = World::with_push().await;
    world.set(|settings| settings.devices = DevicePolicy::Multi).await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    let frozen = world.client_with("bob", AckPolicy::Never).await;
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    crate::harness::until("the acknowledgement", || {
        world.store().acknowledged(&other("bob", "pc"), hongyan_server::store::ConversationNo(1)) == 1
    })
    .await;
    while world
        .server
        .trace(id.0)
        .await
        .unwrap()
        .unwrap()
        .devices
        .iter()
        .all(|one| one.state != DeviceState::Acked)
    {
        tokio::task::yield_now().await;
    }
    drop((frozen, pc));
    let world = world.restart().await;
    let pc = world.device("bob", "pc", WINDOWS, AckPolicy::Auto).await;
    world.advance(Duration::from_secs(10));
    let trace = world.settled_trace(id.0).await;
    assert_eq!(state_of(&trace, &other("bob", "pc")).0, DeviceState::Acked);
    assert_eq!(state_of(&trace, &device("bob")).0, DeviceState::Pushed);
    drop(pc);
}
