//! Who asks, and whether they may: every request below `/api/v1` passes here first.
//!
//! People show the cookie of a login, machines the operator's key. What a route needs stands in one table
//! (`routes`); what is not in it is not answered. A successful write leaves a row in the audit log.

use super::{
    Admin,
    passwords::token_hash,
    refused::Refused,
    routes::{self, Need, Route},
};
use crate::{
    peer::Peer,
    store::{Administrator, App, AuditEntry, Role, TokenHash},
};
use axum::{
    extract::{MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hongyan_wire::AppId;
use std::net::IpAddr;

/// The cookie of a login.
pub(super) const COOKIE: &str = "hongyan_session";
/// What a page of this server sends with every write; others cannot without being asked (CORS).
const CONSOLE_HEADER: &str = "x-hongyan-console";
/// Longest text of an audit entry, in characters.
const NOTE_CHARS_MAX: usize = 300;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub who: Who,
    pub address: String,
}

/// A machine with the operator's key, a person with a login, or nobody that is known.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Nobody,
    Machine,
    Person { administrator: Box<Administrator>, login: TokenHash, ends_at: u64 },
}

impl Caller {
    pub fn role(&self) -> Option<Role> {
        match &self.who {
            Who::Nobody => None,
            Who::Machine => Some(Role::Owner),
            Who::Person { administrator, .. } => Some(administrator.role),
        }
    }

    /// Apps that it may see; `None`: all.
    pub fn apps(&self) -> Option<&[AppId]> {
        match &self.who {
            Who::Person { administrator, .. } => administrator.apps.as_deref(),
            Who::Machine => None,
            Who::Nobody => Some(&[]),
        }
    }

    pub fn sees(&self, app: AppId) -> bool {
        self.apps().is_none_or(|apps| apps.contains(&app))
    }

    pub fn name(&self) -> &str {
        match &self.who {
            Who::Nobody => "",
            Who::Machine => "operator-key",
            Who::Person { administrator, .. } => &administrator.name,
        }
    }

    /// `?appID=…`: the app if it may be seen, or all that may be.
    pub fn scope(&self, asked: Option<AppId>) -> Result<Option<Vec<AppId>>, Refused> {
        match asked {
            Some(app) if self.sees(app) => Ok(Some(vec![app])),
            Some(_) => Err(no_such_app()),
            None => Ok(self.apps().map(<[AppId]>::to_vec)),
        }
    }
}

/// What a handler adds to the audit row of its write; carried in the response's extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub app: Option<AppId>,
    pub target: String,
    pub detail: String,
    /// Whoever logs in is not known before.
    pub by: Option<String>,
}

impl Note {
    pub fn on(target: impl ToString) -> Self {
        Self { target: target.to_string(), ..Self::default() }
    }

    pub fn saying(mut self, detail: impl ToString) -> Self {
        self.detail = detail.to_string();
        self
    }
}

/// An answer with its note.
pub(super) fn noted(answer: impl IntoResponse, note: Note) -> Response {
    let mut response = answer.into_response();
    response.extensions_mut().insert(note);
    response
}

pub(super) fn no_such_app() -> Refused {
    Refused::not_found("there is no such app").hint("GET /apps lists those you may see")
}

/// Lets through who may.
pub(super) async fn guard(
    State(admin): State<Admin>,
    path: MatchedPath,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let named = path.as_str().strip_prefix(super::PREFIX).unwrap_or_default();
    let Some(route) = routes::find(request.method(), named) else {
        let refused =
            Refused::new(StatusCode::METHOD_NOT_ALLOWED, "not_found", "this address takes other methods");
        return refused.into_response();
    };
    let caller = match admit(&admin, route, &params, &mut request).await {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    let mut response = next.run(request).await;
    if response.status().is_success() && !route.action.is_empty() {
        let note = response.extensions_mut().remove::<Note>().unwrap_or_default();
        write_down(&admin, &caller, route, &params, note).await;
    }
    response
}

async fn admit(
    admin: &Admin,
    route: &Route,
    params: &RawPathParams,
    request: &mut Request,
) -> Result<Caller, Refused> {
    let peer = request.extensions().get::<Option<Peer>>().copied().flatten().map(|peer| peer.0);
    let address = address(peer, request.headers(), admin.desk.settings.forwarded);
    let who = identify(admin, request.headers()).await?;
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if writes && !matches!(who, Who::Machine) {
        same_site(request.headers())?;
    }
    let caller = Caller { who, address };
    if let Need::Role(needed) = route.need {
        match caller.role() {
            None => return Err(unauthorized()),
            Some(role) if role < needed => {
                let needs = format!("this needs the role {}", needed.as_str());
                return Err(Refused::forbidden(&needs));
            }
            Some(_) => {}
        }
    }
    if let Some((_, text)) = params.iter().find(|(name, _)| *name == "app") {
        let app = app(admin, &caller, text).await?;
        request.extensions_mut().insert(app);
    }
    request.extensions_mut().insert(caller.clone());
    Ok(caller)
}

/// The app of the path: one that is there and may be seen.
async fn app(admin: &Admin, caller: &Caller, text: &str) -> Result<App, Refused> {
    let id = text.parse().map(AppId).ok().filter(|id| caller.sees(*id)).ok_or_else(no_such_app)?;
    admin.store.app(id).await?.ok_or_else(no_such_app)
}

async fn identify(admin: &Admin, headers: &HeaderMap) -> Result<Who, Refused> {
    if let Some(shown) = headers.get(header::AUTHORIZATION) {
        let key = shown.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        return match key {
            Some(key) if admin.key.is(key.trim()) => Ok(Who::Machine),
            _ => Err(Refused::new(StatusCode::UNAUTHORIZED, "key_refused", "this is not the operator's key")
                .hint("it stands in operator.key in the data directory")),
        };
    }
    let Some(token) = cookie(headers) else { return Ok(Who::Nobody) };
    let login = token_hash(token);
    let found = admin.store.login(login, admin.clock.now_ms()).await?;
    Ok(found.map_or(Who::Nobody, |(administrator, ends_at)| Who::Person {
        administrator: Box::new(administrator),
        login,
        ends_at,
    }))
}

fn unauthorized() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "unauthorized", "log in first")
        .hint("or show the operator's key: Authorization: Bearer …, see docs/operations.md")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// A write of a person comes from a page of this server.
fn same_site(headers: &HeaderMap) -> Result<(), Refused> {
    let refused = |message: &str| Refused::new(StatusCode::FORBIDDEN, "cross_site", message);
    if !headers.contains_key(CONSOLE_HEADER) {
        return Err(refused("a write without the header X-Hongyan-Console").hint("send X-Hongyan-Console: 1"));
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let from = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    match from.is_some() && from == host {
        true => Ok(()),
        false => Err(refused("this write comes from a page of another origin")
            .hint("behind a proxy: let it pass the Host header on")),
    }
}

fn address(peer: Option<IpAddr>, headers: &HeaderMap, forwarded: bool) -> String {
    let by_proxy = headers.get_all("x-forwarded-for").iter().next_back().filter(|_| forwarded);
    let by_proxy = by_proxy.and_then(|value| value.to_str().ok()).and_then(|text| text.rsplit(',').next());
    match by_proxy.and_then(|text| text.trim().parse::<IpAddr>().ok()).or(peer) {
        Some(address) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

/// The audit row of a write that was done. One that cannot be written is told in the log: the write is done.
async fn write_down(admin: &Admin, caller: &Caller, route: &Route, params: &RawPathParams, note: Note) {
    let in_path = || params.iter().find(|(name, _)| *name == "app").and_then(|(_, text)| text.parse().ok());
    let entry = AuditEntry {
        id: 0,
        at: admin.clock.now_ms(),
        by: note.by.unwrap_or_else(|| caller.name().to_owned()),
        address: caller.address.clone(),
        action: route.action.to_owned(),
        app: note.app.or_else(|| in_path().map(AppId)),
        target: note.target.chars().take(NOTE_CHARS_MAX).collect(),
        detail: note.detail.chars().take(NOTE_CHARS_MAX).collect(),
    };
    if let Err(error) = admin.store.note(entry).await {
        tracing::error!(%error, action = route.action, "a write could not be put into the audit log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_write_comes_from_a_page_of_this_server() {
        let write = |pairs: &[(&'static str, &str)]| same_site(&headers(pairs)).is_ok();
        let own = ("x-hongyan-console", "1");
        assert!(write(&[own, ("host", "im.example")]), "no browser");
        assert!(write(&[own, ("host", "im.example"), ("origin", "https://im.example")]));
        assert!(write(&[own, ("host", "im.example:8080"), ("origin", "http://im.example:8080")]));
        assert!(!write(&[("host", "im.example"), ("origin", "https://im.example")]), "a form can do this");
        assert!(!write(&[own, ("host", "im.example"), ("origin", "https://evil.example")]));
        assert!(!write(&[own, ("host", "im.example"), ("origin", "null")]));
        assert!(!write(&[own, ("origin", "https://im.example")]), "to no host");
    }

    #[test]
    fn a_proxy_is_believed_when_it_is_said_to_be_there() {
        let through = headers(&[("x-forwarded-for", "1.2.3.4, 10.0.0.9")]);
        let peer = Some("127.0.0.1".parse().unwrap());
        assert_eq!(address(peer, &through, true), "10.0.0.9");
        assert_eq!(address(peer, &through, false), "127.0.0.1");
        assert_eq!(address(peer, &headers(&[("x-forwarded-for", "?")]), true), "127.0.0.1");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let both = headers(&[("cookie", "a=b; hongyan_session=0f; c=d")]);
        assert_eq!(cookie(&both), Some("0f"));
        assert_eq!(cookie(&headers(&[("cookie", "xhongyan_session=0f")])), None);
    }
}
