//! What `hongyan dev` starts with: an app, three users, a group, a push credential and strategies. Planting
//! twice changes nothing, so that the data of an earlier run is taken up.

use anyhow::{Context, bail};
use hongyan_emulator::{AppSpec, Emulator, ProjectSpec, ReceiverOrder};
use hongyan_server::store::{
    App, AppSettings, DevicePolicy, GroupOutcome, LoginRecord, NewApp, NewGroup, Store, StoredCredential,
    StoredStrategy,
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{DeviceId, UserId, group::GroupProfile};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::Path};

const APP_NAME: &str = "demo";
const PROJECT: &str = "388421841221900000";
const BUNDLE: &str = "im.hongyan.demo";
const CLIENT_ID: &str = "110000001";
const GROUP: (&str, &str) = ("geese", "雁群 Geese");
const USERS: [(&str, &str); 3] = [("ann", "小安 Ann"), ("bob", "小博 Bob"), ("carol", "卡萝 Carol")];
const STRATEGIES: [(&str, &str); 3] = [
    ("silent", r#"{"harmony":{"push_type":6}}"#),
    ("call", r#"{"harmony":{"push_type":10}}"#),
    ("voip", r#"{"harmony":{"category":"VOIP"}}"#),
];

/// What was planted.
pub struct Seeded {
    /// The app.
    pub app: App,
}

/// Plants everything that is not there yet.
pub async fn plant(
    store: &dyn Store,
    emulator: &Emulator,
    data: &Path,
    now_ms: u64,
) -> anyhow::Result<Seeded> {
    let app = plant_app(store, now_ms).await?;
    plant_users(store, &app, now_ms).await?;
    let account = plant_project(emulator, data)?;
    let credential = StoredCredential {
        rights: Default::default(),
        vendor: VendorKind::Harmony,
        app_type: 1,
        file: account.into(),
        client_id: Some(CLIENT_ID.into()),
        callback: None,
        base_url: Some(emulator.base_url()),
        updated_at: now_ms,
    };
    store.put_credential(app.id, credential).await?;
    for (name, options) in STRATEGIES {
        let strategy = StoredStrategy { resources_id: name.into(), options: options.into() };
        if !store.put_strategy(app.id, strategy).await? {
            bail!("app {} has its ten strategies and lacks {name:?}; remove one", app.id);
        }
    }
    Ok(Seeded { app })
}

async fn plant_app(store: &dyn Store, now_ms: u64) -> anyhow::Result<App> {
    if let Some(app) = store.apps().await?.into_iter().find(|app| app.name == APP_NAME) {
        return Ok(app);
    }
    let made = store.create_app(NewApp { name: APP_NAME.into(), id: None }, now_ms).await?;
    let app = made.context("the demo app could not be made")?;
    // One user on two phones is a scenario of the page. Whoever sets it otherwise later keeps that.
    let settings = AppSettings { devices: DevicePolicy::Multi, ..(*app.settings).clone() };
    store.set_app_settings(app.id, settings.clone()).await?;
    Ok(App { settings: settings.into(), ..app })
}

async fn plant_users(store: &dyn Store, app: &App, now_ms: u64) -> anyhow::Result<()> {
    let device = DeviceId::new("seed-device")?;
    for (user, name) in USERS {
        let (user, name) = (UserId::new(user)?, Some(name.to_owned()));
        let login = LoginRecord {
            app: app.id,
            user: user.clone(),
            name,
            device: device.clone(),
            platform: 10,
            now_ms,
        };
        store.sign_in(login).await?;
        store.sign_out(app.id, &user, &device).await?;
    }
    let (owner, members) = (UserId::new(USERS[0].0)?, [UserId::new(USERS[1].0)?, UserId::new(USERS[2].0)?]);
    let profile =
        GroupProfile { group_id: GROUP.0.into(), group_name: GROUP.1.into(), ..GroupProfile::default() };
    let group = NewGroup { app: app.id, profile, owner, members: members.into(), now_ms };
    match store.create_group(group, app.settings.group_members_max).await? {
        GroupOutcome::Done(_) | GroupOutcome::Exists => Ok(()),
        other => bail!("the group {} could not be made: {other:?}", GROUP.0),
    }
}

/// Registers the project and takes up the key of an earlier run, if there is one.
fn plant_project(emulator: &Emulator, data: &Path) -> anyhow::Result<String> {
    let app = AppSpec::for_chat(BUNDLE, CLIENT_ID);
    emulator.register_project(&ProjectSpec {
        project_id: PROJECT.into(),
        apps: vec![app],
        ..ProjectSpec::default()
    })?;
    let path = data.join("demo-service-account.json");
    if let Ok(file) = std::fs::read_to_string(&path) {
        emulator.register_service_account(&file)?;
        return Ok(file);
    }
    let file = emulator.new_service_account(PROJECT)?;
    std::fs::write(&path, &file).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file)
}

impl Seeded {
    /// Has the emulator post its receipts to the server.
    pub fn order_receipts(&self, emulator: &Emulator, server: SocketAddr) -> anyhow::Result<()> {
        emulator.set_receipts(&ReceiverOrder {
            project_id: PROJECT.into(),
            bundle_name: BUNDLE.into(),
            url: Some(format!("http://{server}/receipts/{}/{}", VendorKind::Harmony, self.app.id)),
            user: None,
            secret: None,
            key_mode: Default::default(),
        })?;
        Ok(())
    }

    /// The users' IDs.
    pub fn user_ids(&self) -> Vec<&'static str> {
        USERS.iter().map(|(user, _)| *user).collect()
    }

    /// What the page asks for.
    pub fn page_config(&self) -> Value {
        json!({
            "appID": self.app.id,
            "appSign": self.app.app_sign.expose(),
            "bundleName": BUNDLE,
            "projectId": PROJECT,
            "users": users(),
            "groups": groups(),
            "devicePath": "/emulator/device",
            "wsPath": "/ws",
            "strategies": STRATEGIES.map(|(name, _)| name),
        })
    }

    /// What scripts ask for: addresses and keys.
    pub fn to_json(&self, address: SocketAddr, emulator: &str, setup: Option<&str>) -> Value {
        json!({
            "server": format!("http://{address}"),
            "ws": format!("ws://{address}/ws"),
            "demo": format!("http://{address}/demo/"),
            "console": format!("http://{address}/console/"),
            "setup": setup.map(|path| format!("http://{address}{path}")),
            "emulator": emulator,
            "appID": self.app.id,
            "appSign": self.app.app_sign.expose(),
            "serverSecret": self.app.server_secret.expose(),
            "bundleName": BUNDLE,
            "projectId": PROJECT,
            "users": users(),
            "groups": groups(),
        })
    }
}

fn users() -> Vec<Value> {
    USERS.iter().map(|(user, name)| json!({"userID": user, "userName": name})).collect()
}

fn groups() -> Vec<Value> {
    vec![json!({"groupID": GROUP.0, "groupName": GROUP.1})]
}
