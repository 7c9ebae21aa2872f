//! The door: listener, TLS, WebSocket and HTTP on one port. Bytes come in, text frames go on to session.
//!
//! Knows nothing of messages or users. A connection is read into a scratch buffer shared by all of its thread
//! and owns no buffer while idle. Called by `app`.

mod admission;
mod head;
mod http;
mod listener;
mod rewind;
mod tls;
mod ws;

use crate::{hub::Hub, session::Services, telemetry::Metrics};
use admission::Admission;
use hongyan_wire::CloseCode;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tls::{TlsFault, TlsKeys};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Settings of the door.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Certificate chain and private key, PEM files.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once that have not logged in.
    pub unauthenticated_max: usize,
    /// Of those, from one address.
    pub unauthenticated_per_ip_max: usize,
    /// Origins that may open a WebSocket; empty allows all.
    pub origins: Vec<String>,
    /// How long a drain may take.
    pub drain: Duration,
}

/// What the door needs.
pub struct GatewayParts {
    /// Everything below a session.
    pub services: Arc<Services>,
    /// Counters.
    pub metrics: Metrics,
    /// Further HTTP routes.
    pub extra: axum::Router,
    /// Settings.
    pub config: GatewayConfig,
}

/// Why the door did not open.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFault),
}

/// What connections share.
struct Door {
    services: Arc<Services>,
    metrics: Metrics,
    admission: Admission,
    router: axum::Router,
    tls: Option<Arc<TlsKeys>>,
    origins: Vec<String>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// The open door. Dropping it closes it without a word; `drain` closes it in order.
pub struct Gateway {
    door: Arc<Door>,
    hub: Arc<Hub>,
    address: SocketAddr,
    drain: Duration,
    aborted: CancellationToken,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.door.stopping.cancel();
        self.aborted.cancel();
    }
}

/// Opens the door.
pub async fn serve(parts: GatewayParts) -> Result<Gateway, GatewayError> {
    let config = parts.config;
    let tls = config.tls.as_ref().map(|(cert, key)| TlsKeys::load(cert, key)).transpose()?.map(Arc::new);
    let listening = |error| GatewayError::Listen(config.listen, error);
    let listener = TcpListener::bind(config.listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let hub = parts.services.hub.clone();
    let admission =
        Admission::new(config.connections_max, config.unauthenticated_max, config.unauthenticated_per_ip_max);
    let router = http::router(parts.services.clone(), parts.metrics.clone(), admission.clone(), parts.extra);
    let door = Arc::new(Door {
        admission,
        services: parts.services,
        metrics: parts.metrics,
        router,
        tls,
        origins: config.origins,
        stopping: CancellationToken::new(),
        tasks: TaskTracker::new(),
    });
    let aborted = CancellationToken::new();
    if let Some(keys) = &door.tls {
        door.tasks.spawn(tls::watch(keys.clone(), door.stopping.clone()));
    }
    tokio::spawn(listener::accept(door.clone(), listener, aborted.clone()));
    Ok(Gateway { door, hub, address, drain: config.drain, aborted })
}

impl Gateway {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves a connection that came by another way than the listener, a pipe in memory for one: the future that does
    /// it, for a task of the caller. Dropping it ends the connection. `None`: `[limits]` has no place for it.
    pub fn serve_stream<S>(&self, stream: S, from: IpAddr) -> Option<impl Future<Output = ()> + Send + use<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = self.door.admission.enter(from)?;
        Some(listener::serve(&self.door, stream, place))
    }

    /// Lets nobody log in any more, lets requests under way finish, asks clients to reconnect; who asks by HTTP
    /// is told. Returns when all connections are gone, or the time for it is over.
    pub async fn drain(&self) {
        self.door.services.draining.store(true, Ordering::Release);
        self.door.stopping.cancel();
        self.hub.close_all(CloseCode::GoingAway);
        self.door.tasks.close();
        if tokio::time::timeout(self.drain, self.door.tasks.wait()).await.is_err() {
            tracing::warn!(
                connections = self.door.tasks.len(),
                "the drain took too long; cutting what is left"
            );
        }
        self.aborted.cancel();
    }
}
