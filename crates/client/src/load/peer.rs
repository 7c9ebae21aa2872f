//! Durable 1:1 sends: senders with a window of unanswered messages each, receivers that acknowledge.

use super::Histogram;
use crate::{CallError, Client, ClientError, ClientOptions, Delivery, Draft, LoginOptions};
use futures_util::{StreamExt, stream::FuturesUnordered};
use hongyan_wire::{AppId, ConversationKey, Refusal, UserId, server::Notification};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Connections that log in at once.
const LOGINS_AT_ONCE: usize = 64;

/// What is sent.
#[derive(Clone, Debug)]
pub struct PeerLoad {
    /// `ws://host:port/ws`.
    pub url: String,
    /// An app whose message rate is high enough.
    pub app: AppId,
    /// Its AppSign.
    pub app_sign: String,
    /// Senders, each with a receiver of its own.
    pub senders: usize,
    /// Unanswered messages of one sender, 1..=64.
    pub window: usize,
    /// How long, once everybody is logged in.
    pub span: Duration,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct PeerFigures {
    /// Messages answered.
    pub accepted: u64,
    /// Messages that reached their receivers.
    pub delivered: u64,
    /// From first to last send.
    pub took: Duration,
    /// From send to answer.
    pub ack: Histogram,
    /// From send to the receiver's listener.
    pub end_to_end: Histogram,
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No connection.
    #[error("cannot connect: {0}")]
    Connect(#[from] ClientError),
    /// A request failed.
    #[error("a request failed: {0}")]
    Call(#[from] CallError),
    /// Something about the load itself.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

/// What receivers count.
#[derive(Debug)]
struct Arrivals {
    begun: Instant,
    delivered: AtomicU64,
    latencies: Mutex<Histogram>,
}

impl Arrivals {
    /// The text of a message is the time of its sending, in µs since the beginning.
    fn note(&self, told: &Notification) {
        let Notification::Messages(messages) = told else { return };
        let now = self.begun.elapsed();
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        for message in &messages.messages {
            let sent = message.content().ok().and_then(|content| content.message.parse().ok());
            if let Some(sent_us) = sent {
                latencies.record(now.saturating_sub(Duration::from_micros(sent_us)));
                self.delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl PeerLoad {
    /// Logs everybody in, sends for `span`, waits for the last answers.
    pub async fn run(&self) -> Result<PeerFigures, LoadError> {
        let begun = Instant::now();
        let arrivals =
            Arc::new(Arrivals { begun, delivered: AtomicU64::new(0), latencies: Mutex::default() });
        let receivers = self.log_in("to", Some(&arrivals)).await?;
        let senders = self.log_in("from", None).await?;
        let start = Instant::now();
        let until = start + self.span;
        let runs = senders.iter().enumerate().map(|(number, sender)| self.send(number, sender, begun, until));
        let mut ack = Histogram::default();
        let mut runs: FuturesUnordered<_> = runs.collect();
        while let Some(histogram) = runs.next().await {
            ack.merge(&histogram?);
        }
        let took = start.elapsed();
        let accepted = ack.len();
        wait_for(accepted, &arrivals).await;
        drop(receivers);
        let end_to_end = arrivals.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(PeerFigures {
            accepted,
            delivered: arrivals.delivered.load(Ordering::Relaxed),
            took,
            ack,
            end_to_end,
        })
    }

    async fn log_in(&self, role: &str, arrivals: Option<&Arc<Arrivals>>) -> Result<Vec<Client>, LoadError> {
        let logins = (0..self.senders).map(|number| self.one(format!("{role}-{number}"), arrivals));
        let mut clients = Vec::with_capacity(self.senders);
        let mut logins = futures_util::stream::iter(logins).buffered(LOGINS_AT_ONCE);
        while let Some(client) = logins.next().await {
            clients.push(client?);
        }
        Ok(clients)
    }

    async fn one(&self, user: String, arrivals: Option<&Arc<Arrivals>>) -> Result<Client, LoadError> {
        let delivery = match arrivals {
            Some(arrivals) => {
                let arrivals = arrivals.clone();
                Delivery::Listener(Arc::new(move |told| arrivals.note(told)))
            }
            None => Delivery::Listener(Arc::new(|_| ())),
        };
        let options = ClientOptions { delivery, read_buffer_bytes: 4 * 1024, ..ClientOptions::default() };
        let client = Client::connect_with(&self.url, options).await?;
        client.login(LoginOptions::with_app_sign(self.app, &self.app_sign, &user)?).await?;
        Ok(client)
    }

    /// One sender: keeps its window full until the time is over.
    async fn send(
        &self,
        number: usize,
        sender: &Client,
        begun: Instant,
        until: Instant,
    ) -> Result<Histogram, LoadError> {
        let to = ConversationKey::Peer(UserId::new(&format!("to-{number}"))?);
        let mut latencies = Histogram::default();
        let send_one = || async {
            let sent = Instant::now();
            let text = begun.elapsed().as_micros().to_string();
            let draft = Draft::text(text).push_notice("bench", "one message of a bench");
            sender.send(&to, &draft).await.map(|_| sent.elapsed())
        };
        let mut window: FuturesUnordered<_> = (0..self.window).map(|_| send_one()).collect();
        while let Some(latency) = window.next().await {
            latencies.record(latency?);
            if Instant::now() < until {
                window.push(send_one());
            }
        }
        Ok(latencies)
    }
}

/// Waits, bounded, until what was accepted has arrived.
async fn wait_for(accepted: u64, arrivals: &Arrivals) {
    for _ in 0..100 {
        if arrivals.delivered.load(Ordering::Relaxed) >= accepted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
