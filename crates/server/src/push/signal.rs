//! How the rest of the server wakes the planner: a bounded channel of hints.

use crate::store::{ConversationNo, Intent};
use hongyan_wire::{AppId, CallId, DeviceId, Seq, UserId};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, mpsc};

/// Hints that may wait; beyond them the planner reads the store instead.
pub const SIGNALS_MAX: usize = 65_536;

/// Something the planner may want to act on now.
#[derive(Clone, Debug)]
pub enum Signal {
    /// An intent was committed.
    Intent(Arc<Intent>),
    /// A device acknowledged a conversation up to `seq`.
    Acked {
        /// Where.
        app: AppId,
        /// Who.
        user: UserId,
        /// Which device.
        device: DeviceId,
        /// Which conversation.
        conversation: ConversationNo,
        /// Up to here.
        seq: Seq,
    },
    /// A device acknowledged an invitation.
    CallAcked {
        /// The call.
        call: CallId,
        /// Who.
        user: UserId,
        /// Which device.
        device: DeviceId,
    },
    /// Notices have to be taken back; the orders are in the store.
    Retraction,
    /// A user asks for a number on the icon of its own phones.
    Badge {
        /// Where.
        app: AppId,
        /// Who.
        user: UserId,
        /// The number; vendors show what they can.
        badge: u32,
    },
    /// Sessions, app state or bindings of a user changed: look again at what waits for this user.
    UserChanged {
        /// Where.
        app: AppId,
        /// Who.
        user: UserId,
    },
    /// A call ended, or one of its users is done: notices that still wait must not go out.
    CallOver {
        /// The call.
        call: CallId,
        /// Users that no longer ring; empty means everybody.
        users: Vec<UserId>,
    },
}

/// The sending end. Never blocks and never fails.
#[derive(Clone, Debug)]
pub struct Signals {
    sender: mpsc::Sender<Signal>,
    overflow: Arc<Overflow>,
}

/// Set when a hint did not fit: the planner then reads pending intents from the store.
#[derive(Debug, Default)]
pub struct Overflow {
    happened: AtomicBool,
    woken: Notify,
}

impl Signals {
    /// The two ends and the overflow mark.
    pub fn channel() -> (Self, mpsc::Receiver<Signal>, Arc<Overflow>) {
        let (sender, receiver) = mpsc::channel(SIGNALS_MAX);
        let overflow = Arc::new(Overflow::default());
        (Self { sender, overflow: overflow.clone() }, receiver, overflow)
    }

    /// Hands a hint over, or marks the overflow.
    pub fn send(&self, signal: Signal) {
        if self.sender.try_send(signal).is_err() {
            self.overflow.happened.store(true, Ordering::Release);
            self.overflow.woken.notify_one();
        }
    }
}

impl Overflow {
    /// Waits for an overflow and clears it.
    pub async fn taken(&self) {
        while !self.happened.swap(false, Ordering::AcqRel) {
            self.woken.notified().await;
        }
    }
}

/// Badges that users asked for and that are not set yet; beyond it the oldest wish goes unheard.
const WISHES_MAX: usize = 4_096;

/// How the planner wakes the retractor: orders are in the store, wishes for badges are here.
#[derive(Debug, Default)]
pub(super) struct Wake {
    wishes: Mutex<Vec<(AppId, UserId, u32)>>,
    woken: Notify,
}

impl Wake {
    /// There are orders.
    pub fn ring(&self) {
        self.woken.notify_one();
    }

    /// A user wants this number; the newest wish of a user counts. `false` when there are too many.
    pub fn wish(&self, app: AppId, user: UserId, number: u32) -> bool {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        wishes.retain(|(in_app, of, _)| (*in_app, of) != (app, &user));
        let room = wishes.len() < WISHES_MAX;
        if room {
            wishes.push((app, user, number));
        }
        drop(wishes);
        self.woken.notify_one();
        room
    }

    /// Waits until it is rung; the wishes so far.
    pub async fn heard(&self) -> Vec<(AppId, UserId, u32)> {
        self.woken.notified().await;
        std::mem::take(&mut *self.wishes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
