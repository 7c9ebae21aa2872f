//! A connection in memory: what the server's end of a socket is to the server, and to the load nothing but bytes that
//! are put and taken. A pipe owns buffers only while bytes are in it, so that an idle one says what a session costs.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// Bytes that wait for the client at most; the server waits for room, as it does on a full socket.
const WAITING_BYTES_MAX: usize = 256 * 1024;
/// Of one pipe while it is idle, with the counters of its `Arc` and the place where the client keeps it.
pub const PIPE_BYTES: usize = size_of::<Pipe>() + 3 * size_of::<usize>();

/// A pipe, seen from the client.
#[derive(Debug)]
pub struct Pipe {
    number: u32,
    bell: Arc<Bell>,
    ways: Mutex<Ways>,
}

#[derive(Debug, Default)]
struct Ways {
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    /// The server's task, while it waits to read or to write.
    waiting: Option<Waker>,
    /// The bell was rung and nobody has looked yet.
    rung: bool,
    ended: bool,
}

/// Tells a client with many pipes which of them have something.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<Vec<u32>>,
    notify: Notify,
}

/// What a client found in a pipe.
#[derive(Debug, Default)]
pub struct Found {
    /// What the server wrote.
    pub bytes: Vec<u8>,
    /// The server has ended the connection.
    pub ended: bool,
}

/// The server's end. Dropping it ends the connection.
#[derive(Debug)]
pub struct ServerEnd(Arc<Pipe>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bell {
    /// Waits until it rings, and gives the numbers of the pipes it rang for.
    pub async fn heard(&self) -> Vec<u32> {
        loop {
            let rung = std::mem::take(&mut *lock(&self.rung));
            if !rung.is_empty() {
                return rung;
            }
            self.notify.notified().await;
        }
    }
}

impl Pipe {
    /// A pipe of this number that rings this bell.
    pub fn new(number: u32, bell: Arc<Bell>) -> Arc<Self> {
        Arc::new(Self { number, bell, ways: Mutex::default() })
    }

    /// The end to be served.
    pub fn server_end(self: &Arc<Self>) -> ServerEnd {
        ServerEnd(self.clone())
    }

    /// Sends bytes to the server.
    pub fn put(&self, bytes: &[u8]) {
        let mut ways = lock(&self.ways);
        ways.to_server.extend_from_slice(bytes);
        wake(ways);
    }

    /// Takes what the server wrote.
    pub fn take(&self) -> Found {
        let mut ways = lock(&self.ways);
        ways.rung = false;
        let found = Found { bytes: std::mem::take(&mut ways.to_client), ended: ways.ended };
        if !found.bytes.is_empty() {
            // The server may wait for room.
            wake(ways);
        }
        found
    }

    /// Puts back what was taken and is not whole yet.
    pub fn put_back(&self, mut rest: Vec<u8>) {
        let ways = &mut *lock(&self.ways);
        rest.append(&mut ways.to_client);
        ways.to_client = rest;
    }

    /// Rings the bell unless it was rung already.
    fn ring(&self, ways: &mut Ways) {
        if !std::mem::replace(&mut ways.rung, true) {
            lock(&self.bell.rung).push(self.number);
            self.bell.notify.notify_one();
        }
    }
}

/// Wakes the server's task after the lock is free.
fn wake(mut ways: MutexGuard<'_, Ways>) {
    let waiting = ways.waiting.take();
    drop(ways);
    if let Some(waiting) = waiting {
        waiting.wake();
    }
}

impl AsyncRead for ServerEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let ways = &mut *lock(&self.0.ways);
        if ways.to_server.is_empty() {
            if ways.ended {
                return Poll::Ready(Ok(()));
            }
            ways.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = ways.to_server.len().min(buffer.remaining());
        buffer.put_slice(&ways.to_server[..count]);
        if count == ways.to_server.len() {
            ways.to_server = Vec::new();
        } else {
            ways.to_server.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ServerEnd {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let ways = &mut *lock(&self.0.ways);
        let count = bytes.len().min(WAITING_BYTES_MAX.saturating_sub(ways.to_client.len()));
        if count == 0 && !bytes.is_empty() {
            ways.waiting = Some(context.waker().clone());
            return Poll::Pending;
        }
        ways.to_client.extend_from_slice(&bytes[..count]);
        self.0.ring(ways);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ways = &mut *lock(&self.0.ways);
        ways.ended = true;
        self.0.ring(ways);
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        let ways = &mut *lock(&self.0.ways);
        ways.ended = true;
        self.0.ring(ways);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn bytes_go_both_ways_and_leave_no_buffer() {
        let bell = Arc::new(Bell::default());
        let pipe = Pipe::new(7, bell.clone());
        let mut end = pipe.server_end();
        pipe.put(b"hello");
        let mut read = [0; 3];
        end.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"hel");
        end.read_exact(&mut read[..2]).await.unwrap();
        end.write_all(b"you").await.unwrap();
        end.write_all(b" too").await.unwrap();
        assert_eq!(bell.heard().await, [7], "it rings once until somebody looks");
        let found = pipe.take();
        assert_eq!((&found.bytes[..], found.ended), (&b"you too"[..], false));
        let ways = lock(&pipe.ways);
        assert_eq!((ways.to_server.capacity(), ways.to_client.capacity()), (0, 0));
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken_and_an_end_is_told() {
        let bell = Arc::new(Bell::default());
        let pipe = Pipe::new(0, bell.clone());
        let mut end = pipe.server_end();
        let reader = tokio::spawn(async move { end.read_u8().await.unwrap() });
        tokio::task::yield_now().await;
        pipe.put(b"x");
        assert_eq!(reader.await.unwrap(), b'x');
        assert_eq!(bell.heard().await, [0]);
        assert!(pipe.take().ended);
    }

    #[tokio::test]
    async fn a_writer_waits_for_room() {
        let pipe = Pipe::new(0, Arc::default());
        let mut end = pipe.server_end();
        let writer = tokio::spawn(async move {
            end.write_all(&vec![b'x'; WAITING_BYTES_MAX + 1]).await.unwrap();
            end
        });
        tokio::task::yield_now().await;
        assert!(!writer.is_finished());
        assert_eq!(pipe.take().bytes.len(), WAITING_BYTES_MAX);
        drop(writer.await.unwrap());
        assert_eq!(pipe.take().bytes.len(), 1);
    }
}
