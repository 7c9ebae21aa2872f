//! The receiving side: counts what comes, measures how long it took, acknowledges it.

use super::{Histogram, Line, LoadError, line::unreadable};
use hongyan_wire::{ConversationType, Seq, client::Cursor, frame};
use serde::Deserialize;
use std::{
    borrow::Cow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// What all receivers of a load count together.
#[derive(Debug)]
pub struct Arrivals {
    begun: Instant,
    delivered: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
    latencies: Mutex<Histogram>,
}

/// What is read of `message.received`.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<Delivery<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery<'a> {
    #[serde(borrow, rename = "conversationID")]
    conversation_id: Option<Cow<'a, str>>,
    conversation_type: Option<ConversationType>,
    #[serde(borrow, default)]
    messages: Vec<Delivered<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivered<'a> {
    message_seq: Seq,
    #[serde(borrow)]
    content: Text<'a>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

impl Arrivals {
    /// None yet. Messages name the time since `begun`.
    pub fn new(begun: Instant) -> Self {
        Self {
            begun,
            delivered: AtomicU64::new(0),
            goal: AtomicU64::new(u64::MAX),
            reached: Notify::new(),
            latencies: Mutex::default(),
        }
    }

    /// Messages that came.
    pub fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// From send to arrival.
    pub fn latencies(&self) -> Histogram {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many came; `false` when they have not after `wait`.
    pub async fn wait_for(&self, goal: u64, wait: Duration) -> bool {
        self.goal.store(goal, Ordering::SeqCst);
        let come = async {
            while self.delivered.load(Ordering::SeqCst) < goal {
                self.reached.notified().await;
            }
        };
        timeout(wait, come).await.is_ok()
    }

    /// Counts one frame; gives what acknowledges it.
    ///
    /// # Errors
    /// When a delivery is not what the protocol promises.
    pub fn note(&self, text: &str) -> Result<Option<Cursor>, LoadError> {
        if !text.contains(r#""method":"message.received""#) {
            return Ok(None);
        }
        let told: Told<'_> = serde_json::from_str(text).map_err(unreadable)?;
        let (Some(_), Some(delivery)) = (told.method, told.params) else { return Ok(None) };
        let now_us = self.begun.elapsed().as_micros() as u64;
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        for message in &delivery.messages {
            if let Some(sent_us) = message.content.message.get(..16).and_then(|digits| digits.parse().ok()) {
                latencies.record(Duration::from_micros(now_us.saturating_sub(sent_us)));
            }
        }
        drop(latencies);
        let more = delivery.messages.len() as u64;
        if self.delivered.fetch_add(more, Ordering::SeqCst) + more >= self.goal.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
        let (Some(id), Some(kind)) = (delivery.conversation_id, delivery.conversation_type) else {
            return Err(LoadError::Unreadable("message.received names no conversation".to_owned()));
        };
        Ok(delivery.messages.last().map(|last| Cursor {
            conversation_id: id.into_owned(),
            conversation_type: kind,
            message_seq: last.message_seq,
        }))
    }
}

/// Receives and acknowledges until the line ends or this is dropped.
pub async fn receive(line: &mut Line, arrivals: &Arrivals) -> Result<(), LoadError> {
    loop {
        while let Some(text) = line.take()? {
            if let Some(cursor) = arrivals.note(text)? {
                line.put(&frame::notification("message.ack", &cursor));
            }
        }
        line.flush().await?;
        line.fill().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_counted_and_acknowledged_by_its_last_message() {
        let arrivals = Arrivals::new(Instant::now());
        let text = r#"{"jsonrpc":"2.0","method":"message.received","params":{"conversationID":"ann",
            "conversationType":0,"isOfflineMessage":false,"messages":[
            {"messageSeq":4,"content":{"type":1,"message":"0000000000000000 x"}},
            {"messageSeq":5,"content":{"type":1,"message":"0000000000000000 y"}}]}}"#;
        let cursor = arrivals.note(text).unwrap().unwrap();
        assert_eq!((cursor.conversation_id.as_str(), cursor.message_seq), ("ann", 5));
        assert_eq!((arrivals.delivered(), arrivals.latencies().len()), (2, 2));
        assert!(arrivals.note(r#"{"method":"conversation.changed","params":{}}"#).unwrap().is_none());
        assert!(arrivals.note(r#"{"method":"message.received","params":{"messages":7}}"#).is_err());
    }
}
