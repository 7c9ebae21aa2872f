//! What an operator has to look at: trouble of a push credential that only people can end. One row per
//! credential and kind; how it ends is the pipeline's business, except that people may end it by hand.

use super::StoreError;
use hongyan_vendors::VendorKind;
use hongyan_wire::AppId;
use serde::{Deserialize, Serialize};

/// An alarm: the present or last episode of one kind of trouble of one credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// Whose credential.
    #[serde(rename = "appID")]
    pub app: AppId,
    /// For which vendor.
    pub vendor: VendorKind,
    /// Credential set 1 or 2.
    pub app_type: u8,
    /// Which trouble; a code of `push::AlarmKind`.
    pub kind: String,
    /// The vendor's code, or one of ours.
    pub code: String,
    /// The vendor's words, without tokens; ≤ 500 bytes.
    pub message: String,
    /// Unix time in ms at which this episode began.
    pub since: u64,
    /// Unix time in ms at which it was seen last.
    pub last_at: u64,
    /// How often it was seen in this episode.
    pub count: u64,
    /// Unix time in ms at which it ended; `None` while it lasts.
    pub cleared_at: Option<u64>,
}

/// Alarms. Another process (the command line) may end them too.
#[async_trait::async_trait]
pub trait AlarmStore {
    /// Every alarm, also ended ones, by (app, vendor, app_type, kind).
    async fn alarms(&self) -> Result<Vec<Alarm>, StoreError>;

    /// Writes alarms, all or nothing. One of the same episode (`since`) that was ended already stays ended;
    /// another episode takes the row's place.
    async fn put_alarms(&self, alarms: Vec<Alarm>) -> Result<(), StoreError>;

    /// Ends every alarm of a credential that lasts. How many there were.
    async fn clear_alarms(
        &self,
        app: AppId,
        vendor: VendorKind,
        app_type: u8,
        now_ms: u64,
    ) -> Result<usize, StoreError>;
}
