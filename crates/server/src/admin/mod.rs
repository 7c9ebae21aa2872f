//! `/api/v1`: what the console, operators and tools ask. HTTP and JSON over what `push` and `store` know; no SQL, no
//! sockets.
//!
//! Every request passes `gate`, which knows who asks; `routes` is the table of all addresses. Errors have one shape
//! (`refused`), and `openapi.json` tells others all of it.

mod administrators;
mod alarms;
mod app_settings;
mod apps;
mod attempts;
mod audit;
mod credential_check;
mod credential_test;
mod credentials;
mod dashboard;
mod debug;
mod figures;
mod gate;
mod hops;
mod key;
mod names;
mod openapi;
mod passwords;
mod policies;
mod refused;
mod routes;
mod secrets;
mod setup;
mod sign_in;
mod strategies;
mod token04;
mod traces;
mod users;

pub use figures::{Recorder, Sampled};
pub use key::OperatorKey;
pub use setup::{Invitation, first_link, invite};

use crate::{clock::Clock, hub::Hub, push::Explainer, session::Services, store::Store};
use attempts::Attempts;
use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware};
use passwords::SharedPasswords;
use refused::Refused;
use std::{sync::Arc, time::Duration};

/// Where all of it is.
const PREFIX: &str = "/api/v1";
/// Largest body of a request: a vendor's key file and some more.
const BODY_BYTES_MAX: usize = 128 * 1024;

/// How people log in.
#[derive(Clone, Copy, Debug)]
pub struct AdminSettings {
    /// Until one has to log in again.
    pub session: Duration,
    /// Browsers send the cookie over https only.
    pub secure: bool,
    /// A proxy says whose address a request comes from.
    pub forwarded: bool,
}

/// What the sign-in needs to remember.
pub(crate) struct Desk {
    settings: AdminSettings,
    attempts: Attempts,
    passwords: SharedPasswords,
}

/// What the routes work with.
#[derive(Clone)]
pub struct Admin {
    clock: Clock,
    store: Arc<dyn Store>,
    hub: Arc<Hub>,
    services: Arc<Services>,
    push: Arc<Explainer>,
    key: Arc<OperatorKey>,
    desk: Arc<Desk>,
    sampled: Arc<Sampled>,
}

impl Admin {
    /// Over these parts.
    pub fn new(
        services: Arc<Services>,
        push: Arc<Explainer>,
        key: OperatorKey,
        settings: AdminSettings,
        sampled: Arc<Sampled>,
    ) -> Self {
        let desk = Desk { settings, attempts: Attempts::default(), passwords: Default::default() };
        Self {
            clock: services.clock.clone(),
            store: services.store.clone(),
            hub: services.hub.clone(),
            services,
            push,
            key: Arc::new(key),
            desk: Arc::new(desk),
            sampled,
        }
    }
}

/// All routes below `/api/v1`.
pub fn routes(admin: Admin) -> Router {
    let nowhere = async || {
        Refused::not_found("there is nothing at this address")
            .hint("GET /api/v1/openapi.json lists what there is")
    };
    let not_so = async || {
        let message = "this address takes other methods; see the Allow header";
        Refused::new(StatusCode::METHOD_NOT_ALLOWED, "not_found", message)
    };
    let guarded = routes::router()
        .route_layer(middleware::from_fn_with_state(admin.clone(), gate::guard))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .method_not_allowed_fallback(not_so)
        .fallback(nowhere)
        .with_state(admin);
    Router::new().nest(PREFIX, guarded)
}
