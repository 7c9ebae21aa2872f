//! Messages that wait for their answer, in the order they were given, across connections.

use crate::{CallError, Draft};
use hongyan_wire::{ConversationKey, message::Message};
use std::collections::{BTreeMap, BTreeSet};
use tokio::{sync::oneshot, time::Instant};

/// One message to send, and who waits for its result. Whoever stops waiting takes the order back.
pub(crate) struct Order {
    pub(crate) to: ConversationKey,
    pub(crate) draft: Draft,
    pub(crate) reply: oneshot::Sender<Result<Message, CallError>>,
}

/// The orders not yet answered.
pub(crate) struct Outbox {
    orders: BTreeMap<u64, Order>,
    /// Those under way on the present connection.
    under_way: BTreeSet<u64>,
    next: u64,
    len_max: usize,
    under_way_max: usize,
    /// Nothing is sent before this instant: the server asked to slow down.
    paused_until: Option<Instant>,
}

impl Outbox {
    pub(crate) fn new(len_max: usize, under_way_max: usize) -> Self {
        let (orders, under_way) = (BTreeMap::new(), BTreeSet::new());
        Self { orders, under_way, next: 0, len_max, under_way_max, paused_until: None }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.orders.len() < self.len_max
    }

    pub(crate) fn add(&mut self, order: Order) {
        self.orders.insert(self.next, order);
        self.next += 1;
    }

    /// A new connection: whatever was under way on the old one is to be sent again.
    pub(crate) fn begin_again(&mut self) {
        self.under_way.clear();
        self.paused_until = None;
    }

    /// The next order to send, marked as under way; `None` while enough are, or during a pause.
    pub(crate) fn dispatch(&mut self) -> Option<(u64, ConversationKey, Draft)> {
        self.orders.retain(|_, order| !order.reply.is_closed());
        self.under_way.retain(|number| self.orders.contains_key(number));
        if self.paused_until.is_some() || self.under_way.len() >= self.under_way_max {
            return None;
        }
        let (&number, order) = self.orders.iter().find(|(number, _)| !self.under_way.contains(number))?;
        self.under_way.insert(number);
        Some((number, order.to.clone(), order.draft.clone()))
    }

    /// The answer to an order came: whoever waits gets it.
    pub(crate) fn settle(&mut self, number: u64, result: Result<Message, CallError>) {
        self.under_way.remove(&number);
        if let Some(order) = self.orders.remove(&number) {
            // Whoever gave the order may have stopped waiting.
            let _ = order.reply.send(result);
        }
    }

    /// The order stays, and nothing is sent before `until`.
    pub(crate) fn postpone(&mut self, number: u64, until: Instant) {
        self.under_way.remove(&number);
        self.paused_until = Some(until);
    }

    /// When the pause ends.
    pub(crate) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// The pause is over.
    pub(crate) fn resume(&mut self) {
        self.paused_until = None;
    }

    /// Whether a message with this localMessageID waits here.
    pub(crate) fn holds(&self, local_message_id: &str) -> bool {
        self.orders.values().any(|order| order.draft.local_message_id == local_message_id)
    }

    /// Answers everything with this error.
    pub(crate) fn fail_all(&mut self, error: &CallError) {
        self.under_way.clear();
        for order in std::mem::take(&mut self.orders).into_values() {
            let _ = order.reply.send(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_wire::UserId;

    type Waiter = oneshot::Receiver<Result<Message, CallError>>;

    fn add(outbox: &mut Outbox, text: &str) -> Waiter {
        let (reply, waiter) = oneshot::channel();
        let to = ConversationKey::Peer(UserId::new("bob").unwrap());
        outbox.add(Order { to, draft: Draft::text(text).local_id(text), reply });
        waiter
    }

    fn sent(outbox: &mut Outbox) -> Option<String> {
        outbox.dispatch().map(|(_, _, draft)| draft.local_message_id)
    }

    #[test]
    fn a_new_connection_sends_again_in_order_what_was_not_answered() {
        let mut outbox = Outbox::new(3, 2);
        let _waiters = ["a", "b", "c"].map(|text| add(&mut outbox, text));
        assert!(!outbox.has_room());
        assert_eq!(sent(&mut outbox).as_deref(), Some("a"));
        assert_eq!(sent(&mut outbox).as_deref(), Some("b"));
        assert_eq!(sent(&mut outbox), None, "two may be under way");
        outbox.settle(0, Err(CallError::Timeout));
        assert_eq!(sent(&mut outbox).as_deref(), Some("c"));
        outbox.begin_again();
        assert_eq!(sent(&mut outbox).as_deref(), Some("b"));
        assert!(outbox.holds("c") && !outbox.holds("a"));
    }

    #[test]
    fn a_pause_holds_everything_back() {
        let mut outbox = Outbox::new(8, 1);
        let _waiter = add(&mut outbox, "a");
        assert!(sent(&mut outbox).is_some());
        outbox.postpone(0, Instant::now());
        assert!(outbox.paused_until().is_some());
        assert_eq!(sent(&mut outbox), None);
        outbox.resume();
        assert_eq!(sent(&mut outbox).as_deref(), Some("a"));
    }

    #[test]
    fn an_order_nobody_waits_for_is_taken_back() {
        let mut outbox = Outbox::new(8, 1);
        let first = add(&mut outbox, "a");
        let mut second = add(&mut outbox, "b");
        assert_eq!(sent(&mut outbox).as_deref(), Some("a"));
        drop(first);
        assert_eq!(sent(&mut outbox).as_deref(), Some("b"));
        outbox.fail_all(&CallError::Timeout);
        assert_eq!(second.try_recv(), Ok(Err(CallError::Timeout)));
    }
}
