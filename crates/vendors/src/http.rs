//! Carries requests to vendors: HTTP/1.1 and HTTP/2 by ALPN, TLS with the web's root certificates, limits
//! everywhere.
//!
//! Knows nothing of any vendor. Plain http is spoken to loopback addresses only (the emulator), unless its owner
//! allows it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{HeaderMap, RETRY_AFTER};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::sync::Semaphore;

use crate::secret::Secret;

/// Longest `Retry-After` that is believed, in seconds: a day.
pub const RETRY_AFTER_S_MAX: u32 = 86_400;

/// A request, ready to send. `Debug` shows neither the bearer nor the body.
#[derive(Clone, PartialEq, Eq)]
pub struct VendorRequest {
    /// HTTP method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Headers with lower-case names.
    pub headers: Vec<(&'static str, String)>,
    /// The body; may be empty.
    pub body: Bytes,
}

/// An answer, unread. `Debug` does not show the body, which may name tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds from now, whichever form it had; at most `RETRY_AFTER_S_MAX`.
    pub retry_after_s: Option<u32>,
    /// The body.
    pub body: Bytes,
}

impl VendorRequest {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for VendorRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        f.debug_struct("VendorRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &names)
            .field("body_len", &self.body.len())
            .finish()
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("retry_after_s", &self.retry_after_s)
            .field("body_len", &self.body.len())
            .finish()
    }
}

/// Limits of a [`Transport`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportConfig {
    /// For the TCP connection, per address. A stalled TLS handshake runs into `request_timeout`.
    pub connect_timeout: Duration,
    /// For a whole request: waiting for a free place, connecting, sending, reading the answer.
    pub request_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub answer_bytes_max: usize,
    /// Requests under way at once. Over HTTP/1.1 this is the number of connections too.
    pub in_flight_max: usize,
    /// Idle connections kept per vendor host.
    pub idle_per_host_max: usize,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
    /// Speaks plain http beyond loopback too. Never for vendors; for a collector in one's own network.
    pub plain_http: bool,
    /// Headers of every request, beside its own.
    pub headers: Vec<(String, Secret)>,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(15),
            answer_bytes_max: 256 * 1024,
            in_flight_max: 128,
            idle_per_host_max: 32,
            idle_timeout: Duration::from_secs(50),
            plain_http: false,
            headers: Vec::new(),
        }
    }
}

/// Why there is no answer. Texts name no token, header or body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request itself cannot be sent: its URL is wrong, or plain http to a host that is not loopback.
    #[error("the request cannot be sent: {reason}")]
    Unsendable {
        /// What is wrong.
        reason: String,
    },
    /// No connection: name, TCP or TLS failed. Nothing was sent.
    #[error("no connection to the vendor: {reason}")]
    Connect {
        /// The chain of causes.
        reason: String,
    },
    /// All places stayed taken for the whole timeout. Nothing was sent.
    #[error("all {in_flight_max} connections stayed busy for {} ms", waited.as_millis())]
    Busy {
        /// The limit that was reached.
        in_flight_max: usize,
        /// How long the request waited.
        waited: Duration,
    },
    /// No answer in time. The vendor may have taken the request.
    #[error("no answer within {} ms", waited.as_millis())]
    Timeout {
        /// The whole time that was allowed.
        waited: Duration,
    },
    /// The connection ended before the answer was complete. The vendor may have taken the request.
    #[error("the connection was dropped: {reason}")]
    Dropped {
        /// The chain of causes.
        reason: String,
    },
    /// The answer is larger than allowed. The vendor has probably taken the request.
    #[error("the answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl TransportError {
    /// Whether the vendor may have acted on the request. If not, sending again cannot make a double.
    pub fn may_have_been_sent(&self) -> bool {
        match self {
            Self::Unsendable { .. } | Self::Connect { .. } | Self::Busy { .. } => false,
            Self::Timeout { .. } | Self::Dropped { .. } | Self::AnswerTooLarge { .. } => true,
        }
    }
}

/// An answer on its way.
pub type Carried = Pin<Box<dyn Future<Output = Result<RawAnswer, TransportError>> + Send>>;

/// Something else than the network that takes requests to vendors: a simulation.
pub trait Carrier: Send + Sync {
    /// Answers a request. Dropping the future gives the request up.
    fn carry(&self, request: VendorRequest) -> Carried;
}

/// An HTTP client with a pool of connections. Keep one per vendor and credential; dropping it closes them.
pub struct Transport {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    carrier: Option<Arc<dyn Carrier>>,
    places: Semaphore,
    config: TransportConfig,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Transport {
    /// A client that trusts the web's root certificates. Connects when first used.
    pub fn new(config: TransportConfig) -> Self {
        let builder = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
            .expect("the built-in provider supports the built-in TLS versions");
        Self::with_connector(config, builder.https_or_http().enable_all_versions())
    }

    /// A client with its own TLS settings, for a vendor behind a private certificate authority. ALPN must be
    /// unset.
    pub fn with_tls(config: TransportConfig, tls: ClientConfig) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        Self::with_connector(config, builder.https_or_http().enable_all_versions())
    }

    fn with_connector(
        config: TransportConfig,
        builder: hyper_rustls::HttpsConnectorBuilder<hyper_rustls::builderstates::WantsProtocols3>,
    ) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(config.connect_timeout));
        tcp.set_keepalive(Some(Duration::from_secs(30)));
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_max_idle_per_host(config.idle_per_host_max)
            .pool_idle_timeout(config.idle_timeout)
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(builder.wrap_connector(tcp));
        Self { client, carrier: None, places: Semaphore::new(config.in_flight_max), config }
    }

    /// The same limits over another way than the network.
    pub fn carried_by(mut self, carrier: Arc<dyn Carrier>) -> Self {
        self.carrier = Some(carrier);
        self
    }

    /// Sends a request and reads the answer, whatever its status. Never retries, never follows a redirect.
    /// Dropping the future gives the request up.
    pub async fn send(&self, request: &VendorRequest) -> Result<RawAnswer, TransportError> {
        let http = to_http(request, &self.config)?;
        let waited = self.config.request_timeout;
        let deadline = tokio::time::Instant::now() + waited;
        let place = tokio::time::timeout_at(deadline, self.places.acquire()).await;
        let _place = match place {
            Ok(place) => place.expect("the semaphore is never closed"),
            Err(_) => return Err(TransportError::Busy { in_flight_max: self.config.in_flight_max, waited }),
        };
        let answer = match &self.carrier {
            Some(carrier) => tokio::time::timeout_at(deadline, carrier.carry(request.clone())).await,
            None => tokio::time::timeout_at(deadline, self.exchange(http)).await,
        };
        answer.unwrap_or(Err(TransportError::Timeout { waited }))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<RawAnswer, TransportError> {
        let response = self.client.request(request).await.map_err(|error| {
            let reason = causes(&error);
            if error.is_connect() {
                TransportError::Connect { reason }
            } else {
                TransportError::Dropped { reason }
            }
        })?;
        let status = response.status().as_u16();
        let retry_after_s = retry_after(response.headers(), std::time::SystemTime::now());
        let limit = self.config.answer_bytes_max;
        let body = Limited::new(response.into_body(), limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                TransportError::AnswerTooLarge { limit }
            } else {
                TransportError::Dropped { reason: causes(&*error) }
            }
        })?;
        Ok(RawAnswer { status, retry_after_s, body: body.to_bytes() })
    }
}

fn to_http(
    request: &VendorRequest,
    config: &TransportConfig,
) -> Result<Request<Full<Bytes>>, TransportError> {
    let unsendable = |reason: &str| TransportError::Unsendable { reason: reason.to_owned() };
    let uri: Uri = request.url.parse().map_err(|_| unsendable("its URL cannot be read"))?;
    match origin_of(&uri) {
        Some(("https", _)) => {}
        Some(("http", host)) if config.plain_http || is_loopback(host) => {}
        _ => return Err(unsendable("its URL must be https, or http to a loopback address")),
    }
    let mut builder = Request::builder().method(request.method.clone()).uri(uri);
    for (name, value) in &request.headers {
        builder = builder.header(*name, value);
    }
    for (name, value) in &config.headers {
        builder = builder.header(name, value.expose());
    }
    // http's own error would quote the header's value.
    builder
        .body(Full::new(request.body.clone()))
        .map_err(|_| unsendable("a header holds a forbidden character"))
}

/// Scheme and host of an absolute URL.
pub(crate) fn origin_of(uri: &Uri) -> Option<(&str, &str)> {
    uri.scheme_str().zip(uri.host().filter(|host| !host.is_empty()))
}

/// Whether a URL's host is this machine: `localhost`, 127.0.0.0/8 or ::1.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// `Retry-After`, which is a number of seconds or a date.
fn retry_after(headers: &HeaderMap, now: std::time::SystemTime) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).map_or(0, |wait| wait.as_secs()),
    };
    Some(u32::try_from(seconds).unwrap_or(u32::MAX).min(RETRY_AFTER_S_MAX))
}

/// An error and what caused it, in one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
