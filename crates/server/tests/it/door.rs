//! The door: TLS, probes, metrics, limits of strangers, handshakes that are refused.

use crate::harness::{WAIT, World, device, until};
use hongyan_client::{Client, ClientError, ClientOptions, Credential, LoginOptions};
use hongyan_server::{app::Server, clock::Clock, config::Config, store::NewApp};
use hongyan_wire::CloseCode;
use std::{net::SocketAddr, sync::Arc};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs},
};

/// Sends raw bytes and gives everything that comes back.
async fn raw(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A server that closes with unread bytes resets; what it said before counts.
    let _ = tokio::time::timeout(WAIT, socket.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str) -> String {
    raw(address, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
}

fn config(dir: &TempDir) -> Config {
    let mut config = Config::default();
    config.server.data = dir.path().to_owned();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config
}

#[tokio::test]
async fn probes_and_metrics_tell_how_it_is() {
    let world = World::start().await;
    let _ann = world.client("ann").await;
    let address = world.server.local_addr();
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/readyz").await.contains("\"ready\":true"));
    let stranger = world.raw().await;
    let mut wrong = world.login("bob");
    wrong.credential = Credential::AppSign("0".repeat(64));
    stranger.login(wrong).await.unwrap_err();
    let metrics = get(address, "/metrics").await;
    for line in [
        "hongyan_sessions 1",
        "hongyan_store_accepts_writes 1",
        "hongyan_store_window_whole 1",
        "hongyan_store_waiting_sends 0",
        "hongyan_store_recall_failures_total 0",
        "hongyan_connections_total 2",
        "hongyan_logins_total{result=\"accepted\"} 1",
        "hongyan_logins_total{result=\"6000101\"} 1",
        "hongyan_messages_total 0",
        "hongyan_push_latency_seconds_bucket{le=\"+Inf\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in {metrics}");
    }
    assert!(get(address, "/nowhere").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn what_is_no_websocket_is_told_how_to_become_one() {
    let world = World::start().await;
    let address = world.server.local_addr();
    assert!(get(address, "/ws").await.starts_with("HTTP/1.1 426"));
    assert!(raw(address, "garbage\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    let giant = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(9_000));
    assert_eq!(raw(address, &giant).await, "", "a head without end is cut off");
    let options = ClientOptions { offer_subprotocol: false, ..ClientOptions::default() };
    Client::connect_with(&world.url(), options).await.unwrap();
}

#[tokio::test]
async fn only_so_many_strangers_come_in() {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir);
    config.limits.unauthenticated_per_ip_max = 2;
    config.limits.connections_max = 4;
    let server = Server::start(config, Clock::system(), axum::Router::new()).await.unwrap();
    let url = format!("ws://{}/ws", server.local_addr());
    let (_one, _two) = (Client::connect(&url).await.unwrap(), Client::connect(&url).await.unwrap());
    let third = Client::connect(&url).await.unwrap();
    assert_eq!(third.closed().await, Some(CloseCode::Busy.number()));
    server.shutdown().await;
}

#[tokio::test]
async fn an_origin_that_is_not_allowed_is_refused() {
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir);
    config.limits.origins = vec!["https://chat.example.com".into()];
    let server = Server::start(config, Clock::system(), axum::Router::new()).await.unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Origin: https://evil.example\r\n\r\n";
    assert!(raw(server.local_addr(), request).await.starts_with("HTTP/1.1 403"));
    server.shutdown().await;
}

#[tokio::test]
async fn tls_in_the_program_itself_carries_a_session() {
    let dir = TempDir::new().unwrap();
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&cert, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let mut config = config(&dir);
    (config.tls.cert, config.tls.key) = (Some(cert), Some(key));
    let server = Server::start(config, Clock::system(), axum::Router::new()).await.unwrap();
    let app = server.store().create_app(NewApp { name: "tls".into(), id: None }, 1).await.unwrap().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pair.cert.der().clone()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    assert_eq!(status_over_tls_with_alpn(&server, &tls).await, 200);
    let options = ClientOptions { tls: Some(Arc::new(tls)), ..ClientOptions::default() };
    let url = format!("wss://localhost:{}/ws", server.local_addr().port());
    let client = Client::connect_with(&url, options).await.unwrap();
    let login = LoginOptions::with_app_sign(app.id, app.app_sign.expose(), "ann").unwrap();
    client.login(login.device(device("ann"))).await.unwrap();
    client.heartbeat().await.unwrap();
    let plain = Client::connect(&format!("ws://{}/ws", server.local_addr())).await;
    assert!(matches!(
        plain,
        Err(ClientError::Handshake(_) | ClientError::Connect(_) | ClientError::Status(_))
    ));
    server.shutdown().await;
}

#[tokio::test]
async fn a_bad_certificate_keeps_the_door_shut_with_a_sentence() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("not.pem");
    std::fs::write(&file, "nothing").unwrap();
    let mut config = config(&dir);
    (config.tls.cert, config.tls.key) = (Some(file.clone()), Some(file.clone()));
    let refused = Server::start(config, Clock::system(), axum::Router::new()).await;
    let sentence = format!("{:#}", refused.err().unwrap());
    assert!(sentence.contains("not.pem"), "{sentence}");
}

#[tokio::test]
async fn a_dropped_socket_frees_its_place_at_once() {
    let world = World::start().await;
    let ann = world.client("ann").await;
    let hub = world.server.hub();
    assert_eq!(hub.len(), 1);
    ann.abort();
    until("the seat to be free", || hub.is_empty()).await;
}

#[tokio::test]
async fn a_panic_in_a_handler_ends_that_request_only_and_is_counted() {
    let dir = TempDir::new().unwrap();
    let fault =
        axum::Router::new().route("/fault", axum::routing::get(async || -> &'static str { panic!("!") }));
    let server = Server::start(config(&dir), Clock::system(), fault).await.unwrap();
    let address = server.local_addr();
    let answer = get(address, "/fault").await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("error"), "{answer}");
    assert!(get(address, "/metrics").await.contains("hongyan_panics_total 1"));
    server.shutdown().await;
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let world = World::start().await;
    let socket = TcpStream::connect(world.server.local_addr()).await.unwrap();
    assert_eq!(status_over_http2(socket).await, 200);
}

/// A browser or curl agrees on HTTP/2 in the TLS handshake.
async fn status_over_tls_with_alpn(server: &Server, tls: &ClientConfig) -> u16 {
    let mut tls = tls.clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let socket = TcpStream::connect(server.local_addr()).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    status_over_http2(stream).await
}

async fn status_over_http2<S>(stream: S) -> u16
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let request =
        axum::http::Request::get("http://localhost/healthz").body(axum::body::Body::empty()).unwrap();
    tokio::select! {
        response = sender.send_request(request) => response.unwrap().status().as_u16(),
        ended = connection => panic!("the connection ended first: {ended:?}"),
    }
}

#[tokio::test]
async fn while_the_door_drains_who_asks_is_told() {
    let world = World::start().await;
    let address = world.server.local_addr();
    // A client that is slow to leave holds the drain up.
    let mut lingering = TcpStream::connect(address).await.unwrap();
    let open = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    lingering.write_all(open.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    lingering.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    let asked = async {
        while !get(address, "/readyz").await.starts_with("HTTP/1.1 503") {}
        let late = Client::connect(&format!("ws://{address}/ws")).await.unwrap();
        assert_eq!(late.closed().await, Some(CloseCode::GoingAway.number()));
        drop(lingering);
    };
    tokio::join!(world.server.shutdown(), asked);
}
