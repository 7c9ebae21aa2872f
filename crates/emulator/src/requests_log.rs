//! The log of vendor requests with their answers, for tests and people: a ring bounded in entries and bytes.
//! It never holds the Authorization header.

use std::collections::VecDeque;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::limits::{LOG_BYTES_MAX, LOG_PAGE_MAX};

/// One vendor request with its answer.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// Rises by one with each request.
    pub seq: u64,
    /// In ms since the Unix epoch.
    pub at_ms: u64,
    /// Such as `/v3/p1/messages:send`.
    pub path: String,
    /// The header as it came.
    pub push_type: Option<String>,
    /// As it came.
    pub body: Bytes,
    /// The answer's HTTP status; 0 when the connection was dropped instead.
    pub status: u16,
    /// The answer's body; empty when the connection was dropped.
    pub answer: Bytes,
    /// The fault that hit it.
    pub fault: Option<u64>,
}

impl LoggedRequest {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The answer as JSON; null when it is none.
    pub fn answer_json(&self) -> Value {
        serde_json::from_slice(&self.answer).unwrap_or(Value::Null)
    }

    /// The tokens it was for.
    pub fn tokens(&self) -> Vec<String> {
        let body = self.json();
        let list = body.pointer("/target/token").or_else(|| body.get("token"));
        let list = list.and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// As the control API shows it: what is no JSON is shown as text.
    pub(crate) fn view(&self) -> Value {
        serde_json::json!({
            "seq": self.seq,
            "at": self.at_ms,
            "path": self.path,
            "pushType": self.push_type,
            "body": shown(&self.body),
            "status": self.status,
            "answer": shown(&self.answer),
            "fault": self.fault,
        })
    }

    fn bytes(&self) -> usize {
        self.body.len() + self.answer.len()
    }
}

fn shown(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

/// A piece of the log.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// Oldest first, at most 1000.
    pub requests: Vec<LoggedRequest>,
    /// The `since` for the next piece.
    pub next: u64,
    /// Requests that were pushed out before anybody could read them here, in all.
    pub dropped: u64,
}

/// How full the log is.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct LogState {
    pub(crate) len: usize,
    pub(crate) kept: usize,
    pub(crate) dropped: u64,
}

pub(crate) struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    len_max: usize,
    bytes: usize,
    next_seq: u64,
    dropped: u64,
}

impl RequestLog {
    pub(crate) fn new(len_max: usize) -> RequestLog {
        RequestLog { entries: VecDeque::new(), len_max, bytes: 0, next_seq: 1, dropped: 0 }
    }

    /// 0 switches the log off and empties it.
    pub(crate) fn resize(&mut self, len_max: usize) {
        self.len_max = len_max;
        self.trim();
    }

    pub(crate) fn on(&self) -> bool {
        self.len_max > 0
    }

    /// Takes a request up; its `seq` is set here.
    pub(crate) fn add(&mut self, mut request: LoggedRequest) {
        if !self.on() {
            return;
        }
        request.seq = self.next_seq;
        self.next_seq += 1;
        self.bytes += request.bytes();
        self.entries.push_back(request);
        self.trim();
    }

    fn trim(&mut self) {
        while self.entries.len() > self.len_max || self.bytes > LOG_BYTES_MAX {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }

    /// Entries with `seq` over `since`.
    pub(crate) fn page(&self, since: u64) -> LogPage {
        let newer = self.entries.iter().filter(|request| request.seq > since).take(LOG_PAGE_MAX);
        let requests: Vec<LoggedRequest> = newer.cloned().collect();
        let next = requests.last().map_or(since, |request| request.seq);
        LogPage { requests, next, dropped: self.dropped }
    }

    pub(crate) fn state(&self) -> LogState {
        LogState { len: self.len_max, kept: self.entries.len(), dropped: self.dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(bytes: usize) -> LoggedRequest {
        LoggedRequest {
            seq: 0,
            at_ms: 1,
            path: "/v3/p/messages:send".into(),
            push_type: None,
            body: Bytes::from(vec![b' '; bytes]),
            status: 200,
            answer: Bytes::new(),
            fault: None,
        }
    }

    #[test]
    fn the_ring_is_bounded_in_entries_and_bytes() {
        let mut log = RequestLog::new(3);
        for _ in 0..5 {
            log.add(request(1));
        }
        let page = log.page(3);
        let seqs: Vec<u64> = page.requests.iter().map(|request| request.seq).collect();
        assert_eq!((seqs, page.next, page.dropped), (vec![4, 5], 5, 2));
        log.add(request(LOG_BYTES_MAX));
        assert_eq!(log.page(0).requests.len(), 1);
        log.resize(0);
        log.add(request(1));
        assert_eq!(log.page(0).requests.len(), 0);
    }
}
