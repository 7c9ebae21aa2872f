//! From an address to an open WebSocket: TCP, TLS where asked for, handshake.

use crate::{ClientError, ClientOptions};
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

/// Largest message taken from a server, in bytes: a full page of the longest messages fits several times.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The subprotocol this client speaks.
const SUBPROTOCOL: &str = "hongyan.v1";

/// TCP or TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// An open WebSocket over either.
pub(crate) type Socket = WebSocketStream<Box<dyn Stream>>;

/// Connects within `options.connect_timeout`.
pub(crate) async fn dial(url: &str, options: &ClientOptions) -> Result<Socket, ClientError> {
    let request = handshake_request(url, options.offer_subprotocol)?;
    match timeout(options.connect_timeout, open(request, options)).await {
        Ok(result) => result,
        Err(_) => Err(ClientError::Timeout),
    }
}

fn handshake_request(url: &str, offer_subprotocol: bool) -> Result<Request, ClientError> {
    let mut request = url.into_client_request().map_err(|error| ClientError::Address(error.to_string()))?;
    if offer_subprotocol {
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok(request)
}

async fn open(request: Request, options: &ClientOptions) -> Result<Socket, ClientError> {
    let (host, port, secure) = target(&request)?;
    let tls = match (secure, &options.tls) {
        (true, None) => {
            return Err(ClientError::Address("a wss address needs ClientOptions::tls".to_owned()));
        }
        (true, Some(config)) => Some(TlsConnector::from(Arc::clone(config))),
        (false, _) => None,
    };
    let tcp = TcpStream::connect((host.as_str(), port)).await?;
    tcp.set_nodelay(true)?;
    let stream: Box<dyn Stream> = match tls {
        None => Box::new(tcp),
        Some(connector) => {
            let name = ServerName::try_from(host).map_err(|_| {
                ClientError::Address("the host of a wss address must be a name or an IP".into())
            })?;
            Box::new(connector.connect(name, tcp).await?)
        }
    };
    let limits = WebSocketConfig::default()
        .read_buffer_size(options.read_buffer_bytes)
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    match client_async_with_config(request, stream, Some(limits)).await {
        Ok((socket, _response)) => Ok(socket),
        Err(error) => Err(handshake_error(error)),
    }
}

/// Host without brackets, port, and whether TLS is wanted.
fn target(request: &Request) -> Result<(String, u16, bool), ClientError> {
    let uri = request.uri();
    let (secure, default_port) = match uri.scheme_str() {
        Some("ws") => (false, 80),
        Some("wss") => (true, 443),
        _ => return Err(ClientError::Address("the address must begin with ws:// or wss://".to_owned())),
    };
    let host = uri.host().ok_or_else(|| ClientError::Address("the address names no host".to_owned()))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok((host, uri.port_u16().unwrap_or(default_port), secure))
}

fn handshake_error(error: tungstenite::Error) -> ClientError {
    match error {
        tungstenite::Error::Http(response) => ClientError::Status(response.status().as_u16()),
        tungstenite::Error::Io(error) => ClientError::Connect(error),
        other => ClientError::Handshake(other.to_string()),
    }
}
