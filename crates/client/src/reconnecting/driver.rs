//! The task behind a `Reconnecting` client: one session after the other, until the server says stop.
//!
//! It owns the outbox and the ledger; the program sees only the event queue and the state.

use super::{
    Ending, ReconnectingOptions, State,
    backoff::Backoff,
    event::{Event, Events},
    ledger::{Ledger, Verdict},
    lock,
    outbox::{Order, Outbox},
};
use crate::{AckPolicy, CallError, Client, ClientError, Closing, Credential, Delivery, Page, options};
use futures_util::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use hongyan_wire::{
    CallId, CloseCode, ConversationKey, Seq,
    client::LoginResult,
    limits,
    message::Message,
    server::{Messages, Notification},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

/// A session that lasted this long was steady: the next attempt to connect is made at once.
const STEADY: Duration = Duration::from_secs(10);
/// How long nothing is sent after the server asked to slow down.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one look for a notification takes, at most.
const LOOK: Duration = Duration::from_secs(60);
/// Messages fetched to fill one gap, at most; a larger one is the program's to fetch.
const GAP_MESSAGES_MAX: usize = 1_000;

/// The sends under way on one connection: order number, conversation, result.
type Answers = FuturesUnordered<BoxFuture<'static, (u64, ConversationKey, Result<Message, CallError>)>>;

/// Why an attempt to get a session failed.
enum Failed {
    Final(Ending),
    Again(String),
}

pub(crate) struct Driver {
    options: ReconnectingOptions,
    events: Arc<Events>,
    orders: mpsc::Receiver<Order>,
    state: watch::Sender<State>,
    credential: Arc<Mutex<Credential>>,
    outbox: Outbox,
    ledger: Ledger,
    session_id: Option<String>,
    /// Events for which the queue has no room yet; nothing more is read meanwhile.
    ready: VecDeque<Event>,
    unacked: HashMap<ConversationKey, Seq>,
    unacked_calls: Vec<CallId>,
}

impl Driver {
    pub(crate) fn new(
        mut options: ReconnectingOptions,
        events: Arc<Events>,
        orders: mpsc::Receiver<Order>,
        state: watch::Sender<State>,
        credential: Arc<Mutex<Credential>>,
    ) -> Self {
        options.client.ack = AckPolicy::Manual;
        options.client.delivery = Delivery::Queue(options::INBOX_LEN_MAX);
        let outbox = Outbox::new(options.outbox_len_max, options.sends_in_flight_max);
        let session_id = options.login.resume_session_id.take();
        let ledger = Ledger::starting_at(&options.login.cursors);
        Self {
            options,
            events,
            orders,
            state,
            credential,
            outbox,
            ledger,
            session_id,
            ready: VecDeque::new(),
            unacked: HashMap::new(),
            unacked_calls: Vec::new(),
        }
    }

    /// Runs until the client is over; then everybody who waits is told why.
    pub(crate) async fn run(mut self) {
        let ending = self.sessions().await;
        tracing::info!(%ending, "the client has stopped for good");
        let error = CallError::from(ending.clone());
        self.state.send_replace(State::Over(ending));
        self.orders.close();
        self.outbox.fail_all(&error);
        while let Ok(order) = self.orders.try_recv() {
            let _ = order.reply.send(Err(error.clone()));
        }
    }

    async fn sessions(&mut self) -> Ending {
        let mut backoff = Backoff::new(self.options.backoff_first, self.options.backoff_max);
        loop {
            sleep(backoff.next(rand::random())).await;
            let (client, login) = match self.connect().await {
                Ok(online) => online,
                Err(Failed::Final(ending)) => return ending,
                Err(Failed::Again(why)) => {
                    tracing::debug!(why, "no session yet");
                    continue;
                }
            };
            let began = Instant::now();
            self.session_id = Some(login.session_id.clone());
            self.state.send_replace(State::Online(client.clone(), login));
            let closing = self.session(&client).await;
            self.state.send_replace(State::Connecting);
            client.abort();
            tracing::debug!(code = closing.code, reason = closing.reason, "session over");
            match closing.code {
                Some(code @ 4100..=4199) => return Ending::Closed(code, closing.reason),
                // All its clients come back at the same time: spread them.
                Some(code)
                    if [CloseCode::GoingAway, CloseCode::Busy].map(CloseCode::number).contains(&code) =>
                {
                    backoff.reset();
                    backoff.spread();
                }
                _ if began.elapsed() >= STEADY => backoff.reset(),
                _ => {}
            }
        }
    }

    async fn connect(&mut self) -> Result<(Arc<Client>, LoginResult), Failed> {
        let client = match Client::connect_with(&self.options.url, self.options.client.clone()).await {
            Ok(client) => client,
            Err(ClientError::Address(text)) => return Err(Failed::Final(Ending::Address(text))),
            Err(error) => return Err(Failed::Again(error.to_string())),
        };
        self.collect_taken();
        let mut login = self.options.login.clone();
        login.credential = lock(&self.credential).clone();
        login.resume_session_id = self.session_id.clone();
        login.cursors = self.ledger.cursors(limits::LOGIN_CURSORS_MAX);
        match client.login(login).await {
            Ok(result) => Ok((Arc::new(client), result)),
            Err(CallError::Refused(refusal)) if !refusal.code.may_try_again() => {
                Err(Failed::Final(Ending::Refused(refusal)))
            }
            Err(CallError::Closed(Some(code @ 4100..=4199), reason)) => {
                Err(Failed::Final(Ending::Closed(code, reason)))
            }
            Err(error) => Err(Failed::Again(error.to_string())),
        }
    }

    /// One session, until its connection is over.
    async fn session(&mut self, client: &Arc<Client>) -> Closing {
        self.outbox.begin_again();
        let mut answers = Answers::new();
        match self.serve(client, &mut answers).await {
            Err(closing) => closing,
            Ok(never) => match never {},
        }
    }

    async fn serve(
        &mut self,
        client: &Arc<Client>,
        answers: &mut Answers,
    ) -> Result<std::convert::Infallible, Closing> {
        self.acknowledge(client).await?;
        loop {
            self.hand_over();
            // Late acknowledgements of calls are refused now and then; that is nobody's trouble.
            while let Some(refusal) = client.shared.strays.take_now(|_| true) {
                tracing::debug!(%refusal, "an acknowledgement was refused");
            }
            while let Some((number, to, draft)) = self.outbox.dispatch() {
                answers.push(Box::pin(send(client.clone(), number, to, draft)));
            }
            let pause = self.outbox.paused_until();
            tokio::select! {
                Some(order) = self.orders.recv(), if self.outbox.has_room() => self.outbox.add(order),
                Some((number, to, result)) = answers.next(), if !answers.is_empty() => {
                    self.settle(number, &to, result)?;
                }
                notification = client.next(LOOK), if self.ready.is_empty() => match notification {
                    Some(notification) => self.take(client, answers, notification).await?,
                    None if client.is_open() => {}
                    None => return Err(end_of(client).await),
                },
                () = self.events.took.notified() => self.acknowledge(client).await?,
                () = sleep_until(pause.unwrap_or_else(Instant::now)), if pause.is_some() => {
                    self.outbox.resume();
                }
            }
        }
    }

    /// Gives the program what its queue has room for.
    fn hand_over(&mut self) {
        while self.events.has_room() {
            let Some(event) = self.ready.pop_front() else { return };
            self.events.put(event);
        }
    }

    /// The answer to a send. An error ends the session: the message stays and is sent again in the next.
    fn settle(
        &mut self,
        number: u64,
        to: &ConversationKey,
        result: Result<Message, CallError>,
    ) -> Result<(), Closing> {
        match result {
            Ok(message) => {
                if message.message_seq > 0 {
                    self.ledger.own(to, message.message_seq);
                }
                self.outbox.settle(number, Ok(message));
            }
            Err(CallError::Refused(refusal)) if refusal.code.may_try_again() => {
                self.outbox.postpone(number, Instant::now() + PAUSE);
            }
            Err(CallError::Closed(code, reason)) => return Err(Closing { code, reason }),
            Err(CallError::Timeout) => return Err(Closing::broken("a message was not answered in time")),
            Err(error) => self.outbox.settle(number, Err(error)),
        }
        Ok(())
    }

    async fn take(
        &mut self,
        client: &Client,
        answers: &mut Answers,
        notification: Notification,
    ) -> Result<(), Closing> {
        match notification {
            Notification::Messages(messages) => self.take_messages(client, answers, messages).await,
            other => {
                self.ready.push_back(Event::Other(other));
                Ok(())
            }
        }
    }

    async fn take_messages(
        &mut self,
        client: &Client,
        answers: &mut Answers,
        messages: Messages,
    ) -> Result<(), Closing> {
        let conversation = ConversationKey::new(&messages.conversation_id, messages.conversation_type)
            .map_err(|refusal| Closing::broken(format!("message.received: {refusal}")))?;
        for message in messages.messages {
            if message.message_seq == 0 {
                self.ready.push_back(Event::Message {
                    conversation: conversation.clone(),
                    message,
                    offline: false,
                });
                continue;
            }
            let verdict = self.judge(&conversation, message.message_seq, answers).await?;
            if let Verdict::Gap { after } = verdict {
                self.fill_gap(client, &conversation, after, message.message_seq).await?;
            }
            if verdict != Verdict::Double {
                self.deliver(&conversation, message, messages.is_offline_message);
            }
        }
        Ok(())
    }

    /// Judges a message. What looks like a gap may be one's own messages whose answers are still on their
    /// way, so these are awaited first.
    async fn judge(
        &mut self,
        conversation: &ConversationKey,
        seq: Seq,
        answers: &mut Answers,
    ) -> Result<Verdict, Closing> {
        loop {
            let verdict = self.ledger.judge(conversation, seq);
            if !matches!(verdict, Verdict::Gap { .. }) {
                return Ok(verdict);
            }
            match answers.next().await {
                None => return Ok(verdict),
                Some((number, to, result)) => self.settle(number, &to, result)?,
            }
        }
    }

    /// Fetches and delivers what lies above `after` and below `before`; an event tells of what is not there.
    async fn fill_gap(
        &mut self,
        client: &Client,
        conversation: &ConversationKey,
        after: Seq,
        before: Seq,
    ) -> Result<(), Closing> {
        let mut come = after;
        let mut fetched = 0;
        while come + 1 < before && fetched < GAP_MESSAGES_MAX {
            let page = match client.history(conversation, Page::After(come), limits::HISTORY_PAGE_MAX).await {
                Ok(page) => page.messages,
                Err(CallError::Refused(refusal)) if !refusal.code.may_try_again() => break,
                Err(CallError::Closed(code, reason)) => return Err(Closing { code, reason }),
                Err(error) => return Err(Closing::broken(format!("history: {error}"))),
            };
            let missing: Vec<Message> =
                page.into_iter().filter(|m| (come + 1..before).contains(&m.message_seq)).collect();
            if missing.is_empty() {
                break;
            }
            fetched += missing.len();
            for message in missing {
                self.tell_gap(conversation, come, message.message_seq);
                come = message.message_seq;
                if self.ledger.judge(conversation, come) != Verdict::Double {
                    self.deliver(conversation, message, true);
                }
            }
        }
        self.tell_gap(conversation, come, before);
        Ok(())
    }

    fn tell_gap(&mut self, conversation: &ConversationKey, after: Seq, before: Seq) {
        if after + 1 < before {
            self.ready.push_back(Event::Gap { conversation: conversation.clone(), after, before });
        }
    }

    fn deliver(&mut self, conversation: &ConversationKey, message: Message, offline: bool) {
        self.ledger.handled(conversation, message.message_seq);
        // A copy of a message that waits in the outbox: whoever sent it gets it as the answer.
        if message.local_message_id.as_deref().is_some_and(|id| self.outbox.holds(id)) {
            return;
        }
        self.ready.push_back(Event::Message { conversation: conversation.clone(), message, offline });
    }

    /// Notes what the program took since the last time.
    fn collect_taken(&mut self) {
        let taken = self.events.collect();
        for (conversation, seq) in taken.cursors {
            self.ledger.taken(&conversation, seq);
            self.unacked.insert(conversation, seq);
        }
        self.unacked_calls.extend(taken.calls);
    }

    /// Tells the server what the program took.
    async fn acknowledge(&mut self, client: &Client) -> Result<(), Closing> {
        self.collect_taken();
        let gone = |error: CallError| Closing::broken(error.to_string());
        while let Some((conversation, seq)) = self.unacked.iter().next().map(|(key, seq)| (key.clone(), *seq))
        {
            match client.ack(&conversation, seq).await {
                Ok(()) => self.unacked.remove(&conversation),
                Err(CallError::Closed(code, reason)) => return Err(Closing { code, reason }),
                Err(error) => return Err(gone(error)),
            };
        }
        while let Some(call_id) = self.unacked_calls.pop() {
            client.call_ack(call_id).await.map_err(gone)?;
        }
        Ok(())
    }
}

async fn send(
    client: Arc<Client>,
    number: u64,
    to: ConversationKey,
    draft: crate::Draft,
) -> (u64, ConversationKey, Result<Message, CallError>) {
    let result = client.send(&to, &draft).await;
    (number, to, result)
}

/// How a connection that is over ended.
async fn end_of(client: &Client) -> Closing {
    client.closing(LOOK).await.unwrap_or_else(|| Closing::broken("the connection is gone"))
}
