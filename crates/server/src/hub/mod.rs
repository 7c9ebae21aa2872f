//! Who is connected here, and a bounded mailbox for each.
//!
//! A hint, never the truth: a frame that does not fit into a mailbox closes that socket and the device syncs
//! from its cursor. The hub knows nothing of the store, the protocol's meaning or push; session registers,
//! chat and calls deliver, push asks who is there.

mod mailbox;
mod seat;

pub use mailbox::{MAILBOX_BYTES_MAX, MAILBOX_FRAMES_MAX, Mailbox};
pub use seat::{Seat, SessionId};

use bytes::Bytes;
use hongyan_wire::{AppId, CloseCode, DeviceId, UserId, client::AppPhase};
use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Devices whose socket dropped lately that are remembered, for the reconnect grace.
const DROPPED_MAX: usize = 100_000;
const SHARDS: usize = 16;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who is here.
#[derive(Debug, Default)]
pub struct Hub {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    next_number: AtomicU64,
    seats: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    seats: HashMap<(AppId, UserId), Vec<Arc<Seat>>>,
    /// Devices whose socket went without a logout: when.
    dropped: HashMap<(AppId, UserId, DeviceId), u64>,
}

/// What a session hands over to be seated.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Public name of the session.
    pub session_id: SessionId,
    /// Where.
    pub app: AppId,
    /// Who.
    pub user: UserId,
    /// On which device.
    pub device: DeviceId,
    /// ZIMPlatformType.
    pub platform: u8,
    /// Foreground or background.
    pub phase: AppPhase,
    /// Silence that ends the session, in ms.
    pub silence_ms: u64,
    /// Unix time in ms.
    pub now_ms: u64,
}

/// Keeps a seat taken; dropping it frees the seat. Whoever holds it is the session.
#[derive(Debug)]
pub struct Seating {
    hub: Arc<Hub>,
    seat: Arc<Seat>,
}

impl Seating {
    /// The seat.
    pub fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Leaves the hub and remembers when, so that the reconnect grace can run.
    pub fn drop_out(self, now_ms: u64) {
        self.hub.note_dropped(&self.seat, now_ms);
    }
}

impl Drop for Seating {
    fn drop(&mut self) {
        self.hub.leave(&self.seat);
        self.seat.mailbox.abandon();
    }
}

impl Hub {
    /// An empty hub.
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// Sits a session down. Deliveries reach its mailbox from now on.
    pub fn arrive(self: &Arc<Self>, arrival: Arrival) -> Seating {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed) + 1;
        let seat = Arc::new(Seat::new(number, arrival));
        let mut shard = self.shard(seat.app, &seat.user);
        shard.dropped.remove(&(seat.app, seat.user.clone(), seat.device.clone()));
        // Most users have one session: no room for four from the beginning.
        let seats = shard.seats.entry((seat.app, seat.user.clone())).or_insert_with(|| Vec::with_capacity(1));
        seats.push(seat.clone());
        drop(shard);
        self.seats.fetch_add(1, Ordering::Relaxed);
        Seating { hub: self.clone(), seat }
    }

    /// Live sessions of a user.
    pub fn seats_of(&self, app: AppId, user: &UserId) -> Vec<Arc<Seat>> {
        self.shard(app, user).seats.get(&(app, user.clone())).cloned().unwrap_or_default()
    }

    /// The users of an app who have a live session, in no order.
    pub fn users(&self, app: AppId) -> Vec<UserId> {
        let mut users = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            users.extend(shard.seats.keys().filter(|(of, _)| *of == app).map(|(_, user)| user.clone()));
        }
        users
    }

    /// Puts a frame into every mailbox of a user but those of `except`; the number of mailboxes reached.
    pub fn deliver(&self, app: AppId, user: &UserId, except: Option<&DeviceId>, frame: &Bytes) -> usize {
        self.each_other(app, user, except, |seat| seat.mailbox.push(frame.clone()))
    }

    /// Like `deliver`, for a stored message: a session that still syncs gets it by its sync, in order, and one
    /// whose sync came across it already does not get it again.
    pub fn deliver_message(
        &self,
        app: AppId,
        user: &UserId,
        except: Option<&DeviceId>,
        (conversation, seq): (u64, u64),
        frame: &Bytes,
    ) -> usize {
        self.each_other(app, user, except, |seat| {
            if seat.syncing.load(Ordering::Acquire) {
                seat.missed.store(true, Ordering::Release);
                return true;
            }
            seat.was_synced(conversation, seq) || seat.mailbox.push(frame.clone())
        })
    }

    /// Ends a session's sync unless a live message was held back meanwhile; `false`: look again.
    pub fn finish_sync(&self, seat: &Seat, whatever_was_missed: bool) -> bool {
        // Under the lock that deliveries take: none can slip in between the look and the switch.
        let _shard = self.shard(seat.app, &seat.user);
        if seat.missed.swap(false, Ordering::AcqRel) && !whatever_was_missed {
            return false;
        }
        seat.syncing.store(false, Ordering::Release);
        true
    }

    fn each_other(
        &self,
        app: AppId,
        user: &UserId,
        except: Option<&DeviceId>,
        push: impl Fn(&Seat) -> bool,
    ) -> usize {
        let shard = self.shard(app, user);
        let Some(seats) = shard.seats.get(&(app, user.clone())) else { return 0 };
        seats.iter().filter(|seat| Some(&seat.device) != except).filter(|seat| push(seat)).count()
    }

    /// When a device's socket dropped without logout, if it did lately and has not come back.
    pub fn dropped_at(&self, app: AppId, user: &UserId, device: &DeviceId) -> Option<u64> {
        self.shard(app, user).dropped.get(&(app, user.clone(), device.clone())).copied()
    }

    /// Sessions now.
    pub fn len(&self) -> usize {
        self.seats.load(Ordering::Relaxed)
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Asks every socket to close, for a drain.
    pub fn close_all(&self, code: CloseCode) {
        for shard in &self.shards {
            lock(shard).seats.values().flatten().for_each(|seat| seat.mailbox.close(code));
        }
    }

    /// Calls `visit` for every session, a shard at a time; for sweeps over all of them.
    pub fn for_each(&self, mut visit: impl FnMut(&Arc<Seat>)) {
        for shard in &self.shards {
            lock(shard).seats.values().flatten().for_each(&mut visit);
        }
    }

    /// Forgets devices that dropped before `before_ms` and gives their users: they are not coming back soon.
    pub fn forget_dropped(&self, before_ms: u64) -> Vec<(AppId, UserId)> {
        let mut gone = Vec::new();
        for shard in &self.shards {
            lock(shard).dropped.retain(|(app, user, _), at| {
                let keep = *at >= before_ms;
                if !keep {
                    gone.push((*app, user.clone()));
                }
                keep
            });
        }
        gone
    }

    fn note_dropped(&self, seat: &Seat, now_ms: u64) {
        let mut shard = self.shard(seat.app, &seat.user);
        if shard.dropped.len() < DROPPED_MAX / SHARDS {
            shard.dropped.insert((seat.app, seat.user.clone(), seat.device.clone()), now_ms);
        }
    }

    fn leave(&self, seat: &Arc<Seat>) {
        let mut shard = self.shard(seat.app, &seat.user);
        let key = (seat.app, seat.user.clone());
        if let Some(seats) = shard.seats.get_mut(&key) {
            seats.retain(|other| !Arc::ptr_eq(other, seat));
            if seats.is_empty() {
                shard.seats.remove(&key);
            }
        }
        drop(shard);
        self.seats.fetch_sub(1, Ordering::Relaxed);
    }

    fn shard(&self, app: AppId, user: &UserId) -> MutexGuard<'_, Shard> {
        let hash = self.hasher.hash_one((app, user));
        lock(&self.shards[hash as usize % SHARDS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(device: &str) -> Arrival {
        Arrival {
            session_id: SessionId::random(),
            app: AppId(1),
            user: UserId::new("ann").unwrap(),
            device: DeviceId::new(device).unwrap(),
            platform: 10,
            phase: AppPhase::Foreground,
            silence_ms: 35_000,
            now_ms: 0,
        }
    }

    #[tokio::test]
    async fn a_frame_reaches_every_session_but_the_senders() {
        let hub = Hub::new();
        let (one, two) = (hub.arrive(arrival("device-1")), hub.arrive(arrival("device-2")));
        let user = UserId::new("ann").unwrap();
        let sender = DeviceId::new("device-1").unwrap();
        assert_eq!(hub.deliver(AppId(1), &user, Some(&sender), &Bytes::from_static(b"hello")), 1);
        let (frames, close) = two.seat().mailbox.take().await;
        assert_eq!((frames.len(), close), (1, None));
        drop((one, two));
        assert!(hub.is_empty());
        assert_eq!(hub.deliver(AppId(1), &user, None, &Bytes::from_static(b"hello")), 0);
    }

    #[tokio::test]
    async fn a_full_mailbox_closes_the_socket_as_too_slow() {
        let hub = Hub::new();
        let seating = hub.arrive(arrival("device-1"));
        let mailbox = &seating.seat().mailbox;
        for _ in 0..MAILBOX_FRAMES_MAX {
            assert!(mailbox.push(Bytes::from_static(b"x")));
        }
        assert!(!mailbox.push(Bytes::from_static(b"x")));
        assert_eq!(mailbox.take().await.1, Some(CloseCode::TooSlow));
    }

    #[tokio::test]
    async fn a_message_during_a_sync_makes_the_sync_look_again() {
        let hub = Hub::new();
        let user = UserId::new("ann").unwrap();
        let seating = hub.arrive(arrival("device-1"));
        let frame = Bytes::from_static(b"hello");
        assert_eq!(hub.deliver_message(AppId(1), &user, None, (7, 1), &frame), 1);
        assert!(!hub.finish_sync(seating.seat(), false), "one was held back");
        seating.seat().note_synced(7, 2);
        assert!(hub.finish_sync(seating.seat(), false));
        for seq in 1..=3 {
            hub.deliver_message(AppId(1), &user, None, (7, seq), &frame);
        }
        assert_eq!(seating.seat().mailbox.take().await.0.len(), 1, "two were part of the sync");
    }

    #[test]
    fn a_dropped_socket_is_remembered_until_the_device_is_back() {
        let hub = Hub::new();
        let user = UserId::new("ann").unwrap();
        let device = DeviceId::new("device-1").unwrap();
        hub.arrive(arrival("device-1")).drop_out(77);
        assert_eq!(hub.dropped_at(AppId(1), &user, &device), Some(77));
        let _back = hub.arrive(arrival("device-1"));
        assert_eq!(hub.dropped_at(AppId(1), &user, &device), None);
    }
}
