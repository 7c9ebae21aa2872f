//! Three users who play histories one after the other: a caller, a callee with a phone and a desktop, a third
//! with a phone; and what must hold on all of them when a call is over.

use crate::{
    call_histories::{
        device::{Device, Life},
        history::{self, Played},
        pause,
        phones::Shelf,
    },
    program::Program,
};
use hongyan_client::Place;
use hongyan_wire::{
    CallId, UserId,
    call::{Call, CallMode, CallState, CallUserState},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const HARMONY: u8 = 10;
const WINDOWS: u8 = 1;
const WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);

pub struct Cast {
    pub caller: Arc<Device>,
    /// The callee's phone and desktop, the third's phone.
    pub others: Vec<Arc<Device>>,
    shelf: Arc<Shelf>,
    _lives: Vec<Life>,
}

impl Cast {
    /// Registers the users and their phones; the server runs.
    pub async fn gather(program: &Program, number: usize) -> Self {
        let name = |role: &str| format!("{role}{number}");
        let (caller, life) = Device::start(program, &name("ann"), "device", HARMONY);
        let mut lives = vec![life];
        let mut others = Vec::new();
        let shelf = Arc::new(Shelf::default());
        for (role, kind, platform) in
            [("bob", "device", HARMONY), ("bob", "desktop", WINDOWS), ("carol", "device", HARMONY)]
        {
            let (device, life) = Device::start(program, &name(role), kind, platform);
            if kind == "device" {
                let phone = program.bind_phone(&name(role)).await;
                shelf.put(phone, device.clone());
            }
            others.push(device);
            lives.push(life);
        }
        Self { caller, others, shelf, _lives: lives }
    }

    pub fn devices(&self) -> Vec<Arc<Device>> {
        std::iter::once(&self.caller).chain(&self.others).cloned().collect()
    }

    pub fn callee(&self) -> UserId {
        UserId::new(&self.others[0].user).unwrap()
    }

    pub fn third(&self) -> UserId {
        UserId::new(&self.others[2].user).unwrap()
    }

    pub fn any_device_of(&self, user: &str) -> Arc<Device> {
        self.devices().into_iter().find(|device| device.user == user).unwrap()
    }

    /// The call as the server shows it to the caller.
    pub async fn look(&self, call: CallId) -> Option<Call> {
        self.caller.want(true);
        let client = self.caller.client(WAIT).await?;
        let listed = client.call_list(20, None).await.ok()?.call_list;
        let found = listed.into_iter().find(|one| one.call_id == call);
        Some(found.unwrap_or_else(|| panic!("call {call} was answered and is gone")))
    }

    /// Plays one history and checks how it ended everywhere.
    pub async fn play(&self, seed: u64) -> Played {
        let played = history::play(self, seed).await;
        check_record(&played.last);
        self.all_come_home(&played).await;
        self.same_for_everybody(&played).await;
        self.shelf.is_quiet(&played).await;
        for device in self.devices() {
            assert!(device.faults().is_empty(), "seed {seed}: {:?}", device.faults());
        }
        played
    }

    pub fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Every device comes back: none rings, and none is in a call of advanced mode that is over.
    async fn all_come_home(&self, played: &Played) {
        self.devices().iter().for_each(|device| device.want(true));
        let started = Instant::now();
        for device in self.devices() {
            loop {
                let home = device.client(Duration::ZERO).await.is_some();
                let place = device.place(played.call);
                let over =
                    place == Place::Over || (place == Place::In && played.last.mode == CallMode::General);
                if home && over && !device.rings() {
                    break;
                }
                let shows = format!("{}: {place:?}, here: {home}", device.user);
                assert!(started.elapsed() < WAIT, "call {} is over, and {shows}", played.call);
                pause(LOOK_EVERY).await;
            }
        }
    }

    /// Whoever is in the call's list sees the same call.
    async fn same_for_everybody(&self, played: &Played) {
        let started = Instant::now();
        for device in [&self.others[0], &self.others[2]] {
            if !played.last.call_user_list.iter().any(|one| one.user_id.as_str() == device.user) {
                continue;
            }
            let seen = loop {
                assert!(started.elapsed() < WAIT, "{} cannot look", device.user);
                let Some(client) = device.client(WAIT).await else { continue };
                let Ok(page) = client.call_list(20, None).await else { continue };
                break page.call_list.into_iter().find(|one| one.call_id == played.call);
            };
            let seen = seen.unwrap_or_else(|| panic!("{} does not see {}", device.user, played.call));
            assert_eq!(seen.call_user_list, played.last.call_user_list);
            assert_eq!((seen.state, seen.end_time), (played.last.state, played.last.end_time));
        }
    }
}

/// Everybody stands in exactly one state that is an end.
fn check_record(call: &Call) {
    assert_eq!(call.state, CallState::Ended);
    let longest = u64::from(call.timeout) * 1_000;
    for one in &call.call_user_list {
        let inside = one.state == CallUserState::Accepted;
        assert!(!one.state.rings(), "{call:?}");
        assert!(call.mode == CallMode::General || !inside, "{call:?}");
    }
    if call.mode == CallMode::General {
        assert!(call.end_time <= call.create_time + longest, "it outlived its ring: {call:?}");
    }
    let mut names: Vec<&str> = call.call_user_list.iter().map(|one| one.user_id.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), call.call_user_list.len(), "somebody is there twice: {call:?}");
}
