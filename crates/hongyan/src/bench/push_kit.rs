//! The vendor of a bench: an emulated Push Kit in a process of its own, with phones whose apps are not
//! running.

use super::{
    ground::Ground,
    http::Http,
    own_server::{Own, free_address, until_answered},
    usage::Usage,
};
use crate::tools;
use anyhow::{Context, bail};
use hongyan_client::load::Line;
use hongyan_server::store::{
    AppStore, NewPush, StoredCredential, StoredStrategy, UserStore, sqlite::SqliteStore,
};
use hongyan_vendors::VendorKind;
use hongyan_wire::{DeviceId, UserId};
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc};

const PROJECT: &str = "388421841221900000";
const BUNDLE: &str = "im.hongyan.bench";
/// The strategy that makes an invitation ring.
pub const RINGING: &str = "ringing";

/// The emulator's process.
pub struct PushKit {
    own: Own,
    address: SocketAddr,
    http: Http,
}

/// A phone and its token.
#[derive(Clone, Debug)]
pub struct PhoneToken {
    /// The user it belongs to; the phone is named after it.
    pub user: String,
    token: String,
}

impl PushKit {
    /// Starts it with one project, without a log.
    pub async fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut own = Own::start(&["emulator", "--listen", &address.to_string()], false)?;
        until_answered(&mut own, address, "/control/projects").await?;
        let mut http = Http::connect(address).await?;
        let app = json!({
            "bundleName": BUNDLE, "clientId": "110000001",
            "rights": ["IM", "VOIP", "MISS_CALL", "CALL"], "revokeAllowed": true,
        });
        let project = json!({"projectId": PROJECT, "keys": [], "apps": [app], "receiptConfigs": []});
        http.post("/control/projects", &project).await?;
        http.post("/control/requests/log", &json!({"len": 0})).await?;
        Ok(Self { own, address, http })
    }

    /// A phone for each of these users, its app installed, allowed to notify, and killed.
    pub async fn phones(&mut self, users: &[String]) -> anyhow::Result<Vec<PhoneToken>> {
        let app = json!({"bundleName": BUNDLE});
        let mut phones = Vec::with_capacity(users.len());
        for user in users {
            self.order(user, "device.open", json!({})).await?;
            let install = json!({"bundleName": BUNDLE, "projectId": PROJECT});
            self.order(user, "app.install", install).await?;
            self.order(user, "permission.set", json!({"bundleName": BUNDLE, "allow": true})).await?;
            let token = self.order(user, "push.getToken", app.clone()).await?;
            let token = token["token"].as_str().context("the emulator gave no token")?.to_owned();
            phones.push(PhoneToken { user: user.clone(), token });
        }
        Ok(phones)
    }

    /// Lets a phone do something.
    pub async fn order(&mut self, user: &str, method: &str, params: Value) -> anyhow::Result<Value> {
        let path = format!("/control/phones/{user}");
        self.http.post(&path, &json!({"method": method, "params": params})).await
    }

    /// Plants users with their tokens, the credential and the strategy for calls.
    pub async fn plant(
        &mut self,
        ground: &Ground,
        store: &Arc<SqliteStore>,
        phones: &[PhoneToken],
    ) -> anyhow::Result<()> {
        let names: Vec<String> = phones.iter().map(|phone| phone.user.clone()).collect();
        ground.register(store, &names).await?;
        let (app, now_ms) = (ground.app.id, tools::now_ms());
        for phone in phones {
            let push = NewPush {
                app,
                device: DeviceId::new(&format!("device-{}", phone.user))?,
                user: Some(UserId::new(&phone.user)?),
                vendor: VendorKind::Harmony,
                token: phone.token.clone(),
                app_type: 1,
                locale: "zh-CN".into(),
                now_ms,
            };
            store.register_push(push).await?;
        }
        let path = format!("/control/projects/{PROJECT}/service-accounts");
        let file = self.http.post(&path, &json!({"bits": 2048})).await?.to_string();
        let credential = StoredCredential {
            rights: Default::default(),
            vendor: VendorKind::Harmony,
            app_type: 1,
            file: file.into(),
            client_id: None,
            callback: None,
            base_url: Some(format!("http://{}", self.address)),
            updated_at: now_ms,
        };
        store.put_credential(app, credential).await?;
        let options = r#"{"harmony":{"push_type":10}}"#;
        let strategy = StoredStrategy { resources_id: RINGING.into(), options: options.into() };
        store.put_strategy(app, strategy).await?;
        Ok(())
    }

    /// The socket of this user's phone, for what happens on it from now on.
    pub async fn socket(&self, user: &str) -> anyhow::Result<Line> {
        let mut line = Line::open(&format!("ws://{}/device", self.address), None).await?;
        let open = json!({"id": 1, "method": "device.open", "params": {"deviceId": user}});
        line.put(&open.to_string());
        line.answer(1).await?;
        Ok(line)
    }

    /// What the emulator's process has used so far.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        self.own.usage()
    }
}

/// Waits for this event of a phone; others are passed over.
pub async fn event(line: &mut Line, name: &str) -> anyhow::Result<Value> {
    loop {
        let mut told: Value = serde_json::from_str(line.next().await?)?;
        match told["event"].as_str() {
            Some(event) if event == name => return Ok(told["data"].take()),
            Some("notice.suppressed") => bail!("a phone did not show a notice: {}", told["data"]["reason"]),
            _ => {}
        }
    }
}

/// The call of a `call.wake` was reported to the system, as an app must.
pub fn report_call(line: &mut Line, wake: &Value) {
    let params = json!({"bundleName": BUNDLE, "callId": wake["callId"]});
    line.put(&json!({"id": 2, "method": "call.report", "params": params}).to_string());
}

/// The order that brings the app to the front or kills it, whose event measures the emulator itself.
pub fn app_state(state: &str) -> Value {
    json!({"bundleName": BUNDLE, "state": state})
}
