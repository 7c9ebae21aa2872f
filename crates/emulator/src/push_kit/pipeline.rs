//! One vendor request from its headers to its answer: the HTTP side of the cloud, where faults strike and
//! the log is written.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::Serialize;

use super::answer::Answer;
use super::auth;
use super::check::{self, Stamp};
use super::codes::Refusal;
use super::fields::illegal;
use super::message::PushType;
use super::retract;
use crate::faults::{DropMoment, FaultAction, Meddling, Target};
use crate::requests_log::LoggedRequest;
use crate::server::Connection;
use crate::state::EmulatorState;

/// What a request asks for.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Send,
    Revoke,
    /// A send to an address that is not v3.
    SendElsewhere,
}

/// A request with everything that matters of it.
struct Call {
    kind: Kind,
    path: String,
    /// Project or client in the address.
    name: String,
    headers: HeaderMap,
    body: Bytes,
    connection: Option<Connection>,
}

type Parts = (State<EmulatorState>, Path<String>, Option<Extension<Connection>>, HeaderMap, Uri);

/// `POST /v3/{projectId}/messages:send`
pub(crate) async fn send(parts: Parts, body: Bytes) -> Response {
    answer(Kind::Send, parts, body).await
}

/// `POST /v1/{clientId}/messages:revoke`
pub(crate) async fn revoke(parts: Parts, body: Bytes) -> Response {
    answer(Kind::Revoke, parts, body).await
}

/// A send by the addresses of older APIs.
pub(crate) async fn send_elsewhere(parts: Parts, body: Bytes) -> Response {
    answer(Kind::SendElsewhere, parts, body).await
}

async fn answer(kind: Kind, parts: Parts, body: Bytes) -> Response {
    let (State(state), Path(name), connection, headers, uri) = parts;
    let connection = connection.map(|Extension(connection)| connection);
    let call = Call { kind, path: uri.path().to_owned(), name, headers, body, connection };
    let mut meddling = call.meddling(&state);
    if let Some(delay) = meddling.action.delay() {
        state.clock().sleep(delay).await;
    }
    if meddling.action.drops() == Some(DropMoment::Before) {
        return call.dropped(&state, &meddling).await;
    }
    let request_id = request_id(&state);
    let written = if meddling.action.answers() {
        forced(&state, &meddling.action, &request_id)
    } else {
        let answer = call.process(&state, &request_id, &mut meddling).unwrap_or_else(Answer::from);
        written(&state, answer, &request_id)
    };
    if meddling.action.drops() == Some(DropMoment::After) {
        return call.dropped(&state, &meddling).await;
    }
    call.log(&state, written.status, written.body.clone(), &meddling);
    written.response(meddling.action.retry_after_s)
}

/// Digits only, as the real ones.
fn request_id(state: &EmulatorState) -> Arc<str> {
    Arc::from(format!("{}{:06}", state.clock().now_ms(), state.number()))
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn meddling(&self, state: &EmulatorState) -> Meddling {
        if !state.any_faults() {
            return Meddling::none();
        }
        let owner = match self.kind {
            Kind::Revoke => state.world().projects.of_client(&self.name).map(|(project, _)| project),
            Kind::Send | Kind::SendElsewhere => Some(Arc::from(self.name.as_str())),
        };
        let push_type = self.header("push-type").and_then(PushType::from_header);
        state.meddling(&Target { path: &self.path, project_id: owner.as_deref(), push_type })
    }

    fn process(
        &self,
        state: &EmulatorState,
        request_id: &Arc<str>,
        meddling: &mut Meddling,
    ) -> Result<Answer, Refusal> {
        if self.kind == Kind::SendElsewhere {
            return Err(auth::not_v3());
        }
        let project = state.authenticate(self.header("authorization"))?;
        if self.kind == Kind::Send {
            auth::same_project(&self.name, &project)?;
        }
        let content_type = self.header("content-type").unwrap_or_default();
        if content_type.split(';').next().map(str::trim) != Some("application/json") {
            return Err(illegal("the Content-Type header must be application/json"));
        }
        match self.kind {
            Kind::Revoke => {
                let revocation = retract::check(self.header("push-type"), &self.body)?;
                Ok(state.world().revoke(&project, &self.name, &revocation))
            }
            Kind::Send | Kind::SendElsewhere => self.process_send(state, &project, request_id, meddling),
        }
    }

    fn process_send(
        &self,
        state: &EmulatorState,
        project: &str,
        request_id: &Arc<str>,
        meddling: &mut Meddling,
    ) -> Result<Answer, Refusal> {
        let push_type = self.header("push-type").ok_or_else(|| illegal("the push-type header is missing"))?;
        let push_type = PushType::from_header(push_type)
            .ok_or_else(|| illegal("the push-type header must be 0, 1, 2, 6, 7, 10 or 11"))?;
        let stamp = Stamp {
            request_id: request_id.clone(),
            now_ms: state.clock().now_ms(),
            spare_notify_id: scattered(state.number()),
        };
        let checked = check::check(push_type, &self.body, stamp)?;
        Ok(state.world().send(project, checked.message, &checked.tokens, meddling))
    }

    /// No answer: the connection goes. Without a connection of our own (routes mounted elsewhere) the answer
    /// breaks off in its body.
    async fn dropped(&self, state: &EmulatorState, meddling: &Meddling) -> Response {
        self.log(state, 0, Bytes::new(), meddling);
        match &self.connection {
            Some(connection) => connection.drop_now().await,
            None => {
                let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "dropped by a fault");
                let stream = futures_util::stream::iter([Err::<Bytes, _>(broken)]);
                Response::new(Body::from_stream(stream))
            }
        }
    }

    fn log(&self, state: &EmulatorState, status: u16, answer: Bytes, meddling: &Meddling) {
        state.log_request(|| LoggedRequest {
            seq: 0,
            at_ms: state.clock().now_ms(),
            path: self.path.clone(),
            push_type: self.header("push-type").map(str::to_owned),
            body: self.body.clone(),
            status,
            answer,
            fault: meddling.fault,
        });
    }
}

/// A notifyId of the cloud's own making: spread over 0..=2147483647, so that it rarely meets a sender's.
fn scattered(number: u64) -> u32 {
    // 2^64 divided by the golden ratio spreads successive numbers; the top 31 bits fit.
    u32::try_from(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33).unwrap_or_default()
}

/// An answer ready to go.
struct Written {
    status: u16,
    body: Bytes,
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodedBody<'a> {
    code: &'a str,
    msg: &'a str,
    request_id: &'a str,
}

fn written(state: &EmulatorState, answer: Answer, request_id: &str) -> Written {
    match answer {
        Answer::Coded { code, msg } => {
            coded(state.statuses().status(code.text()), code.text(), &msg, request_id)
        }
        // No page shows the body of flow control; callers must cope with one that is no JSON.
        Answer::FlowControl => Written { status: 503, body: "Service Unavailable".into(), json: false },
    }
}

fn coded(status: u16, code: &str, msg: &str, request_id: &str) -> Written {
    let body =
        serde_json::to_vec(&CodedBody { code, msg, request_id }).expect("three texts always make JSON");
    Written { status, body: body.into(), json: true }
}

fn forced(state: &EmulatorState, action: &FaultAction, request_id: &str) -> Written {
    let msg = action.msg.as_deref();
    match &action.code {
        Some(code) => {
            let status = action.status.unwrap_or_else(|| state.statuses().status(code));
            coded(status, code, msg.unwrap_or("by order of a fault"), request_id)
        }
        None => {
            let body = Bytes::from(msg.unwrap_or_default().to_owned());
            Written { status: action.status.unwrap_or(500), body, json: false }
        }
    }
}

impl Written {
    fn response(self, retry_after_s: Option<u32>) -> Response {
        let mut response = Response::new(Body::from(self.body));
        // Faults give 200..=599 and the map of statuses is checked at the start.
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = if self.json { "application/json;charset=utf-8" } else { "text/plain;charset=utf-8" };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(seconds) = retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
