//! A bounded queue that is filled by the connection and taken from by whoever looks for something in it.
//!
//! Unlike a channel it can be searched: what one `expect` passes over stays for the next.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The queue. Any number of takers; one filler.
#[derive(Debug)]
pub(crate) struct Inbox<T> {
    queue: Mutex<VecDeque<T>>,
    arrived: Notify,
    len_max: usize,
}

/// The queue holds as many as it may; the new one was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl<T> Inbox<T> {
    pub(crate) fn new(len_max: usize) -> Self {
        Self { queue: Mutex::new(VecDeque::new()), arrived: Notify::new(), len_max }
    }

    /// Puts one at the end and wakes the takers.
    pub(crate) fn push(&self, item: T) -> Result<(), Full> {
        let mut queue = self.lock();
        if queue.len() >= self.len_max {
            return Err(Full);
        }
        queue.push_back(item);
        drop(queue);
        self.arrived.notify_waiters();
        Ok(())
    }

    /// Takes the oldest that `wanted` picks, waiting for it as long as it takes: the caller bounds the wait.
    pub(crate) async fn take(&self, mut wanted: impl FnMut(&T) -> bool) -> T {
        loop {
            let arrival = self.arrived.notified();
            if let Some(item) = self.take_now(&mut wanted) {
                return item;
            }
            arrival.await;
        }
    }

    /// Takes the oldest that `wanted` picks, if it is there.
    pub(crate) fn take_now(&self, mut wanted: impl FnMut(&T) -> bool) -> Option<T> {
        let mut queue = self.lock();
        let at = queue.iter().position(&mut wanted)?;
        queue.remove(at)
    }

    /// Whether one more may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().len() < self.len_max
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// A panic of another taker's `wanted` leaves the queue whole, so a poisoned lock is no reason to stop.
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn what_is_passed_over_stays_in_order() {
        let inbox = Inbox::new(3);
        for number in [1, 2, 3] {
            inbox.push(number).unwrap();
        }
        assert_eq!(inbox.push(4), Err(Full));
        assert_eq!(inbox.take(|n| *n == 2).await, 2);
        assert_eq!(inbox.take(|_| true).await, 1);
        assert_eq!(inbox.take(|_| true).await, 3);
        assert_eq!(inbox.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_taker_is_woken_by_the_arrival_it_waits_for() {
        let inbox = Inbox::new(3);
        let (taken, ()) = tokio::join!(timeout(Duration::from_secs(1), inbox.take(|n| *n > 5)), async {
            inbox.push(1).unwrap();
            tokio::task::yield_now().await;
            inbox.push(6).unwrap();
        });
        assert_eq!(taken, Ok(6));
        assert_eq!(inbox.take_now(|_| true), Some(1));
    }
}
