//! As much HTTP as a bench needs: one kept connection to a process of ours, whose answers name their length.

use anyhow::{Context, bail};
use serde_json::Value;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take. Making a key takes a while.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One connection, one request after the other.
#[derive(Debug)]
pub struct Http {
    stream: TcpStream,
    address: SocketAddr,
}

impl Http {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = timeout(ANSWER_WITHIN, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address })
    }

    /// The body of a 200.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        self.ask("GET", path, "").await
    }

    /// The body of a 200 to this order, as JSON.
    pub async fn post(&mut self, path: &str, order: &Value) -> anyhow::Result<Value> {
        let answer = self.ask("POST", path, &order.to_string()).await?;
        serde_json::from_str(&answer).with_context(|| format!("the answer of {path} is no JSON"))
    }

    /// The value of an unlabelled metric.
    pub async fn metric(&mut self, name: &str) -> anyhow::Result<u64> {
        let text = self.get("/metrics").await?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.parse().ok()).with_context(|| format!("no metric {name}"))
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let talk = async {
            self.stream.write_all(request.as_bytes()).await?;
            self.answer().await
        };
        let (status, answer) = timeout(ANSWER_WITHIN, talk).await.context("no answer in time")??;
        if status != 200 {
            bail!("{path} was answered with {status}: {answer}");
        }
        Ok(answer)
    }

    async fn answer(&mut self) -> anyhow::Result<(u16, String)> {
        let mut bytes = Vec::new();
        loop {
            if let Some((head, status, length)) = head(&bytes)?
                && bytes.len() >= head + length
            {
                return Ok((status, String::from_utf8(bytes.split_off(head))?));
            }
            if bytes.len() > ANSWER_BYTES_MAX || self.stream.read_buf(&mut bytes).await? == 0 {
                bail!("an answer without an end");
            }
        }
    }
}

/// Length of the head, status, length of the body; `None` while the head is incomplete.
fn head(bytes: &[u8]) -> anyhow::Result<Option<(usize, u16, usize)>> {
    let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end])?.to_ascii_lowercase();
    let status = text.get(9..12).and_then(|digits| digits.parse().ok()).context("no HTTP status")?;
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|digits| digits.trim().parse().ok()).context("no Content-Length")?;
    Ok(Some((end + 4, status, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let bytes = b"HTTP/1.1 503 Away\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head(bytes).unwrap(), Some((bytes.len() - 2, 503, 2)));
        assert_eq!(head(&bytes[..20]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
