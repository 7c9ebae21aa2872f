//! How tools ask a running server: over `/api/v1`, with the operator's key of the data directory.

use crate::tools::Data;
use anyhow::{Context, bail};
use axum::{body::Bytes, http::Method};
use clap::Args;
use hongyan_server::admin::OperatorKey;
use hongyan_vendors::{Transport, TransportConfig, VendorRequest};
use serde_json::Value;

/// Where the server is, and whose key is shown.
#[derive(Args)]
pub struct Server {
    /// The server to ask; plain http for this machine only.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    #[command(flatten)]
    pub data: Data,
}

impl Server {
    /// `GET /api/v1…`.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// `POST /api/v1…`.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, Bytes::from(body.to_string())).await
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Value> {
        let data = &self.data.data;
        let key = OperatorKey::read(data)
            .with_context(|| format!("the operator's key in {}; the server makes it", data.display()))?;
        let request = VendorRequest {
            method,
            url: format!("{}/api/v1{path}", self.url.trim_end_matches('/')),
            headers: vec![
                ("content-type", "application/json".into()),
                ("authorization", format!("Bearer {}", key.expose())),
            ],
            body,
        };
        let answer = Transport::new(TransportConfig::default()).send(&request).await;
        let answer = answer.with_context(|| format!("no server answers at {}", self.url))?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            200 => Ok(said),
            status => {
                bail!(
                    "the server answered {status}: {}",
                    said["error"]["message"].as_str().unwrap_or("no reason")
                )
            }
        }
    }
}
