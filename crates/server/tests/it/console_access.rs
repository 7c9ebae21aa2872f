//! Who may do what (G10): every route tried by those who may not, writes from elsewhere, and what answers never tell.

use crate::{
    console::Person,
    harness::{World, create_group, peer, user_id},
};
use hongyan_client::Draft;
use hongyan_server::store::{AppStore, NewApp};
use serde_json::{Value, json};

struct Route {
    method: String,
    path: String,
    role: String,
}

/// Every route of the contract, with something in place of its parameters.
async fn routes(world: &World, app: u32) -> Vec<Route> {
    let document = world.good(&Person::default(), "GET", "/openapi.json", None).await;
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let mut path = path.replace("{app}", &app.to_string()).replace("{appType}", "1");
            for (name, value) in [
                ("administrator", "1"),
                ("secret", "appSign"),
                ("vendor", "harmony"),
                ("resourcesID", "silent"),
                ("id", "1"),
                ("user", "ann"),
                ("pushID", "nobodys"),
            ] {
                path = path.replace(&format!("{{{name}}}"), value);
            }
            assert!(!path.contains('{'), "{path}");
            let role = operation["x-role"].as_str().unwrap().to_owned();
            routes.push(Route { method: method.to_uppercase(), path, role });
        }
    }
    assert!(routes.len() > 45, "{}", routes.len());
    routes
}

#[tokio::test]
async fn nobody_gets_anywhere_and_a_viewer_writes_nothing() {
    let world = World::start().await;
    let owner = world.owner().await;
    let viewer = world.administrator(&owner, "vera", "viewer", Value::Null).await;
    let operator = world.administrator(&owner, "oleg", "operator", Value::Null).await;
    let before = world.good(&owner, "GET", "/audit?count=200", None).await;
    let mut refused = (0, 0);
    for Route { method, path, role } in routes(&world, world.app.id.0).await {
        if role == "open" {
            continue;
        }
        let body = json!({});
        let body = (method != "GET").then_some(&body);
        let stranger = world.ask(&Person::default(), &method, &path, body).await;
        assert_eq!((stranger.status, stranger.code()), (401, "unauthorized"), "{method} {path}");
        if role != "viewer" {
            let answered = world.ask(&viewer, &method, &path, body).await;
            assert_eq!((answered.status, answered.code()), (403, "forbidden"), "viewer: {method} {path}");
            refused.0 += 1;
        }
        if role == "owner" {
            let answered = world.ask(&operator, &method, &path, body).await;
            assert_eq!((answered.status, answered.code()), (403, "forbidden"), "operator: {method} {path}");
            refused.1 += 1;
        }
    }
    assert!(refused.0 > 20 && refused.1 >= 6, "{refused:?}");
    let disable = json!({ "active": false });
    let path = format!("/apps/{}", world.app.id);
    assert_eq!(world.ask(&operator, "PATCH", &path, Some(&disable)).await.code(), "forbidden");
    assert_eq!(world.good(&owner, "GET", "/audit?count=200", None).await, before, "nothing was written");
}

#[tokio::test]
async fn one_apps_operator_sees_nothing_of_another() {
    let world = World::with_push().await;
    let owner = world.owner().await;
    let other = NewApp { name: "other".into(), id: None };
    let other = world.store().create_app(other, world.clock.now_ms()).await.unwrap().unwrap();
    let stranger = world.administrator(&owner, "oleg", "operator", json!([other.id])).await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    let id = ann.send(&peer("bob"), &Draft::text("hi").push_notice("Ann", "hi")).await.unwrap().message_id;
    world.settled_trace(id.0).await;
    let app = world.app.id;
    let mut tried = 0;
    for Route { method, path, .. } in routes(&world, app.0).await {
        if !path.starts_with("/apps/") {
            continue;
        }
        let body = json!({});
        let answered = world.ask(&stranger, &method, &path, (method != "GET").then_some(&body)).await;
        assert_eq!((answered.status, answered.code()), (404, "not_found"), "{method} {path}");
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
    for path in [
        format!("/traces/{id}"),
        format!("/traces/{id}?appID={app}"),
        format!("/traces/{id}?appID={}", other.id),
        format!("/dashboard?appID={app}"),
        format!("/alarms?appID={app}"),
        format!("/series?span=minute&from=0&appID={app}"),
    ] {
        assert_eq!(world.ask(&stranger, "GET", &path, None).await.status, 404, "{path}");
    }
    let apps = world.good(&stranger, "GET", "/apps", None).await;
    assert_eq!((apps["apps"].as_array().unwrap().len(), &apps["apps"][0]["appID"]), (1, &json!(other.id)));
    let now = world.good(&stranger, "GET", "/dashboard", None).await;
    assert_eq!((&now["sessions"], &now["lastHour"]["messages"]), (&json!(0), &json!(0)), "{now}");
    let now = world.good(&owner, "GET", "/dashboard", None).await;
    assert_eq!(now["sessions"], 1);
    world.good(&owner, "GET", &format!("/traces/{id}"), None).await;
}

#[tokio::test]
async fn a_write_from_elsewhere_is_refused() {
    let world = World::start().await;
    let owner = world.owner().await;
    let body = json!({ "name": "shop" });
    let own = "x-hongyan-console: 1\r\n";
    for (headers, allowed) in [
        ("", false),
        ("origin: https://im.example\r\n", false),
        (&*format!("{own}origin: https://evil.example\r\n"), false),
        (&*format!("{own}origin: null\r\n"), false),
        (&*format!("{own}origin: https://im.example\r\n"), true),
    ] {
        let answered = world.browse(&owner, "POST", "/apps", Some(&body), headers).await;
        let code = if allowed { "" } else { "cross_site" };
        assert_eq!((answered.status == 200, answered.code()), (allowed, code), "{headers}");
    }
    let log_in = json!({ "name": "olga", "password": "correct horse battery staple" });
    let answered = world.browse(&Person::default(), "POST", "/login", Some(&log_in), "").await;
    assert_eq!(answered.code(), "cross_site", "nobody is logged in by a page of others");
    let answered = world.browse(&owner, "GET", "/me", None, "origin: https://evil.example\r\n").await;
    assert_eq!(answered.status, 200, "reading needs no header; browsers keep the answer from others");
}

#[tokio::test]
async fn no_answer_tells_a_secret() {
    let world = World::with_push().await;
    let owner = world.owner().await;
    world.phone("bob").await;
    let ann = world.client("ann").await;
    create_group(&ann, "geese", vec![user_id("bob")]).await.unwrap();
    let id = ann.send(&peer("bob"), &Draft::text("the body").push_notice("Ann", "hi")).await.unwrap();
    let id = id.message_id;
    world.settled_trace(id.0).await;
    let app = world.app.id;
    let account: Value = serde_json::from_str(&world.kit.as_ref().unwrap().account).unwrap();
    let key = account["private_key"].as_str().unwrap();
    let key_line = key.lines().find(|line| line.len() > 40).unwrap();
    let target = world.store().push_targets(app, &[user_id("bob")]).await.unwrap();
    let token = target[&user_id("bob")][0].token.clone();
    let secrets =
        [key_line, &token, world.app.server_secret.expose(), world.app.app_sign.expose(), "$argon2id"];
    let push_id = target[&user_id("bob")][0].push_id.clone();
    let mut seen = 0;
    for Route { method, path, .. } in routes(&world, app.0).await {
        if method != "GET" {
            continue;
        }
        let path = path.replace("/traces/1", &format!("/traces/{id}")).replace("nobodys", push_id.as_str());
        let path = if path == "/series" { "/series?span=hour&from=1&to=2".to_owned() } else { path };
        let path = path.replace("/users/ann", "/users/bob");
        let answered = world.ask(&owner, &method, &path, None).await;
        assert_eq!(answered.status, 200, "{path}: {}", answered.body);
        let text = answered.body.to_string();
        for secret in secrets {
            assert!(!text.contains(secret), "{path} tells a secret");
        }
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn credentials_are_sealed_on_the_disk() {
    let world = World::with_push().await;
    let account: Value = serde_json::from_str(&world.kit.as_ref().unwrap().account).unwrap();
    let key = account["private_key"].as_str().unwrap();
    let key_line = key.lines().find(|line| line.len() > 40).unwrap().as_bytes().to_vec();
    assert_eq!(world.store().credentials(world.app.id).await.unwrap().len(), 1);
    let data = world.data().to_owned();
    let has = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    let mut read = 0;
    for file in ["hongyan.db", "hongyan.db-wal"] {
        let Ok(bytes) = std::fs::read(data.join(file)) else { continue };
        assert!(!has(&bytes, &key_line), "{file} has the private key");
        read += usize::from(has(&bytes, b"s1:"));
    }
    assert!(read > 0, "the sealed row is in one of them");
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(data.join("credentials.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let tools = hongyan_server::store::sqlite::SqliteStore::open_for_tools(
        &data,
        &hongyan_server::store::sqlite::KeySource::Beside,
    );
    let found = tools.unwrap().credentials(world.app.id).await.unwrap();
    assert!(found[0].file.expose().contains(account["key_id"].as_str().unwrap()), "tools can open it");
}
