//! An emulated Push Kit for tests: one project, one app with every right, a credential, phones.

use hongyan_emulator::{AppSpec, Emulator, EmulatorConfig, KeyBits, Phone, ProjectSpec};
use serde_json::json;

pub const PROJECT: &str = "388421841221";
pub const BUNDLE: &str = "im.hongyan.test";
pub const CLIENT_ID: &str = "110000001";

/// The vendor's side of a test.
pub struct PushKit {
    pub emulator: Emulator,
    /// The service-account file.
    pub account: String,
}

impl PushKit {
    /// An emulator whose one app may send everything.
    pub async fn start() -> Self {
        let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
        let app = AppSpec::for_chat(BUNDLE, CLIENT_ID);
        let project = ProjectSpec { project_id: PROJECT.into(), apps: vec![app], ..ProjectSpec::default() };
        emulator.register_project(&project).unwrap();
        let account = emulator.new_service_account_sized(PROJECT, KeyBits::B2048).unwrap();
        Self { emulator, account }
    }

    /// Options of the credential: Client ID and the emulator's address.
    pub fn options(&self) -> String {
        json!({"client_id": CLIENT_ID, "base_url": self.emulator.base_url()}).to_string()
    }

    /// A phone with the app installed and notifications allowed, and its push token.
    pub fn phone(&self, device: &str) -> (Phone, String) {
        let phone = self.emulator.phone(device).unwrap();
        let token = phone.ready(BUNDLE, PROJECT).unwrap();
        (phone, token)
    }
}
