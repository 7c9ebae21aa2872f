//! Frames on their way to one socket: bounded, and empty most of the time.

use super::lock;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use hongyan_wire::CloseCode;
use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::Mutex,
    task::{Context, Poll},
};

/// Frames a mailbox holds before its socket is closed as too slow.
pub const MAILBOX_FRAMES_MAX: usize = 1_024;
/// Bytes a mailbox holds before its socket is closed as too slow.
pub const MAILBOX_BYTES_MAX: usize = 1024 * 1024;

/// Frames waiting for one socket. Holds no buffer while empty.
#[derive(Debug, Default)]
pub struct Mailbox {
    letters: Mutex<Letters>,
    waker: AtomicWaker,
    taken: AtomicWaker,
}

#[derive(Debug, Default)]
struct Letters {
    frames: VecDeque<Bytes>,
    bytes: usize,
    close: Option<CloseCode>,
    /// Its session is over.
    abandoned: bool,
}

impl Mailbox {
    /// Puts a text frame in. A full mailbox turns into "close as too slow"; `false` when it is closed.
    pub fn push(&self, frame: Bytes) -> bool {
        let mut letters = lock(&self.letters);
        if letters.close.is_some() {
            return false;
        }
        if letters.frames.len() >= MAILBOX_FRAMES_MAX || letters.bytes + frame.len() > MAILBOX_BYTES_MAX {
            let abandoned = letters.abandoned;
            *letters = Letters { close: Some(CloseCode::TooSlow), abandoned, ..Letters::default() };
        } else {
            letters.bytes += frame.len();
            letters.frames.push_back(frame);
        }
        let open = letters.close.is_none();
        drop(letters);
        self.waker.wake();
        open
    }

    /// Asks the socket to close after what is already in the mailbox. The first code stays.
    pub fn close(&self, code: CloseCode) {
        lock(&self.letters).close.get_or_insert(code);
        self.waker.wake();
        self.taken.wake();
    }

    /// Whether the socket was asked to close, and why; wakes the reader when that changes.
    pub fn closing(&self, context: &mut Context<'_>) -> Option<CloseCode> {
        self.waker.register(context.waker());
        lock(&self.letters).close
    }

    /// Waits until the socket has taken enough that a sync page fits; `false` when it is closed instead.
    /// One waiter only: the sync of this session.
    pub async fn has_room(&self) -> bool {
        poll_fn(|context| {
            self.taken.register(context.waker());
            let letters = lock(&self.letters);
            if letters.close.is_some() {
                return Poll::Ready(false);
            }
            let roomy =
                letters.bytes <= MAILBOX_BYTES_MAX / 2 && letters.frames.len() <= MAILBOX_FRAMES_MAX / 2;
            if roomy { Poll::Ready(true) } else { Poll::Pending }
        })
        .await
    }

    /// The session is over: whatever still works for it may end.
    pub(super) fn abandon(&self) {
        lock(&self.letters).abandoned = true;
        self.taken.wake();
    }

    /// Waits until the session is over. One waiter only, together with `has_room`: the sync of this session.
    pub async fn abandoned(&self) {
        poll_fn(|context| {
            self.taken.register(context.waker());
            if lock(&self.letters).abandoned { Poll::Ready(()) } else { Poll::Pending }
        })
        .await
    }

    /// Waits until there is something, then takes all of it. The code, if any, is to be sent after the frames.
    /// One reader only.
    pub async fn take(&self) -> (VecDeque<Bytes>, Option<CloseCode>) {
        poll_fn(|context| self.poll_take(context)).await
    }

    /// `take`, for a reader that polls several things in one loop.
    pub fn poll_take(&self, context: &mut Context<'_>) -> Poll<(VecDeque<Bytes>, Option<CloseCode>)> {
        self.waker.register(context.waker());
        let mut letters = lock(&self.letters);
        if letters.frames.is_empty() && letters.close.is_none() {
            return Poll::Pending;
        }
        letters.bytes = 0;
        self.taken.wake();
        Poll::Ready((std::mem::take(&mut letters.frames), letters.close))
    }
}
