//! The emulator's own listener. It serves connections itself rather than through `axum::serve`, so that a
//! fault can cut the very connection a request came by.

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::limits::{CONNECTIONS_MAX, HEADER_READ_TIMEOUT};
use crate::state::EmulatorState;

/// The connection a request came by.
#[derive(Clone)]
pub(crate) struct Connection {
    cut: CancellationToken,
}

impl Connection {
    /// Cuts it; the request is never answered.
    pub(crate) async fn drop_now(&self) -> Response {
        self.cut.cancel();
        std::future::pending().await
    }
}

/// Accepts until the emulator stops.
pub(crate) async fn run(state: EmulatorState, listener: TcpListener, router: Router) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let service = TowerToHyperService::new(router);
    loop {
        let accepted = async {
            let permit = permits.clone().acquire_owned().await.expect("this semaphore is never closed");
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            () = state.stopped() => return,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                state.tasks().spawn(serve(state.clone(), stream, service.clone(), permit));
            }
            Err(error) => {
                // Out of file handles, mostly: without a pause the loop would spin.
                tracing::warn!(%error, "the emulator could not accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(
    state: EmulatorState,
    stream: TcpStream,
    service: TowerToHyperService<Router>,
    _permit: OwnedSemaphorePermit,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let cut = CancellationToken::new();
    let connection = Connection { cut: cut.clone() };
    let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(connection.clone());
        service.call(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::select! {
        () = state.stopped() => {}
        () = cut.cancelled() => {}
        end = served => {
            if let Err(error) = end {
                tracing::debug!(%error, "a connection ended early");
            }
        }
    }
}
