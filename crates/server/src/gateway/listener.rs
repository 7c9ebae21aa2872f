//! Accepts connections and finds out what each wants.

use super::{
    Door,
    admission::Place,
    head::{Wish, read_wish},
    http,
    rewind::Rewind,
    ws,
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{io, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

/// Pause after the system had no more files or memory for a connection.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
/// How long a TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two warnings about the same trouble.
const WARN_EVERY: Duration = Duration::from_secs(10);

/// Accepts until told to stop. While the door drains, HTTP still answers that it does.
pub async fn accept(door: Arc<Door>, listener: TcpListener, aborted: CancellationToken) {
    let (mut full, mut failing) = (Trouble::default(), Trouble::default());
    // Dropped with this task, which ends every connection: none has to look for that by itself.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = aborted.cancelled() => return,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => match door.admission.enter(peer.ip()) {
                Some(place) => open(&door, &mut connections, socket, place),
                None => full.warn("connections are turned away: [limits] has no more places", None),
            },
            // The client went before it was accepted: no trouble of ours.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                failing.warn("connections cannot be accepted; each time a short pause", Some(&error));
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
    }
}

/// Trouble that comes with many connections and is logged now and then.
#[derive(Default)]
struct Trouble {
    warned: Option<Instant>,
    times: u64,
}

impl Trouble {
    fn warn(&mut self, what: &'static str, error: Option<&io::Error>) {
        self.times += 1;
        if self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY) {
            return;
        }
        tracing::warn!(times = self.times, error = error.map(tracing::field::display), "{what}");
        *self = Self { warned: Some(Instant::now()), times: 0 };
    }
}

/// Gives a connection a task of its own.
fn open(door: &Arc<Door>, connections: &mut JoinSet<()>, socket: TcpStream, place: Place) {
    match socket.set_nodelay(true) {
        Ok(()) => drop(connections.spawn(serve(door, socket, place))),
        Err(error) => tracing::debug!(%error, "a connection was gone before it began"),
    }
}

/// A connection after its first words.
type Way = BoxFuture<'static, ()>;

/// Serves a connection from its first byte to its last. A panic in it is our fault: counted, and it ends this
/// connection only. Its steps are in boxes that go with them: a task is as large as what it may hold, and most sit
/// idle in the last step.
pub fn serve<S>(door: &Arc<Door>, stream: S, place: Place) -> impl Future<Output = ()> + Send + use<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (counted, first) = (door.clone(), Box::pin(first_words(door.clone(), stream, place)));
    let served = AssertUnwindSafe(async move {
        match first.await {
            Ok(way) => way.await,
            Err(error) => tracing::debug!(%error, "a connection ended before it said what it wants"),
        }
    });
    door.tasks.track_future(async move {
        if served.catch_unwind().await.is_err() {
            counted.metrics.panicked();
        }
    })
}

/// Shakes hands if the door has keys, and finds out what the client wants.
async fn first_words<S>(door: Arc<Door>, stream: S, place: Place) -> io::Result<Way>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match door.tls.clone() {
        None => choose(door, stream, place).await,
        Some(keys) => {
            let shaken = timeout(TLS_TIMEOUT, Box::pin(keys.acceptor().accept(stream))).await;
            let stream = shaken.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
            Box::pin(choose(door, stream, place)).await
        }
    }
}

/// Reads what the client wants; what follows is a step of its own.
async fn choose<S>(door: Arc<Door>, mut stream: S, place: Place) -> io::Result<Way>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Ok(match read_wish(&mut stream, &door.origins).await? {
        Wish::Http(read) => Box::pin(async move {
            http::serve(&door, place.address(), Rewind::new(read, stream)).await;
        }),
        Wish::WebSocket(handshake, rest) => match ws::open(door, stream, handshake, rest).await? {
            Some(line) => Box::pin(ws::serve(line, place)),
            None => Box::pin(std::future::ready(())),
        },
    })
}
