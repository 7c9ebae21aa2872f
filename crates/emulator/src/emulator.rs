//! A running emulator: its listener and workers, with an owner that stops them.

use std::net::SocketAddr;
use std::ops::Deref;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use crate::config::EmulatorConfig;
use crate::control::{self, BadControl};
use crate::device::device_socket;
use crate::limits::REQUEST_BYTES_MAX;
use crate::push_kit::{self, receipts_post};
use crate::server;
use crate::state::EmulatorState;

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The address is taken, or not this machine's.
    #[error("the emulator cannot listen on {address}: {source}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A setting makes no sense.
    #[error("the emulator's configuration: {0}")]
    Config(String),
}

/// A running emulator. Dropping it stops everything it runs; its state's methods are its own.
pub struct Emulator {
    state: EmulatorState,
    addr: SocketAddr,
}

impl Emulator {
    /// Binds and serves. Needs a tokio runtime.
    pub async fn start(config: EmulatorConfig) -> Result<Emulator, EmulatorError> {
        if let Some((code, status)) =
            config.statuses.iter().find(|(_, status)| !(200..=599).contains(*status))
        {
            return Err(EmulatorError::Config(format!("{code} cannot have the HTTP status {status}")));
        }
        let state =
            EmulatorState::new(&config).map_err(|bad: BadControl| EmulatorError::Config(bad.to_string()))?;
        let address = config.listen;
        let listen = |source| EmulatorError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        if !addr.ip().is_loopback() {
            tracing::warn!(%addr, "the emulator listens beyond loopback, and whoever reaches it controls it");
        }
        let router = routes(state.clone()).fallback(nowhere);
        state.tasks().spawn(server::run(state.clone(), listener, router));
        state.tasks().spawn(state.clone().run_timers());
        state.tasks().spawn(receipts_post::run(state.clone()));
        Ok(Emulator { state, addr })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://host:port`, the base address for a push credential.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Its state, for [`routes`] or to keep when a handle is needed elsewhere.
    pub fn state(&self) -> &EmulatorState {
        &self.state
    }

    /// Stops everything and waits until it has stopped.
    pub async fn shutdown(self) {
        self.state.stop();
        self.state.tasks().wait().await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.state.stop();
    }
}

impl Deref for Emulator {
    type Target = EmulatorState;

    fn deref(&self) -> &EmulatorState {
        &self.state
    }
}

/// All routes, to be mounted in another server (also below a path) beside the emulator's own listener. The
/// workers belong to the [`Emulator`], which must live as long.
pub fn routes(state: EmulatorState) -> Router {
    Router::new()
        .route("/v3/{name}/messages:send", post(push_kit::send))
        .route("/v2/{name}/messages:send", post(push_kit::send_elsewhere))
        .route("/v1/{name}/messages:send", post(push_kit::send_elsewhere))
        .route("/v1/{name}/messages:revoke", post(push_kit::revoke))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .route("/device", get(device_socket))
        .merge(control::routes())
        .with_state(state)
}

async fn nowhere() -> (StatusCode, axum::Json<serde_json::Value>) {
    (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "there is nothing at this address" })))
}
