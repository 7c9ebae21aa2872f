//! A socket with its codec: whole texts in, frames out, no buffer while idle.
//!
//! Reading needs no buffer of its own: bytes go through a scratch buffer of the thread into the codec, and only
//! what is incomplete is kept. Frames that wait are written together.

use super::codec::{Decoder, Event, Fault, put_close, put_pong, put_text};
use crate::gateway::Door;
use hongyan_wire::{CloseCode, limits};
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::timeout,
};

/// Scratch of one thread; what is read never outlives the poll that read it.
const SCRATCH_BYTES: usize = 64 * 1024;
/// How long the goodbye may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The socket is gone, or takes nothing.
    Gone,
    /// The client said goodbye; the answer waits to be written.
    Left,
    /// We close it.
    Close(CloseCode),
}

/// The socket, and what waits on its two ways.
pub struct Line<S> {
    stream: S,
    door: Arc<Door>,
    decoder: Decoder,
    /// Read but not handled; a fault comes last.
    events: VecDeque<Result<Event, Fault>>,
    /// To be written; `written` of it is.
    out: Vec<u8>,
    written: usize,
    unflushed: bool,
    /// Bytes that the socket took in all.
    taken: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// A line that takes frames of the size allowed before login.
    pub fn new(stream: S, door: Arc<Door>) -> Self {
        Self {
            stream,
            door,
            decoder: Decoder::new(limits::FRAME_BEFORE_LOGIN_BYTES_MAX),
            events: VecDeque::new(),
            out: Vec::new(),
            written: 0,
            unflushed: false,
            taken: 0,
        }
    }

    /// What the line belongs to.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Frames of the size allowed after login.
    pub fn allow_large_frames(&mut self) {
        self.decoder.allow(limits::FRAME_BYTES_MAX);
    }

    /// Appends text frames to what waits to be written.
    pub fn put<'b>(&mut self, texts: impl IntoIterator<Item = &'b [u8]>) {
        let (mut frames, before) = (0, self.out.len());
        for text in texts {
            put_text(&mut self.out, text);
            frames += 1;
        }
        self.door.metrics.sent(frames, (self.out.len() - before) as u64);
    }

    /// Decodes bytes; a fault is found after the events before it.
    pub fn take(&mut self, bytes: &[u8]) {
        let mut events = Vec::new();
        let fault = self.decoder.feed(bytes, &mut events).err();
        let texts = events.iter().filter(|event| matches!(event, Event::Text(_))).count();
        self.door.metrics.received(texts as u64, bytes.len() as u64);
        self.events.extend(events.into_iter().map(Ok).chain(fault.map(Err)));
    }

    /// The next text, reading when none is there. Pings are answered on the way.
    pub async fn next(&mut self) -> Result<String, End> {
        poll_fn(|context| {
            loop {
                if let Some(text) = self.pop()? {
                    return Poll::Ready(Ok(text));
                }
                // Pongs that do not fit now wait for the next write.
                let _ = self.poll_write(context).map_err(|_| End::Gone)?;
                ready!(self.poll_read(context)).map_err(|_| End::Gone)?;
            }
        })
        .await
    }

    /// The next text that was read; `None`: read more.
    pub fn pop(&mut self) -> Result<Option<String>, End> {
        while let Some(event) = self.events.pop_front() {
            match event {
                Ok(Event::Text(text)) => return Ok(Some(text)),
                Ok(Event::Ping(payload)) => put_pong(&mut self.out, &payload),
                Ok(Event::Pong) => {}
                Ok(Event::Close(code)) => {
                    put_close(&mut self.out, code.unwrap_or(1000), "");
                    return Err(End::Left);
                }
                Err(Fault::TooLarge) => return Err(End::Close(CloseCode::TooLarge)),
                Err(Fault::Protocol(rule)) => {
                    tracing::debug!(rule, "a client broke the protocol");
                    return Err(End::Close(CloseCode::Protocol));
                }
            }
        }
        if self.events.capacity() > 0 {
            self.events = VecDeque::new();
        }
        Ok(None)
    }

    /// Reads once into the thread's scratch and decodes. While nothing comes no buffer is kept.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, &mut buffer) else {
                if self.out.is_empty() {
                    self.out = Vec::new();
                }
                return Poll::Pending;
            };
            read?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.take(buffer.filled());
            Poll::Ready(Ok(()))
        })
    }

    /// Writes and flushes all that waits.
    pub fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, &self.out[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
            self.taken += count as u64;
            self.unflushed = true;
        }
        self.written = 0;
        self.out.clear();
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Bytes that the socket took so far: whether a slow client still takes some.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// A close frame of ours, bounded in time; whoever does not take it is cut off.
    pub async fn goodbye(&mut self, code: CloseCode) {
        put_close(&mut self.out, code.number(), code.reason());
        let said = async {
            self.flush_and_shut().await?;
            // The client's own close frame, so that its last bytes do not turn our goodbye into a reset.
            while poll_fn(|context| self.poll_read(context)).await.is_ok() {
                self.events.clear();
            }
            io::Result::Ok(())
        };
        if !matches!(timeout(GOODBYE_TIMEOUT, said).await, Ok(Ok(()))) {
            tracing::debug!(code = code.number(), "a goodbye was not taken");
        }
    }

    /// Writes the answer to the client's goodbye, bounded in time.
    pub async fn farewell(&mut self) {
        if !matches!(timeout(GOODBYE_TIMEOUT, self.flush_and_shut()).await, Ok(Ok(()))) {
            tracing::debug!("the answer to a goodbye was not taken");
        }
    }

    async fn flush_and_shut(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_write(context)).await?;
        self.stream.shutdown().await
    }
}
