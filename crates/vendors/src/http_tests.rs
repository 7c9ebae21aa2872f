//! Tests of the transport against servers on loopback: each way to fail, TLS, HTTP/2, limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::service::service_fn;
use hyper::{Response, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server task that ends with the test.
struct Served {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves every connection with `serve`.
async fn serve<F, R>(serve: F) -> Served
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let addr = listener.local_addr().expect("bound");
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(serve(stream));
        }
    });
    Served { addr, task }
}

/// Reads a whole small request, then writes `answer` as it is and closes.
async fn answer_with(mut stream: TcpStream, answer: &[u8]) {
    let mut seen = vec![0; 16 * 1024];
    let mut filled = 0;
    while !seen[..filled].ends_with(b"{\"x\":1}") {
        match stream.read(&mut seen[filled..]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => filled += read,
        }
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

fn request(url: String) -> VendorRequest {
    let headers = vec![("content-type", "application/json".into()), ("authorization", "Bearer a.b.c".into())];
    VendorRequest { method: Method::POST, url, headers, body: Bytes::from_static(b"{\"x\":1}") }
}

fn quick() -> TransportConfig {
    TransportConfig {
        request_timeout: Duration::from_millis(200),
        answer_bytes_max: 1024,
        ..TransportConfig::default()
    }
}

async fn send_to_canned(answer: &'static [u8], config: TransportConfig) -> Result<RawAnswer, TransportError> {
    let served = serve(move |stream| answer_with(stream, answer)).await;
    Transport::new(config).send(&request(format!("http://{}/v3/1/messages:send", served.addr))).await
}

#[tokio::test]
async fn brings_status_retry_after_and_body_back_whatever_the_status() {
    let answer = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy";
    let answer = send_to_canned(answer, TransportConfig::default()).await.expect("an answer");
    assert_eq!((answer.status, answer.retry_after_s, &answer.body[..]), (503, Some(7), &b"busy"[..]));
    assert!(!format!("{answer:?}").contains("busy"));
}

#[tokio::test]
async fn an_answer_may_not_be_larger_than_allowed() {
    let length_known: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 1025\r\n\r\n";
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (head, chunk) in [(length_known, false), (chunked, true)] {
        let body = vec![b'x'; 1025];
        let mut answer = head.to_vec();
        if chunk {
            answer.extend(b"401\r\n");
        }
        answer.extend(body);
        answer.extend(if chunk { &b"\r\n0\r\n\r\n"[..] } else { b"" });
        let result = send_to_canned(answer.leak(), quick()).await;
        let error = result.expect_err("too large");
        assert_eq!(error, TransportError::AnswerTooLarge { limit: 1024 });
        assert!(error.may_have_been_sent());
    }
}

#[tokio::test]
async fn a_connection_dropped_before_or_in_the_answer_is_told_apart_from_no_connection() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        let error = send_to_canned(answer, TransportConfig::default()).await.expect_err("dropped");
        assert!(matches!(error, TransportError::Dropped { .. }), "{error}");
        assert!(error.may_have_been_sent());
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("binds").local_addr().expect("bound");
    let error = Transport::new(TransportConfig::default()).send(&request(format!("http://{nobody}/"))).await;
    let error = error.expect_err("nobody listens");
    assert!(matches!(error, TransportError::Connect { .. }), "{error}");
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let served = serve(|mut stream| async move {
        let mut seen = [0; 1024];
        while stream.read(&mut seen).await.is_ok_and(|read| read > 0) {}
    })
    .await;
    let error = Transport::new(quick()).send(&request(format!("http://{}/", served.addr))).await;
    let error = error.expect_err("no answer");
    assert_eq!(error, TransportError::Timeout { waited: Duration::from_millis(200) });
    assert!(error.may_have_been_sent());
}

#[tokio::test]
async fn a_full_house_is_not_a_timeout_of_the_vendor() {
    let transport = Transport::new(TransportConfig { in_flight_max: 1, ..quick() });
    let _taken = transport.places.acquire().await.expect("a place");
    let error = transport.send(&request("http://127.0.0.1:1/".into())).await.expect_err("no place");
    assert_eq!(error, TransportError::Busy { in_flight_max: 1, waited: Duration::from_millis(200) });
    assert!(!error.may_have_been_sent());
}

#[tokio::test]
async fn what_must_not_be_sent_is_not_sent() {
    let transport = Transport::new(TransportConfig::default());
    let headers = vec![("x-key".to_owned(), Secret::new("7"))];
    let open = TransportConfig { plain_http: true, headers, ..TransportConfig::default() };
    let plain = |url: &str| to_http(&request(url.into()), &open);
    let allowed = plain("http://collector.example.com:4318/v1/traces").expect("its owner allows it");
    assert_eq!(allowed.headers()["x-key"], "7");
    assert!(plain("ftp://collector.example.com/").is_err());
    for url in ["http://192.0.2.1/", "http://push.example.com/", "ftp://127.0.0.1/", "/v3/1", "", "http:///x"]
    {
        let error = transport.send(&request(url.into())).await.expect_err(url);
        assert!(matches!(error, TransportError::Unsendable { .. }), "{url}: {error}");
    }
    let mut with_break = request("http://127.0.0.1:1/".into());
    with_break.headers[1].1 = "Bearer secret\r\nx: y".into();
    let error = transport.send(&with_break).await.expect_err("a line break in a header");
    assert!(!error.to_string().contains("secret") && !error.may_have_been_sent(), "{error}");
}

#[tokio::test]
async fn tls_is_really_tls_and_certificates_are_checked() {
    let plain = serve(|stream| answer_with(stream, b"")).await;
    let url = format!("https://localhost:{}/", plain.addr.port());
    let error = Transport::new(quick()).send(&request(url)).await.expect_err("no TLS there");
    assert!(matches!(error, TransportError::Connect { .. } | TransportError::Timeout { .. }), "{error}");

    let (served, _trusted) = serve_tls(|_| ()).await;
    let url = format!("https://localhost:{}/", served.addr.port());
    let error =
        Transport::new(TransportConfig::default()).send(&request(url)).await.expect_err("an unknown issuer");
    assert!(
        matches!(&error, TransportError::Connect { reason } if reason.contains("UnknownIssuer")),
        "{error}"
    );
}

/// A TLS server that offers HTTP/2, answers "ok" and shows each request to `seen`; and TLS settings that
/// trust it.
async fn serve_tls(
    seen: impl Fn(&Request<hyper::body::Incoming>) + Clone + Send + Sync + 'static,
) -> (Served, ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("the certificate fits");
    server.alpn_protocols = vec![b"h2".to_vec()];
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let served = serve(move |stream| {
        let (acceptor, seen) = (acceptor.clone(), seen.clone());
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve_ok(stream, seen).await;
            }
        }
    });
    (served.await, client)
}

async fn serve_ok<S>(stream: S, seen: impl Fn(&Request<hyper::body::Incoming>) + Clone)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        seen(&request);
        async { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok")))) }
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

#[tokio::test]
async fn speaks_http2_where_the_vendor_offers_it() {
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let (served, trusting) = serve_tls(move |request| {
        assert_eq!(request.version(), Version::HTTP_2);
        assert_eq!(request.uri().path(), "/v3/1/messages:send");
        assert_eq!(request.headers()["authorization"], "Bearer a.b.c");
        counter.fetch_add(1, Ordering::Relaxed);
    })
    .await;
    let transport = Arc::new(Transport::with_tls(TransportConfig::default(), trusting));
    let url = format!("https://localhost:{}/v3/1/messages:send", served.addr.port());
    let mut sending = JoinSet::new();
    for _ in 0..50 {
        let (transport, request) = (Arc::clone(&transport), request(url.clone()));
        sending.spawn(async move { transport.send(&request).await.expect("an answer").status });
    }
    assert_eq!(sending.join_all().await, [200; 50]);
    assert_eq!(requests.load(Ordering::Relaxed), 50);
}

#[test]
fn retry_after_is_seconds_or_a_date_and_never_more_than_a_day() {
    let now = UNIX_EPOCH + Duration::from_secs(1_764_000_000);
    let date = |offset: u64| httpdate::fmt_http_date(now + Duration::from_secs(offset));
    let past = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH);
    let table = [
        ("0", Some(0)),
        (" 120 ", Some(120)),
        ("99999999999", Some(86_400)),
        (&date(90), Some(90)),
        (&past, Some(0)),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
    ];
    for (text, expected) in table {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, text.parse().expect("a header value"));
        assert_eq!(retry_after(&headers, now), expected, "{text}");
    }
    assert_eq!(retry_after(&HeaderMap::new(), now), None);
}

#[test]
fn loopback_is_this_machine_only() {
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in
        ["", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "0.0.0.0", "[::]", "huawei.com"]
    {
        assert!(!is_loopback(host), "{host}");
    }
}
