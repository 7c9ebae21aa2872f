//! A lean WebSocket connection: whole text frames in, text frames out, nothing kept between them.
//!
//! Not for hostile servers: it trusts the length a frame names up to a bound, and masks with zero, which is
//! allowed to be predictable here because nobody but the measured server reads it.

use super::{
    ANSWER_TIMEOUT,
    frames::{closed, frame_at, put_frame, upgrade_request},
};
use hongyan_wire::{Refusal, frame::FromServer};
use std::{io, ops::Range, time::Duration};
use tokio::{net::TcpStream, time::timeout};

/// How long connecting and the handshake may take, each.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Read at once.
const READ_BYTES: usize = 16 * 1024;
/// Largest answer to the handshake.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Why a load cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The address is none of ours.
    #[error("{0} must be ws://ADDRESS:PORT/PATH")]
    Address(String),
    /// No connection, or it broke.
    #[error("the connection: {0}")]
    Broken(#[from] io::Error),
    /// The handshake was refused.
    #[error("the handshake was answered with: {0}")]
    Handshake(String),
    /// The server closed the connection.
    #[error("the server closed a connection with {0}: {1}")]
    Closed(u16, String),
    /// A request was refused.
    #[error("a request was refused: {0}")]
    Refused(#[from] Refusal),
    /// What came is not what the protocol promises.
    #[error("the server sent what cannot be read: {0}")]
    Unreadable(String),
    /// Nothing came in time.
    #[error("{0} did not come in time")]
    Late(&'static str),
}

/// One connection. Dropping it drops the socket.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    inbox: Vec<u8>,
    /// Bytes of `inbox` that were taken.
    taken: usize,
    outbox: Vec<u8>,
}

impl Line {
    /// Connects to `ws://address:port/path` and upgrades.
    pub async fn open(url: &str, subprotocol: Option<&str>) -> Result<Self, LoadError> {
        let address = || LoadError::Address(url.to_owned());
        let rest = url.strip_prefix("ws://").ok_or_else(address)?;
        let (host, path) = rest.split_once('/').ok_or_else(address)?;
        let late = |_| LoadError::Late("a connection");
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(host)).await.map_err(late)??;
        stream.set_nodelay(true)?;
        let mut line = Self { stream, inbox: Vec::new(), taken: 0, outbox: Vec::new() };
        line.outbox.extend(upgrade_request(host, path, subprotocol).as_bytes());
        timeout(CONNECT_TIMEOUT, line.upgrade()).await.map_err(|_| LoadError::Late("the handshake"))??;
        Ok(line)
    }

    async fn upgrade(&mut self) -> Result<(), LoadError> {
        self.flush().await?;
        loop {
            if let Some(end) = self.inbox.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.inbox[..end]);
                if !head.starts_with("HTTP/1.1 101") {
                    let status = head.lines().next().unwrap_or_default();
                    return Err(LoadError::Handshake(status.to_owned()));
                }
                self.taken = end + 4;
                return Ok(());
            }
            if self.inbox.len() > HEAD_BYTES_MAX {
                return Err(LoadError::Handshake("a head without an end".to_owned()));
            }
            self.fill().await?;
        }
    }

    /// Appends a text frame to what `flush` writes.
    pub fn put(&mut self, text: &str) {
        self.frame(0x1, text.as_bytes());
    }

    fn frame(&mut self, opcode: u8, payload: &[u8]) {
        put_frame(&mut self.outbox, opcode, payload);
    }

    /// Writes what was put. May be dropped while it waits: the rest is written by the next one.
    pub async fn flush(&mut self) -> Result<(), LoadError> {
        while !self.outbox.is_empty() {
            match self.stream.try_write(&self.outbox) {
                Ok(bytes) if bytes == self.outbox.len() => self.outbox = Vec::new(),
                Ok(bytes) => drop(self.outbox.drain(..bytes)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for bytes and reads what is there. May be dropped while it waits.
    pub async fn fill(&mut self) -> Result<(), LoadError> {
        if self.taken == self.inbox.len() {
            self.inbox = Vec::new();
        } else {
            self.inbox.drain(..self.taken);
        }
        self.taken = 0;
        loop {
            self.stream.readable().await?;
            self.inbox.reserve(READ_BYTES);
            match self.stream.try_read_buf(&mut self.inbox) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next whole text that is here already. Answers pings by itself, with the next `flush`.
    pub fn take(&mut self) -> Result<Option<&str>, LoadError> {
        match self.take_range()? {
            Some(range) => self.text(range).map(Some),
            None => Ok(None),
        }
    }

    /// Waits for the next text, at most 30 s.
    pub async fn next(&mut self) -> Result<&str, LoadError> {
        let range = timeout(ANSWER_TIMEOUT, self.next_range()).await;
        let range = range.map_err(|_| LoadError::Late("a frame"))??;
        self.text(range)
    }

    async fn next_range(&mut self) -> Result<Range<usize>, LoadError> {
        loop {
            self.flush().await?;
            if let Some(range) = self.take_range()? {
                return Ok(range);
            }
            self.fill().await?;
        }
    }

    /// Waits for the answer to this request, at most 30 s from the last frame; other frames are passed over.
    /// Gives the text of its result.
    pub async fn answer(&mut self, id: u64) -> Result<String, LoadError> {
        loop {
            let text = self.next().await?;
            let frame: FromServer<'_> = serde_json::from_str(text).map_err(unreadable)?;
            match frame {
                FromServer { id: Some(answered), error: Some(refusal), .. } if answered == id => {
                    return Err(refusal.into());
                }
                FromServer { id: None, error: Some(refusal), .. } => return Err(refusal.into()),
                FromServer { id: Some(answered), result, .. } if answered == id => {
                    return Ok(result.map_or("null", |result| result.get()).to_owned());
                }
                _ => {}
            }
        }
    }

    fn text(&self, range: Range<usize>) -> Result<&str, LoadError> {
        std::str::from_utf8(&self.inbox[range]).map_err(unreadable)
    }

    fn take_range(&mut self) -> Result<Option<Range<usize>>, LoadError> {
        while let Some((opcode, payload)) = frame_at(&self.inbox, self.taken)? {
            self.taken = payload.end;
            match opcode {
                0x1 => return Ok(Some(payload)),
                0x8 => return Err(closed(&self.inbox[payload])),
                0x9 => put_frame(&mut self.outbox, 0xa, &self.inbox[payload]),
                0xa => {}
                other => return Err(LoadError::Unreadable(format!("a frame of opcode {other}"))),
            }
        }
        Ok(None)
    }
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> LoadError {
    LoadError::Unreadable(error.to_string())
}
