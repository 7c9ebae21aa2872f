//! Accepts connections and finds out what each wants.

use super::{
    Door,
    admission::Place,
    head::{Wish, read_wish},
    http,
    rewind::Rewind,
    ws,
};
use futures_util::FutureExt;
use std::{io, net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Pause after the system had no more files or memory for a connection.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// How long a TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts until told to stop. `aborted` cuts connections that outlive the drain.
pub async fn accept(door: Arc<Door>, listener: TcpListener, aborted: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = door.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => match door.admission.enter() {
                Some(place) => open(&door, socket, peer, place, aborted.clone()),
                None => {
                    tracing::warn!("all connections are taken (limits.connections_max); one was turned away")
                }
            },
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted; pausing");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}

/// Gives a connection a task of its own. A panic in it is our fault: counted, and it ends this connection only.
fn open(door: &Arc<Door>, socket: TcpStream, peer: SocketAddr, place: Place, aborted: CancellationToken) {
    let served = door.clone();
    let counted = door.clone();
    door.tasks.spawn(async move {
        let connection = AssertUnwindSafe(serve(served, socket, peer, place)).catch_unwind();
        match aborted.run_until_cancelled(connection).await {
            Some(Err(_)) => counted.metrics.panicked(),
            Some(Ok(Err(error))) => {
                tracing::debug!(%error, "a connection ended before it said what it wants")
            }
            Some(Ok(Ok(()))) | None => {}
        }
    });
}

async fn serve(door: Arc<Door>, socket: TcpStream, peer: SocketAddr, place: Place) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let Some(keys) = door.tls.clone() else {
        return choose(door, socket, peer, place).await;
    };
    let shaken = timeout(TLS_TIMEOUT, keys.acceptor().accept(socket)).await;
    let stream = shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        http::serve(&door, stream).await;
        return Ok(());
    }
    choose(door, stream, peer, place).await
}

async fn choose<S>(door: Arc<Door>, mut stream: S, peer: SocketAddr, place: Place) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match read_wish(&mut stream, &door.origins).await? {
        Wish::Http(read) => http::serve(&door, Rewind::new(read, stream)).await,
        Wish::WebSocket(handshake, rest) => ws::serve(door, stream, handshake, rest, peer, place).await?,
    }
    Ok(())
}
