//! Sends that wait until it is known whether they are repetitions.
//!
//! While the window is not whole, a send with an unknown key waits for its conversation's older rows (`recall`
//! reads them first). Whoever has a send waiting has its later ones behind it, so that they keep their order.

use super::{
    book::Book,
    change::Draft,
    command::{Appending, Command},
    recall::Asked,
    window::Window,
};
use crate::store::StoreError;
use hongyan_wire::{AppId, UserId};
use std::{
    collections::{HashSet, VecDeque},
    sync::mpsc::SyncSender,
    time::{Duration, Instant},
};

/// The sends that wait, in the order in which they came.
pub(super) struct Waiting {
    sends: VecDeque<(Instant, Box<Appending>)>,
    /// Whose they are.
    senders: HashSet<(AppId, UserId)>,
    /// Where the conversations are asked for.
    asking: SyncSender<Asked>,
    len_max: usize,
    wait_max: Duration,
}

impl Waiting {
    /// At most `len_max` sends wait, each for `wait_max`.
    pub fn new(asking: SyncSender<Asked>, len_max: usize, wait_max: Duration) -> Self {
        Self { sends: VecDeque::new(), senders: HashSet::new(), asking, len_max, wait_max }
    }

    pub fn len(&self) -> usize {
        self.sends.len()
    }

    /// Lets pass what can be decided, and keeps the sends that cannot.
    pub fn sift(&mut self, window: &mut Window, book: &Book, group: Vec<Command>) -> Vec<Command> {
        let since = Instant::now();
        let sift = |command| match command {
            Command::Append(send) => self.pass(window, book, since, send).map(Command::Append),
            other => Some(other),
        };
        group.into_iter().filter_map(sift).collect()
    }

    /// The sends that need not wait any more, in their order.
    pub fn release(&mut self, window: &mut Window, book: &Book) -> Vec<Command> {
        self.senders.clear();
        let waited = std::mem::take(&mut self.sends);
        let pass = |(since, send)| self.pass(window, book, since, send).map(Command::Append);
        waited.into_iter().filter_map(pass).collect()
    }

    /// Refuses those that waited too long; whether there were any.
    pub fn refuse_overdue(&mut self) -> bool {
        let len = self.sends.len();
        while let Some((since, _)) = self.sends.front()
            && since.elapsed() >= self.wait_max
        {
            self.sends.pop_front().into_iter().for_each(|(_, send)| refuse(send, StoreError::Overloaded));
        }
        self.sends.len() < len
    }

    /// Refuses all of them.
    pub fn refuse_all(&mut self, why: impl Fn() -> StoreError) {
        self.senders.clear();
        self.sends.drain(..).for_each(|(_, send)| refuse(send, why()));
    }

    fn pass(
        &mut self,
        window: &mut Window,
        book: &Book,
        since: Instant,
        send: Box<Appending>,
    ) -> Option<Box<Appending>> {
        let asked = unsure(window, book, &send);
        let sender = (send.message.app, send.message.sender.clone());
        if asked.is_none() && !self.senders.contains(&sender) {
            return Some(send);
        }
        if self.sends.len() >= self.len_max {
            refuse(send, StoreError::Overloaded);
            return None;
        }
        if let Some(asked) = asked
            && window.ask(asked.conversation)
            && self.asking.try_send(asked).is_err()
        {
            // Asked again when it is looked at again.
            window.ask_not(asked.conversation);
        }
        self.senders.insert(sender);
        self.sends.push_back((since, send));
        None
    }
}

/// Where it shows whether a send is a repetition. `None` when that is known.
fn unsure(window: &Window, book: &Book, send: &Appending) -> Option<Asked> {
    if window.is_whole() || window.get(&send.key).is_some() {
        return None;
    }
    let message = &send.message;
    let no = Draft::new(book).find(message.app, &message.sender, &message.to)?;
    // What is in memory is in the window too.
    let row = match book.recent.first(no) {
        Some((_, before)) => before,
        None => book.conversation(no)?.tail.last,
    };
    let asked = Asked { conversation: no, app: message.app, row };
    (!window.covers(no, row)).then_some(asked)
}

fn refuse(send: Box<Appending>, why: StoreError) {
    Command::Append(send).answer(&Err(why));
}
