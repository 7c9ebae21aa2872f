//! The console through the front door: the first run, logging in and out, administrators, the audit log, apps and
//! their keys.

use crate::harness::{World, until, user_id};
use hongyan_client::LoginOptions;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const PASSWORD: &str = "correct horse battery staple";

/// An answer: status, head, body.
pub struct Answered {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Answered {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The value of the cookie that it sets.
    pub fn cookie(&self) -> Option<String> {
        let line = self.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:"))?;
        let pair = line.split_once(':')?.1.trim().split(';').next()?;
        Some(pair.to_owned())
    }
}

/// Somebody at a browser: a cookie, or none yet.
#[derive(Clone, Default)]
pub struct Person {
    pub cookie: Option<String>,
}

impl World {
    /// Asks as a browser on a page of this server does, with more headers if need be.
    pub async fn browse(
        &self,
        who: &Person,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &str,
    ) -> Answered {
        let mut socket = TcpStream::connect(self.server.local_addr()).await.unwrap();
        let body = body.map(Value::to_string).unwrap_or_default();
        let cookie = who.cookie.as_ref().map(|pair| format!("cookie: {pair}\r\n")).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: im.example\r\nconnection: close\r\n{cookie}{headers}{kind}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body = serde_json::from_str(body).unwrap_or(Value::Null);
        Answered { status, head: head.to_owned(), body }
    }

    /// The same with the header that the console sends.
    pub async fn ask(&self, who: &Person, method: &str, path: &str, body: Option<&Value>) -> Answered {
        self.browse(who, method, path, body, "x-hongyan-console: 1\r\norigin: https://im.example\r\n").await
    }

    /// An answer that must be a good one.
    pub async fn good(&self, who: &Person, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answered = self.ask(who, method, path, body).await;
        assert!(
            (200..300).contains(&answered.status),
            "{method} {path}: {} {}",
            answered.status,
            answered.body
        );
        answered.body
    }

    /// The first administrator, logged in.
    pub async fn owner(&self) -> Person {
        let path = self.server.setup_path().await.unwrap().unwrap();
        let token = path.strip_prefix("/console/#/setup/").unwrap();
        self.use_link(token, "olga").await
    }

    pub async fn use_link(&self, token: &str, name: &str) -> Person {
        let body = json!({ "token": token, "name": name, "password": PASSWORD });
        let answered = self.ask(&Person::default(), "POST", "/setup", Some(&body)).await;
        assert_eq!(answered.status, 200, "{}", answered.body);
        Person { cookie: answered.cookie() }
    }

    /// Another administrator, made by an owner, logged in by its link.
    pub async fn administrator(&self, owner: &Person, name: &str, role: &str, apps: Value) -> Person {
        let new = json!({ "name": name, "role": role, "apps": apps });
        let made = self.good(owner, "POST", "/administrators", Some(&new)).await;
        self.use_link(made["link"]["token"].as_str().unwrap(), "").await
    }
}

#[tokio::test]
async fn the_first_link_works_once_and_makes_an_owner() {
    let world = World::start().await;
    let nobody = Person::default();
    assert_eq!(world.good(&nobody, "GET", "/setup", None).await, json!({ "needed": true }));
    let path = world.server.setup_path().await.unwrap().unwrap();
    let token = path.strip_prefix("/console/#/setup/").unwrap().to_owned();
    let check = json!({ "token": token });
    assert_eq!(world.good(&nobody, "POST", "/setup/check", Some(&check)).await["kind"], "first");
    let short = json!({ "token": token, "name": "olga", "password": "short" });
    assert_eq!(world.ask(&nobody, "POST", "/setup", Some(&short)).await.code(), "invalid_input");
    let one = json!({ "token": token, "name": "olga", "password": PASSWORD });
    let other = json!({ "token": token, "name": "oscar", "password": PASSWORD });
    let (one, other) = tokio::join!(
        world.ask(&nobody, "POST", "/setup", Some(&one)),
        world.ask(&nobody, "POST", "/setup", Some(&other)),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404], "a link is spent once");
    let winner = if one.status == 200 { one } else { other };
    assert!(winner.head.contains("HttpOnly; SameSite=Strict") && winner.head.contains("Path=/api/v1"));
    assert_eq!(winner.body["role"], "owner");
    assert_eq!(world.ask(&nobody, "POST", "/setup/check", Some(&check)).await.code(), "link_invalid");
    assert_eq!(world.good(&nobody, "GET", "/setup", None).await, json!({ "needed": false }));
    assert_eq!(world.server.setup_path().await.unwrap(), None, "no second first administrator");
}

#[tokio::test]
async fn a_link_is_over_after_a_day_and_another_takes_its_place() {
    let world = World::start().await;
    let link = async || {
        let path = world.server.setup_path().await.unwrap().unwrap();
        json!({ "token": path.strip_prefix("/console/#/setup/").unwrap() })
    };
    let (first, second) = (link().await, link().await);
    let nobody = Person::default();
    assert_eq!(world.ask(&nobody, "POST", "/setup/check", Some(&first)).await.status, 404);
    assert_eq!(world.ask(&nobody, "POST", "/setup/check", Some(&second)).await.status, 200);
    world.advance(Duration::from_secs(86_401));
    assert_eq!(world.ask(&nobody, "POST", "/setup/check", Some(&second)).await.status, 404);
}

#[tokio::test]
async fn a_login_lasts_until_it_ends() {
    let world = World::start().await;
    let owner = world.owner().await;
    let me = world.good(&owner, "GET", "/me", None).await;
    assert_eq!((&me["name"], &me["role"], &me["apps"]), (&json!("olga"), &json!("owner"), &Value::Null));
    let log_in = json!({ "name": "olga", "password": PASSWORD });
    let second =
        Person { cookie: world.ask(&Person::default(), "POST", "/login", Some(&log_in)).await.cookie() };
    assert_ne!(second.cookie, owner.cookie);
    assert_eq!(world.ask(&second, "POST", "/logout", None).await.status, 204);
    assert_eq!(world.ask(&second, "GET", "/me", None).await.code(), "unauthorized");
    let third =
        Person { cookie: world.ask(&Person::default(), "POST", "/login", Some(&log_in)).await.cookie() };
    let change = json!({ "current": PASSWORD, "password": "another good password" });
    assert_eq!(world.ask(&owner, "PUT", "/me/password", Some(&change)).await.status, 204);
    assert_eq!(world.ask(&owner, "GET", "/me", None).await.status, 200, "the login that changed it stays");
    assert_eq!(world.ask(&third, "GET", "/me", None).await.status, 401, "the others end");
    assert_eq!(world.ask(&Person::default(), "POST", "/login", Some(&log_in)).await.code(), "login_refused");
    world.advance(Duration::from_secs(12 * 3_600 + 1));
    assert_eq!(world.ask(&owner, "GET", "/me", None).await.status, 401, "over after twelve hours");
}

#[tokio::test]
async fn passwords_cannot_be_tried_for_long() {
    let world = World::start().await;
    world.owner().await;
    let nobody = Person::default();
    let wrong = json!({ "name": "olga", "password": "not the password" });
    for _ in 0..10 {
        assert_eq!(world.ask(&nobody, "POST", "/login", Some(&wrong)).await.code(), "login_refused");
    }
    let right = json!({ "name": "olga", "password": PASSWORD });
    let refused = world.ask(&nobody, "POST", "/login", Some(&right)).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_attempts"), "the account waits");
    assert!(refused.head.to_lowercase().contains("retry-after: 300"), "{}", refused.head);
    for _ in 0..10 {
        let nobodys = json!({ "name": "nobody", "password": "not the password" });
        world.ask(&nobody, "POST", "/login", Some(&nobodys)).await;
    }
    let other = json!({ "name": "carol", "password": PASSWORD });
    assert_eq!(world.ask(&nobody, "POST", "/login", Some(&other)).await.status, 429, "the address waits");
    let link = json!({ "token": "0".repeat(64) });
    assert_eq!(world.ask(&nobody, "POST", "/setup/check", Some(&link)).await.status, 429, "links too");
    world.advance(Duration::from_secs(15 * 60));
    assert_eq!(world.ask(&nobody, "POST", "/login", Some(&right)).await.status, 200);
}

#[tokio::test]
async fn administrators_are_made_changed_and_put_out() {
    let world = World::start().await;
    let owner = world.owner().await;
    let olga = world.good(&owner, "GET", "/me", None).await["id"].clone();
    let disable = json!({ "disabled": true });
    let last = world.ask(&owner, "PATCH", &format!("/administrators/{olga}"), Some(&disable)).await;
    assert_eq!((last.status, last.code()), (409, "last_owner"));
    let viewer = world.administrator(&owner, "vera", "viewer", Value::Null).await;
    let vera = world.good(&viewer, "GET", "/me", None).await["id"].clone();
    let taken = json!({ "name": "vera", "role": "viewer" });
    assert_eq!(world.ask(&owner, "POST", "/administrators", Some(&taken)).await.code(), "name_taken");
    let path = format!("/administrators/{vera}");
    let promote = json!({ "role": "operator", "apps": [world.app.id] });
    let now = world.good(&owner, "PATCH", &path, Some(&promote)).await;
    assert_eq!((&now["role"], &now["apps"]), (&json!("operator"), &json!([world.app.id])));
    assert_eq!(world.good(&viewer, "GET", "/me", None).await["role"], "operator", "at once");
    world.good(&owner, "PATCH", &path, Some(&disable)).await;
    assert_eq!(world.ask(&viewer, "GET", "/me", None).await.status, 401, "at once");
    let log_in = json!({ "name": "vera", "password": PASSWORD });
    assert_eq!(world.ask(&Person::default(), "POST", "/login", Some(&log_in)).await.code(), "login_refused");
    world.good(&owner, "PATCH", &path, Some(&json!({ "disabled": false }))).await;
    let link = world.good(&owner, "POST", &format!("{path}/reset"), None).await["link"].clone();
    assert_eq!(world.ask(&Person::default(), "POST", "/login", Some(&log_in)).await.status, 401, "voided");
    let check = json!({ "token": link["token"] });
    let found = world.good(&Person::default(), "POST", "/setup/check", Some(&check)).await;
    assert_eq!((&found["kind"], &found["name"]), (&json!("reset"), &json!("vera")));
    world.use_link(link["token"].as_str().unwrap(), "ignored").await;
    let all = world.good(&owner, "GET", "/administrators", None).await;
    assert_eq!(all["administrators"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn every_write_stands_in_the_audit_log() {
    let world = World::start().await;
    let owner = world.owner().await;
    let made = world.good(&owner, "POST", "/apps", Some(&json!({ "name": "shop" }))).await;
    let app = made["appID"].as_u64().unwrap();
    let path = format!("/apps/{app}/settings");
    world.good(&owner, "PATCH", &path, Some(&json!({ "ack_deadline_ms": 3000 }))).await;
    world.ask(&owner, "PATCH", &path, Some(&json!({ "ack_deadline_ms": 1 }))).await;
    world.good(&owner, "POST", &format!("/apps/{app}/secrets/reveal"), None).await;
    let log = world.good(&owner, "GET", "/audit", None).await;
    let said: Vec<_> =
        log["entries"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(
        said,
        ["secret.reveal", "app.settings", "app.create", "setup"],
        "newest first, refused ones not"
    );
    let entry = &log["entries"][1];
    assert_eq!((&entry["by"], &entry["appID"]), (&json!("olga"), &json!(app)));
    assert_eq!((&entry["address"], &entry["detail"]), (&json!("127.0.0.1"), &json!("ack_deadline_ms=3000")));
    let page = world.good(&owner, "GET", "/audit?count=3", None).await;
    let next = page["next"].as_str().unwrap();
    let rest = world.good(&owner, "GET", &format!("/audit?count=3&before={next}"), None).await;
    assert_eq!((rest["entries"][0]["action"].as_str(), &rest["next"]), (Some("setup"), &Value::Null));
    let of_app = world.good(&owner, "GET", &format!("/audit?appID={app}&by=olga"), None).await;
    assert_eq!(of_app["entries"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_key_is_replaced_while_the_old_one_is_taken_for_a_time() {
    let world = World::start().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let old = world.app.app_sign.expose().to_owned();
    let rotate = format!("/apps/{app}/secrets/appSign/rotate");
    let new = world.good(&owner, "POST", &rotate, Some(&json!({ "overlapS": 60 }))).await;
    let new = new["value"].as_str().unwrap().to_owned();
    let log_in = async |sign: &str| {
        let login = LoginOptions::with_app_sign(app, sign, "ann").unwrap();
        world.raw().await.login(login).await.is_ok()
    };
    assert!(new != old && log_in(&new).await && log_in(&old).await);
    let shown = world.good(&owner, "POST", &format!("/apps/{app}/secrets/reveal"), None).await;
    assert_eq!((&shown["appSign"], &shown["old"]["appSign"]), (&json!(new), &json!(old)));
    world.advance(Duration::from_secs(61));
    assert!(log_in(&new).await && !log_in(&old).await, "the overlap is over");
    world.good(&owner, "POST", &rotate, Some(&json!({ "overlapS": 600 }))).await;
    assert!(log_in(&new).await);
    assert_eq!(
        world.ask(&owner, "POST", &format!("/apps/{app}/secrets/appSign/retire"), None).await.status,
        204
    );
    assert!(!log_in(&new).await, "voided before its time");
    let unknown = format!("/apps/{app}/secrets/colour/rotate");
    assert_eq!(world.ask(&owner, "POST", &unknown, Some(&json!({ "overlapS": 0 }))).await.status, 404);
}

#[tokio::test]
async fn a_token_of_the_old_secret_is_taken_for_a_time() {
    let world = World::start().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let make = format!("/apps/{app}/token04");
    let token = world.good(&owner, "POST", &make, Some(&json!({ "userID": "ann", "lifeS": 3600 }))).await;
    let token = token["token"].as_str().unwrap().to_owned();
    let rotate = format!("/apps/{app}/secrets/serverSecret/rotate");
    world.good(&owner, "POST", &rotate, Some(&json!({ "overlapS": 60 }))).await;
    let log_in = async || {
        let login = LoginOptions::with_token(app, &token, "ann").unwrap();
        world.raw().await.login(login).await.is_ok()
    };
    assert!(log_in().await);
    let decode = async || {
        world.good(&owner, "POST", &format!("{make}/decode"), Some(&json!({ "token": token }))).await
    };
    let decoded = decode().await;
    assert_eq!((&decoded["valid"], &decoded["userID"]), (&json!(true), &json!("ann")));
    world.advance(Duration::from_secs(61));
    assert!(!log_in().await);
    let decoded = decode().await;
    assert_eq!((&decoded["valid"], &decoded["fault"]["code"]), (&json!(false), &json!(6_000_103)));
}

#[tokio::test]
async fn what_is_switched_off_answers_so() {
    let world = World::start().await;
    let (owner, app) = (world.owner().await, world.app.id);
    let ann = world.client("ann").await;
    let path = format!("/apps/{app}");
    let switch = async |body: Value| world.good(&owner, "PATCH", &path, Some(&body)).await;
    let refused = async || world.raw().await.login(world.login("ann")).await.err().unwrap().to_string();
    let off = switch(json!({ "imEnabled": false })).await;
    assert_eq!((&off["imEnabled"], &off["active"]), (&json!(false), &json!(true)));
    until("the session to be closed", || !ann.is_open()).await;
    until("the seat to be free", || world.server.hub().seats_of(app, &user_id("ann")).is_empty()).await;
    assert!(refused().await.contains("6000014"), "{}", refused().await);
    let debug = format!("{path}/debug/send");
    let order = json!({ "userID": "ann", "kind": "alert", "title": "t" });
    assert_eq!(world.ask(&owner, "POST", &debug, Some(&order)).await.code(), "app_off");
    switch(json!({ "imEnabled": true, "active": false })).await;
    assert!(refused().await.contains("6000003"), "{}", refused().await);
    switch(json!({ "active": true, "name": "renamed" })).await;
    world.client("ann").await;
    assert_eq!(world.good(&owner, "GET", &path, None).await["name"], "renamed");
}
