//! The first bytes of a connection: is it a WebSocket for us, or HTTP for everybody else?

use super::ws::handshake::{self, Handshake};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

/// Largest request head, in bytes.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// How long a client may take for it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const HEADERS_MAX: usize = 64;
/// Where WebSockets are opened.
pub const WS_PATH: &str = "/ws";
/// How HTTP/2 begins.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a connection wants, and the bytes that were read to find out.
pub enum Wish {
    /// HTTP: these bytes are to be read again.
    Http(Vec<u8>),
    /// A WebSocket, with what came after the head.
    WebSocket(Result<Handshake, handshake::Refused>, Vec<u8>),
}

/// Reads the head of the first request. Errors: too slow, too large, gone, or no HTTP at all.
pub async fn read_wish<S: AsyncRead + Unpin>(stream: &mut S, origins: &[String]) -> io::Result<Wish> {
    match timeout(HEAD_TIMEOUT, read(stream, origins)).await {
        Ok(wish) => wish,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S, origins: &[String]) -> io::Result<Wish> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(wish) = understand(&bytes, origins)? {
            return Ok(match wish {
                Understood::Http => Wish::Http(bytes),
                Understood::WebSocket(answer, head_bytes) => {
                    Wish::WebSocket(answer, bytes.split_off(head_bytes))
                }
            });
        }
        if bytes.len() >= HEAD_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the request head is too large"));
        }
    }
}

enum Understood {
    Http,
    WebSocket(Result<Handshake, handshake::Refused>, usize),
}

/// `None` while the head is not complete.
fn understand(bytes: &[u8], origins: &[String]) -> io::Result<Option<Understood>> {
    let known = bytes.len().min(HTTP2_PREFACE.len());
    if bytes[..known] == HTTP2_PREFACE[..known] {
        return Ok((known == HTTP2_PREFACE.len()).then_some(Understood::Http));
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(head_bytes)) => {
            let path = request.path.unwrap_or_default().split('?').next().unwrap_or_default();
            Ok(Some(match path == WS_PATH {
                true => Understood::WebSocket(handshake::check(&request, origins), head_bytes),
                false => Understood::Http,
            }))
        }
        // Whatever this is: HTTP answers 400 to it.
        Err(_) => Ok(Some(Understood::Http)),
    }
}
