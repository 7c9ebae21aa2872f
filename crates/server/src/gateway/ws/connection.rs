//! One WebSocket from handshake to goodbye: greeting, then the session's loop.
//!
//! The loop is a hand-written poll over four things (write, mailbox, requests under way, read), because reading
//! then needs no buffer of its own: bytes go through a scratch buffer of the thread into the codec, and only
//! what is incomplete is kept. Frames of the mailbox are written together.

use super::{
    codec::{Decoder, Event, Fault, put_close, put_pong, put_text},
    handshake::{Handshake, Refused},
};
use crate::{
    gateway::{Door, admission::Place},
    session::{Active, Ending, Greeted, Greeting},
};
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, Stream},
};
use hongyan_wire::{CloseCode, limits};
use std::{
    cell::RefCell,
    collections::VecDeque,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Sleep, sleep, timeout},
};

/// Scratch of one thread; what is read never outlives the poll that read it.
const SCRATCH_BYTES: usize = 64 * 1024;
/// A client that takes nothing for so long is gone or too slow.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the goodbye may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);
/// Capacity that a write buffer may keep.
const KEPT_BYTES_MAX: usize = 4 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// Serves a connection whose handshake was read. `rest` is what came after it.
pub async fn serve<S>(
    door: Arc<Door>,
    mut stream: S,
    handshake: Result<Handshake, Refused>,
    rest: Vec<u8>,
    peer: SocketAddr,
    mut place: Place,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = match handshake {
        Ok(handshake) => handshake,
        Err(refused) => {
            stream.write_all(refused.answer().as_bytes()).await?;
            return stream.shutdown().await;
        }
    };
    stream.write_all(handshake.answer().as_bytes()).await?;
    stream.flush().await?;
    door.metrics.connected();
    let mut line = Line::new(stream, &door);
    if !place.wait_for_login(peer.ip()) {
        line.goodbye(CloseCode::Busy).await;
        return Ok(());
    }
    line.take(&rest);
    let Some(active) = greet(&door, &mut line).await else { return Ok(()) };
    place.logged_in();
    line.decoder.allow(limits::FRAME_BYTES_MAX);
    let end = Talk::new(&mut line, &active).await;
    active.end(end.ending());
    if let End::Close(code) = end {
        line.goodbye(code).await;
    }
    Ok(())
}

/// Frames until somebody has logged in; `None` when the connection is over.
async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    door: &Arc<Door>,
    line: &mut Line<'_, S>,
) -> Option<Box<Active>> {
    let mut greeting = Greeting::new(door.services.clone());
    let deadline = door.services.clock.sleep_until(greeting.deadline_ms());
    tokio::pin!(deadline);
    loop {
        let event = tokio::select! {
            event = line.next() => event,
            () = &mut deadline => Err(End::Close(CloseCode::LoginDeadline)),
            () = door.stopping.cancelled() => Err(End::Close(CloseCode::GoingAway)),
        };
        let text = match event {
            Ok(text) => text,
            Err(End::Close(code)) => {
                line.goodbye(code).await;
                return None;
            }
            Err(End::Gone) => return None,
        };
        let (reply, next) = match greeting.handle(&text).await {
            Greeted::Reply(reply) => (Some(reply), None),
            Greeted::LoggedIn { reply, active } => (Some(reply), Some(Ok(active))),
            Greeted::Close(code, reply) => (reply, Some(Err(code))),
        };
        if let Some(reply) = reply {
            line.put(reply.as_bytes());
        }
        if timeout(WRITE_TIMEOUT, poll_fn(|context| line.poll_write(context))).await.ok()?.is_err() {
            return None;
        }
        match next {
            None => {}
            Some(Ok(active)) => return Some(active),
            Some(Err(code)) => {
                line.goodbye(code).await;
                return None;
            }
        }
    }
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// The socket is gone, or the client said goodbye.
    Gone,
    /// We close it.
    Close(CloseCode),
}

impl End {
    fn ending(self) -> Ending {
        match self {
            Self::Gone => Ending::Dropped,
            Self::Close(code) if code.reconnect() => Ending::Dropped,
            Self::Close(_) => Ending::Ended,
        }
    }
}

/// A socket with its codec and what waits to be written.
struct Line<'a, S> {
    stream: S,
    door: &'a Door,
    decoder: Decoder,
    /// Read but not handled.
    events: VecDeque<Event>,
    /// To be written; `written` of it is.
    out: Vec<u8>,
    written: usize,
    unflushed: bool,
    /// A fault that the next look finds.
    fault: Option<Fault>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Line<'a, S> {
    fn new(stream: S, door: &'a Door) -> Self {
        Self {
            stream,
            door,
            decoder: Decoder::new(limits::FRAME_BEFORE_LOGIN_BYTES_MAX),
            events: VecDeque::new(),
            out: Vec::new(),
            written: 0,
            unflushed: false,
            fault: None,
        }
    }

    fn put(&mut self, text: &[u8]) {
        put_text(&mut self.out, text);
    }

    /// Decodes bytes; a fault is found after the events before it.
    fn take(&mut self, bytes: &[u8]) {
        let mut events = Vec::new();
        self.fault = self.decoder.feed(bytes, &mut events).err();
        let texts = events.iter().filter(|event| matches!(event, Event::Text(_))).count();
        self.door.metrics.received(texts as u64, bytes.len() as u64);
        self.events.extend(events);
    }

    /// The next text, reading when none is there. Pings are answered on the way.
    async fn next(&mut self) -> Result<String, End> {
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
    fn pop(&mut self) -> Result<Option<String>, End> {
        while let Some(event) = self.events.pop_front() {
            match event {
                Event::Text(text) => return Ok(Some(text)),
                Event::Ping(payload) => put_pong(&mut self.out, &payload),
                Event::Pong => {}
                Event::Close(code) => {
                    put_close(&mut self.out, code.unwrap_or(1000), "");
                    return Err(End::Gone);
                }
            }
        }
        if self.events.capacity() > 0 {
            self.events = VecDeque::new();
        }
        match self.fault {
            None => Ok(None),
            Some(Fault::TooLarge) => Err(End::Close(CloseCode::TooLarge)),
            Some(Fault::Protocol(rule)) => {
                tracing::debug!(rule, "a client broke the protocol");
                Err(End::Close(CloseCode::Protocol))
            }
        }
    }

    /// Reads once into the thread's scratch and decodes.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.take(buffer.filled());
            Poll::Ready(Ok(()))
        })
    }

    /// Writes and flushes all that waits.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(context, &self.out[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
            self.unflushed = true;
        }
        self.written = 0;
        self.out.clear();
        if self.out.capacity() > KEPT_BYTES_MAX {
            self.out = Vec::new();
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// A close frame, bounded in time; whoever does not take it is cut off.
    async fn goodbye(&mut self, code: CloseCode) {
        put_close(&mut self.out, code.number(), code.reason());
        let said = async {
            poll_fn(|context| self.poll_write(context)).await?;
            self.stream.shutdown().await?;
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
}

/// The loop of a logged-in connection; ready with how it ended.
struct Talk<'a, 'b, S> {
    line: &'a mut Line<'b, S>,
    active: &'a Active,
    /// Requests whose answers are not in the mailbox yet.
    under_way: Option<Box<FuturesUnordered<BoxFuture<'static, ()>>>>,
    /// Runs while the socket takes nothing.
    blocked: Option<Pin<Box<Sleep>>>,
    /// The mailbox asked for it: after the answers of what is under way.
    closing: Option<CloseCode>,
}

impl<'a, 'b, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, 'b, S> {
    fn new(line: &'a mut Line<'b, S>, active: &'a Active) -> Self {
        Self { line, active, under_way: None, blocked: None, closing: None }
    }

    fn in_flight(&self) -> usize {
        self.under_way.as_ref().map_or(0, |futures| futures.len())
    }

    /// One round; `Ready(None)` means something moved: go round again.
    fn poll_round(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        match self.poll_out(context) {
            Err(end) => return Poll::Ready(Some(end)),
            // A slow reader is not read from either: its requests would only add to what it does not take.
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
        }
        if let Poll::Ready(moved) = self.poll_under_way(context)
            && moved
        {
            return Poll::Ready(None);
        }
        if self.closing.is_none() {
            if let Poll::Ready((frames, close)) = self.active.seat().mailbox.poll_take(context) {
                self.put_all(frames);
                self.closing = close;
                return Poll::Ready(None);
            }
            if self.in_flight() < limits::REQUESTS_IN_FLIGHT_MAX {
                return self.poll_in(context);
            }
            return Poll::Pending;
        }
        match (self.in_flight(), self.closing) {
            (0, Some(code)) => {
                let (frames, _) = ready!(self.active.seat().mailbox.poll_take(context));
                match frames.is_empty() {
                    true => Poll::Ready(Some(End::Close(code))),
                    false => {
                        self.put_all(frames);
                        Poll::Ready(None)
                    }
                }
            }
            _ => Poll::Pending,
        }
    }

    fn put_all(&mut self, frames: VecDeque<bytes::Bytes>) {
        let bytes: usize = frames.iter().map(bytes::Bytes::len).sum();
        self.line.door.metrics.sent(frames.len() as u64, bytes as u64);
        for frame in frames {
            self.line.put(&frame);
        }
    }

    /// Pending while the socket does not take what waits; an `Err` is the end.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, End> {
        match self.line.poll_write(context) {
            Poll::Ready(Ok(())) => {
                self.blocked = None;
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(_)) => Err(End::Gone),
            Poll::Pending => {
                let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
                match blocked.as_mut().poll(context) {
                    Poll::Ready(()) => Err(End::Close(CloseCode::TooSlow)),
                    Poll::Pending => Ok(Poll::Pending),
                }
            }
        }
    }

    /// `Ready(true)` when a request is done.
    fn poll_under_way(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        let Some(futures) = &mut self.under_way else { return Poll::Ready(false) };
        match Pin::new(&mut **futures).poll_next(context) {
            Poll::Ready(Some(())) => Poll::Ready(true),
            Poll::Ready(None) => {
                self.under_way = None;
                Poll::Ready(false)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Handles what was read, or reads.
    fn poll_in(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        match self.line.pop() {
            Err(end) => return Poll::Ready(Some(end)),
            Ok(Some(text)) => {
                if let Some(mut request) = self.active.handle(&text)
                    && request.as_mut().poll(context).is_pending()
                {
                    self.under_way.get_or_insert_default().push(request);
                }
                return Poll::Ready(None);
            }
            Ok(None) => {}
        }
        match ready!(self.line.poll_read(context)) {
            Ok(()) => {
                self.active.seat().heard(self.line.door.services.clock.now_ms());
                Poll::Ready(None)
            }
            Err(_) => Poll::Ready(Some(End::Gone)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Talk<'_, '_, S> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Some(end) = ready!(self.poll_round(context)) {
                return Poll::Ready(end);
            }
        }
    }
}
