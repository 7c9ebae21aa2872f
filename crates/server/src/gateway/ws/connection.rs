//! One WebSocket from handshake to goodbye: greeting, then the session's talk, then clean-up, once.

use super::{
    handshake::{Handshake, Refused},
    line::{End, Line},
    talk::{Talk, WRITE_TIMEOUT},
};
use crate::{
    gateway::{Door, admission::Place},
    session::{Active, Ending, Greeted, Greeting},
};
use futures_util::FutureExt;
use hongyan_wire::CloseCode;
use std::{future::poll_fn, io, panic::AssertUnwindSafe, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// Answers a handshake; the open line if it was accepted. `rest` is what came after it.
pub async fn open<S>(
    door: Arc<Door>,
    mut stream: S,
    handshake: Result<Handshake, Refused>,
    rest: Vec<u8>,
) -> io::Result<Option<Line<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answer = handshake.as_ref().map_or_else(Refused::answer, Handshake::answer);
    let answered = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await
    };
    timeout(WRITE_TIMEOUT, answered).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if handshake.is_err() {
        stream.shutdown().await?;
        return Ok(None);
    }
    door.metrics.connected();
    let mut line = Line::new(stream, door);
    line.take(&rest);
    Ok(Some(line))
}

/// Serves an open line until it ends. No `async fn`: its future would hold the line twice. What is needed for a moment
/// is in boxes, here and below: it shall not make the idle session larger.
#[allow(clippy::manual_async_fn)] // that is the point
pub fn serve<S>(mut line: Line<S>, mut place: Place) -> impl Future<Output = ()> + Send + 'static
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    async move {
        let end = match AssertUnwindSafe(converse(&mut line, &mut place)).catch_unwind().await {
            Ok(end) => end,
            Err(_) => {
                line.door().metrics.panicked();
                End::Close(CloseCode::Fault)
            }
        };
        match end {
            End::Gone => {}
            End::Left => Box::pin(line.farewell()).await,
            End::Close(code) => Box::pin(line.goodbye(code)).await,
        }
    }
}

/// Greeting and talk; how the connection ends.
async fn converse<S>(line: &mut Line<S>, place: &mut Place) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if place.is_turned_away() {
        return End::Close(CloseCode::Busy);
    }
    // In a box, because a login needs much more room than the idle session that follows it.
    let active = match Box::pin(greet(line)).await {
        Ok(active) => active,
        Err(end) => return end,
    };
    place.logged_in();
    line.allow_large_frames();
    if line.door().stopping.is_cancelled() {
        // The drain asked everybody to go while this one was coming in.
        active.seat().mailbox.close(CloseCode::GoingAway);
    }
    let end = Talk::new(line, &active).await;
    active.end(ending(end));
    end
}

fn ending(end: End) -> Ending {
    match end {
        End::Close(code) if !code.reconnect() => Ending::Ended,
        End::Close(_) | End::Gone | End::Left => Ending::Dropped,
    }
}

/// Frames until somebody has logged in. The answer to the login is written before anything of the mailbox.
async fn greet<S: AsyncRead + AsyncWrite + Unpin>(line: &mut Line<S>) -> Result<Active, End> {
    let door = line.door().clone();
    let mut greeting = Greeting::new(door.services.clone());
    let deadline = door.services.clock.sleep_until(greeting.deadline_ms());
    tokio::pin!(deadline);
    loop {
        let text = tokio::select! {
            text = line.next() => text?,
            () = &mut deadline => return Err(End::Close(CloseCode::LoginDeadline)),
            () = door.stopping.cancelled() => return Err(End::Close(CloseCode::GoingAway)),
        };
        match greeting.handle(&text).await {
            Greeted::Reply(reply) => write(line, &reply).await?,
            Greeted::LoggedIn { reply, active } => {
                write(line, &reply).await?;
                return Ok(active);
            }
            Greeted::Close(code, reply) => {
                if let Some(reply) = reply {
                    write(line, &reply).await?;
                }
                return Err(End::Close(code));
            }
        }
    }
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(line: &mut Line<S>, text: &str) -> Result<(), End> {
    line.put([text.as_bytes()]);
    match timeout(WRITE_TIMEOUT, poll_fn(|context| line.poll_write(context))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(CloseCode::TooSlow)),
    }
}
