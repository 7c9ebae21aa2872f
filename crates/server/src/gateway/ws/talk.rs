//! The loop of a logged-in connection: a hand-written poll over four things (requests under way, writing, the
//! mailbox, reading), because reading must happen inside the poll that lends the scratch buffer, and because
//! their order matters: what is written first makes room for what is read.

use super::line::{End, Line};
use crate::session::Active;
use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, Stream},
};
use hongyan_wire::{CloseCode, limits};
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Sleep, sleep},
};

/// A client that takes nothing for so long is gone or too slow.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Ready with how the connection ends.
pub struct Talk<'a, S> {
    line: &'a mut Line<S>,
    active: &'a Active,
    /// Requests whose answers are not in the mailbox yet: most clients have one at a time, which needs no set.
    first: Option<BoxFuture<'static, ()>>,
    more: Option<Box<FuturesUnordered<BoxFuture<'static, ()>>>>,
    /// Runs while the socket takes nothing.
    blocked: Option<Pin<Box<Sleep>>>,
    /// The mailbox asked for it: after the answers of what is under way.
    closing: Option<CloseCode>,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Talk<'a, S> {
    /// The talk of this session on this line.
    pub fn new(line: &'a mut Line<S>, active: &'a Active) -> Self {
        Self { line, active, first: None, more: None, blocked: None, closing: None }
    }

    fn in_flight(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.as_ref().map_or(0, |futures| futures.len())
    }

    /// One round; `Ready(None)` means something moved: go round again.
    fn poll_round(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        // Also while the socket is blocked: a request may hold something that others wait for.
        self.poll_under_way(context);
        match self.poll_out(context) {
            Err(end) => return Poll::Ready(Some(end)),
            // A slow reader is not read from either: its requests would only add to what it does not take.
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(())) => {}
        }
        if let Some(code) = self.closing {
            return self.poll_last_frames(context, code);
        }
        if let Poll::Ready(close) = self.poll_mailbox(context) {
            self.closing = close;
            return Poll::Ready(None);
        }
        if self.in_flight() >= limits::REQUESTS_IN_FLIGHT_MAX {
            return Poll::Pending;
        }
        self.poll_in(context)
    }

    /// Takes all frames of the mailbox; ready also when it only asks to close.
    fn poll_mailbox(&mut self, context: &mut Context<'_>) -> Poll<Option<CloseCode>> {
        let (frames, close) = ready!(self.active.seat().mailbox.poll_take(context));
        self.line.put(frames.iter().map(|frame| &frame[..]));
        Poll::Ready(close)
    }

    /// What is under way still gets its answers out; then the connection closes.
    fn poll_last_frames(&mut self, context: &mut Context<'_>, code: CloseCode) -> Poll<Option<End>> {
        if self.in_flight() > 0 {
            return Poll::Pending;
        }
        let (frames, _) = ready!(self.active.seat().mailbox.poll_take(context));
        if frames.is_empty() {
            return Poll::Ready(Some(End::Close(code)));
        }
        self.line.put(frames.iter().map(|frame| &frame[..]));
        Poll::Ready(None)
    }

    /// Pending while the socket does not take what waits; an `Err` is the end.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Result<Poll<()>, End> {
        let before = self.line.taken();
        match self.line.poll_write(context) {
            Poll::Ready(Ok(())) => {
                self.blocked = None;
                Ok(Poll::Ready(()))
            }
            Poll::Ready(Err(_)) => Err(End::Gone),
            Poll::Pending => {
                let closing = self.closing.or_else(|| self.active.seat().mailbox.closing(context));
                if closing == Some(CloseCode::TooSlow) {
                    return Err(End::Close(CloseCode::TooSlow));
                }
                // Whoever is to be closed gets no more time for taking a little now and then.
                if self.line.taken() > before && closing.is_none() {
                    self.blocked = None;
                }
                let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(WRITE_TIMEOUT)));
                match blocked.as_mut().poll(context) {
                    Poll::Ready(()) => Err(End::Close(CloseCode::TooSlow)),
                    Poll::Pending => Ok(Poll::Pending),
                }
            }
        }
    }

    /// Drives the requests under way; their answers go into the mailbox.
    fn poll_under_way(&mut self, context: &mut Context<'_>) {
        if self.first.as_mut().is_some_and(|request| request.as_mut().poll(context).is_ready()) {
            self.first = None;
        }
        let Some(futures) = &mut self.more else { return };
        loop {
            match Pin::new(&mut **futures).poll_next(context) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) => return self.more = None,
                Poll::Pending => return,
            }
        }
    }

    /// Handles what was read, or reads. A batch of frames is handled before their answers are written together.
    fn poll_in(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        let mut handled = 0;
        while handled < limits::REQUESTS_IN_FLIGHT_MAX && self.in_flight() < limits::REQUESTS_IN_FLIGHT_MAX {
            match self.line.pop() {
                Err(end) => return Poll::Ready(Some(end)),
                Ok(Some(text)) => self.handle(&text, context),
                Ok(None) => break,
            }
            handled += 1;
        }
        if handled > 0 {
            return Poll::Ready(None);
        }
        match ready!(self.line.poll_read(context)) {
            Ok(()) => {
                self.active.seat().heard(self.line.door().services.clock.now_ms());
                Poll::Ready(None)
            }
            Err(_) => Poll::Ready(Some(End::Gone)),
        }
    }

    /// Polled once before the next frame is handed in: that keeps the order of sends.
    fn handle(&mut self, text: &str, context: &mut Context<'_>) {
        if let Some(mut request) = self.active.handle(text)
            && request.as_mut().poll(context).is_pending()
        {
            match &self.first {
                None => self.first = Some(request),
                Some(_) => self.more.get_or_insert_default().push(request),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Talk<'_, S> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        loop {
            if let Some(end) = ready!(self.poll_round(context)) {
                return Poll::Ready(end);
            }
        }
    }
}
